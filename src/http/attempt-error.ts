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
