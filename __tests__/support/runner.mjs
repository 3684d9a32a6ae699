/**
 * Runs a built action the way GitHub's runner does: a child process with nothing of ours in its environment,
 * inputs as `INPUT_…` with the defaults of action.yml, command files, state, and a job's folders.
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
 * @property {Record<string, string>} [env]  beside what the runner itself sets
 * @property {Record<string, string>} [state]  what an earlier part of the step saved
 * @property {string} [nodePath]  the Node to run it with; our own unless told otherwise
 * @property {number} [timeoutMs]  after which the process is killed; a minute unless told otherwise
 * @property {number | Promise<unknown>} [signalAfter]  cancels the run after these milliseconds, or as soon as
 *   the promise is settled, the way the runner does: SIGINT, SIGTERM 7.5 s later, killed 2.5 s after that
 * @property {NodeJS.Signals} [signal]  sent first, in place of SIGINT
 * @property {boolean} [debug]  step debugging
 * @property {string[]} [knownMasks]  what earlier steps of the job registered
 * @property {string} [jobDir]  a job's folders to share: `jobDir` of an earlier step's result
 *
 * @typedef {RunOptions & {main: string, action?: string, inputs?: Record<string, string>}} ActionOptions
 *   `action`: the action.yml that describes it; the one that names `main` unless told otherwise
 *
 * @typedef {object} RunResult
 * @property {number | null} exitCode
 * @property {NodeJS.Signals | null} signal  what ended the process, if it was a signal
 * @property {boolean} timedOut
 * @property {string} stdout  as written: masks and secrets still in it
 * @property {string} stderr
 * @property {Record<string, string>} outputs
 * @property {Record<string, string>} exported  variables for the steps after it
 * @property {Record<string, string>} state
 * @property {string} summary
 * @property {{output: string, env: string, state: string, summary: string}} files  raw
 * @property {string[]} masks  registered by this run, in order
 * @property {import('./runner-log.mjs').Command[]} commands  all that the runner obeyed
 * @property {string} log  what a person sees
 * @property {number} durationMs
 * @property {string} jobDir
 * @property {string} tempDir  RUNNER_TEMP
 * @property {() => string[]} leftovers  what lies in RUNNER_TEMP now, command files apart
 */

const SIGTERM_AFTER_MS = 7500
const SIGKILL_AFTER_MS = 2500
const FILES = /** @type {const} */ ({
  output: 'GITHUB_OUTPUT',
  env: 'GITHUB_ENV',
  state: 'GITHUB_STATE',
  summary: 'GITHUB_STEP_SUMMARY',
  path: 'GITHUB_PATH'
})

/** @type {Set<string>} */
const jobDirs = new Set()

/**
 * Runs an action's main.
 *
 * @param {ActionOptions} options
 * @returns {Promise<RunResult>}  never rejects for what the action does, but for a malformed command file
 */
export async function runAction({ main, action = findActionFile(main), inputs = {}, ...options }) {
  return run(main, options, inputVariables(action, inputs))
}

/**
 * Runs an action's post with what its main saved and exported, in the same job. It gets no inputs unless some
 * are given, because a post step cannot depend on them.
 *
 * @param {RunResult} previous
 * @param {RunOptions & {post: string, action?: string, inputs?: Record<string, string>}} options
 * @returns {Promise<RunResult>}
 */
export async function runPost(previous, { post, action, inputs, ...options }) {
  const variables = inputs ? inputVariables(action ?? findActionFile(post), inputs) : {}
  const { jobDir, exported, state, masks: knownMasks } = previous
  return run(post, { jobDir, state, knownMasks, ...options, env: { ...exported, ...options.env } }, variables)
}

/** Removes every folder that was made for a run. */
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
  const log = new RunnerLog({ debug: options.debug ?? false, known: options.knownMasks ?? [] })

  const started = performance.now()
  const child = spawn(options.nodePath ?? process.execPath, [path.resolve(entryPoint)], {
    cwd: job.workspace,
    env: {
      ...runnerVariables(job, options.debug ?? false),
      ...commandFiles.variables,
      ...options.env,
      ...prefixed('STATE_', options.state ?? {}),
      ...inputs
    },
    stdio: ['ignore', 'pipe', 'pipe']
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
 * The inputs as the runner passes them: each that action.yml declares, and whatever else was given.
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
 * A job's folders, laid out as the runner does.
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
 * Empty command files under names of their own, as each part of a step gets them.
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
 * Everything a stream says, also line by line for the log; the two streams meet there as they arrive.
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

/** What a process on Windows wrote, with the line ends of Linux, which the tests are written for. @param {string} text */
function asOnLinux(text) {
  return process.platform === 'win32' ? text.replaceAll('\r\n', '\n') : text
}

/**
 * Waits for a process to end, and sees to it that it does.
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

    // A process of its own that the action left behind could hold the pipes open for ever.
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
