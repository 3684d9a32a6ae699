import type { Wire } from '../http/wire.js'
import { exchangeCxone } from './cxone.js'
import { exchangeGenesys } from './genesys.js'
import type { AuthRequest, Grant, Witness } from './request.js'

/**
 * Exchanges credentials for a token with exactly the requests that the exchange needs. Returns the token with
 * the place where it is of use; throws an `ActionError` of any code but the input's.
 */
export function exchange(request: AuthRequest, wire: Wire, witness: Witness): Promise<Grant> {
  switch (request.exchange) {
    case 'genesys-login':
    case 'genesys-api':
    case 'genesys-long-lived':
      return exchangeGenesys(request, wire, witness)
    case 'cxone-application':
    case 'cxone-access-key':
    case 'cxone-client':
      return exchangeCxone(request, wire, witness)
  }
}
