import { exchange } from './auth/index.js'
import { type Clock, Wire } from './http/wire.js'
import type { Console } from './step/console.js'
import type { Environment } from './step/inputs/declared.js'
import { readInputs } from './step/inputs/index.js'
import { publish, type Undo } from './step/publish.js'
import { published, started } from './step/story.js'

/** What the step needs of the world around it. */
export interface World {
  readonly env: Environment
  readonly console: Console
  readonly clock: Clock
}

/** Exchanges credentials for a token and hands it on. Returns how to take that back; throws an `ActionError`. */
export async function main({ env, console, clock }: World): Promise<Undo> {
  const asked = readInputs(env, console.mask)
  started(asked, console)
  const wire = new Wire({
    limits: asked.limits,
    clock,
    hide: console.hide,
    say: console.info,
    debug: console.debug
  })
  try {
    const grant = await exchange(asked.request, wire, { secret: console.mask })
    const undo = publish(grant, asked.request, asked.handOver, console)
    published(grant, asked.request, asked.handOver, wire.sent, console)
    return undo
  } finally {
    wire.close()
  }
}
