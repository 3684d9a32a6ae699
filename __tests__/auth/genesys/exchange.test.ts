import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseUrl } from '../../../src/auth/base-url.js'
import type { GenesysApi, GenesysLogin, GenesysLongLived } from '../../../src/auth/genesys/request.js'
import type { Credential } from '../../../src/lib/input-reader.js'
import { Secret } from '../../../src/lib/secret.js'
import { Hosts, type Reply, type Seen } from '../../support/hosts.js'
import { reportedError } from '../../support/reported-error.js'
import { type AnyRequest, exchange } from '../../support/requests.js'
import { openSession, StillClock, type TestSessionOptions } from '../../support/session.js'

const hosts = new Hosts()
beforeEach(() => hosts.clear())
afterEach(() => expect(hosts.unasked).toEqual([]))
afterAll(() => Hosts.release())

const REGION = { code: 'eu-west-1', domain: 'mypurecloud.ie' }
const LOGIN_URL = 'https://login.mypurecloud.ie/oauth/token'
const API_ORIGIN = 'https://api.mypurecloud.ie'
const API_URL = `${API_ORIGIN}/api/v2/oauth/token`
const GENERATE_URL = `${API_URL}/generate`

const CLIENT: Credential = { id: 'deploy-client', secret: new Secret('s3cret-of-the-deploy-client') }
/** `deploy-client:s3cret-of-the-deploy-client` as coreutils' base64 encodes it. */
const BLOB = 'ZGVwbG95LWNsaWVudDpzM2NyZXQtb2YtdGhlLWRlcGxveS1jbGllbnQ='
const ODD_ID = 'id %+&=/"\\ é€😀'
const ODD_SECRET = 's %+&=:/ "\\ é€😀===='
const ODD_CLIENT: Credential = { id: ODD_ID, secret: new Secret(ODD_SECRET) }

const TOKEN = 'access-token-of-Genesys_0123456789'
const LONG_LIVED_TOKEN = 'long-lived-token-of-Genesys_9876543210'
const LONG_LIVED_RESPONSE: Reply = {
  json: { access_token: LONG_LIVED_TOKEN, token_type: 'bearer', expires_in: 31_536_000 }
}
const TOKEN_RESPONSE: Reply = { json: { access_token: TOKEN, token_type: 'bearer', expires_in: 86_400 } }

const NO_BASE_URL = { baseUrl: undefined, loginBaseUrl: undefined }
const login: GenesysLogin = { exchange: 'genesys-login', region: REGION, client: CLIENT, ...NO_BASE_URL }
const api: GenesysApi = { exchange: 'genesys-api', region: REGION, client: CLIENT, baseUrl: undefined }
const longLived: GenesysLongLived = {
  exchange: 'genesys-long-lived',
  region: REGION,
  initial: login,
  serviceAccountId: 'service-account-1',
  baseUrl: undefined
}

