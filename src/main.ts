import type { Clock } from './http/session.js'
import { readInputs } from './inputs/main-inputs.js'
import type { Environment } from './inputs/reader.js'
import { requireRunner } from './runner/command-files.js'
import type { Logger } from './runner/logger.js'
import { started } from './runner/messages.js'
import type { Undo } from './runner/outputs.js'

/** What the step needs of the world around it. */
export interface Context {
  readonly env: Environment
  readonly console: Logger
  readonly clock: Clock
}

/** Exchanges credentials for a token and hands it on. Returns how to take that back; throws an `ActionError`. */
export async function main(world: Context): Promise<Undo> {
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
