/**
 * Loaded into the action's process by `NODE_OPTIONS=--import`, before anything of the bundle: it counts what
 * the process does to the file system, the network and its log, and interferes at one point of it. The bundle
 * knows nothing of it. Told what to do by the variable INSTRUMENT, which holds a `Plan` as JSON.
 *
 * @typedef {object} Plan
 * @property {string} journal  a file that gets a line of JSON for each point that is passed
 * @property {'write' | 'response' | 'line'} [at]  after a call that writes to the file system, after the last byte
 *   of an answer, or after a write to stdout
 * @property {number} [n]  which of them; 1 is the first
 * @property {'SIGINT' | 'SIGTERM' | 'SIGKILL'} [send]  what the process sends itself there
 * @property {'once' | 'from-there-on'} [full]  instead of that: the disk is full there, or from there on
 * @property {number} [umask]
 * @property {{before: 'mkdirSync' | 'openSync', target: string}} [plant]  a link that somebody else puts in the place
 *   of the token file's folder, or of the file, a moment before it is made
 */
import { channel } from 'node:diagnostics_channel'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

/** @type {Plan} */
const plan = JSON.parse(process.env['INSTRUMENT'] ?? '')
const real = { ...fs }
const counts = { write: 0, response: 0, line: 0 }
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
 * @param {object} [more]
 */
function passed(kind, more = {}) {
  counts[kind] += 1
  const isHere = plan.at === kind && plan.n === counts[kind]
  note({ kind, ...more, ...(isHere ? { sent: plan.send } : {}) })
  if (isHere && plan.send) process.kill(process.pid, plan.send)
}

/** @param {string} name @param {unknown} path */
function failWhereFull(name, path) {
  if (plan.full === undefined || plan.n === undefined || !/append|write|mkdir|open/.test(name)) return
  const next = counts.write + 1
  if (plan.full === 'once' ? next !== plan.n : next < plan.n) return
  counts.write = next
  note({ kind: 'write', what: name, full: true, path: String(path) })
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

/** @param {string} path @param {string} name */
function plantBefore(path, name) {
  if (plan.plant?.before !== name || !path.includes('cc-token-')) return
  real.symlinkSync(plan.plant.target, path)
  note({ kind: 'planted' })
}

/** @param {unknown} path */
function looks(path) {
  if (typeof path !== 'string' || !real.existsSync(path)) return {}
  const { mode, size } = real.lstatSync(path)
  return { path, mode: (mode & 0o777).toString(8), size }
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
      plantBefore(String(args[0]), name)
      return original(...args)
    } finally {
      inside -= 1
      passed('write', { what: name, ...looks(args[0]) })
    }
  }
}
syncBuiltinESMExports()

channel('http.client.response.finish').subscribe(message => {
  const { response } = /** @type {{response: import('node:http').IncomingMessage}} */ (message)
  response.on('end', () => {
    // A kill is felt at once: what the process makes of the answer comes first. Any other signal waits by itself.
    if (plan.send === 'SIGKILL') setImmediate(() => passed('response'))
    else passed('response')
  })
})

const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (/** @type {any[]} */ ...args) => {
  // @ts-expect-error: whatever it was called with
  const result = write(...args)
  if (args[0] !== '') passed('line')
  return result
}
