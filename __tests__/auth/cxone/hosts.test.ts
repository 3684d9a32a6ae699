import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
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
import { Hosts } from '../../support/hosts.js'
import { runStep } from '../../support/in-process.js'
import { notAllowed } from '../../support/input-errors.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  readInputs,
  refusal
} from '../../support/read-inputs.js'

const hosts = new Hosts()
afterEach(() => hosts.clear())
afterAll(() => Hosts.release())

const COMMERCIAL = 'cxone.niceincontact.com'
const GOVERNMENT = 'cxone-gov.niceincontact.com'
const CERTAIN = [COMMERCIAL, GOVERNMENT, 'nicecxone-sov1.au', 'nicecxone-sov1.eu', 'nicecxone-sov1.uk']
const UNCONFIRMED = ['nicecxone-sov2.uk', 'nicecxone-fed.com']

describe('areas', () => {
  test.each([
    ...['na1', 'eu1', 'uk1', 'au1', 'ca1', 'jp1'].map(area => [area, COMMERCIAL] as const),
    ['na2', GOVERNMENT]
  ])('%s, also in capitals, is known; its issuer is %s', (area, issuer) => {
    for (const text of [area, area.toUpperCase()]) {
      expect(parseCxoneArea(text)).toEqual({ name: area })
      expect(parseCxoneIssuer(text)).toEqual({ name: issuer })
    }
    expect(issuerOfArea(area)).toBe(issuer)
  })
  test('na3 is known, but not its issuer', () => {
    expect(parseCxoneArea('na3')).toEqual({ name: 'na3' })
    expect(parseCxoneIssuer('NA3')?.warning).toContain('area na3 is not in the list')
  })
  test.each(['XX9', 'na22', 'na223'])('%s is accepted with a warning', text => {
    const area = text.toLowerCase()
    expect(parseCxoneArea(text)).toEqual({
      name: area,
      warning: `The CXone area ${area} is not in the list of known areas.`
    })
    expect(parseCxoneIssuer(text)).toEqual({
      name: COMMERCIAL,
      warning: `The CXone area ${area} is not in the list; using the issuer ${COMMERCIAL}.`
    })
    expect(issuerOfArea(area)).toBe(COMMERCIAL)
  })
  test.each([
    ['eu2', 'eu1'],
    ['EU', 'eu1'],
    ['JP', 'jp1']
  ])('the one nearest to %s is %s', (text, area) => expect(nearestCxoneArea(text)).toBe(area))
  test.each(['', 'n1', 'na', '1na', 'nam1', 'na1.evil', 'na1\n', 'na１', 'ñ1a', 'na1/', 'na9999'])(
    '%j is refused',
    area => expect(parseCxoneArea(area)).toBeUndefined()
  )
})

describe('issuers', () => {
  test.each([
    [GOVERNMENT.toUpperCase(), GOVERNMENT],
    [`https://${COMMERCIAL}/auth/token`, COMMERCIAL],
    ...CERTAIN.map(issuer => [issuer, issuer] as const)
  ])('%s is %s', (text, name) => expect(parseCxoneIssuer(text)).toEqual({ name }))
  test.each([['UK3', 'nicecxone-sov2.uk'], ...UNCONFIRMED.map(issuer => [issuer, issuer] as const)])(
    '%s is %s, with a warning',
    (text, name) => {
      const warning = `The CXone issuer ${name} is not confirmed by anything that NICE publishes.`
      expect(parseCxoneIssuer(text)).toEqual({ name, warning })
    }
  )
  test('no other issuer is known', () =>
    expect([...CXONE_ISSUERS].sort()).toEqual([...CERTAIN, ...UNCONFIRMED].sort()))
})

describe('realms', () => {
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
    'a?',
    'a:1'
  ])('realm %j is refused', realm => expect(parseCxoneRealm(realm)).toBeUndefined())
})

describe('a hostile region is refused before any request', () => {
  function expectRefused(text: string): void {
    for (const inputs of [MADE_UP_CXONE_APPLICATION, MADE_UP_CXONE_KEY, MADE_UP_CXONE_CLIENT])
      expect(refusal(readInputs({ ...inputs, region: text }))).toBe(notAllowed('region', text))
    for (const variable of ['CXONE_REALM', 'CXONE_REGION'])
      expect(refusal(readInputs(MADE_UP_CXONE_CLIENT, { [variable]: text }))).toBe(
        notAllowed(`region (from ${variable})`, text)
      )
  }

  test.each([
    `${COMMERCIAL}.evil.com`,
    `${COMMERCIAL}@evil.com`,
    'evil.com/.niceincontact.com',
    'evil.com\\.niceincontact.com',
    `https://${COMMERCIAL}@evil.com/`,
    `https://${COMMERCIAL}:8443/`,
    `x.${COMMERCIAL}`,
    `${COMMERCIAL}.`,
    'niceincontact.com',
    'na1.niceincontact.com',
    'na1\r\nHost: evil.com',
    'us-22@evil.com',
    '127.0.0.1',
    'cxone。niceincontact。com'
  ])('%j', expectRefused)

  test('a long one', () => expectRefused(`${'x.'.repeat(5000)}niceincontact.com`))
})

/** URLs whose path alone, such as //evil.com, names another host. */
const DETOURS = [
  'https://cxone.niceincontact.com//evil.com/auth/token',
  'https://cxone.niceincontact.com/.//evil.com/auth/token',
  'https://cxone.niceincontact.com/x/..//evil.com/auth/token'
]

