/**
 * GitHub's answers. How certain each text is:
 * [D] documented · [R] reported word for word by several users · [I] inferred, status or text may differ.
 * A client should rely on status, headers and the first words at most.
 */

/** @typedef {import('../server.mjs').Answer} Answer */

const DOCS = 'https://docs.github.com'
const RATE_LIMITS = `${DOCS}/rest/using-the-rest-api/rate-limits-for-the-rest-api`

/**
 * @param {number} status
 * @param {unknown} [json]
 * @returns {Answer}
 */
export const answer = (status, json) => (json === undefined ? { status } : { status, json })

/**
 * An error. `status` repeats the number as text [R].
 *
 * @param {number} status
 * @param {string} message
 * @param {string} [documentation]
 */
const problem = (status, message, documentation = `${DOCS}/rest`) =>
  answer(status, { message, documentation_url: documentation, status: String(status) })

/** [D] for the refusal, [R] for the text. GitHub sends plain text, not JSON. */
export const userAgentMissing = () =>
  problem(
    403,
    'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.'
  )

/** [D] for 400, [I] for the text. @param {string} version */
export const versionUnknown = version =>
  problem(400, `${version} is not a supported version.`, `${DOCS}/rest/about-the-rest-api/api-versions`)

/** [R] The token is wrong, expired or revoked. */
export const badCredentials = () => problem(401, 'Bad credentials')

/** [R] No token, for something public. @param {string} documentation */
export const authenticationRequired = documentation => problem(401, 'Requires authentication', documentation)

/** [D] It does not exist, or the token may not see it: GitHub does not say which. @param {string} [documentation] */
export const notFound = documentation => problem(404, 'Not Found', documentation)

/**
 * [D] The token can see it but lacks the permission. Installation tokens and GITHUB_TOKEN are integrations.
 *
 * @param {boolean} isIntegration
 * @param {string} documentation
 */
export const notAccessible = (isIntegration, documentation) =>
  problem(
    403,
    `Resource not accessible by ${isIntegration ? 'integration' : 'personal access token'}`,
    documentation
  )

/**
 * [D] The repository was renamed or moved: 301, or 307 if the method must not change.
 *
 * @param {string} method
 * @param {string} url
 * @returns {Answer}
 */
export function moved(method, url) {
  const [status, message] = method === 'GET' ? [301, 'Moved Permanently'] : [307, 'Temporary Redirect']
  const documentation = `${DOCS}/rest/guides/best-practices-for-using-the-rest-api`
  return { status, headers: { Location: url }, json: { message, url, documentation_url: documentation } }
}

/** [D] */
export const jsonUnreadable = () => problem(400, 'Problems parsing JSON')

/** [D] */
export const bodyNotObject = () => problem(400, 'Body should be a JSON object')

/**
 * [D] for "Invalid request", [R] for the rest.
 *
 * @param {string[]} faults
 * @param {string} documentation
 */
export const invalidRequest = (faults, documentation) =>
  problem(422, `Invalid request.\n\n${faults.join('\n')}`, documentation)

/** [R] Sealed with another key or a former one. [I] An unknown `key_id` gets the same answer. @param {string} documentation */
export const sealedWrong = documentation =>
  problem(422, 'Bad request - validation failed due to an improperly encrypted secret', documentation)

/**
 * Returns the answer to a name that GitHub does not allow. [R] for secrets, [I] for variables.
 *
 * @param {'Secret' | 'Variable'} what
 * @param {string} name
 * @param {string} documentation
 * @returns {Answer | undefined}
 */
export function refuseName(what, name, documentation) {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    const message =
      `${what} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). ` +
      'Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).'
    return problem(422, message, documentation)
  }
  const isReserved = /^GITHUB_/i.test(name)
  return isReserved ? problem(422, `${what} names must not start with GITHUB_.`, documentation) : undefined
}

/**
 * Returns the answer to a value that is too large. [D] for the limit of 48 KB, [I] for 422 and the text.
 *
 * @param {'Secret' | 'Variable'} what
 * @param {number} bytes
 * @param {string} documentation
 * @returns {Answer | undefined}
 */
export const refuseSize = (what, bytes, documentation) =>
  bytes > 48 * 1024 ? problem(422, `${what} values are limited to 48 KB.`, documentation) : undefined

/** [R] @param {string} documentation */
export const variableExists = documentation =>
  problem(409, 'Already exists - Variable already exists', documentation)

/** [D] for 409 on variables and single repositories, [I] for whole lists and for the text. @param {string} documentation */
export const notSelected = documentation =>
  problem(409, "Conflict: the visibility is not set to 'selected'", documentation)

/** [D] for status and headers, [R] for the text. @param {string} whose  such as `user ID 583231` */
export const rateLimitExceeded = whose =>
  problem(403, `API rate limit exceeded for ${whose}.`, `${RATE_LIMITS}#about-primary-rate-limits`)

/**
 * The secondary rate limit. [D] for 403 or 429 and the words "secondary rate limit", [R] for the sentence. An older
 * text says "abuse detection mechanism"; GitHub Enterprise Server may still send it.
 *
 * @param {403 | 429} status
 * @param {'secondary' | 'creation' | 'abuse'} words
 * @param {string} requestId
 */
export function throttled(status, words, requestId) {
  const support = `If you reach out to GitHub Support for help, please include the request ID ${requestId}.`
  const message = {
    secondary: `You have exceeded a secondary rate limit. Please wait a few minutes before you try again. ${support}`,
    creation:
      'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. ' +
      `Please retry your request again later. ${support}`,
    abuse: 'You have triggered an abuse detection mechanism. Please retry your request again later.'
  }[words]
  return problem(status, message, `${RATE_LIMITS}#about-secondary-rate-limits`)
}