/** Returns a complete request: it has no other header. */
function sent(
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
    'user-agent': 'cc-token-action/1.0.0',
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

function run(request: AnyRequest, { known = [CLIENT.secret], ...options }: TestSessionOptions = {}) {
  const opened = openSession({ known, ...options })
  const { session, events, secrets } = opened
  const done = exchange(request, session, events).finally(() => session.close())
  return { ...opened, done, failure: () => reportedError(done, known, secrets) }
}

const failure = (request: AnyRequest, options?: TestSessionOptions) => run(request, options).failure()

describe('the requests', () => {
  test('the login host', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    const { done } = run(login)
    const result = await done
    expect(hosts.seen).toEqual([
      sent(LOGIN_URL, FORM_BODY, FORM, {
        authorization: `Basic ${BLOB}`
      })
    ])
    expect(result.token.value.reveal()).toBe(TOKEN)
    expect(result).toEqual({
      token: {
        value: expect.any(Secret),
        kind: 'access',
        expiresInSeconds: 86_400,
        expiresAt: new Date('2026-03-02T12:00:00.000Z'),
        revocationBaseUrl: API_ORIGIN
      },
      apiUrl: 'https://api.mypurecloud.ie',
      region: 'eu-west-1',
      domain: 'mypurecloud.ie'
    })
  })

  test('the login host: with a scope', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    await run({ ...login, scope: 'analytics:readonly routing users:basic+x' }).done
    expect(hosts.seen.map(({ body }) => body)).toEqual([
      'grant_type=client_credentials&scope=analytics%3Areadonly+routing+users%3Abasic%2Bx'
    ])
  })

  test('the login host: id and secret are UTF-8 in base64, with no other encoding', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    await run({ ...login, client: ODD_CLIENT }).done
    expect(hosts.seen[0]?.headers['authorization']).toBe(
      'Basic aWQgJSsmPS8iXCDDqeKCrPCfmIA6cyAlKyY9Oi8gIlwgw6nigqzwn5iAPT09PQ=='
    )
    expect(hosts.seen[0]?.body).toBe(FORM_BODY)
  })

  test('the login host: the example of RFC 7617', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    await run({ ...login, client: { id: 'Aladdin', secret: new Secret('open sesame') } }).done
    expect(hosts.seen[0]?.headers['authorization']).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
  })

  test('the API host: JSON, and no Basic header', async () => {
    hosts.answer('POST', API_URL, TOKEN_RESPONSE)
    const result = await run(api).done
    expect(hosts.seen).toEqual([sent(API_URL, JSON_BODY, JSON_TYPE)])
    expect(result.token.value.reveal()).toBe(TOKEN)
    expect(result.apiUrl).toBe('https://api.mypurecloud.ie')
  })

  test('the API host: an id and a secret that JSON escapes', async () => {
    hosts.answer('POST', API_URL, TOKEN_RESPONSE)
    await run({ ...api, client: ODD_CLIENT }).done
    const body =
      '{"grant_type":"client_credentials","client_id":"id %+&=/\\"\\\\ é€😀","client_secret":"s %+&=:/ \\"\\\\ é€😀===="}'
    expect(hosts.seen).toEqual([sent(API_URL, body, JSON_TYPE)])
  })

  test('a long-lived token: login, then generate with the initial token', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, LONG_LIVED_RESPONSE)
    const result = await run(longLived).done
    expect(hosts.seen).toEqual([
      sent(LOGIN_URL, FORM_BODY, FORM, { authorization: `Basic ${BLOB}` }),
      sent(GENERATE_URL, GENERATE_BODY, JSON_TYPE, { authorization: `Bearer ${TOKEN}` })
    ])
    expect(result.token.value.reveal()).toBe(LONG_LIVED_TOKEN)
    expect(result).toMatchObject({
      token: {
        kind: 'long-lived',
        expiresInSeconds: 31_536_000,
        expiresAt: new Date('2027-03-01T12:00:00.000Z')
      },
      apiUrl: 'https://api.mypurecloud.ie',
      region: 'eu-west-1'
    })
  })

  test('a long-lived token: both requests at the API host', async () => {
    hosts
      .answer('POST', API_URL, TOKEN_RESPONSE)
      .answer('POST', GENERATE_URL, { json: { access_token: LONG_LIVED_TOKEN } })
    const result = await run({ ...longLived, initial: api }).done
    expect(hosts.seen).toEqual([
      sent(API_URL, JSON_BODY, JSON_TYPE),
      sent(GENERATE_URL, GENERATE_BODY, JSON_TYPE, { authorization: `Bearer ${TOKEN}` })
    ])
    expect(result.token).toEqual({
      value: expect.any(Secret),
      kind: 'long-lived',
      revocationBaseUrl: API_ORIGIN
    })
  })

  test('a long-lived token: a service account whose id JSON escapes', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, LONG_LIVED_RESPONSE)
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
    hosts
      .answer('POST', urls[0], TOKEN_RESPONSE)
      .answer('POST', urls[1], TOKEN_RESPONSE)
      .answer('POST', urls[2], LONG_LIVED_RESPONSE)
    const first = await run({ ...login, region }).done
    const second = await run({ ...longLived, region, initial: { ...api, region } }).done
    expect(hosts.seen.map(({ url }) => url)).toEqual(urls)
    for (const result of [first, second])
      expect(result).toMatchObject({ apiUrl: `https://api.${domain}`, region: code, domain })
  })

  test('an unlisted region has a domain and no code', async () => {
    const region = { domain: 'xxe1.pure.cloud' }
    hosts.answer('POST', 'https://login.xxe1.pure.cloud/oauth/token', TOKEN_RESPONSE)
    const result = await run({ ...login, region }).done
    expect(Object.keys(result).sort()).toEqual(['apiUrl', 'domain', 'token'])
  })

  test('a base URL replaces all hosts; its path comes first', async () => {
    const baseUrl: BaseUrl = { input: 'base-url', url: 'https://gateway.example.com:8443/genesys' }
    const loginBaseUrl: BaseUrl = { input: 'login-base-url', url: 'https://login.example.com' }
    const urls = [
      'https://gateway.example.com:8443/genesys/oauth/token',
      'https://gateway.example.com:8443/genesys/api/v2/oauth/token/generate',
      'https://gateway.example.com:8443/genesys/api/v2/oauth/token',
      'https://login.example.com/oauth/token'
    ] as const
    hosts.answer('POST', urls[0], TOKEN_RESPONSE).answer('POST', urls[1], LONG_LIVED_RESPONSE)
    hosts.answer('POST', urls[2], TOKEN_RESPONSE).answer('POST', urls[3], TOKEN_RESPONSE)
    const initial = { ...login, baseUrl, loginBaseUrl: baseUrl }
    const results = [
      await run({ ...longLived, baseUrl, initial }).done,
      await run({ ...api, baseUrl }).done,
      await run({ ...initial, loginBaseUrl }).done
    ]
    expect(hosts.seen.map(({ url }) => url)).toEqual(urls)
    expect(hosts.seen[0]?.headers['host']).toBe('gateway.example.com:8443')
    for (const result of results) {
      expect(result).toMatchObject({ apiUrl: baseUrl.url, region: 'eu-west-1', domain: 'mypurecloud.ie' })
      expect(result.token.revocationBaseUrl).toBe(baseUrl.url)
    }
  })

  test('the correlation id of the response that issued the token', async () => {
    hosts.answer('POST', LOGIN_URL, { ...TOKEN_RESPONSE, headers: CORRELATION })
    hosts.answer('POST', GENERATE_URL, {
      ...LONG_LIVED_RESPONSE,
      headers: { 'ININ-Correlation-Id': 'generate-1' }
    })
    expect((await run(longLived).done).correlationId).toBe('generate-1')
  })
})

