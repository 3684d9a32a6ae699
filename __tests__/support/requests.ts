import { exchangeCxone } from '../../src/auth/cxone/exchange.js'
import type { CxoneRequest } from '../../src/auth/cxone/request.js'
import { exchangeGenesys } from '../../src/auth/genesys/exchange.js'
import type { GenesysRequest } from '../../src/auth/genesys/request.js'
import type { ExchangeEvents, ExchangeResult } from '../../src/auth/provider.js'
import type { HttpSession } from '../../src/http/session.js'

/** The request of any exchange. */
export type AnyRequest = GenesysRequest | CxoneRequest

/** Runs the exchange of a request. */
export function exchange(
  request: AnyRequest,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  return 'region' in request
    ? exchangeGenesys(request, session, events)
    : exchangeCxone(request, session, events)
}
