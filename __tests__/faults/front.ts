/** A server of bare sockets in front of an emulator. It forwards every request, except the one at which a fault happens. */
import { request as httpRequest } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import tls from 'node:tls'
import type { Pair } from '../support/certificates.js'
import { type Fault, type Genuine, reply, type Scene, type Target } from './faults.js'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  /** Head and body. */
  readonly raw: string
}

/** What happens on the connection before TLS: a certificate is presented, or something else. */
export type Handshake = Pair | ((socket: Socket) => void)

export interface FrontOptions {
  /** The origin of the emulator. */
  readonly platform: string
  readonly target: Pick<Target, 'method' | 'path' | 'before'>
  readonly fault?: Fault
  /** How often the fault happens. Default: always. */
  readonly times?: number
  readonly now?: () => number
  /** Speaks TLS with the certificate `good`, and uses `bad` for the connections of the target. */
  readonly tls?: { readonly good: Pair; readonly bad?: Handshake }
}

export interface Front {
  readonly origin: string
  readonly requests: readonly ReceivedRequest[]
  /** How often the fault happened. */
  readonly played: number
  /** How many connections the foreign server received. */
  readonly foreignConnections: number
  close(): Promise<void>
}

/** A separate address for ports that are closed again, so that no other server of the tests gets such a port. */
const REFUSED_HOST = process.platform === 'linux' ? '127.77.0.1' : '127.0.0.1'

/** Starts a front, and a foreign server to which nothing may be sent. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { platform, target, fault, times = Number.POSITIVE_INFINITY, now = Date.now } = options
  const sockets = new Set<Socket>()
  const requests: ReceivedRequest[] = []
  let played = 0
  let foreignConnections = 0
  let genuineResponses = 0
  const foreign = net.createServer(socket => {
    foreignConnections += 1
    socket.destroy()
  })
  const server = net.createServer(socket => {
    keep(socket)
    // On a busy machine, a request before the target may have been repeated.
    const due = genuineResponses >= target.before && played < times
    if (options.tls) {
      const { good, bad } = options.tls
      const handshake = due && bad !== undefined ? bad : good
      if (handshake === bad) played += 1
      if (typeof handshake === 'function') return handshake(socket)
      const secured = new tls.TLSSocket(socket, {
        isServer: true,
        secureContext: tls.createSecureContext(handshake)
      })
      keep(secured)
      return converse(secured)
    }
    if (fault?.at === 'connection' && due) return void play(socket, '')
    converse(socket)
  })
  const host = fault?.at === 'nowhere' ? REFUSED_HOST : '127.0.0.1'
  await Promise.all([listen(server, host), listen(foreign, '127.0.0.1')])
  const { port } = server.address() as AddressInfo
  const foreignHost = `127.0.0.1:${(foreign.address() as AddressInfo).port}`
  if (fault?.at === 'nowhere' && target.before === 0) server.close()

  return {
    origin: `${options.tls ? 'https' : 'http'}://${host}:${port}`,
    requests,
    get played() {
      return played
    },
    get foreignConnections() {
      return foreignConnections
    },
    async close() {
      const closed = [server, foreign].map(one => new Promise(resolve => one.close(resolve)))
      for (const socket of sockets) socket.destroy()
      await Promise.all(closed)
    }
  }

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  /** Reads one request after another. */
  function converse(socket: Socket): void {
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      text += piece
      const end = text.indexOf('\r\n\r\n') + 4
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0)
      if (end < 4 || text.length < end + length) return
      const raw = Buffer.from(text, 'latin1').toString('utf8')
      const [, method = '', path = ''] = /^(\S+) (\S+) HTTP/.exec(raw) ?? []
      text = ''
      requests.push({ method, path, raw })
      const isTarget = method === target.method && path.split('?')[0] === target.path
      if (isTarget && fault !== undefined && fault.at === undefined && played < times) void play(socket, raw)
      else void answer(socket, raw)
    })
  }

  async function play(socket: Socket, raw: string): Promise<void> {
    played += 1
    const kind = (target as Target).kind
    const scene: Scene = {
      socket,
      kind,
      raw,
      foreign: foreignHost,
      now,
      genuine: () => forward(platform, raw)
    }
    await fault?.play(scene)
  }

  async function answer(socket: Socket, raw: string): Promise<void> {
    const { status, json } = await forward(platform, raw)
    genuineResponses += 1
    const last = genuineResponses === target.before
    if (fault?.at === 'nowhere' && last) server.close()
    const ends = last && (options.tls?.bad !== undefined || fault?.at !== undefined)
    const bytes = reply(status, JSON.stringify(json), ends ? { Connection: 'close' } : {})
    if (ends) socket.end(bytes)
    else socket.write(bytes)
  }
}

function listen(server: net.Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => resolve())
  })
}

/** Sends a request to the emulator, unchanged. */
function forward(platform: string, raw: string): Promise<Genuine> {
  const [head = '', body = ''] = raw.split(/\r\n\r\n(.*)/s)
  const [first = '', ...lines] = head.split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(lines.map(line => line.split(/: (.*)/s, 2) as [string, string]))
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, platform), {
      method,
      headers: { ...headers, Connection: 'close' },
      agent: false
    })
    request.on('error', reject)
    request.on('response', async message => {
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: message.statusCode ?? 0, json: text === '' ? {} : JSON.parse(text) })
    })
    request.end(body)
  })
}
