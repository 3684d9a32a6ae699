import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { exchange } from '../../../src/auth/index.js'
import type {
  AuthRequest,
  Client,
  GenesysApi,
  GenesysLogin,
  GenesysLongLived
} from '../../../src/auth/provider.js'
import { Secret } from '../../../src/lib/secret.js'
import { Hosts, type Reply, type Seen } from '../../support/hosts.js'
import { type BenchOptions, openWire, StillClock } from '../../support/wire.js'

const hosts = new Hosts()
beforeEach(() => hosts.clear())
afterEach(() => expect(hosts.unasked).toEqual([]))
afterAll(() => Hosts.release())

const REGION = { code: 'eu-west-1', domain: 'mypurecloud.ie' }
const LOGIN_URL = 'https://login.mypurecloud.ie/oauth/token'
const API_URL = 'https://api.mypurecloud.ie/api/v2/oauth/token'
const GENERATE_URL = 'https://api.mypurecloud.ie/api/v2/oauth/token/generate'

const CLIENT: Client = { id: 'deploy-client', secret: new Secret('s3cret-of-the-deploy-client') }
/** `deploy-client:s3cret-of-the-deploy-client`, by coreutils' base64. */
const BLOB = 'ZGVwbG95LWNsaWVudDpzM2NyZXQtb2YtdGhlLWRlcGxveS1jbGllbnQ='
const ODD_ID = 'id %+&=/"\\ é€😀'
const ODD_SECRET = 's %+&=:/ "\\ é€😀===='
const ODD_CLIENT: Client = { id: ODD_ID, secret: new Secret(ODD_SECRET) }

const TOKEN = 'access-token-of-Genesys_0123456789'
const YEAR_TOKEN = 'long-lived-token-of-Genesys_9876543210'
const YEAR: Reply = { json: { access_token: YEAR_TOKEN, token_type: 'bearer', expires_in: 31_536_000 } }
const GRANTED: Reply = { json: { access_token: TOKEN, token_type: 'bearer', expires_in: 86_400 } }

const login: GenesysLogin = { exchange: 'genesys-login', region: REGION, client: CLIENT }
const api: GenesysApi = { exchange: 'genesys-api', region: REGION, client: CLIENT }
const longLived: GenesysLongLived = {
  exchange: 'genesys-long-lived',
  region: REGION,
  initial: login,
  serviceAccountId: 'service-account-1'
}

/** The whole of a request: what is not listed must not be there. */
function request(
  url: string,
  body: string,
  type: string,
  more: Record<string, string> = {},
  method = 'POST'
): Seen {
  const headers = {
    connection: 'keep-alive',
    'content-length': String(Buffer.byteLength(body)),
    'content-type': type,
    host: new URL(url).host,
    'user-agent': 'cc-token-action',
    ...more
  }
  return { method, url, headers, body }
}

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const FORM_BODY = 'grant_type=client_credentials'
const JSON_BODY =
  '{"grant_type":"client_credentials","client_id":"deploy-client","client_secret":"s3cret-of-the-deploy-client"}'
const GENERATE_BODY = '{"grant_type":"client_credentials","resource_owner":"service-account-1"}'

function run(asked: AuthRequest, options: BenchOptions = {}) {
  const bench = openWire({ secrets: [CLIENT.secret], ...options })
  return { bench, done: exchange(asked, bench.wire, bench.events).finally(() => bench.wire.close()) }
}

/** Returns how the exchange failed, as far as its reader is told. */
async function failure(asked: AuthRequest, options: BenchOptions = {}) {
  const error: unknown = await run(asked, options).done.then(
    () => new Error('the exchange succeeded'),
    reason => reason
  )
  const { code, message, hint } = error as { code?: string; message: string; hint?: string }
  return { code, message, hint }
}

