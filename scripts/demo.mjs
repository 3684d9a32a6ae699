/**
 * `npm run demo`: runs the committed bundle as GitHub's runner does, against platforms emulated on this machine.
 * Needs Node 20 or newer and nothing else: no installation, no account, no network.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction, runPost } from '../__tests__/support/runner.mjs'
import { RunnerLog } from '../__tests__/support/runner-log.mjs'
import { readOptions } from './command-line.mjs'
import { about, playRotation, title } from './demo/rotation.mjs'
import { scenes } from './demo/scenes.mjs'
import { bold, columns, dim, green, heading, lines, part, red, summaryRows, yellow } from './demo/screen.mjs'

/**
 * @typedef {import('./demo/scenes.mjs').Scene} Scene
 * @typedef {import('../__tests__/support/runner.mjs').RunResult} RunResult
 */

readOptions({
  usage: 'npm run demo',
  about: 'Shows what the action does, against platforms emulated on this machine.',
  options: {}
})
const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url))
const SECRET_INPUTS = ['client-secret', 'access-key-secret']

process.once('SIGINT', () => process.exit(130))
console.log(`\n${bold('cc-token-action')}  credentials in, a masked token out`)
console.log(dim(`The committed bundle on Node ${process.versions.node}, platforms emulated on this machine.`))
const started = performance.now()
const all = [
  ...scenes.map(scene => ({ title: scene.title, about: scene.about, play: () => play(scene) })),
  { title, about, play: playRotation }
]
const results = []
try {
  for (const [index, scene] of all.entries()) {
    heading(`${index + 1}/${all.length}`, scene.title, scene.about)
    const failed = await scene.play()
    if (failed.length > 0) part('✗', failed, red)
    results.push({ title: scene.title, isGood: failed.length === 0 })
  }
} finally {
  cleanup()
}
console.log()
for (const { title, isGood } of results)
  console.log(isGood ? `${green('✓')} ${title}` : `${red('✗')} ${title}`)
const good = results.filter(({ isGood }) => isGood).length
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`\n${bold(`${good} of ${results.length} as they should be`)}${dim(`, in ${seconds} s`)}\n`)
process.exitCode = good === results.length ? 0 : 1

/**
 * Plays a scene. Returns the checks that failed.
 *
 * @param {Scene} scene
 */
async function play(scene) {
  const platform = await scene.start()
  try {
    const inputs = { ...scene.inputs, 'base-url': platform.origin }
    const result = await runAction({ main: at('dist/main/index.js'), inputs })
    // Before the next step sends requests of its own.
    const requests = platform.requests.map(({ method, path, status }) => `${status} ${method} ${path}`)
    const next = result.outputs['token'] ? await runNextStep(result) : ['does not run']
    const end = await runPost(result, { post: at('dist/post/index.js') })
    const hide = (/** @type {Record<string, string>} */ values) =>
      columns(
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, masked(value, result.masks)]))
      )

    part(
      'with',
      Object.entries(inputs).map(
        ([name, value]) => `${name}: ${SECRET_INPUTS.includes(name) ? '***' : value}`
      ),
      dim
    )
    part('log', lines(result.log), logStyle())
    part('requests', requests)
    part('outputs', hide(result.outputs))
    part('exported', hide(result.exported))
    part('next step', next, line => (line.startsWith('#') ? dim(line) : line))
    if (scene.showsSummary) part('summary', summaryRows(result.summary))
    part('job ends', lines(end.log))

    const issued = [...platform.tokens.keys(), ...(platform.alsoIssued ?? [])]
    const secrets = [...SECRET_INPUTS.flatMap(name => scene.inputs[name] ?? []), ...issued]
    const shown = result.log + result.summary + result.stderr + end.log
    const token = result.outputs['token']
    const checks = {
      'the step ends as it should': result.exitCode === (scene.errorCode ? 1 : 0),
      'error-code is right': result.outputs['error-code'] === scene.errorCode,
      'the token is the last one issued': (token || undefined) === [...platform.tokens.keys()].at(-1),
      'no secret is shown': !secrets.some(secret => shown.includes(secret)),
      'everything issued is masked': issued.every(secret => result.masks.includes(secret)),
      'the clean-up never fails the job': end.exitCode === 0,
      'no access token outlives the job where the platform can revoke it': [
        ...platform.tokens.values()
      ].every(({ revoked, kind }) => revoked !== false || kind !== 'access'),
      'no file is left': end.leftovers().length === 0
    }
    return Object.entries(checks).flatMap(([claim, holds]) => (holds ? [] : [claim]))
  } finally {
    await platform.close()
  }
}

/** An error is the last message of a log and has several lines. */
function logStyle() {
  let isError = false
  return (/** @type {string} */ line) => {
    isError ||= line.startsWith('Error:')
    if (isError) return red(line)
    return line.startsWith('Warning:') ? yellow(line) : line
  }
}

/**
 * Runs the step after ours. Returns what the workflow passes to it, and its log.
 *
 * @param {RunResult} result
 * @returns {Promise<string[]>}
 */
function runNextStep({ outputs, exported, masks }) {
  const isExported = Object.keys(exported).length > 0
  const comments = isExported
    ? [`# reads ${Object.keys(exported).join(', ')}`]
    : [
        `# env: TOKEN: \${{ steps.token.outputs.token }}`,
        `#      API_URL: \${{ steps.token.outputs.api-url }}`
      ]
  const child = spawn(process.execPath, [at('scripts/demo/next-step.mjs')], {
    env: isExported ? exported : { TOKEN: outputs['token'] ?? '', API_URL: outputs['api-url'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000
  })
  const log = new RunnerLog({ known: masks })
  const stream = log.stream()
  child.stdout.setEncoding('utf8').on('data', stream.write)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      stream.end()
      resolve([...comments, ...lines(log.text)])
    })
  })
}

/**
 * @param {string} value
 * @param {string[]} masks
 */
function masked(value, masks) {
  if (masks.includes(value)) return `*** (${value.length} characters)`
  return masks.reduce((text, mask) => text.replaceAll(mask, '***'), value)
}
