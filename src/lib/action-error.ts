/** Every value of the output `error-code`. */
export type ErrorCode =
  | 'invalid-input'
  | 'missing-credential'
  | 'credentials-rejected'
  | 'forbidden'
  | 'not-offered'
  | 'bad-request'
  | 'rate-limited'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'tls'
  | 'redirected'
  | 'bad-response'
  | 'organization-not-allowed'
  | 'lifetime-too-short'
  | 'github-token-rejected'
  | 'github-forbidden'
  | 'github-not-found'
  | 'secret-refused'
  | 'store-failed'
  | 'internal-error'

/**
 * A failure as the user sees it: code, what happened (`message`), and what to do (`hint`). The message may quote a
 * server and is not redacted; only the logger and `reportFailure` may print it.
 */
export class ActionError extends Error {
  override readonly name = 'ActionError'
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, message: string, hint: string, options?: { cause: unknown }) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}
