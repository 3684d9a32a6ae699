import type { Provider, RevocationOutcome } from '../auth/provider.js'
import type { Context } from './context.js'
import type { SavedToken } from './saved-state.js'
import type { TokenState } from './token-state.js'

/** Returns the provider with this alias. */
export function findProvider(providers: readonly Provider[], alias: string): Provider | undefined {
  return providers.find(({ aliases }) => aliases.includes(alias))
}

/** Revokes the tokens, all at once, within the time of the clean-up. Returns the outcomes in the same order; never throws. */
export function revokeTokens(
  tokens: readonly SavedToken[],
  providers: readonly Provider[],
  { cleanUpSession }: Pick<Context, 'cleanUpSession'>
): Promise<PromiseSettledResult<RevocationOutcome>[]> {
  return Promise.allSettled(
    tokens.map(async ({ value, provider: alias, revocationBaseUrl }) => {
      const provider = findProvider(providers, alias)
      if (provider?.revoke === undefined) throw new Error(`${alias} cannot revoke tokens`)
      return provider.revoke(value, revocationBaseUrl, cleanUpSession())
    })
  )
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
  context: Pick<Context, 'log' | 'cleanUpSession'>
): Promise<void> {
  const tokens = state.tokens.filter(token => !keep.includes(token))
  if (tokens.length === 0) return
  const outcomes = await revokeTokens(tokens, [provider], context)
  for (const [index, token] of tokens.entries()) {
    if (outcomes[index]?.status === 'fulfilled') removeQuietly(state, token)
  }
  const values = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (values.length === tokens.length) {
    const isRevoked = values.every(value => value === 'revoked')
    context.log.info(
      `${what} ${isRevoked ? 'was revoked' : 'is invalid: the platform no longer accepts it'}.`
    )
  } else context.log.warn(`${what} could not be revoked yet. The post step tries again when the job ends.`)
}

/** A state that cannot be written must not hide why the step failed. The post step then finds the token gone. */
function removeQuietly(state: TokenState, token: SavedToken): void {
  try {
    state.remove(token)
  } catch {
    // See above.
  }
}
