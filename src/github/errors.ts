import { responseError, responseTrail, responseWithStatus, statusToCode } from '../http/errors.js'
import type { HttpResponse } from '../http/types.js'
import { ActionError, type ErrorCode } from '../lib/action-error.js'
import { parseJsonObject } from '../lib/json.js'
import { describeScope, requiredPermission, type SecretScope } from './scope.js'

const API_RETIRED = 'GitHub no longer supports the API version that this action uses: update the action.'

/** Returns the error for a response that GitHub's API gives instead of success. */
export function githubError(
  response: HttpResponse,
  scope: SecretScope,
  what: 'secrets' | 'variables'
): ActionError {
  const code = statusToCode(response, {
    401: 'github-token-rejected',
    403: 'github-forbidden',
    404: 'github-not-found',
    422: 'secret-refused'
  })
  const message = parseJsonObject(response.body)?.['message']
  const words = typeof message === 'string' && message !== '' ? `(${message})` : ''
  const hint = response.status === 410 ? API_RETIRED : hintFor(code, scope, what)
  return responseError(response, { code, words, hint })
}

/** Returns the error for a response that does not follow GitHub's API. */
export function unexpectedResponse(response: HttpResponse, problem: string): ActionError {
  return new ActionError(
    'bad-response',
    `${responseWithStatus(response)}, but ${problem}${responseTrail(response)}.`,
    'Check GITHUB_API_URL, and what is between the runner and GitHub.'
  )
}

function hintFor(code: ErrorCode, scope: SecretScope, what: 'secrets' | 'variables'): string {
  const permission = requiredPermission(scope, what)
  switch (code) {
    case 'github-token-rejected':
      return 'GitHub does not accept the github-token: it is expired, revoked or incomplete.'
    case 'github-forbidden':
      return (
        `The github-token needs ${permission}. The workflow’s own GITHUB_TOKEN cannot have it: use the token of a ` +
        'GitHub App or a fine-grained personal access token.'
      )
    case 'github-not-found':
      return (
        `Either ${describeScope(scope)} does not exist, or the github-token has no access to it; GitHub does not say which. ` +
        `The token needs ${permission}.`
      )
    case 'secret-refused':
      return 'GitHub rejected the name or the value; its message above says why. A value has at most 48 KB.'
    case 'rate-limited':
      return 'GitHub limits the requests of a token. Run the job less often, or raise timeout.'
    case 'unavailable':
      return 'GitHub has a problem: see its status page. The next run repeats the rotation.'
    case 'bad-response':
      return 'This is not a response of GitHub’s API. Check GITHUB_API_URL, and what is between the runner and GitHub.'
    default:
      return 'GitHub rejected the request; its message above says why.'
  }
}
