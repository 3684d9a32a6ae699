import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startServer } from '../../emulator/index.mjs'
import { Connections, LARGEST_BODY_BYTES, type Reply } from '../../src/http/client.js'
import { AttemptError } from '../../src/http/errors.js'
import type { HttpRequest } from '../../src/http/types.js'
import { Secret } from '../../src/lib/secret.js'
import { type Certificates, makeCertificates, type Pair, trust } from '../support/certificates.js'
import { openWire, realClock } from '../support/wire.js'

const LONG_MS = 5000
/** What a deadline may be missed by on a busy machine. */
const A_SECOND = 1000

/** Closed after each test, the newest first. */
const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const sockets = new Set<Socket>()

/** A server of raw bytes: it is told of each connection, or of its first bytes where `onBytes` is given. */
async function listen(server: Server): Promise<string> {
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function raw(onConnection: (socket: Socket) => void): Promise<string> {
  return `http://${await listen(createServer(onConnection))}`
}

/** A promise with the function that fulfils it. */
function signal() {
  let resolve = (): void => {}
  const promise = new Promise<void>(fulfil => {
    resolve = fulfil
  })
  return { promise, resolve }
}

/** Answers the first bytes of each connection. */
function answering(bytes: string | Buffer, end = true): Promise<string> {
  return raw(socket =>
    socket.once('data', () => {
      if (end) socket.end(bytes)
      else socket.write(bytes)
    })
  )
}

async function http(respond: (response: ServerResponse, path: string) => void) {
  const server = await startServer(() => ({ status: 200 }), {
    intercept: (request, response) => {
      respond(response, request.path)
      return true
    }
  })
  open.push(() => server.close())
  return server
}

async function closedOrigin(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

function connections(): Connections {
  const made = new Connections()
  open.push(() => made.close())
  return made
}

function post(origin: string, path = '/token', body = 'a=b'): HttpRequest {
  return {
    method: 'POST',
    url: new URL(path, origin),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: new Secret('Basic x') },
    body: new Secret(body)
  }
}

/** One attempt on a connection of its own. */
function attempt(origin: string, timeoutMs = LONG_MS): Promise<Reply> {
  return connections().attempt(post(origin), timeoutMs)
}

async function faultOf(attempted: Promise<unknown>): Promise<AttemptError> {
  const error: unknown = await attempted.then(
    () => 'an answer',
    reason => reason
  )
  expect(error).toBeInstanceOf(AttemptError)
  return error as AttemptError
}

const shown = ({ kind, message, systemCode, neverSent }: AttemptError) => ({
  kind,
  message,
  systemCode,
  neverSent
})

describe('an answer', () => {
  test('comes whole: status, first header values in lower case, body as UTF-8', async () => {
    const body = Buffer.from('é€😀')
    const origin = await answering(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 218 Fine\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: ${body.length}\r\n\r\n`),
        body
      ])
    )
    const reply = await attempt(origin)
    expect(reply).toEqual({
      status: 218,
      headers: { 'x-one': '1', 'content-length': '9' },
      body: 'é€😀',
      reused: false
    })
  })

  test('comes whole when a letter is split between two packets', async () => {
    const bytes = Buffer.from('{"word":"€"}')
    const origin = await raw(socket =>
      socket.once('data', async () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`)
        for (const byte of bytes) {
          socket.write(Buffer.from([byte]))
          await sleep(2)
        }
      })
    )
    expect((await attempt(origin)).body).toBe('{"word":"€"}')
  })

  test.each([
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
    ['a body that ends with the connection', 'Connection: close\r\n\r\nabc', 'abc'],
    ['no body at all', 'Content-Length: 0\r\n\r\n', ''],
    [
      'an early hint before it',
      'Content-Length: 2\r\n\r\nok',
      'ok',
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
    ],
    ['a 100 before it', 'Content-Length: 2\r\n\r\nok', 'ok', 'HTTP/1.1 100 Continue\r\n\r\n']
  ])('comes with %s', async (_, rest, body, before = '') => {
    const origin = await answering(`${before}HTTP/1.1 200 OK\r\n${rest}`)
    expect(await attempt(origin)).toMatchObject({ status: 200, body })
  })

  test.each([204, 205, 304])('comes without a body: %i', async status => {
    const origin = await answering(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`, false)
    expect(await attempt(origin)).toMatchObject({ status, body: '' })
  })

  test('gzip that nobody asked for is not unpacked', async () => {
    const server = await http(response => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' })
      response.end(Buffer.from([0x1f, 0x8b, 8]))
    })
    expect((await attempt(server.origin)).body).toBe('\x1f\ufffd\b')
    expect(server.requests[0]?.headers['accept-encoding']).toBeUndefined()
  })

  test('more than the content-length says is cut off, and the connection is not used again', async () => {
    const origin = await raw(socket =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP garbage\r\n\r\n')
      )
    )
    const client = connections()
    expect((await client.attempt(post(origin), LONG_MS)).body).toBe('ok')
    await sleep(20)
    expect(await client.attempt(post(origin), LONG_MS)).toMatchObject({ body: 'ok', reused: false })
  })
})

describe('the limit of the body', () => {
  test('is 1 MiB', () => {
    expect(LARGEST_BODY_BYTES).toBe(1_048_576)
  })

  test.each([true, false])('exactly at it the answer comes whole (content-length: %s)', async withLength => {
    const body = Buffer.alloc(LARGEST_BODY_BYTES, 'x')
    const server = await http(response => {
      response.writeHead(200, withLength ? { 'Content-Length': body.length } : {})
      response.end(body)
    })
    expect((await attempt(server.origin)).body).toHaveLength(LARGEST_BODY_BYTES)
  })

  test.each([true, false])('one byte more is too large (content-length: %s)', async withLength => {
    const body = Buffer.alloc(LARGEST_BODY_BYTES + 1, 'x')
    const server = await http(response => {
      response.writeHead(200, withLength ? { 'Content-Length': body.length } : {})
      response.end(body)
    })
    expect(shown(await faultOf(attempt(server.origin)))).toEqual({
      kind: 'too-large',
      message: 'the body is larger than 1048576 bytes',
      systemCode: '',
      neverSent: false
    })
  })

  test('a body without end is left in time, and its connection is closed', async () => {
    const closed = signal()
    const server = await http(response => {
      const piece = Buffer.alloc(64 * 1024, 'x')
      const more = () => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', more)
      response.on('close', () => closed.resolve())
      more()
    })
    expect((await faultOf(attempt(server.origin))).kind).toBe('too-large')
    await closed.promise
  })
})

describe('what is cut short', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n'
  test.each([
    ['inside a body of a known length', `${HEAD}Content-Length: 10\r\n\r\n{"a":`, 'cut-short'],
    ['before the first byte of it', `${HEAD}Content-Length: 10\r\n\r\n`, 'cut-short'],
    ['inside a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\n{"a"`, 'cut-short'],
    ['before the last chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, 'cut-short'],
    ['inside the headers', `${HEAD}Content-Le`, 'network'],
    ['inside the status line', 'HTTP/1.1 2', 'network'],
    ['before anything', '', 'network']
  ])('%s', async (_, bytes, kind) => {
    const ended = await faultOf(attempt(await answering(bytes)))
    expect({ kind: ended.kind, neverSent: ended.neverSent }).toEqual({ kind, neverSent: false })
    const reset = await raw(socket =>
      socket.once('data', () => socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20)))
    )
    const fault = await faultOf(attempt(reset))
    expect({ kind: fault.kind, neverSent: fault.neverSent }).toEqual({ kind, neverSent: false })
  })

  test('a reset before the request is read', async () => {
    const fault = await faultOf(attempt(await raw(socket => socket.resetAndDestroy())))
    expect(fault).toMatchObject({ kind: 'network', systemCode: 'ECONNRESET' })
  })
})

