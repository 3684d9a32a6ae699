import dns from 'node:dns'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { startServer } from '../../emulator/server.mjs'
import { Connections, MAX_BODY_BYTES } from '../../src/http/client.js'
import { AttemptError } from '../../src/http/errors.js'
import type { HttpRequest, RawResponse } from '../../src/http/types.js'
import { Secret } from '../../src/lib/secret.js'
import { freePort, startSocketServer } from '../support/sockets.js'

const LONG_MS = 5000
/** How late a deadline may be kept on a busy machine. */
const TOLERANCE_MS = 1000

/** Called after each test, the newest first. */
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Returns the origin of a server of raw bytes. */
async function raw(onConnection: (socket: Socket) => void): Promise<string> {
  const server = await startSocketServer(onConnection)
  closers.push(server.close)
  return `http://${server.host}`
}

/** Answers the first bytes of each connection with these. */
function responding(bytes: string | Buffer, end = true): Promise<string> {
  return raw(socket =>
    socket.once('data', () => {
      if (end) socket.end(bytes)
      else socket.write(bytes)
    })
  )
}

/** Returns a promise with the function that resolves it. */
function signal() {
  let resolve = (): void => {}
  const promise = new Promise<void>(fulfil => {
    resolve = fulfil
  })
  return { promise, resolve }
}

async function http(respond: (response: ServerResponse, path: string) => void) {
  const server = await startServer(() => ({ status: 200 }), {
    intercept: (request, response) => {
      respond(response, request.path)
      return true
    }
  })
  closers.push(() => server.close())
  return server
}

function connections(): Connections {
  const created = new Connections()
  closers.push(() => created.close())
  return created
}

function post(origin: string, path = '/token'): HttpRequest {
  return {
    method: 'POST',
    url: new URL(path, origin),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: new Secret('Basic x') },
    body: new Secret('a=b')
  }
}

/** One attempt on a connection of its own. */
function attempt(origin: string, timeoutMs = LONG_MS): Promise<RawResponse> {
  return connections().attempt(post(origin), timeoutMs)
}

async function errorOf(attempted: Promise<unknown>): Promise<AttemptError> {
  const error: unknown = await attempted.then(
    () => 'a response',
    reason => reason
  )
  expect(error).toBeInstanceOf(AttemptError)
  return error as AttemptError
}

/** Everything that the rest of the action can read of the error. */
const fieldsOf = ({ kind, message, systemCode, mayHaveBeenApplied }: AttemptError) => ({
  kind,
  message,
  systemCode,
  mayHaveBeenApplied
})

