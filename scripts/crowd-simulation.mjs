/**
 * `node scripts/crowd-simulation.mjs`: crowds larger than a machine can run, against 300 tokens a minute. The
 * action's own retry decisions and the emulator's own counter under a virtual clock, with random numbers that are
 * the same on every run. Needs Node 22.18 or newer, which runs TypeScript as it is; takes some ten seconds.
 */
import { grouped, minutes, most, sum, table } from './crowd/figures.mjs'
import { bestPossible, seeded, simulate, soonestEnd } from './crowd/simulation.mjs'

/** @typedef {import('./crowd/simulation.mjs').Crowd} Crowd */

const PER_MINUTE = 300
const MINUTE_MS = 60_000
const KINDS = /** @type {const} */ (['fixed-window', 'bucket'])
const LARGE = 10_000
const TIMEOUTS_MINUTES = [2, 10, 60]
const CROWDS = [100, 256, 500, 1000, 2000, 5000, LARGE]
const SEEDS = 5

console.log(`${grouped(LARGE)} jobs at one moment against ${PER_MINUTE} tokens a minute\n`)
console.log(largeCrowd())
console.log(
  `\nThe \`timeout\` that lets every job of a crowd end with a token, at ${PER_MINUTE} tokens a minute\n`
)
console.log(whichTimeout())

/** @returns {string}  how far each `timeout` carries the large crowd, with and without jitter */
function largeCrowd() {
  const rows = KINDS.flatMap(kind =>
    TIMEOUTS_MINUTES.flatMap(timeout =>
      [true, false].map(jitter => largeRow({ jobs: LARGE, perMinute: PER_MINUTE, kind }, timeout, jitter))
    )
  )
  const head = [
    'counted as',
    'timeout',
    'jitter',
    'with token',
    'best possible',
    'of the best',
    'requests per token',
    'per job, most',
    'busiest second after the first',
    'last token',
    'at best'
  ]
  return table(head, rows)
}

/**
 * @param {Omit<Crowd, 'timeoutMs'>} crowd
 * @param {number} timeout  in minutes
 * @param {boolean} jitter
 */
function largeRow(crowd, timeout, jitter) {
  const timed = { ...crowd, timeoutMs: timeout * MINUTE_MS }
  const best = bestPossible(timed)
  const course = simulate(jitter ? { ...timed, random: seeded(1) } : timed)
  const granted = course.grantedAt.length
  return [
    crowd.kind,
    `${timeout} min`,
    jitter ? 'yes' : 'no',
    grouped(granted),
    grouped(best),
    `${((100 * granted) / best).toFixed(1)} %`,
    (sum(course.requests) / granted).toFixed(1),
    most(course.requests),
    grouped(course.busiestSecond),
    minutes(most(course.grantedAt)),
    minutes(soonestEnd({ ...crowd, jobs: best }))
  ]
}

/** @returns {string}  one row a crowd: the shortest `timeout` in whole minutes, the worse of both ways of counting */
function whichTimeout() {
  const rows = CROWDS.map(jobs => {
    const arrivals = [false, true].map(usedUp => shortestTimeout(jobs, usedUp))
    const timeoutMs = (arrivals[1] ?? 0) * MINUTE_MS
    const requests = KINDS.flatMap(kind => courses(jobs, kind, timeoutMs, true)).map(
      course => course.requests
    )
    return [
      grouped(jobs),
      `${Math.ceil(jobs / PER_MINUTE)} min`,
      ...arrivals.map(timeout => `${timeout} min`),
      (sum(requests.map(sum)) / requests.length / jobs).toFixed(1),
      most(requests.map(most))
    ]
  })
  const head = [
    'jobs',
    'jobs / tokens a minute',
    'all tokens there',
    'all used up on arrival',
    'requests per job',
    'most'
  ]
  return table(head, rows)
}

/**
 * @param {number} jobs
 * @param {boolean} usedUp
 * @returns {number}  in minutes
 */
function shortestTimeout(jobs, usedUp) {
  let timeout = 1
  while (!KINDS.every(kind => everyJobEnds(jobs, kind, timeout * MINUTE_MS, usedUp))) timeout += 1
  return timeout
}

/**
 * @param {number} jobs
 * @param {Crowd['kind']} kind
 * @param {number} timeoutMs
 * @param {boolean} usedUp
 */
function everyJobEnds(jobs, kind, timeoutMs, usedUp) {
  if (bestPossible({ jobs, perMinute: PER_MINUTE, kind, timeoutMs }) < jobs) return false
  return courses(jobs, kind, timeoutMs, usedUp).every(course => course.grantedAt.length === jobs)
}

/**
 * @param {number} jobs
 * @param {Crowd['kind']} kind
 * @param {number} timeoutMs
 * @param {boolean} usedUp
 */
function courses(jobs, kind, timeoutMs, usedUp) {
  return Array.from({ length: SEEDS }, (_, seed) =>
    simulate({ jobs, perMinute: PER_MINUTE, kind, timeoutMs, usedUp, random: seeded(seed) })
  )
}
