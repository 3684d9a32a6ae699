import { RequestError } from '../http/errors.js'
import type { HttpRequest, HttpResponse } from '../http/types.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import { type GitHubApi, requireJson } from './api.js'
import { unexpectedResponse } from './errors.js'
import { type Visibility, visibilityFields } from './scope.js'
import { isUsableKey, seal } from './seal.js'

/** Source: docs.github.com, "Using secrets in GitHub Actions". */
const MAX_SECRET_BYTES = 48 * 1024

/** Repositories per page; GitHub's maximum. */
const PAGE_SIZE = 100

/** Answers to a PUT after which it is certain that nothing was stored. After any other answer the outcome is unknown. */
const NOT_STORED_STATUS = new Set([400, 401, 403, 404, 409, 422, 429])

/** The key that seals the secrets of a scope. */
interface PublicKey {
  readonly id: string
  readonly key: string
}

/** What GitHub tells about a secret; never its value. */
export interface SecretInfo {
  /** In whole seconds. */
  readonly updatedAt: Date
  /** Present for an organisation's secret. */
  readonly visibility?: Visibility
}

/** A scope and the secret before the rotation. */
export interface SecretStore {
  readonly publicKey: PublicKey
  /** Undefined if the secret does not exist yet. */
  readonly secret?: SecretInfo
  /** The time by GitHub's clock. */
  readonly now: Date
}

/** Returns the public key and the secret's metadata. Throws ActionError, for example for a bad GitHub token. */
export async function readSecretStore(github: GitHubApi, name: string): Promise<SecretStore> {
  const { publicKey, response } = await readPublicKey(github)
  const secret = await readSecret(github, name)
  return { publicKey, now: dateOf(response), ...(secret === undefined ? {} : { secret }) }
}

/** Returns the secret's metadata; undefined if it does not exist. Throws ActionError. */
export async function readSecret(github: GitHubApi, name: string): Promise<SecretInfo | undefined> {
  const response = await github.send('GET', `/secrets/${name}`)
  if (response.status === 404) return undefined
  if (response.status !== 200) throw github.error(response, 'secrets')
  const { updated_at: updated, visibility } = requireJson(response)
  const updatedAt = new Date(String(updated))
  if (Number.isNaN(updatedAt.getTime())) throw unexpectedResponse(response, 'the secret has no updated_at')
  if (github.scope.kind !== 'organization') return { updatedAt }
  if (visibility === 'selected') {
    return { updatedAt, visibility: { visibility, repositoryIds: await readRepositoryIds(github, name) } }
  }
  if (visibility !== 'all' && visibility !== 'private')
    throw unexpectedResponse(response, 'the secret has no known visibility')
  return { updatedAt, visibility: { visibility } }
}

/** The outcome of storing a value, and what went wrong unless it is stored. `unknown`: it may be stored or not. */
export type PutResult =
  | { readonly outcome: 'stored' }
  | { readonly outcome: 'not-stored' | 'unknown'; readonly error: unknown }

/**
 * Seals a value and stores it. If the public key changed in the meantime, reads it again once. `onAttempt` is called
 * as `HttpRequest.onAttempt`. Throws only before the first attempt.
 */
export async function putSecret(
  github: GitHubApi,
  name: string,
  options: {
    readonly value: Secret
    readonly publicKey: PublicKey
    readonly visibility: Visibility | undefined
  } & Required<Pick<HttpRequest, 'onAttempt'>>
): Promise<PutResult> {
  const { value, publicKey, visibility, onAttempt } = options
  if (value.inspect(text => Buffer.byteLength(text)) > MAX_SECRET_BYTES) {
    throw new ActionError(
      'secret-refused',
      'The token is larger than 48 KB, the maximum size of a GitHub secret.',
      'Use a login method with smaller tokens.'
    )
  }
  let isUnderWay = false
  const track: typeof onAttempt = state => {
    onAttempt(state)
    isUnderWay = state === 'started'
  }
  const put = async (sealed: string, keyId: string): Promise<PutResult> => {
    const body = {
      encrypted_value: sealed,
      key_id: keyId,
      ...(visibility === undefined ? {} : visibilityFields(visibility))
    }
    try {
      const response = await github.send('PUT', `/secrets/${name}`, { body, onAttempt: track })
      if (response.status === 201 || response.status === 204) return { outcome: 'stored' }
      const isRefused = NOT_STORED_STATUS.has(response.status) && !response.earlierMayHaveBeenApplied
      return { outcome: isRefused ? 'not-stored' : 'unknown', error: github.error(response, 'secrets') }
    } catch (error) {
      const isUnsent = !isUnderWay || (error instanceof RequestError && !error.mayHaveBeenApplied)
      return { outcome: isUnsent ? 'not-stored' : 'unknown', error }
    }
  }
  const result = await put(await seal(value, publicKey.key), publicKey.id)
  if (result.outcome !== 'not-stored' || !isRefused(result.error)) return result
  const current = await readPublicKey(github).then(
    read => read.publicKey,
    () => publicKey
  )
  return current.id === publicKey.id ? result : put(await seal(value, current.key), current.id)
}

function isRefused(error: unknown): boolean {
  return error instanceof ActionError && error.code === 'secret-refused'
}

/** Returns the ids of all repositories that can read an organisation's secret. */
async function readRepositoryIds(github: GitHubApi, name: string): Promise<number[]> {
  const ids: number[] = []
  for (let page = 1; ; page++) {
    const path = `/secrets/${name}/repositories?per_page=${PAGE_SIZE}&page=${page}`
    const response = await github.send('GET', path)
    if (response.status !== 200) throw github.error(response, 'secrets')
    const { total_count: total, repositories } = requireJson(response)
    if (!Array.isArray(repositories) || typeof total !== 'number')
      throw unexpectedResponse(response, 'it has no list of repositories')
    for (const repository of repositories as { id?: unknown }[]) {
      if (typeof repository?.id !== 'number')
        throw unexpectedResponse(response, 'a repository in it has no id')
      ids.push(repository.id)
    }
    if (ids.length >= total || repositories.length === 0) return ids
  }
}

async function readPublicKey(
  github: GitHubApi
): Promise<{ readonly publicKey: PublicKey; readonly response: HttpResponse }> {
  const response = await github.send('GET', '/secrets/public-key')
  if (response.status !== 200) throw github.error(response, 'secrets')
  const { key_id: id, key } = requireJson(response)
  // Checked before a token is requested, because a key that cannot seal would waste it.
  if (typeof id !== 'string' || typeof key !== 'string' || !(await isUsableKey(key)))
    throw unexpectedResponse(response, 'it has no usable public key')
  return { publicKey: { id, key }, response }
}

function dateOf({ headers, sentAt }: HttpResponse): Date {
  const date = new Date(headers['date'] ?? '')
  return Number.isNaN(date.getTime()) ? sentAt : date
}
