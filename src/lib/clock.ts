/** Clock and random source; injected for tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  /** From 0 to below 1. */
  random(): number
}

const startedAtMs = Date.now()
const startedAt = process.hrtime.bigint()

/** The real clock. It is monotonic: deadlines hold even if the machine's clock is set during the run. */
export const systemClock: Clock = {
  now: () => startedAtMs + Number((process.hrtime.bigint() - startedAt) / 1_000_000n),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  random: Math.random
}
