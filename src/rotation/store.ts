import { GitHubApi } from '../github/api.js'
import type { Visibility } from '../github/scope.js'
import { putSecret, readSecret, type SecretStore, type StoreResult } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../runner/context.js'
import type { TokenState } from '../runner/token-state.js'

/** A request without a response may still be carried out for a moment. */
const SETTLE_MS = 3_000

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
  if (result.outcome === 'not-stored' && last) tokens.restore(last)
  if (result.outcome === 'unknown' && (await hasChanged(context, inputs, store))) return { outcome: 'stored' }
  return result
}

/**
 * Returns whether the secret was updated since the rotation began: then the token is stored. If it was not, that proves
 * nothing, because the request may still be carried out. Never throws.
 */
async function hasChanged(
  { clock, cleanUpSession }: Context,
  { apiUrl, githubToken, scope, secretName }: RotateInputs,
  store: SecretStore
): Promise<boolean> {
  const github = new GitHubApi({ apiUrl, githubToken, scope, session: cleanUpSession() })
  const look = async () => {
    const secret = await readSecret(github, secretName)
    return secret !== undefined && secret.updatedAt.getTime() !== store.secret?.updatedAt.getTime()
  }
  try {
    if (await look()) return true
    await clock.sleep(SETTLE_MS)
    return await look()
  } catch {
    return false
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
    'The new token was not revoked, because the secret may contain it. The old token was not revoked either. Run the ' +
      'rotation again: it stores another new token.',
    { cause: error }
  )
}
