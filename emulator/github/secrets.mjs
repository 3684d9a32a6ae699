/** The requests for secrets: the same for repository, environment and organization. */
import {
  answer,
  invalidRequest,
  notFound,
  notSelected,
  refuseName,
  refuseSize,
  sealedWrong
} from './answers.mjs'
import { describeEntry, sharingAfter } from './entries.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./entries.mjs').Call} Call
 */

/** A sealed box is longer than its content by the sender's key (32 bytes) and the authenticator (16 bytes). */
const SEAL_BYTES = 48

/** @param {Call} call */
export function getPublicKey({ holder: { key } }) {
  return answer(200, { key_id: key.id, key: Buffer.from(key.publicKey).toString('base64') })
}

/** @param {Call} call */
export function getSecret(call) {
  const secret = find(call)
  return secret ? answer(200, describeEntry(secret, call, 'secrets')) : notFound(call.documentation)
}

/** @param {Call} call */
export function putSecret(call) {
  const { holder, params, body, documentation, now } = call
  const name = (params['secret_name'] ?? '').toUpperCase()
  const refusal = refuseName('Secret', name, documentation)
  if (refusal) return refusal
  const opened = open(call)
  if ('status' in opened) return opened
  const before = holder.secrets.get(name)
  const createdAt = before?.createdAt ?? now
  holder.secrets.set(name, { name, createdAt, updatedAt: now, ...opened, ...sharingAfter(body) })
  return before ? answer(204) : answer(201, {})
}

/** @param {Call} call */
export function listSelectedRepositories(call) {
  const secret = find(call)
  if (!secret) return notFound(call.documentation)
  if (secret.visibility !== 'selected') return notSelected(call.documentation)
  const repositories = (secret.selectedRepositoryIds ?? []).flatMap(id => {
    const repository = call.world.repositoryById(id)
    if (!repository) return []
    const { owner, name, private: isPrivate } = repository
    return [{ id, name, full_name: `${owner}/${name}`, private: isPrivate }]
  })
  // Links to other pages name the organization by its number [R].
  const { id } = call.world.organization(call.params['org'] ?? '') ?? {}
  const address = `${call.url}/organizations/${id}/actions/secrets/${secret.name}/repositories`
  const perPage = Math.min(positive(call.query.get('per_page'), 30), 100)
  const page = positive(call.query.get('page'), 1)
  const items = repositories.slice((page - 1) * perPage, page * perPage)
  const headers = pageLinks(address, page, perPage, Math.ceil(repositories.length / perPage))
  return { status: 200, headers, json: { total_count: repositories.length, repositories: items } }
}

/** @param {Call} call */
export function setSelectedRepositories(call) {
  const secret = find(call)
  if (!secret) return notFound(call.documentation)
  if (secret.visibility !== 'selected') return notSelected(call.documentation)
  const ids = call.body['selected_repository_ids'] ?? []
  const unknown = ids.filter((/** @type {number} */ id) => !call.world.repositoryById(id))
  // [I] GitHub's answer to an unknown id.
  if (unknown.length > 0) {
    return invalidRequest([`There is no repository ${unknown.join(', ')}.`], call.documentation)
  }
  secret.selectedRepositoryIds = ids
  return answer(204)
}

/** @param {Call} call */
function find({ holder, params }) {
  return holder.secrets.get((params['secret_name'] ?? '').toUpperCase())
}

/**
 * @param {Call} call
 * @returns {import('./state.mjs').SealedValue | Answer}
 */
function open({ holder, body, documentation, seal }) {
  const sealed = String(body['encrypted_value'] ?? '')
  const { id, publicKey, privateKey } = holder.key
  const box = new Uint8Array(Buffer.from(sealed, 'base64'))
  const bytes = box.length - SEAL_BYTES
  if (body['key_id'] !== id || bytes < 0) return sealedWrong(documentation)
  const refusal = refuseSize('Secret', bytes, documentation)
  if (refusal) return refusal
  if (!seal) return { value: undefined, bytes, sealed }
  const value = seal.open(box, publicKey, privateKey)
  return value === undefined ? sealedWrong(documentation) : { value, bytes, sealed }
}

/**
 * Returns the `Link` header, absent if there is one page.
 *
 * @param {string} address
 * @param {number} page
 * @param {number} perPage
 * @param {number} last
 * @returns {Record<string, string>}
 */
function pageLinks(address, page, perPage, last) {
  /** @type {Record<string, number>} */
  const pages = {
    ...(page > 1 && { prev: page - 1 }),
    ...(page < last && { next: page + 1, last }),
    ...(page > 1 && { first: 1 })
  }
  const links = Object.entries(pages).map(
    ([rel, to]) => `<${address}?per_page=${perPage}&page=${to}>; rel="${rel}"`
  )
  return links.length > 0 ? { Link: links.join(', ') } : {}
}

/**
 * @param {string | null} text
 * @param {number} otherwise
 */
function positive(text, otherwise) {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : otherwise
}
