/**
 * Runs a bundle as GitHub's runner does: as a child process that inherits nothing but PATH, with inputs as `INPUT_…`,
 * the defaults of action.yml, command files, state, and the folders of a job.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findActionFile, readActionFile } from './action-file.mjs'
import { parseCommandFile } from './command-files.mjs'
import { RunnerLog } from './runner-log.mjs'

/**
 * @typedef {object} RunOptions
 * @property {Record<string, string>} [env]  in addition to what the runner sets
 * @property {Record<string, string>} [state]  what main saved
 * @property {string} [nodePath]  default: the Node of this process
 * @property {number} [timeoutMs]  after which the process is killed; default: a minute
 * @property {number | Promise<unknown>} [signalAfter]  cancels the run after these milliseconds, or when the promise
 *   settles, as the runner does: SIGINT, SIGTERM after 7.5 s, and 2.5 s later the end
 * @property {NodeJS.Signals} [signal]  the first signal; default: SIGINT
 * @property {boolean} [debug]  step debugging
 * @property {string[]} [knownMasks]  masks of earlier steps of the job
 * @property {string} [jobDir]  `jobDir` of an earlier step's result, to run in the same job
 * @property {(line: string) => void} [onLine]  gets each line of the log as soon as it is shown
 * @property {boolean} [detached]  in a process group of its own, which Ctrl-C does not reach
 *
 * @typedef {RunOptions & {main: string, action?: string, inputs?: Record<string, string>}} ActionOptions
 *   `action`: its action.yml; default: the one that names `main`
 *
 * @typedef {object} RunResult
 * @property {number | null} exitCode
 * @property {NodeJS.Signals | null} signal  the signal that ended the process, if any
 * @property {boolean} timedOut
 * @property {string} stdout  as it was written, with masks and secrets
 * @property {string} stderr
 * @property {Record<string, string>} outputs
 * @property {Record<string, string>} exported  variables for later steps
 * @property {Record<string, string>} state
 * @property {string} summary
 * @property {{output: string, env: string, state: string, summary: string}} files  raw
 * @property {string[]} masks  registered by this run, in order
 * @property {import('./runner-log.mjs').Command[]} commands  that the runner obeyed
 * @property {string} log  as a person sees it
 * @property {number} durationMs
 * @property {string} jobDir
 * @property {string} tempDir  RUNNER_TEMP
 * @property {() => string[]} leftovers  what is in RUNNER_TEMP now, without command files
 */

const SIGTERM_AFTER_MS = 7500
const SIGKILL_AFTER_MS = 2500
const FILES = /** @type {const} */ ({
  output: 'GITHUB_OUTPUT',
  env: 'GITHUB_ENV',
  state: 'GITHUB_STATE',
  summary: 'GITHUB_STEP_SUMMARY'
})

/** @type {Set<string>} */
const jobDirs = new Set()

/**
 * Runs an action's main.
 *
 * @param {ActionOptions} options
 * @returns {Promise<RunResult>}  rejects only if a command file is malformed
 */
export async function runAction({ main, action = findActionFile(main), inputs = {}, ...options }) {
  return run(main, options, inputVariables(action, inputs))
}

/**
 * Runs an action's post in the same job, with what its main saved and exported, but without inputs: a post step cannot
 * depend on them.
 *
 * @param {RunResult} previous
 * @param {RunOptions & {post: string}} options
 * @returns {Promise<RunResult>}
 */
export async function runPost(previous, { post, ...options }) {
  const { jobDir, exported, state, masks: knownMasks } = previous
  return run(post, { jobDir, state, knownMasks, ...options, env: { ...exported, ...options.env } }, {})
}

/** Removes the folders of all runs. */
export function cleanup() {
  for (const folder of jobDirs) rmSync(folder, { recursive: true, force: true })
  jobDirs.clear()
}
process.once('exit', cleanup)

/**
 * @param {string} entryPoint
 * @param {RunOptions} options
 * @param {Record<string, string>} inputs
 * @returns {Promise<RunResult>}
 */
