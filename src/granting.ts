import { exchange, identify } from './auth/index.js'
import type { Organization } from './auth/request.js'
import { type Clock, Wire } from './http/wire.js'
import type { World } from './main.js'
import { type Revocable, revokeAll } from './revocation.js'
import type { Console } from './step/console.js'
import { Custody } from './step/custody.js'
import { requireLifetime, requireOrganization } from './step/guard.js'
import type { StepAsked } from './step/inputs/index.js'
import { type Granted, publish, type Undo } from './step/publish.js'
import { handedOn } from './step/story.js'
import { summarise } from './step/summary.js'

/** Does what was asked. Returns how to take it back; throws an `ActionError`. */
export async function grant(asked: StepAsked, { console, clock }: World): Promise<Undo> {
  const custody = new Custody()
  try {
    const granted = await obtain(asked, custody, console, clock)
    return handOn(granted, asked, custody, console)
  } catch (error) {
    await discard(custody, console, clock)
    throw error
  }
}

/** Publishes the token and tells of it, without a pause in which a signal could be heard. */
function handOn(granted: Granted, asked: StepAsked, custody: Custody, console: Console): Undo {
  const undo = publish(granted, asked, custody, console)
  try {
    handedOn(granted, asked, console)
    summarise(granted, asked, console)
    return undo
  } catch (error) {
    undo()
    throw error
  }
}

/** Returns a token that has passed every check that was asked for. */
async function obtain(asked: StepAsked, custody: Custody, console: Console, clock: Clock): Promise<Granted> {
  const { request, guards, limits } = asked
  const { mask, hide, info, debug } = console
  const wire = new Wire({ limits, clock, hide, say: info, debug })
  try {
    const grant = await exchange(request, wire, { secret: mask, issued: custody.take })
    requireLifetime(grant.token, guards, request)
    let organization: Organization | undefined
    if (guards.verify) {
      organization = await identify(request, grant, wire)
      requireOrganization(organization, guards)
    }
    return { grant, organization, requests: wire.sent, at: new Date(clock.now()) }
  } finally {
    wire.close()
  }
}

/** Ends what was issued to a step that failed, where the platform can: nobody is going to use it. */
async function discard(custody: Custody, console: Console, clock: Clock): Promise<void> {
  const issued = custody.issued.filter(({ revokedAt }) => revokedAt !== undefined)
  if (issued.length === 0) return
  const revocable = issued.map(
    ({ token, revokedAt }): Revocable => ({ value: token.value, revokedAt: revokedAt ?? '' })
  )
  const ends = await revokeAll(revocable, console, clock)
  for (const [index, one] of issued.entries()) if (ends[index]?.status === 'fulfilled') custody.release(one)
  if (ends.every(({ status }) => status === 'fulfilled'))
    console.info('The token is not handed on; it is revoked.')
  else console.warn('The token is not handed on; revoking it failed and is tried again when the job ends.')
}