describe('events', () => {
  test('report the Basic value before it is sent, and each token before the next request', async () => {
    const { session, events, secrets, tokens } = openSession({ known: [CLIENT.secret] })
    const reported: unknown[] = []
    const record = () => void reported.push([[...secrets], tokens.length])
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE, record)
    hosts.answer('POST', GENERATE_URL, { json: { access_token: LONG_LIVED_TOKEN } }, record)
    await exchange(longLived, session, events)
    expect(reported).toEqual([
      [[BLOB], 0],
      [[BLOB, TOKEN], 1]
    ])
    expect(secrets).toEqual([BLOB, TOKEN, LONG_LIVED_TOKEN])
    // Both can be revoked at the origin of the API.
    expect(
      tokens.map(({ value, kind, revocationBaseUrl }) => [value.reveal(), kind, revocationBaseUrl])
    ).toEqual([
      [TOKEN, 'access', 'https://api.mypurecloud.ie'],
      [LONG_LIVED_TOKEN, 'long-lived', 'https://api.mypurecloud.ie']
    ])
  })

  test('report an unexpected refresh token and id token too', async () => {
    const json = {
      access_token: TOKEN,
      refresh_token: 'a-refresh-token-012345',
      id_token: 'an-id-token-0123456789'
    }
    hosts.answer('POST', API_URL, { json })
    const { secrets, done } = run(api)
    await done
    expect(secrets).toEqual([TOKEN, 'a-refresh-token-012345', 'an-id-token-0123456789'])
  })
})

describe('the lifetime', () => {
  test.each([
    ['a number of seconds', 300, 300],
    ['a number in a string', '172800', 172_800],
    ['a fraction: rounded down, never later than the real expiry', 59.9, 59],
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
    ['1e3'],
    [''],
    [true],
    [[60]],
    [1e12],
    ['9'.repeat(30)]
  ])('%j: the lifetime is unknown', async expiresIn => {
    hosts.answer('POST', LOGIN_URL, { json: { access_token: TOKEN, expires_in: expiresIn } })
    const { token } = await run(login).done
    expect(token).toEqual({ value: expect.any(Secret), kind: 'access', revocationBaseUrl: API_ORIGIN })
  })

  test('it counts from the start of the last attempt, not from its response', async () => {
    const clock = new StillClock()
    hosts.answer('POST', LOGIN_URL, { status: 503 })
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE, () => void clock.sleep(7000))
    const { token } = await run(login, { clock, maxAttempts: 2 }).done
    // The first wait is 500 ms, half of the first second.
    expect(clock.waits).toEqual([500, 7000])
    expect(token.expiresAt).toEqual(new Date('2026-03-02T12:00:00.500Z'))
  })
})

const REGION_HINT =
  'Check that the client belongs to eu-west-1: Genesys gives the same error if it belongs to another region.'
const SECRET_HINT = 'Check that client-secret is complete and belongs to this client.'
const GRANT_HINT = 'The grant type of the client must be Client Credentials.'
const BAD_REQUEST_HINT = 'The platform rejected the request; its message above says why. Check the inputs.'
const CORRELATION = { 'ININ-Correlation-Id': '5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b' }
const TRAIL = ', correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt.'

/** Of an error after which a token may exist that no step knows. */
const MAY_EXIST =
  ' A long-lived token of the service account service-account-1 may exist that this step did not receive.'

