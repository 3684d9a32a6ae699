import { afterEach, describe, expect, test } from '@jest/globals'
import { proxyHost, proxySecrets, requireReadableProxy } from '../../src/http/proxy.js'

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
