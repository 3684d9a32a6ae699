import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import nock from 'nock'
import {
  CXONE_ISSUERS,
  issuerOfArea,
  nearestCxoneArea,
  parseCxoneArea,
  parseCxoneIssuer,
  parseCxoneRealm,
  trustedEndpoint
} from '../../../src/auth/cxone/hosts.js'
import { main } from '../../../src/main.js'
import { parseCommandFile } from '../../support/command-files.mjs'
import { runStep } from '../../support/in-process.js'
import { quotedAs } from '../../support/read-inputs.js'

const COMMERCIAL = 'cxone.niceincontact.com'
const GOVERNMENT = 'cxone-gov.niceincontact.com'

const CLIENT = { 'client-id': 'hosts-client', 'client-secret': 'hosts-client-secret' }
const KEY = { 'access-key-id': 'HOSTSKEY', 'access-key-secret': 'hosts-key-secret====' }
const A = { provider: 'cxone', ...CLIENT, ...KEY }
const B = { provider: 'cxone', ...KEY }
const C = { provider: 'cxone', ...CLIENT }

const run = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  runStep(main, { inputs, env })

/** Requests that no test expects. */
const strays: string[] = []
beforeAll(() => {
  if (!nock.isActive()) nock.activate()
  nock.disableNetConnect()
  nock.emitter.on('no match', request => strays.push(request.url))
})
beforeEach(() => {
  strays.length = 0
})
afterAll(() => {
  nock.emitter.removeAllListeners('no match')
  nock.cleanAll()
  nock.enableNetConnect()
  nock.restore()
})

describe('issuers', () => {
  test('the closed list', () => {
    expect([...CXONE_ISSUERS].sort()).toEqual(
      [
        GOVERNMENT,
        COMMERCIAL,
        'nicecxone-fed.com',
        'nicecxone-sov1.au',
        'nicecxone-sov1.eu',
        'nicecxone-sov1.uk',
        'nicecxone-sov2.uk'
      ].sort()
    )
  })
  test.each([
    ...['na1', 'eu1', 'uk1', 'au1', 'ca1', 'jp1', 'NA1'].map((area): [string, string, boolean] => [
      area,
      COMMERCIAL,
      false
    ]),
    ['na2', GOVERNMENT, false],
    ['NA2', GOVERNMENT, false],
    ['na3', COMMERCIAL, true],
    ['xx9', COMMERCIAL, true],
    [COMMERCIAL, COMMERCIAL, false],
    [GOVERNMENT.toUpperCase(), GOVERNMENT, false],
    [`https://${COMMERCIAL}/auth/token`, COMMERCIAL, false],
    ['nicecxone-sov1.au', 'nicecxone-sov1.au', false],
    ['nicecxone-sov1.eu', 'nicecxone-sov1.eu', false],
    ['nicecxone-fed.com', 'nicecxone-fed.com', true],
    ['nicecxone-sov1.uk', 'nicecxone-sov1.uk', false],
    ['nicecxone-sov2.uk', 'nicecxone-sov2.uk', true]
  ])('%s leads to %s, with a warning: %s', (text, issuer, isUncertain) => {
    const parsed = parseCxoneIssuer(text)
    expect(parsed?.name).toBe(issuer)
    expect(parsed?.warning !== undefined).toBe(isUncertain)
    if (isUncertain) expect(parsed?.warning).toContain(/^[a-z]{2}\d$/.test(text) ? text : issuer)
  })
})

test.each([
  ['na1', COMMERCIAL],
  ['na2', GOVERNMENT],
  ['xx9', COMMERCIAL]
])('the issuer of area %s is %s', (area, issuer) => expect(issuerOfArea(area)).toBe(issuer))

test('area uk3 leads to an issuer that is not confirmed', () => {
  expect(parseCxoneIssuer('UK3')).toEqual({
    name: 'nicecxone-sov2.uk',
    warning: 'The CXone issuer nicecxone-sov2.uk is not confirmed by anything that NICE publishes.'
  })
})

