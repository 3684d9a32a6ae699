import type { Clock } from '../lib/clock.js'
import type { Logger } from './logger.js'
import type { Rollback } from './rollback.js'

/** What a step gets from the process that it runs in. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly clock: Clock
  readonly rollback: Rollback
}