describe('endpoints that discovery names', () => {
  test.each([
    [COMMERCIAL, 'https://cxone.niceincontact.com/auth/token', 'https://cxone.niceincontact.com/auth/token'],
    [COMMERCIAL, 'https://cxone.niceincontact.com:443/a~1', 'https://cxone.niceincontact.com/a~1'],
    [COMMERCIAL, 'https://CXone.NiceInContact.com/Auth', 'https://cxone.niceincontact.com/Auth'],
    [COMMERCIAL, 'https://na1.nice-incontact.com/x.y', 'https://na1.nice-incontact.com/x.y'],
    [COMMERCIAL, 'https://niceincontact.com', 'https://niceincontact.com/'],
    [GOVERNMENT, 'https://api-na2.niceincontact.com', 'https://api-na2.niceincontact.com/'],
    ['nicecxone-sov1.au', 'https://a.b.nicecxone-sov1.au/', 'https://a.b.nicecxone-sov1.au/'],
    ['nicecxone-sov1.eu', 'https://x.nicecxone-sov1.eu/', 'https://x.nicecxone-sov1.eu/'],
    ['nicecxone-sov1.uk', 'https://x.nicecxone-sov1.uk/', 'https://x.nicecxone-sov1.uk/'],
    ['nicecxone-sov2.uk', 'https://x.nicecxone-sov2.uk/', 'https://x.nicecxone-sov2.uk/'],
    ['nicecxone-fed.com', 'https://auth.nicecxone-fed.com/x', 'https://auth.nicecxone-fed.com/x']
  ])('%s: %s is trusted', (issuer, endpoint, href) =>
    expect(trustedEndpoint(issuer, endpoint)?.href).toBe(href)
  )

  test.each<[string, unknown]>([
    ...[
      'http://cxone.niceincontact.com/auth/token',
      'https://cxone.niceincontact.com:80/auth/token',
      'https://cxone.niceincontact.com:8443/auth/token',
      'https://cxone.niceincontact.com:0443/auth/token',
      'https://evil.com/cxone.niceincontact.com',
      'https://cxone.niceincontact.com.evil.com/auth/token',
      'https://evil-niceincontact.com/auth/token',
      'https://nice.incontact.com/auth/token',
      'https://user@cxone.niceincontact.com/auth/token',
      'https://cxone.niceincontact.com@evil.com/auth/token',
      'https://evil.com#@cxone.niceincontact.com/',
      'https://evil.com\\@cxone.niceincontact.com/',
      'https:\\\\cxone.niceincontact.com/',
      'https:cxone.niceincontact.com/',
      'https:///cxone.niceincontact.com/',
      'cxone.niceincontact.com/auth/token',
      '/auth/token',
      'https://cxone.niceincontact.com/auth?x=1',
      'https://cxone.niceincontact.com/auth#x',
      'https://cxone.niceincontact.com/auth%2ftoken',
      'https://cxone.nice\nincontact.com/',
      'https://cxone.niceincontact.com/\n',
      'https://cxone.niceincontact.com./',
      'https://cxone。niceincontact.com/',
      `https://cxone.niceincontact.com/${'x'.repeat(102)}`,
      `https://cxone.niceincontact.com${'/x'.repeat(11)}`,
      `https://${'x.'.repeat(120)}niceincontact.com/`,
      '',
      undefined,
      null,
      42,
      ['https://cxone.niceincontact.com/auth/token'],
      { toString: () => 'https://cxone.niceincontact.com/auth/token' },
      ...DETOURS
    ].map((endpoint): [string, unknown] => [COMMERCIAL, endpoint]),
    [COMMERCIAL, 'https://nicecxone-sov1.au/auth/token'],
    ['nicecxone-sov1.au', 'https://cxone.niceincontact.com/auth/token'],
    ['nicecxone-sov1.au', 'https://nicecxone-sov1.eu/auth/token'],
    ['nicecxone-sov1.au', 'https://xnicecxone-sov1.au/auth/token'],
    ['evil.com', 'https://evil.com/auth/token'],
    ['', 'https://evil.com/auth/token']
  ])('%s: %j is not trusted', (issuer, endpoint) => expect(trustedEndpoint(issuer, endpoint)).toBeUndefined())

  test.each([undefined, 'https://gateway.example.com'])(
    'no credential is sent to another host; base-url: %s',
    async baseUrl => {
      for (const endpoint of [...DETOURS, 'https://evil.com/auth/token']) {
        const origin = baseUrl ?? `https://${COMMERCIAL}`
        hosts.reply('GET', `${origin}/.well-known/openid-configuration`, {
          json: { token_endpoint: endpoint }
        })
        const ran = await runStep(main, {
          inputs: { ...MADE_UP_CXONE_APPLICATION, ...(baseUrl === undefined ? {} : { 'base-url': baseUrl }) }
        })
        // Any other request would fail as `network`.
        expect(parseCommandFile(ran.output)).toEqual({ 'error-code': 'bad-response' })
      }
    }
  )

  test.each(['https://evil.com', ...DETOURS])('%s is not accepted as the API', async api => {
    const claims = Buffer.from(JSON.stringify({ tenantId: 'tenant-1' })).toString('base64url')
    const token = { access_token: `eyJhbGciOiJub25lIn0.${claims}.signature`, expires_in: 3600 }
    const origin = `https://${COMMERCIAL}`
    hosts
      .reply('GET', `${origin}/.well-known/openid-configuration`, {
        json: { token_endpoint: `${origin}/auth/token` }
      })
      .reply('POST', `${origin}/auth/token`, { json: token })
      .reply('GET', `${origin}/.well-known/cxone-configuration?tenantId=tenant-1`, {
        json: { api_endpoint: api, area: 'na1' }
      })
    const ran = await runStep(main, { inputs: { ...MADE_UP_CXONE_APPLICATION, 'tool-env': 'true' } })
    expect([parseCommandFile(ran.output), ran.env]).toEqual([{ 'error-code': 'bad-response' }, ''])
  })
})
