import { describe, expect, test } from '@jest/globals'
import { endpointUrl } from '../../src/auth/base-url.js'
import { notAllowed } from '../support/input-errors.js'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  readInputs,
  refusal
} from '../support/read-inputs.js'

describe('base-url', () => {
  const readUrl = (text: string) => readInputs({ ...GENESYS, 'base-url': text })
  const originOf = (text: string) => readUrl(text).inputs?.request.baseUrl?.origin

  test.each([
    ['https://gateway.example.com', 'https://gateway.example.com'],
    ['https://gateway.example.com/', 'https://gateway.example.com'],
    ['https://gateway.example.com:8443', 'https://gateway.example.com:8443'],
    ['https://gateway.example.com:443', 'https://gateway.example.com'],
    ['HTTPS://Gateway.Example.COM', 'https://gateway.example.com'],
    [' https://gateway.example.com\n', 'https://gateway.example.com'],
    ['https://10.0.0.1', 'https://10.0.0.1'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['https://localhost', 'https://localhost'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://LOCALHOST:8080/', 'http://localhost:8080'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.255.254', 'http://127.255.255.254'],
    ['http://[::1]:8080', 'http://[::1]:8080']
  ])('%j is accepted', (text, origin) => expect(originOf(text)).toBe(origin))

  test('every request has it, the one for an initial token too', () => {
    const given = { 'base-url': 'http://127.0.0.1:1' }
    for (const inputs of [
      GENESYS,
      { ...GENESYS, 'token-endpoint': 'api' },
      CXONE_APPLICATION,
      CXONE_KEY,
      CXONE_CLIENT
    ])
      expect(readInputs({ ...inputs, ...given }).inputs?.request.baseUrl?.origin).toBe('http://127.0.0.1:1')
    const long = readInputs({
      ...GENESYS,
      ...given,
      'token-kind': 'long-lived',
      'service-account-id': 'x'
    }).inputs?.request
    expect(long?.baseUrl?.origin).toBe('http://127.0.0.1:1')
    expect(long?.exchange === 'genesys-long-lived' && long.initial.baseUrl?.origin).toBe('http://127.0.0.1:1')
  })

  test('it never comes from the environment', () => {
    for (const variable of [
      'BASE_URL',
      'GENESYS_CLOUD_BASE_URL',
      'CXONE_BASE_URL',
      'base-url',
      'INPUT_BASE_URL'
    ])
      expect(readInputs(GENESYS, { [variable]: 'https://evil.com' }).inputs?.request).not.toHaveProperty(
        'baseUrl'
      )
  })

  const hostile = [
    // more than an origin
    'https://user@gateway.example.com',
    'https://user:pass@gateway.example.com',
    'https://@gateway.example.com',
    'https://:@gateway.example.com',
    'https://gateway.example.com/path',
    'https://gateway.example.com//',
    'https://gateway.example.com/.',
    'https://gateway.example.com?query',
    'https://gateway.example.com/?',
    'https://gateway.example.com#',
    'https://gateway.example.com/#fragment',
    // what `new URL` would correct
    'https:\\\\gateway.example.com',
    'https:/gateway.example.com',
    'https:gateway.example.com',
    'https:///gateway.example.com',
    'https://gateway.example.com\\',
    'https://gateway.example.com\\@evil.com',
    'https://gateway.exa\tmple.com',
    'https://gateway.exa\nmple.com',
    'https://gateway.example.com\r\nX-Evil: 1',
    'https://gateway.example.com\u0000.evil.com',
    'https://gateway。example。com',
    'https://ｇateway.example.com',
    'https://gateway.example.com%2f@evil.com',
    'https://%67ateway.example.com',
    'https://gäteway.example.com',
    'https://gate way.example.com',
    // neither http nor https
    'gateway.example.com',
    '//gateway.example.com',
    'ftp://gateway.example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'ws://localhost',
    'https://',
    'https:',
    'https',
    'true',
    // ports
    'https://gateway.example.com:',
    'https://gateway.example.com:65536',
    'https://gateway.example.com:99999',
    'https://gateway.example.com:port',
    'https://gateway.example.com:443:443',
    'https://gateway.example.com:-1',
    // invalid IP addresses
    'https://[::1',
    'https://::1',
    'https://256.256.256.256',
    'https://1.2.3.4.5',
    'https://[::g]',
    // http to another host than loopback
    'http://gateway.example.com',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://[::]',
    'http://128.0.0.1',
    'http://126.255.255.255',
    'http://169.254.169.254',
    'http://3232235521',
    'http://0xc0.0xa8.0.1',
    'http://0300.0250.0.1',
    'http://192.168.1',
    'http://localhost.evil.com',
    'http://localhost.',
    'http://evil-localhost',
    'http://127.0.0.1.evil.com',
    'http://127.0.0.1.nip.io',
    'http://[::ffff:10.0.0.1]',
    'http://[fe80::1]',
    `https://${'a'.repeat(10_000)}.example.com:99999`
  ]
  test.each(hostile.map(text => [text]))('%j is refused', text => {
    const read = readUrl(text)
    expect(refusal(read)).toBe(
      /[@?#]/.test(text)
        ? 'invalid-input: Input base-url contains a user, a query or a fragment.'
        : notAllowed('base-url', text)
    )
    expect(read.error?.hint).toContain('Allowed: an origin without a path')
  })

  test('a number in place of an address is loopback or refused', () => {
    for (const text of [
      'http://2130706433',
      'http://0x7f.1',
      'http://127.1',
      'http://017700000001',
      'http://[::ffff:127.0.0.1]'
    ]) {
      const { error, inputs } = readUrl(text)
      if (error) expect(error.code).toBe('invalid-input')
      else expect(inputs?.request.baseUrl?.hostname).toBe('127.0.0.1')
    }
  })

  test.each([
    'https://user:hunter22secret@gateway.example.com',
    'https://gateway.example.com/?key=hunter22secret'
  ])('a value that can contain a password is not repeated: %s', text => {
    expect(refusal(readUrl(text))).toMatch(/^invalid-input: Input base-url /)
    expect(readUrl(text).error?.message).not.toContain('hunter22secret')
  })
})

describe('endpointUrl', () => {
  test.each([
    ['/oauth/token', undefined, 'https://api.example.com/oauth/token'],
    ['/oauth/token', 'https://gateway.example.com:8443/', 'https://gateway.example.com:8443/oauth/token'],
    ['//evil.com/token', undefined, 'https://api.example.com//evil.com/token'],
    ['//evil.com/token', 'https://gateway.example.com', 'https://gateway.example.com//evil.com/token'],
    ['/a?b#c', undefined, 'https://api.example.com/a%3Fb%23c']
  ])('%s at the base URL %s', (path, baseUrl, expected) => {
    const base = baseUrl === undefined ? undefined : new URL(baseUrl)
    expect(endpointUrl('https://api.example.com', path, base).href).toBe(expected)
    expect(base?.pathname ?? '/').toBe('/')
  })
})
