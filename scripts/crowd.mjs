/**
 * `node scripts/crowd.mjs`: GitHub's largest matrix, 256 jobs at the same moment, each a real process of the
 * committed bundle, against an emulated Genesys Cloud that throttles at 300 tokens a minute of which other traffic
 * takes half. Starting so many takes a machine its time, so the platform answers when all have asked. After that, by
 * simulation: the rate at which the default `timeout` no longer suffices. Takes some four minutes and several GB of
 * memory. Needs Node 22.18 or newer, which runs TypeScript as it is.
 *
 *     node scripts/crowd.mjs [--jobs 256] [--per-minute 300] [--timeout 300]
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cleanup } from '../__tests__/support/runner.mjs'
import { grouped, median, most, seconds, sum, table } from './crowd/figures.mjs'
import { runCrowd } from './crowd/jobs.mjs'
import { bestPossible, seeded, simulate } from './crowd/simulation.mjs'

const TAKEN_BY_OTHERS = 0.5
const KINDS = /** @type {const} */ (['fixed-window', 'bucket'])
const DEFAULT_TIMEOUT_SECONDS = 120
const TOKENS_LEFT_PER_MINUTE = [300, 150, 120, 100, 75, 50]
const SEEDS = 20

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '256' },
    'per-minute': { type: 'string', default: '300' },
    timeout: { type: 'string', default: '300' }
  }
})
const [jobs, perMinute, timeoutSeconds] = [values.jobs, values['per-minute'], values.timeout].map(Number)
if (!jobs || !perMinute || !timeoutSeconds) throw new Error('each option is a number above 0')

const good = await realCrowds(jobs, perMinute, timeoutSeconds)
simulatedRates(jobs)
process.exitCode = good ? 0 : 1

/**
 * @param {number} jobs
 * @param {number} perMinute
 * @param {number} timeoutSeconds
 * @returns {Promise<boolean>}  whether every job got a token, in both ways of counting
 */
async function realCrowds(jobs, perMinute, timeoutSeconds) {
  const left = perMinute * (1 - TAKEN_BY_OTHERS)
  console.log(
    `${jobs} processes at the same moment, timeout: ${timeoutSeconds}s, ${left} tokens a minute left for them\n`
  )
  const rows = []
  let granted = 0
  for (const kind of KINDS) {
    const throttle = { kind, perWindow: perMinute, takenByOthers: TAKEN_BY_OTHERS }
    const end = await runCrowd({ main: bundle(), jobs, timeoutSeconds, throttle })
    cleanup()
    granted += end.ends.filter(job => job.granted).length
    rows.push(realRow(kind, end))
  }
  const head = [
    'counted as',
    'with token',
    'slowest',
    'median',
    'of it start-up',
    'requests',
    'per job, most',
    'mean'
  ]
  console.log(table(head, rows))
  return granted === jobs * KINDS.length
}

/**
 * @param {string} kind
 * @param {import('./crowd/jobs.mjs').CrowdEnd} end
 */
function realRow(kind, { ends, startMs }) {
  const requests = ends.map(job => job.requests)
  const took = ends.map(job => job.tookMs)
  return [
    kind,
    `${ends.filter(({ granted }) => granted).length} of ${ends.length}`,
    seconds(most(took)),
    seconds(median(took)),
    seconds(startMs),
    sum(requests),
    most(requests),
    (sum(requests) / ends.length).toFixed(2)
  ]
}

/** @param {number} jobs */
function simulatedRates(jobs) {
  console.log(
    `\nBy simulation: how many of ${jobs} get a token with the default timeout: ${DEFAULT_TIMEOUT_SECONDS}s, ` +
      `the fewest of ${SEEDS} runs\n`
  )
  const rows = TOKENS_LEFT_PER_MINUTE.map(perMinute => [
    grouped(perMinute),
    ...KINDS.flatMap(kind => {
      const crowd = { jobs, perMinute, kind, timeoutMs: DEFAULT_TIMEOUT_SECONDS * 1000 }
      const granted = Array.from(
        { length: SEEDS },
        (_, seed) => simulate({ ...crowd, random: seeded(seed) }).grantedAt.length
      )
      return [Math.min(...granted), bestPossible(crowd)]
    })
  ])
  console.log(table(['tokens a minute', 'fixed window', 'best possible', 'bucket', 'best possible'], rows))
}

function bundle() {
  return fileURLToPath(new URL('../dist/main/index.js', import.meta.url))
}
