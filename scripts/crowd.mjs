/**
 * `npm run crowd`: which `timeout` lets every job of a crowd end with a token, if all start at the same moment and
 * Genesys Cloud issues 300 tokens a minute. Prints the table of docs/many-jobs.md. Needs Node 22.18 or newer; takes ten seconds.
 */
import { pathToFileURL } from 'node:url'
import { createThrottle } from '../emulator/throttle.mjs'
import { decide } from '../src/http/retry.ts'
import { seeded } from './lib/seeded.mjs'

/**
 * @typedef {object} Crowd
 * @property {number} jobs
 * @property {'fixed-window' | 'bucket'} kind  how the platform counts
 * @property {number} timeoutMs  of each job
 * @property {boolean} usedUp  whether other traffic has used all tokens of the minute when the crowd starts
 * @property {() => number} random  from 0 to below 1
 */

const TOKENS_PER_MINUTE = 300
const MINUTE_MS = 60_000
/** From a request's arrival to its answer's. */
const LATENCY_MS = 100
const CROWDS = [256, 500, 1000, 2000, 5000, 10_000]
const SEEDS = [1, 2, 3, 4, 5]
const KINDS = /** @type {const} */ (['fixed-window', 'bucket'])
const THROTTLED = /** @type {const} */ ({ kind: 'response', status: 400, isThrottled: true })

/**
 * Lets every job ask, with the action's own decisions, until it has a token or gives up. Takes no real time.
 * Returns when each token was issued, in milliseconds from the start, and how many requests each job sent.
 *
 * @param {Crowd} crowd
 */
export function simulate({ jobs, kind, timeoutMs, usedUp, random }) {
  let now = 0
  const limit = { kind, perWindow: TOKENS_PER_MINUTE, takenByOthers: 0 }
  const { admit } = createThrottle(limit, () => now)
  if (usedUp) while (admit() === 0);

  /** @type {{grantedAt: number[], requests: number[]}} */
  const course = { grantedAt: [], requests: new Array(jobs).fill(0) }
  /** The requests to come, by second. A wait is always longer than that. @type {{at: number, job: number}[][]} */
  const seconds = [Array.from({ length: jobs }, (_, job) => ({ at: 0, job }))]
  for (let second = 0; second < seconds.length; second += 1) {
    for (const { at, job } of (seconds[second] ?? []).sort((a, b) => a.at - b.at)) {
      now = at
      const requests = (course.requests[job] ?? 0) + 1
      course.requests[job] = requests
      if (admit() === 0) {
        course.grantedAt.push(now)
        continue
      }
      const answeredAt = now + LATENCY_MS
      const decision = decide(THROTTLED, {
        policy: 'always',
        counts: { throttled: requests, failed: 0 },
        maxAttempts: 1, // only faults count, and there are none here
        timeLeftMs: timeoutMs - answeredAt,
        random
      })
      if (!decision.retry) continue
      const next = answeredAt + decision.waitMs
      const bucket = Math.floor(next / 1000)
      if (bucket <= second)
        throw new Error(`a wait of ${decision.waitMs} ms is too short for this simulation`)
      seconds[bucket] ??= []
      seconds[bucket].push({ at: next, job })
    }
  }
  return course
}

/** Returns a row of the table, the worse of both ways of counting. @param {number} jobs */
export function tableRow(jobs) {
  const minutes = [false, true].map(usedUp => shortestTimeout(jobs, usedUp))
  const requests = courses(jobs, (minutes[1] ?? 0) * MINUTE_MS, true).flatMap(course => course.requests)
  const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length
  const most = requests.reduce((a, b) => Math.max(a, b))
  const timeouts = minutes.map(timeout => `${timeout} min`).join(' | ')
  return `| ${jobs.toLocaleString('en-US')} | ${timeouts} | ${mean.toFixed(1)} | ${most} |`
}

/** In whole minutes, with which every job gets a token. @param {number} jobs @param {boolean} usedUp */
function shortestTimeout(jobs, usedUp) {
  for (let minutes = Math.max(1, Math.floor(jobs / TOKENS_PER_MINUTE) - 1); ; minutes += 1) {
    if (courses(jobs, minutes * MINUTE_MS, usedUp).every(({ grantedAt }) => grantedAt.length === jobs)) {
      return minutes
    }
  }
}

/** @param {number} jobs @param {number} timeoutMs @param {boolean} usedUp */
function courses(jobs, timeoutMs, usedUp) {
  return KINDS.flatMap(kind =>
    SEEDS.map(seed => simulate({ jobs, kind, timeoutMs, usedUp, random: seeded(seed) }))
  )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(
    '| jobs at once | `timeout`, tokens all there | `timeout`, used up on arrival | requests per job | most |'
  )
  console.log('|---|---:|---:|---:|---:|')
  for (const jobs of CROWDS) console.log(tableRow(jobs))
}
