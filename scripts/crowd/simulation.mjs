/**
 * A crowd of jobs under a virtual clock: the action's own retry decisions against the emulator's own counter,
 * without a process, a socket or a second of waiting.
 */
import { createThrottle } from '../../emulator/throttle.mjs'
import { decide } from '../../src/http/retry.ts'
import { EventQueue } from './event-queue.mjs'

/**
 * @typedef {object} Crowd
 * @property {number} jobs
 * @property {number} perMinute  tokens that the platform leaves for this crowd
 * @property {'fixed-window' | 'bucket'} kind  how the platform counts
 * @property {number} timeoutMs  of each job
 * @property {() => number} [random]  from 0 to below 1; a constant 0.5, which is no jitter, unless told otherwise
 * @property {boolean} [usedUp]  others have taken all that there was when the crowd arrives
 * @property {number} [spreadMs]  over which the jobs start; 0, all at one moment, unless told otherwise
 * @property {number} [latencyMs]  from a request's arrival to its answer's
 * @property {typeof decide} [retry]  the decision under test; the action's own unless told otherwise
 *
 * @typedef {object} Course
 * @property {number[]} grantedAt  when each token was granted, in milliseconds from the start, in order
 * @property {number[]} requests  of each job
 * @property {number} busiestSecond  requests in the second that saw most of them, the crowd's start apart
 *
 * @typedef {object} Job
 * @property {number} index
 * @property {number} deadline
 * @property {{throttles: number, faults: number}} tally
 */

const MINUTE_MS = 60_000
/** Never reached, for nothing here meets a fault. */
const MAX_ATTEMPTS = 5
const THROTTLED = /** @type {const} */ ({ kind: 'answer', status: 400, throttled: true })

/**
 * Lets every job ask until it has its token or gives up.
 *
 * @param {Crowd} crowd
 * @returns {Course}
 */
export function simulate(crowd) {
  const { jobs, timeoutMs, random = () => 0.5, spreadMs = 0, latencyMs = 100, retry = decide } = crowd
  let now = 0
  const admit = counter(crowd, () => now)
  /** @type {EventQueue<Job>} */
  const queue = new EventQueue()
  for (let index = 0; index < jobs; index++) {
    const start = spreadMs * random()
    queue.add(start, { index, deadline: start + timeoutMs, tally: { throttles: 0, faults: 0 } })
  }

  /** @type {Course} */
  const course = { grantedAt: [], requests: new Array(jobs).fill(0), busiestSecond: 0 }
  /** @type {Map<number, number>} */
  const bySecond = new Map()
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    const { index, deadline, tally } = next.event
    now = next.at
    if (now > spreadMs + 1000) count(bySecond, Math.floor(now / 1000))
    course.requests[index] = (course.requests[index] ?? 0) + 1
    if (admit() === 0) {
      course.grantedAt.push(now)
      continue
    }
    tally.throttles += 1
    const answeredAt = now + latencyMs
    const decision = retry(THROTTLED, 'always', tally, MAX_ATTEMPTS, deadline - answeredAt, random)
    if (decision.again) queue.add(answeredAt + decision.waitMs, next.event)
  }
  course.busiestSecond = Math.max(0, ...bySecond.values())
  return course
}

/**
 * How many tokens there are to be had within a time, if not one of them is left lying.
 *
 * @param {Pick<Crowd, 'jobs' | 'perMinute' | 'kind' | 'timeoutMs'>} crowd
 * @returns {number}
 */
export function bestPossible({ jobs, perMinute, kind, timeoutMs }) {
  const minutes = timeoutMs / MINUTE_MS
  const offered = kind === 'bucket' ? Math.floor(perMinute * (1 + minutes)) : perMinute * Math.ceil(minutes)
  return Math.min(jobs, offered)
}

/**
 * When the last token of a crowd is granted, if not one is left lying.
 *
 * @param {Pick<Crowd, 'jobs' | 'perMinute' | 'kind'>} crowd
 * @returns {number}  milliseconds from the start
 */
export function soonestEnd({ jobs, perMinute, kind }) {
  if (kind === 'bucket') return Math.max(0, (jobs / perMinute - 1) * MINUTE_MS)
  return (Math.ceil(jobs / perMinute) - 1) * MINUTE_MS
}

/**
 * Random numbers that are the same on every run (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number}  from 0 to below 1
 */
export function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * @param {Crowd} crowd
 * @param {() => number} clock
 * @returns {() => number}  0 for a request that is granted a token
 */
function counter({ perMinute, kind, usedUp = false }, clock) {
  const throttle = createThrottle({ kind, perWindow: perMinute, takenByOthers: 0 }, clock)
  if (usedUp) while (throttle.admit() === 0);
  return throttle.admit
}

/**
 * @param {Map<number, number>} counts
 * @param {number} key
 */
function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
