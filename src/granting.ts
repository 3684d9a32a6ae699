import { obtain } from './auth/obtain.js'
import { endIssued } from './auth/revocation.js'
import { type Clock, HttpSession } from './http/session.js'
import type { MainInputs } from './inputs/main-inputs.js'
import type { Context } from './main.js'
import type { Logger } from './runner/logger.js'
import { handedOn } from './runner/messages.js'
import { type Granted, publish, type Undo } from './runner/outputs.js'
import { summarise } from './runner/summary.js'
import { TokenState } from './runner/token-state.js'

/** Does what was asked. Returns how to take it back; throws an `ActionError`. */
export async function grant(asked: MainInputs, { console, clock }: Context): Promise<Undo> {
  const { mask, hide, info, debug } = console
  const tokenState = new TokenState()
  const wire = new HttpSession({ limits: asked.limits, clock, hide, say: info, debug })
  try {
    const obtained = await obtain(asked, wire, { secret: mask, issued: tokenState.take })
    const granted = { ...obtained, requests: wire.requests, attempts: wire.sent, at: new Date(clock.now()) }
    return handOn(granted, asked, tokenState, console)
  } catch (error) {
    await discard(tokenState, console, clock)
    throw error
  } finally {
    wire.close()
  }
}

/** Publishes the token and tells of it, without a pause in which a signal could be heard. */
function handOn(granted: Granted, asked: MainInputs, tokenState: TokenState, console: Logger): Undo {
  const undo = publish(granted, asked, tokenState, console)
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
async function discard(tokenState: TokenState, console: Logger, clock: Clock): Promise<void> {
  if (tokenState.issued.length === 0) return
  if (await endIssued(tokenState.issued, tokenState, console, clock)) {
    console.info('The token is not handed on; it is revoked.')
  } else console.warn('The token is not handed on; revoking it failed and is tried again when the job ends.')
}
