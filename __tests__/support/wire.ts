import type { ExchangeEvents, Issued } from '../../src/auth/provider.js'
import { type Clock, HttpSession, type Limits } from '../../src/http/session.js'
import { Redactor, type Secret } from '../../src/lib/secret.js'

/** A clock that stands still, but for the waits, which take no time and move it on; chance is always the middle. */
export class StillClock implements Clock {
  readonly waits: number[] = []
  #nowMs: number

  constructor(start = '2026-03-01T12:00:00.000Z') {
    this.#nowMs = Date.parse(start)
  }

  readonly now = (): number => this.#nowMs

  readonly sleep = async (ms: number): Promise<void> => {
    this.waits.push(ms)
    this.#nowMs += ms
  }

  readonly random = (): number => 0.5
}

/** The clock of the entry points. */
export const realClock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  random: Math.random
}

/** A wire with all that it says, and a events that hides what it is told as the step does. */
export interface Bench {
  readonly wire: HttpSession
  readonly events: ExchangeEvents
  /** The secrets that the events was told, in order. */
  readonly told: string[]
  /** The tokens that the events was told to answer for, in order. */
  readonly issued: Issued[]
  /** Lines on waits. */
  readonly said: string[]
  /** Lines for step debugging. */
  readonly debugged: string[]
}

export interface BenchOptions extends Partial<Limits> {
  readonly clock?: Clock
  /** What is known to be secret before anything is sent, as the credentials are. */
  readonly secrets?: readonly Secret[]
}

/** One attempt, within the bounds that action.yml has as defaults, unless told otherwise. */
export function openWire({ clock = new StillClock(), secrets = [], ...limits }: BenchOptions = {}): Bench {
  const [told, said, debugged]: [string[], string[], string[]] = [[], [], []]
  const issued: Issued[] = []
  const known = new Redactor()
  for (const secret of secrets) known.add(secret)
  const wire = new HttpSession({
    limits: { timeoutMs: 120_000, attemptTimeoutMs: 15_000, maxAttempts: 1, ...limits },
    clock,
    hide: text => known.hideIn(text),
    say: line => said.push(line),
    debug: line => debugged.push(line)
  })
  const events = {
    secret: (secret: Secret) => {
      known.add(secret)
      told.push(secret.reveal())
    },
    issued: (one: Issued) => {
      issued.push(one)
    }
  }
  return { wire, events, told, issued, said, debugged }
}
