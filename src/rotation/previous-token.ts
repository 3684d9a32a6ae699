import type { Provider } from '../auth/provider.js'
import type { CheckedResult } from '../exchange.js'
import type { HttpSession } from '../http/session.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../runner/context.js'
import { revokeTokens } from '../runner/revocation.js'

/**
 * Revokes the previous token, if it belongs to the same organisation and OAuth client as the new one. Logs the outcome.
 * Throws if the platform does not confirm the revocation.
 */
export async function revokePrevious(
  previousToken: Secret,
  { result, owner }: CheckedResult,
  {
    context,
    provider,
    session
  }: { readonly context: Context; readonly provider: Provider; readonly session: HttpSession }
): Promise<void> {
  const { log } = context
  const { token } = result
  if (token.revocationBaseUrl === undefined) return
  if (previousToken.equals(token.value)) {
    log.info('The previous token is the new one, so it is not revoked.')
    return
  }
  const previous = { ...token, value: previousToken }
  const newOwner = owner ?? (await provider.identify(result, session))
  const previousOwner = await provider.identify({ ...result, token: previous }, session).catch(error => {
    if (error instanceof ActionError && error.code === 'credentials-rejected') return undefined
    throw error
  })
  if (previousOwner === undefined) {
    log.info('The previous token is already invalid.')
    return
  }
  const isSameClient = previousOwner.clientId !== undefined && previousOwner.clientId === newOwner.clientId
  if (previousOwner.id !== newOwner.id || !isSameClient) {
    log.warn('The previous token belongs to another organisation or OAuth client, so it is not revoked.')
    return
  }
  const { kind, revocationBaseUrl } = token
  const saved = { value: previousToken, kind, provider: provider.aliases[0], revocationBaseUrl }
  const [outcome] = await revokeTokens([saved], [provider], context)
  if (outcome?.status === 'rejected') throw outcome.reason
  log.info(`The previous token ${outcome?.value === 'revoked' ? 'was revoked' : 'is already invalid'}.`)
}
