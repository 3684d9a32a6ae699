import { describe, expect, test } from '@jest/globals'
import { apiBaseUrl, type BaseUrl, endpointUrl } from '../../src/auth/base-url.js'
import { notAllowed, notApplicable } from '../support/input-errors.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  MADE_UP_GENESYS,
  readInputs,
  refusal
} from '../support/read-inputs.js'

describe('base-url', () => {
  const readUrl = (text: string) => readInputs({ ...MADE_UP_GENESYS, 'base-url': text })
  const urlOf = (text: string) => readUrl(text).inputs?.request.baseUrl?.url

  test.each([
    ['https://gateway.example.com', 'https://gateway.example.com'],
    ['https://gateway.example.com/', 'https://gateway.example.com'],
    ['https://gateway.example.com:8443', 'https://gateway.example.com:8443'],
    ['https://gateway.example.com:443', 'https://gateway.example.com'],
    ['HTTPS://Gateway.Example.COM', 'https://gateway.example.com'],
    [' https://gateway.example.com\n', 'https://gateway.example.com'],
    ['https://10.0.0.1', 'https://10.0.0.1'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://LOCALHOST:8080/', 'http://localhost:8080'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.255.254', 'http://127.255.255.254'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['https://Gateway.example.com/A/b-c_d.e~1/', 'https://gateway.example.com/A/b-c_d.e~1'],
    ["http://127.0.0.1:8080/!$&'()*+,;=:x", "http://127.0.0.1:8080/!$&'()*+,;=:x"],
    ['https://gateway.example.com/...', 'https://gateway.example.com/...']
  ])('%j is accepted', (text, url) => expect(urlOf(text)).toBe(url))

  test('every request has it, the one for an initial token too', () => {
    const given = { 'base-url': 'http://127.0.0.1:1/path' }
    const expected = { input: 'base-url', url: 'http://127.0.0.1:1/path' }
    for (const inputs of [
      MADE_UP_GENESYS,
      { ...MADE_UP_GENESYS, 'token-endpoint': 'api' },
      MADE_UP_CXONE_APPLICATION,
      MADE_UP_CXONE_KEY,
      MADE_UP_CXONE_CLIENT
    ])
      expect(readInputs({ ...inputs, ...given }).inputs?.request.baseUrl).toEqual(expected)
    const long = readInputs({
      ...MADE_UP_GENESYS,
      ...given,
      'token-kind': 'long-lived',
      'service-account-id': 'x'
    }).inputs?.request
    expect(long?.baseUrl).toEqual(expected)
    expect(long?.exchange === 'genesys-long-lived' && long.initial.baseUrl).toEqual(expected)
  })

  test('it never comes from the environment', () => {
    for (const variable of ['BASE_URL', 'GENESYS_CLOUD_BASE_URL', 'INPUT_BASE_URL'])
      expect(
        readInputs(MADE_UP_GENESYS, { [variable]: 'https://evil.com' }).inputs?.request.baseUrl
      ).toBeUndefined()
  })

  const hostile = [
    // a user, a query, a fragment, or a path that a server may read in another way
    'https://user@gateway.example.com',
    'https://user:pass@gateway.example.com',
    'https://@gateway.example.com',
    'https://gateway.example.com/a//b',
    'https://gateway.example.com/.',
    'https://gateway.example.com/..',
    'https://gateway.example.com/a/../b',
    'https://gateway.example.com/%2e%2e/b',
    'https://gateway.example.com/a\\b',
    'https://gateway.example.com/ä',
    'https://gateway.example.com?query',
    'https://gateway.example.com/#fragment',
    // what `new URL` would correct
    'https:\\\\gateway.example.com',
    'https:gateway.example.com',
    'https://gateway.example.com\\@evil.com',
    'https://gateway.exa\tmple.com',
    'https://gateway.example.com\r\nX-Evil: 1',
    'https://ｇateway.example.com',
    'https://gateway.example.com%2f@evil.com',
    'https://%67ateway.example.com',
    // neither http nor https
    'gateway.example.com',
    'ftp://gateway.example.com',
    'https://',
    // ports
    'https://gateway.example.com:',
    'https://gateway.example.com:99999',
    'https://gateway.example.com:port',
    // invalid IP addresses
    'https://[::1',
    'https://256.256.256.256',
    // http to another host than loopback
    'http://gateway.example.com',
    'http://10.0.0.1',
    'http://128.0.0.1',
    'http://126.255.255.255',
    'http://localhost.evil.com',
    'http://127.0.0.1.evil.com',
    'http://evil-localhost',
    'http://[::ffff:10.0.0.1]',
    `https://${'a'.repeat(10_000)}.example.com:99999`
  ]
  test.each(hostile.map(text => [text]))('%j is refused', text => {
    const read = readUrl(text)
    expect(refusal(read)).toBe(
      /[@?#]/.test(text)
        ? 'invalid-input: Input base-url contains a user, a query or a fragment.'
        : notAllowed('base-url', text)
    )
    expect(read.error?.hint).toMatch(
      /^Allowed: an https URL, or http on loopback, with an optional path: .* No user, query or fragment/
    )
  })

  test.each(['http://2130706433', 'http://0x7f.1', 'http://127.1', 'http://[::ffff:127.0.0.1]'])(
    'a number in place of an address is loopback or refused: %s',
    text => expect(urlOf(text) ?? 'http://127.0.0.1').toBe('http://127.0.0.1')
  )
})

describe('login-base-url', () => {
  const BOTH = {
    'base-url': 'https://gateway.example.com/api',
    'login-base-url': 'https://login.example.com/l/'
  }
  const loginUrlOf = (inputs: Record<string, string>) => {
    const request = readInputs({ ...MADE_UP_GENESYS, ...inputs }).inputs?.request
    const login = request?.exchange === 'genesys-long-lived' ? request.initial : request
    return login?.exchange === 'genesys-login' ? login.loginBaseUrl : undefined
  }

  test.each([{}, { 'token-kind': 'long-lived', 'service-account-id': 'x' }])(
    'replaces base-url for the login host: %j',
    inputs => {
      expect(loginUrlOf({ ...BOTH, ...inputs })).toEqual({
        input: 'login-base-url',
        url: 'https://login.example.com/l'
      })
      expect(loginUrlOf({ ...BOTH, ...inputs, 'login-base-url': '' })).toEqual({
        input: 'base-url',
        url: 'https://gateway.example.com/api'
      })
    }
  )
  test.each<[string, Record<string, string>, string]>([
    ['without base-url', { ...MADE_UP_GENESYS, ...BOTH, 'base-url': '' }, 'base-url is not'],
    [
      'for the API host',
      { ...MADE_UP_GENESYS, ...BOTH, 'token-endpoint': 'api' },
      'token-endpoint: api sends nothing to the login host'
    ],
    ['on CXone', { ...MADE_UP_CXONE_CLIENT, ...BOTH }, 'it applies to Genesys Cloud only']
  ])('is refused %s', (_, inputs, reason) =>
    expect(refusal(readInputs(inputs))).toBe(notApplicable('login-base-url', reason))
  )
  test('has the same rules', () => {
    const read = (url: string) => refusal(readInputs({ ...MADE_UP_GENESYS, ...BOTH, 'login-base-url': url }))
    expect(read('http://login.example.com')).toBe(notAllowed('login-base-url', 'http://login.example.com'))
    expect(read('https://u:p@login.example.com')).toBe(
      'invalid-input: Input login-base-url contains a user, a query or a fragment.'
    )
  })
})

describe('endpointUrl', () => {
  test.each([
    ['/oauth/token', undefined, 'https://api.example.com/oauth/token'],
    ['/oauth/token', 'https://gateway.example.com:8443', 'https://gateway.example.com:8443/oauth/token'],
    ['/oauth/token', 'https://gateway.example.com/a/b', 'https://gateway.example.com/a/b/oauth/token'],
    ['//evil.com/token', undefined, 'https://api.example.com//evil.com/token'],
    ['//evil.com/token', 'https://gateway.example.com', 'https://gateway.example.com//evil.com/token'],
    ['/a?b#c', undefined, 'https://api.example.com/a%3Fb%23c']
  ])('%s at the base URL %s', (path, url, expected) => {
    const baseUrl: BaseUrl | undefined = url === undefined ? undefined : { input: 'base-url', url }
    expect(endpointUrl('https://api.example.com', path, baseUrl).href).toBe(expected)
  })
})

test('apiBaseUrl', () => {
  const url = 'https://gateway.example.com/api'
  expect(apiBaseUrl('https://api.example.com', undefined)).toBe('https://api.example.com')
  expect(apiBaseUrl('https://api.example.com', { input: 'base-url', url })).toBe(url)
})