describe('the requests', () => {
  test('the documented request at the login host', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED)
    const { done } = run(login)
    const grant = await done
    expect(hosts.seen).toEqual([
      request(LOGIN_URL, FORM_BODY, FORM, {
        authorization: `Basic ${BLOB}`
      })
    ])
    expect(grant.token.value.reveal()).toBe(TOKEN)
    expect(grant).toEqual({
      token: {
        value: expect.any(Secret),
        kind: 'access',
        expiresInSeconds: 86_400,
        expiresAt: new Date('2026-03-02T12:00:00.000Z')
      },
      apiUrl: 'https://api.mypurecloud.ie',
      region: 'eu-west-1',
      domain: 'mypurecloud.ie'
    })
  })

  test('… with a scope', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED)
    await run({ ...login, scope: 'analytics:readonly routing users:basic+x' }).done
    expect(hosts.seen.map(({ body }) => body)).toEqual([
      'grant_type=client_credentials&scope=analytics%3Areadonly+routing+users%3Abasic%2Bx'
    ])
  })

  test('… with an id and a secret that need an encoding: UTF-8 in base64, and no other', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED)
    await run({ ...login, client: ODD_CLIENT }).done
    expect(hosts.seen[0]?.headers['authorization']).toBe(
      'Basic aWQgJSsmPS8iXCDDqeKCrPCfmIA6cyAlKyY9Oi8gIlwgw6nigqzwn5iAPT09PQ=='
    )
    expect(hosts.seen[0]?.body).toBe(FORM_BODY)
  })

  test('… and the example of RFC 7617', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED)
    await run({ ...login, client: { id: 'Aladdin', secret: new Secret('open sesame') } }).done
    expect(hosts.seen[0]?.headers['authorization']).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
  })

  test('the tutorial’s request at the API host: JSON, and no Basic header', async () => {
    hosts.answer('POST', API_URL, GRANTED)
    const grant = await run(api).done
    expect(hosts.seen).toEqual([request(API_URL, JSON_BODY, JSON_TYPE)])
    expect(grant.token.value.reveal()).toBe(TOKEN)
    expect(grant.apiUrl).toBe('https://api.mypurecloud.ie')
  })

  test('… with an id and a secret that need an encoding', async () => {
    hosts.answer('POST', API_URL, GRANTED)
    await run({ ...api, client: ODD_CLIENT }).done
    const body =
      '{"grant_type":"client_credentials","client_id":"id %+&=/\\"\\\\ é€😀","client_secret":"s %+&=:/ \\"\\\\ é€😀===="}'
    expect(hosts.seen).toEqual([request(API_URL, body, JSON_TYPE)])
  })

  test('a long-lived token: the documented request, then generate with the initial token', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, YEAR)
    const grant = await run(longLived).done
    expect(hosts.seen).toEqual([
      request(LOGIN_URL, FORM_BODY, FORM, { authorization: `Basic ${BLOB}` }),
      request(GENERATE_URL, GENERATE_BODY, JSON_TYPE, { authorization: `Bearer ${TOKEN}` })
    ])
    expect(grant.token.value.reveal()).toBe(YEAR_TOKEN)
    expect(grant).toMatchObject({
      token: {
        kind: 'long-lived',
        expiresInSeconds: 31_536_000,
        expiresAt: new Date('2027-03-01T12:00:00.000Z')
      },
      apiUrl: 'https://api.mypurecloud.ie',
      region: 'eu-west-1'
    })
  })

  test('… the tutorial’s way: both at the API host', async () => {
    hosts
      .answer('POST', API_URL, GRANTED)
      .answer('POST', GENERATE_URL, { json: { access_token: YEAR_TOKEN } })
    const grant = await run({ ...longLived, initial: api }).done
    expect(hosts.seen).toEqual([
      request(API_URL, JSON_BODY, JSON_TYPE),
      request(GENERATE_URL, GENERATE_BODY, JSON_TYPE, { authorization: `Bearer ${TOKEN}` })
    ])
    expect(grant.token).toEqual({ value: expect.any(Secret), kind: 'long-lived' })
  })

  test('… of a service account whose id needs an encoding', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, YEAR)
    await run({ ...longLived, serviceAccountId: 'a"b\\c{}' }).done
    expect(hosts.seen[1]?.body).toBe('{"grant_type":"client_credentials","resource_owner":"a\\"b\\\\c{}"}')
  })

  test.each([
    ['us-east-1', 'mypurecloud.com'],
    ['us-east-2', 'use2.us-gov-pure.cloud'],
    ['us-west-2', 'usw2.pure.cloud'],
    ['ca-central-1', 'cac1.pure.cloud'],
    ['sa-east-1', 'sae1.pure.cloud'],
    ['mx-central-1', 'mxc1.pure.cloud'],
    ['ap-south-1', 'aps1.pure.cloud'],
    ['ap-northeast-1', 'mypurecloud.jp'],
    ['ap-northeast-2', 'apne2.pure.cloud'],
    ['eu-west-1', 'mypurecloud.ie'],
    ['eu-west-2', 'euw2.pure.cloud'],
    ['eu-central-1', 'mypurecloud.de'],
    ['eu-central-2', 'euc2.pure.cloud'],
    ['eusc-de-east-1', 'edee1.eusc-pure.cloud'],
    ['me-central-1', 'mec1.pure.cloud'],
    ['ap-southeast-1', 'apse1.pure.cloud'],
    ['ap-southeast-2', 'mypurecloud.com.au'],
    ['ap-northeast-3', 'apne3.pure.cloud']
  ])('%s: the hosts are login. and api. before %s', async (code, domain) => {
    const region = { code, domain }
    const urls = [
      `https://login.${domain}/oauth/token`,
      `https://api.${domain}/api/v2/oauth/token`,
      `https://api.${domain}/api/v2/oauth/token/generate`
    ] as const
    hosts.answer('POST', urls[0], GRANTED).answer('POST', urls[1], GRANTED).answer('POST', urls[2], YEAR)
    const first = await run({ ...login, region }).done
    const second = await run({ ...longLived, region, initial: { ...api, region } }).done
    expect(hosts.seen.map(({ url }) => url)).toEqual(urls)
    for (const grant of [first, second])
      expect(grant).toMatchObject({ apiUrl: `https://api.${domain}`, region: code, domain })
  })

  test('a region that the list does not know has a domain and no code', async () => {
    const region = { domain: 'xxe1.pure.cloud' }
    hosts.answer('POST', 'https://login.xxe1.pure.cloud/oauth/token', GRANTED)
    const grant = await run({ ...login, region }).done
    expect(Object.keys(grant).sort()).toEqual(['apiUrl', 'domain', 'token'])
  })

  test('a base URL replaces the origin of every request, and of the API', async () => {
    const baseUrl = new URL('https://gateway.example.com:8443')
    const at = (path: string) => `https://gateway.example.com:8443${path}`
    hosts
      .answer('POST', at('/oauth/token'), GRANTED)
      .answer('POST', at('/api/v2/oauth/token/generate'), YEAR)
      .answer('POST', at('/api/v2/oauth/token'), GRANTED)
    const grant = await run({ ...longLived, baseUrl, initial: { ...login, baseUrl } }).done
    await run({ ...api, baseUrl }).done
    expect(hosts.seen.map(({ url, headers }) => [url, headers['host']])).toEqual([
      [at('/oauth/token'), 'gateway.example.com:8443'],
      [at('/api/v2/oauth/token/generate'), 'gateway.example.com:8443'],
      [at('/api/v2/oauth/token'), 'gateway.example.com:8443']
    ])
    expect(grant).toMatchObject({
      apiUrl: 'https://gateway.example.com:8443',
      region: 'eu-west-1',
      domain: 'mypurecloud.ie'
    })
  })
})

