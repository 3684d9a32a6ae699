import type { Provider } from '../auth/provider.js'
import { HttpSession } from '../http/session.js'
import type { Context } from './context.js'
import type { SavedToken } from './saved-state.js'
import type { TokenState } from './token-state.js'

/** Limits of a clean-up. It takes ten seconds at most, beside `timeout`; the process itself needs a part of them. */
const LIMITS = { timeoutMs: 9_000, attemptTimeoutMs: 4_000, maxAttempts: 10 }

/** Returns a session for a clean-up. Its waits are logged only with step debugging. */
export function cleanUpSession({ log, clock }: Pick<Context, 'log' | 'clock'>): HttpSession {
  const quiet = {
    redact: (text: string) => log.redact(text),
    info: (line: string) => log.debug(line),
    debug: (line: string) => log.debug(line)
  }
  return new HttpSession({ limits: LIMITS, clock, log: quiet })
}

/** Revokes the tokens, all at once and within ten seconds. Returns the outcomes in the same order; never throws. */
export async function revokeTokens(
  tokens: readonly SavedToken[],
  providers: readonly Provider[],
  context: Pick<Context, 'log' | 'clock'>
): Promise<PromiseSettledResult<'revoked' | 'already-gone'>[]> {
  const session = cleanUpSession(context)
  try {
    return await Promise.allSettled(
      tokens.map(async ({ value, provider: alias, revocationBaseUrl }) => {
        const provider = providers.find(({ aliases }) => aliases.includes(alias))
        if (provider?.revoke === undefined) throw new Error(`${alias} cannot revoke tokens`)
        return provider.revoke(value, revocationBaseUrl, session)
      })
    )
  } finally {
    session.close()
  }
}

/**
 * Revokes the tokens of a step that failed, except those in `keep`. Those that cannot be revoked stay saved for the post
 * step. Logs the outcome, with `what` as its subject.
 */
export async function revokeIssued(
  state: TokenState,
  {
    what,
    keep = [],
    provider
  }: { readonly what: string; readonly keep?: readonly SavedToken[]; readonly provider: Provider },
  context: Pick<Context, 'log' | 'clock'>
): Promise<void> {
  const tokens = state.tokens.filter(token => !keep.includes(token))
  if (tokens.length === 0) return
  const outcomes = await revokeTokens(tokens, [provider], context)
  for (const [index, token] of tokens.entries()) {
    if (outcomes[index]?.status === 'fulfilled') removeQuietly(state, token)
  }
  if (outcomes.every(({ status }) => status === 'fulfilled')) context.log.info(`${what} was revoked.`)
  else context.log.warn(`${what} could not be revoked yet. The post step tries again when the job ends.`)
}

/** A state that cannot be written must not hide why the step failed. The post step then finds the token gone. */
function removeQuietly(state: TokenState, token: SavedToken): void {
  try {
    state.remove(token)
  } catch {
    // See above.
  }
}
