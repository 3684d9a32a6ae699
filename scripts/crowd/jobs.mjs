/** A crowd of real processes of the bundle, asking at one moment, against one throttled platform. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runAction } from '../../__tests__/support/runner.mjs'
import { GENESYS_CLIENT } from '../../emulator/index.mjs'

/**
 * @typedef {object} JobCrowd
 * @property {string} main  the bundle
 * @property {number} jobs
 * @property {number} timeoutSeconds  of each job
 * @property {import('../../emulator/throttle.mjs').ThrottleOptions} throttle
 *
 * @typedef {object} JobEnd
 * @property {boolean} granted
 * @property {string} errorCode  empty when granted
 * @property {number} tookMs  from the start of the process to its end
 * @property {number} requests  as the platform counted them
 *
 * @typedef {{ends: JobEnd[], startMs: number}} CrowdEnd
 *   `startMs`: between the first request of the first job and that of the last, when all are answered
 */

/**
 * Runs the crowd to its end. Every job has a client of its own in the same organisation, so that the platform
 * can tell whose request it was; they are throttled together.
 *
 * @param {JobCrowd} crowd
 * @returns {Promise<CrowdEnd>}
 */
export async function runCrowd({ main, jobs, timeoutSeconds, throttle }) {
  const clients = Array.from({ length: jobs }, (_, index) => ({ id: `crowd-${index}` }))
  const platform = await startPlatform({ clients, throttle })
  try {
    const runs = await Promise.all(
      clients.map(({ id }) =>
        runAction({
          main,
          inputs: {
            provider: 'genesys',
            region: 'eu-west-1',
            'client-id': id,
            'client-secret': GENESYS_CLIENT.secret,
            'base-url': platform.origin,
            timeout: `${timeoutSeconds}s`,
            // The first answer waits until every job has asked.
            'attempt-timeout': `${timeoutSeconds}s`
          },
          timeoutMs: (timeoutSeconds + 60) * 1000
        })
      )
    )
    const seen = await platform.stop()
    const ends = runs.map((run, index) => ({
      granted: run.exitCode === 0 && run.outputs['token'] !== undefined,
      errorCode: run.outputs['error-code'] ?? '',
      tookMs: run.durationMs,
      requests: seen.filter(({ clientId }) => clientId === clients[index]?.id).length
    }))
    return { ends, startMs: startOf(seen) }
  } finally {
    platform.kill()
  }
}

/**
 * @param {import('./platform.mjs').PlatformOptions} options
 * @returns {Promise<{origin: string, stop: () => Promise<import('./platform.mjs').SeenRequest[]>, kill: () => void}>}
 */
async function startPlatform(options) {
  const child = fork(fileURLToPath(new URL('platform.mjs', import.meta.url)))
  const ask = async (/** @type {object} */ message) => {
    const answer = once(child, 'message')
    child.send(message)
    return (await answer)[0]
  }
  const origin = await ask(options)
  return { origin, stop: () => ask({}), kill: () => void child.kill() }
}

/**
 * @param {import('./platform.mjs').SeenRequest[]} seen
 * @returns {number}
 */
function startOf(seen) {
  /** @type {Map<string, number>} */
  const first = new Map()
  for (const { clientId, at } of seen) first.set(clientId, Math.min(at, first.get(clientId) ?? at))
  return Math.max(...first.values()) - Math.min(...first.values())
}
