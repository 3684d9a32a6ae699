import { identify } from './auth/index.js'
import { type Obtained, obtain } from './auth/obtain.js'
import type { ExchangeResult, Organization } from './auth/provider.js'
import { endIssued, revokeAll } from './auth/revocation.js'
import { GitHub } from './github/api.js'
import type { Visibility } from './github/scope.js'
import { readSecret, readStore, type Store } from './github/secrets.js'
import { tryVariable, UNKNOWN_EXPIRY, writeVariable } from './github/variables.js'
import { HttpSession } from './http/session.js'
import { type RotateInputs, readRotation } from './inputs/rotate-inputs.js'
import { ActionError } from './lib/action-error.js'
import type { Context } from './main.js'
import { leftAlone, notRotated, reportRotation, rotated, rotating, wouldRotate } from './rotation/messages.js'
import { MaybeStored, storeToken } from './rotation/store.js'
import { requireRunner } from './runner/command-files.js'
import { started } from './runner/messages.js'
import { TokenState } from './runner/token-state.js'

/**
 * Keeps a stored token fresh. Whatever fails, nothing is lost: the secret holds the old token until the new one
 * is proved and sealed, and a token that is not stored is revoked. Throws an `ActionError`.
 */
export async function rotate(world: Context): Promise<void> {
  const { env, console, clock } = world
  const asked = readRotation(env, console.mask)
  requireRunner(env, ['GITHUB_OUTPUT', 'GITHUB_STATE'])
  const { hide, info, debug } = console
  const wire = new HttpSession({ limits: asked.limits, clock, hide, say: info, debug })
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
  world: Context,
  asked: RotateInputs,
  github: GitHub,
  store: Store,
  wire: HttpSession
): Promise<void> {
  const { console } = world
  const sharing = asked.sharing ?? store.secret?.sharing ?? firstSharing(asked)
  const { grant, organization } = await replace(world, asked, github, store, sharing, wire)
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
  await afterwards('The outputs could not be written', console, async () =>
    reportRotation(grant.token, updatedAt, asked)
  )
}

/** Returns the token that the secret holds from now on; where that fails, what was issued is ended before it throws. */
async function replace(
  world: Context,
  asked: RotateInputs,
  github: GitHub,
  store: Store,
  sharing: Visibility | undefined,
  wire: HttpSession
): Promise<Obtained> {
  const { console } = world
  const tokenState = new TokenState()
  try {
    // The right to write a variable shows before anything is made; the right to write a secret cannot.
    if (asked.expiryVariable !== undefined) await tryVariable(github, asked.expiryVariable, sharing)
    started(asked, console)
    const obtained = await obtain(asked, wire, { secret: console.mask, issued: tokenState.take })
    await storeToken(world, asked, github, store, sharing, obtained.grant.token.value, tokenState)
    return obtained
  } catch (error) {
    await discard(error, tokenState, world)
    throw error
  }
}

/** Ends the tokens of a rotation that failed, unless the secret may hold one of them. */
async function discard(error: unknown, tokenState: TokenState, { console, clock }: Context): Promise<void> {
  const mayBeStored = error instanceof MaybeStored
  const issued = mayBeStored ? tokenState.issued.slice(0, -1) : tokenState.issued
  if (issued.length === 0) return
  const what = mayBeStored ? 'The initial token' : 'The secret is as it was; the new token'
  if (await endIssued(issued, tokenState, console, clock)) console.info(`${what} is revoked.`)
  else console.warn(`${what} could not be revoked yet, which is tried again when the job ends.`)
}

/** Revokes the token that was stored until now, if it is certain that it is the new one's predecessor. */
async function retire(
  { console, clock }: Context,
  { previousToken, request }: RotateInputs,
  grant: ExchangeResult,
  organization: Organization | undefined,
  wire: HttpSession
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
  const [end] = await revokeAll([{ value: previousToken, revocationBaseUrl: grant.apiUrl }], console, clock)
  if (end?.status === 'rejected') throw end.reason
  console.info(`The previous token is ${end?.value ?? 'gone'}.`)
}

/** What fails once the secret is stored is a warning: the rotation itself is done. */
async function afterwards(
  failed: string,
  console: Context['console'],
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

function isYoung({ secret, now }: Store, { rotateAfterSeconds }: RotateInputs): boolean {
  if (secret === undefined || rotateAfterSeconds === 0) return false
  return now.getTime() - secret.updatedAt.getTime() < rotateAfterSeconds * 1000
}

function firstSharing({ place }: RotateInputs): Visibility | undefined {
  return place.kind === 'organization' ? { visibility: 'private' } : undefined
}