describe('what the events is told', () => {
  test('the Basic blob before it is sent, each token before the next request', async () => {
    const { bench, done } = prepare()
    const toldAtLogin: string[] = []
    const toldAtGenerate: string[] = []
    hosts
      .answer('POST', LOGIN_URL, GRANTED, () => toldAtLogin.push(...bench.told))
      .answer('POST', GENERATE_URL, { json: { access_token: YEAR_TOKEN } }, () =>
        toldAtGenerate.push(...bench.told)
      )
    await done()
    expect(toldAtLogin).toEqual([BLOB])
    expect(toldAtGenerate).toEqual([BLOB, TOKEN])
    expect(bench.told).toEqual([BLOB, TOKEN, YEAR_TOKEN])
  })

  test('a refresh token and an id token too, though none is expected', async () => {
    const json = {
      access_token: TOKEN,
      refresh_token: 'a-refresh-token-012345',
      id_token: 'an-id-token-0123456789'
    }
    hosts.answer('POST', API_URL, { json })
    const { bench, done } = run(api)
    await done
    expect(bench.told).toEqual([TOKEN, 'a-refresh-token-012345', 'an-id-token-0123456789'])
  })

  test('whom a token can be revoked by: each one at the API’s origin, as soon as it is masked', async () => {
    const { bench, done } = prepare()
    const issuedAtGenerate: unknown[] = []
    hosts.answer('POST', LOGIN_URL, GRANTED)
    hosts.answer('POST', GENERATE_URL, { json: { access_token: YEAR_TOKEN } }, () =>
      issuedAtGenerate.push(...bench.issued)
    )
    await done()
    expect(issuedAtGenerate).toHaveLength(1)
    expect(
      bench.issued.map(({ token, revocationBaseUrl }) => [
        token.value.reveal(),
        token.kind,
        revocationBaseUrl
      ])
    ).toEqual([
      [TOKEN, 'access', 'https://api.mypurecloud.ie'],
      [YEAR_TOKEN, 'long-lived', 'https://api.mypurecloud.ie']
    ])
  })

  test('… behind a base URL at that', async () => {
    hosts.answer('POST', 'https://gateway.example.com/oauth/token', GRANTED)
    const { bench, done } = run({ ...login, baseUrl: new URL('https://gateway.example.com') })
    await done
    expect(bench.issued.map(({ revocationBaseUrl }) => revocationBaseUrl)).toEqual([
      'https://gateway.example.com'
    ])
  })

  function prepare() {
    const bench = openWire({ secrets: [CLIENT.secret] })
    return { bench, done: () => exchange(longLived, bench.wire, bench.events) }
  }
})

