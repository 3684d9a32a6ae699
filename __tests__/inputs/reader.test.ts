import { describe, expect, test } from '@jest/globals'
import { type InputName, Inputs, MAIN_INPUTS, ROTATE_INPUTS } from '../../src/inputs/reader.js'
import { CXONE_APPLICATION, CXONE_CLIENT, CXONE_KEY, GENESYS, read, refusal } from '../support/reading.js'

const exchangeOf = (inputs: Record<string, string>) => read(inputs).asked?.request.exchange

describe('which exchange runs', () => {
  const long = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }
  test.each([
    ['genesys-login', GENESYS],
    ['genesys-login', { ...GENESYS, 'token-endpoint': 'login', 'token-kind': 'access' }],
    ['genesys-api', { ...GENESYS, 'token-endpoint': 'api' }],
    ['genesys-long-lived', long],
    ['genesys-long-lived', { ...long, 'token-endpoint': 'api' }],
    ['cxone-application', CXONE_APPLICATION],
    ['cxone-access-key', CXONE_KEY],
    ['cxone-client', CXONE_CLIENT]
  ])('%s', (exchange, inputs) => expect(exchangeOf(inputs)).toBe(exchange))

  test('the initial token of a long-lived one comes from the endpoint asked for', () => {
    const initial = (endpoint: string) => {
      const request = read({ ...long, 'token-endpoint': endpoint }).asked?.request
      return request?.exchange === 'genesys-long-lived' ? request.initial.exchange : undefined
    }
    expect(initial('login')).toBe('genesys-login')
    expect(initial('api')).toBe('genesys-api')
  })

  test('each request holds what its exchange needs, and no more', () => {
    const seen = (inputs: Record<string, string>) => JSON.parse(JSON.stringify(read(inputs).asked?.request))
    const client = { id: 'my-client', secret: '***' }
    const accessKey = { id: 'MYKEYID', secret: '***' }
    const region = { code: 'eu-west-1', domain: 'mypurecloud.ie' }
    expect(seen(GENESYS)).toEqual({ exchange: 'genesys-login', region, client })
    expect(seen({ ...GENESYS, 'token-endpoint': 'api' })).toEqual({ exchange: 'genesys-api', region, client })
    expect(seen(long)).toEqual({
      exchange: 'genesys-long-lived',
      region,
      serviceAccountId: 'someone',
      initial: { exchange: 'genesys-login', region, client }
    })
    expect(seen({ ...CXONE_APPLICATION, scope: 'a b' })).toEqual({
      exchange: 'cxone-application',
      issuer: 'cxone.niceincontact.com',
      client,
      accessKey,
      scope: 'a b'
    })
    expect(seen(CXONE_KEY)).toEqual({ exchange: 'cxone-access-key', area: 'na1', accessKey })
    expect(seen(CXONE_CLIENT)).toEqual({ exchange: 'cxone-client', realm: 'us-22', client })
  })
})

describe('provider', () => {
  test.each([
    ['genesys', 'genesys-login'],
    ['genesys-cloud', 'genesys-login'],
    ['GENESYS', 'genesys-login'],
    ['Genesys-Cloud', 'genesys-login'],
    ['  genesys \n', 'genesys-login']
  ])('%j', (provider, exchange) => expect(exchangeOf({ ...GENESYS, provider })).toBe(exchange))
  test.each(['cxone', 'nice-cxone', 'CXone', 'NICE-CXone', '\tcxone\r\n'])('%j', provider =>
    expect(exchangeOf({ ...CXONE_CLIENT, provider })).toBe('cxone-client')
  )
  test.each([
    ['checkmarx', 'Input provider is “checkmarx”, which is not allowed.'],
    ['genesys cloud', 'Input provider is “genesys cloud”, which is not allowed.'],
    ['genesys_cloud', 'Input provider is “genesys_cloud”, which is not allowed.'],
    ['nice', 'Input provider is “nice”, which is not allowed.'],
    ['genesyscxone', 'Input provider is “genesyscxone”, which is not allowed.'],
    ['constructor', 'Input provider is “constructor”, which is not allowed.'],
    ['', 'Input provider is empty.'],
    [' \t\r\n ', 'Input provider is empty.']
  ])('%j is refused', (provider, message) => {
    const got = read({ ...GENESYS, provider })
    expect(refusal(got)).toBe(`invalid-input: ${message}`)
    expect(got.error?.hint).toBe('Allowed: genesys (or genesys-cloud), or cxone (or nice-cxone).')
  })
  test('it is required', () => {
    const { provider: _, ...others } = GENESYS
    expect(refusal(read(others))).toBe('invalid-input: Input provider is empty.')
  })
})

