/**
 * A real HTTP(S) server on loopback that records everything it is asked.
 * It knows no platform: `genesys.mjs` and `cxone.mjs` each hand it a function that answers.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {object} RecordedRequest
 * @property {string} method
 * @property {string} path  with its query, as it stood in the request line
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string[]} rawHeaders  names and values in turn, spelled as they were sent
 * @property {string} body
 * @property {number} connection  which TCP connection it came over; the first is 1
 * @property {number} at  when its headers had arrived, in milliseconds since 1970
 * @property {number} status  what was answered; 0 as long as nothing was
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {unknown} [json]  sent as JSON; without it the body is empty
 *
 * @typedef {(request: RecordedRequest, response: import('node:http').ServerResponse,
 *   socket: import('node:net').Socket) => boolean | Promise<boolean>} Intercept
 *   Plays a fault in the platform's place: true means that nothing more is to be answered.
 *
 * @typedef {(socket: import('node:net').Socket) => void} InterceptConnection
 *   Sees each TCP connection before any byte of it is read (before TLS, too).
 *
 * @typedef {object} ServerOptions
 * @property {{key: string | Buffer, cert: string | Buffer}} [tls]
 * @property {Intercept} [intercept]
 * @property {InterceptConnection} [interceptConnection]
 * @property {number} [delayMs]  how long each answer of the platform is held back
 *
 * @typedef {object} EmulatorServer
 * @property {string} origin
 * @property {number} port
 * @property {RecordedRequest[]} requests  all of them, in the order of arrival
 * @property {number} connections  TCP connections accepted so far
 * @property {Intercept | undefined} intercept  may be replaced at any time
 * @property {InterceptConnection | undefined} interceptConnection  may be replaced at any time
 * @property {number} delayMs  may be replaced at any time
 * @property {() => void} forget  empties the record and starts counting connections anew
 * @property {() => Promise<void>} close  ends every socket at once
 */

const MAX_BODY_BYTES = 1024 * 1024

/**
 * Starts a server on an ephemeral port of 127.0.0.1.
 *
 * @param {(request: RecordedRequest) => Answer | Promise<Answer>} answer  the platform
 * @param {ServerOptions} [options]
 * @returns {Promise<EmulatorServer>}
 */
export async function startServer(answer, options = {}) {
  const server = options.tls ? createHttpsServer(options.tls) : createHttpServer()
  // Longer than any wait between two attempts: a connection that the client keeps is kept.
  server.keepAliveTimeout = 120_000

  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  // By the peer's port, because under TLS a request's socket is not the socket that was accepted.
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
  server.on('request', (message, response) => {
    void serve(message, response).catch(() => response.destroy())
  })

  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(undefined))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the emulator has no port')

  /** @type {EmulatorServer} */
  const emulator = {
    origin: `${options.tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests: [],
    connections: 0,
    intercept: options.intercept,
    interceptConnection: options.interceptConnection,
    delayMs: options.delayMs ?? 0,
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
    /** @type {RecordedRequest} */
    const request = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      rawHeaders: message.rawHeaders,
      body: '',
      connection: connectionByPort.get(message.socket.remotePort) ?? 0,
      at: Date.now(),
      status: 0
    }
    emulator.requests.push(request)
    request.body = await readBody(message)

    if (await emulator.intercept?.(request, response, message.socket)) {
      if (response.headersSent) request.status = response.statusCode
      return
    }
    if (emulator.delayMs > 0) await sleep(emulator.delayMs)
    send(request, response, await answer(request))
  }

  return emulator
}

/**
 * @param {import('node:http').IncomingMessage} message
 * @returns {Promise<string>}
 */
async function readBody(message) {
  const chunks = []
  let bytes = 0
  for await (const chunk of message) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('no platform reads a body of this size')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * @param {RecordedRequest} request
 * @param {import('node:http').ServerResponse} response
 * @param {Answer} answer
 */
function send(request, response, { status, headers = {}, json }) {
  const body = json === undefined ? '' : JSON.stringify(json)
  // Before the first byte leaves, so that whoever reads the answer finds the record complete.
  request.status = status
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