describe('areas and realms', () => {
  test.each(['na1', 'na2', 'na3', 'eu1', 'uk1', 'au1', 'ca1', 'jp1', 'JP1'])('area %s is known', area =>
    expect(parseCxoneArea(area)).toEqual({ name: area.toLowerCase() })
  )
  test.each(['xx9', 'na22', 'XX9'])('area %s is accepted with a warning', text => {
    const area = text.toLowerCase()
    expect(parseCxoneArea(text)).toEqual({
      name: area,
      warning: `The CXone area ${area} is not in the list of known areas.`
    })
  })
  test.each([
    ['eu2', 'eu1'],
    ['EU', 'eu1'],
    ['JP', 'jp1']
  ])('the area nearest to %s is %s', (text, area) => expect(nearestCxoneArea(text)).toBe(area))
  test.each([
    '',
    'n1',
    'na',
    '1na',
    'nam1',
    'na1.evil',
    'na-1',
    'na1\n',
    'na１',
    'ñ1a',
    'na1/',
    'na99999999'
  ])('area %j is refused', area => expect(parseCxoneArea(area)).toBeUndefined())
  test.each(['us-22', 'US-22', 'a', '0', 'x'.repeat(63)])('realm %s', realm =>
    expect(parseCxoneRealm(realm)).toBe(realm.toLowerCase())
  )
  test.each([
    '',
    '-a',
    'a-',
    'a.b',
    'a_b',
    'a b',
    'a\n',
    'a/',
    'x'.repeat(64),
    'ä',
    'ａ',
    'a@b',
    'a#',
    'a?',
    'a\\',
    'a:1'
  ])('realm %j is refused', realm => expect(parseCxoneRealm(realm)).toBeUndefined())
})

const hostile = [
  'evil.com',
  `${COMMERCIAL}.evil.com`,
  `${COMMERCIAL}@evil.com`,
  `evil.com/.niceincontact.com`,
  'evil.com#.niceincontact.com',
  'evil.com\\.niceincontact.com',
  'evil.com?.niceincontact.com',
  `https://${COMMERCIAL}@evil.com/`,
  `https://evil.com@${COMMERCIAL}/`,
  `https://${COMMERCIAL}:8443/`,
  `https://${COMMERCIAL}\\@evil.com`,
  `https:\\\\${COMMERCIAL}`,
  `x.${COMMERCIAL}`,
  `${COMMERCIAL}.`,
  'niceincontact.com',
  'na1.niceincontact.com',
  'evil-niceincontact.com',
  'na1.evil.com',
  'na1@evil.com',
  'na1#',
  'na1/',
  'na1\n.evil.com',
  'na1\r\nHost: evil.com',
  'us-22.evil.com#',
  'us-22@evil.com',
  'us-22/',
  'us-22?',
  'us-22\\',
  'us-22:443',
  'us 22',
  'us_22',
  '.',
  '..',
  '127.0.0.1',
  '[::1]',
  '://',
  `${COMMERCIAL}\u0000`,
  'cxone。niceincontact。com',
  'ｎa1.com',
  'x'.repeat(10_000),
  `${'x.'.repeat(5000)}niceincontact.com`
]

describe('a hostile region never causes a request', () => {
  test.each(hostile.map((text): [string, string] => [JSON.stringify(text).slice(0, 80), text]))(
    '%s',
    async (_, text) => {
      for (const inputs of [A, B, C]) {
        const ran = await run({ ...inputs, region: text })
        expect([ran.exitCode, parseCommandFile(ran.output), strays]).toEqual([
          1,
          { 'error-code': 'invalid-input' },
          []
        ])
        expect(ran.stdout.replaceAll('%25', '%')).toContain(
          `\n::error::[invalid-input] Input region is ${quotedAs(text)}, which is not allowed.%0A`
        )
      }
      for (const variable of text.includes('\u0000') ? [] : ['CXONE_REALM', 'CXONE_REGION']) {
        const ran = await run(C, { [variable]: text })
        expect([ran.exitCode, parseCommandFile(ran.output), strays]).toEqual([
          1,
          { 'error-code': 'invalid-input' },
          []
        ])
        expect(ran.stdout.replaceAll('%25', '%')).toContain(
          `\n::error::[invalid-input] Input region (from ${variable}) is ${quotedAs(text)}, which is not allowed.%0A`
        )
      }
    }
  )
})

