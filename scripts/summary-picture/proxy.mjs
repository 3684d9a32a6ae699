/** A forward proxy on loopback that leads to a port here, whatever host is asked for. */
import { createServer } from 'node:http'
import { connect } from 'node:net'

/**
 * @param {(host: string) => number} portFor
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function leadTo(portFor) {
  /** @type {Set<import('node:stream').Duplex>} */
  const sockets = new Set()
  const server = createServer()
  server.on('connect', (request, client) => {
    const [host = ''] = (request.url ?? '').split(':')
    const platform = connect(portFor(host), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(platform).pipe(client)
    })
    for (const socket of [client, platform]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
  }
}
