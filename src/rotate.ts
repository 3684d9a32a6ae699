import { exchange, identify } from './auth/index.js'
import type { Grant, Issued, Organization } from './auth/request.js'
import { ActionError } from './errors.js'
import { Wire } from './http/wire.js'
import type { World } from './main.js'
import { revokeAll } from './revocation.js'
import type { Secret } from './secret.js'
import { Custody } from './step/custody.js'
import { requireLifetime, requireOrganization } from './step/guard.js'
import { type RotationAsked, readRotation } from './step/inputs/rotation.js'
import { leftAlone, reportRotation, rotated, rotating, wouldRotate } from './step/rotation-story.js'
import { requireRunner } from './step/runner.js'
import { started } from './step/story.js'
import { GitHub } from './store/github.js'
import type { Sharing } from './store/place.js'
import { readSecret, readStore, type Store, type StoredSecret, storeSecret } from './store/secrets.js'
import { tryVariable, UNKNOWN_EXPIRY, writeVariable } from './store/variables.js'

/**
 * Keeps a stored token fresh. Whatever fails, nothing is lost: the secret holds the old token until the new one
 * is proved and sealed, and a token that is not stored is revoked. Throws an `ActionError`.
 */
export async function rotate(world: World): Promise<void> {
  const { env, console, clock } = world
  const asked = readRotation(env, console.mask)
  requireRunner(env, ['GITHUB_OUTPUT', 'GITHUB_STATE'])
  const { hide, info, debug } = console
  const wire = new Wire({ limits: asked.limits, clock, hide, say: info, debug })
  const github = new GitHub(asked.apiUrl, asked.githubToken, asked.place, wire)
  try {
    const store = await readStore(github, asked.secretName)
    if (isYoung(store, asked)) return leftAlone(store, asked, console)
    if (asked.dryRun) return wouldRotate(store, asked, console)
    rotating(store, asked, console)
    await renew(world, asked, github, store, wire)
  } finally {
    wire.close()
  }
}

/** Makes a token, proves it, stores it, and only then touches what was there before. */
async function renew(
  world: World,
  asked: RotationAsked,
  github: GitHub,
  store: Store,
  wire: Wire
): Promise<void> {
  const { console } = world
  const custody = new Custody()
  const sharing = asked.sharing ?? store.secret?.sharing ?? firstSharing(asked)
  let grant: Grant
  let organization: Organization | undefined
  try {
    // The right to write a variable shows before anything is made; the right to write a secret cannot.
    if (asked.expiryVariable !== undefined) await tryVariable(github, asked.expiryVariable, sharing)
    started(asked, console)
    grant = await exchange(asked.request, wire, { secret: console.mask, issued: custody.take })
    requireLifetime(grant.token, asked.guards, asked.request)
    if (asked.guards.verify) {
      organization = await identify(asked.request, grant, wire)
      requireOrganization(organization, asked.guards)
    }
    await put(asked, github, store, sharing, grant.token.value, custody)
  } catch (error) {
    await discard(error, custody, world)
    throw error
  }
  rotated(grant, organization, asked, console)
  await afterwards('The variable could not be set', console, async () => {
    const expiry = grant.token.expiresAt?.toISOString() ?? UNKNOWN_EXPIRY
    if (asked.expiryVariable !== undefined) await writeVariable(github, asked.expiryVariable, expiry, sharing)
  })
  await afterwards('The previous token was not revoked', console, () =>
    retire(world, asked, grant, organization, wire)
  )
  let updatedAt: Date | undefined
  await afterwards('When the secret was updated could not be read', console, async () => {
    updatedAt = (await readSecret(github, asked.secretName))?.updatedAt
  })
  reportRotation(grant.token, updatedAt, asked)
}

/**
 * Stores the token. From the moment that GitHub may have it, the post step must not end it, so custody lets it
 * go first. Where no answer came, the secret's own date tells whether it was stored.
 */
async function put(
  asked: RotationAsked,
  github: GitHub,
  store: Store,
  sharing: Sharing | undefined,
  value: Secret,
  custody: Custody
): Promise<void> {
  const last = custody.issued.at(-1)
  if (last) custody.release(last)
  try {
    await storeSecret(github, asked.secretName, value, store.publicKey, sharing)
  } catch (error) {
    if (isRefusal(error)) throw error
    const now = await readSecret(github, asked.secretName).catch(() => 'unknown' as const)
    if (now === 'unknown' || isSameSecond(now, store)) throw new MaybeStored(error)
    if (now?.updatedAt.getTime() === store.secret?.updatedAt.getTime()) throw error
  }
}

