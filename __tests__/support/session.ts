import type { ExchangeEvents, IssuedToken } from '../../src/auth/provider.js'
import { HttpSession, type Limits } from '../../src/http/session.js'
import type { Clock } from '../../src/lib/clock.js'
import { Redactor } from '../../src/lib/redactor.js'
import type { Secret } from '../../src/lib/secret.js'
import { TestClock } from './clock.js'

/** A session, and everything that it and an exchange report. */
export interface TestSession {
  readonly session: HttpSession
  readonly events: ExchangeEvents
  /** Secrets that `onSecret` got, in order. */
  readonly secrets: string[]
  /** Tokens that `onToken` got, in order. */
  readonly tokens: IssuedToken[]
  /** Warnings that `onWarning` got. */
  readonly warnings: string[]
  /** Lines about waits. */
  readonly infos: string[]
  /** Lines for step debugging. */
  readonly debugs: string[]
}

export interface TestSessionOptions extends Partial<Limits> {
  readonly clock?: Clock
  /** Secrets that are known before the first request. */
  readonly known?: readonly Secret[]
}

/** Opens a session with the limits of action.yml, but with one attempt unless `maxAttempts` is given. */
export function openSession({
  clock = new TestClock(),
  known = [],
  ...limits
}: TestSessionOptions = {}): TestSession {
  const [secrets, infos, debugs]: [string[], string[], string[]] = [[], [], []]
  const tokens: IssuedToken[] = []
  const warnings: string[] = []
  const redactor = new Redactor()
  for (const secret of known) redactor.add(secret)
  const log = {
    containsSecret: (text: string) => redactor.matches(text),
    info: (line: string) => void infos.push(redactor.redact(line)),
    debug: (line: string) => void debugs.push(redactor.redact(line))
  }
  const session = new HttpSession({
    limits: { timeoutMs: 120_000, attemptTimeoutMs: 15_000, maxAttempts: 1, ...limits },
    clock,
    log
  })
  const events = {
    onSecret: (secret: Secret) => {
      redactor.add(secret)
      secrets.push(secret.reveal())
    },
    onToken: (token: IssuedToken) => void tokens.push(token),
    onWarning: (message: string) => void warnings.push(message)
  }
  return { session, events, secrets, tokens, warnings, infos, debugs }
}
