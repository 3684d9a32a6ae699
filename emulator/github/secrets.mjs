/** The requests about secrets, the same for repository, environment and organisation. */
import { answer, invalidRequest, notFound, notSelected, sealedWrong } from './answers.mjs'
import { datesOf } from './dates.mjs'
import { page } from './paging.mjs'
import { minimalRepository } from './repositories.mjs'
import { refuseName, refuseSize, SEAL_BYTES } from './rules.mjs'
import { sharingFrom, sharingOf } from './sharing.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./operations.mjs').Call} Call
 * @typedef {import('./state.mjs').Holder} Holder
 * @typedef {import('./state.mjs').SealedValue} SealedValue
 */

/** @param {Call} call */
export function getPublicKey({ holder }) {
  const { id, publicKey } = holder.key
  return answer(200, { key_id: id, key: Buffer.from(publicKey).toString('base64') })
}

/** @param {Call} call */
export function getSecret(call) {
  const secret = find(call)
  if (!secret) return notFound(call.documentation)
  return answer(200, { name: secret.name, ...datesOf(secret), ...sharingOf(secret, call, 'secrets') })
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
  holder.secrets.set(name, {
    name,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    ...opened,
    ...sharingFrom(body)
  })
  return before ? answer(204) : answer(201, {})
}

/** @param {Call} call */
export function listSelectedRepositories(call) {
  const secret = find(call)
  if (!secret) return notFound(call.documentation)
  if (secret.visibility !== 'selected') return notSelected(call.documentation)
  const repositories = (secret.selectedRepositoryIds ?? []).flatMap(id => {
    const repository = call.world.repositoryById(id)
    return repository ? [minimalRepository(repository, call.url)] : []
  })
  const organization = call.world.organization(call.params['org'] ?? '')
  // As GitHub's links do, by the number: whoever takes them apart finds no `/orgs/` in them [R].
  const address = `${call.url}/organizations/${organization?.id}/actions/secrets/${secret.name}/repositories`
  const { items, headers } = page(repositories, call.query, address)
  return { status: 200, headers, json: { total_count: repositories.length, repositories: items } }
}

/** @param {Call} call */
export function setSelectedRepositories(call) {
  const secret = find(call)
  if (!secret) return notFound(call.documentation)
  if (secret.visibility !== 'selected') return notSelected(call.documentation)
  const ids = call.body['selected_repository_ids'] ?? []
  const unknown = ids.filter((/** @type {number} */ id) => !call.world.repositoryById(id))
  // [I] Whatever GitHub says to it, an id of no repository is a mistake.
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
 * @returns {SealedValue | Answer}
 */
function open({ holder, body, documentation, seal }) {
  const sealed = String(body['encrypted_value'] ?? '')
  const { id, publicKey, privateKey } = holder.key
  if (body['key_id'] !== id) return sealedWrong(documentation)

  const box = new Uint8Array(Buffer.from(sealed, 'base64'))
  const bytes = box.length - SEAL_BYTES
  if (bytes < 0) return sealedWrong(documentation)
  const refusal = refuseSize('Secret', bytes, documentation)
  if (refusal) return refusal
  if (!seal) return { value: undefined, bytes, sealed }

  const value = seal.open(box, publicKey, privateKey)
  return value === undefined ? sealedWrong(documentation) : { value, bytes, sealed }
}