describe('rejections', () => {
  const oauth = (error: string, description: string) => ({
    error,
    description,
    error_description: description
  })

  test.each([
    [400, 'client not found: deploy-client', `${REGION_HINT} Check client-id.`],
    [401, 'authentication failed', `${SECRET_HINT} ${REGION_HINT} ${GRANT_HINT}`],
    [403, 'other words', `${REGION_HINT} Check client-id. ${SECRET_HINT} ${GRANT_HINT}`]
  ])(
    'invalid_client with %i %s is credentials-rejected: the error decides, not the status',
    async (status, description, hint) => {
      for (const [request, url] of [
        [login, LOGIN_URL],
        [api, API_URL]
      ] as const) {
        hosts.answer('POST', url, {
          status,
          json: oauth('invalid_client', description),
          headers: CORRELATION
        })
        expect(await failure(request)).toEqual({
          code: 'credentials-rejected',
          message: `POST ${url} answered ${status} invalid_client (${description})${TRAIL}`,
          hint
        })
      }
    }
  )

  test('401 without a body is credentials-rejected; the hint names the domain if there is no code', async () => {
    const region = { domain: 'xxe1.pure.cloud' }
    const url = 'https://login.xxe1.pure.cloud/oauth/token'
    hosts.answer('POST', url, { status: 401 })
    expect(await failure({ ...login, region })).toEqual({
      code: 'credentials-rejected',
      message: `POST ${url} answered 401, 1 attempt.`,
      hint: `${REGION_HINT.replace('eu-west-1', 'xxe1.pure.cloud')} Check client-id. ${SECRET_HINT} ${GRANT_HINT}`
    })
  })

  test.each([
    ['my-client', '5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', true],
    ['6e9fc7ed-aaaa-bbbb-cccc-0123456789ab', '5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', false],
    ['6e9fc7ed-aaaa-bbbb-cccc-0123456789ab', 'a-secret-that-is-no-uuid', false]
  ])('client-id %s and client-secret %s look swapped: %s', async (id, secret, isSwapped) => {
    const client = { id, secret: new Secret(secret) }
    hosts.answer('POST', LOGIN_URL, { status: 400, json: oauth('invalid_client', 'client not found') })
    const { hint } = await failure({ ...login, client }, { known: [client.secret] })
    expect(hint).toBe(
      isSwapped
        ? 'client-secret looks like a client id: client-id and client-secret may be swapped.'
        : `${REGION_HINT} Check client-id.`
    )
  })

  test('generate: 401 is about the initial token or the service account', async () => {
    const json = { message: 'Invalid login credentials.', code: 'bad.credentials', status: 401 }
    hosts
      .answer('POST', LOGIN_URL, TOKEN_RESPONSE)
      .answer('POST', GENERATE_URL, { status: 401, json, headers: CORRELATION })
    expect(await failure(longLived)).toEqual({
      code: 'credentials-rejected',
      message: `POST ${GENERATE_URL} answered 401 bad.credentials (Invalid login credentials.)${TRAIL}`,
      hint:
        'Genesys rejected the initial token, or service-account-id names a wrong or inactive service account. Check the ' +
        'id, and that the account is active in the same organisation as the client.'
    })
  })

  test('generate: 403 is about the permission admin:api_token', async () => {
    const message403 = 'You are missing the following permission(s): admin:api_token'
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, {
      status: 403,
      json: { message: message403, code: 'missing.permissions' }
    })
    const { code, message, hint } = await failure(longLived)
    expect({ code, message }).toEqual({
      code: 'forbidden',
      message: `POST ${GENERATE_URL} answered 403 missing.permissions (${message403}), 1 attempt.`
    })
    expect(hint).toMatch(
      /^The client lacks the permission admin:api_token\. Add it to a role of the OAuth client /
    )
  })

  test.each([
    ['the login host', login, LOGIN_URL],
    ['the API host', api, API_URL]
  ])('403 at %s is about an IP allow-list', async (_, request, url) => {
    hosts.answer('POST', url, { status: 403, json: { message: 'not from here' } })
    const { code, message, hint } = await failure(request)
    expect({ code, message }).toEqual({
      code: 'forbidden',
      message: `POST ${url} answered 403 not from here, 1 attempt.`
    })
    expect(hint).toMatch(
      /^If the organisation allows only certain addresses, add the address of the runner\. /
    )
  })

  test.each([404, 405])(
    '%i on an undocumented request is not-offered, with what to use instead',
    async status => {
      hosts.answer('POST', API_URL, { status, json: { message: 'HTTP 404 Not Found', code: 'not found' } })
      expect(await failure(api)).toEqual({
        code: 'not-offered',
        message: `POST ${API_URL} answered ${status} not found (HTTP 404 Not Found), 1 attempt.`,
        hint:
          'Genesys does not document this request, and your organisation may not support it. Remove token-endpoint: the ' +
          'default is the documented request at the login host.'
      })
      hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, { status })
      const { code, hint } = await failure(longLived)
      expect(code).toBe('not-offered')
      expect(hint).toMatch(
        /^Genesys does not document this request, .* Use token-kind: access: .*48 hours.*450 days/
      )
    }
  )

  test.each([404, 405])('%i on the documented request is bad-request', async status => {
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
    hosts.answer('POST', LOGIN_URL, { status, json: oauth('unsupported_grant_type', 'no such result') })
    expect(await failure(login)).toEqual({
      code: 'bad-request',
      message: `POST ${LOGIN_URL} answered ${status} unsupported_grant_type (no such result), 1 attempt.`,
      hint: BAD_REQUEST_HINT
    })
  })
})

