import type { Clock } from '../http/wire.js'

/** The real one. */
export const clock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  random: Math.random
}
