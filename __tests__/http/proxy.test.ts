import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { proxyHost, proxySecrets, requireReadableProxy } from '../../src/http/proxy.js'
import { Secret } from '../../src/lib/secret.js'
import { openSession } from '../support/session.js'
import { startSocketServer } from '../support/sockets.js'

const NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY']
const before = NAMES.map(name => [name, process.env[name]] as const)
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

/** Returns what happens to a request with these variables: it may be sent, or the error. */
function outcome(variables: Record<string, string>, url: string): string {
  for (const name of NAMES) delete process.env[name]
  Object.assign(process.env, variables)
  try {
    requireReadableProxy({ method: 'POST', url: new URL(url), headers: {} })
    return 'sent'
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code}: ${message}`
  }
}

const [HTTPS, HTTP] = ['https://login.example.com/token?a=b', 'http://gateway.example.com/token']
const target = (url: string) => url.split('?')[0]

describe('a proxy variable that cannot be read', () => {
  test.each([
    ['HTTPS_PROXY', HTTPS],
    ['https_proxy', HTTPS],
    ['HTTP_PROXY', HTTP],
    ['http_proxy', HTTP]
  ])('%s ends the request, without its value', (name, url) => {
    for (const value of [
      'http://user:pass%word@proxy:3128',
      'http://user:pa#ss-word@proxy',
      'socks5://user:pass-word@proxy:1080',
      'http://',
      'http://proxy:port',
      // The HTTP client takes the name for a scheme.
      'proxy:3128'
    ]) {
      expect([value, outcome({ [name]: value }, url)]).toEqual([
        value,
        `network: POST ${target(url)} was not sent: the value of ${name} is not an http or https URL.`
      ])
    }
    expect(outcome({ [name]: 'http://user:pass-word@[fd00::1]:3128' }, url)).toBe(
      `network: POST ${target(url)} was not sent: the proxy in ${name} is an IPv6 address, which is not supported.`
    )
  })

  test.each<[string, Record<string, string>, string]>([
    ['is for the other scheme', { HTTP_PROXY: 'socks5://proxy' }, HTTPS],
    ['is for the other scheme', { HTTPS_PROXY: 'socks5://proxy' }, HTTP],
    ['is bypassed by NO_PROXY', { HTTPS_PROXY: 'socks5://proxy', NO_PROXY: '.example.com' }, HTTPS],
    ['is not used for loopback', { HTTP_PROXY: 'socks5://proxy' }, 'http://127.0.0.1:8080/token'],
    ['comes after one that can be read', { https_proxy: 'http://proxy', HTTPS_PROXY: 'socks5://x' }, HTTPS]
  ])('does not matter if it %s', (_, variables, url) => {
    expect(outcome(variables, url)).toBe('sent')
  })
})

test.each([
  ['http://proxy:3128', 'proxy:3128'],
  ['https://user:pass-word@proxy:3128', 'proxy:3128'],
  ['10.0.0.1:3128', '10.0.0.1:3128'],
  ['http://p%40th:p%23ss@10.0.0.1:3128', '10.0.0.1:3128'],
  ['', undefined]
])('the proxy in HTTPS_PROXY=%s is %s', (value, host) => {
  expect(outcome({ HTTPS_PROXY: value }, HTTPS)).toBe('sent')
  expect(proxyHost(new URL(HTTPS))).toBe(host)
})

test('the passwords of proxies are secrets: as written, decoded, and in a Basic header', () => {
  const secrets = proxySecrets({
    HTTPS_PROXY: 'http://user:pass%23word@proxy:3128',
    https_proxy: 'user:pass%23word@proxy:3128',
    HTTP_PROXY: 'http://user:100%@proxy',
    http_proxy: 'http://user:bad%escape@proxy',
    NO_PROXY: 'http://user:not-a-proxy@proxy'
  })
  const basic = (text: string) => Buffer.from(text).toString('base64')
  expect(secrets.map(secret => secret.reveal())).toEqual([
    'pass%23word',
    'pass#word',
    basic('user:pass#word'),
    'bad%escape',
    basic('user:bad%escape'),
    // The password is shorter than a secret; the header is not.
    basic('user:100%')
  ])
})

describe('a proxy that', () => {
  type Play = (socket: Socket) => unknown
  const CONNECTED = 'HTTP/1.1 200 OK\r\n\r\n'
  const drips = (start: string, piece: string) => (socket: Socket) => {
    socket.write(start)
    const timer = setInterval(() => socket.write(piece), 20)
    socket.on('close', () => clearInterval(timer))
  }
  const refuses = (status: number) => (socket: Socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)

  test.each<[string, Play, string, number, string]>([
    ['never answers CONNECT', () => {}, 'timeout', 2, 'no complete response within 500 ms'],
    ['answers a byte at a time', drips('HTTP/1.1 200 O', 'K'), 'timeout', 2, 'no complete response'],
    ['answers with endless headers', drips('HTTP/1.1 200 OK\r\n', 'X: y\r\n'), 'timeout', 2, 'no complete'],
    ['connects, and is then silent', socket => socket.write(CONNECTED), 'timeout', 2, 'no complete response'],
    ['requires a password', refuses(407), 'network', 1, 'the proxy answered 407 to CONNECT'],
    ['does not allow the host', refuses(403), 'network', 1, 'the proxy answered 403 to CONNECT'],
    ['does not reach the host', refuses(502), 'network', 2, 'the proxy answered 502 to CONNECT'],
    ['hangs up on CONNECT', socket => socket.end(), 'network', 2, 'the proxy was not reached'],
    ['resets CONNECT', socket => socket.resetAndDestroy(), 'network', 2, 'the proxy was not reached'],
    [
      'answers with plain HTTP in its tunnel',
      socket => {
        socket.write(CONNECTED)
        socket.once('data', () => socket.end(CONNECTED))
      },
      'tls',
      1,
      'the TLS connection failed'
    ]
  ])('%s', async (_, play, code, attempts, message) => {
    let received = ''
    const proxy = await startSocketServer(socket => {
      socket.once('data', () => play(socket))
      socket.on('data', piece => {
        received += piece.toString('latin1')
      })
    })
    process.env['HTTPS_PROXY'] = `http://user:pass-of-proxy@${proxy.host}`
    const { session } = openSession({ maxAttempts: 2, attemptTimeoutMs: code === 'timeout' ? 500 : 5000 })
    const request = {
      method: 'POST' as const,
      url: new URL(HTTPS),
      headers: { Authorization: new Secret('Bearer a-token-of-the-test') },
      body: new Secret('grant_type=x')
    }
    try {
      const error = await session.send(request).catch(reason => reason)
      expect([error.code, session.attemptCount]).toEqual([code, attempts])
      expect(error.message).toContain(`failed: ${message}`)
      expect(error.message).toContain(`through the proxy ${proxy.host}, ${attempts} attempt`)
      expect(error.message).not.toContain('pass-of-proxy')
      // The proxy gets the host and its own credentials, and nothing of the request.
      expect(received).toMatch(/^CONNECT login\.example\.com:443 HTTP\/1\.1\r\n/)
      expect(received).not.toMatch(/grant_type|a-token-of-the-test/)
    } finally {
      session.close()
      await proxy.close()
    }
  })
})
