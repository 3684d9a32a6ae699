import type { Clock } from '../http/session.js'

const startedMs = Date.now()
const started = process.hrtime.bigint()

/** The real one; it goes on evenly when somebody sets the machine's, so that deadlines hold. */
export const clock: Clock = {
  now: () => startedMs + Number((process.hrtime.bigint() - started) / 1_000_000n),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  random: Math.random
}
