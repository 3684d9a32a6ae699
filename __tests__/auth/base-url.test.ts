import { describe, expect, test } from '@jest/globals'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  quotedAs,
  read,
  refusal
} from '../support/reading.js'

describe('base-url', () => {
  const baseUrl = (text: string) => read({ ...GENESYS, 'base-url': text })
  const originOf = (text: string) => baseUrl(text).asked?.request.baseUrl?.origin

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
  ])('%j is taken', (text, origin) => expect(originOf(text)).toBe(origin))

  test('it is part of every exchange’s request, the initial token’s too', () => {
    const given = { 'base-url': 'http://127.0.0.1:1' }
    for (const inputs of [
      GENESYS,
      { ...GENESYS, 'token-endpoint': 'api' },
      CXONE_APPLICATION,
      CXONE_KEY,
      CXONE_CLIENT
    ])
      expect(read({ ...inputs, ...given }).asked?.request.baseUrl?.origin).toBe('http://127.0.0.1:1')
    const long = read({ ...GENESYS, ...given, 'token-kind': 'long-lived', 'service-account-id': 'x' }).asked
      ?.request
    expect(long?.baseUrl?.origin).toBe('http://127.0.0.1:1')
    expect(long?.exchange === 'genesys-long-lived' && long.initial.baseUrl?.origin).toBe('http://127.0.0.1:1')
  })

  test('none without it, and never one from the environment', () => {
    for (const variable of [
      'BASE_URL',
      'GENESYS_CLOUD_BASE_URL',
      'CXONE_BASE_URL',
      'base-url',
      'INPUT_BASE_URL'
    ])
      expect(read(GENESYS, { [variable]: 'https://evil.com' }).asked?.request).not.toHaveProperty('baseUrl')
  })

  const hostile = [
    // not an origin alone
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
    // what parsers repair
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
    // not http(s), or nothing
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
    // IP addresses that are none
    'https://[::1',
    'https://::1',
    'https://256.256.256.256',
    'https://1.2.3.4.5',
    'https://[::g]',
    // http elsewhere than on loopback
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
    const got = baseUrl(text)
    expect(refusal(got)).toBe(
      /[@?#]/.test(text)
        ? 'invalid-input: Input base-url holds more than an origin: a user, a query or a fragment.'
        : `invalid-input: Input base-url is ${quotedAs(text)}, which is not allowed.`
    )
    expect(got.error?.hint).toContain('One origin and nothing more')
  })

  test('a number for an address is loopback or refused, never another host', () => {
    for (const text of [
      'http://2130706433',
      'http://0x7f.1',
      'http://127.1',
      'http://017700000001',
      'http://[::ffff:127.0.0.1]'
    ]) {
      const got = baseUrl(text)
      if (got.error) expect(got.error.code).toBe('invalid-input')
      else expect(got.asked?.request.baseUrl?.hostname).toBe('127.0.0.1')
    }
  })

  test.each([
    'https://user:hunter22secret@gateway.example.com',
    'https://gateway.example.com/?key=hunter22secret'
  ])('what may be a password in it is not repeated: %s', text => {
    expect(refusal(baseUrl(text))).toMatch(/^invalid-input: Input base-url /)
    expect(baseUrl(text).error?.message).not.toContain('hunter22secret')
  })
})

describe('scope', () => {
  const scoped = (scope: string, inputs: Record<string, string> = GENESYS) => read({ ...inputs, scope })
  const scopeOf = (inputs: Record<string, string>, scope: string) => {
    const request = scoped(scope, inputs).asked?.request
    return request?.exchange === 'genesys-long-lived' ? request.initial.scope : request?.scope
  }
  const long = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'x' }
  test.each([
    ['genesys-login', GENESYS],
    ['long-lived by the login host', long],
    ['cxone-application', CXONE_APPLICATION],
    ['cxone-client', CXONE_CLIENT]
  ])('goes with %s', (_, inputs) =>
    expect(scopeOf(inputs, ' users:read conversations \n')).toBe('users:read conversations')
  )

  test.each(['a', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", `${'a'.repeat(1999)}b`])('%j is taken', scope =>
    expect(scopeOf(GENESYS, scope)).toBe(scope)
  )
  test.each([
    'a  b',
    'a\tb',
    'a\nb',
    'a\r\nb',
    'a"b',
    'a\\b',
    'ä',
    'a\u0000b',
    'a\u00a0b',
    '😀',
    'a'.repeat(2001)
  ])('%j is refused', scope => {
    const got = scoped(scope)
    expect(refusal(got)).toBe(`invalid-input: Input scope is ${quotedAs(scope)}, which is not allowed.`)
    expect(got.error?.hint).toBe('A scope is a list of names separated by single spaces.')
  })
  test('none where it is empty', () => expect(scoped(' ').asked?.request).not.toHaveProperty('scope'))
})

