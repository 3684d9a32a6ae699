/**
 * The emulated platform in a process of its own, so that a crowd does not share its event loop. The parent
 * sends the options, gets the origin, says that it is over, and gets the requests that were counted.
 */
import { startGenesys } from '../../__tests__/emulator/index.mjs'
import { basicCredentials } from '../../__tests__/emulator/strict.mjs'

/**
 * @typedef {{clients: {id: string}[], throttle: import('../../__tests__/emulator/throttle.mjs').ThrottleOptions}} PlatformOptions
 * @typedef {{clientId: string, at: number, status: number}} SeenRequest
 */

process.once('message', async options => {
  const platform = await startGenesys(/** @type {PlatformOptions} */ (options))
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
