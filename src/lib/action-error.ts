/** Every way in which a step can fail, as it stands in the output `error-code`. */
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
  | 'internal-error'

/** A failure as its reader meets it: the code, what happened (`message`), and what to do about it. */
export class ActionError extends Error {
  override readonly name = 'ActionError'
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, whatHappened: string, hint: string, options?: { cause: unknown }) {
    super(whatHappened, options)
    this.code = code
    this.hint = hint
  }
}