describe('service-account-id', () => {
  const long = { ...GENESYS, 'token-kind': 'long-lived' }
  const idOf = (id: string, env: Record<string, string> = {}) => {
    const request = read({ ...long, 'service-account-id': id }, env).asked?.request
    return request?.exchange === 'genesys-long-lived' ? request.serviceAccountId : undefined
  }
  test.each(['5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', 'x', 'a'.repeat(256), '!"~'])('%j is taken', id =>
    expect(idOf(` ${id}\n`)).toBe(id)
  )
  test('from the environment where the input is empty', () => {
    expect(idOf('', { GENESYS_CLOUD_SERVICE_ACCOUNT_ID: ' from-env ' })).toBe('from-env')
    expect(idOf('given', { GENESYS_CLOUD_SERVICE_ACCOUNT_ID: 'from-env' })).toBe('given')
  })
  test('a variable that goes unused is ignored', () => {
    const got = read(GENESYS, { GENESYS_CLOUD_SERVICE_ACCOUNT_ID: 'from-env' })
    expect(got.asked?.request.exchange).toBe('genesys-login')
    expect(got.asked?.variables).toEqual([])
  })
  test('required', () => {
    const got = read(long)
    expect(refusal(got)).toBe('invalid-input: Input service-account-id is empty.')
    expect(got.error?.hint).toContain('GENESYS_CLOUD_SERVICE_ACCOUNT_ID')
    expect(refusal(read(long, { GENESYS_CLOUD_SERVICE_ACCOUNT_ID: ' ' }))).toBe(
      'invalid-input: Input service-account-id is empty.'
    )
  })
  test.each(['a b', 'a\nb', 'a\u0000b', 'ä', '\u200b', 'a'.repeat(257)])('%j is refused', id =>
    expect(refusal(read({ ...long, 'service-account-id': id }))).toBe(
      `invalid-input: Input service-account-id is ${quotedAs(id)}, which is not allowed.`
    )
  )
})

describe('region, in the form that the exchange takes', () => {
  const regionOf = (inputs: Record<string, string>, region: string) => {
    const { asked } = read({ ...inputs, region })
    const request = asked?.request
    const place =
      request?.exchange === 'cxone-application'
        ? request.issuer
        : request?.exchange === 'cxone-access-key'
          ? request.area
          : request?.exchange === 'cxone-client'
            ? request.realm
            : request?.region.domain
    return [place, asked?.doubts.length]
  }
  test.each<[string, Record<string, string>, string, string, number]>([
    ['genesys', GENESYS, 'EU-CENTRAL-1', 'mypurecloud.de', 0],
    ['genesys, a new region', GENESYS, 'https://apps.new1.pure.cloud/x', 'new1.pure.cloud', 1],
    ['A, no region', CXONE_APPLICATION, '', 'cxone.niceincontact.com', 0],
    ['A, an area', CXONE_APPLICATION, 'EU1', 'cxone.niceincontact.com', 0],
    ['A, the government’s area', CXONE_APPLICATION, 'na2', 'cxone-gov.niceincontact.com', 0],
    ['A, an area not listed', CXONE_APPLICATION, 'xx9', 'cxone.niceincontact.com', 1],
    ['A, an issuer', CXONE_APPLICATION, 'NiceCXone-Sov1.eu', 'nicecxone-sov1.eu', 0],
    ['A, a provisional issuer', CXONE_APPLICATION, 'nicecxone-fed.com', 'nicecxone-fed.com', 1],
    ['B, an area', CXONE_KEY, 'UK1', 'uk1', 0],
    ['B, an area not listed', CXONE_KEY, 'xx9', 'xx9', 1],
    ['C, no region', CXONE_CLIENT, '', 'us-22', 0],
    ['C, a realm', CXONE_CLIENT, 'EU-7', 'eu-7', 0]
  ])('%s', (_, inputs, region, place, doubts) => expect(regionOf(inputs, region)).toEqual([place, doubts]))

  test.each<[string, Record<string, string>, string, string]>([
    ['genesys, none', GENESYS, '', 'Allowed: a region code (eu-west-1), its domain'],
    ['genesys, an area', GENESYS, 'na1', 'Allowed: a region code (eu-west-1), its domain'],
    [
      'A, a realm',
      CXONE_APPLICATION,
      'us-22',
      'region is an area (two letters and digits: na1) or an issuer’s domain'
    ],
    ['A, another host', CXONE_APPLICATION, 'evil.com', 'Without it, cxone.niceincontact.com is asked.'],
    ['B, none', CXONE_KEY, '', 'region is required and is the tenant’s area'],
    ['B, an issuer', CXONE_KEY, 'cxone.niceincontact.com', 'region is required and is the tenant’s area'],
    ['B, a realm', CXONE_KEY, 'us-22', 'region is required and is the tenant’s area'],
    [
      'C, an issuer',
      CXONE_CLIENT,
      'cxone.niceincontact.com',
      'region is a realm: one DNS label, such as us-22'
    ],
    ['C, a URL', CXONE_CLIENT, 'https://us-22.api.niceincontact.com', 'region is a realm: one DNS label']
  ])('%s: refused, with the form that it takes', (_, inputs, region, hint) => {
    const got = read({ ...inputs, region })
    expect(refusal(got)).toMatch(/^invalid-input: Input region is /)
    expect(got.error?.hint).toContain(hint)
    if (region !== '') expect(got.error?.message).toContain(`“${region}”`)
  })

  test('genesys: the nearest region is named, and both variables where nothing is given', () => {
    expect(read({ ...GENESYS, region: 'eu-west-9' }).error?.hint).toContain(
      'The nearest known region is eu-west-1 (mypurecloud.ie).'
    )
    const message = read({ ...GENESYS, region: '' }).error?.message
    expect(message).toContain('GENESYS_CLOUD_REGION')
    expect(message).toContain('GENESYSCLOUD_REGION')
  })
})