describe('the lifetime', () => {
  test.each([
    ['a number of seconds', 300, 300],
    ['a number in a string', '172800', 172_800],
    ['a fraction: cut, never later than the truth', 59.9, 59],
    ['450 days of a SCIM client', 38_880_000, 38_880_000]
  ])('%s', async (_, expiresIn, seconds) => {
    hosts.answer('POST', LOGIN_URL, { json: { access_token: TOKEN, expires_in: expiresIn } })
    const { token } = await run(login).done
    expect(token.expiresInSeconds).toBe(seconds)
    expect(token.expiresAt).toEqual(new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1000))
  })

  test.each([
    [undefined],
    [null],
    [0],
    [-1],
    [0.4],
    ['soon'],
    ['12h'],
    [''],
    [true],
    [[60]],
    [1e12],
    ['9'.repeat(30)]
  ])('%j is one that the platform did not say', async expiresIn => {
    hosts.answer('POST', LOGIN_URL, { json: { access_token: TOKEN, expires_in: expiresIn } })
    const { token } = await run(login).done
    expect(token).toEqual({ value: expect.any(Secret), kind: 'access' })
  })

  test('it counts from when the answered attempt was sent, not from its answer', async () => {
    const clock = new StillClock()
    hosts.answer('POST', LOGIN_URL, { status: 503 })
    hosts.answer('POST', LOGIN_URL, GRANTED, () => void clock.sleep(7000))
    const { token } = await run(login, { clock, maxAttempts: 2 }).done
    // 500 ms of waiting before it, half of the first second.
    expect(clock.waits).toEqual([500, 7000])
    expect(token.expiresAt).toEqual(new Date('2026-03-02T12:00:00.500Z'))
  })
})

const REGION_HINT =
  'Check that the client belongs to eu-west-1: a client of another region is unknown here and gets this very ' +
  'answer. Then check the secret for a missing piece, and that its grant type is Client Credentials.'
const ALLOW_LIST_HINT = /^Where the organisation allows certain addresses only, add the runner’s: /
const BAD_REQUEST_HINT =
  'The platform does not accept the request as it is: its words above say why. Check the inputs against them.'
const CORRELATION = { 'ININ-Correlation-Id': '5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b' }
const TRAIL = ', correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt.'

describe('refusals', () => {
  const oauth = (error: string, description: string) => ({
    error,
    description,
    error_description: description
  })

  test.each([
    [400, 'client not found: deploy-client'],
    [401, 'authentication failed'],
    [403, 'authentication failed']
  ])(
    'invalid_client with %i is credentials-rejected: the word decides, not the status',
    async (status, said) => {
      hosts.answer('POST', LOGIN_URL, { status, json: oauth('invalid_client', said), headers: CORRELATION })
      expect(await failure(login)).toEqual({
        code: 'credentials-rejected',
        message: `POST ${LOGIN_URL} answered ${status} invalid_client (${said})${TRAIL}`,
        hint: REGION_HINT
      })
    }
  )

  test('401 without a word is credentials-rejected, and names the domain of a region without a code', async () => {
    const region = { domain: 'xxe1.pure.cloud' }
    const url = 'https://login.xxe1.pure.cloud/oauth/token'
    hosts.answer('POST', url, { status: 401 })
    expect(await failure({ ...login, region })).toEqual({
      code: 'credentials-rejected',
      message: `POST ${url} answered 401, 1 attempt.`,
      hint: REGION_HINT.replace('eu-west-1', 'xxe1.pure.cloud')
    })
  })

  test('at the API host it is the same', async () => {
    hosts.answer('POST', API_URL, { status: 400, json: oauth('invalid_client', 'authentication failed') })
    expect(await failure(api)).toEqual({
      code: 'credentials-rejected',
      message: `POST ${API_URL} answered 400 invalid_client (authentication failed), 1 attempt.`,
      hint: REGION_HINT
    })
  })

  test('generate: 401 is the initial token or the service account', async () => {
    const json = { message: 'Invalid login credentials.', code: 'bad.credentials', status: 401 }
    hosts
      .answer('POST', LOGIN_URL, GRANTED)
      .answer('POST', GENERATE_URL, { status: 401, json, headers: CORRELATION })
    expect(await failure(longLived)).toEqual({
      code: 'credentials-rejected',
      message: `POST ${GENERATE_URL} answered 401 bad.credentials (Invalid login credentials.)${TRAIL}`,
      hint:
        'The initial token was refused, or service-account-id names a wrong or inactive service account. Check the ' +
        'id, and that the account is active in the same organisation as the client.'
    })
  })

  test('generate: 403 is the permission admin:api_token, with where to add it', async () => {
    const said = 'You are missing the following permission(s): admin:api_token'
    hosts
      .answer('POST', LOGIN_URL, GRANTED)
      .answer('POST', GENERATE_URL, { status: 403, json: { message: said, code: 'missing.permissions' } })
    const { code, message, hint } = await failure(longLived)
    expect({ code, message }).toEqual({
      code: 'forbidden',
      message: `POST ${GENERATE_URL} answered 403 missing.permissions (${said}), 1 attempt.`
    })
    expect(hint).toMatch(
      /^The client lacks the permission admin:api_token\. Add it to a role of the OAuth client /
    )
  })

  test.each([
    ['the login host', login, LOGIN_URL],
    ['the API host', api, API_URL]
  ])('403 at %s is an IP allow-list', async (_, asked, url) => {
    hosts.answer('POST', url, { status: 403, json: { message: 'not from here' } })
    const { code, message, hint } = await failure(asked)
    expect({ code, message }).toEqual({
      code: 'forbidden',
      message: `POST ${url} answered 403 not from here, 1 attempt.`
    })
    expect(hint).toMatch(ALLOW_LIST_HINT)
  })

  test.each([404, 405])(
    '%i on the tutorial’s requests is not-offered, with what to use instead',
    async status => {
      hosts.answer('POST', API_URL, { status, json: { message: 'HTTP 404 Not Found', code: 'not found' } })
      expect(await failure(api)).toEqual({
        code: 'not-offered',
        message: `POST ${API_URL} answered ${status} not found (HTTP 404 Not Found), 1 attempt.`,
        hint:
          'This request is the tutorial’s and not documented by Genesys. Leave out token-endpoint: the documented ' +
          'request at the login host is the default.'
      })
      hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, { status })
      const { code, hint } = await failure(longLived)
      expect(code).toBe('not-offered')
      expect(hint).toMatch(/not documented by Genesys\. Use token-kind: access: .*48 hours.*450 days/)
    }
  )

  test.each([404, 405])('%i on the documented request is not', async status => {
    hosts.answer('POST', LOGIN_URL, { status })
    expect(await failure(login)).toEqual({
      code: 'bad-request',
      message: `POST ${LOGIN_URL} answered ${status}, 1 attempt.`,
      hint: BAD_REQUEST_HINT
    })
    hosts.answer('POST', LOGIN_URL, { status })
    expect(await failure(longLived)).toMatchObject({ code: 'bad-request' })
  })

  test.each([400, 402, 406, 409, 410, 413, 415, 418, 422, 451, 499])('%i is bad-request', async status => {
    hosts.answer('POST', LOGIN_URL, { status, json: oauth('unsupported_grant_type', 'no such grant') })
    expect(await failure(login)).toEqual({
      code: 'bad-request',
      message: `POST ${LOGIN_URL} answered ${status} unsupported_grant_type (no such grant), 1 attempt.`,
      hint: BAD_REQUEST_HINT
    })
  })
})

