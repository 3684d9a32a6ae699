import type { Clock } from './http/wire.js'
import type { Console } from './step/console.js'
import type { Environment } from './step/inputs/declared.js'
import { readInputs } from './step/inputs/index.js'
import type { Undo } from './step/publish.js'
import { requireRunner } from './step/runner.js'
import { started } from './step/story.js'

/** What the step needs of the world around it. */
export interface World {
  readonly env: Environment
  readonly console: Console
  readonly clock: Clock
}

/** Exchanges credentials for a token and hands it on. Returns how to take that back; throws an `ActionError`. */
export async function main(world: World): Promise<Undo> {
  const { env, console } = world
  const asked = readInputs(env, console.mask)
  const { exportEnv, toolEnv, tokenFile } = asked.handOver
  const files = ['GITHUB_OUTPUT', 'GITHUB_STATE', ...(toolEnv || exportEnv.length > 0 ? ['GITHUB_ENV'] : [])]
  requireRunner(env, files, tokenFile ? ['RUNNER_TEMP'] : [])
  started(asked, console)
  // What a refused input has no use for is loaded only now: the client, and TLS with it.
  const { grant } = await import('./beyond.js')
  return grant(asked, world)
}
