/** What a request did wrong that a careful client never does. Tests assert that there is none. */

/**
 * @typedef {object} Violation
 * @property {'header' | 'route' | 'address' | 'body' | 'value' | 'stand-in'} kind
 *   `value`: well-formed, yet refused with 422 (a name, a size, a seal). `stand-in`: not the client's
 *   fault; the stand-in answered what GitHub's description does not allow
 * @property {string} request  method and path
 * @property {string} problem
 */

/** The version that everything here is written for. */
export const API_VERSION = '2022-11-28'

/**
 * GitHub lets these pass, and what comes of it is chance: without a version it takes one of its own
 * choosing, and a body is JSON to it whatever its header says.
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {string} body
 * @returns {string[]}
 */
export function carelessHeaders(headers, body) {
  const problems = []
  if (headers['x-github-api-version'] === undefined) problems.push('X-GitHub-Api-Version is missing')
  if (!/\bapplication\/(vnd\.github\+)?json\b/.test(headers.accept ?? '')) {
    problems.push('Accept asks for something else than application/vnd.github+json')
  }
  if (body !== '' && !/^application\/json\b/.test(headers['content-type'] ?? '')) {
    problems.push('Content-Type of a JSON body is not application/json')
  }
  return problems
}
