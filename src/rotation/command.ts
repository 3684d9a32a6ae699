import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../runner/context.js'

/** How a command ended. `not-started`: there is no shell. `timeout`: its process group was ended. */
export type CommandEnd = 'not-started' | 'timeout' | 'too-much-output' | { readonly exitCode: number | null }

export interface CommandResult {
  readonly end: CommandEnd
  /** Standard output, if it was collected. */
  readonly stdout: string
}

/** At most this much of a command's output is logged, or collected from its standard output. */
const MAX_OUTPUT_BYTES = 64 * 1024

/** Longer lines are not logged: a secret in them could be cut in two. */
const MAX_LINE_LENGTH = 8 * 1024

/** After SIGTERM, a process group has this long to end before it is killed. */
const TERMINATION_MS = 1_000

/** Variables of the runner that give access to the job, and inputs and state of this action. */
const HIDDEN_VARIABLES =
  /^(INPUT_.*|STATE_.*|GITHUB_STATE|ACTIONS_RUNTIME_.*|ACTIONS_RESULTS_URL|ACTIONS_CACHE_URL)$/i

/** Returns the environment of a command: without inputs, state, runner tokens, and credentials of the platforms. */
export function commandEnvironment(
  env: Context['env'],
  credentialVariables: readonly string[]
): Readonly<Record<string, string | undefined>> {
  const isVisible = (name: string) => !HIDDEN_VARIABLES.test(name) && !credentialVariables.includes(name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => isVisible(name)))
}

/**
 * Runs a command with `bash -eo pipefail -c` in a process group of its own. `input` is its standard input. Its output is
 * logged line by line; with `collect`, its standard output is returned instead, and `onCollected` is called with it before
 * anything of its standard error is logged. Never throws.
 */
export async function runCommand(
  command: string,
  options: {
    readonly context: Pick<Context, 'log' | 'rollback'>
    readonly env: Readonly<Record<string, string | undefined>>
    readonly cwd: string
    readonly timeoutMs: number
    readonly input?: Secret
    readonly onCollected?: (stdout: string) => void
  }
): Promise<CommandResult> {
  const { context, env, cwd, timeoutMs, input, onCollected } = options
  const output = new OutputLog(context)
  const child = spawn('bash', ['-eo', 'pipefail', '-c', command], { cwd, env, detached: true })
  const onExit = () => kill(child, 'SIGKILL')
  process.once('exit', onExit)
  const removeRollback = context.rollback.add(() => kill(child, 'SIGTERM'))
  const stdout = new Collector(child.stdout, () => stop(child))
  const stderr = new Collector(child.stderr)
  if (onCollected === undefined) for (const stream of [child.stdout, child.stderr]) output.follow(stream)
  // A command that does not read its input closes the pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(input?.reveal())
  let end = await waitForEnd(child, timeoutMs)
  removeRollback()
  process.off('exit', onExit)
  if (stdout.isTooLong && onCollected !== undefined) end = 'too-much-output'
  if (onCollected === undefined) return { end, stdout: '' }
  onCollected(stdout.text)
  output.write(stderr.text)
  return { end, stdout: stdout.text }
}

/** Returns how the command ended. Processes that it left in its group are ended too. */
function waitForEnd(child: ChildProcess, timeoutMs: number): Promise<CommandEnd> {
  return new Promise(resolve => {
    let isTimeout = false
    const timer = setTimeout(() => {
      isTimeout = true
      stop(child)
    }, timeoutMs)
    child.on('error', () => {
      clearTimeout(timer)
      if (child.pid === undefined) resolve('not-started')
    })
    child.on('exit', () => kill(child, 'SIGKILL'))
    child.on('close', exitCode => {
      clearTimeout(timer)
      resolve(isTimeout ? 'timeout' : { exitCode })
    })
  })
}

function stop(child: ChildProcess): void {
  kill(child, 'SIGTERM')
  setTimeout(() => kill(child, 'SIGKILL'), TERMINATION_MS).unref()
}

/** Signals the whole process group. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has ended already.
  }
}

/** Collects a stream up to the limit; calls `onTooLong` once beyond it. */
class Collector {
  readonly #chunks: Buffer[] = []
  #length = 0

  constructor(stream: Readable, onTooLong?: () => void) {
    stream.on('data', (chunk: Buffer) => {
      const wasTooLong = this.isTooLong
      this.#length += chunk.length
      if (this.isTooLong && !wasTooLong) onTooLong?.()
      else if (!this.isTooLong) this.#chunks.push(chunk)
    })
  }

  get isTooLong(): boolean {
    return this.#length > MAX_OUTPUT_BYTES
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

/** Logs a command's output line by line, after `| `, so that no line can be a workflow command. */
class OutputLog {
  readonly #log: Context['log']
  #length = 0

  constructor({ log }: Pick<Context, 'log'>) {
    this.#log = log
  }

  /** Logs the lines of a stream as they arrive. */
  follow(stream: Readable): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      const lines = `${rest}${text}`.split(/\r\n|\r|\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) this.#writeLine(line)
    })
    stream.on('end', () => {
      if (rest !== '') this.#writeLine(rest)
    })
  }

  /** Logs the lines of a text. */
  write(text: string): void {
    for (const line of text.split(/\r\n|\r|\n/)) if (line !== '') this.#writeLine(line)
  }

  #writeLine(line: string): void {
    const wasComplete = this.#length <= MAX_OUTPUT_BYTES
    this.#length += Buffer.byteLength(line)
    if (this.#length <= MAX_OUTPUT_BYTES) {
      this.#log.info(`| ${line.length > MAX_LINE_LENGTH ? `(a line of ${line.length} characters)` : line}`)
    } else if (wasComplete) this.#log.info('| (the rest of the output is not shown)')
  }
}
