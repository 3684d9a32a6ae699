import type { HttpSession } from '../http/session.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import { exchangeCxone, tenantOf } from './cxone/exchange.js'
import { exchangeGenesys } from './genesys/exchange.js'
import { identifyGenesys, revokeGenesys } from './genesys/tokens.js'
import type { AuthRequest, ExchangeEvents, ExchangeResult, Organization } from './provider.js'

/**
 * Exchanges credentials for a token with exactly the requests that the exchange needs. Returns the token with
 * the place where it is of use; throws an `ActionError` of any code but the input's.
 */
export function exchange(
  request: AuthRequest,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  switch (request.exchange) {
    case 'genesys-login':
    case 'genesys-api':
    case 'genesys-long-lived':
      return exchangeGenesys(request, wire, events)
    case 'cxone-application':
    case 'cxone-access-key':
    case 'cxone-client':
      return exchangeCxone(request, wire, events)
  }
}

/**
 * Returns whose token it is: one request on Genesys Cloud, none on CXone, whose tokens say it themselves. Throws
 * an `ActionError` where that cannot be established.
 */
export async function identify(
  request: AuthRequest,
  grant: ExchangeResult,
  wire: HttpSession
): Promise<Organization> {
  const { token, apiUrl } = grant
  if (request.exchange.startsWith('genesys') && apiUrl !== undefined)
    return identifyGenesys(token.value, apiUrl, wire)
  const id = tenantOf(token, wire)
  if (id !== undefined) return { id }
  throw new ActionError(
    'bad-response',
    'The token that was issued names no tenant, so whose it is cannot be established.',
    'Leave verify and allowed-organization-ids out for this exchange (in rotate: verify: false), or use a client with an access key: its tokens name their tenant.'
  )
}

/** Ends a token of a platform that can. Returns whether it was still there; throws an `ActionError`. */
export function revoke(
  token: Secret,
  revocationBaseUrl: string,
  wire: HttpSession
): Promise<'revoked' | 'already gone'> {
  return revokeGenesys(token, revocationBaseUrl, wire)
}
