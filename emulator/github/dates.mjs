/** Dates as GitHub writes them in bodies. */

/**
 * @param {number} at  milliseconds
 * @returns {string} UTC, whole seconds, cut and never rounded up: `2026-11-22T09:30:00Z`
 */
export const wholeSeconds = at => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')

/**
 * @param {{createdAt: number, updatedAt: number}} kept
 */
export const datesOf = ({ createdAt, updatedAt }) => ({
  created_at: wholeSeconds(createdAt),
  updated_at: wholeSeconds(updatedAt)
})
