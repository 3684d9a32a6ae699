import * as core from '@actions/core'
import type { IssuedToken, RevokePolicy } from '../auth/provider.js'
import {
  MAX_TOKENS,
  PUBLISHED,
  type SavedToken,
  serializeToken,
  stateName,
  TOKEN_FOLDER
} from './saved-state.js'

/** The tokens that the step must answer for, saved for the post step as they change. */
export class TokenState {
  readonly #provider: string
  readonly #tokens: SavedToken[] = []
  #isPublished = false

  /** `provider`: first alias of the platform. */
  constructor(provider: string) {
    this.#provider = provider
  }

  /** Every token that was issued and can be revoked, in the order of issue. */
  get tokens(): readonly SavedToken[] {
    return this.#tokens
  }

  /** Saves the token before anything else can fail. Tokens that the platform cannot revoke are not saved. */
  readonly add = (issued: IssuedToken): void => {
    const { value, kind, expiresAt, revocationBaseUrl, isRejected } = issued
    if (revocationBaseUrl === undefined || this.#tokens.length >= MAX_TOKENS) return
    const token = {
      value,
      kind,
      provider: this.#provider,
      revocationBaseUrl,
      ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt.getTime() }),
      ...(isRejected ? { isRejected } : {})
    }
    this.#tokens.push(token)
    this.restore(token)
  }

  /** The post step must not revoke this token: it is revoked, or it may be stored. */
  remove(token: SavedToken): void {
    core.saveState(this.#nameOf(token), '')
  }

  /** The post step must revoke this token. */
  restore(token: SavedToken): void {
    core.saveState(this.#nameOf(token), serializeToken(token))
  }

  /** The post step applies this policy instead of revoking all tokens. */
  markPublished(policy: RevokePolicy): void {
    if (this.#tokens.length === 0) return
    core.saveState(PUBLISHED, policy)
    this.#isPublished = true
  }

  /** The post step revokes all tokens again. */
  unmarkPublished(): void {
    if (this.#isPublished) core.saveState(PUBLISHED, '')
  }

  #nameOf(token: SavedToken): string {
    return stateName(this.#tokens.indexOf(token))
  }
}

/** The post step removes this folder. Call it before the folder is created. */
export function saveTokenFolder(folder: string): void {
  core.saveState(TOKEN_FOLDER, folder)
}
