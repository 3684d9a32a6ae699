/** Both platforms, in a process of their own, so that what they do takes no time of who measures. */
import { startCxone, startGenesys } from '../../emulator/index.mjs'

/**
 * @typedef {object} Seen  since the question before
 * @property {number} requests
 * @property {number} connections  each a handshake where it is TLS
 *
 * @typedef {{genesys: string, cxone: string, genesysTls?: string, cxoneTls?: string}} Origins
 * @typedef {{key: string, cert: string}} Pair
 */

process.once('message', async (/** @type {{tls?: Pair}} */ { tls }) => {
  const plain = { genesys: await startGenesys(), cxone: await startCxone() }
  const overTls = tls ? { genesysTls: await startGenesys({ tls }), cxoneTls: await startCxone({ tls }) } : {}
  const servers = { ...plain, ...overTls }
  process.on('message', () => {
    const seen = Object.values(servers).map(({ requests, connections }) => ({
      requests: requests.length,
      connections
    }))
    for (const server of Object.values(servers)) server.forget()
    process.send?.({
      requests: seen.reduce((sum, { requests }) => sum + requests, 0),
      connections: seen.reduce((sum, { connections }) => sum + connections, 0)
    })
  })
  process.send?.(Object.fromEntries(Object.entries(servers).map(([name, { origin }]) => [name, origin])))
})
process.once('disconnect', () => process.exit())