async function run(entryPoint, options, inputs) {
  const job = openJob(options.jobDir)
  const commandFiles = createCommandFiles(job.temp)
  const { debug = false, knownMasks: known = [], detached = false, onLine } = options
  const log = new RunnerLog({ debug, known, ...(onLine && { onLine }) })

  const started = performance.now()
  const child = spawn(options.nodePath ?? process.execPath, [path.resolve(entryPoint)], {
    cwd: job.workspace,
    env: {
      ...runnerVariables(job, debug),
      ...commandFiles.variables,
      ...options.env,
      ...prefixed('STATE_', options.state ?? {}),
      ...inputs
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached
  })
  const [stdout, stderr] = [collect(child.stdout, log), collect(child.stderr, log)]
  const end = await ended(child, options)
  const durationMs = performance.now() - started

  const files = commandFiles.read()
  return {
    ...end,
    stdout: stdout(),
    stderr: stderr(),
    outputs: parseCommandFile(files.output),
    exported: parseCommandFile(files.env),
    state: parseCommandFile(files.state),
    summary: files.summary,
    files,
    masks: log.masks,
    commands: log.commands,
    log: log.text,
    durationMs,
    jobDir: job.folder,
    tempDir: job.temp,
    leftovers: () => filesIn(job.temp).filter(file => !file.startsWith('_runner_file_commands'))
  }
}

/**
 * Returns the inputs as the runner passes them: those that action.yml declares, and all that were given.
 *
 * @param {string} action
 * @param {Record<string, string>} given
 * @returns {Record<string, string>}
 */
function inputVariables(action, given) {
  const declared = Object.entries(readActionFile(action).inputs).map(([name, input]) => [name, input.default])
  const values = { ...Object.fromEntries(declared), ...given }
  const named = Object.entries(values).map(([name, value]) => [
    name.replaceAll(' ', '_').toUpperCase(),
    value
  ])
  return prefixed('INPUT_', Object.fromEntries(named))
}

/**
 * Returns the folders of a job, as the runner arranges them.
 *
 * @param {string} [shared]
 */
function openJob(shared) {
  const folder = shared ?? realpathSync(mkdtempSync(path.join(tmpdir(), 'job-')))
  jobDirs.add(folder)
  const [temp, workspace, home] = ['_temp', 'workspace', 'home'].map(name => path.join(folder, name))
  if (!temp || !workspace || !home) throw new Error('unreachable')
  for (const path of [temp, workspace, home]) mkdirSync(path, { recursive: true })
  return { folder, temp, workspace, home }
}

/**
 * @param {{temp: string, workspace: string, home: string}} job
 * @param {boolean} debug
 * @returns {Record<string, string>}
 */
function runnerVariables(job, debug) {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: job.home,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: '__self',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_JOB: 'deploy',
    GITHUB_REPOSITORY: 'example/deploy',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '1000000001',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_WORKSPACE: job.workspace,
    RUNNER_ARCH: 'X64',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'emulated',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: job.temp,
    ...(debug ? { RUNNER_DEBUG: '1' } : {})
  }
}

/**
 * Creates empty command files. Main and post of a step get files of their own.
 *
 * @param {string} temp
 */
function createCommandFiles(temp) {
  const folder = path.join(temp, '_runner_file_commands')
  mkdirSync(folder, { recursive: true })
  const suffix = randomUUID()
  const paths = /** @type {Record<keyof typeof FILES, string>} */ ({})
  /** @type {Record<string, string>} */
  const variables = {}
  for (const name of /** @type {(keyof typeof FILES)[]} */ (Object.keys(FILES))) {
    paths[name] = path.join(folder, `${name}_${suffix}`)
    writeFileSync(paths[name], '')
    variables[FILES[name]] = paths[name]
  }
  const text = (/** @type {keyof typeof FILES} */ name) => asOnLinux(readFileSync(paths[name], 'utf8'))
  const read = () => ({
    output: text('output'),
    env: text('env'),
    state: text('state'),
    summary: text('summary')
  })
  return { variables, read }
}

/**
 * Collects what a stream writes, and passes it to the log, where both streams meet in the order of arrival.
 *
 * @param {import('node:stream').Readable} stream
 * @param {RunnerLog} log
 * @returns {() => string}
 */
function collect(stream, log) {
  let text = ''
  const lines = log.stream()
  stream.setEncoding('utf8')
  stream.on('data', piece => {
    text += piece
    lines.write(piece)
  })
  stream.on('end', () => lines.end())
  return () => asOnLinux(text)
}

/** Returns a text of Windows with the line ends of Linux. @param {string} text */
function asOnLinux(text) {
  return process.platform === 'win32' ? text.replaceAll('\r\n', '\n') : text
}

/**
 * Waits for the end of a process, and ends it if it takes too long.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {RunOptions} options
 * @returns {Promise<{exitCode: number | null, signal: NodeJS.Signals | null, timedOut: boolean}>}
 */
function ended(child, { timeoutMs = 60_000, signalAfter, signal: firstSignal = 'SIGINT' }) {
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.Timeout[]} */
    const timers = []
    const later = (/** @type {number} */ ms, /** @type {() => void} */ act) =>
      void timers.push(setTimeout(act, ms))
    let over = false
    let timedOut = false
    const cancel = () => {
      if (over) return
      child.kill(firstSignal)
      later(SIGTERM_AFTER_MS, () => child.kill('SIGTERM'))
      later(SIGTERM_AFTER_MS + SIGKILL_AFTER_MS, () => child.kill('SIGKILL'))
    }
    later(timeoutMs, () => {
      timedOut = true
      child.kill('SIGKILL')
    })
    if (typeof signalAfter === 'number') later(signalAfter, cancel)
    else void signalAfter?.then(cancel, cancel)

    // A process that the action started and left could keep the pipes open forever.
    child.on('exit', () =>
      later(2000, () => [child.stdout, child.stderr].forEach(stream => void stream?.destroy()))
    )
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      over = true
      for (const timer of timers) clearTimeout(timer)
      resolve({ exitCode, signal, timedOut })
    })
  })
}

/**
 * @param {string} prefix
 * @param {Record<string, string>} values
 * @returns {Record<string, string>}
 */
function prefixed(prefix, values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]))
}

/**
 * @param {string} folder
 * @returns {string[]}  folders and files in it, relative
 */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).map(String).sort()
}
