/** GitHub's two kinds of rate limit: so many requests an hour, and the secondary one that nobody can foresee. */
import { rateLimitExceeded, throttled } from './answers.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./access.mjs').Token} Token
 *
 * @typedef {object} Throttle
 * @property {403 | 429} [status]  GitHub uses both; 403 unless told otherwise
 * @property {number} [retryAfter]  seconds; without it the header is missing, and the documentation says to
 *   wait for a minute at least
 * @property {'secondary' | 'creation' | 'abuse'} [words]
 * @property {number} [times]  how many requests are turned away; 1 unless told otherwise
 * @property {string} [operation]  only those for this operation, as in `actions/create-or-update-repo-secret`
 */

const HOUR_MS = 3_600_000
const PER_HOUR = 5000
const PER_HOUR_WORKFLOW = 1000
const PER_HOUR_ANONYMOUS = 60

/**
 * @param {() => number} clock
 * @param {number | undefined} perHour  instead of GitHub's own numbers
 */
export function createLimits(clock, perHour) {
  /** @type {Map<string, {used: number, resetsAt: number}>} */
  const windows = new Map()
  /** @type {(Throttle & {times: number})[]} */
  const throttles = []

  return {
    /** @param {Throttle} throttle */
    throttle: throttle => void throttles.push({ times: 1, ...throttle }),

    /**
     * Counts a request.
     *
     * @param {Token | undefined} token
     * @param {string | undefined} operation
     * @param {string} requestId
     * @returns {{headers: Record<string, string>, refusal: Answer | undefined}}
     */
    count(token, operation, requestId) {
      const limit = perHour ?? allowance(token)
      const key = token?.token ?? ''
      let window = windows.get(key)
      if (!window || clock() >= window.resetsAt) {
        window = { used: 0, resetsAt: clock() + HOUR_MS }
        windows.set(key, window)
      }
      const exceeded = window.used >= limit
      if (!exceeded) window.used += 1
      const headers = {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(limit - window.used),
        'X-RateLimit-Reset': String(Math.ceil(window.resetsAt / 1000)),
        'X-RateLimit-Resource': 'core',
        'X-RateLimit-Used': String(window.used)
      }
      const refusal = exceeded ? rateLimitExceeded(who(token)) : turnAway(operation, requestId)
      return { headers, refusal }
    }
  }

  /**
   * @param {string | undefined} operation
   * @param {string} requestId
   * @returns {Answer | undefined}
   */
  function turnAway(operation, requestId) {
    const throttle = throttles.find(
      candidate =>
        candidate.times > 0 && (candidate.operation === undefined || candidate.operation === operation)
    )
    if (!throttle) return undefined
    throttle.times -= 1
    const refusal = throttled(throttle.status ?? 403, throttle.words ?? 'secondary', requestId)
    if (throttle.retryAfter === undefined) return refusal
    return { ...refusal, headers: { 'Retry-After': String(throttle.retryAfter) } }
  }
}

/** @param {Token | undefined} token */
function allowance(token) {
  if (!token) return PER_HOUR_ANONYMOUS
  return token.kind === 'workflow' ? PER_HOUR_WORKFLOW : PER_HOUR
}

/** @param {Token | undefined} token */
function who(token) {
  if (!token) return '127.0.0.1'
  return token.kind === 'fine-grained' || token.kind === 'classic'
    ? 'user ID 583231'
    : 'installation ID 41907'
}
