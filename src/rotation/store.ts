import { GitHubApi } from '../github/api.js'
import type { Visibility } from '../github/scope.js'
import { putSecret, readSecret, type SecretStore, type StoreResult } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../runner/context.js'
import { cleanUpSession } from '../runner/revocation.js'
import type { TokenState } from '../runner/token-state.js'

/** A request without a response may still be carried out for a moment. */
const SETTLE_MS = 4_000

/**
 * Stores the last token of `tokens`. While GitHub may have it, it is not in the saved state, so that the post step does
 * not revoke it; while it is certainly not stored, it is. Throws only if nothing was attempted.
 */
export async function storeToken(
  value: Secret,
  options: {
    readonly context: Context
    readonly inputs: RotateInputs
    readonly github: GitHubApi
    readonly store: SecretStore
    readonly visibility: Visibility | undefined
    readonly tokens: TokenState
  }
): Promise<StoreResult> {
  const { context, inputs, github, store, visibility, tokens } = options
  const last = tokens.tokens.at(-1)
  const onAttempt = (state: 'started' | 'not-applied') => {
    if (state === 'started') context.rollback.requireNotRun()
    if (last === undefined) return // the platform cannot revoke tokens
    if (state === 'started') tokens.remove(last)
    else tokens.restore(last)
  }
  const { publicKey } = store
  const result = await putSecret(github, inputs.secretName, { value, publicKey, visibility, onAttempt })
  const outcome = result.outcome === 'unknown' ? await confirm(context, inputs, store) : result.outcome
  if (outcome === 'not-stored' && last) tokens.restore(last)
  return outcome === 'stored' || result.outcome === 'stored' ? { outcome: 'stored' } : { ...result, outcome }
}

/** Finds out from the date of the secret whether the token was stored. Takes ten seconds at most; never throws. */
async function confirm(
  context: Context,
  { apiUrl, githubToken, scope, secretName }: RotateInputs,
  store: SecretStore
): Promise<StoreResult['outcome']> {
  const session = cleanUpSession(context)
  const github = new GitHubApi({ apiUrl, githubToken, scope, session })
  const look = async (): Promise<StoreResult['outcome']> => {
    const secret = await readSecret(github, secretName)
    if (secret === undefined) return 'not-stored'
    if (secret.updatedAt.getTime() !== store.secret?.updatedAt.getTime()) return 'stored'
    // Dates have whole seconds: if the secret was updated in the second of the first look, they do not tell.
    return secret.updatedAt >= store.now ? 'unknown' : 'not-stored'
  }
  try {
    const first = await look()
    if (first !== 'not-stored') return first
    await context.clock.sleep(SETTLE_MS)
    return await look()
  } catch {
    return 'unknown'
  } finally {
    session.close()
  }
}

/** Returns the error for a token that may be stored. */
export function unknownOutcome(error: unknown): ActionError {
  const { code, message } =
    error instanceof ActionError
      ? error
      : { code: 'internal-error' as const, message: 'Storing the secret failed.' }
  return new ActionError(
    code,
    `${message} It is unknown whether the secret contains the new token.`,
    'The new token was not revoked, because the secret may contain it. Nothing else was changed. Run the rotation again: ' +
      'it stores another new token.',
    { cause: error }
  )
}