describe('connections', () => {
  test('one is kept for all requests to an origin, another for another origin', async () => {
    const [one, two] = [await http(ok), await http(ok)]
    const client = connections()
    const replies = []
    for (const { origin } of [one, two, one, one, two])
      replies.push(await client.attempt(post(origin), LONG_MS))
    expect([one.connections, two.connections]).toEqual([1, 1])
    expect(one.requests.map(({ connection }) => connection)).toEqual([1, 1, 1])
    expect(replies.map(({ reused }) => reused)).toEqual([false, false, true, true, true])
  })

  test('one that was refused a body is kept as well', async () => {
    const server = await http((response, path) => {
      response.writeHead(path === '/1' ? 400 : 200, { 'Content-Type': 'text/html' })
      response.end('<p>no</p>')
    })
    const client = connections()
    await client.attempt(post(server.origin, '/1'), LONG_MS)
    await client.attempt(post(server.origin, '/2'), LONG_MS)
    expect(server.connections).toBe(1)
  })

  test('one that the server closed meanwhile is replaced', async () => {
    const server = await http(response => {
      response.setHeader('Connection', 'close')
      response.end()
    })
    const client = connections()
    for (let n = 0; n < 3; n++)
      expect((await client.attempt(post(server.origin), LONG_MS)).reused).toBe(false)
    expect(server.connections).toBe(3)
  })

  test('after a timeout the next attempt has a new one, and the old one is closed', async () => {
    const gone = signal()
    const server = await http((response, path) => {
      if (path === '/ok') response.end('ok')
      else response.on('close', () => gone.resolve())
    })
    const client = connections()
    expect((await faultOf(client.attempt(post(server.origin, '/hang'), 100))).kind).toBe('timeout')
    await gone.promise
    expect(await client.attempt(post(server.origin, '/ok'), LONG_MS)).toMatchObject({
      body: 'ok',
      reused: false
    })
  })

  test('closing ends those that are kept', async () => {
    const ended = signal()
    const server = await http(ok)
    server.interceptConnection = socket => void socket.on('close', () => ended.resolve())
    const client = new Connections()
    await client.attempt(post(server.origin), LONG_MS)
    client.close()
    await ended.promise
  })

  function ok(response: ServerResponse): void {
    response.end('ok')
  }
})

