import { Unanswered } from '../http/failures.js'
import type { HttpResponse } from '../http/types.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { GitHub } from './api.js'
import type { Visibility } from './scope.js'
import { isUsable, seal } from './seal.js'

/** A secret holds at most 48 KB (docs.github.com, "Using secrets in GitHub Actions"). */
const LARGEST_SECRET_BYTES = 48 * 1024

const PUBLIC_KEY = '/secrets/public-key'

/** Repositories that are read at once; GitHub gives no more. */
const PAGE = 100

/** The key that a place's secrets are sealed with. */
interface PublicKey {
  readonly id: string
  readonly key: string
}

/** A secret as GitHub tells of it: never its value. */
export interface StoredSecret {
  /** Whole seconds. */
  readonly updatedAt: Date
  /** Present with an organisation's secret. */
  readonly sharing?: Visibility
}

/** The place and the secret as they are before anything is made. */
export interface Store {
  readonly publicKey: PublicKey
  /** Absent where there is none of that name yet. */
  readonly secret?: StoredSecret
  /** GitHub's own clock, which ages are told by. */
  readonly now: Date
}

/** Returns the place's key and what is told of the secret; a bad GitHub token or a wrong place shows here. */
export async function readStore(github: GitHub, name: string): Promise<Store> {
  const answer = await github.send('GET', PUBLIC_KEY)
  const publicKey = await publicKeyIn(github, answer)
  const secret = await readSecret(github, name)
  return { publicKey, now: dateOf(answer), ...(secret === undefined ? {} : { secret }) }
}

/** Returns what is told of the secret, `undefined` where there is none; throws an `ActionError`. */
export async function readSecret(github: GitHub, name: string): Promise<StoredSecret | undefined> {
  const answer = await github.send('GET', `/secrets/${name}`)
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw github.refusal(answer, 'secrets')
  const { updated_at: updated, visibility } = github.json(answer)
  const updatedAt = new Date(String(updated))
  if (Number.isNaN(updatedAt.getTime())) throw badAnswer('secret', 'no updated_at')
  if (github.place.kind !== 'organization') return { updatedAt }
  if (visibility === 'selected') {
    return { updatedAt, sharing: { visibility, repositoryIds: await readSelected(github, name) } }
  }
  if (visibility !== 'all' && visibility !== 'private')
    throw badAnswer('secret', 'no visibility that is known')
  return { updatedAt, sharing: { visibility } }
}

/** Whoever answers for the value's end while it is nowhere stored. */
export interface Keeper {
  /** GitHub may have the value from now on. */
  letGo(): void
  /** It has been refused, and is kept until it is sent again. */
  takeBack(): void
}

/** What came of storing; where it is not certain, GitHub may hold the value or not. */
export type Storing =
  | { readonly stored: true }
  | { readonly stored: false; readonly isCertain: boolean; readonly why: unknown }

/**
 * Seals the value and stores it: 201 and 204 are success. If the key was changed meanwhile, it is read again,
 * once. The keeper is told whenever the value is about to leave, and when it is certain that it is not stored so
 * far. Throws before the first of these alone.
 */
export async function storeSecret(
  github: GitHub,
  name: string,
  value: Secret,
  publicKey: PublicKey,
  sharing: Visibility | undefined,
  keeper: Keeper
): Promise<Storing> {
  if (value.inspect(text => Buffer.byteLength(text)) > LARGEST_SECRET_BYTES) {
    throw new ActionError(
      'secret-refused',
      'The token is larger than 48 KB, which GitHub stores in no secret.',
      'Use an exchange whose tokens are smaller.'
    )
  }
  const put = async (sealed: string, { id }: PublicKey): Promise<Storing> => {
    const body = {
      encrypted_value: sealed,
      key_id: id,
      ...(sharing === undefined ? {} : sharingBody(sharing))
    }
    const answer = await github.send('PUT', `/secrets/${name}`, body, {
      whileUntouched: () => keeper.takeBack(),
      beforeNext: () => keeper.letGo()
    })
    if (answer.status === 201 || answer.status === 204) return { stored: true }
    // A refusal is certain where no earlier attempt may have been carried out, its answer lost.
    const isCertain = answer.isOnlyOutcome && answer.status >= 400 && answer.status < 500
    return { stored: false, isCertain, why: github.refusal(answer, 'secrets') }
  }
  const sealed = await seal(value, publicKey.key)
  keeper.letGo()
  try {
    const first = await put(sealed, publicKey)
    if (first.stored || !first.isCertain || !isRefusedValue(first.why)) return first
    const current = await readPublicKey(github).catch(() => publicKey)
    return current.id === publicKey.id ? first : await put(await seal(value, current.key), current)
  } catch (error) {
    return { stored: false, isCertain: error instanceof Unanswered && error.untouched, why: error }
  }
}

function isRefusedValue(why: unknown): boolean {
  return why instanceof ActionError && why.code === 'secret-refused'
}

/** Returns how an organisation's secret or variable says who may read it. */
export function sharingBody({ visibility, repositoryIds }: Visibility): Readonly<Record<string, unknown>> {
  return visibility === 'selected'
    ? { visibility, selected_repository_ids: repositoryIds ?? [] }
    : { visibility }
}

/** Reads every page of the repositories that an organisation's secret is shared with. */
async function readSelected(github: GitHub, name: string): Promise<number[]> {
  const ids: number[] = []
  for (let page = 1; ; page++) {
    const answer = await github.send('GET', `/secrets/${name}/repositories?per_page=${PAGE}&page=${page}`)
    if (answer.status !== 200) throw github.refusal(answer, 'secrets')
    const { total_count: total, repositories } = github.json(answer)
    if (!Array.isArray(repositories) || typeof total !== 'number')
      throw badAnswer('secret', 'no list of repositories')
    for (const repository of repositories as { id?: unknown }[]) {
      if (typeof repository?.id !== 'number') throw badAnswer('secret', 'a repository without an id')
      ids.push(repository.id)
    }
    if (ids.length >= total || repositories.length === 0) return ids
  }
}

async function readPublicKey(github: GitHub): Promise<PublicKey> {
  return publicKeyIn(github, await github.send('GET', PUBLIC_KEY))
}

async function publicKeyIn(github: GitHub, answer: HttpResponse): Promise<PublicKey> {
  if (answer.status !== 200) throw github.refusal(answer, 'secrets')
  const { key_id: id, key } = github.json(answer)
  // Tried before anything is made: a key that cannot seal would cost a token.
  if (typeof id !== 'string' || typeof key !== 'string' || !(await isUsable(key))) {
    throw badAnswer('public key', 'no usable key')
  }
  return { id, key }
}

function dateOf(answer: HttpResponse): Date {
  const date = new Date(answer.headers['date'] ?? '')
  return Number.isNaN(date.getTime()) ? answer.sentAt : date
}

function badAnswer(what: string, missing: string): ActionError {
  return new ActionError(
    'bad-response',
    `GitHub’s answer about the ${what} holds ${missing}.`,
    'Check GITHUB_API_URL, and what stands between the runner and GitHub.'
  )
}
