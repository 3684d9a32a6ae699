import { readFileSync, writeFileSync } from 'node:fs'
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

/** What read-command does after store-command. */
const NEW_TOKEN = 'printed the new token'
const OLD_VALUE = 'still printed the old value'

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
        'The rotation was cancelled while it stored the new token. The store may contain the old or the new token; ' +
          'neither was revoked. Run the rotation again: it stores another new token.'
      )
    )
    if (last) {
      tokens.remove(last)
      eraseFromFile(context.env['GITHUB_STATE'], last.value)
    }
    const { end } = await this.#run(this.#target.storeCommand, { input: value })
    const result = await this.#findOutcome(value, end)
    if (result.outcome === 'not-stored' && last) tokens.restore(last)
    removeWarning()
    return result
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

  /** Finds out what the store contains after store-command ended. Never throws. */
  async #findOutcome(value: Secret, end: CommandEnd): Promise<StoreResult> {
    const { log } = this.#parts.context
    const problem = `store-command ${describeEnd(end)}`
    if (end === 'not-started') return { outcome: 'not-stored', error: storeFailed(problem) }
    const isSuccess = typeof end === 'object' && end.exitCode === 0
    if (this.#target.readCommand === undefined)
      return isSuccess ? { outcome: 'stored' } : { outcome: 'unknown', error: storeFailed(problem) }
    const hasFailed = typeof end === 'object' && end.exitCode !== 0
    try {
      const found = await this.#readAgain(value, { repeat: hasFailed })
      if (found === NEW_TOKEN) {
        if (!isSuccess) log.warn(`${problem}, but the store contains the new token.`)
        return { outcome: 'stored' }
      }
      const outcome = hasFailed && found === OLD_VALUE ? 'not-stored' : 'unknown'
      return { outcome, error: storeFailed(`${problem}; read-command then ${found}`) }
    } catch (error) {
      // The token may be stored, so it must not be revoked, whatever happens now.
      return { outcome: 'unknown', error }
    }
  }

  /** Returns what read-command does now, in words. With `repeat`, an old value must be there in every read. */
  async #readAgain(value: Secret, { repeat }: { readonly repeat: boolean }): Promise<string> {
    const { clock } = this.#parts.context
    const startedAtMs = clock.now()
    for (const afterMs of repeat ? READS_AFTER_MS : [0]) {
      const waitMs = startedAtMs + afterMs - clock.now()
      if (waitMs > 0) await clock.sleep(waitMs)
      const { value: now, problem } = await this.#read()
      if (now?.equals(value)) return NEW_TOKEN
      // An empty value can be an error that the command hides, so it proves nothing.
      const isUnchanged = now !== undefined && now.length > 0 && this.#before?.equals(now) === true
      if (!isUnchanged) return now === undefined ? problem : 'printed neither the old value nor the new token'
    }
    return OLD_VALUE
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

/** The toolkit only appends to the state file. The length stays the same, so that no entry is lost if this is interrupted. */
function eraseFromFile(path: string | undefined, secret: Secret): void {
  if (path === undefined) return
  const saved = secret.inspect(text => JSON.stringify(text).slice(1, -1))
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replaceAll(saved, '*'.repeat(saved.length)), { flag: 'r+' })
}

/** Most tools add a line break to what they print. */
function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function storeFailed(problem: string): ActionError {
  return new ActionError(
    'store-failed',
    `${problem}.`,
    'See the output of the commands above. store-command gets the token from standard input, without a line break, and must ' +
      'end with exit code 0 once it is stored. read-command must then print it; leave it out if the store shows a change late.'
  )
}

function describeEnd(end: CommandEnd): string {
  if (end === 'not-started') return 'could not be started: bash or the workspace folder is missing'
  if (end === 'timeout') return 'was ended, because it took longer than command-timeout'
  if (end === 'too-much-output') return 'printed more than 64 KiB'
  return end.exitCode === null ? 'was ended by a signal' : `ended with exit code ${end.exitCode}`
}
