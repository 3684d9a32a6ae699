import { responseError, statusToCode } from '../http/errors.js'
import type { HttpResponse } from '../http/types.js'
import type { ActionError, ErrorCode } from '../lib/action-error.js'
import { parseJsonObject } from '../lib/json.js'
import { areTokensMasked } from './token-response.js'

/** Hints of one request. What is left out has a general hint below. */
export interface Hints {
  /** `words`: what the platform says, to choose the hint by. */
  readonly credentialsRejected: string | ((words: string) => string)
  readonly forbidden?: string
  /** Only for undocumented requests: what to use if the platform does not know the request. */
  readonly notOffered?: string
}

/** Returns the error for a response that a token request does not accept: decided by `error` first, then by the status. */
export function rejection(response: HttpResponse, hints: Hints): ActionError {
  const { error, words } = readError(response)
  const code = codeOf(response, error, hints)
  const hint = hintFor(code, response, { hints, words })
  // Words that may contain a token which is not masked are not quoted.
  return responseError(response, { code, words: areTokensMasked(response) ? words : '', hint })
}

/**
 * Returns whether the response says that too many tokens were requested: 429, or HTTP 400 with `rate limit exceeded…`
 * as Genesys Cloud's token endpoint answers (source: the official Terraform provider).
 */
export function isThrottled({ status, body }: Pick<HttpResponse, 'status' | 'body'>): boolean {
  if (status !== 400) return status === 429
  const json = parseJsonObject(body)
  return [json?.['description'], json?.['error_description']].some(
    words => typeof words === 'string' && /^rate limit exceeded/i.test(words)
  )
}

function codeOf(response: HttpResponse, error: string, hints: Hints): ErrorCode {
  const code = statusToCode(response, { 401: 'credentials-rejected', 403: 'forbidden' })
  if (response.status >= 500 || code === 'rate-limited') return code
  if (response.status >= 400 && (error === 'invalid_client' || error === 'invalid_grant'))
    return 'credentials-rejected'
  const isUnknownRequest = response.status === 404 || response.status === 405
  return isUnknownRequest && hints.notOffered !== undefined ? 'not-offered' : code
}

function hintFor(
  code: ErrorCode,
  { request }: HttpResponse,
  { hints, words }: { readonly hints: Hints; readonly words: string }
): string {
  switch (code) {
    case 'credentials-rejected': {
      const hint = hints.credentialsRejected
      return typeof hint === 'string' ? hint : hint(words)
    }
    case 'forbidden':
      return (
        hints.forbidden ??
        'If the organisation allows only certain addresses, add the address of the runner. Hosted runners have no fixed ' +
          'address; self-hosted runners and larger runners with a static address do. Otherwise check the roles of the client.'
      )
    case 'not-offered':
      return hints.notOffered ?? ''
    case 'rate-limited':
      return 'Too many tokens were requested within a minute. Start fewer jobs at once, or raise timeout.'
    case 'unavailable':
      return 'The platform has a problem. See its status page, and run the job again later.'
    case 'bad-response':
      return `Expected HTTP 200. Check base-url, and what is between the runner and ${request.url.host}.`
    default:
      return 'The platform rejected the request; its message above says why. Check the inputs.'
  }
}

/** Returns the platform's error, and its own words, not redacted. */
function readError(response: HttpResponse): { readonly error: string; readonly words: string } {
  const json = parseJsonObject(response.body) ?? {}
  const first = (...names: string[]): string => {
    const found = names.map(name => json[name]).find(value => typeof value === 'string' && value !== '')
    return typeof found === 'string' ? found : ''
  }
  const error = first('error', 'code')
  const description = first('error_description', 'errorDescription', 'description', 'message')
  return {
    error,
    words: error !== '' && description !== '' ? `${error} (${description})` : error || description
  }
}
