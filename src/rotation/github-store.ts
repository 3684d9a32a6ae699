import type { Provider } from '../auth/provider.js'
import type { CheckedResult } from '../exchange.js'
import { GitHubApi } from '../github/api.js'
import { describeScope, type Visibility } from '../github/scope.js'
import { putSecret, readSecret, readSecretStore, type SecretStore } from '../github/secrets.js'
import { checkVariable, UNKNOWN_EXPIRY, writeVariable } from '../github/variables.js'
import type { HttpSession } from '../http/session.js'
import type { GitHubTarget } from '../inputs/rotate-inputs.js'
import type { Secret } from '../lib/secret.js'
import { formatDuration } from '../lib/text.js'
import type { Context } from '../runner/context.js'
import { describeError } from '../runner/report-failure.js'
import type { TokenState } from '../runner/token-state.js'
import { revokePrevious } from './previous-token.js'
import type { StoreDates, StoreResult, TokenStore } from './token-store.js'

/** A request without a response may still be carried out for a moment. */
const SETTLE_MS = 3_000

const DAY_MS = 86_400_000

/** A secret of GitHub Actions. */
export class GitHubStore implements TokenStore {
  readonly name: string
  readonly #target: GitHubTarget
  readonly #provider: Provider
  readonly #context: Context
  readonly #session: HttpSession
  readonly #github: GitHubApi
  #before: SecretStore | undefined

  constructor(
    target: GitHubTarget,
    parts: { readonly provider: Provider; readonly context: Context; readonly session: HttpSession }
  ) {
    const { log } = parts.context
    this.#target = target
    this.#provider = parts.provider
    this.#context = parts.context
    this.#session = parts.session
    this.#github = new GitHubApi({ ...target, session: parts.session, warn: message => log.warn(message) })
    this.name = `Secret ${target.secretName} of ${describeScope(target.scope)}`
  }

  get steps(): readonly string[] {
    const { expiryVariable, previousToken } = this.#target
    return [
      'store it',
      ...(expiryVariable === undefined ? [] : [`set the variable ${expiryVariable}`]),
      ...(previousToken === undefined ? [] : ['revoke the previous token'])
    ]
  }

  async prepare(): Promise<{ readonly status: string; readonly notDue?: string } & StoreDates> {
    this.#before = await readSecretStore(this.#github, this.#target.secretName)
    const { secret, now } = this.#before
    if (secret === undefined) return { status: 'does not exist yet' }
    const ageMs = now.getTime() - secret.updatedAt.getTime()
    const status = `was updated ${formatDuration(Math.max(0, Math.floor(ageMs / 1000)))} ago`
    const dates = this.#dates(secret.updatedAt)
    // A date far in the future would keep the secret young for ever.
    if (ageMs < -DAY_MS) {
      this.#context.log.warn(
        'GitHub says that the secret was updated more than a day in the future. It is rotated, which corrects the date.'
      )
      return { status, ...dates }
    }
    const { rotateAfterSeconds } = this.#target
    const isDue = rotateAfterSeconds === 0 || ageMs >= rotateAfterSeconds * 1000
    if (isDue) return { status, ...dates }
    return { status, notDue: `rotate-after is ${formatDuration(rotateAfterSeconds)}`, ...dates }
  }

  /** Whether the secret can be written cannot be checked without writing it. */
  async check(): Promise<void> {
    const { expiryVariable } = this.#target
    if (expiryVariable !== undefined) await checkVariable(this.#github, expiryVariable, this.#visibility)
  }

  async put(value: Secret, tokens: TokenState): Promise<StoreResult> {
    if (this.#before === undefined) throw new Error('prepare() was not called')
    const last = tokens.tokens.at(-1)
    const onAttempt = (state: 'started' | 'not-applied') => {
      if (state === 'started') this.#context.rollback.requireNotRun()
      if (last === undefined) return // the platform cannot revoke tokens
      if (state === 'started') tokens.remove(last)
      else tokens.restore(last)
    }
    const { publicKey } = this.#before
    const options = { value, publicKey, visibility: this.#visibility, onAttempt }
    const result = await putSecret(this.#github, this.#target.secretName, options)
    if (result.outcome === 'not-stored' && last) tokens.restore(last)
    if (result.outcome === 'unknown' && (await this.#hasChanged())) return { outcome: 'stored' }
    return result
  }

  async finish(stored: CheckedResult): Promise<StoreDates> {
    const { expiryVariable, previousToken, rotateAfterSeconds, secretName } = this.#target
    const { token } = stored.result
    const { log } = this.#context
    if (token.expiresInSeconds !== undefined && rotateAfterSeconds >= token.expiresInSeconds) {
      log.warn(
        `rotate-after is ${formatDuration(rotateAfterSeconds)}, but the token lives only for ${formatDuration(token.expiresInSeconds)}. Make rotate-after shorter.`
      )
    }
    await this.#attempt('The variable could not be set', async () => {
      if (expiryVariable === undefined) return
      const value = token.expiresAt?.toISOString() ?? UNKNOWN_EXPIRY
      await writeVariable(this.#github, { name: expiryVariable, value }, this.#visibility)
    })
    await this.#attempt('The previous token was not revoked', async () => {
      if (previousToken === undefined) return
      const parts = { context: this.#context, provider: this.#provider, session: this.#session }
      await revokePrevious(previousToken, stored, parts)
    })
    let updatedAt: Date | undefined
    await this.#attempt('The date of the secret could not be read', async () => {
      updatedAt = (await readSecret(this.#github, secretName))?.updatedAt
    })
    return updatedAt === undefined ? {} : this.#dates(updatedAt)
  }

  get #visibility(): Visibility | undefined {
    const { visibility, scope } = this.#target
    const initial = scope.kind === 'organization' ? ({ visibility: 'private' } as const) : undefined
    return visibility ?? this.#before?.secret?.visibility ?? initial
  }

  #dates(updatedAt: Date): StoreDates {
    return {
      updatedAt,
      nextRotationAt: new Date(updatedAt.getTime() + this.#target.rotateAfterSeconds * 1000)
    }
  }

  /**
   * Returns whether the secret was updated since the rotation began: then the token is stored. If it was not, that proves
   * nothing, because the request may still be carried out. Never throws.
   */
  async #hasChanged(): Promise<boolean> {
    const { clock, cleanUpSession } = this.#context
    const github = new GitHubApi({ ...this.#target, session: cleanUpSession() })
    const look = async () => {
      const secret = await readSecret(github, this.#target.secretName)
      if (secret === undefined || this.#before === undefined) return false
      // In whole seconds. An older date comes from a server that is behind, and proves nothing.
      const beganAtMs = Math.floor(this.#before.now.getTime() / 1000) * 1000
      const updatedAtMs = secret.updatedAt.getTime()
      return updatedAtMs >= beganAtMs && updatedAtMs !== this.#before.secret?.updatedAt.getTime()
    }
    try {
      if (await look()) return true
      await clock.sleep(SETTLE_MS)
      return await look()
    } catch {
      return false
    }
  }

  async #attempt(failure: string, work: () => Promise<void>): Promise<void> {
    const { log } = this.#context
    try {
      await work()
    } catch (error) {
      log.warn(`${failure}: ${describeError(error, log)}`)
    }
  }
}
