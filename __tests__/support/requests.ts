import { exchangeCxone } from '../../src/auth/cxone/exchange.js'
import type { CxoneRequest } from '../../src/auth/cxone/request.js'
import { exchangeGenesys } from '../../src/auth/genesys/exchange.js'
import type { GenesysRequest } from '../../src/auth/genesys/request.js'
import type { ExchangeEvents, ExchangeResult } from '../../src/auth/provider.js'
import type { HttpSession } from '../../src/http/session.js'
import type { Secret } from '../../src/lib/secret.js'
import { type ReportedError, reportedError } from './reported-error.js'
import { openSession, type TestSession, type TestSessionOptions } from './session.js'

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

interface RunningExchange extends TestSession {
  readonly done: Promise<ExchangeResult>
  /** Waits until the exchange fails. Returns its error as a step reports it. */
  failure(): Promise<ReportedError>
}

/** Starts the exchange of a request in a session of its own, which knows the secrets of the request. */
export function startExchange(request: AnyRequest, options: TestSessionOptions = {}): RunningExchange {
  const known = secretsOf(request)
  const opened = openSession({ known, ...options })
  const { session, events, secrets } = opened
  const done = exchange(request, session, events).finally(() => session.close())
  return { ...opened, done, failure: () => reportedError(done, known, secrets) }
}

function secretsOf(request: AnyRequest): Secret[] {
  if ('initial' in request) return secretsOf(request.initial)
  return [
    ...('client' in request ? [request.client.secret] : []),
    ...('accessKey' in request ? [request.accessKey.secret] : [])
  ]
}