describe('throttling and trouble', () => {
  const throttled = {
    status: 400,
    json: {
      error: 'invalid_request',
      description: 'rate limit exceeded; token requests are limited to 300 per minute',
      error_description: 'rate limit exceeded; token requests are limited to 300 per minute'
    },
    headers: CORRELATION
  }
  const RATE_HINT =
    'Too many tokens were requested in this minute. Start fewer jobs at once, or again in a minute.'

  test.each([
    ['the login host', login, LOGIN_URL],
    ['the API host', api, API_URL]
  ])('400 rate limit exceeded at %s is rate-limited, not bad-request', async (_, asked, url) => {
    hosts.answer('POST', url, throttled)
    expect(await failure(asked, { timeoutMs: 1000 })).toEqual({
      code: 'rate-limited',
      message:
        `POST ${url} answered 400 invalid_request (rate limit exceeded; token requests are limited to 300 per minute), ` +
        'correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt, with no time left of the timeout of 1 s.',
      hint: RATE_HINT
    })
  })

  test('either of the two descriptions says so', async () => {
    for (const name of ['description', 'error_description']) {
      hosts.answer('POST', LOGIN_URL, {
        status: 400,
        json: { error: 'invalid_request', [name]: 'Rate limit exceeded.' }
      })
      expect(await failure(login, { timeoutMs: 1000 })).toMatchObject({ code: 'rate-limited' })
    }
  })

  test('400 that speaks of a rate limit elsewhere is a bad request', async () => {
    const json = { error: 'invalid_request', description: 'not a rate limit exceeded; something else' }
    hosts.answer('POST', LOGIN_URL, { status: 400, json })
    expect(await failure(login)).toMatchObject({ code: 'bad-request' })
  })

  test('429 is rate-limited, and a Retry-After that reaches past the deadline fails at once', async () => {
    const json = { message: 'Rate limit exceeded the maximum.', code: 'too.many.requests.retry.after' }
    hosts.answer('POST', API_URL, { status: 429, json, headers: { 'Retry-After': '121' } })
    expect(await failure(api)).toEqual({
      code: 'rate-limited',
      message:
        `POST ${API_URL} answered 429 too.many.requests.retry.after (Rate limit exceeded the maximum.), 1 attempt, ` +
        'asking to wait 2 min 1 s, which reaches past the timeout of 2 min.',
      hint: RATE_HINT
    })
  })

  test.each([500, 501, 502, 503, 504, 520, 599])('%i is unavailable', async status => {
    hosts.answer('POST', LOGIN_URL, { status, text: '<h1>Bad Gateway</h1>', headers: CORRELATION })
    expect(await failure(login)).toEqual({
      code: 'unavailable',
      message: `POST ${LOGIN_URL} answered ${status}${TRAIL}`,
      hint: 'The platform has trouble of its own: see its status page, and run the job again later.'
    })
  })

  test('a failure after throttling is counted by itself, and the attempt is told', async () => {
    hosts.answer('POST', LOGIN_URL, throttled).answer('POST', LOGIN_URL, { status: 503 })
    hosts.answer('POST', LOGIN_URL, GRANTED)
    const { bench, done } = run(login, { clock: new StillClock(), maxAttempts: 3 })
    await done
    expect(bench.said[1]).toBe(
      'login.mypurecloud.ie: it answered 503, attempt 2, failure 1 of 3; waiting 0.5 s before the next attempt.'
    )
  })

  test('trouble that passes costs a second request, and each wait is announced', async () => {
    hosts.answer('POST', LOGIN_URL, { status: 502 }).fail('POST', LOGIN_URL, 'ECONNRESET')
    hosts.answer('POST', LOGIN_URL, throttled).answer('POST', LOGIN_URL, GRANTED)
    const clock = new StillClock()
    const { bench, done } = run(login, { clock, maxAttempts: 3 })
    await done
    expect(bench.wire.sent).toBe(4)
    expect(clock.waits).toEqual([500, 1000, 10_000])
    expect(bench.said).toEqual([
      'login.mypurecloud.ie: it answered 502, attempt 1 of 3; waiting 0.5 s before the next attempt.',
      'login.mypurecloud.ie: the connection was reset (ECONNRESET), attempt 2 of 3; waiting 1.0 s before the next attempt.',
      'login.mypurecloud.ie: it answered 400, which says that too much is asked for, attempt 3; waiting 10.0 s before the next attempt.'
    ])
    // The secret, the scope and all the rest are sent anew each time, unchanged.
    expect(new Set(hosts.seen.map(({ body, headers }) => JSON.stringify([body, headers]))).size).toBe(1)
  })

  test.each([500, 502, 503, 504, 408, 425])(
    'generate is not sent again after %i: it may have made a token that lives for a year',
    async status => {
      hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, { status })
      const { message } = await failure(longLived, { maxAttempts: 5 })
      expect(message).toBe(`POST ${GENERATE_URL} answered ${status}, 1 attempt.`)
    }
  )

  test('… nor after a reset or without an answer in time', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED).fail('POST', GENERATE_URL, 'ECONNRESET')
    expect(await failure(longLived, { maxAttempts: 5 })).toMatchObject({
      code: 'network',
      message: `POST ${GENERATE_URL} failed: the connection was reset (ECONNRESET), 1 attempt.`
    })
  })

  test('… but it is after a refusal that says it was not carried out', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED).fail('POST', GENERATE_URL, 'ECONNREFUSED')
    hosts.answer('POST', GENERATE_URL, { status: 429, headers: { 'Retry-After': '2' } })
    hosts.answer('POST', GENERATE_URL, throttled).answer('POST', GENERATE_URL, YEAR)
    const { bench, done } = run(longLived, { maxAttempts: 5 })
    await done
    expect(bench.wire.sent).toBe(5)
  })

  test('nobody answers to the name', async () => {
    hosts.fail('POST', LOGIN_URL, 'ENOTFOUND')
    expect(await failure(login)).toEqual({
      code: 'network',
      message: `POST ${LOGIN_URL} failed: its name is unknown to DNS (ENOTFOUND), 1 attempt.`,
      hint: expect.stringContaining('mypurecloud.ie is the domain of eu-west-1') as unknown as string
    })
    hosts.fail('POST', 'https://login.euw22.pure.cloud/oauth/token', 'ENOTFOUND')
    const { hint } = await failure({ ...login, region: { domain: 'euw22.pure.cloud' } })
    expect(hint).toContain('the nearest known one is eu-west-2 (euw2.pure.cloud)')
  })
})