describe('time', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'
  const drip = (bytes: string, next: string) => (socket: Socket) =>
    socket.once('data', () => {
      socket.write(bytes)
      const timer = setInterval(() => socket.write(next), 20)
      socket.on('close', () => clearInterval(timer))
    })

  test.each<[string, (socket: Socket) => void]>([
    ['silence after the request', () => {}],
    ['silence and no reading', socket => void socket.pause()],
    ['silence after the headers', drip(HEAD, '')],
    ['the status line, byte by byte', drip('', 'H')],
    ['headers without end', drip('HTTP/1.1 200 OK\r\n', 'x')],
    ['early hints without end', drip('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['the body, byte by byte', drip(HEAD, 'x')],
    ['chunks without end', drip('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n')],
    ['a body until the connection ends, which it does not', drip('HTTP/1.1 200 OK\r\n\r\n', 'x')]
  ])('%s ends in time', async (name, play) => {
    const origin = await raw(play)
    const started = performance.now()
    const fault = await faultOf(attempt(origin, 150))
    const took = performance.now() - started
    if (name === 'the status line, byte by byte') expect(['timeout', 'not-http']).toContain(fault.kind)
    else
      expect(shown(fault)).toEqual({
        kind: 'timeout',
        message: 'no whole answer within 150 ms',
        systemCode: '',
        neverSent: false
      })
    expect(took).toBeLessThan(150 + A_SECOND)
  })

  test('the deadline of all attempts together holds', async () => {
    const server = await http(() => {})
    const { wire, said } = openWire({
      clock: { ...realClock, random: () => 0.1 },
      timeoutMs: 1700,
      attemptTimeoutMs: 300,
      maxAttempts: 10
    })
    const started = performance.now()
    await expect(wire.send(post(server.origin))).rejects.toMatchObject({ code: 'timeout' })
    const took = performance.now() - started
    wire.close()
    expect(took).toBeLessThan(1700 + A_SECOND)
    expect(server.requests.length).toBeGreaterThan(1)
    expect(said.length).toBe(server.requests.length - 1)
  })

  test('an attempt gets no more than what is left of it', async () => {
    const server = await http(() => {})
    const { wire } = openWire({ clock: realClock, timeoutMs: 200, attemptTimeoutMs: 15_000 })
    const started = performance.now()
    await expect(wire.send(post(server.origin))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(
        new RegExp(
          `^POST ${server.origin}/token failed: no whole answer within (1\\d\\d|200) ms, 1 attempt\\b`
        )
      ) as unknown as string
    })
    expect(performance.now() - started).toBeLessThan(200 + A_SECOND)
    wire.close()
  })
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is not followed', async status => {
    const other = await http(response => response.end('followed'))
    const server = await http(response => {
      response.writeHead(status, { Location: `${other.origin}/elsewhere` })
      response.end()
    })
    const { wire } = openWire()
    for (const method of ['GET', 'POST'] as const) {
      const { body, ...rest } = post(server.origin)
      await expect(
        wire.send({ ...rest, method, ...(method === 'GET' || !body ? {} : { body }) })
      ).rejects.toMatchObject({
        code: 'redirected',
        message: `${method} ${server.origin}/token answered ${status}, a redirect to ${new URL(other.origin).host}, 1 attempt.`
      })
    }
    wire.close()
    expect([server.requests.length, other.connections]).toEqual([2, 0])
  })
})

