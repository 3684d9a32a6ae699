/**
 * The emulated platform in a process of its own, so that a crowd does not share its event loop. The parent
 * sends the options, gets the origin, says that it is over, and gets the requests that were counted.
 */
import { startGenesys } from '../../emulator/index.mjs'
import { basicCredentials } from '../../emulator/strict.mjs'

/**
 * @typedef {{clients: {id: string}[], throttle: import('../../emulator/throttle.mjs').ThrottleOptions}} PlatformOptions
 * @typedef {{clientId: string, at: number, status: number}} SeenRequest
 */

process.once('message', async message => {
  const options = /** @type {PlatformOptions} */ (message)
  const platform = await startGenesys({ ...options, intercept: togetherOnly(options.clients.length) })
  process.once('message', async () => {
    const seen = platform.requests.map(request => ({
      clientId: basicCredentials(request)?.id ?? '',
      at: request.at,
      status: request.status
    }))
    await platform.close()
    process.send?.(seen, () => process.disconnect())
  })
  process.send?.(platform.origin)
})

/**
 * Keeps the first requests waiting until every job has sent its own: a machine needs its time to start a crowd,
 * and the crowd is to ask at one moment all the same.
 *
 * @param {number} jobs
 * @returns {import('../../emulator/server.mjs').Intercept}
 */
function togetherOnly(jobs) {
  let answer = () => {}
  const allThere = new Promise(resolve => {
    answer = () => resolve(undefined)
  })
  let there = 0
  return async () => {
    there += 1
    if (there >= jobs) answer()
    await allThere
    return false
  }
}
