import type { Clock } from '../../src/lib/clock.js'

/** A clock whose waits take no time. Otherwise it stands still; with `runs`, it goes on from now, like that of an emulator. */
export class TestClock implements Clock {
  /** The waits so far, in milliseconds. */
  readonly waits: number[] = []
  readonly random: () => number
  readonly #realNow: () => number
  #waitedMs = 0

  constructor({ runs = false, random = 0.5 } = {}) {
    const startMs = Date.parse('2026-03-01T12:00:00.000Z')
    this.#realNow = runs ? Date.now : () => startMs
    this.random = () => random
  }

  readonly now = (): number => this.#realNow() + this.#waitedMs

  sleep = async (ms: number): Promise<void> => {
    this.waits.push(ms)
    this.#waitedMs += ms
  }
}