/** Dates have whole seconds: of a secret that was updated in the very second of the first look, they tell nothing. */
function isSameSecond(secret: StoredSecret | undefined, store: Store): boolean {
  return (
    secret !== undefined &&
    secret.updatedAt.getTime() === store.secret?.updatedAt.getTime() &&
    secret.updatedAt >= store.now
  )
}

/** Whether GitHub's own answer says that the secret was not stored. */
function isRefusal(error: unknown): boolean {
  return error instanceof ActionError && !UNCERTAIN.has(error.code)
}

/** Without an answer, or with one that a machine in between may have given, the secret may have been stored. */
const UNCERTAIN = new Set(['timeout', 'network', 'tls', 'unavailable', 'bad-response', 'redirected'])

/** The secret may hold the new token: it must live, for the old one may be gone. */
class MaybeStored extends ActionError {
  constructor(cause: unknown) {
    const { code, message } =
      cause instanceof ActionError ? cause : { code: 'internal-error' as const, message: 'Storing failed' }
    super(
      code,
      `${message} Whether the secret holds the new token cannot be told.`,
      'The new token is left alive for that case, and nothing else was touched. Run it again: the next rotation sets the secret right.',
      { cause }
    )
  }
}

/** Ends the tokens of a rotation that failed, unless the secret may hold one of them. */
async function discard(error: unknown, custody: Custody, { console, clock }: World): Promise<void> {
  const doomed = error instanceof MaybeStored ? custody.issued.slice(0, -1) : custody.issued
  const issued = doomed.filter(({ revokedAt }) => revokedAt !== undefined)
  if (issued.length === 0) return
  const revocable = issued.map(({ token, revokedAt }) => ({ value: token.value, revokedAt: revokedAt ?? '' }))
  const ends = await revokeAll(revocable, console, clock)
  for (const [index, one] of issued.entries()) settle(one, ends[index]?.status === 'fulfilled', custody)
  const failed = ends.filter(({ status }) => status === 'rejected').length
  if (failed === 0) console.info('The new token is revoked; the secret is as it was.')
  else
    console.warn(
      'The secret is as it was; the new token could not be revoked yet, which is tried again when the job ends.'
    )
}

/** The post step goes on where revoking failed, with a token that custody had let go as well. */
function settle(issued: Issued, ended: boolean, custody: Custody): void {
  if (ended) custody.release(issued)
  else custody.retake(issued)
}

/** Revokes the token that was stored until now, if it is certain that it is the new one's predecessor. */
async function retire(
  { console, clock }: World,
  { previousToken, request }: RotationAsked,
  grant: Grant,
  organization: Organization | undefined,
  wire: Wire
): Promise<void> {
  if (previousToken === undefined || grant.apiUrl === undefined) return
  if (previousToken.equals(grant.token.value))
    return console.info('The previous token is the new one; it lives on.')
  const successor = organization ?? (await identify(request, grant, wire))
  const previous = await identify(
    request,
    { ...grant, token: { value: previousToken, kind: grant.token.kind } },
    wire
  ).catch(error => {
    if (error instanceof ActionError && error.code === 'credentials-rejected') return undefined
    throw error
  })
  if (previous === undefined) return console.info('The previous token is gone already.')
  if (previous.id !== successor.id || previous.clientId !== successor.clientId) {
    console.warn(
      'The previous token is of another organisation or OAuth client; it is not revoked. Check previous-token.'
    )
    return
  }
  const [end] = await revokeAll([{ value: previousToken, revokedAt: grant.apiUrl }], console, clock)
  if (end?.status === 'rejected') throw end.reason
  console.info(`The previous token is ${end?.value ?? 'gone'}.`)
}

/** What fails once the secret is stored is a warning: the rotation itself is done. */
async function afterwards(
  failed: string,
  console: World['console'],
  work: () => Promise<void>
): Promise<void> {
  try {
    await work()
  } catch (error) {
    console.warn(
      `${failed}: ${error instanceof ActionError ? `[${error.code}] ${error.message} ${error.hint}` : 'an error that nobody foresaw.'}`
    )
  }
}

function isYoung({ secret, now }: Store, { rotateAfterSeconds }: RotationAsked): boolean {
  return secret !== undefined && now.getTime() - secret.updatedAt.getTime() < rotateAfterSeconds * 1000
}

function firstSharing({ place }: RotationAsked): Sharing | undefined {
  return place.kind === 'organization' ? { visibility: 'private' } : undefined
}
