/**
 * `npm run demo`: the committed bundle against emulated platforms on loopback, run as GitHub's runner runs
 * it. Needs Node 20 or newer and nothing else: no installation, no account, no network.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readActionFile } from '../__tests__/support/action-file.mjs'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'
import { RunnerLog } from '../__tests__/support/runner-log.mjs'
import { check } from './demo/checks.mjs'
import { scenarios } from './demo/scenarios.mjs'
import { bold, columns, dim, green, heading, part, red, yellow } from './demo/screen.mjs'

/**
 * @typedef {import('./demo/scenarios.mjs').Scenario} Scenario
 * @typedef {import('./demo/scenarios.mjs').Platform} Platform
 * @typedef {import('./demo/checks.mjs').Played} Played
 * @typedef {import('../__tests__/support/runner.mjs').RunResult} RunResult
 */

const SECRET_INPUTS = ['client-secret', 'access-key-secret']
const actionFile = fileURLToPath(new URL('../action.yml', import.meta.url))
const action = readActionFile(actionFile)
const main = path.join(action.folder, action.runs['main'] ?? '')

process.exitCode = await demonstrate()

/** @returns {Promise<number>}  the exit code */
async function demonstrate() {
  if (!action.runs['main'] || !existsSync(main)) {
    console.error('The bundle that action.yml names as runs.main is not there: npm ci && npm run build')
    return 1
  }
  console.log(`\n${bold('cc-token-action')}  credentials in, a masked token out`)
  console.log(dim(`The committed bundle on Node ${process.versions.node}, platforms emulated on loopback.`))

  const started = performance.now()
  const results = []
  try {
    for (const [at, scenario] of scenarios.entries()) {
      heading(`${at + 1}/${scenarios.length}`, scenario.title, scenario.about)
      results.push({ title: scenario.title, failed: await playOnPlatform(scenario) })
    }
  } finally {
    cleanup()
  }

  console.log()
  for (const { title, failed } of results)
    console.log(failed === 0 ? `${green('✓')} ${title}` : `${red('✗')} ${title}`)
  const good = results.filter(({ failed }) => failed === 0).length
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`\n${bold(`${good} of ${results.length} as they should be`)}${dim(`, in ${seconds} s`)}\n`)
  return good === results.length ? 0 : 1
}

/**
 * @param {Scenario} scenario
 * @returns {Promise<number>}  how many checks failed
 */
async function playOnPlatform(scenario) {
  const platform = await scenario.start()
  try {
    const result = await runAction({
      main,
      action: actionFile,
      inputs: { ...scenario.inputs, 'base-url': platform.origin }
    })
    // Before the next step adds requests of its own.
    const seen = { ...platform, requests: [...platform.requests], connections: platform.connections }
    const nextStep = result.outputs['token'] ? await runNextStep(result) : undefined
    const played = { scenario, platform: seen, result, nextStep }
    show(played)
    return verdict(played)
  } finally {
    await platform.close()
  }
}

/** @param {Played} played */
function show({ scenario, platform, result, nextStep }) {
  const hide = (/** @type {string} */ text) => masked(text, result.masks)
  const failed = 'errorCode' in scenario.outcome
  const inputs = Object.entries({ ...scenario.inputs, 'base-url': platform.origin })

  part(
    'with',
    inputs.map(([name, value]) => `${name}: ${SECRET_INPUTS.includes(name) ? '***' : value}`),
    dim
  )
  part('log', result.log.trimEnd().split('\n'), line =>
    /^(Error|Warning):/.test(line) ? yellow(line) : line
  )
  part(
    'platform saw',
    platform.requests.map(({ method, path, status }) => `${method} ${path} → ${status}`)
  )
  part('outputs', columns(Object.entries(result.outputs).map(([name, value]) => [name, hide(value)])))
  part('environment', columns(Object.entries(result.exported).map(([name, value]) => [name, hide(value)])))
  if (nextStep !== undefined) part('next step', [`reads the token: ${hide(nextStep)}`])
  else if (failed) part('next step', ['does not run: the step failed and left no token'])
}

/**
 * @param {Played} played
 * @returns {number}  how many checks failed
 */
function verdict(played) {
  const checks = check(played)
  const failed = checks.filter(({ holds }) => !holds)
  const { requests, connections } = played.platform
  const cost = `${count(requests.length, 'request')}, ${count(connections, 'connection')}, ${played.result.durationMs} ms`
  console.log()
  for (const { claim, found } of failed) {
    part(red('✗'), [`${claim}${found === '' ? '' : `: ${redacted(found, played)}`}`], red)
  }
  if (failed.length === 0) console.log(`   ${green(`✓ ${checks.length} checks hold`)} ${dim(`· ${cost}`)}`)
  return failed.length
}

/**
 * Runs the step after it with what a workflow would hand on:
 * `TOKEN: ${{ steps.token.outputs.token }}`, `API_URL: ${{ steps.token.outputs.api-url }}`.
 *
 * @param {RunResult} result
 * @returns {Promise<string>}  what it said, as the log shows it
 */
function runNextStep({ outputs, exported, masks }) {
  const script = fileURLToPath(new URL('demo/next-step.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], {
    env: { ...exported, TOKEN: outputs['token'], API_URL: outputs['api-url'] },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000
  })
  const log = new RunnerLog({ known: masks })
  const lines = log.stream()
  child.stdout.setEncoding('utf8').on('data', lines.write)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      lines.end()
      resolve(log.text.trimEnd())
    })
  })
}

/**
 * @param {string} value
 * @param {string[]} masks
 * @returns {string}
 */
function masked(value, masks) {
  if (masks.includes(value)) return `*** (${value.length} characters)`
  return masks.reduce((text, mask) => text.replaceAll(mask, '***'), value)
}

/**
 * Hides what the demonstration itself knows to be secret: a check that failed may have found a missing mask.
 *
 * @param {string} text
 * @param {Played} played
 * @returns {string}
 */
function redacted(text, { scenario, platform }) {
  return [...scenario.secrets, ...platform.tokens.keys()].reduce(
    (rest, secret) => rest.replaceAll(secret, '***'),
    text
  )
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
