/**
 * The emulators under the host names of the real services. A forward proxy sends the connections to a host to an HTTPS
 * server here, which has a certificate for it and passes each request to an emulator.
 */
import { createServer as createHttpServer, request as send } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import { createCertificate } from './certificate.mjs'

/**
 * @typedef {object} HostProxy
 * @property {string} url  for HTTPS_PROXY
 * @property {string} authority  path of a PEM file, for NODE_EXTRA_CA_CERTS
 * @property {string[]} refused  other hosts that a client wanted, as `host:port`; each got 403
 * @property {() => Promise<void>} close
 */

/**
 * Starts the proxy on 127.0.0.1. Returns undefined if `openssl` is not installed.
 *
 * @param {Record<string, string>} hosts  the origin behind each `host:port`
 * @param {{port?: number, address?: string}} [options]  default: a free port of 127.0.0.1
 * @returns {Promise<HostProxy | undefined>}
 */
export async function startHostProxy(hosts, { port = 0, address = '127.0.0.1' } = {}) {
  const certificate = createCertificate(
    Object.keys(hosts)
      .map(host => `DNS:${host.replace(/:\d+$/, '')}`)
      .join(',')
  )
  if (!certificate) return undefined
  /** @type {string[]} */
  const refused = []
  const front = createHttpsServer(certificate.tls, (request, response) => {
    const { method, url, headers } = request
    const { host = '' } = headers
    const origin = hosts[host] ?? hosts[`${host}:443`]
    const forwarded = send(new URL(url ?? '/', origin), { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    request.pipe(forwarded)
  })
  const frontPort = await listen(front, 0, '127.0.0.1')
  const proxy = createHttpServer((_request, response) => response.writeHead(405).end())
  proxy.on('connect', ({ url = '' }, client) => {
    client.on('error', () => {})
    if (!(url in hosts)) {
      refused.push(url)
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const target = connect(frontPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    target.on('error', () => client.destroy())
    client.on('close', () => target.destroy())
    client.pipe(target).pipe(client)
  })
  return {
    url: `http://${address}:${await listen(proxy, port, address)}`,
    authority: certificate.file,
    refused,
    close: async () => {
      for (const server of [proxy, front]) {
        server.closeAllConnections()
        server.close()
      }
      certificate.remove()
    }
  }
}

/**
 * @param {import('node:net').Server} server
 * @param {number} port
 * @param {string} address
 * @returns {Promise<number>}  the port
 */
function listen(server, port, address) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
    })
  })
}