describe('what the wire says', () => {
  test('each request is told to whoever debugs, and nothing of a header, a query or a body', async () => {
    const server = await http((response, path) => {
      response.statusCode = path.startsWith('/1') ? 503 : 200
      response.end('secret-body')
    })
    const { wire, debugged, said } = openWire({ maxAttempts: 2 })
    await wire.send(post(server.origin, '/1?tenantId=x'))
    await wire.send({ method: 'GET', url: new URL('/2', server.origin), headers: {} })
    expect(wire.sent).toBe(3)
    wire.close()
    await expect(wire.send(post(await closedOrigin()))).rejects.toMatchObject({ code: 'network' })
    expect(debugged.map(line => line.replace(/http:\S+?(\/\w+:)/, 'ORIGIN$1'))).toEqual([
      'POST ORIGIN/1: 503, new connection, 0 ms',
      'POST ORIGIN/1: 503, kept connection, 0 ms',
      'GET ORIGIN/2: 200, kept connection, 0 ms',
      ...['POST ORIGIN/token: ECONNREFUSED, 0 ms', 'POST ORIGIN/token: ECONNREFUSED, 0 ms']
    ])
    expect(said[0]).toBe(
      `${new URL(server.origin).host}: it answered 503, attempt 1 of 2; waiting 0.5 s before the next attempt.`
    )
  })
})