describe('throttling and errors', () => {
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
    'Too many tokens were requested within a minute. Start fewer jobs at once, or raise timeout.'

  test.each([
    ['the login host', login, LOGIN_URL],
    ['the API host', api, API_URL]
  ])('400 rate limit exceeded at %s is rate-limited, not bad-request', async (_, request, url) => {
    hosts.answer('POST', url, throttled)
    expect(await failure(request, { timeoutMs: 1000 })).toEqual({
      code: 'rate-limited',
      message:
        `POST ${url} answered 400 invalid_request (rate limit exceeded; token requests are limited to 300 per minute), ` +
        'correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt; no time is left of the timeout of 1 s.',
      hint: RATE_HINT
    })
  })

  test('either of the two descriptions is enough', async () => {
    for (const name of ['description', 'error_description']) {
      hosts.answer('POST', LOGIN_URL, {
        status: 400,
        json: { error: 'invalid_request', [name]: 'Rate limit exceeded.' }
      })
      expect(await failure(login, { timeoutMs: 1000 })).toMatchObject({ code: 'rate-limited' })
    }
  })

  test('400 with the words elsewhere in its description is bad-request', async () => {
    const json = { error: 'invalid_request', description: 'not a rate limit exceeded; something else' }
    hosts.answer('POST', LOGIN_URL, { status: 400, json })
    expect(await failure(login)).toMatchObject({ code: 'bad-request' })
  })

  test('429 with a Retry-After beyond the deadline fails at once', async () => {
    const json = { message: 'Rate limit exceeded the maximum.', code: 'too.many.requests.retry.after' }
    hosts.answer('POST', API_URL, { status: 429, json, headers: { 'Retry-After': '121' } })
    expect(await failure(api)).toEqual({
      code: 'rate-limited',
      message:
        `POST ${API_URL} answered 429 too.many.requests.retry.after (Rate limit exceeded the maximum.), 1 attempt; ` +
        'the server asks to wait 2 min 1 s, longer than the remaining 2 min of the timeout of 2 min.',
      hint: RATE_HINT
    })
  })

  test.each([500, 501, 502, 503, 504, 520, 599])('%i is unavailable', async status => {
    hosts.answer('POST', LOGIN_URL, { status, text: '<h1>Bad Gateway</h1>', headers: CORRELATION })
    expect(await failure(login)).toEqual({
      code: 'unavailable',
      message: `POST ${LOGIN_URL} answered ${status}${TRAIL}`,
      hint: 'The platform has a problem. See its status page, and run the job again later.'
    })
  })

  test('a failure after throttling has its own count', async () => {
    hosts.answer('POST', LOGIN_URL, throttled).answer('POST', LOGIN_URL, { status: 503 })
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    const { infos, done } = run(login, { maxAttempts: 3 })
    await done
    expect(infos[1]).toBe('login.mypurecloud.ie: HTTP 503, attempt 2, failure 1 of 3; retrying in 0.5 s.')
  })

  test('transient errors are retried; each wait is logged', async () => {
    hosts.answer('POST', LOGIN_URL, { status: 502 }).fail('POST', LOGIN_URL, 'ECONNRESET')
    hosts.answer('POST', LOGIN_URL, throttled).answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    const clock = new StillClock()
    const { session, infos, done } = run(login, { clock, maxAttempts: 3 })
    await done
    expect(session.attemptCount).toBe(4)
    expect(clock.waits).toEqual([500, 1000, 10_000])
    expect(infos).toEqual([
      'login.mypurecloud.ie: HTTP 502, attempt 1 of 3; retrying in 0.5 s.',
      'login.mypurecloud.ie: the connection was reset (ECONNRESET), attempt 2 of 3; retrying in 1.0 s.',
      'login.mypurecloud.ie: rate limited (HTTP 400), attempt 3; retrying in 10.0 s.'
    ])
    // Every attempt sends the same headers and body.
    expect(new Set(hosts.seen.map(({ body, headers }) => JSON.stringify([body, headers]))).size).toBe(1)
  })

  const ASK = /^Ask a Genesys administrator to end it\. /

  test.each([500, 502, 503, 504, 408, 425, 302])(
    'generate is not retried after %i: it may have made a token that is valid for a year',
    async status => {
      hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, { status })
      const { message, hint } = await failure(longLived, { maxAttempts: 5 })
      expect(message).toMatch(
        new RegExp(`^POST ${GENERATE_URL} answered ${status}.*, 1 attempt\\.${MAY_EXIST}$`)
      )
      expect(hint).toMatch(ASK)
    }
  )

  test('generate is not retried after a reset', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).fail('POST', GENERATE_URL, 'ECONNRESET')
    expect(await failure(longLived, { maxAttempts: 5 })).toEqual({
      code: 'network',
      message: `POST ${GENERATE_URL} failed: the connection was reset (ECONNRESET), 1 attempt.${MAY_EXIST}`,
      hint: expect.stringMatching(ASK) as unknown as string
    })
  })

  test.each<[string, Reply]>([
    ['no token', { json: {} }],
    ['a token that is too short', { json: { access_token: 'short' } }],
    ['no JSON', { text: '<html>' }]
  ])('generate: 200 with %s may have made a token', async (_, reply) => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, reply)
    const { code, message, hint } = await failure(longLived)
    expect([code, message.endsWith(MAY_EXIST)]).toEqual(['bad-response', true])
    expect(hint).toMatch(ASK)
  })

  test.each([400, 401, 403, 404, 405, 409, 422])(
    'generate: after %i it is certain that no token was made',
    async status => {
      hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, { status })
      expect((await failure(longLived)).message).toBe(`POST ${GENERATE_URL} answered ${status}, 1 attempt.`)
    }
  )

  test.each<[string, () => void]>([
    ['a reset', () => hosts.fail('POST', GENERATE_URL, 'ECONNRESET')],
    ['502', () => hosts.answer('POST', GENERATE_URL, { status: 502 })]
  ])('generate: %s after throttling may have made a token', async (_, respond) => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
    hosts.answer('POST', GENERATE_URL, { status: 429, headers: { 'Retry-After': '2' } })
    respond()
    const { message, hint } = await failure(longLived, { maxAttempts: 5 })
    expect(message.endsWith(`, 2 attempts.${MAY_EXIST}`)).toBe(true)
    expect(hint).toMatch(ASK)
  })

  test('generate is retried if it was certainly not carried out', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).fail('POST', GENERATE_URL, 'ECONNREFUSED')
    hosts.answer('POST', GENERATE_URL, { status: 429, headers: { 'Retry-After': '2' } })
    hosts.answer('POST', GENERATE_URL, throttled).answer('POST', GENERATE_URL, LONG_LIVED_RESPONSE)
    const { session, done } = run(longLived, { maxAttempts: 5 })
    await done
    expect(session.attemptCount).toBe(5)
  })

  test('an unknown host', async () => {
    hosts.fail('POST', LOGIN_URL, 'ENOTFOUND')
    expect(await failure(login)).toEqual({
      code: 'network',
      message: `POST ${LOGIN_URL} failed: DNS does not know the host (ENOTFOUND), 1 attempt.`,
      hint: expect.stringContaining('mypurecloud.ie is the domain of eu-west-1') as unknown as string
    })
    hosts.fail('POST', 'https://login.euw22.pure.cloud/oauth/token', 'ENOTFOUND')
    const { hint } = await failure({ ...login, region: { domain: 'euw22.pure.cloud' } })
    expect(hint).toContain('The nearest known region is eu-west-2 (euw2.pure.cloud).')
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
    expect(hint).toMatch(/^Redirects are never followed because the request carries credentials\. /)
    expect(hosts.seen).toHaveLength(1)
  })

  test.each([
    ['/oauth/token2', 'login.mypurecloud.ie'],
    ['not a url', 'login.mypurecloud.ie'],
    ['https://', 'an unknown host'],
    [`https://${'a'.repeat(63)}.${'b'.repeat(63)}.example/`, `${'a'.repeat(63)}.${'b'.repeat(63)}.example`]
  ])('to %s', async (location, target) => {
    hosts.answer('POST', LOGIN_URL, { status: 302, headers: { Location: location } })
    const { message } = await failure(login)
    expect(message).toBe(`POST ${LOGIN_URL} answered 302, a redirect to ${target}, 1 attempt.`)
  })

  test('to a host whose name is the secret', async () => {
    hosts.answer('POST', LOGIN_URL, {
      status: 302,
      headers: { Location: `https://${CLIENT.secret.reveal().toUpperCase()}.evil.example/` }
    })
    expect((await failure(login)).message).toBe(
      `POST ${LOGIN_URL} answered 302, a redirect to ***.evil.example, 1 attempt.`
    )
  })
})

