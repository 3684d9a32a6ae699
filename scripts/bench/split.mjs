/** Where the time of main goes, by Node's own profiler: each sample counts to the part whose code it met. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, table } from '../crowd/figures.mjs'
import { moduleByLine } from './bytes.mjs'
import { main } from './children.mjs'

/**
 * @typedef {'start' | 'load' | 'read inputs' | 'connect' | 'request' | 'publish' | 'end'} Part
 * @typedef {{functionName: string, url: string, lineNumber: number}} Frame
 * @typedef {{id: number, callFrame: Frame, children?: number[]}} ProfileNode
 * @typedef {{nodes: ProfileNode[], startTime: number, endTime: number, samples: number[], timeDeltas: number[]}} Profile
 *   times in microseconds, of the clock that `process.hrtime` reads
 */

const RUNS = 10
const INTERVAL_US = 100

/** @type {readonly Part[]} */
const PARTS = ['start', 'load', 'read inputs', 'connect', 'request', 'publish', 'end']
/** @type {Readonly<Record<Part, string>>} */
const MEANING = {
  start: 'Node itself, until its profiler runs',
  load: 'modules, Node’s and ours: found, compiled, evaluated',
  'read inputs': 'inputs, masks, the log',
  connect: 'the socket (here without TLS)',
  request: 'one request, the wait for its answer, reading it',
  publish: 'outputs, state, summary',
  end: 'what is no part’s: event loop, collector, the way out'
}

/**
 * @param {ReturnType<typeof import('./children.mjs').openJob>} job
 * @param {Record<string, string>} inputs
 * @returns {Promise<string>}  a table
 */
export async function split(job, inputs) {
  const runs = Array.from({ length: RUNS }, () => profiled(job, inputs))
  const all = median(runs.map(run => total(run)))
  const rows = PARTS.map(part => {
    const share = median(runs.map(run => run[part] / total(run)))
    return [part, `${(share * 100).toFixed(0)} %`, MEANING[part]]
  })
  const note = `The median of ${RUNS} runs under --cpu-prof, which takes its share: ${(all / 1000).toFixed(0)} ms each.`
  return `${table(['part', 'share', 'what it is'], rows)}\n\n${note}`
}

/** @param {Parameters<typeof split>[0]} job @param {Record<string, string>} inputs @returns {Record<Part, number>} */
function profiled(job, inputs) {
  const folder = mkdtempSync(join(job.folder, 'profile-'))
  const args = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${INTERVAL_US}`]
  const spawnedAt = Number(process.hrtime.bigint() / 1000n)
  job.run(main(inputs, { args }))
  const [file = ''] = readdirSync(folder)
  /** @type {Profile} */
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const parts = sumByPart(profile)
  parts.start += profile.startTime - spawnedAt
  return parts
}

/** @param {Record<Part, number>} parts */
const total = parts => Object.values(parts).reduce((sum, time) => sum + time, 0)

/** @param {Profile} profile @returns {Record<Part, number>} */
function sumByPart({ nodes, samples, timeDeltas }) {
  const sums = /** @type {Record<Part, number>} */ (Object.fromEntries(PARTS.map(part => [part, 0])))
  const partById = partsOf(nodes)
  for (const [index, id] of samples.entries()) {
    // A delta is the time since the sample before: the time of that one, then.
    const time = timeDeltas[index + 1] ?? 0
    sums[partById.get(id) ?? 'end'] += time
  }
  return sums
}

/** What a sample belongs to: the innermost frame that tells. @param {ProfileNode[]} nodes @returns {Map<number, Part>} */
function partsOf(nodes) {
  const byId = new Map(nodes.map(node => [node.id, node]))
  /** @type {Map<number, Part>} */
  const parts = new Map()
  const [root] = nodes
  const visit = (/** @type {ProfileNode} */ node, /** @type {Part | undefined} */ outer) => {
    const part = partOf(node.callFrame) ?? outer
    if (part) parts.set(node.id, part)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) visit(child, part)
    }
  }
  if (root) visit(root, undefined)
  return parts
}

/** @param {Frame} frame @returns {Part | undefined} */
function partOf({ functionName, url, lineNumber }) {
  if (functionName === '(idle)') return 'request'
  const isModuleItself = functionName === '' && lineNumber === 0
  if (/^node:internal\/(modules|bootstrap|main|process\/pre_execution)/.test(url) || isModuleItself)
    return 'load'
  if (/^(load_|compileForInternalLoader|requireBuiltin)$/.test(functionName)) return 'load'
  if (
    /^node:(net|dns|_tls_wrap|tls|internal\/(tls|dns|net))/.test(url) &&
    /connect|lookup|Handshake/i.test(functionName)
  )
    return 'connect'
  if (/^node:(_http|http|net|internal\/(http|stream_base|streams)|_stream)/.test(url)) return 'request'
  if (!url.startsWith('file:')) return undefined
  const module = moduleAt(url, lineNumber)
  if (/\/http-client\/|tunnel|lib\/(http|auth)\//.test(module) && !/-(hosts|regions)\.js/.test(module))
    return 'request'
  if (/publish|toolkit\/files|file-command|summary|custody|token-file|variables/.test(module))
    return 'publish'
  if (
    /lib\/(step\/(inputs|console|story|toolkit\/log|runner|stdout)|secret|text|auth)|core\/lib\/command/.test(
      module
    )
  )
    return 'read inputs'
  return undefined
}

/** @type {Map<string, string[]>} */
const modulesByFile = new Map()

/** @param {string} url @param {number} line  from 0 */
function moduleAt(url, line) {
  let modules = modulesByFile.get(url)
  if (!modules) {
    modules = moduleByLine(readFileSync(fileURLToPath(url), 'utf8'))
    modulesByFile.set(url, modules)
  }
  return modules[line] ?? ''
}
