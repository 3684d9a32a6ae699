import { retryAfterMs } from '../http/retry.js'
import type { HttpSession } from '../http/session.js'
import type { HttpRequest, HttpResponse, RawResponse } from '../http/types.js'
import type { ActionError } from '../lib/action-error.js'
import { type Json, parseJsonObject } from '../lib/json.js'
import type { Secret } from '../lib/secret.js'
import { formatMinute } from '../lib/text.js'
import { githubError, unexpectedResponse } from './errors.js'
import { type SecretScope, scopePath } from './scope.js'

/** The version of GitHub's REST API that these requests follow. */
const API_VERSION = '2022-11-28'

/** GitHub's REST API for the secrets and variables of one scope. */
export class GitHubApi {
  readonly scope: SecretScope
  readonly #apiUrl: string
  readonly #token: Secret
  readonly #session: HttpSession
  #warn: ((message: string) => void) | undefined

  /** `apiUrl` may have a path, as on GitHub Enterprise Server. */
  constructor(options: {
    readonly apiUrl: string
    readonly githubToken: Secret
    readonly scope: SecretScope
    readonly session: HttpSession
    /** Called once if GitHub announces the end of this API version. */
    readonly warn?: (message: string) => void
  }) {
    this.#apiUrl = options.apiUrl.replace(/\/+$/, '')
    this.#token = options.githubToken
    this.scope = options.scope
    this.#session = options.session
    this.#warn = options.warn
  }

  /** Sends a request below the path of the scope. Returns any response; throws as `HttpSession.send`. */
  async send(
    method: HttpRequest['method'],
    path: string,
    { body, onAttempt }: { readonly body?: Json } & Pick<HttpRequest, 'onAttempt'> = {}
  ): Promise<HttpResponse> {
    const response = await this.#session.send({
      method,
      url: new URL(`${this.#apiUrl}${scopePath(this.scope)}${path}`),
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: this.#token.map(token => `Bearer ${token}`),
        'X-GitHub-Api-Version': API_VERSION,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(onAttempt === undefined ? {} : { onAttempt }),
      isThrottled,
      retryAfterMs: githubRetryAfterMs,
      hintIfRedirected: 'The repository was renamed or moved: set its new name in repository.'
    })
    this.#warnOfSunset(response)
    return response
  }

  #warnOfSunset({ headers }: HttpResponse): void {
    const sunset = new Date(headers['sunset'] ?? '')
    if (Number.isNaN(sunset.getTime())) return
    this.#warn?.(
      `GitHub ends the API version that this action uses on ${formatMinute(sunset)}. Update the action before.`
    )
    this.#warn = undefined
  }

  /** Returns the error for a response that is not a success. */
  error(response: HttpResponse, what: 'secrets' | 'variables'): ActionError {
    return githubError(response, this.scope, what)
  }
}

/** Returns the response's body as a JSON object. Throws `bad-response`. */
export function requireJson(response: HttpResponse): Json {
  const json = parseJsonObject(response.body)
  if (json === undefined) throw unexpectedResponse(response, 'its body is not a JSON object')
  return json
}

/** GitHub answers 429 or 403 when it throttles. A 403 without a sign of a limit is a missing permission. */
function isThrottled({ status, headers, body }: RawResponse): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    /secondary rate limit|abuse detection/i.test(body)
  )
}

/** GitHub asks to wait at least a minute if a limit names no time (source: docs.github.com, "Best practices for using the REST API"). */
const DEFAULT_WAIT_MS = 60_000

/** GitHub says how long to wait in `Retry-After`, or when its primary limit is reset in epoch seconds. */
function githubRetryAfterMs({ status, headers }: RawResponse, runnerNowMs: number): number | undefined {
  // By GitHub's clock, because the runner's may be wrong.
  const nowMs = Date.parse(headers['date'] ?? '') || runnerNowMs
  const askedMs = retryAfterMs(headers['retry-after'], nowMs)
  if (askedMs !== undefined || status === 503) return askedMs
  const resetMs = Number(headers['x-ratelimit-reset']) * 1000 - nowMs
  if (headers['x-ratelimit-remaining'] !== '0' || Number.isNaN(resetMs)) return DEFAULT_WAIT_MS
  return resetMs > 0 ? resetMs : undefined
}