describe('choices', () => {
  const service = { 'service-account-id': 'someone' }
  test.each([
    ['access', 'genesys-login', {}],
    ['ACCESS', 'genesys-login', {}],
    [' Long-Lived\n', 'genesys-long-lived', service],
    ['', 'genesys-login', {}]
  ])('token-kind %j', (kind, exchange, more) =>
    expect(exchangeOf({ ...GENESYS, ...more, 'token-kind': kind })).toBe(exchange)
  )
  test.each([
    ['login', 'genesys-login'],
    [' API ', 'genesys-api'],
    ['', 'genesys-login']
  ])('token-endpoint %j', (endpoint, exchange) =>
    expect(exchangeOf({ ...GENESYS, 'token-endpoint': endpoint })).toBe(exchange)
  )
  test.each([
    ['token-kind', 'longlived', 'access or long-lived'],
    ['token-kind', 'long-lived,access', 'access or long-lived'],
    ['token-endpoint', 'https://api.mypurecloud.ie', 'login or api'],
    ['token-endpoint', 'both', 'login or api']
  ])('%s: %j is refused', (name, value, allowed) => {
    const got = read({ ...GENESYS, ...service, [name]: value })
    expect(refusal(got)).toBe(`invalid-input: Input ${name} is “${value}”, which is not allowed.`)
    expect(got.error?.hint).toBe(`Allowed: ${allowed}.`)
  })
})

describe('booleans, by the YAML 1.2 core schema', () => {
  const toolEnv = (value: string) => read({ ...GENESYS, 'tool-env': value })
  test.each(['true', 'True', 'TRUE', ' true\n'])('%j is true', value =>
    expect(toolEnv(value).asked?.handOver.toolEnv).toBe(true)
  )
  test.each(['false', 'False', 'FALSE', '\tfalse', ''])('%j is false', value =>
    expect(toolEnv(value).asked?.handOver.toolEnv).toBe(false)
  )
  test.each(['yes', 'no', 'on', 'off', '1', '0', 'tRUE', 'fALSE', 'true false', 'null', 'y', '"true"'])(
    '%j is refused',
    value => {
      expect(refusal(toolEnv(value))).toBe(
        `invalid-input: Input tool-env is “${value}”, which is not allowed.`
      )
      expect(toolEnv(value).error?.hint).toBe('Allowed: true or false.')
    }
  )
})

