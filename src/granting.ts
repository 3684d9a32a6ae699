import { obtain } from './auth/obtain.js'
import { endIssued } from './auth/revocation.js'
import { type Clock, Wire } from './http/session.js'
import type { StepAsked } from './inputs/main-inputs.js'
import type { World } from './main.js'
import type { Console } from './runner/logger.js'
import { handedOn } from './runner/messages.js'
import { type Granted, publish, type Undo } from './runner/outputs.js'
import { summarise } from './runner/summary.js'
import { Custody } from './runner/token-state.js'

/** Does what was asked. Returns how to take it back; throws an `ActionError`. */
export async function grant(asked: StepAsked, { console, clock }: World): Promise<Undo> {
  const { mask, hide, info, debug } = console
  const custody = new Custody()
  const wire = new Wire({ limits: asked.limits, clock, hide, say: info, debug })
  try {
    const obtained = await obtain(asked, wire, { secret: mask, issued: custody.take })
    const granted = { ...obtained, requests: wire.requests, attempts: wire.sent, at: new Date(clock.now()) }
    return handOn(granted, asked, custody, console)
  } catch (error) {
    await discard(custody, console, clock)
    throw error
  } finally {
    wire.close()
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

/** Ends what was issued, where the platform can, and says so. */
async function discard(custody: Custody, console: Console, clock: Clock): Promise<void> {
  if (custody.issued.length === 0) return
  if (await endIssued(custody.issued, custody, console, clock)) {
    console.info('The token is not handed on; it is revoked.')
  } else console.warn('The token is not handed on; revoking it failed and is tried again when the job ends.')
}
