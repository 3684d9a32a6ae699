/**
 * GitHub's answers. How sure the words of each are:
 * [D] documented · [R] reported word for word by several users · [I] inferred: status or words may differ.
 * A client should go by status, headers and the first words at most.
 */

/**
 * @typedef {import('../server.mjs').Answer} Answer
 */

const DOCS = 'https://docs.github.com'
const RATE_LIMITS = `${DOCS}/rest/using-the-rest-api/rate-limits-for-the-rest-api`

/**
 * @param {number} status
 * @param {unknown} [json]
 * @returns {Answer}
 */
export function answer(status, json) {
  return json === undefined ? { status } : { status, json }
}

/**
 * An error in the shape of all of GitHub's: `status` repeats the number as a string [R].
 *
 * @param {number} status
 * @param {string} message
 * @param {string} [documentation]
 * @returns {Answer}
 */
export function problem(status, message, documentation = `${DOCS}/rest`) {
  return answer(status, { message, documentation_url: documentation, status: String(status) })
}

/** [D] for the refusal, [R] for the words; the real one is text, not JSON. */
export const userAgentMissing = () =>
  problem(
    403,
    'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.'
  )

/**
 * [D] for 400, [I] for the words.
 *
 * @param {string} version
 */
export const versionUnknown = version =>
  problem(400, `${version} is not a supported version.`, `${DOCS}/rest/about-the-rest-api/api-versions`)

/** [R] A token that is wrong, expired or revoked. */
export const badCredentials = () => problem(401, 'Bad credentials')

/**
 * [R] No token at all, for something that is public.
 *
 * @param {string} documentation
 */
export const authenticationRequired = documentation => problem(401, 'Requires authentication', documentation)

/**
 * [D] Not there, or not to be seen by this token: GitHub does not say which.
 *
 * @param {string} [documentation]
 */
export const notFound = documentation => problem(404, 'Not Found', documentation)

/**
 * [D] The token sees the thing and lacks the permission. Installation tokens and the workflow's own
 * GITHUB_TOKEN are integrations.
 *
 * @param {boolean} integration
 * @param {string} documentation
 */
export const notAccessible = (integration, documentation) =>
  problem(
    403,
    `Resource not accessible by ${integration ? 'integration' : 'personal access token'}`,
    documentation
  )

/**
 * [D] A repository that was renamed or moved: 301, or 307 where the method is to stay.
 *
 * @param {string} method
 * @param {string} url
 * @returns {Answer}
 */
export function moved(method, url) {
  const status = method === 'GET' ? 301 : 307
  const message = status === 301 ? 'Moved Permanently' : 'Temporary Redirect'
  return {
    status,
    headers: { Location: url },
    json: { message, url, documentation_url: `${DOCS}/rest/guides/best-practices-for-using-the-rest-api` }
  }
}

/** [D] */
export const jsonUnreadable = () => problem(400, 'Problems parsing JSON')

/** [D] */
export const bodyNotObject = () => problem(400, 'Body should be a JSON object')

/**
 * [D] for "Invalid request", [R] for what follows it.
 *
 * @param {string[]} faults
 * @param {string} documentation
 */
export const invalidRequest = (faults, documentation) =>
  problem(422, `Invalid request.\n\n${faults.join('\n')}`, documentation)

/**
 * [R] Sealed for another key: the repository's for an environment's secret, or a key of before. That an
 * unknown `key_id` is answered the same way is [I].
 *
 * @param {string} documentation
 */
export const sealedWrong = documentation =>
  problem(422, 'Bad request - validation failed due to an improperly encrypted secret', documentation)

/**
 * [R] for both texts where secrets are concerned, [I] for variables.
 *
 * @param {'Secret' | 'Variable'} what
 * @param {'characters' | 'prefix'} rule
 * @param {string} documentation
 */
export const nameRefused = (what, rule, documentation) =>
  problem(
    422,
    rule === 'prefix'
      ? `${what} names must not start with GITHUB_.`
      : `${what} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). ` +
          'Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).',
    documentation
  )

/**
 * [D] for the limit of 48 KB, [I] for 422, and the words are this file's own.
 *
 * @param {'Secret' | 'Variable'} what
 * @param {string} documentation
 */
export const valueTooLarge = (what, documentation) =>
  problem(422, `${what} values are limited to 48 KB.`, documentation)

/**
 * [R]
 *
 * @param {string} documentation
 */
export const variableExists = documentation =>
  problem(409, 'Already exists - Variable already exists', documentation)

/**
 * [D] for 409 where variables or single repositories are concerned, [I] for whole lists; words [I].
 *
 * @param {string} documentation
 */
export const notSelected = documentation =>
  problem(409, "Conflict: the visibility is not set to 'selected'", documentation)

/**
 * [D] for status and headers, [R] for the words.
 *
 * @param {string} whose  as in `user ID 583231`
 */
export const rateLimitExceeded = whose =>
  problem(403, `API rate limit exceeded for ${whose}.`, `${RATE_LIMITS}#about-primary-rate-limits`)

/**
 * [D] for 403 or 429 and for the words "secondary rate limit", [R] for the sentence. The older one names
 * an "abuse detection mechanism" instead; servers of their own may still send it.
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