describe('unusable responses', () => {
  const NOT_JSON = ', but its body is not a JSON object'
  const NO_TOKEN = ', but there is no access_token in it'
  const NOT_A_TOKEN = ', but its access_token is not 16 characters to 32 KiB of visible ASCII'
  const CREDENTIAL = ', but its access_token contains one of the credentials'
  const token = (value: unknown): Reply => ({
    json: { access_token: value, token_type: 'bearer', expires_in: 60 }
  })

  test.each<[string, Reply, string]>([
    ['a page', { text: '<!DOCTYPE html><title>Sign in</title>' }, NOT_JSON],
    ['nothing', { text: '' }, NOT_JSON],
    ['an array', { text: `[{"access_token":"${TOKEN}"}]` }, NOT_JSON],
    ['a string', { text: `"${TOKEN}"` }, NOT_JSON],
    ['null', { text: 'null' }, NOT_JSON],
    ['incomplete JSON', { text: `{"access_token":"${TOKEN}"` }, NOT_JSON],
    ['a form', { text: `access_token=${TOKEN}` }, NOT_JSON],
    ['an error object', { json: { error: 'invalid_client', description: 'client not found' } }, NO_TOKEN],
    ['no token', { json: {} }, NO_TOKEN],
    ['a token with another name', { json: { accessToken: TOKEN } }, NO_TOKEN],
    ['a token that is null', token(null), NO_TOKEN],
    ['a number', token(1_234_567_890_123_456), NO_TOKEN],
    ['an object', token({ value: TOKEN }), NO_TOKEN],
    ['an empty token', token(''), NOT_A_TOKEN],
    ['a token of 15 characters', token('x'.repeat(15)), NOT_A_TOKEN],
    ['a token of 32 KiB and one', token('x'.repeat(32 * 1024 + 1)), NOT_A_TOKEN],
    ['a token with a line break', token(`${TOKEN}\nx`), NOT_A_TOKEN],
    ['a token with a line break at its end', token(`${TOKEN}\n`), NOT_A_TOKEN],
    ['a token with a null', token(`${TOKEN}\0`), NOT_A_TOKEN],
    ['a token with a space', token(`Bearer ${TOKEN}`), NOT_A_TOKEN],
    ['a token with a letter beyond ASCII', token(`${TOKEN}é`), NOT_A_TOKEN],
    ['the secret in place of a token', token(CLIENT.secret.reveal()), CREDENTIAL],
    ['a token with the secret inside', token(`x${CLIENT.secret.reveal()}y`), CREDENTIAL],
    ['the Basic value in place of a token', token(BLOB), CREDENTIAL],
    ['the secret in hexadecimal', token(Buffer.from(CLIENT.secret.reveal()).toString('hex')), CREDENTIAL]
  ])('200 with %s', async (_, reply, problem) => {
    hosts.answer('POST', LOGIN_URL, { ...reply, headers: CORRELATION })
    const { code, message, hint } = await failure(login, { maxAttempts: 5 })
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message: `POST ${LOGIN_URL} answered 200${problem}${TRAIL}`
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

  test('a byte order mark before JSON makes it bad-response', async () => {
    hosts.answer('POST', LOGIN_URL, { text: `\ufeff{"access_token":"${TOKEN}"}` })
    expect(await failure(login)).toMatchObject({ code: 'bad-response' })
  })

  test.each([201, 202, 203, 204, 206, 299])('%i is not accepted, whatever its body', async status => {
    hosts.answer('POST', LOGIN_URL, { status, ...(status === 204 ? {} : TOKEN_RESPONSE) })
    const { code, message, hint } = await failure(login)
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message: `POST ${LOGIN_URL} answered ${status}, 1 attempt.`
    })
    expect(hint).toMatch(/^Expected HTTP 200\. .*login\.mypurecloud\.ie\.$/)
  })

  test.each([202, 206, 299, 403, 500])(
    'a token that comes with %i is reported, so that it is revoked',
    async status => {
      hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE)
      hosts.answer('POST', GENERATE_URL, {
        status,
        json: { access_token: LONG_LIVED_TOKEN, message: `it is ${LONG_LIVED_TOKEN}` }
      })
      const { tokens, failure } = run(longLived)
      expect(await failure()).toMatchObject({
        message: `POST ${GENERATE_URL} answered ${status} it is ***, 1 attempt.`
      })
      expect(tokens.map(({ value, isRejected }) => [value.reveal(), isRejected])).toEqual([
        [TOKEN, undefined],
        [LONG_LIVED_TOKEN, true]
      ])
    }
  )

  test('a token in a rejection is not shown, nor any line of it; lines under 8 characters are not masked', async () => {
    const lines = ['the-first-line-of-a-token', 'short', 'the-last-line-of-it']
    hosts.answer('POST', LOGIN_URL, {
      status: 400,
      json: {
        access_token: TOKEN,
        id_token: lines.join('\n'),
        error: TOKEN,
        message: `so ${lines.join('\r\n')}`
      }
    })
    const { secrets, tokens, failure } = run(login)
    expect(await failure()).toMatchObject({
      message: `POST ${LOGIN_URL} answered 400 *** (so *** short ***), 1 attempt.`
    })
    expect(secrets).toEqual([BLOB, TOKEN, lines[0], lines[2]])
    expect(tokens).toMatchObject([{ kind: 'access', isRejected: true, revocationBaseUrl: API_ORIGIN }])
  })

  test.each([
    [8, ' it is ***'],
    [9, '']
  ])(
    'a response with %i lines of tokens: at most 8 are masked, more are not quoted',
    async (count, words) => {
      const lines = Array.from({ length: count }, (_, at) => `line-${1000 + at}`)
      const json = { id_token: lines.join('\n'), message: `it is ${lines.at(-1)}` }
      hosts.answer('POST', LOGIN_URL, { status: 400, json })
      const { secrets, failure } = run(login)
      expect((await failure()).message).toBe(`POST ${LOGIN_URL} answered 400${words}, 1 attempt.`)
      expect(secrets).toEqual([BLOB, ...lines.slice(0, 8)])
    }
  )

  test('a line of more than 32 KiB is not masked', async () => {
    hosts.answer('POST', LOGIN_URL, { json: { access_token: 'x'.repeat(32 * 1024 + 1) } })
    const { secrets, failure } = run(login)
    await failure()
    expect(secrets).toEqual([BLOB])
  })

  test('the same rules apply to generate', async () => {
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, token('short'))
    expect(await failure(longLived)).toMatchObject({
      code: 'bad-response',
      message: `POST ${GENERATE_URL} answered 200${NOT_A_TOKEN}, 1 attempt.${MAY_EXIST}`
    })
    // The response repeats the initial token, which is a credential of this request.
    hosts.answer('POST', LOGIN_URL, TOKEN_RESPONSE).answer('POST', GENERATE_URL, token(`${TOKEN}.${TOKEN}`))
    expect(await failure(longLived)).toMatchObject({
      message: `POST ${GENERATE_URL} answered 200${CREDENTIAL}, 1 attempt.${MAY_EXIST}`
    })
  })
})