describe('redirects', () => {
  test.each([300, 301, 302, 303, 304, 305, 307, 308, 399])('%i is never followed', async status => {
    hosts.answer('POST', LOGIN_URL, {
      status,
      headers: { Location: 'https://user:pw@evil.example:444/x?y=z#f' }
    })
    const { code, message, hint } = await failure(login, { maxAttempts: 5 })
    expect({ code, message }).toEqual({
      code: 'redirected',
      message: `POST ${LOGIN_URL} answered ${status}, a redirect to evil.example:444, 1 attempt.`
    })
    expect(hint).toMatch(/^Redirects are never followed, for a token request carries credentials\. /)
    expect(hosts.seen).toHaveLength(1)
  })

  test.each([
    ['/oauth/token2', 'login.mypurecloud.ie'],
    ['not a url', 'login.mypurecloud.ie'],
    ['https://', 'nowhere'],
    [`https://${'a'.repeat(63)}.${'b'.repeat(63)}.example/`, `${'a'.repeat(63)}.${'b'.repeat(35)}…`]
  ])('to %s', async (location, target) => {
    hosts.answer('POST', LOGIN_URL, { status: 302, headers: { Location: location } })
    const { message } = await failure(login)
    expect(message).toBe(`POST ${LOGIN_URL} answered 302, a redirect to ${target}, 1 attempt.`)
  })

  test('to a host that is made of the secret', async () => {
    hosts.answer('POST', LOGIN_URL, {
      status: 302,
      headers: { Location: `https://${CLIENT.secret.reveal().toUpperCase()}.evil.example/` }
    })
    expect((await failure(login)).message).toBe(
      `POST ${LOGIN_URL} answered 302, a redirect to ***.evil.example, 1 attempt.`
    )
  })
})

