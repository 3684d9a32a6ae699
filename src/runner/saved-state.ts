import type { IssuedToken, RevokePolicy } from '../auth/provider.js'
import { parseJsonObject } from '../lib/json.js'
import { Secret } from '../lib/secret.js'
import type { Context } from './context.js'

/** What a step saves for its post step, as the runner's state. */
export interface SavedState {
  readonly tokens: readonly SavedToken[]
  /** What to do with the tokens. Undefined if the step did not succeed: then all of them are revoked. */
  readonly published?: RevokePolicy
  readonly tokenFolder?: string
}

/** A token that can be revoked. */
export interface SavedToken extends Pick<IssuedToken, 'value' | 'kind' | 'isRejected'> {
  /** First alias of the platform. */
  readonly provider: string
  readonly revocationBaseUrl: string
  /** Milliseconds since the epoch. */
  readonly expiresAtMs?: number
}

export const PUBLISHED = 'published'
export const TOKEN_FOLDER = 'token-folder'

/** More tokens are never saved. Usually there are two at most: the initial one and the long-lived one. */
export const MAX_TOKENS = 20

/** Returns the name under which a token is saved; `index` counts from 0. */
export function stateName(index: number): string {
  return `token-${index + 1}`
}

/** The largest value of a `Date`. */
const MAX_DATE_MS = 8.64e15

/** Returns a token as it is saved; `readSavedState` reads it. */
export function serializeToken(token: SavedToken): string {
  return JSON.stringify({ ...token, value: token.value.reveal() })
}

/** Returns what the step saved. Anything that a step does not write is ignored. */
export function readSavedState(env: Context['env']): SavedState {
  const tokens = Array.from(
    { length: MAX_TOKENS },
    (_, index) => env[`STATE_${stateName(index)}`] ?? ''
  ).flatMap(parseToken)
  const published = env[`STATE_${PUBLISHED}`]
  const tokenFolder = env[`STATE_${TOKEN_FOLDER}`]
  return {
    tokens,
    ...(published === 'auto' || published === 'true' || published === 'false' ? { published } : {}),
    ...(tokenFolder ? { tokenFolder } : {})
  }
}

function parseToken(text: string): SavedToken[] {
  const { value, kind, provider, revocationBaseUrl, expiresAtMs, isRejected } = parseJsonObject(text) ?? {}
  if (typeof value !== 'string' || value === '') return []
  if (typeof provider !== 'string' || typeof revocationBaseUrl !== 'string') return []
  return [
    {
      value: new Secret(value),
      kind: kind === 'long-lived' ? kind : 'access',
      provider,
      revocationBaseUrl,
      ...(isRejected === true ? { isRejected } : {}),
      ...(typeof expiresAtMs === 'number' && Math.abs(expiresAtMs) < MAX_DATE_MS ? { expiresAtMs } : {})
    }
  ]
}
