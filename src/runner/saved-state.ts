import type { Issued } from '../auth/provider.js'
import type { RevokePolicy } from '../inputs/guards.js'
import { Secret } from '../lib/secret.js'

/**
 * What main leaves to the post step in the runner's state: a line a token from the moment it is masked, whether
 * they were handed on, and the folder of the token file. Knows nothing but the environment, for post decides by
 * it before anything is loaded.
 */
export interface Saved {
  readonly tokens: readonly SavedToken[]
  /** Present when the step succeeded: what is to become of the tokens. Without it all of them are revoked. */
  readonly handedOn?: RevokePolicy
  readonly folder?: string
}

/** A token that was issued and that the platform can end. */
export type Endable = Issued & { readonly revocationBaseUrl: string }

/** A token, as much of it as its end takes. */
export interface SavedToken {
  readonly value: Secret
  readonly kind: 'access' | 'long-lived'
  /** Origin where it can be revoked. */
  readonly revocationBaseUrl: string
  /** Milliseconds since the epoch. */
  readonly expiresAtMs?: number
}

export const HANDED_ON = 'handed-on'
export const FOLDER = 'folder'

/** What a `Date` can hold. */
const LATEST_DATE_MS = 8.64e15

/** One step issues two tokens at the most: the initial one and the long-lived one. */
const TOKEN_NAMES = ['token-1', 'token-2'] as const

/** Returns the name under which the token of that number, from 0, is saved. */
export function tokenName(index: number): string {
  return TOKEN_NAMES[index] ?? `token-${index + 1}`
}

/** Returns what the state says of a token, itself included; it is read back by `readSaved`. */
export function savedText({ token, revocationBaseUrl }: Endable): string {
  const { value, kind, expiresAt } = token
  return JSON.stringify({ value: value.reveal(), kind, revocationBaseUrl, expiresAtMs: expiresAt?.getTime() })
}

/** Returns what the runner kept for the post step; what is not there, or is not ours, is left out. */
export function readSaved(env: Readonly<Record<string, string | undefined>>): Saved {
  const tokens = TOKEN_NAMES.flatMap(name => readToken(env[`STATE_${name}`]))
  const handedOn = env[`STATE_${HANDED_ON}`]
  const folder = env[`STATE_${FOLDER}`]
  return {
    tokens,
    ...(handedOn === 'auto' || handedOn === 'true' || handedOn === 'false' ? { handedOn } : {}),
    ...(folder ? { folder } : {})
  }
}

function readToken(text: string | undefined): SavedToken[] {
  if (!text) return []
  try {
    const { value, kind, revocationBaseUrl, expiresAtMs } = JSON.parse(text) as Record<string, unknown>
    if (typeof value !== 'string' || value === '' || typeof revocationBaseUrl !== 'string') return []
    return [
      {
        value: new Secret(value),
        kind: kind === 'long-lived' ? kind : 'access',
        revocationBaseUrl,
        ...(typeof expiresAtMs === 'number' && Math.abs(expiresAtMs) < LATEST_DATE_MS ? { expiresAtMs } : {})
      }
    ]
  } catch {
    return []
  }
}
