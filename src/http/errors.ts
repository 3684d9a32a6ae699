import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { pluralize } from '../lib/text.js'
import type { AttemptError, AttemptErrorKind } from './attempt-error.js'
import { proxyHost } from './proxy.js'
import { describeRequest, type HttpRequest, type HttpResponse } from './types.js'

const CODES: Readonly<Record<AttemptErrorKind, ErrorCode>> = {
  timeout: 'timeout',
  network: 'network',
  'proxy-refused': 'network',
  tls: 'tls',
  'cut-short': 'bad-response',
  'too-large': 'bad-response',
  'not-http': 'bad-response'
}

const HINTS: Readonly<Record<AttemptErrorKind, string>> = {
  timeout: 'Check that the runner can reach this host. A firewall that drops packets causes the same error.',
  network:
    'Check the region, the DNS of the runner, and its access to this host: a firewall may block it, or a proxy may be required.',
  'proxy-refused':
    'The proxy in HTTPS_PROXY or HTTP_PROXY refuses this host. 401 or 407: its user or password in that variable is ' +
    'wrong or missing. 403: its rules do not allow the host. NO_PROXY bypasses the proxy.',
  tls:
    'If a proxy or gateway uses its own certificate authority, name its CA file in NODE_EXTRA_CA_CERTS on the runner. ' +
    'Certificate checks cannot be turned off.',
  'cut-short': 'A proxy, a gateway or the network ended the response early.',
  'too-large':
    'This is not a response of the platform. Check base-url, and what is between the runner and the platform.',
  'not-http': 'The server does not speak HTTP. Check base-url and the proxy.'
}

/** Longer responses are not quoted: redacting them could take long, and no platform explains an error at such length. */
const MAX_QUOTABLE_LENGTH = 8 * 1024

/** A request without a complete response. */
export class RequestError extends ActionError {
  /** False only if it is certain that no attempt was carried out. */
  readonly mayHaveBeenApplied: boolean

  constructor(
    request: HttpRequest,
    error: AttemptError,
    {
      attempts,
      mayHaveBeenApplied,
      whyNoRetry = ''
    }: { readonly attempts: number; readonly mayHaveBeenApplied: boolean; readonly whyNoRetry?: string }
  ) {
    super(
      CODES[error.kind],
      `${describeRequest(request)} failed: ${error.summary}${throughProxy(request.url)}, ${pluralize(attempts, 'attempt')}${whyNoRetry}.`,
      hintFor(request, error),
      { cause: error }
    )
    this.mayHaveBeenApplied = mayHaveBeenApplied
  }
}

/** Returns the error for a redirect. Credentials go only to the host that was chosen. */
export function redirectError(response: HttpResponse): ActionError {
  const { request, status, headers, attempts } = response
  const location = headers['location'] ?? ''
  const host = URL.canParse(location, request.url.href) ? new URL(location, request.url).host : ''
  return new ActionError(
    'redirected',
    `${describeRequest(request)} answered ${status}, a redirect to ${host || 'an unknown host'}${throughProxy(request.url)}, ` +
      `${pluralize(attempts, 'attempt')}.`,
    request.hintIfRedirected ??
      'Redirects are never followed because the request carries credentials. The login page of a proxy or gateway often ' +
        'causes this: let the runner reach the host directly, or correct base-url.'
  )
}

/** Returns the error for a response with an unexpected status. `words`: what the server says, not redacted. */
export function responseError(
  response: HttpResponse,
  { code, words, hint }: { readonly code: ErrorCode; readonly words: string; readonly hint: string }
): ActionError {
  const isQuotable = words !== '' && response.body.length <= MAX_QUOTABLE_LENGTH
  const quoted = isQuotable ? ` ${words}` : ''
  return new ActionError(code, `${responseWithStatus(response)}${quoted}${responseTrail(response)}.`, hint)
}

/** Returns the error code for a status that is not a success; `special` says what some statuses mean here. */
export function statusToCode(
  { status, isThrottled }: Pick<HttpResponse, 'status' | 'isThrottled'>,
  special: Readonly<Record<number, ErrorCode>>
): ErrorCode {
  if (isThrottled) return 'rate-limited'
  if (status < 400) return 'bad-response'
  if (status >= 500) return 'unavailable'
  return special[status] ?? 'bad-request'
}

/** Returns `POST https://… answered 400`. */
export function responseWithStatus({ request, status }: HttpResponse): string {
  return `${describeRequest(request)} answered ${status}`
}

/** Returns the platform's id of a request, for its support; undefined if there is none in a usable form. */
export function correlationIdOf({ headers }: Pick<HttpResponse, 'headers'>): string | undefined {
  return usableId(headers['inin-correlation-id'])
}

function usableId(id = ''): string | undefined {
  return /^[\w.*:-]{1,64}$/.test(id) ? id : undefined
}

/** Returns the end of an error message: the server's id of the request, and the attempts. */
export function responseTrail({ headers, attempts, whyNoRetry }: HttpResponse): string {
  const ids = [
    ['correlation id', headers['inin-correlation-id']],
    ['request id', headers['x-github-request-id']]
  ].filter(([, id]) => usableId(id) !== undefined)
  return [
    ...ids.map(([label, id]) => `, ${label} ${id}`),
    `, ${pluralize(attempts, 'attempt')}${whyNoRetry}`
  ].join('')
}

function hintFor(request: HttpRequest, error: AttemptError): string {
  // Behind a proxy, the name that was looked up is the proxy's.
  const isHostUnknown = error.systemCode === 'ENOTFOUND' && proxyHost(request.url) === undefined
  const about = isHostUnknown ? (request.hintIfHostUnknown ?? '') : ''
  return `${about} ${HINTS[error.kind]}`.trim()
}

function throughProxy(url: URL): string {
  const proxy = proxyHost(url)
  return proxy === undefined ? '' : `, through the proxy ${proxy}`
}
