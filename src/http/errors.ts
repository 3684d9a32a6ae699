/** Why an attempt brought no whole answer. */
export type AttemptErrorKind =
  | 'timeout'
  | 'network'
  | 'proxy-refused'
  | 'tls'
  | 'cut-short'
  | 'too-large'
  | 'not-http'

/** An attempt without a whole answer. Its message holds nothing that came from the other side but an error's code. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError'
  readonly kind: AttemptErrorKind
  /** The system's error code, such as `ECONNREFUSED`, where there is one. */
  readonly systemCode: string
  /** No connection was made, so the request cannot have been carried out. */
  readonly neverSent: boolean

  constructor(
    kind: AttemptErrorKind,
    message: string,
    from: { systemCode?: string; neverSent?: boolean } = {}
  ) {
    super(message)
    this.kind = kind
    this.systemCode = from.systemCode ?? ''
    this.neverSent = from.neverSent ?? false
  }

  /** The fault in a few words, for the log. */
  get summary(): string {
    return this.systemCode === '' ? this.message : `${this.message} (${this.systemCode})`
  }

  /** Returns what Node or the client threw as a fault; a fault stays itself. */
  static from(error: unknown): AttemptError {
    if (error instanceof AttemptError) return error
    const { code, syscall, message } = describe(error)
    const noTunnel =
      /tunneling socket could not be established, (?:statusCode=(\d{3})|cause=.*?\b(E[A-Z_]{3,}))?/.exec(
        message
      )
    if (noTunnel && /cause=.*(certificate|altnames|SSL routines)/i.test(message))
      return new AttemptError('tls', 'the certificate of the proxy is not trusted here', { neverSent: true })
    if (noTunnel) return tunnelFault(noTunnel[1], noTunnel[2])
    if (isTls(code))
      return new AttemptError('tls', TLS_WORDS[code] ?? 'the TLS handshake failed', {
        systemCode: code,
        neverSent: true
      })
    if (code === 'HPE_HEADER_OVERFLOW')
      return new AttemptError('too-large', 'its headers are larger than 16 KiB')
    if (code.startsWith('HPE_'))
      return new AttemptError('not-http', 'the answer is not HTTP', { systemCode: code })
    return new AttemptError('network', NETWORK_WORDS[code] ?? 'the connection failed', {
      systemCode: code,
      neverSent: isNeverSent(code, syscall, message)
    })
  }
}

/** The client's tunnel tells what went wrong between runner and proxy in the text of its error alone. */
function tunnelFault(status: string | undefined, systemCode = ''): AttemptError {
  const from = { systemCode, neverSent: true }
  if (status === undefined) return new AttemptError('network', 'the proxy was not reached', from)
  const message = `the proxy answered ${status} to CONNECT`
  return new AttemptError(status.startsWith('4') ? 'proxy-refused' : 'network', message, from)
}

/** The same codes come from a connection that stands: then the request may have gone. */
function isNeverSent(code: string, syscall: string, message: string): boolean {
  if (syscall === 'read' || syscall === 'write') return false
  return NEVER_SENT.has(code) || syscall === 'connect' || message.includes('before secure TLS connection')
}

const NEVER_SENT = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is unknown to DNS',
  EAI_AGAIN: 'DNS gave no answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no connection was made in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it'
}

const TLS_WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate leads to an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate leads to an authority that is not trusted here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name'
}

function isTls(code: string): boolean {
  return (
    code in TLS_WORDS ||
    /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERROR_IN_C|UNABLE_TO_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|UNSPECIFIED$|EPROTO$)/.test(
      code
    )
  )
}

function describe(error: unknown): { code: string; syscall: string; message: string } {
  const { code, syscall, message, errors } = (error ?? {}) as Record<string, unknown>
  // Node tries every address of a host and then throws one error that holds theirs.
  const inner = Array.isArray(errors) ? (errors[0] as Record<string, unknown> | undefined) : undefined
  return {
    code: String(code ?? inner?.['code'] ?? ''),
    syscall: String(syscall ?? inner?.['syscall'] ?? ''),
    message: String(message ?? '')
  }
}
