import { exchange, identify } from './auth/index.js'
import type { Grant, Organization } from './auth/request.js'
import { ActionError } from './errors.js'
import { Wire } from './http/wire.js'
import type { World } from './main.js'
import { cleaningWire, revokeAll } from './revocation.js'
import type { Secret } from './secret.js'
import { Custody } from './step/custody.js'
import { requireLifetime, requireOrganization } from './step/guard.js'
import { type RotationAsked, readRotation } from './step/inputs/rotation.js'
import {
  leftAlone,
  notRotated,
  reportRotation,
  rotated,
  rotating,
  wouldRotate
} from './step/rotation-story.js'
import { requireRunner } from './step/runner.js'
import { started } from './step/story.js'
import { GitHub } from './store/github.js'
import type { Sharing } from './store/place.js'
import { readSecret, readStore, type Store, storeSecret } from './store/secrets.js'
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
  } catch (error) {
    notRotated()
    throw error
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
    await put(world, asked, github, store, sharing, grant.token.value, custody)
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
 * go then, and takes it back when it is known not to be stored. Throws where it was not, or may not have been.
 */
async function put(
  world: World,
  asked: RotationAsked,
  github: GitHub,
  store: Store,
  sharing: Sharing | undefined,
  value: Secret,
  custody: Custody
): Promise<void> {
  const last = custody.issued.at(-1)
  const letGo = () => {
    if (last) custody.release(last)
  }
  const storing = await storeSecret(github, asked.secretName, value, store.publicKey, sharing, letGo)
  if (storing.stored) return
  const stored = storing.isCertain ? false : await wasStored(world, asked, store)
  if (stored === true) return
  if (stored === 'unknown') throw new MaybeStored(storing.why)
  if (last) custody.retake(last)
  throw storing.why
}

/** Where no answer told it, the secret's own date tells whether it was stored; there is time of its own for that. */
async function wasStored(
  { console, clock }: World,
  asked: RotationAsked,
  store: Store
): Promise<boolean | 'unknown'> {
  const wire = cleaningWire(console, clock)
  try {
    const secret = await readSecret(
      new GitHub(asked.apiUrl, asked.githubToken, asked.place, wire),
      asked.secretName
    )
    if (secret === undefined) return false
    const before = store.secret?.updatedAt.getTime()
    if (secret.updatedAt.getTime() !== before) return true
    // Dates have whole seconds: of a secret that was updated in the very second of the first look, they tell nothing.
    return secret.updatedAt >= store.now ? 'unknown' : false
  } catch {
    return 'unknown'
  } finally {
    wire.close()
  }
}

/** The secret may hold the new token: it must live, for the old one may be gone. */
class MaybeStored extends ActionError {
  constructor(cause: unknown) {
    const { code, message } =
      cause instanceof ActionError
        ? cause
        : { code: 'internal-error' as const, message: 'Storing the secret failed.' }
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
  for (const [index, one] of issued.entries()) if (ends[index]?.status === 'fulfilled') custody.release(one)
  const failed = ends.filter(({ status }) => status === 'rejected').length
  const what = error instanceof MaybeStored ? 'The initial token' : 'The secret is as it was; the new token'
  if (failed === 0) console.info(`${what} is revoked.`)
  else console.warn(`${what} could not be revoked yet, which is tried again when the job ends.`)
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
  const isSameClient = previous.clientId !== undefined && previous.clientId === successor.clientId
  if (previous.id !== successor.id || !isSameClient) {
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
  if (secret === undefined || rotateAfterSeconds === 0) return false
  return now.getTime() - secret.updatedAt.getTime() < rotateAfterSeconds * 1000
}

function firstSharing({ place }: RotationAsked): Sharing | undefined {
  return place.kind === 'organization' ? { visibility: 'private' } : undefined
}
