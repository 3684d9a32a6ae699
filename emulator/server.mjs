/**
 * An HTTP or HTTPS server on 127.0.0.1 that records every request.
 * It knows no platform: `genesys.mjs`, `cxone.mjs` and `github/` pass a function that answers.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {object} RecordedRequest
 * @property {string} method
 * @property {string} path  with its query, exactly as sent
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string[]} rawHeaders  names and values alternate, spelled as sent
 * @property {string} body
 * @property {number} connection  number of its TCP connection; the first is 1
 * @property {number} at  when its headers arrived, in milliseconds since 1970
 * @property {number} status  of the response; 0 until there is one
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {unknown} [json]  sent as JSON; absent: an empty body
 *
 * @typedef {(request: RecordedRequest, response: import('node:http').ServerResponse,
 *   socket: import('node:net').Socket) => boolean | Promise<boolean>} Intercept
 *   sees each request; returns true if it has dealt with the response itself, for example by a fault
 *
 * @typedef {(socket: import('node:net').Socket) => void} InterceptConnection
 *   sees each TCP connection before any byte is read, also before TLS
 *
 * @typedef {object} ServerOptions
 * @property {number} [port]  default: a free one
 * @property {{key: string | Buffer, cert: string | Buffer}} [tls]
 * @property {Intercept} [intercept]
 * @property {InterceptConnection} [interceptConnection]
 * @property {number} [delayMs]  wait before each answer of the platform
 *
 * @typedef {object} EmulatorServer
 * @property {string} origin
 * @property {number} port
 * @property {RecordedRequest[]} requests  in order of arrival
 * @property {number} connections  TCP connections accepted so far
 * @property {Intercept | undefined} intercept  before a request is carried out; may be replaced at any time
 * @property {Intercept | undefined} interceptAfter  after that, before the answer; may be replaced at any time
 * @property {InterceptConnection | undefined} interceptConnection  may be replaced at any time
 * @property {number} delayMs  may be replaced at any time
 * @property {() => void} forget  clears `requests` and `connections`
 * @property {() => Promise<void>} close  ends every connection at once
 */

const MAX_BODY_BYTES = 1024 * 1024

/**
 * Starts a server. Rejects if the port is taken.
 *
 * @param {(request: RecordedRequest) => Answer | Promise<Answer>} answer
 * @param {ServerOptions} [options]
 * @returns {Promise<EmulatorServer>}
 */
export async function startServer(
  answer,
  { port = 0, tls, intercept, interceptConnection, delayMs = 0 } = {}
) {
  // A token of 32 KiB must fit into a header.
  const limits = { maxHeaderSize: 128 * 1024 }
  const server = tls ? createHttpsServer({ ...tls, ...limits }) : createHttpServer(limits)
  // Longer than any wait of a client between two attempts, so that only the client closes a connection.
  server.keepAliveTimeout = 120_000

  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  // By the client's port: under TLS, the socket of a request is not the socket that was accepted.
  /** @type {Map<number | undefined, number>} */
  const connectionByPort = new Map()

  server.on('connection', socket => {
    emulator.connections += 1
    connectionByPort.set(socket.remotePort, emulator.connections)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    emulator.interceptConnection?.(socket)
  })
  server.on('request', (message, response) => void serve(message, response).catch(() => response.destroy()))

  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const actualPort = /** @type {import('node:net').AddressInfo} */ (server.address()).port

  /** @type {EmulatorServer} */
  const emulator = {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${actualPort}`,
    port: actualPort,
    requests: [],
    connections: 0,
    intercept,
    interceptAfter: undefined,
    interceptConnection,
    delayMs,
    forget() {
      emulator.requests.length = 0
      emulator.connections = 0
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
  }

  /**
   * @param {import('node:http').IncomingMessage} message
   * @param {import('node:http').ServerResponse} response
   */
  async function serve(message, response) {
    const { method = '', url = '', headers, rawHeaders, socket } = message
    const connection = connectionByPort.get(socket.remotePort) ?? 0
    /** @type {RecordedRequest} */
    const request = {
      method,
      path: url,
      headers,
      rawHeaders,
      body: '',
      connection,
      at: Date.now(),
      status: 0
    }
    emulator.requests.push(request)
    request.body = await readBody(message)

    if (await isDealtWith(emulator.intercept)) return
    if (emulator.delayMs > 0) await sleep(emulator.delayMs)
    const { status, headers: own = {}, json } = await answer(request)
    const body = json === undefined ? '' : JSON.stringify(json)
    if (await isDealtWith(emulator.interceptAfter)) return
    // Set before the first byte is sent, so that a client that has read the response finds a complete record.
    request.status = status
    response.writeHead(status, { ...own, 'Content-Length': Buffer.byteLength(body) })
    response.end(body)

    /** @param {Intercept | undefined} intercept */
    async function isDealtWith(intercept) {
      if (!(await intercept?.(request, response, socket))) return false
      if (response.headersSent) request.status = response.statusCode
      return true
    }
  }

  return emulator
}

/** @param {import('node:http').IncomingMessage} message */
async function readBody(message) {
  const chunks = []
  let bytes = 0
  for await (const chunk of message) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('the request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
