import type { CheckedResult } from '../exchange.js'
import type { PutResult } from '../github/secrets.js'
import type { HttpSession } from '../http/session.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../runner/context.js'
import type { TokenState } from '../runner/token-state.js'

/** The outcome of storing a token. */
export type StoreResult = PutResult

/** Dates of the stored token, as far as the store has them. */
export interface StoreDates {
  readonly updatedAt?: Date | undefined
  readonly nextRotationAt?: Date | undefined
}

/** Where a rotation keeps its token. */
export interface TokenStore {
  /** For log and summary: `Secret CC_TOKEN of repository octo-org/app`. */
  readonly name: string
  /**
   * Looks at what is stored now, before a token is requested. Returns it in words, and why it is not rotated, if it is
   * not due yet. Throws ActionError if the store does not answer.
   */
  prepare(): Promise<{ readonly status: string; readonly notDue?: string } & StoreDates>
  /** What a rotation would do after it requested a token, for a dry run. */
  readonly steps: readonly string[]
  /** Checks what can be checked before a token is requested. Throws ActionError. */
  check(): Promise<void>
  /**
   * Stores the last token of `tokens`. While the store may have it, it is not in the saved state, so that the post step
   * does not revoke it; while it is certainly not stored, it is.
   */
  put(value: Secret, tokens: TokenState): Promise<StoreResult>
  /** Does what follows once the token is stored. What fails here is a warning. Returns the dates to report. */
  finish(stored: CheckedResult): Promise<StoreDates>
}

/** What the parts of a rotation share. */
export interface Rotation {
  readonly context: Context
  readonly inputs: RotateInputs
  readonly session: HttpSession
  readonly store: TokenStore
}

/** Returns the error for a token that may be stored. */
export function unknownOutcome(error: unknown): ActionError {
  const { code, message, hint } =
    error instanceof ActionError
      ? error
      : { code: 'internal-error' as const, message: 'Storing the token failed.', hint: '' }
  return new ActionError(
    code,
    `${message} It is unknown whether the new token is stored.`,
    `Neither the new token nor the old one was revoked, because either may be stored. Run the rotation again: it stores another new token. ${hint}`.trim(),
    { cause: error }
  )
}
