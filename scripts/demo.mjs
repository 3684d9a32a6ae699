/**
 * `npm run demo`: the committed bundle against emulated platforms on loopback, run as GitHub's runner runs
 * it. Needs Node 20 or newer and nothing else: no installation, no account, no network.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readActionFile } from '../__tests__/support/action-file.mjs'
import { cleanup, runAction, runPost } from '../__tests__/support/runner.mjs'
import { RunnerLog } from '../__tests__/support/runner-log.mjs'
import { check, issuedBy } from './demo/checks.mjs'
import { rotation } from './demo/rotation.mjs'
import { scenarios } from './demo/scenarios.mjs'
import { bold, columns, dim, green, heading, part, red, yellow } from './demo/screen.mjs'
import { summaryRows } from './demo/summary.mjs'

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
const post = path.join(action.folder, action.runs['post'] ?? '')

// An interrupted demonstration removes its folders as well.
process.once('SIGINT', () => process.exit(130))
process.exitCode = await demonstrate()

/** @returns {Promise<number>}  the exit code */
async function demonstrate() {
  if (![main, post].every(existsSync)) {
    console.error('A bundle that action.yml names is not there: npm ci && npm run build')
    return 1
  }
  console.log(`\n${bold('cc-token-action')}  credentials in, a masked token out`)
  console.log(dim(`The committed bundle on Node ${process.versions.node}, platforms emulated on loopback.`))

  const started = performance.now()
  const results = []
  try {
    for (const [at, scenario] of scenarios.entries()) {
      heading(`${at + 1}/${scenarios.length + 1}`, scenario.title, scenario.about)
      results.push({ title: scenario.title, failed: await playOnPlatform(scenario) })
    }
    const all = scenarios.length + 1
    heading(`${all}/${all}`, rotation.title, rotation.about)
    results.push({ title: rotation.title, failed: await rotation.play() })
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
    const end = await runPost(result, { post })
    const played = { scenario, platform: seen, result, nextStep, end }
    show(played)
    return verdict(played)
  } finally {
    await platform.close()
  }
}

/** @param {Played} played */
function show({ scenario, platform, result, nextStep, end }) {
  const hide = (/** @type {string} */ text) => masked(text, result.masks)
  const shown = (/** @type {Record<string, string>} */ values) =>
    columns(Object.entries(values).map(([name, value]) => [name, value === '' ? '(empty)' : hide(value)]))
  const inputs = Object.entries({ ...scenario.inputs, 'base-url': platform.origin })

  part(
    'with',
    inputs.map(([name, value]) => `${name}: ${SECRET_INPUTS.includes(name) ? '***' : value}`),
    dim
  )
  part('log', result.log.trimEnd().split('\n'), logStyle())
  part(
    'requests',
    platform.requests.map(({ method, path, status }) => `${status} ${method} ${path}`)
  )
  part('outputs', shown(result.outputs))
  part('exported', shown(result.exported))
  part(
    'next step',
    nextStep === undefined ? ['does not run'] : [...handedOn(result).comment, nextStep],
    line => (line.startsWith('#') ? dim(line) : line)
  )
  if (scenario.showsSummary) part('summary', columns(summaryRows(result.summary)))
  part('job ends', [end.log.trimEnd()])
}

/** An error stands at the end of a log and runs over several lines. */
function logStyle() {
  let inError = false
  return (/** @type {string} */ line) => {
    inError ||= line.startsWith('Error:')
    if (inError) return red(line)
    return line.startsWith('Warning:') ? yellow(line) : line
  }
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
    part('✗', [`${claim}${found === '' ? '' : `: ${redacted(found, played)}`}`], red)
  }
  if (failed.length === 0) console.log(`   ${green(`✓ ${checks.length} checks hold`)} ${dim(`· ${cost}`)}`)
  return failed.length
}

/**
 * What reaches the step after it: the exported variables where there are some, else what its `env:` takes from
 * the outputs.
 *
 * @param {RunResult} result
 * @returns {{env: Record<string, string>, comment: string[]}}
 */
function handedOn({ outputs, exported }) {
  if (Object.keys(exported).length > 0) {
    return { env: exported, comment: [`# reads ${Object.keys(exported).join(', ')}`] }
  }
  return {
    env: { TOKEN: outputs['token'] ?? '', API_URL: outputs['api-url'] ?? '' },
    comment: [
      `# env: TOKEN: \${{ steps.token.outputs.token }}`,
      `#      API_URL: \${{ steps.token.outputs.api-url }}`
    ]
  }
}

/**
 * Runs the step after it.
 *
 * @param {RunResult} result
 * @returns {Promise<string>}  what it said, as the log shows it
 */
function runNextStep(result) {
  const script = fileURLToPath(new URL('demo/next-step.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], {
    env: handedOn(result).env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000
  })
  const log = new RunnerLog({ known: result.masks })
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
  return [...scenario.secrets, ...issuedBy(platform)].reduce(
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