/** Issuer, endpoint, and the URL of the request. */
const trusted: [string, string, string][] = [
  [COMMERCIAL, 'https://cxone.niceincontact.com/auth/token', 'https://cxone.niceincontact.com/auth/token'],
  [
    COMMERCIAL,
    'https://cxone.niceincontact.com:443/auth/token',
    'https://cxone.niceincontact.com/auth/token'
  ],
  [COMMERCIAL, 'https://CXone.NiceInContact.com/Auth/Token', 'https://cxone.niceincontact.com/Auth/Token'],
  [COMMERCIAL, 'https://na1.nice-incontact.com/x', 'https://na1.nice-incontact.com/x'],
  [COMMERCIAL, 'https://niceincontact.com', 'https://niceincontact.com/'],
  [COMMERCIAL, 'https://nice-incontact.com/', 'https://nice-incontact.com/'],
  [GOVERNMENT, 'https://api-na2.niceincontact.com', 'https://api-na2.niceincontact.com/'],
  ['nicecxone-sov1.au', 'https://nicecxone-sov1.au/auth/token', 'https://nicecxone-sov1.au/auth/token'],
  ['nicecxone-sov1.au', 'https://a.b.nicecxone-sov1.au/', 'https://a.b.nicecxone-sov1.au/'],
  ['nicecxone-fed.com', 'https://auth.nicecxone-fed.com/x', 'https://auth.nicecxone-fed.com/x']
]

const foreign: [string, unknown][] = [
  ...[
    'http://cxone.niceincontact.com/auth/token',
    'https://cxone.niceincontact.com:80/auth/token',
    'https://cxone.niceincontact.com:8443/auth/token',
    'https://cxone.niceincontact.com:0443/auth/token',
    'https://evil.com/auth/token',
    'https://evil.com/cxone.niceincontact.com',
    'https://cxone.niceincontact.com.evil.com/auth/token',
    'https://evilniceincontact.com/auth/token',
    'https://evil-niceincontact.com/auth/token',
    'https://nice.incontact.com/auth/token',
    'https://niceincontact.com.evil.com',
    'https://user@cxone.niceincontact.com/auth/token',
    'https://user:pass@cxone.niceincontact.com/auth/token',
    'https://cxone.niceincontact.com@evil.com/auth/token',
    'https://evil.com#@cxone.niceincontact.com/',
    'https://evil.com?@cxone.niceincontact.com/',
    'https://evil.com\\@cxone.niceincontact.com/',
    'https://evil.com\\.niceincontact.com/',
    'https:\\\\cxone.niceincontact.com/',
    'https:/cxone.niceincontact.com/',
    'https:cxone.niceincontact.com/',
    'https:///cxone.niceincontact.com/',
    '//cxone.niceincontact.com/auth/token',
    'cxone.niceincontact.com/auth/token',
    '/auth/token',
    'https://cxone.niceincontact.com/auth?x=1',
    'https://cxone.niceincontact.com/auth#x',
    'https://cxone.niceincontact.com/auth%2ftoken',
    'https://cxone.niceincontact.com/auth token',
    'https://cxone.niceincontact.com/auth\ntoken',
    'https://cxone.nice\nincontact.com/',
    'https://cxone.nice\tincontact.com/',
    ' https://cxone.niceincontact.com/',
    'https://cxone.niceincontact.com/\n',
    'https://cxone.niceincontact.com./',
    'https://cxone。niceincontact.com/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://',
    'https:///',
    'javascript:alert(1)',
    'https://nicecxone-sov1.au/auth/token',
    `https://cxone.niceincontact.com/${'x'.repeat(5000)}`,
    '',
    undefined,
    null,
    42,
    true,
    {},
    ['https://cxone.niceincontact.com/auth/token'],
    { toString: () => 'https://cxone.niceincontact.com/auth/token' }
  ].map((endpoint): [string, unknown] => [COMMERCIAL, endpoint]),
  ['nicecxone-sov1.au', 'https://cxone.niceincontact.com/auth/token'],
  ['nicecxone-sov1.au', 'https://nicecxone-sov1.eu/auth/token'],
  ['nicecxone-sov1.au', 'https://xnicecxone-sov1.au/auth/token'],
  ['evil.com', 'https://evil.com/auth/token'],
  ['', 'https://evil.com/auth/token']
]

