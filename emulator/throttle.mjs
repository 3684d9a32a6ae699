/** How many token requests an organisation may make in a minute, and how that is counted. */

/**
 * @typedef {object} ThrottleOptions
 * @property {'fixed-window' | 'bucket'} kind  the platform does not say which it is
 * @property {number} [perWindow]  300 unless told otherwise
 * @property {number} [windowMs]  60,000 unless told otherwise
 * @property {number} [takenByOthers]  the share that the organisation's other traffic uses up; 0.5
 *
 * @typedef {object} Throttle
 * @property {() => number} admit  0 when the request may pass, else the milliseconds until one may
 * @property {string} limit  in words
 */

/**
 * A counter of requests. One that is turned away costs nothing.
 *
 * @param {ThrottleOptions} options
 * @param {() => number} clock
 * @returns {Throttle}
 */
export function createThrottle(options, clock) {
  const { kind, perWindow = 300, windowMs = 60_000, takenByOthers = 0.5 } = options
  const capacity = Math.max(1, Math.floor(perWindow * (1 - takenByOthers)))
  const count = kind === 'bucket' ? bucket : fixedWindow
  return { admit: count(capacity, windowMs, clock), limit: `${perWindow} per ${windowMs / 1000} seconds` }
}

/**
 * Full at the start of each window, nothing after it is used up.
 *
 * @param {number} capacity
 * @param {number} windowMs
 * @param {() => number} clock
 */
function fixedWindow(capacity, windowMs, clock) {
  let opened = clock()
  let used = 0
  return () => {
    const now = clock()
    if (now - opened >= windowMs) {
      opened += Math.floor((now - opened) / windowMs) * windowMs
      used = 0
    }
    if (used >= capacity) return opened + windowMs - now
    used += 1
    return 0
  }
}

/**
 * Full at first, then refilled evenly.
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
