import { describe, expect, test } from '@jest/globals'
import { main } from '../../../src/main.js'
import { runStep } from '../../support/in-process.js'
import { notAllowed, notApplicable } from '../../support/input-errors.js'
import { MADE_UP_GENESYS, type ReadInputs, readInputs, refusal } from '../../support/read-inputs.js'

const LONG = { ...MADE_UP_GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }
const API = { ...MADE_UP_GENESYS, 'token-endpoint': 'api' }

describe('the request', () => {
  const region = { code: 'eu-west-1', domain: 'mypurecloud.ie' }
  const client = { id: 'my-client', secret: '***' }
  const login = { exchange: 'genesys-login', region, client }
  const api = { exchange: 'genesys-api', region, client }
  const long = { exchange: 'genesys-long-lived', region, serviceAccountId: 'someone' }

  test.each<[Record<string, string>, object]>([
    [MADE_UP_GENESYS, login],
    [{ ...MADE_UP_GENESYS, 'token-endpoint': 'login', 'token-kind': 'access' }, login],
    [
      { ...MADE_UP_GENESYS, scope: 'a b' },
      { ...login, scope: 'a b' }
    ],
    [API, api],
    [LONG, { ...long, initial: login }],
    [
      { ...LONG, 'token-endpoint': 'api' },
      { ...long, initial: api }
    ]
  ])('of %j contains what it needs and nothing else', (inputs, expected) =>
    expect(JSON.parse(JSON.stringify(readInputs(inputs).inputs?.request))).toEqual(expected)
  )

  test('a pasted credential loses only the white space around it', () => {
    const request = readInputs({
      ...MADE_UP_GENESYS,
      'client-id': ' my-client\n',
      'client-secret': '\n  my client secret \r\n'
    }).inputs?.request
    if (request?.exchange !== 'genesys-login') throw new Error('there is no request')
    expect(request.client.id).toBe('my-client')
    expect(request.client.secret.reveal()).toBe('my client secret')
  })
})

describe('an input that does not apply is refused by name', () => {
  const NO_KEYS = 'Genesys Cloud has no access keys'
  const NO_ACCOUNT = 'only a long-lived token has a service account'
  const NO_SCOPE = 'the request at the API host has no scope'
  const key = { 'access-key-id': 'MYKEYID', 'access-key-secret': 'short' }

  test.each<[string, string, Record<string, string>]>([
    ['access-key-id', NO_KEYS, { ...MADE_UP_GENESYS, ...key }],
    ['access-key-id', NO_KEYS, { ...MADE_UP_GENESYS, ...key, 'client-id': '', 'client-secret': '' }],
    ['access-key-secret', NO_KEYS, { ...MADE_UP_GENESYS, 'access-key-secret': 'my-access-key====' }],
    ['service-account-id', NO_ACCOUNT, { ...MADE_UP_GENESYS, 'service-account-id': 'someone' }],
    ['scope', NO_SCOPE, { ...API, scope: 'a' }],
    ['scope', NO_SCOPE, { ...LONG, 'token-endpoint': 'api', scope: 'a' }]
  ])('%s: %s: %j', (name, reason, inputs) => {
    const read = readInputs(inputs)
    expect(refusal(read)).toBe(notApplicable(name, reason))
    expect(read.error?.hint).toBe(`Remove ${name}, or correct the inputs that it depends on.`)
  })
})

describe('service-account-id', () => {
  const { 'service-account-id': _, ...long } = LONG
  const idOf = ({ inputs }: ReadInputs) =>
    inputs?.request.exchange === 'genesys-long-lived' ? inputs.request.serviceAccountId : undefined
  const VARIABLE = 'GENESYS_CLOUD_SERVICE_ACCOUNT_ID'

  test.each(['5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', 'x', 'a'.repeat(256), '!"~'])('%j is accepted', id =>
    expect(idOf(readInputs({ ...long, 'service-account-id': ` ${id}\n` }))).toBe(id)
  )
  test('comes from the environment if the input is empty', () => {
    expect(idOf(readInputs(long, { [VARIABLE]: ' from-env ' }))).toBe('from-env')
    expect(idOf(readInputs(LONG, { [VARIABLE]: 'from-env' }))).toBe('someone')
  })
  test('its variable is ignored if no service account is needed', () => {
    const { inputs } = readInputs(MADE_UP_GENESYS, { [VARIABLE]: 'from-env' })
    expect([inputs?.request.exchange, inputs?.variables]).toEqual(['genesys-login', []])
  })
  test.each([{}, { [VARIABLE]: ' ' }])('is required: %j', env => {
    const read = readInputs(long, env)
    expect(refusal(read)).toBe('invalid-input: Input service-account-id is empty.')
    expect(read.error?.hint).toContain(VARIABLE)
  })
  test.each(['a b', 'a\nb', 'a\u0000b', 'ä', '\u200b', 'a'.repeat(257)])('%j is refused', id =>
    expect(refusal(readInputs({ ...LONG, 'service-account-id': id }))).toBe(
      notAllowed('service-account-id', id)
    )
  )
})