describe('a response', () => {
  test('has its status, the first value of each header in lower case, and the body as UTF-8', async () => {
    const body = Buffer.from('é€😀')
    const origin = await responding(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 218 Fine\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: ${body.length}\r\n\r\n`),
        body
      ])
    )
    expect(await attempt(origin)).toEqual({
      status: 218,
      headers: { 'x-one': '1', 'content-length': '9' },
      body: 'é€😀',
      isReusedConnection: false
    })
  })

  test.each([
    ['a character that is split between two packets', 'Content-Length: 3\r\n\r\n\u20ac', '€'],
    ['no body', 'Content-Length: 0\r\n\r\n', ''],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
    ['a body that ends with the connection', 'Connection: close\r\n\r\nabc', 'abc'],
    [
      'an early hint before it',
      'Content-Length: 2\r\n\r\nok',
      'ok',
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
    ],
    ['a 100 before it', 'Content-Length: 2\r\n\r\nok', 'ok', 'HTTP/1.1 100 Continue\r\n\r\n']
  ])('is complete with %s', async (_, rest, body, before = '') => {
    const bytes = Buffer.from(`${before}HTTP/1.1 200 OK\r\n${rest}`)
    const origin = await raw(socket =>
      socket.once('data', async () => {
        socket.write(bytes.subarray(0, -1))
        await sleep(5)
        socket.end(bytes.subarray(-1))
      })
    )
    expect(await attempt(origin)).toMatchObject({ status: 200, body })
  })

  test('in gzip, which no request asks for, is not unpacked', async () => {
    const server = await http(response => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' })
      response.end(Buffer.from([0x1f, 0x8b, 8]))
    })
    expect((await attempt(server.origin)).body).toBe('\x1f\ufffd\b')
    expect(server.requests[0]?.headers['accept-encoding']).toBeUndefined()
  })

  test('ends at its content-length, and its connection is not reused if more bytes follow', async () => {
    const origin = await raw(socket =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP garbage\r\n\r\n')
      )
    )
    const client = connections()
    expect((await client.attempt(post(origin), LONG_MS)).body).toBe('ok')
    await sleep(20)
    expect(await client.attempt(post(origin), LONG_MS)).toMatchObject({
      body: 'ok',
      isReusedConnection: false
    })
  })
})

describe('the maximum size of a body', () => {
  test('is 1 MiB', () => {
    expect(MAX_BODY_BYTES).toBe(1_048_576)
  })

  const serve = (body: Buffer, withLength: boolean) =>
    http(response => {
      response.writeHead(200, withLength ? { 'Content-Length': body.length } : {})
      response.end(body)
    })

  test.each([true, false])('allows exactly that (content-length: %s)', async withLength => {
    const server = await serve(Buffer.alloc(MAX_BODY_BYTES, 'x'), withLength)
    expect((await attempt(server.origin)).body).toHaveLength(MAX_BODY_BYTES)
  })

  test.each([true, false])('does not allow one byte more (content-length: %s)', async withLength => {
    const server = await serve(Buffer.alloc(MAX_BODY_BYTES + 1, 'x'), withLength)
    expect(fieldsOf(await errorOf(attempt(server.origin)))).toEqual({
      kind: 'too-large',
      message: 'the body is larger than 1048576 bytes',
      systemCode: '',
      mayHaveBeenApplied: true
    })
  })

  test('closes the connection of an endless body', async () => {
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
    expect((await errorOf(attempt(server.origin))).kind).toBe('too-large')
    await closed.promise
  })
})

describe('a response that is cut short', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n'
  test.each([
    ['inside a body of a known length', `${HEAD}Content-Length: 10\r\n\r\n{"a":`, 'cut-short'],
    ['before the last chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, 'cut-short'],
    ['inside the headers', `${HEAD}Content-Le`, 'network'],
    ['before the first byte', '', 'network']
  ])('%s', async (_, bytes, kind) => {
    const closed = await responding(bytes)
    const reset = await raw(socket =>
      socket.once('data', () => socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20)))
    )
    for (const origin of [closed, reset])
      expect(await errorOf(attempt(origin))).toMatchObject({ kind, mayHaveBeenApplied: true })
  })

  test('by a reset before the server read the request', async () => {
    const error = await errorOf(attempt(await raw(socket => socket.resetAndDestroy())))
    expect(error).toMatchObject({ kind: 'network', systemCode: 'ECONNRESET', mayHaveBeenApplied: true })
  })
})

describe('a connection', () => {
  const ok = (response: ServerResponse) => void response.end('ok')
  const notFound = (response: ServerResponse) => void response.writeHead(404).end('<p>no</p>')

  test('is reused for all requests to its origin, also after an error', async () => {
    const [one, two] = [await http(ok), await http(notFound)]
    const client = connections()
    const responses = []
    for (const { origin } of [one, two, one, one, two])
      responses.push(await client.attempt(post(origin), LONG_MS))
    expect([one.connections, two.connections]).toEqual([1, 1])
    expect(one.requests.map(({ connection }) => connection)).toEqual([1, 1, 1])
    expect(responses.map(({ isReusedConnection }) => isReusedConnection)).toEqual([
      false,
      false,
      true,
      true,
      true
    ])
  })

  test('is new for a request that asks for one, and is closed afterwards', async () => {
    const closed = signal()
    const server = await http(ok)
    const client = connections()
    await client.attempt(post(server.origin), LONG_MS)
    server.interceptConnection = socket => void socket.on('close', () => closed.resolve())
    const response = await client.attempt({ ...post(server.origin), isOnNewConnection: true }, LONG_MS)
    await closed.promise
    expect([response.isReusedConnection, server.connections]).toEqual([false, 2])
    expect(await client.attempt(post(server.origin), LONG_MS)).toMatchObject({ isReusedConnection: true })
  })

  test('is closed after a timeout, and the next attempt gets a new one', async () => {
    const closed = signal()
    const server = await http((response, path) => {
      if (path === '/ok') response.end('ok')
      else response.on('close', () => closed.resolve())
    })
    const client = connections()
    expect((await errorOf(client.attempt(post(server.origin, '/hang'), 100))).kind).toBe('timeout')
    await closed.promise
    expect(await client.attempt(post(server.origin, '/ok'), LONG_MS)).toMatchObject({
      body: 'ok',
      isReusedConnection: false
    })
  })

  test('ends with `close`', async () => {
    const ended = signal()
    const server = await http(ok)
    server.interceptConnection = socket => void socket.on('close', () => ended.resolve())
    const client = new Connections()
    await client.attempt(post(server.origin), LONG_MS)
    client.close()
    await ended.promise
  })
})

// More faults without an end are in faults/.
test.each<[string, (socket: Socket) => void]>([
  ['silence after the request', () => {}],
  ['a server that does not read', socket => void socket.pause()]
])('the timeout of an attempt ends %s', async (_, play) => {
  const origin = await raw(play)
  const started = performance.now()
  expect(fieldsOf(await errorOf(attempt(origin, 150)))).toEqual({
    kind: 'timeout',
    message: 'no complete response within 150 ms',
    systemCode: '',
    mayHaveBeenApplied: true
  })
  expect(performance.now() - started).toBeLessThan(150 + TOLERANCE_MS)
})

describe('a server that does not speak HTTP', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['HTTP/2', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff']
  ])('%s', async (_, bytes) => {
    expect(fieldsOf(await errorOf(attempt(await responding(bytes, false))))).toEqual({
      kind: 'not-http',
      message: 'the response is not HTTP',
      systemCode: expect.stringMatching(/^HPE_/),
      mayHaveBeenApplied: true
    })
  })

  test('chunks that are not chunks: the reader of the body knows only that the body ends early', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n'
    expect(await errorOf(attempt(await responding(bytes, false)))).toMatchObject({
      kind: 'cut-short',
      mayHaveBeenApplied: true
    })
  })

  test('headers of 100 kB', async () => {
    const origin = await responding(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, false)
    expect(fieldsOf(await errorOf(attempt(origin)))).toEqual({
      kind: 'too-large',
      message: 'its headers are larger than 16 KiB',
      systemCode: '',
      mayHaveBeenApplied: true
    })
  })

  test('a 101 response ends the attempt at once', async () => {
    const origin = await responding(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      false
    )
    const started = performance.now()
    expect(fieldsOf(await errorOf(attempt(origin)))).toEqual({
      kind: 'not-http',
      message: 'the server switched protocols (HTTP 101)',
      systemCode: '',
      mayHaveBeenApplied: true
    })
    expect(performance.now() - started).toBeLessThan(TOLERANCE_MS)
  })
})

describe('a host', () => {
  /** Only Linux has every address of 127.0.0.0/8, and drops what a full queue of connections does not take. */
  const linuxTest = process.platform === 'linux' ? test : test.skip
  const REFUSED = {
    kind: 'network',
    message: 'the connection was refused',
    systemCode: 'ECONNREFUSED',
    mayHaveBeenApplied: false
  }

  test('that refuses the connection: the request was not sent', async () => {
    expect(fieldsOf(await errorOf(attempt(`http://127.0.0.1:${await freePort()}`)))).toEqual(REFUSED)
  })

  test('with an IPv6 literal', async () => {
    const server = createServer((request, response) => response.end(request.headers.host))
    await once(server.listen(0, '::1'), 'listening')
    closers.push(() => server.close())
    const host = `[::1]:${(server.address() as AddressInfo).port}`
    expect((await attempt(`http://${host}`)).body).toBe(host)
  })

  linuxTest('with two addresses', async () => {
    resolveTo('127.0.0.1', '127.0.0.2')
    const refused = attempt(`http://both-refuse.test:${await freePort()}`)
    const tooSlow = attempt(`http://one-times-out.test:${await startSlowServer(LONG_MS)}`, 2 * LONG_MS)
    const slow = attempt(`http://one-needs-two-seconds.test:${await startSlowServer(1500)}`, 2 * LONG_MS)
    const [one, another, reached] = await Promise.all([errorOf(refused), errorOf(tooSlow), slow])
    expect(fieldsOf(one)).toEqual(REFUSED)
    // At the first address, the request may have been sent.
    expect(another).toMatchObject({ kind: 'network', mayHaveBeenApplied: true })
    expect(reached.status).toBe(204)
  })

  function resolveTo(...addresses: string[]): void {
    const lookup = jest.spyOn(dns, 'lookup') as unknown as jest.SpiedFunction<
      (host: string, options: object, done: (error: null, found: dns.LookupAddress[]) => void) => void
    >
    lookup.mockImplementation((_, __, done) =>
      done(
        null,
        addresses.map(address => ({ address, family: 4 }))
      )
    )
    closers.push(() => lookup.mockRestore())
  }

  /**
   * Starts a server on 127.0.0.1 whose queue of new connections is full for so long: Linux then drops each packet that
   * asks for another one, and the client repeats it every second. Returns the port.
   */
  async function startSlowServer(ms: number): Promise<number> {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       const server = require('node:http').createServer((_, response) => response.writeHead(204).end())
       server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => parentPort.postMessage(server.address().port))
       parentPort.once('message', () => {
         parentPort.postMessage('blocked')
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})
       })`,
      { eval: true }
    )
    const [port] = (await once(worker, 'message')) as [number]
    worker.postMessage('block')
    await once(worker, 'message')
    const waiting = [1, 2].map(() => connect(port, '127.0.0.1').on('error', () => {}))
    for (const socket of waiting) await once(socket, 'connect')
    closers.push(async () => {
      for (const socket of waiting) socket.destroy()
      await worker.terminate()
    })
    return port
  }
})

describe('the environment', () => {
  test.each([
    [undefined, 'timeout:4 attempts:1'],
    ['timeout:7 rotate', 'timeout:7 rotate']
  ])('RES_OPTIONS=%j becomes %j', (given, expected) => {
    const before = process.env['RES_OPTIONS']
    if (given === undefined) delete process.env['RES_OPTIONS']
    else process.env['RES_OPTIONS'] = given
    try {
      connections()
      expect(process.env['RES_OPTIONS']).toBe(expected)
    } finally {
      if (before === undefined) delete process.env['RES_OPTIONS']
      else process.env['RES_OPTIONS'] = before
    }
  })

  test('NODE_TLS_REJECT_UNAUTHORIZED is removed', () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    connections()
    expect(process.env).not.toHaveProperty('NODE_TLS_REJECT_UNAUTHORIZED')
  })
})
