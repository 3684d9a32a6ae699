import { retryAfterMs } from '../http/retry.js'
import type { HttpSession } from '../http/session.js'
import { type HttpRequest, type HttpResponse, named } from '../http/types.js'
import type { Secret } from '../lib/secret.js'
import { refusal, unreadable } from './errors.js'
import { pathOf, type SecretScope } from './scope.js'

/** GitHub's REST API version that the requests are written for. */
const API_VERSION = '2022-11-28'

type Json = Readonly<Record<string, unknown>>

/** GitHub's REST API, as far as secrets and variables go, with one token at one place. */
export class GitHub {
  readonly place: SecretScope
  readonly #apiUrl: string
  readonly #token: Secret
  readonly #wire: HttpSession

  /** `apiUrl` may have a path, as GitHub Enterprise Server's has. */
  constructor(apiUrl: string, token: Secret, place: SecretScope, wire: HttpSession) {
    this.#apiUrl = apiUrl.replace(/\/+$/, '')
    this.#token = token
    this.place = place
    this.#wire = wire
  }

  /** Sends a request below the place's path. Returns the answer whatever its status; throws as the wire does. */
  async send(
    method: HttpRequest['method'],
    path: string,
    body?: Json,
    hooks: Pick<HttpRequest, 'whileUntouched' | 'beforeNext'> = {}
  ): Promise<HttpResponse> {
    return this.#wire.send({
      method,
      url: new URL(`${this.#apiUrl}${pathOf(this.place)}${path}`),
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: this.#token.map(token => `Bearer ${token}`),
        'X-GitHub-Api-Version': API_VERSION,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...hooks,
      isThrottled,
      waitAskedMs,
      whenRedirected: 'The repository was renamed or moved: give its new name in repository.'
    })
  }

  /** Returns the error for an answer that is not what was hoped for. */
  refusal(answer: HttpResponse, of: 'secrets' | 'variables'): Error {
    return refusal(answer, this.place, of, this.#wire)
  }

  /** Returns the JSON object of an answer; throws `bad-response` if it is none. */
  json(answer: HttpResponse): Json {
    try {
      const value: unknown = JSON.parse(answer.body)
      if (typeof value === 'object' && value !== null) return value as Json
    } catch {
      // told below
    }
    throw unreadable(named(answer.request), answer.attempts)
  }
}

/** GitHub's limits answer 429 or 403; a 403 that names none of them is a missing permission. */
function isThrottled({ status, headers, body }: Pick<HttpResponse, 'status' | 'headers' | 'body'>): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    /secondary rate limit|abuse detection/i.test(body)
  )
}

/** Where a limit says no time, GitHub asks for a minute at least (docs.github.com, "Best practices for using the REST API"). */
const UNSAID_WAIT_MS = 60_000

/** GitHub says how long to wait in `Retry-After`, or when its primary limit starts anew in epoch seconds. */
function waitAskedMs(
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  runnerMs: number
): number | undefined {
  // By GitHub's own clock: the runner's may be an hour off.
  const nowMs = Date.parse(headers['date'] ?? '') || runnerMs
  const asked = retryAfterMs(headers['retry-after'], nowMs)
  if (asked !== undefined || status === 503) return asked
  const resetMs = Number(headers['x-ratelimit-reset']) * 1000 - nowMs
  if (headers['x-ratelimit-remaining'] !== '0' || Number.isNaN(resetMs)) return UNSAID_WAIT_MS
  return resetMs > 0 ? resetMs : undefined
}
