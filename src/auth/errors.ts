import type { HttpSession } from '../http/session.js'
import type { HttpResponse } from '../http/types.js'
import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { shown } from '../lib/text.js'
import { answered, jsonObject, trail } from './token-response.js'

/** What to do about each refusal; a platform's request says what is its own, the rest is said here. */
export interface Advice {
  readonly credentialsRejected: string
  readonly forbidden?: string
  /** Present on the tutorial's requests alone: what to use where the platform does not know them. */
  readonly notOffered?: string
}

const FORBIDDEN =
  'Where the organisation allows certain addresses only, add the runner’s: hosted runners have no fixed one, a ' +
  'self-hosted runner or a larger runner with a static address has. Otherwise check the client’s roles.'

/** Returns the error for an answer other than 200, by the platform's own word first and by the status second. */
export function rejection(answer: HttpResponse, advice: Advice, wire: HttpSession): ActionError {
  const { error, words } = platformWords(answer, wire)
  const code = codeOf(answer, error, advice)
  return new ActionError(
    code,
    `${answered(answer, wire)}${words}${trail(answer, wire)}.`,
    hintOf(code, answer, advice)
  )
}

function codeOf(answer: HttpResponse, error: string, advice: Advice): ErrorCode {
  const { status } = answer
  if (status < 400) return 'bad-response'
  if (answer.throttled) return 'rate-limited'
  if (status >= 500) return 'unavailable'
  if (status === 401 || error === 'invalid_client' || error === 'invalid_grant') return 'credentials-rejected'
  if (status === 403) return 'forbidden'
  if ((status === 404 || status === 405) && advice.notOffered !== undefined) return 'not-offered'
  return 'bad-request'
}

function hintOf(code: ErrorCode, answer: HttpResponse, advice: Advice): string {
  switch (code) {
    case 'credentials-rejected':
      return advice.credentialsRejected
    case 'forbidden':
      return advice.forbidden ?? FORBIDDEN
    case 'not-offered':
      return advice.notOffered ?? ''
    case 'rate-limited':
      return 'Too many tokens were requested in this minute. Start fewer jobs at once, or again in a minute.'
    case 'unavailable':
      return 'The platform has trouble of its own: see its status page, and run the job again later.'
    case 'bad-response':
      return `Only 200 is the answer that is looked for here. Check base-url, and what stands between the runner and ${answer.request.url.host}.`
    default:
      return 'The platform does not accept the request as it is: its words above say why. Check the inputs against them.'
  }
}

/** Returns what the platform says in its own words, in one bounded and clean line, and its error for deciding. */
function platformWords(answer: HttpResponse, wire: HttpSession): { error: string; words: string } {
  const json = jsonObject(answer.body) ?? {}
  const first = (...names: string[]) => {
    const found = names.map(name => json[name]).find(value => typeof value === 'string' && value !== '')
    return shown(typeof found === 'string' ? found : '', text => wire.hide(text), 200)
  }
  const error = first('error', 'code')
  const description = first('error_description', 'errorDescription', 'description', 'message')
  const explained = error !== '' && description !== '' ? `${error} (${description})` : error || description
  return { error, words: explained === '' ? '' : ` ${explained}` }
}
