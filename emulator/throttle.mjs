/** How many token requests an organization may make in a minute. */

/**
 * @typedef {object} ThrottleOptions
 * @property {'fixed-window' | 'bucket'} kind  Genesys does not document which one it uses
 * @property {number} [perWindow]  default: 300
 * @property {number} [windowMs]  default: 60,000
 * @property {number} [takenByOthers]  share of the limit that other traffic of the organization uses; default: 0.5
 *
 * @typedef {object} Throttle
 * @property {() => number} admit  returns 0 if a request may pass, else the milliseconds until one may
 * @property {string} limit  for an error message
 */

/**
 * Returns a counter of requests. A refused request does not count.
 *
 * @param {ThrottleOptions} options
 * @param {() => number} clock  milliseconds
 * @returns {Throttle}
 */
export function createThrottle(options, clock) {
  const { kind, perWindow = 300, windowMs = 60_000, takenByOthers = 0.5 } = options
  const capacity = Math.max(1, Math.floor(perWindow * (1 - takenByOthers)))
  const admit = (kind === 'bucket' ? bucket : fixedWindow)(capacity, windowMs, clock)
  return { admit, limit: `${perWindow} per ${windowMs / 1000} seconds` }
}

/**
 * Counts up to the capacity in each window of time.
 *
 * @param {number} capacity
 * @param {number} windowMs
 * @param {() => number} clock
 */
function fixedWindow(capacity, windowMs, clock) {
  let start = clock()
  let used = 0
  return () => {
    const now = clock()
    if (now - start >= windowMs) {
      start += Math.floor((now - start) / windowMs) * windowMs
      used = 0
    }
    if (used >= capacity) return start + windowMs - now
    used += 1
    return 0
  }
}

/**
 * Starts full and refills evenly.
 *
 * @param {number} capacity
 * @param {number} windowMs
 * @param {() => number} clock
 */
function bucket(capacity, windowMs, clock) {
  const perMs = capacity / windowMs
  let level = capacity
  let filledAt = clock()
  return () => {
    const now = clock()
    level = Math.min(capacity, level + (now - filledAt) * perMs)
    filledAt = now
    if (level < 1) return Math.ceil((1 - level) / perMs)
    level -= 1
    return 0
  }
}
