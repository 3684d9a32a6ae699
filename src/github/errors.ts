import type { HttpSession } from '../http/session.js'
import { type HttpResponse, named } from '../http/types.js'
import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { counted, shown } from '../lib/text.js'
import { permissionsFor, placeInWords, type SecretScope } from './scope.js'

/** Returns the error for what GitHub refused, with the permission or the place by name. */
export function refusal(
  answer: HttpResponse,
  place: SecretScope,
  of: 'secrets' | 'variables',
  wire: HttpSession
): ActionError {
  const code = codeOf(answer)
  const id = answer.headers['x-github-request-id'] ?? ''
  const request = /^[\w:-]{1,64}$/.test(id) ? `, request id ${id}` : ''
  return new ActionError(
    code,
    `${shown(named(answer.request), text => wire.hide(text), 300)} answered ${answer.status}${words(answer, wire)}${request}, ` +
      `${counted(answer.attempts, 'attempt')}${answer.givenUp}.`,
    hintOf(code, place, of)
  )
}

/** Returns the error for an answer of GitHub's that is not what its API describes. */
export function unreadable(request: string, attempts: number): ActionError {
  return new ActionError(
    'bad-response',
    `${request} answered something that is not GitHub’s REST API, ${counted(attempts, 'attempt')}.`,
    'Check GITHUB_API_URL, and what stands between the runner and GitHub.'
  )
}

function codeOf({ status, throttled }: HttpResponse): ErrorCode {
  if (throttled) return 'rate-limited'
  if (status >= 500) return 'unavailable'
  switch (status) {
    case 401:
      return 'github-token-rejected'
    case 403:
      return 'github-forbidden'
    case 404:
      return 'github-not-found'
    case 422:
      return 'secret-refused'
    default:
      return status < 400 ? 'bad-response' : 'bad-request'
  }
}

function hintOf(code: ErrorCode, place: SecretScope, of: 'secrets' | 'variables'): string {
  const needed = permissionsFor(place)[of]
  switch (code) {
    case 'github-token-rejected':
      return 'GitHub does not know the github-token: it expired, was revoked, or lost a piece when it was pasted.'
    case 'github-forbidden':
      return (
        `The github-token needs ${needed}. The workflow’s own GITHUB_TOKEN can never have it: use a fine-grained ` +
        'personal access token, or a GitHub App’s token.'
      )
    case 'github-not-found':
      return (
        `Either ${placeInWords(place)} does not exist, or the github-token may not see it; GitHub does not say which. ` +
        `It needs ${needed}.`
      )
    case 'secret-refused':
      return 'GitHub does not accept the name or the value: its words above say why. A value has at most 48 KB.'
    case 'rate-limited':
      return 'GitHub limits how much a token may ask for in a time: run it less often, or give timeout more.'
    case 'unavailable':
      return 'GitHub has trouble of its own: see its status page. The next run sets it right.'
    default:
      return 'GitHub does not accept the request as it is: its words above say why.'
  }
}

/** GitHub’s refusals may echo what was sent, so they are hidden and cut like anybody’s. */
function words(answer: HttpResponse, wire: HttpSession): string {
  let message: unknown
  try {
    message = (JSON.parse(answer.body) as { message?: unknown } | null)?.message
  } catch {
    return ''
  }
  if (typeof message !== 'string' || message === '') return ''
  return ` (${shown(message, text => wire.hide(text), 200)})`
}
