/** What secrets and variables have in common in GitHub's answers. */

/**
 * @typedef {object} Seal  opens sealed boxes
 * @property {(box: Uint8Array, publicKey: Uint8Array, privateKey: Uint8Array) => string | undefined} open
 *   undefined if the box was sealed with another key
 *
 * @typedef {object} Call  a request that may be carried out
 * @property {import('./state.mjs').World} world
 * @property {import('./state.mjs').Holder} holder  the repository, environment or organization
 * @property {Record<string, string>} params
 * @property {URLSearchParams} query
 * @property {Record<string, any>} body
 * @property {string} url  base address of the API
 * @property {string} documentation
 * @property {number} now  milliseconds
 * @property {Seal | undefined} seal
 */

/** Returns a date as GitHub writes it: UTC, seconds rounded down. @param {number} at */
const wholeSeconds = at => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')

/**
 * Returns name, dates and, in an organization, the visibility.
 *
 * @param {import('./state.mjs').Entry & import('./state.mjs').Sharing} entry
 * @param {Call} call
 * @param {'secrets' | 'variables'} kind
 */
export function describeEntry({ name, createdAt, updatedAt, visibility }, { params, url }, kind) {
  const address = `${url}/orgs/${params['org']}/actions/${kind}/${name}/repositories`
  return {
    name,
    created_at: wholeSeconds(createdAt),
    updated_at: wholeSeconds(updatedAt),
    ...(visibility !== undefined && { visibility }),
    ...(visibility === 'selected' && { selected_repositories_url: address })
  }
}

/**
 * Returns who may use an entry after a request with this body.
 *
 * @param {Record<string, any>} body
 * @param {import('./state.mjs').Sharing} [before]
 * @returns {import('./state.mjs').Sharing}
 */
export function sharingAfter(body, before = {}) {
  const visibility = body['visibility'] ?? before.visibility
  if (visibility === undefined) return {}
  const ids = body['selected_repository_ids'] ?? before.selectedRepositoryIds ?? []
  return { visibility, ...(visibility === 'selected' && { selectedRepositoryIds: ids }) }
}
