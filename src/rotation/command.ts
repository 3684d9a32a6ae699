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

/** A process that left the group of a command may keep its output open. It is not read for longer than this. */
const DRAIN_MS = 1_000

/** Like the runner's own shell: no file of the user's account may change what a command does or prints. */
const SHELL_OPTIONS = ['--noprofile', '--norc']
const COMMAND_OPTIONS = [...SHELL_OPTIONS, '-eo', 'pipefail', '-c']

/**
 * Node connects a process by sockets, and on Linux a socket cannot be opened as /dev/stdin. So a first shell reads the
 * input and passes it on by a pipe. It does not start the command if this process was killed before it wrote the input.
 * The input is in no named variable, because the environment may contain one with that name.
 */
const PASS_INPUT = `set -- "$1" "$(cat)"; [ -n "$2" ] && printf %s "$2" | bash ${COMMAND_OPTIONS.join(' ')} "$1"`

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
 * logged line by line; with `onCollected`, its standard output is returned instead, and `onCollected` is called with it
 * before anything of its standard error is logged. Throws only if the step is ending; the command is not started then.
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
  context.rollback.requireNotRun()
  const args =
    input === undefined
      ? [...COMMAND_OPTIONS, command]
      : [...SHELL_OPTIONS, '-c', PASS_INPUT, 'bash', command]
  const child = spawn('bash', args, { cwd, env, detached: true })
  const onExit = () => kill(child, 'SIGKILL')
  process.once('exit', onExit)
  const removeRollback = context.rollback.add(() => kill(child, 'SIGTERM'))
  // A command that does not read its input closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(input?.reveal())
  const log = (line: string) => context.log.info(line)
  const heldLines: string[] = []
  const output = new OutputLog(onCollected === undefined ? log : line => heldLines.push(line))
  output.follow(child.stderr)
  const collector = new Collector()
  if (onCollected === undefined) output.follow(child.stdout)
  else collector.follow(child.stdout, () => stop(child))
  const end = await waitForEnd(child, timeoutMs)
  removeRollback()
  process.off('exit', onExit)
  onCollected?.(collector.text)
  for (const line of heldLines) log(line)
  return { end: collector.isTooLong ? 'too-much-output' : end, stdout: collector.text }
}

/** Returns how the command ended. Processes that it left in its group are ended too. */
function waitForEnd(child: ChildProcess, timeoutMs: number): Promise<CommandEnd> {
  return new Promise(resolve => {
    let isTimeout = false
    let timer = setTimeout(() => {
      isTimeout = true
      stop(child)
    }, timeoutMs)
    child.on('error', () => {
      if (child.pid !== undefined) return
      clearTimeout(timer)
      resolve('not-started')
    })
    child.on('exit', () => {
      kill(child, 'SIGKILL')
      clearTimeout(timer)
      timer = setTimeout(() => child.stdio.forEach(stream => void stream?.destroy()), DRAIN_MS)
    })
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

/** Collects a stream up to the limit. */
class Collector {
  readonly #chunks: Buffer[] = []
  #length = 0

  /** Calls `onTooLong` if the stream is longer than the limit. */
  follow(stream: Readable, onTooLong: () => void): void {
    stream.on('data', (chunk: Buffer) => {
      if (this.isTooLong) return
      this.#length += chunk.length
      if (this.isTooLong) onTooLong()
      else this.#chunks.push(chunk)
    })
  }

  get isTooLong(): boolean {
    return this.#length > MAX_OUTPUT_BYTES
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

/** Writes a command's output line by line, after `| `, so that no line can be a workflow command. */
class OutputLog {
  readonly #write: (line: string) => void
  #length = 0

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  /** Writes the lines of a stream as they arrive, up to the limit for all streams together. */
  follow(stream: Readable): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      if (this.#isFull) return
      const lines = `${rest}${text}`.split(/\r\n|\r|\n/)
      rest = lines.pop() ?? ''
      // A line without an end must not fill the memory.
      if (rest.length > MAX_OUTPUT_BYTES) lines.push(rest)
      for (const line of lines) this.#writeLine(line)
    })
    stream.on('end', () => {
      if (rest !== '') this.#writeLine(rest)
    })
  }

  get #isFull(): boolean {
    return this.#length > MAX_OUTPUT_BYTES
  }

  #writeLine(line: string): void {
    if (this.#isFull) return
    this.#length += Buffer.byteLength(line) + 1
    if (this.#isFull) this.#write('| (the rest of the output is not shown)')
    else this.#write(`| ${line.length > MAX_LINE_LENGTH ? `(a line of ${line.length} characters)` : line}`)
  }
}
