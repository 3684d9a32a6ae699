import { connect, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startServer } from '../../emulator/server.mjs'
import { Connections } from '../../src/http/client.js'
import type { AttemptError } from '../../src/http/errors.js'
import type { HttpRequest } from '../../src/http/types.js'
import { type Certificates, makeCertificates, type Pair, trust } from '../support/certificates.js'
import { openSession } from '../support/session.js'
import { startSocketServer } from '../support/sockets.js'

const LONG_MS = 5000

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

let certificates: Certificates
beforeAll(() => {
  certificates = makeCertificates()
})
afterAll(() => certificates.remove())

async function httpsServer(tls: Pair) {
  const server = await startServer(() => ({ status: 200, json: { ok: true } }), { tls })
  closers.push(() => server.close())
  return server
}

const trustAuthority = () => closers.push(trust(certificates.authority))

function connections(): Connections {
  const created = new Connections()
  closers.push(() => created.close())
  return created
}

const get = (origin: string): HttpRequest => ({ method: 'GET', url: new URL('/', origin), headers: {} })

async function errorOf(origin: string, timeoutMs = LONG_MS) {
  const thrown: unknown = await connections()
    .attempt(get(origin), timeoutMs)
    .then(
      response => ({ message: `a response: ${response.status}` }),
      reason => reason
    )
  const { kind, message, systemCode, mayHaveBeenApplied } = thrown as AttemptError
  return { kind, message, systemCode, mayHaveBeenApplied }
}

test('a certificate of a trusted authority: one connection for both requests', async () => {
  trustAuthority()
  const server = await httpsServer(certificates.good)
  const client = connections()
  for (const isReusedConnection of [false, true])
    expect(await client.attempt(get(server.origin), LONG_MS)).toMatchObject({
      status: 200,
      isReusedConnection
    })
  expect([server.connections, server.requests.length]).toEqual([1, 2])
})

describe('a certificate that is rejected: the request was not sent', () => {
  test.each([
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
    ['expired', 'CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['not valid yet', 'CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    ['wrong name', 'ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
    ['not for servers', 'INVALID_PURPOSE', 'its certificate is not for servers'],
    [
      'unknown authority',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'its certificate was issued by an authority that the runner does not trust'
    ]
  ] as const)('%s', async (name, systemCode, message) => {
    trustAuthority()
    const server = await httpsServer(certificates.bad[name])
    expect(await errorOf(server.origin)).toEqual({
      kind: 'tls',
      message,
      systemCode,
      mayHaveBeenApplied: false
    })
    expect(server.requests).toEqual([])
  })

  test('the error names NODE_EXTRA_CA_CERTS, and there is no retry', async () => {
    const server = await httpsServer(certificates.good)
    const { session } = openSession({ maxAttempts: 5 })
    closers.push(() => session.close())
    await expect(session.send(get(server.origin))).rejects.toMatchObject({
      code: 'tls',
      message:
        `GET ${server.origin}/ failed: its certificate was issued by an authority that the runner does not trust ` +
        '(UNABLE_TO_VERIFY_LEAF_SIGNATURE), 1 attempt.',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      mayHaveBeenApplied: false
    })
    expect([session.attemptCount, server.connections, server.requests.length]).toEqual([1, 1, 0])
  })
})

describe('a handshake that fails otherwise: the request may have been sent', () => {
  const https = async (play: (socket: Socket) => void) => {
    const { host, close } = await startSocketServer(play)
    closers.push(close)
    return `https://${host}`
  }

  test.each<[string, (socket: Socket) => unknown, object]>([
    [
      'plain HTTP',
      socket => socket.end('HTTP/1.1 400 X\r\n\r\n'),
      { kind: 'tls', message: 'the TLS connection failed', systemCode: 'EPROTO' }
    ],
    ['the server closes', socket => socket.end(), { kind: 'network', systemCode: 'ECONNRESET' }],
    ['the server is silent', () => {}, { kind: 'timeout', message: 'no complete response within 1000 ms' }],
    ['the server resets', socket => socket.resetAndDestroy(), { kind: 'network', systemCode: 'ECONNRESET' }]
  ])('%s', async (_, play, error) => {
    const origin = await https(socket => void socket.once('data', () => play(socket)))

    expect(await errorOf(origin, 1000)).toMatchObject({ ...error, mayHaveBeenApplied: true })
  })
})

describe('what follows the handshake: the request may have been carried out', () => {
  const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  /** An alert of TLS: fatal, handshake failure. */
  const ALERT = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])

  /**
   * Starts a TLS server behind a relay that changes the bytes which answer the request. The server has read the request
   * by then. Returns the origin of the relay.
   */
  async function startRelay(change: (bytes: Buffer) => Buffer): Promise<string> {
    let hasRequest = false
    const server = await startSocketServer(
      createTlsServer(certificates.good, (secured: TLSSocket) => {
        secured.on('error', () => {})
        secured.once('data', () => {
          hasRequest = true
          secured.write(RESPONSE)
        })
      })
    )
    const relay = await startSocketServer(socket => {
      const upstream = connect(server.port, '127.0.0.1')
      upstream.on('error', () => {})
      socket.pipe(upstream)
      upstream.on('data', bytes => socket.write(hasRequest ? change(bytes) : bytes))
      socket.on('close', () => upstream.destroy())
    })
    closers.push(server.close, relay.close)
    trustAuthority()
    return `https://${relay.host}`
  }

  test('the relay itself changes nothing', async () => {
    const origin = await startRelay(bytes => bytes)
    expect(await connections().attempt(get(origin), LONG_MS)).toMatchObject({ status: 200, body: 'ok' })
  })

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    [
      'a damaged record',
      bytes => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
      /^ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC$/
    ],
    ['an alert in plain text', () => ALERT, /^ERR_SSL_/]
  ])('%s', async (_, change, systemCode) => {
    expect(await errorOf(await startRelay(change))).toEqual({
      kind: 'tls',
      message: 'the TLS connection failed',
      systemCode: expect.stringMatching(systemCode),
      mayHaveBeenApplied: true
    })
  })

  test('an alert of the server, which asks for a certificate of the client', async () => {
    trustAuthority()
    const server = createTlsServer({ ...certificates.good, requestCert: true, rejectUnauthorized: true })
    server.on('tlsClientError', () => {})
    const { host, close } = await startSocketServer(server)
    closers.push(close)
    expect(await errorOf(`https://${host}`)).toEqual({
      kind: 'tls',
      message: 'the TLS connection failed',
      systemCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      mayHaveBeenApplied: true
    })
  })
})
