import { describe, expect, test } from '@jest/globals'
import { notAllowed, notApplicable } from '../../support/input-errors.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  type ReadInputs,
  readInputs,
  refusal
} from '../../support/read-inputs.js'

type Inputs = Record<string, string>

describe('the request', () => {
  const client = { id: 'my-client', secret: '***' }
  const accessKey = { id: 'MYKEYID', secret: '***' }

  const issuer = 'cxone.niceincontact.com'

  test.each<[Inputs, object]>([
    [
      { ...MADE_UP_CXONE_APPLICATION, scope: 'a b' },
      { exchange: 'cxone-application', issuer, client, accessKey, scope: 'a b' }
    ],
    [MADE_UP_CXONE_KEY, { exchange: 'cxone-access-key', area: 'na1', issuer, accessKey }],
    [MADE_UP_CXONE_CLIENT, { exchange: 'cxone-client', realm: 'us-22', client }]
  ])('of %j contains what it needs and nothing else', (inputs, expected) =>
    expect(JSON.parse(JSON.stringify(readInputs(inputs).inputs?.request))).toEqual(expected)
  )
})

describe('inputs of Genesys Cloud', () => {
  test.each([
    ['token-kind', 'long-lived', ['access', 'ACCESS']],
    ['token-endpoint', 'api', ['login', 'LOGIN']],
    ['service-account-id', 'someone', [' \n']],
    ['login-base-url', 'https://login.example.com', ['']]
  ])('%s: %s is refused by name; its default %j is ignored', (name, value, defaults) => {
    for (const inputs of [MADE_UP_CXONE_APPLICATION, MADE_UP_CXONE_KEY, MADE_UP_CXONE_CLIENT]) {
      expect(refusal(readInputs({ ...inputs, [name]: value }))).toBe(
        notApplicable(name, 'it applies to Genesys Cloud only')
      )
      for (const given of defaults)
        expect(refusal(readInputs({ ...inputs, [name]: given }))).toContain('accepted')
    }
  })
})

test('scope with an access key alone is refused', () =>
  expect(refusal(readInputs({ ...MADE_UP_CXONE_KEY, scope: 'a' }))).toBe(
    notApplicable('scope', 'the request for an access key has no scope')
  ))

describe('region', () => {
  /** Returns issuer, area or realm. */
  const placeOf = ({ inputs }: ReadInputs) => {
    const request = inputs?.request
    if (request === undefined || 'region' in request) return undefined
    return 'area' in request ? request.area : 'issuer' in request ? request.issuer : request.realm
  }

  const ISSUER = 'cxone.niceincontact.com'
  const UNKNOWN_AREA = 'The CXone area xx9 is not in the list; using the issuer cxone.niceincontact.com.'

  test.each<[string, Inputs, string, string, string[]]>([
    ['client and access key: no region', MADE_UP_CXONE_APPLICATION, '', ISSUER, []],
    ['client and access key: an area in capitals', MADE_UP_CXONE_APPLICATION, 'EU1', ISSUER, []],
    ['client and access key: an unknown area', MADE_UP_CXONE_APPLICATION, 'xx9', ISSUER, [UNKNOWN_AREA]],
    [
      'client and access key: an issuer',
      MADE_UP_CXONE_APPLICATION,
      'NiceCXone-Sov1.eu',
      'nicecxone-sov1.eu',
      []
    ],
    ['access key only: an area in capitals', MADE_UP_CXONE_KEY, 'UK1', 'uk1', []],
    [
      'access key only: an unknown area',
      MADE_UP_CXONE_KEY,
      'xx9',
      'xx9',
      ['The CXone area xx9 is not in the list of known areas.']
    ],
    ['client only: no region', MADE_UP_CXONE_CLIENT, '', 'us-22', []],
    ['client only: a realm in capitals', MADE_UP_CXONE_CLIENT, 'EU-7', 'eu-7', []]
  ])('%s', (_, inputs, region, place, warnings) => {
    const read = readInputs({ ...inputs, region })
    expect([placeOf(read), read.inputs?.warnings]).toEqual([place, warnings])
  })

  test('access key only: the issuer of the area', () =>
    expect(readInputs({ ...MADE_UP_CXONE_KEY, region: 'NA2' }).inputs?.request).toMatchObject({
      issuer: 'cxone-gov.niceincontact.com'
    }))

  test.each<[Inputs, string, string[]]>([
    [{ CXONE_REALM: 'eu-7', CXONE_REGION: 'us-1' }, 'eu-7', ['CXONE_REALM']],
    [{ CXONE_REALM: '', CXONE_REGION: 'us-1' }, 'us-1', ['CXONE_REGION']],
    [{ GENESYS_CLOUD_REGION: 'eu-west-1' }, 'us-22', []]
  ])('from the environment: %j', (env, realm, variables) => {
    const read = readInputs(MADE_UP_CXONE_CLIENT, env)
    expect([placeOf(read), read.inputs?.variables]).toEqual([realm, variables])
  })

  const ISSUERS =
    'cxone.niceincontact.com, cxone-gov.niceincontact.com, nicecxone-sov1.au, nicecxone-sov1.eu, nicecxone-sov1.uk, ' +
    'nicecxone-sov2.uk or nicecxone-fed.com'
  const RULES = {
    'client and access key': `With a client and an access key, region is an area (two letters and digits: na1) or the domain of an issuer: ${ISSUERS}. The default is cxone.niceincontact.com.`,
    'access key only':
      'With an access key and no client, region is required: the area of the tenant, two letters and digits, such as na1 or eu1.',
    'client only': 'With a client and no access key, region is a realm: one DNS label, by default us-22.'
  }
  const nearest = (area: string) => `The nearest known area is ${area}. `

  test.each<[keyof typeof RULES, string, Inputs, string]>([
    ['client and access key', 'us-22', MADE_UP_CXONE_APPLICATION, nearest('uk1')],
    ['client and access key', 'evil.com', MADE_UP_CXONE_APPLICATION, nearest('eu1')],
    ['access key only', 'EU', MADE_UP_CXONE_KEY, nearest('eu1')],
    ['access key only', 'cxone.niceincontact.com', MADE_UP_CXONE_KEY, nearest('na1')],
    ['client only', 'cxone.niceincontact.com', MADE_UP_CXONE_CLIENT, ''],
    ['client only', 'https://us-22.api.niceincontact.com', MADE_UP_CXONE_CLIENT, '']
  ])('%s: %j is refused with the allowed forms', (exchange, region, inputs, hint) => {
    const read = readInputs({ ...inputs, region })
    expect(refusal(read)).toBe(notAllowed('region', region))
    expect(read.error?.hint).toBe(`${hint}${RULES[exchange]}`)
    const { region: _, ...noRegion } = inputs
    const fromVariable = readInputs(noRegion, { CXONE_REALM: region })
    expect(refusal(fromVariable)).toBe(notAllowed('region (from CXONE_REALM)', region))
    expect(fromVariable.error?.hint).toBe(`${hint}${RULES[exchange]}`)
  })

  test('access key only: region is required', () => {
    const read = readInputs({ ...MADE_UP_CXONE_KEY, region: '' })
    expect(refusal(read)).toBe('invalid-input: Input region is empty.')
    expect(read.error?.hint).toBe(RULES['access key only'])
  })
})
