import { HttpSession } from '../http/session.js'
import type { Clock } from '../lib/clock.js'
import type { Logger } from './logger.js'
import type { Rollback } from './rollback.js'

/** What a step gets from the process that it runs in. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly clock: Clock
  readonly rollback: Rollback
  /** Returns the one session for everything that a clean-up sends. Its time starts with the first call. */
  readonly cleanUpSession: () => HttpSession
}

/** A clean-up takes ten seconds at most, beside `timeout`; the process itself needs a part of them. */
const CLEAN_UP_LIMITS = { timeoutMs: 9_000, attemptTimeoutMs: 4_000, maxAttempts: 10 }

/** Returns the context of a step. */
export function createContext(parts: Omit<Context, 'cleanUpSession'>): Context {
  const { log, clock } = parts
  let session: HttpSession | undefined
  // Waits of a clean-up are logged only with step debugging.
  const quiet = {
    containsSecret: (text: string) => log.containsSecret(text),
    info: (line: string) => log.debug(line),
    debug: (line: string) => log.debug(line)
  }
  return {
    ...parts,
    cleanUpSession() {
      session ??= new HttpSession({ limits: CLEAN_UP_LIMITS, clock, log: quiet })
      return session
    }
  }
}