describe('faults', () => {
  test('nobody listens', async () => {
    const origin = await closedOrigin()
    expect(shown(await faultOf(attempt(origin)))).toEqual({
      kind: 'network',
      message: 'the connection was refused',
      systemCode: 'ECONNREFUSED',
      neverSent: true
    })
    // A name with more than one address: Node throws an error that holds theirs.
    expect(await faultOf(attempt(origin.replace('127.0.0.1', 'localhost')))).toMatchObject({
      systemCode: 'ECONNREFUSED',
      neverSent: true
    })
  })

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n', false],
    ['chunked garbage', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n', false],
    ['a content-length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc', true],
    ['two content-lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', true],
    ['a header with a null', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n', true],
    ['HTTP/2', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff', true]
  ])('what is not HTTP: %s', async (_, bytes, inHead) => {
    const fault = await faultOf(attempt(await answering(bytes, false)))
    // Garbage inside a body is told by the body's reader, which knows only that there is no more of it.
    expect(inHead || fault.kind === 'not-http' ? fault.kind : 'cut-short').toBe(fault.kind)
    expect(fault.neverSent).toBe(false)
    if (fault.kind === 'not-http') expect(fault.systemCode).toMatch(/^HPE_/)
  })

  test('headers of 100 kB', async () => {
    const origin = await answering(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, false)
    expect(shown(await faultOf(attempt(origin)))).toEqual({
      kind: 'too-large',
      message: 'its headers are larger than 16 KiB',
      systemCode: '',
      neverSent: false
    })
  })

  test('an upgrade that nobody asked for', async () => {
    const origin = await answering(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      false
    )
    // Node waits for an upgrade that nobody hears of: the deadline ends it.
    expect(['network', 'timeout']).toContain((await faultOf(attempt(origin, 150))).kind)
  })

  test.each<[object | string | undefined, Partial<AttemptError>]>([
    [
      { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
      { kind: 'network', message: 'its name is unknown to DNS', neverSent: true }
    ],
    [
      { code: 'EAI_AGAIN', syscall: 'getaddrinfo' },
      { kind: 'network', message: 'DNS gave no answer', neverSent: true }
    ],
    [{ code: 'EHOSTUNREACH' }, { kind: 'network', message: 'there is no route to it', neverSent: true }],
    [{ code: 'ENETUNREACH' }, { kind: 'network', message: 'there is no route to it', neverSent: true }],
    [
      { code: 'ETIMEDOUT', syscall: 'connect' },
      { kind: 'network', message: 'no connection was made in time', neverSent: true }
    ],
    [
      { code: 'ETIMEDOUT', syscall: 'read' },
      { kind: 'network', neverSent: false }
    ],
    [
      { code: 'ECONNRESET', syscall: 'read' },
      { kind: 'network', message: 'the connection was reset', neverSent: false }
    ],
    [
      { code: 'EPIPE', syscall: 'write' },
      { kind: 'network', message: 'the connection was closed', neverSent: false }
    ],
    [
      {
        code: 'ECONNRESET',
        message: 'Client network socket disconnected before secure TLS connection was established'
      },
      { kind: 'network', neverSent: true }
    ],
    [
      { errors: [{ code: 'ECONNREFUSED', syscall: 'connect' }] },
      { kind: 'network', systemCode: 'ECONNREFUSED', neverSent: true }
    ],
    [
      { code: 'ECONNRESET', message: 'tunneling socket could not be established, statusCode=407' },
      { kind: 'proxy-refused', message: 'the proxy answered 407 to CONNECT', systemCode: '' }
    ],
    [
      { code: 'ECONNRESET', message: 'tunneling socket could not be established, statusCode=502' },
      { kind: 'network', message: 'the proxy answered 502 to CONNECT', neverSent: true }
    ],
    [
      {
        code: 'ECONNRESET',
        message: 'tunneling socket could not be established, cause=connect ECONNREFUSED 10.0.0.1:3128'
      },
      { kind: 'network', message: 'the proxy was not reached', systemCode: 'ECONNREFUSED', neverSent: true }
    ],
    [
      { code: 'CERT_REVOKED' },
      { kind: 'tls', message: 'the TLS handshake failed', systemCode: 'CERT_REVOKED' }
    ],
    [{ code: 'HPE_INVALID_CONSTANT' }, { kind: 'not-http', message: 'the answer is not HTTP' }],
    [
      { message: 'password=hunter2-hunter2' },
      { kind: 'network', message: 'the connection failed', systemCode: '' }
    ],
    ['thrown text', { kind: 'network', message: 'the connection failed', systemCode: '' }],
    [undefined, { kind: 'network', message: 'the connection failed', systemCode: '' }]
  ])('%j', (thrown, fault) => {
    expect(shown(AttemptError.from(thrown))).toMatchObject(fault)
  })

  test('a fault stays itself', () => {
    const fault = new AttemptError('timeout', 'x')
    expect(AttemptError.from(fault)).toBe(fault)
  })
})

describe('TLS', () => {
  let certificates: Certificates
  beforeAll(() => {
    certificates = makeCertificates()
  })
  afterAll(() => certificates.remove())

  async function secured(tls: Pair) {
    const server = await startServer(() => ({ status: 200, json: { ok: true } }), { tls })
    open.push(() => server.close())
    return server
  }

  const trusting = () => open.push(trust(certificates.authority))

  test('an authority that is trusted: one connection, and nothing is asked twice', async () => {
    trusting()
    const server = await secured(certificates.good)
    const client = connections()
    expect(await client.attempt(post(server.origin), LONG_MS)).toMatchObject({ status: 200, reused: false })
    expect(await client.attempt(post(server.origin), LONG_MS)).toMatchObject({ status: 200, reused: true })
    expect([server.connections, server.requests.length]).toEqual([1, 2])
  })

  test.each([
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
    ['expired', 'CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['not valid yet', 'CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    ['wrong name', 'ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name']
  ] as const)('%s', async (name, systemCode, message) => {
    trusting()
    const server = await secured(certificates.bad[name])
    expect(shown(await faultOf(attempt(server.origin)))).toEqual({
      kind: 'tls',
      message,
      systemCode,
      neverSent: true
    })
    expect(server.requests).toEqual([])
  })

  test('an authority that is not trusted; the error names NODE_EXTRA_CA_CERTS, and it is final', async () => {
    const server = await secured(certificates.good)
    const { wire } = openWire({ maxAttempts: 5 })
    const error = (await wire.send(post(server.origin)).catch((reason: unknown) => reason)) as {
      code: string
      message: string
      hint: string
    }
    wire.close()
    expect([error.code, error.message]).toEqual([
      'tls',
      `POST ${server.origin}/token failed: its certificate leads to an authority that is not trusted here ` +
        '(UNABLE_TO_VERIFY_LEAF_SIGNATURE), 1 attempt.'
    ])
    expect(error.hint).toContain('NODE_EXTRA_CA_CERTS')
    expect([wire.sent, server.connections, server.requests.length]).toEqual([1, 1, 0])
  })

  test('a server that does not speak TLS', async () => {
    const origin = (await answering('HTTP/1.1 400 Bad Request\r\n\r\n')).replace('http:', 'https:')
    expect(await faultOf(attempt(origin))).toMatchObject({ kind: 'tls', neverSent: true })
  })

  test('a server that wants a certificate of ours', async () => {
    trusting()
    const server = createTlsServer({ ...certificates.good, requestCert: true, rejectUnauthorized: true })
    server.on('tlsClientError', () => {})
    const origin = `https://${await listen(server)}`
    expect(['tls', 'network']).toContain((await faultOf(attempt(origin))).kind)
  })

  // A reset looks like one after the request, so it is not counted on that it was never sent.
  test.each<[string, (socket: Socket) => void, boolean]>([
    ['closes', socket => void socket.once('data', () => socket.end()), true],
    ['resets', socket => void socket.once('data', () => socket.resetAndDestroy()), false]
  ])('a server that %s within the handshake', async (_, play, neverSent) => {
    const origin = (await raw(play)).replace('http:', 'https:')
    expect(await faultOf(attempt(origin))).toMatchObject({
      kind: 'network',
      systemCode: 'ECONNRESET',
      neverSent
    })
  })

  test('a handshake that is never answered ends in time', async () => {
    const origin = (await raw(() => {})).replace('http:', 'https:')
    expect(shown(await faultOf(attempt(origin, 150)))).toEqual({
      kind: 'timeout',
      message: 'no connection within 150 ms',
      systemCode: '',
      neverSent: true
    })
  })
})
