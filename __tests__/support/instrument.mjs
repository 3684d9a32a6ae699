/**
 * Loaded into the action's process by `NODE_OPTIONS=--import`, before anything of the bundle: it counts what
 * the process does to the file system, the network and its log, and interferes at one point of it. The bundle
 * knows nothing of it. Told what to do by the variable INSTRUMENT, which holds a `Plan` as JSON.
 *
 * @typedef {object} Plan
 * @property {string} journal  a file that gets a line of JSON for each point that is passed
 * @property {'write' | 'response' | 'line'} [at]  after a call that writes to the file system (and, where it is
 *   asynchronous, as it starts too), after the last byte of an answer, or after a write to stdout
 * @property {number} [n]  the how-manieth of them, from 1
 * @property {'SIGINT' | 'SIGTERM' | 'SIGKILL'} [send]  what the process sends itself there
 * @property {'once' | 'from-there-on'} [full]  instead of that: the disk is full there, or from there on
 * @property {number} [umask]
 * @property {{before: 'mkdir' | 'open', target: string}} [plant]  a link that somebody else puts in the place of
 *   the token file's folder, or of the file, a moment before it is made
 */
import { channel } from 'node:diagnostics_channel'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

/** @type {Plan} */
const plan = JSON.parse(process.env['INSTRUMENT'] ?? '')
const real = { ...fs }
/** @type {Record<string, number>} */
const counts = {}
/** The functions of `fs` call one another: only the outermost call counts. */
let inside = 0

if (plan.umask !== undefined) process.umask(plan.umask)

/** @param {object} event */
function note(event) {
  inside += 1
  real.appendFileSync(plan.journal, `${JSON.stringify(event)}\n`)
  inside -= 1
}

/**
 * @param {NonNullable<Plan['at']>} kind
 * @param {string} what
 * @param {object} [more]
 */
function passed(kind, what, more = {}) {
  const n = count(kind)
  const here = plan.send !== undefined && plan.at === kind && plan.n === n
  note({ kind, n, what, ...more, ...(here ? { sent: plan.send } : {}) })
  if (here && plan.send) process.kill(process.pid, plan.send)
}

/** @param {string} kind */
function count(kind) {
  counts[kind] = (counts[kind] ?? 0) + 1
  return counts[kind]
}

/** @param {string} name @param {unknown} path */
function failWhereFull(name, path) {
  if (plan.full === undefined || plan.n === undefined || !/append|write|mkdir|open/.test(name)) return
  const next = (counts['write'] ?? 0) + 1
  if (plan.full === 'once' ? next !== plan.n : next < plan.n) return
  note({
    kind: 'write',
    n: count('write'),
    what: name,
    full: true,
    ...(typeof path === 'string' ? { path } : {})
  })
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

/** @param {string} path @param {'mkdir' | 'open'} what */
function plantBefore(path, what) {
  if (plan.plant?.before !== what || !path.includes('cc-token-')) return
  real.symlinkSync(plan.plant.target, path)
  note({ kind: 'planted', what: path })
}

/** @param {unknown} path */
function looks(path) {
  if (typeof path !== 'string' || !real.existsSync(path)) return {}
  const { mode, size } = real.lstatSync(path)
  return { path, mode: (mode & 0o777).toString(8), size }
}

/** @param {unknown} line */
function wordOf(line) {
  return String(line).split(/[\s:]+/)[0] ?? ''
}

const patched = /** @type {Record<string, any>} */ (/** @type {unknown} */ (fs))
for (const name of ['appendFileSync', 'writeFileSync', 'mkdirSync', 'openSync', 'truncateSync', 'rmSync']) {
  const original = patched[name]
  patched[name] = (/** @type {any[]} */ ...args) => {
    const reads = name === 'openSync' && !/[wax+]/.test(String(args[1] ?? 'r'))
    if (inside > 0 || reads) return original(...args)
    failWhereFull(name, args[0])
    inside += 1
    try {
      if (name === 'mkdirSync') plantBefore(String(args[0]), 'mkdir')
      if (name === 'openSync') plantBefore(String(args[0]), 'open')
      return original(...args)
    } finally {
      inside -= 1
      passed('write', name, looks(args[0]))
    }
  }
}
const promises = /** @type {Record<string, any>} */ (/** @type {unknown} */ (fs.promises))
for (const name of ['appendFile', 'writeFile']) {
  const original = promises[name]
  promises[name] = async (/** @type {any[]} */ ...args) => {
    failWhereFull(name, args[0])
    passed('write', `${name} begins`)
    const result = await original(...args)
    passed('write', name, looks(args[0]))
    return result
  }
}
syncBuiltinESMExports()

channel('http.client.response.finish').subscribe(message => {
  const { response } = /** @type {{response: import('node:http').IncomingMessage}} */ (message)
  response.on('end', () => {
    // A kill is felt at once: what the process makes of the answer comes first. Any other signal waits by itself.
    if (plan.send === 'SIGKILL') setImmediate(() => passed('response', String(response.statusCode)))
    else passed('response', String(response.statusCode))
  })
})

const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (/** @type {any[]} */ ...args) => {
  // @ts-expect-error: whatever it was called with
  const result = write(...args)
  if (args[0] !== '') passed('line', wordOf(args[0]))
  return result
}