describe('region', () => {
  const { region: _, ...noRegion } = MADE_UP_GENESYS
  const domainOf = ({ inputs }: ReadInputs) =>
    inputs !== undefined && 'region' in inputs.request ? inputs.request.region.domain : undefined

  const [FIRST, SECOND] = ['GENESYS_CLOUD_REGION', 'GENESYSCLOUD_REGION']
  test.each<[string, Record<string, string>, Record<string, string>, string, string[]]>([
    ['the first', noRegion, { [FIRST]: 'mypurecloud.de' }, 'mypurecloud.de', [FIRST]],
    ['the second', noRegion, { [FIRST]: ' ', [SECOND]: 'us-east-1\n' }, 'mypurecloud.com', [SECOND]],
    ['both', noRegion, { [SECOND]: 'us-east-1', [FIRST]: 'eu-central-1' }, 'mypurecloud.de', [FIRST]],
    ['beside the input', MADE_UP_GENESYS, { [FIRST]: 'eu-central-1' }, 'mypurecloud.ie', []]
  ])('from the environment: %s', (_, inputs, env, domain, variables) => {
    const read = readInputs(inputs, env)
    expect([domainOf(read), read.inputs?.variables]).toEqual([domain, variables])
  })

  test('credentials and region can come from different families of variables', () => {
    const env = {
      GENESYS_CLOUD_CLIENT_ID: 'first-id',
      GENESYS_CLOUD_CLIENT_SECRET: 'first-secret',
      GENESYSCLOUD_REGION: 'us-east-1'
    }
    expect(readInputs({ provider: 'genesys' }, env).inputs?.variables).toEqual(Object.keys(env))
  })

  test('the log names even a single variable', async () => {
    // The step ends at its first request: the port is closed.
    const inputs = { ...noRegion, 'base-url': 'http://127.0.0.1:9', 'max-attempts': '1' }
    const { stdout } = await runStep(main, { inputs, env: { GENESYS_CLOUD_REGION: 'eu-west-1' } })
    expect(stdout).toContain('\nRead from the environment: GENESYS_CLOUD_REGION.\n')
    expect((await runStep(main, { inputs: { ...inputs, region: 'eu-west-1' } })).stdout).not.toContain(
      'Read from'
    )
  })

  test.each([
    ['EU-CENTRAL-1', 'mypurecloud.de', []],
    [
      'https://apps.new1.pure.cloud/x',
      'new1.pure.cloud',
      ['The Genesys Cloud region new1.pure.cloud is not in the list; its region code is unknown.']
    ]
  ])('%s', (region, domain, warnings) => {
    const read = readInputs({ ...MADE_UP_GENESYS, region })
    expect([domainOf(read), read.inputs?.warnings]).toEqual([domain, warnings])
  })

  const ALLOWED =
    'Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region.'

  test('an empty region names both variables', () => {
    const read = readInputs(noRegion)
    expect(refusal(read)).toBe(
      'invalid-input: Input region is empty, and GENESYS_CLOUD_REGION and GENESYSCLOUD_REGION are not set.'
    )
    expect(read.error?.hint).toBe(ALLOWED)
  })

  test.each([
    ['eu-west-9', 'eu-west-1 (mypurecloud.ie)'],
    ['na1', 'us-east-1 (mypurecloud.com)']
  ])('%s is refused with the nearest region and the allowed forms', (region, nearest) => {
    const hint = `The nearest known region is ${nearest}. ${ALLOWED} If the region is newer than this list, use its domain.`
    const read = readInputs({ ...MADE_UP_GENESYS, region })
    expect(refusal(read)).toBe(notAllowed('region', region))
    expect(read.error?.hint).toBe(hint)
    const fromVariable = readInputs(noRegion, { GENESYSCLOUD_REGION: region })
    expect(refusal(fromVariable)).toBe(notAllowed('region (from GENESYSCLOUD_REGION)', region))
    expect(fromVariable.error?.hint).toBe(hint)
  })
})
