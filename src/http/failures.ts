import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { counted, shown } from '../lib/text.js'
import type { AttemptError, AttemptErrorKind } from './errors.js'
import { proxyFor } from './proxy.js'
import { type HttpRequest, type HttpResponse, named } from './types.js'

const CODE: Readonly<Record<AttemptErrorKind, ErrorCode>> = {
  timeout: 'timeout',
  network: 'network',
  'proxy-refused': 'network',
  tls: 'tls',
  'cut-short': 'bad-response',
  'too-large': 'bad-response',
  'not-http': 'bad-response'
}

const HINT: Readonly<Record<AttemptErrorKind, string>> = {
  timeout: 'Check that the runner reaches this host: a firewall that drops packets looks just like this.',
  network:
    'Check the region, the runner’s DNS, and its way out to this host: a firewall, or a proxy that must be used.',
  'proxy-refused':
    'The proxy of HTTPS_PROXY or HTTP_PROXY refuses the way to this host. 401 or 407: its user or password in that variable is ' +
    'wrong or missing. 403: its rules do not allow the host. NO_PROXY goes around it.',
  tls:
    'If a proxy or gateway with a certificate of its own stands between, name its CA file in the runner’s ' +
    'NODE_EXTRA_CA_CERTS. Checking certificates cannot be turned off here.',
  'cut-short':
    'Something between the runner and the platform ends answers early: a proxy, a gateway or the network.',
  'too-large':
    'This is no answer to a token request. Check base-url, and what stands between the runner and the platform.',
  'not-http': 'Something else than a web server answers there. Check base-url and the proxy.'
}

/** No whole answer came; `untouched` where no attempt can have been carried out. */
export class Unanswered extends ActionError {
  untouched = false
}

/** Returns the error for a request that brought no whole answer. */
export function unanswered(
  request: HttpRequest,
  fault: AttemptError,
  attempts: number,
  givenUp: string
): Unanswered {
  return new Unanswered(
    CODE[fault.kind],
    `${named(request)} failed: ${fault.summary}${throughProxy(request.url)}, ${counted(attempts, 'attempt')}${givenUp}.`,
    hintFor(request, fault),
    { cause: fault }
  )
}

function hintFor(request: HttpRequest, fault: AttemptError): string {
  // Behind a proxy it is the proxy's own name that was looked up here.
  const unknown = fault.systemCode === 'ENOTFOUND' && proxyFor(request.url) === undefined
  const about = unknown ? (request.whenHostUnknown ?? '') : ''
  return `${about} ${HINT[fault.kind]}`.trim()
}

/** Returns the error for a redirect: credentials go to the host that was chosen, and to no other. */
export function redirected(answer: HttpResponse, hide: (text: string) => string): ActionError {
  return new ActionError(
    'redirected',
    `${named(answer.request)} answered ${answer.status}, a redirect to ${target(answer, hide)}${throughProxy(answer.request.url)}, ` +
      `${counted(answer.attempts, 'attempt')}.`,
    answer.request.whenRedirected ??
      'Redirects are never followed, for a token request carries credentials. A login page of a proxy or a ' +
        'gateway often answers so: let the runner reach the host directly, or correct base-url.'
  )
}

function throughProxy(url: URL): string {
  const proxy = proxyFor(url)
  return proxy === undefined ? '' : `, through the proxy ${proxy}`
}

function target({ headers, request }: HttpResponse, hide: (text: string) => string): string {
  const location = headers['location'] ?? ''
  const host = URL.canParse(location, request.url.href) ? new URL(location, request.url).host : ''
  return shown(host, hide, 100) || 'nowhere'
}