describe('answers that cannot be used', () => {
  const NOT_JSON = ', whose body is not a JSON object'
  const NO_TOKEN = ', with no access_token in it'
  const NO_HEADER = ', with an access_token that is not 16 characters to 32 KiB of visible ASCII'
  const OURS = ', with an access_token that holds one of the credentials'
  const token = (value: unknown): Reply => ({
    json: { access_token: value, token_type: 'bearer', expires_in: 60 }
  })

  test.each<[string, Reply, string]>([
    ['a page', { text: '<!DOCTYPE html><title>Sign in</title>' }, NOT_JSON],
    ['nothing', { text: '' }, NOT_JSON],
    ['an array', { text: `[{"access_token":"${TOKEN}"}]` }, NOT_JSON],
    ['a string', { text: `"${TOKEN}"` }, NOT_JSON],
    ['null', { text: 'null' }, NOT_JSON],
    ['JSON that is cut', { text: `{"access_token":"${TOKEN}"` }, NOT_JSON],
    ['a form', { text: `access_token=${TOKEN}` }, NOT_JSON],
    ['an error object', { json: { error: 'invalid_client', description: 'client not found' } }, NO_TOKEN],
    ['no token', { json: {} }, NO_TOKEN],
    ['a token of another name', { json: { accessToken: TOKEN } }, NO_TOKEN],
    ['a token that is null', token(null), NO_TOKEN],
    ['a number', token(1_234_567_890_123_456), NO_TOKEN],
    ['an object', token({ value: TOKEN }), NO_TOKEN],
    ['an empty token', token(''), NO_HEADER],
    ['a token of 15 characters', token('x'.repeat(15)), NO_HEADER],
    ['a token of 32 KiB and one', token('x'.repeat(32 * 1024 + 1)), NO_HEADER],
    ['a token with a line break', token(`${TOKEN}\nx`), NO_HEADER],
    ['a token that ends in one', token(`${TOKEN}\n`), NO_HEADER],
    ['a token with a null', token(`${TOKEN}\0`), NO_HEADER],
    ['a token with a space', token(`Bearer ${TOKEN}`), NO_HEADER],
    ['a token with a letter beyond ASCII', token(`${TOKEN}é`), NO_HEADER],
    ['the secret', token(CLIENT.secret.reveal()), OURS],
    ['the secret inside', token(`x${CLIENT.secret.reveal()}y`), OURS],
    ['the Basic blob', token(BLOB), OURS]
  ])('200 with %s', async (_, reply, what) => {
    hosts.answer('POST', LOGIN_URL, { ...reply, headers: CORRELATION })
    const { code, message, hint } = await failure(login, { maxAttempts: 5 })
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message: `POST ${LOGIN_URL} answered 200${what}${TRAIL}`
    })
    expect(hint).toMatch(/^Nothing was published\. /)
    expect(hosts.seen).toHaveLength(1)
  })

  test.each([['x'.repeat(16)], ['x'.repeat(32 * 1024)], ['!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']])(
    'a token may be %.40s',
    async value => {
      hosts.answer('POST', LOGIN_URL, token(value))
      expect((await run(login).done).token.value.reveal()).toBe(value)
    }
  )

  test('a byte order mark does not hide JSON, or makes it bad-response; never a crash', async () => {
    hosts.answer('POST', LOGIN_URL, { text: `\ufeff{"access_token":"${TOKEN}"}` })
    const code = await run(login).done.then(
      () => 'granted',
      (error: { code?: string }) => error.code
    )
    expect(['granted', 'bad-response']).toContain(code)
  })

  test.each([201, 202, 203, 204, 206, 299])('%i brings no token, whatever its body', async status => {
    hosts.answer('POST', LOGIN_URL, { status, ...(status === 204 ? {} : GRANTED) })
    const { code, message, hint } = await failure(login)
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message: `POST ${LOGIN_URL} answered ${status}, 1 attempt.`
    })
    expect(hint).toMatch(/^Only 200 is the answer that is looked for here\. .*login\.mypurecloud\.ie\.$/)
  })

  test.each([202, 206, 299])('a token that comes with %i all the same is told, to be ended', async status => {
    hosts.answer('POST', LOGIN_URL, GRANTED)
    hosts.answer('POST', GENERATE_URL, {
      status,
      json: { access_token: YEAR_TOKEN, message: `it is ${YEAR_TOKEN}` }
    })
    const { bench, done } = run(longLived)
    await expect(done).rejects.toMatchObject({
      code: 'bad-response',
      message: `POST ${GENERATE_URL} answered ${status} it is ***, 1 attempt.`
    })
    expect(bench.issued.map(({ token: { value } }) => value.reveal())).toEqual([TOKEN, YEAR_TOKEN])
  })

  test('a token in a refusal is not shown, nor are the lines of one that has several', async () => {
    const [first, second] = ['the-first-line-of-a-token', 'the-second-line-of-it']
    hosts.answer('POST', LOGIN_URL, {
      status: 400,
      json: {
        access_token: TOKEN,
        id_token: `${first}\n${second}`,
        error: TOKEN,
        message: `so ${first}\n${second}`
      }
    })
    const { bench, done } = run(login)
    await expect(done).rejects.toMatchObject({
      message: `POST ${LOGIN_URL} answered 400 *** (so *** ***), 1 attempt.`
    })
    expect(bench.issued).toEqual([])
  })

  test('generate’s answer is held to the same', async () => {
    hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, token('short'))
    expect(await failure(longLived)).toMatchObject({
      code: 'bad-response',
      message: `POST ${GENERATE_URL} answered 200${NO_HEADER}, 1 attempt.`
    })
    // The initial token comes back: it is a credential of this request.
    hosts.answer('POST', LOGIN_URL, GRANTED).answer('POST', GENERATE_URL, token(`${TOKEN}.${TOKEN}`))
    expect(await failure(longLived)).toMatchObject({
      message: `POST ${GENERATE_URL} answered 200${OURS}, 1 attempt.`
    })
  })
})

