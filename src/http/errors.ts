import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { pluralize } from '../lib/text.js'
import { proxyHost } from './proxy.js'
import { describeRequest, type HttpRequest, type HttpResponse } from './types.js'

/** Why an attempt brought no complete response. */
export type AttemptErrorKind =
  | 'timeout'
  | 'network'
  | 'proxy-refused'
  | 'tls'
  | 'cut-short'
  | 'too-large'
  | 'not-http'

/** An attempt without a complete response. The message contains nothing that the server sent. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError'
  readonly kind: AttemptErrorKind
  /** The error code of the system, such as `ECONNREFUSED`; may be empty. */
  readonly systemCode: string
  /** False only if it is certain that the server did not carry out the request. */
  readonly mayHaveBeenApplied: boolean

  constructor(
    kind: AttemptErrorKind,
    message: string,
    details: { systemCode?: string; mayHaveBeenApplied?: boolean } = {}
  ) {
    super(message)
    this.kind = kind
    this.systemCode = details.systemCode ?? ''
    this.mayHaveBeenApplied = details.mayHaveBeenApplied ?? true
  }

  /** The error in a few words, for the log. */
  get summary(): string {
    return this.systemCode === '' ? this.message : `${this.message} (${this.systemCode})`
  }
}

/**
 * The only errors after which it is certain that no request was sent. Everything else, timeouts included, leaves the
 * outcome unknown.
 */
const NAME_RESOLUTION = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'])
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])
const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by an authority that the runner does not trust',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an authority that the runner does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate was issued by an authority that the runner does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate was issued by an authority that the runner does not trust',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate is revoked',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_REJECTED: 'its certificate is rejected',
  CERT_CHAIN_TOO_LONG: 'its certificate chain is too long',
  INVALID_CA: 'its certificate was issued by an authority that may not issue certificates',
  INVALID_PURPOSE: 'its certificate is not for servers',
  PATH_LENGTH_EXCEEDED: 'its certificate chain is too long',
  HOSTNAME_MISMATCH: 'its certificate is for another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name'
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS does not know the host',
  EAI_AGAIN: 'DNS did not answer',
  EAI_FAIL: 'DNS failed',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no connection was made in time',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable'
}

interface SystemError {
  readonly code: string
  readonly syscall: string
  readonly message: string
}

/** The code of the error for a 101 response. */
export const SWITCHED_PROTOCOLS = 'SWITCHED_PROTOCOLS'

/** Returns what Node or the HTTP client threw as an AttemptError. */
export function toAttemptError(error: unknown): AttemptError {
  if (error instanceof AttemptError) return error
  const causes = systemErrors(error)
  const { code, message } = causes[0] ?? { code: '', message: '' }
  const tunnel = /tunneling socket could not be established, (?:statusCode=(\d{3})|cause=(.*))/s.exec(message)
  if (tunnel) return tunnelError(tunnel[1], tunnel[2] ?? '')
  const mayHaveBeenApplied = !causes.every(isNeverSent)
  const details = { systemCode: code, mayHaveBeenApplied }
  const certificateProblem = CERTIFICATE_WORDS[code]
  if (certificateProblem !== undefined) return new AttemptError('tls', certificateProblem, details)
  if (isTlsCode(code)) return new AttemptError('tls', 'the TLS connection failed', details)
  if (code === SWITCHED_PROTOCOLS)
    return new AttemptError('not-http', 'the server switched protocols (HTTP 101)')
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AttemptError('too-large', 'its headers are larger than 16 KiB')
  if (code.startsWith('HPE_'))
    return new AttemptError('not-http', 'the response is not HTTP', { systemCode: code })
  return new AttemptError('network', NETWORK_WORDS[code] ?? 'the connection failed', details)
}

/** The HTTP client reports what went wrong between runner and proxy only in the text of its error. */
function tunnelError(status: string | undefined, cause: string): AttemptError {
  if (status !== undefined) {
    const kind = status.startsWith('4') ? 'proxy-refused' : 'network'
    return new AttemptError(kind, `the proxy answered ${status} to CONNECT`, { mayHaveBeenApplied: false })
  }
  // Without an answer to CONNECT there is no tunnel, so nothing can have reached the host.
  if (/certificate|altnames|SSL routines/i.test(cause))
    return new AttemptError('tls', 'the runner does not trust the certificate of the proxy', {
      mayHaveBeenApplied: false
    })
  const systemCode = /\bE[A-Z_]{3,}/.exec(cause)?.[0] ?? ''
  return new AttemptError('network', 'the proxy was not reached', { systemCode, mayHaveBeenApplied: false })
}

function isNeverSent({ code, syscall }: SystemError): boolean {
  if (syscall === 'read' || syscall === 'write') return false // a connection existed
  return NAME_RESOLUTION.has(code) || NOT_CONNECTED.has(code) || code in CERTIFICATE_WORDS
}

function isTlsCode(code: string): boolean {
  return /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|ERROR_IN_C|UNSPECIFIED$|EPROTO$)/.test(code)
}

/** Returns the errors behind one that was thrown: Node tries every address of a host and throws them together. */
function systemErrors(error: unknown): SystemError[] {
  const { errors } = (error ?? {}) as { errors?: unknown }
  const all: unknown[] = Array.isArray(errors) && errors.length > 0 ? errors : [error]
  return all.map(one => {
    const { code, syscall, message } = (one ?? {}) as Record<string, unknown>
    return { code: String(code ?? ''), syscall: String(syscall ?? ''), message: String(message ?? '') }
  })
}

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
  const isUrl = location !== '' && URL.canParse(location, request.url.href)
  const host = isUrl ? new URL(location, request.url).host : ''
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
  return /^(?!.*::)[\w.*:-]{1,64}$/.test(id) ? id : undefined
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