describe('quoted words of the platform', () => {
  const quoted = async (json: unknown, headers: Record<string, string> = {}) => {
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
    expect(await quoted(json)).toBe(`${words}, 1 attempt.`)
  })

  test('are one clean line', async () => {
    expect(
      await quoted({
        error: 'e\r\n::set-output name=token::x\u2028\u0000\u001b[31m\u200e',
        message: '\t m \n'
      })
    ).toBe(' e ::set-output name=token::x [31m ( m ), 1 attempt.')
  })

  test('are bounded, and leave room for correlation id and attempts', async () => {
    const words = await quoted({ error: '😀'.repeat(1500), message: 'm'.repeat(1500) }, CORRELATION)
    expect(words.length).toBeLessThan(1100)
    expect(words).toMatch(/^ (?:😀)+…m+\)/u)
    expect(words.endsWith(TRAIL)).toBe(true)
  })

  test.each([
    [0, /^ m+…m+, 1 attempt\.$/],
    [1, /^, 1 attempt\.$/]
  ])('stand in the error only if the response has at most 8 KiB: %i more', async (more, expected) => {
    const message = 'm'.repeat(8 * 1024 - '{"message":""}'.length + more)
    expect(await quoted({ message })).toMatch(expected)
  })

  test('contain no secret, in any case', async () => {
    const secret = CLIENT.secret.reveal()
    const words = await quoted({
      error: `${secret.toUpperCase()}`,
      message: `got ${secret} and ${BLOB}, sorry`
    })
    expect(words).toBe(' *** (got *** and ***, sorry), 1 attempt.')
  })

  test('contain no secret that cleaning puts together or the limit cuts', async () => {
    const secret = CLIENT.secret.reveal()
    const [front, back] = [secret.slice(0, 9), secret.slice(9)]
    expect(await quoted({ message: `${front}\u200b${back}` })).toBe(' ***, 1 attempt.')
    const words = 'x'.repeat(1020)
    expect(await quoted({ message: `${words} ${secret}` })).toBe(` ${words} ***, 1 attempt.`)
  })

  test.each(['pass  word-of-the-client', 'pass\u200dword-of-the-client', 'pass\u00a0word-of-the-client'])(
    'contain no secret that cleaning changes: %j',
    async text => {
      const client = { id: 'deploy-client', secret: new Secret(text) }
      hosts.answer('POST', LOGIN_URL, { status: 400, json: { message: `got ${text}, sorry` } })
      const { message } = await failure({ ...login, client }, { known: [client.secret] })
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
    expect(await quoted({}, { 'ININ-Correlation-Id': id })).toBe(`${shown}, 1 attempt.`)
  })
})