/** Paths that a parser would take for another host if the origin were cut off. */
const detours = [
  'https://cxone.niceincontact.com//evil.com/auth/token',
  'https://cxone.niceincontact.com///evil.com/auth/token',
  'https://cxone.niceincontact.com/.//evil.com/auth/token',
  'https://cxone.niceincontact.com/..//evil.com/auth/token',
  'https://cxone.niceincontact.com/x/..//evil.com/auth/token',
  'https://cxone.niceincontact.com/x/../..//evil.com'
]

describe('endpoints that discovery names', () => {
  test.each(trusted)('%s: %s is trusted', (issuer, endpoint, href) =>
    expect(trustedEndpoint(issuer, endpoint)?.href).toBe(href)
  )
  test.each(
    foreign.map(([issuer, endpoint]): [string, string, unknown] => [
      issuer,
      JSON.stringify(endpoint)?.slice(0, 80),
      endpoint
    ])
  )('%s: %s is not trusted', (issuer, _, endpoint) =>
    expect(trustedEndpoint(issuer, endpoint)).toBeUndefined()
  )

  const discovery = (endpoint: unknown, origin = `https://${COMMERCIAL}`) =>
    nock(origin).get('/.well-known/openid-configuration').reply(200, { token_endpoint: endpoint })

  test.each(
    [...foreign.filter(([issuer]) => issuer === COMMERCIAL).map(([, endpoint]) => endpoint), ...detours].map(
      (endpoint): [string, unknown] => [JSON.stringify(endpoint)?.slice(0, 80), endpoint]
    )
  )('no credential goes to %s', async (_, endpoint) => {
    const evil = nock('https://evil.com').persist().post(/.*/).reply(200, {})
    discovery(endpoint)
    const ran = await run(A)
    const hosts = strays.map(url => new URL(url).hostname)
    const isEvilReached = evil.isDone()
    nock.cleanAll()
    expect([ran.exitCode, parseCommandFile(ran.output)['error-code'], hosts, isEvilReached]).toEqual([
      1,
      // An odd path may be requested from the issuer itself, which does not answer here.
      detours.includes(endpoint as string)
        ? expect.stringMatching(/^(bad-response|network|unavailable)$/)
        : 'bad-response',
      expect.not.arrayContaining([expect.stringContaining('evil')]),
      false
    ])
  })

  test.each(detours)('with a base-url, no credential goes to %s', async endpoint => {
    const evil = nock('https://evil.com').persist().post(/.*/).reply(200, {})
    const gateway = nock('https://gateway.example.com')
    gateway.get('/.well-known/openid-configuration').reply(200, { token_endpoint: endpoint })
    gateway.post(/.*/).optionally().reply(400, { error: 'invalid_request' })
    const ran = await run({ ...A, 'base-url': 'https://gateway.example.com' })
    const isEvilReached = evil.isDone()
    nock.cleanAll()
    expect([ran.exitCode, isEvilReached]).toEqual([1, false])
  })

  test.each([
    'https://evil.com',
    'http://api-na1.niceincontact.com',
    'https://api-na1.niceincontact.com.evil.com',
    ...detours
  ])('%s is not accepted as the API', async api => {
    const claims = Buffer.from(JSON.stringify({ tenantId: 'tenant-1' })).toString('base64url')
    discovery('https://cxone.niceincontact.com/auth/token')
    nock(`https://${COMMERCIAL}`)
      .post('/auth/token')
      .reply(200, { access_token: `eyJhbGciOiJub25lIn0.${claims}.signature`, expires_in: 3600 })
      .get('/.well-known/cxone-configuration?tenantId=tenant-1')
      .reply(200, { api_endpoint: api, area: 'na1', domain: 'niceincontact.com' })
    const ran = await run({ ...A, 'tool-env': 'true' })
    nock.cleanAll()
    expect(parseCommandFile(ran.output)['api-url'] ?? '').not.toContain('evil')
    expect(ran.env).not.toContain('evil')
    if (!detours.includes(api))
      expect([ran.exitCode, parseCommandFile(ran.output)]).toEqual([1, { 'error-code': 'bad-response' }])
  })
})