describe('an input that the exchange cannot use is refused by name', () => {
  const api = { ...GENESYS, 'token-endpoint': 'api' }
  const key = { 'access-key-id': 'MYKEYID', 'access-key-secret': 'my-access-key====' }
  test.each<[string, Record<string, string>, string, string]>([
    [
      'an access key on Genesys',
      { ...GENESYS, ...key },
      'access-key-id',
      'Genesys Cloud knows no access keys'
    ],
    [
      'a service account without a long-lived token',
      { ...GENESYS, 'service-account-id': 'someone' },
      'service-account-id',
      'only a long-lived token belongs to a service account'
    ],
    [
      'scope at the API host',
      { ...api, scope: 'a' },
      'scope',
      'the JSON request at the API host has no place for it'
    ],
    [
      'scope at the API host, long-lived',
      { ...api, scope: 'a', 'token-kind': 'long-lived', 'service-account-id': 'someone' },
      'scope',
      'the JSON request at the API host has no place for it'
    ],
    [
      'scope with an access key alone',
      { ...CXONE_KEY, scope: 'a' },
      'scope',
      'the JSON request for an access key has no place for it'
    ],
    ...[CXONE_APPLICATION, CXONE_CLIENT, CXONE_KEY].flatMap(
      (inputs): [string, Record<string, string>, string, string][] =>
        (
          [
            ['token-kind', 'long-lived'],
            ['token-kind', 'nonsense'],
            ['token-endpoint', 'api'],
            ['service-account-id', 'someone']
          ] as const
        ).map(([name, value]) => [
          `${name} ${value} on CXone`,
          { ...inputs, [name]: value },
          name,
          'it is of use on Genesys Cloud alone'
        ])
    )
  ])('%s', (_, inputs, name, why) => {
    const got = read(inputs)
    expect(refusal(got)).toBe(`invalid-input: Input ${name} is given, and ${why}.`)
    expect(got.error?.hint).toContain(`Leave ${name} out`)
  })

  test.each([
    ['only the id of an access key', { 'access-key-id': 'MYKEYID' }, 'access-key-id'],
    ['only its secret', { 'access-key-secret': 'my-access-key====' }, 'access-key-secret'],
    ['a short secret', { 'access-key-id': 'MYKEYID', 'access-key-secret': 'short' }, 'access-key-id'],
    ['nothing but an access key', { ...key, 'client-id': '', 'client-secret': '' }, 'access-key-id']
  ])('on Genesys: %s', (_, more, name) => {
    expect(refusal(read({ ...GENESYS, ...more }))).toBe(
      `invalid-input: Input ${name} is given, and Genesys Cloud knows no access keys.`
    )
  })

  test.each([
    ['token-kind', 'access'],
    ['token-endpoint', 'login'],
    ['service-account-id', ''],
    ['service-account-id', ' \n'],
    ['tool-env', 'false']
  ])('on CXone %s with its default %j is no reason', (name, value) =>
    expect(exchangeOf({ ...CXONE_CLIENT, [name]: value })).toBe('cxone-client')
  )
})

describe('every input', () => {
  const all = [MAIN_INPUTS, ROTATE_INPUTS].flatMap(defaults =>
    (Object.entries(defaults) as [InputName, string][]).map(([name, standard]) => ({
      defaults,
      name,
      standard
    }))
  )
  test('is read in the runner’s own spelling, its white space dropped', () => {
    for (const { defaults, name } of all) {
      const inputs = new Inputs(
        { [`INPUT_${name.toUpperCase()}`]: ' \t\r\n\u00a0value of it\ufeff\n ' },
        defaults
      )
      expect([name, inputs.text(name), inputs.isGiven(name)]).toEqual([name, 'value of it', true])
    }
  })
  test('has its default where it is absent or white space', () => {
    for (const { defaults, name, standard } of all) {
      for (const text of [undefined, '', ' \n']) {
        const inputs = new Inputs({ [`INPUT_${name.toUpperCase()}`]: text }, defaults)
        expect([name, inputs.text(name), inputs.isGiven(name)]).toEqual([name, standard, false])
      }
    }
  })
  test('a pasted credential loses the line break at its end, and only there', () => {
    const request = read({
      ...GENESYS,
      'client-id': ' my-client\n',
      'client-secret': '\n  my client secret \r\n'
    }).asked?.request
    if (request?.exchange !== 'genesys-login') throw new Error('no request')
    expect(request.client.id).toBe('my-client')
    expect(request.client.secret.reveal()).toBe('my client secret')
  })
  test.each([
    ['nonsense', '“nonsense”'],
    ['two words', '“two words”'],
    ['x'.repeat(80), `“${'x'.repeat(80)}”`],
    ['x'.repeat(81), 'a text of 81 characters'],
    ['two  words', 'a text of 10 characters, some of them blanks or invisible'],
    ['a\u200bb', 'a text of 3 characters, some of them blanks or invisible'],
    ['::error::a\r\nb', 'a text of 13 characters, some of them blanks or invisible'],
    ['a\u001b[31mb', 'a text of 7 characters, some of them blanks or invisible'],
    [`::error::a\r\nb\u001b[31m${'x'.repeat(5000)}`, 'a text of 5018 characters']
  ])('only what is short and clean is quoted, whole: %j', (provider, quoted) => {
    const got = read({ ...GENESYS, provider })
    expect(got.error?.message).toBe(`Input provider is ${quoted}, which is not allowed.`)
  })
})