describe('the platform’s own words', () => {
  const said = async (json: unknown, headers: Record<string, string> = {}) => {
    hosts.answer('POST', LOGIN_URL, { status: 400, json, headers })
    return (await failure(login)).message.replace(`POST ${LOGIN_URL} answered 400`, '')
  }

  test.each<[unknown, string]>([
    [
      { error: 'invalid_request', error_description: 'a', description: 'b', message: 'c' },
      ' invalid_request (a)'
    ],
    [{ error: 'invalid_request' }, ' invalid_request'],
    [{ code: 'bad.request', message: 'no' }, ' bad.request (no)'],
    [{ error: { code: 7 }, message: 'no' }, ' no'],
    [{ error: '', errorDescription: 'no' }, ' no'],
    [{ errors: ['x'] }, ''],
    [['invalid_client'], ''],
    ['invalid_client', ''],
    [null, '']
  ])('%j', async (json, words) => {
    expect(await said(json)).toBe(`${words}, 1 attempt.`)
  })

  test('stand in one clean line', async () => {
    expect(
      await said({ error: 'e\r\n::set-output name=token::x\u2028\u0000\u001b[31m\u200e', message: '\t m \n' })
    ).toBe(' e ::set-output name=token::x [31m (m), 1 attempt.')
  })

  test('are bounded', async () => {
    const words = await said({ error: '😀'.repeat(5000), message: 'm'.repeat(5000) })
    expect(words).toBe(` ${'😀'.repeat(99)}… (${'m'.repeat(199)}…), 1 attempt.`)
  })

  test('hold no secret, in whatever case and spelling', async () => {
    const secret = CLIENT.secret.reveal()
    const words = await said({
      error: `${secret.toUpperCase()}`,
      message: `got ${secret} and ${BLOB}, sorry`
    })
    expect(words).toBe(' *** (got *** and ***, sorry), 1 attempt.')
  })

  test('… not even one that is put together by cleaning, or cut in half by the bound', async () => {
    const secret = CLIENT.secret.reveal()
    const [front, back] = [secret.slice(0, 9), secret.slice(9)]
    expect(await said({ message: `${front}\u200b${back}` })).toBe(' ***, 1 attempt.')
    expect(await said({ message: `${'x'.repeat(190)}${secret}` })).toBe(` ${'x'.repeat(190)}***, 1 attempt.`)
  })

  test.each(['pass  word-of-the-client', 'pass\u200dword-of-the-client', 'pass\u00a0word-of-the-client'])(
    '… nor one that cleaning changes: %j',
    async text => {
      const client = { id: 'deploy-client', secret: new Secret(text) }
      hosts.answer('POST', LOGIN_URL, { status: 400, json: { message: `got ${text}, sorry` } })
      const { message } = await failure({ ...login, client }, { secrets: [client.secret] })
      expect(message).toBe(`POST ${LOGIN_URL} answered 400 got ***, sorry, 1 attempt.`)
    }
  )

  test.each([
    ['5f0c7a1e', ', correlation id 5f0c7a1e'],
    ['x'.repeat(65), ''],
    ['a b', ''],
    ['::error::x', ''],
    [CLIENT.secret.reveal(), ', correlation id ***']
  ])('correlation id %s', async (id, shown) => {
    expect(await said({}, { 'ININ-Correlation-Id': id })).toBe(`${shown}, 1 attempt.`)
  })
})
