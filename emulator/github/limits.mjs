/** GitHub's rate limits: requests an hour for each token, and the secondary one, which a client cannot foresee. */
import { rateLimitExceeded, throttled } from './answers.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./access.mjs').Token} Token
 *
 * @typedef {object} Throttle  the secondary limit
 * @property {403 | 429} [status]  GitHub uses both; default: 403
 * @property {number} [retryAfter]  seconds; absent: no header
 * @property {'secondary' | 'creation' | 'abuse'} [words]
 * @property {number} [times]  how many requests it refuses; default: 1
 * @property {string} [operation]  only requests for this one, such as `actions/create-or-update-repo-secret`
 */

const HOUR_MS = 3_600_000

/**
 * @param {() => number} clock
 * @param {number | undefined} requestsPerHour  instead of GitHub's own numbers
 */
export function createLimits(clock, requestsPerHour) {
  /** @type {Map<string, {used: number, resetsAt: number}>} */
  const windows = new Map()
  /** @type {(Throttle & {times: number})[]} */
  const throttles = []

  return {
    /** @param {Throttle} throttle */
    throttle: throttle => void throttles.push({ times: 1, ...throttle }),

    /**
     * Counts a request. Returns the headers that tell the limit, and the answer if the request is refused.
     *
     * @param {Token | undefined} token
     * @param {string | undefined} operation
     * @param {string} requestId
     * @returns {{headers: Record<string, string>, refusal: Answer | undefined}}
     */
    count(token, operation, requestId) {
      const limit = requestsPerHour ?? (token ? (token.kind === 'workflow' ? 1000 : 5000) : 60)
      const key = token?.token ?? ''
      let window = windows.get(key)
      if (!window || clock() >= window.resetsAt) {
        window = { used: 0, resetsAt: clock() + HOUR_MS }
        windows.set(key, window)
      }
      const isExceeded = window.used >= limit
      if (!isExceeded) window.used += 1
      const headers = {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(limit - window.used),
        'X-RateLimit-Reset': String(Math.ceil(window.resetsAt / 1000)),
        'X-RateLimit-Resource': 'core',
        'X-RateLimit-Used': String(window.used)
      }
      const refusal = isExceeded ? rateLimitExceeded(ownerOf(token)) : refuse(operation, requestId)
      return { headers, refusal }
    }
  }

  /**
   * @param {string | undefined} operation
   * @param {string} requestId
   * @returns {Answer | undefined}
   */
  function refuse(operation, requestId) {
    const throttle = throttles.find(
      ({ times, operation: only }) => times > 0 && (only === undefined || only === operation)
    )
    if (!throttle) return undefined
    throttle.times -= 1
    const { status = 403, words = 'secondary', retryAfter } = throttle
    const refusal = throttled(status, words, requestId)
    return retryAfter === undefined ? refusal : { ...refusal, headers: { 'Retry-After': String(retryAfter) } }
  }
}

/** @param {Token | undefined} token */
function ownerOf(token) {
  if (!token) return '127.0.0.1'
  const isPersonal = token.kind === 'fine-grained' || token.kind === 'classic'
  return isPersonal ? 'user ID 583231' : 'installation ID 41907'
}
