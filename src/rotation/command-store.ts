import type { Provider } from '../auth/provider.js'
import type { CheckedResult } from '../exchange.js'
import type { HttpSession } from '../http/session.js'
import type { CommandTarget } from '../inputs/rotate-inputs.js'
import { ActionError } from '../lib/action-error.js'
import { MIN_SECRET_LENGTH, Secret } from '../lib/secret.js'
import { isToken } from '../lib/token.js'
import type { Context } from '../runner/context.js'
import { describeError } from '../runner/report-failure.js'
import type { TokenState } from '../runner/token-state.js'
import { type CommandEnd, runCommand } from './command.js'
import { revokePrevious } from './previous-token.js'
import type { StoreDates, StoreResult, TokenStore } from './token-store.js'

/** Reads after a store command that failed, counted from its end. A slow store may still carry it out. */
const READS_AFTER_MS = [0, 4_000, 8_000]

interface Parts {
  readonly provider: Provider
  readonly context: Context
  readonly session: HttpSession
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Any other store, written and read by commands of the workflow's author. */
export class CommandStore implements TokenStore {
  readonly name = 'The token store'
  readonly #target: CommandTarget
  readonly #parts: Parts
  #before: Secret | undefined

  /** `env`: the environment of the commands. */
  constructor(target: CommandTarget, parts: Parts) {
    this.#target = target
    this.#parts = parts
  }

  get steps(): readonly string[] {
    const { readCommand, revokePrevious: isRevoking } = this.#target
    return [
      'run store-command',
      ...(readCommand === undefined ? [] : ['run read-command']),
      ...(isRevoking ? ['revoke the previous token'] : [])
    ]
  }

  async prepare(): Promise<{ readonly status: string }> {
    if (this.#target.readCommand === undefined) return { status: 'has no read-command' }
    const { value, problem } = await this.#read()
    if (value === undefined) {
      throw new ActionError(
        'store-failed',
        `read-command ${problem}. Nothing was requested.`,
        'The secret must exist before the first rotation: create it once, with any value of one line. Then check that the ' +
          'command prints it to standard output.'
      )
    }
    this.#before = value
    return { status: 'answers' }
  }

  async check(): Promise<void> {}

  async put(value: Secret, tokens: TokenState): Promise<StoreResult> {
    const { context } = this.#parts
    const last = tokens.tokens.at(-1)
    const removeWarning = context.rollback.add(() =>
      context.log.warn(
        'store-command was cancelled. The store may contain the old or the new token; neither was revoked. Run the rotation again.'
      )
    )
    if (last) tokens.remove(last)
    const { end } = await this.#run(this.#target.storeCommand, { input: value })
    removeWarning()
    if (end === 'not-started') {
      if (last) tokens.restore(last)
      return { outcome: 'not-stored', error: storeFailed(end) }
    }
    const isSuccess = typeof end === 'object' && end.exitCode === 0
    if (this.#target.readCommand === undefined)
      return isSuccess ? { outcome: 'stored' } : { outcome: 'unknown', error: storeFailed(end) }
    const outcome = await this.#confirm(value, end)
    if (outcome === 'stored') {
      if (!isSuccess)
        context.log.warn(`store-command ${describeEnd(end)}, but the store contains the new token.`)
      return { outcome }
    }
    if (outcome === 'not-stored' && last) tokens.restore(last)
    return { outcome, error: storeFailed(end) }
  }

  async finish(stored: CheckedResult): Promise<StoreDates> {
    const { context } = this.#parts
    if (!this.#target.revokePrevious || this.#before === undefined) return {}
    try {
      if (this.#before.inspect(text => !isToken(text) || this.#target.isOtherSecret(text)))
        context.log.warn(
          'What read-command printed before the rotation is not a token, so it is not revoked.'
        )
      else await revokePrevious(this.#before, stored, this.#parts)
    } catch (error) {
      context.log.warn(`The previous token was not revoked: ${describeError(error, context.log)}`)
    }
    return {}
  }

  /** Finds out what the store contains after store-command ended. */
  async #confirm(value: Secret, end: CommandEnd): Promise<StoreResult['outcome']> {
    const { clock } = this.#parts.context
    const hasFailed = typeof end === 'object' && end.exitCode !== 0
    const endedAtMs = clock.now()
    for (const afterMs of READS_AFTER_MS) {
      const waitMs = endedAtMs + afterMs - clock.now()
      if (waitMs > 0) await clock.sleep(waitMs)
      const { value: now } = await this.#read()
      if (now?.equals(value)) return 'stored'
      const isUnchanged = now !== undefined && this.#before !== undefined && now.equals(this.#before)
      if (!hasFailed || !isUnchanged) return 'unknown'
    }
    return 'not-stored'
  }

  /** Returns what read-command printed, masked; or what is wrong with it. */
  async #read(): Promise<{ readonly value?: Secret; readonly problem: string }> {
    const { log } = this.#parts.context
    const onCollected = (stdout: string) => {
      const text = withoutLineBreak(stdout)
      if (text.length >= MIN_SECRET_LENGTH && !/[\r\n]/.test(text)) log.mask(new Secret(text))
    }
    const { end, stdout } = await this.#run(this.#target.readCommand ?? '', { onCollected })
    if (typeof end !== 'object' || end.exitCode !== 0) return { problem: describeEnd(end) }
    const text = withoutLineBreak(stdout)
    if (/[\r\n]/.test(text)) return { problem: 'printed more than one line' }
    return { value: new Secret(text), problem: '' }
  }

  /** Runs a command. Its time does not count against `timeout`. */
  async #run(
    command: string,
    options: { readonly input?: Secret; readonly onCollected?: (stdout: string) => void }
  ): Promise<{ readonly end: CommandEnd; readonly stdout: string }> {
    const { context, session, env } = this.#parts
    const startedAtMs = context.clock.now()
    const result = await runCommand(command, {
      context,
      env,
      cwd: env['GITHUB_WORKSPACE'] || process.cwd(),
      timeoutMs: this.#target.commandTimeoutMs,
      ...options
    })
    session.extendDeadline(context.clock.now() - startedAtMs)
    return result
  }
}

/** Most tools add a line break to what they print. */
function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function storeFailed(end: CommandEnd): ActionError {
  return new ActionError(
    'store-failed',
    `store-command ${describeEnd(end)}.`,
    'See its output above. It gets the token from standard input, without a line break, and must end with exit code 0 once ' +
      'the token is stored.'
  )
}

function describeEnd(end: CommandEnd): string {
  if (end === 'not-started') return 'could not be started: there is no bash'
  if (end === 'timeout') return 'was ended, because it took longer than command-timeout'
  if (end === 'too-much-output') return 'printed more than 64 KiB'
  return end.exitCode === null ? 'was ended by a signal' : `ended with exit code ${end.exitCode}`
}
