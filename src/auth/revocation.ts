import { type Clock, HttpSession } from '../http/session.js'
import type { Secret } from '../lib/secret.js'
import type { Logger } from '../runner/logger.js'
import type { Endable } from '../runner/saved-state.js'
import type { TokenState } from '../runner/token-state.js'
import { revoke } from './index.js'

/** Cleaning has bounds of its own, beside the step's: ten seconds in all, of which the process takes its part. */
const LIMITS = { timeoutMs: 9_000, attemptTimeoutMs: 4_000, maxAttempts: 10 }

/** A token and the origin where it can be revoked. */
export interface Revocable {
  readonly value: Secret
  readonly revocationBaseUrl: string
}

/** Returns a wire with the ten seconds that setting things right has of its own, beside the step's time. */
export function cleaningWire({ hide, debug }: Logger, clock: Clock): HttpSession {
  return new HttpSession({ limits: LIMITS, clock, hide, say: debug, debug })
}

/** Revokes all of the tokens at once, within 10 seconds in all. Returns what came of each, in their order; never throws. */
export async function revokeAll(
  tokens: readonly Revocable[],
  console: Logger,
  clock: Clock
): Promise<PromiseSettledResult<'revoked' | 'already gone'>[]> {
  const wire = cleaningWire(console, clock)
  try {
    return await Promise.allSettled(
      tokens.map(({ value, revocationBaseUrl }) => revoke(value, revocationBaseUrl, wire))
    )
  } finally {
    wire.close()
  }
}

/** Ends what was issued to a step that failed: nobody is going to use it. Returns whether all of it is ended. */
export async function endIssued(
  issued: readonly Endable[],
  tokenState: TokenState,
  console: Logger,
  clock: Clock
): Promise<boolean> {
  const tokens = issued.map(({ token, revocationBaseUrl }) => ({ value: token.value, revocationBaseUrl }))
  const ends = await revokeAll(tokens, console, clock)
  for (const [index, one] of issued.entries())
    if (ends[index]?.status === 'fulfilled') release(one, tokenState)
  return ends.every(({ status }) => status === 'fulfilled')
}

/** A state that cannot be written costs the post step a request, and must not hide why the step failed. */
function release(one: Endable, tokenState: TokenState): void {
  try {
    tokenState.release(one)
  } catch {
    // The post step finds the token gone.
  }
}
