/** Which repositories may use what an organisation holds. */

/**
 * @typedef {import('./state.mjs').Sharing} Sharing
 * @typedef {import('./operations.mjs').Call} Call
 */

/**
 * @param {{name: string} & Sharing} kept
 * @param {Call} call
 * @param {'secrets' | 'variables'} kind
 * @returns {object} what an answer says of it; nothing outside organisations
 */
export function sharingOf({ name, visibility }, { params, url }, kind) {
  if (visibility === undefined) return {}
  const address = `${url}/orgs/${params['org']}/actions/${kind}/${name}/repositories`
  return { visibility, ...(visibility === 'selected' && { selected_repositories_url: address }) }
}

/**
 * @param {Record<string, any>} body
 * @param {Sharing} [before]  what stands until now
 * @returns {Sharing}
 */
export function sharingFrom(body, before = {}) {
  const visibility = body['visibility'] ?? before.visibility
  if (visibility === undefined) return {}
  if (visibility !== 'selected') return { visibility }
  return {
    visibility,
    selectedRepositoryIds: body['selected_repository_ids'] ?? before.selectedRepositoryIds ?? []
  }
}
