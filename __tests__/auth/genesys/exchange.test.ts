import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseUrl } from '../../../src/auth/base-url.js'
import type { GenesysApi, GenesysLogin, GenesysLongLived } from '../../../src/auth/genesys/request.js'
import type { Credential } from '../../../src/lib/input-reader.js'
import { Secret } from '../../../src/lib/secret.js'
import { TestClock } from '../../support/clock.js'
import { Hosts, type Reply, type SentRequest, sentForm, sentJson } from '../../support/hosts.js'
import { type AnyRequest, startExchange } from '../../support/requests.js'
import type { TestSessionOptions } from '../../support/session.js'

const hosts = new Hosts()
beforeEach(() => hosts.clear())
afterEach(() => expect(hosts.unusedReplies).toEqual([]))
afterAll(() => Hosts.release())

const REGION = { code: 'eu-west-1', domain: 'mypurecloud.ie' }
const LOGIN_URL = 'https://login.mypurecloud.ie/oauth/token'
const API_ORIGIN = 'https://api.mypurecloud.ie'
const API_URL = `${API_ORIGIN}/api/v2/oauth/token`
const GENERATE_URL = `${API_URL}/generate`
/** A region that is not in the list. */
const NEW_REGION = { domain: 'xxe1.pure.cloud' }
const NEW_URL = 'https://login.xxe1.pure.cloud/oauth/token'

const CLIENT: Credential = { id: 'deploy-client', secret: new Secret('s3cret-of-the-deploy-client') }
/** `deploy-client:s3cret-of-the-deploy-client` as coreutils' base64 encodes it. */
const BLOB = 'ZGVwbG95LWNsaWVudDpzM2NyZXQtb2YtdGhlLWRlcGxveS1jbGllbnQ='
const ODD_CLIENT: Credential = { id: 'id %+&=/"\\ é€😀', secret: new Secret('s %+&=:/ "\\ é€😀====') }
const ODD_BLOB = 'aWQgJSsmPS8iXCDDqeKCrPCfmIA6cyAlKyY9Oi8gIlwgw6nigqzwn5iAPT09PQ=='

const TOKEN = 'access-token-of-Genesys_0123456789'
const LONG_LIVED_TOKEN = 'long-lived-token-of-Genesys_9876543210'
const TOKEN_RESPONSE: Reply = { json: { access_token: TOKEN, token_type: 'bearer', expires_in: 86_400 } }
const LONG_LIVED_RESPONSE: Reply = {
  json: { access_token: LONG_LIVED_TOKEN, token_type: 'bearer', expires_in: 31_536_000 }
}

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

const REQUESTS = { login, api, longLived }

const FORM_BODY = 'grant_type=client_credentials'
const JSON_BODY =
  '{"grant_type":"client_credentials","client_id":"deploy-client","client_secret":"s3cret-of-the-deploy-client"}'
const ODD_JSON_BODY =
  '{"grant_type":"client_credentials","client_id":"id %+&=/\\"\\\\ é€😀","client_secret":"s %+&=:/ \\"\\\\ é€😀===="}'
const GENERATE_BODY = '{"grant_type":"client_credentials","resource_owner":"a\\"b\\\\c{}"}'

const CORRELATION = { 'ININ-Correlation-Id': '5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b' }
const TRAIL = ', correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt.'

const failure = (request: AnyRequest, options?: TestSessionOptions) =>
  startExchange(request, options).failure()

/** Prepares the response to the last request of an exchange, and a token for the request before it. */
function prepare(request: AnyRequest, reply: Reply): string {
  if (request === longLived) hosts.reply('POST', LOGIN_URL, TOKEN_RESPONSE)
  const url = request === longLived ? GENERATE_URL : request === api ? API_URL : LOGIN_URL
  hosts.reply('POST', url, reply)
  return url
}

describe('the requests', () => {
  const basic = { authorization: `Basic ${BLOB}` }
  const oddBasic = { authorization: `Basic ${ODD_BLOB}` }
  const scope = 'analytics:readonly routing users:basic+x'
  const SCOPE_BODY = `${FORM_BODY}&scope=analytics%3Areadonly+routing+users%3Abasic%2Bx`

  test.each<[string, AnyRequest, SentRequest]>([
    ['the login host', login, sentForm(LOGIN_URL, FORM_BODY, basic)],
    ['the login host, with a scope', { ...login, scope }, sentForm(LOGIN_URL, SCOPE_BODY, basic)],
    [
      'the login host: id and secret are UTF-8 in base64, with no other encoding',
      { ...login, client: ODD_CLIENT },
      sentForm(LOGIN_URL, FORM_BODY, oddBasic)
    ],
    ['the API host: JSON, and no Basic header', api, sentJson(API_URL, JSON_BODY)],
    [
      'the API host: an id and a secret that JSON escapes',
      { ...api, client: ODD_CLIENT },
      sentJson(API_URL, ODD_JSON_BODY)
    ]
  ])('%s', async (_, request, expected) => {
    hosts.reply('POST', expected.url, TOKEN_RESPONSE)
    const result = await startExchange(request).done
    expect(hosts.requests).toEqual([expected])
    expect(result.token.value.reveal()).toBe(TOKEN)
    expect(result).toEqual({
      token: {
        value: expect.any(Secret),
        kind: 'access',
        expiresInSeconds: 86_400,
        expiresAt: new Date('2026-03-02T12:00:00.000Z'),
        revocationBaseUrl: API_ORIGIN
      },
      apiUrl: API_ORIGIN,
      region: 'eu-west-1',
      domain: 'mypurecloud.ie'
    })
  })

  test.each<[string, GenesysLogin | GenesysApi, SentRequest, number]>([
    ['the login host', login, sentForm(LOGIN_URL, FORM_BODY, basic), 200],
    ['the API host', api, sentJson(API_URL, JSON_BODY), 201]
  ])(
    'a long-lived token: first %s, then generate with the initial token',
    async (_, initial, first, status) => {
      const headers = { 'ININ-Correlation-Id': 'generate-1' }
      hosts.reply('POST', first.url, { ...TOKEN_RESPONSE, headers: CORRELATION })
      hosts.reply('POST', GENERATE_URL, { ...LONG_LIVED_RESPONSE, status, headers })
      const result = await startExchange({ ...longLived, initial, serviceAccountId: 'a"b\\c{}' }).done
      expect(hosts.requests).toEqual([
        first,
        sentJson(GENERATE_URL, GENERATE_BODY, { authorization: `Bearer ${TOKEN}` })
      ])
      expect(result.token.value.reveal()).toBe(LONG_LIVED_TOKEN)
      expect(result).toEqual({
        token: {
          value: expect.any(Secret),
          kind: 'long-lived',
          expiresInSeconds: 31_536_000,
          expiresAt: new Date('2027-03-01T12:00:00.000Z'),
          revocationBaseUrl: API_ORIGIN
        },
        apiUrl: API_ORIGIN,
        region: 'eu-west-1',
        domain: 'mypurecloud.ie',
        // Of the response that issued the token.
        correlationId: 'generate-1'
      })
    }
  )

  test('an unlisted region has a domain and no code', async () => {
    hosts.reply('POST', NEW_URL, TOKEN_RESPONSE)
    const result = await startExchange({ ...login, region: NEW_REGION }).done
    expect(result).toEqual({
      token: expect.anything(),
      apiUrl: 'https://api.xxe1.pure.cloud',
      domain: 'xxe1.pure.cloud'
    })
  })

  test('a base URL replaces all hosts; its path comes first', async () => {
    const baseUrl: BaseUrl = { input: 'base-url', url: 'https://gateway.example.com:8443/genesys' }
    const loginBaseUrl: BaseUrl = { input: 'login-base-url', url: 'https://login.example.com' }
    const urls = [
      'https://gateway.example.com:8443/genesys/oauth/token',
      'https://gateway.example.com:8443/genesys/api/v2/oauth/token/generate',
      'https://gateway.example.com:8443/genesys/api/v2/oauth/token',
      'https://login.example.com/oauth/token'
    ]
    for (const url of urls)
      hosts.reply('POST', url, url.endsWith('generate') ? LONG_LIVED_RESPONSE : TOKEN_RESPONSE)
    const initial = { ...login, baseUrl, loginBaseUrl: baseUrl }
    const results = [
      await startExchange({ ...longLived, baseUrl, initial }).done,
      await startExchange({ ...api, baseUrl }).done,
      await startExchange({ ...initial, loginBaseUrl }).done
    ]
    expect(hosts.requests.map(({ url }) => url)).toEqual(urls)
    expect(hosts.requests[0]?.headers['host']).toBe('gateway.example.com:8443')
    for (const result of results) {
      expect(result).toMatchObject({ apiUrl: baseUrl.url, region: 'eu-west-1', domain: 'mypurecloud.ie' })
      expect(result.token.revocationBaseUrl).toBe(baseUrl.url)
    }
  })
})

test('events report the Basic value before it is sent, and each token before the next request', async () => {
  const json = {
    access_token: TOKEN,
    refresh_token: 'a-refresh-token-012345',
    id_token: 'an-id-token-0123456789'
  }
  const reported: unknown[] = []
  const record = () => void reported.push([[...secrets], tokens.length])
  hosts.reply('POST', LOGIN_URL, { json }, record)
  hosts.reply('POST', GENERATE_URL, LONG_LIVED_RESPONSE, record)
  const { secrets, tokens, done } = startExchange(longLived)
  await done
  const ofInitial = [TOKEN, 'a-refresh-token-012345', 'an-id-token-0123456789']
  expect(reported).toEqual([
    [[BLOB], 0],
    [[BLOB, ...ofInitial], 1]
  ])
  expect(secrets).toEqual([BLOB, ...ofInitial, LONG_LIVED_TOKEN])
  // Both can be revoked at the origin of the API.
  expect(
    tokens.map(({ value, kind, revocationBaseUrl }) => [value.reveal(), kind, revocationBaseUrl])
  ).toEqual([
    [TOKEN, 'access', API_ORIGIN],
    [LONG_LIVED_TOKEN, 'long-lived', API_ORIGIN]
  ])
})

describe('the lifetime', () => {
  test.each<[string, unknown, number | undefined]>([
    ['a number of seconds', 300, 300],
    ['a number in a string', '172800', 172_800],
    ['a fraction: rounded down, never later than the real expiry', 59.9, 59],
    ['one second', 1, 1],
    ['450 days of a SCIM client', 38_880_000, 38_880_000],
    ...[undefined, 0, -1, 0.4, '12h', '1e3', '', true, [60], 1e12, '9'.repeat(30)].map(
      (value): [string, unknown, undefined] => [`unknown: ${JSON.stringify(value)}`, value, undefined]
    )
  ])('%s', async (_, expiresIn, seconds) => {
    hosts.reply('POST', LOGIN_URL, { json: { access_token: TOKEN, expires_in: expiresIn } })
    const { token } = await startExchange(login).done
    expect([token.expiresInSeconds, token.expiresAt]).toEqual(
      seconds === undefined
        ? [undefined, undefined]
        : [seconds, new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1000)]
    )
  })

  test('counts from the start of the last attempt, not from its response', async () => {
    const clock = new TestClock()
    hosts.reply('POST', LOGIN_URL, { status: 503 })
    hosts.reply('POST', LOGIN_URL, TOKEN_RESPONSE, () => void clock.sleep(7000))
    const { token } = await startExchange(login, { clock, maxAttempts: 2 }).done
    // The first wait is 500 ms, half of the first second.
    expect(clock.waits).toEqual([500, 7000])
    expect(token.expiresAt).toEqual(new Date('2026-03-02T12:00:00.500Z'))
  })
})

describe('rejections', () => {
  const REGION_HINT =
    'Check that the client belongs to eu-west-1: Genesys gives the same error if it belongs to another region.'
  const SECRET_HINT = 'Check that client-secret is complete and belongs to this client.'
  const GRANT_HINT = 'The grant type of the client must be Client Credentials.'
  const ID_HINT = 'Check client-id.'
  const invalidClient = (description: string) => ({ error: 'invalid_client', description })

  test.each([
    [400, 'client not found: deploy-client', `${REGION_HINT} ${ID_HINT}`],
    [401, 'authentication failed', `${SECRET_HINT} ${REGION_HINT} ${GRANT_HINT}`],
    [403, 'other words', `${REGION_HINT} ${ID_HINT} ${SECRET_HINT} ${GRANT_HINT}`]
  ])('invalid_client with %i %s: the error decides, not the status', async (status, description, hint) => {
    for (const request of [login, api]) {
      const json = invalidClient(description)
      const url = prepare(request, { status, json, headers: CORRELATION })
      expect(await failure(request)).toEqual({
        code: 'credentials-rejected',
        message: `POST ${url} answered ${status} invalid_client (${description})${TRAIL}`,
        hint
      })
    }
  })

  test('401 without a body; the hint names the domain if there is no code', async () => {
    hosts.reply('POST', NEW_URL, { status: 401 })
    expect(await failure({ ...login, region: NEW_REGION })).toEqual({
      code: 'credentials-rejected',
      message: `POST ${NEW_URL} answered 401, 1 attempt.`,
      hint: `${REGION_HINT.replace('eu-west-1', 'xxe1.pure.cloud')} ${ID_HINT} ${SECRET_HINT} ${GRANT_HINT}`
    })
  })

  test.each([
    ['my-client', '5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', true],
    ['6e9fc7ed-aaaa-bbbb-cccc-0123456789ab', '5f0c1d2e-aaaa-bbbb-cccc-0123456789ab', false],
    ['6e9fc7ed-aaaa-bbbb-cccc-0123456789ab', 'a-secret-that-is-no-uuid', false]
  ])('client-id %s and client-secret %s look swapped: %s', async (id, secret, isSwapped) => {
    hosts.reply('POST', LOGIN_URL, { status: 400, json: invalidClient('client not found') })
    const { hint } = await failure({ ...login, client: { id, secret: new Secret(secret) } })
    expect(hint).toBe(
      isSwapped
        ? 'client-secret looks like a client id: client-id and client-secret may be swapped.'
        : `${REGION_HINT} ${ID_HINT}`
    )
  })

  const NOT_DOCUMENTED = 'Genesys does not document this request, and your organisation may not support it.'
  const ADDRESSES = 'If the organisation allows only certain addresses, add the address of the runner.'
  const BAD_REQUEST = 'The platform rejected the request; its message above says why. Check the inputs.'
  const UNAVAILABLE = 'The platform has a problem. See its status page, and run the job again later.'
  const USE_ACCESS =
    `${NOT_DOCUMENTED} Use token-kind: access: an access token lives up to 48 hours (SCIM clients: 450 days), ` +
    'as set on its OAuth client.'
  const USE_LOGIN = `${NOT_DOCUMENTED} Remove token-endpoint: the default is the documented request at the login host.`
  test.each<[keyof typeof REQUESTS, number[], string, string]>([
    [
      'longLived',
      [401],
      'credentials-rejected',
      'Genesys rejected the initial token, or service-account-id names a wrong or inactive service account. Check the ' +
        'id, and that the account is active in the same organisation as the client.'
    ],
    ['longLived', [403], 'forbidden', 'The client lacks the permission admin:api_token. Add it to a role of'],
    ['longLived', [404, 405], 'not-offered', USE_ACCESS],
    ['api', [403], 'forbidden', ADDRESSES],
    ['api', [404, 405], 'not-offered', USE_LOGIN],
    ['login', [403], 'forbidden', ADDRESSES],
    ['login', [400, 402, 404, 405, 422, 499], 'bad-request', BAD_REQUEST],
    ['login', [500, 501, 503, 599], 'unavailable', UNAVAILABLE]
  ])('%s: %j is %s', async (name, statuses, code, hint) => {
    for (const status of statuses) {
      const json = { message: 'Not for you.', code: 'some.words', status }
      const url = prepare(REQUESTS[name], { status, json, headers: CORRELATION })
      const error = await failure(REQUESTS[name])
      expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) })
      expect(error.message).toContain(`POST ${url} answered ${status} some.words (Not for you.)${TRAIL}`)
    }
  })

  test('of the initial request end the exchange', async () => {
    hosts.reply('POST', LOGIN_URL, { status: 404 })
    expect(await failure(longLived)).toMatchObject({ code: 'bad-request' })
  })
})

describe('throttling', () => {
  const description = 'rate limit exceeded; token requests are limited to 300 per minute'
  const throttled: Reply = {
    status: 400,
    json: { error: 'invalid_request', description },
    headers: CORRELATION
  }
  const RATE_HINT =
    'Too many tokens were requested within a minute. Start fewer jobs at once, or raise timeout.'

  test.each([login, api])('$exchange: 400 rate limit exceeded is not bad-request', async request => {
    const url = prepare(request, throttled)
    expect(await failure(request, { timeoutMs: 1000 })).toEqual({
      code: 'rate-limited',
      message:
        `POST ${url} answered 400 invalid_request (${description}), ` +
        'correlation id 5f0c7a1e-3b2d-4c5f-8a9b-0c1d2e3f4a5b, 1 attempt; no time is left of the timeout of 1 s.',
      hint: RATE_HINT
    })
  })

  test.each([
    ['rate-limited', { error_description: 'Rate limit exceeded.' }],
    ['bad-request', { description: 'not a rate limit exceeded; something else' }]
  ])('%s: 400 with %j', async (code, json) => {
    hosts.reply('POST', LOGIN_URL, { status: 400, json })
    expect(await failure(login, { timeoutMs: 1000 })).toMatchObject({ code })
  })

  test('throttled and transient errors are retried; every attempt sends the same', async () => {
    hosts.reply('POST', LOGIN_URL, { status: 502 }).fail('POST', LOGIN_URL, 'ECONNRESET')
    hosts.reply('POST', LOGIN_URL, throttled).reply('POST', LOGIN_URL, TOKEN_RESPONSE)
    const clock = new TestClock()
    const { session, done } = startExchange(login, { clock, maxAttempts: 3 })
    await done
    expect(session.attemptCount).toBe(4)
    expect(clock.waits).toEqual([500, 1000, 10_000])
    expect(new Set(hosts.requests.map(({ body, headers }) => JSON.stringify([body, headers]))).size).toBe(1)
  })

  test('generate is retried if it was certainly not carried out', async () => {
    hosts.reply('POST', LOGIN_URL, TOKEN_RESPONSE).fail('POST', GENERATE_URL, 'ECONNREFUSED')
    hosts.reply('POST', GENERATE_URL, { status: 429, headers: { 'Retry-After': '2' } })
    hosts.reply('POST', GENERATE_URL, throttled).reply('POST', GENERATE_URL, LONG_LIVED_RESPONSE)
    const { session, done } = startExchange(longLived, { maxAttempts: 5 })
    await done
    expect(session.attemptCount).toBe(5)
  })
})

describe('generate may have made a token that is valid for a year', () => {
  const MAY_EXIST =
    ' A long-lived token of the service account service-account-1 may exist that this step did not receive.'
  const token = (access_token: string): Reply => ({ json: { access_token } })

  test.each<[string, Reply]>([
    ...[500, 502, 503, 504, 408, 425, 302].map((status): [string, Reply] => [
      `answered ${status}`,
      { status }
    ]),
    ['failed: the connection was reset (ECONNRESET)', { error: 'ECONNRESET' }],
    ['answered 200, but its body is not a JSON object', { text: '<html>' }],
    ['answered 200, but there is no access_token in it', { json: {} }],
    ['answered 200, but its access_token is not 16 characters', token('short')],
    // The initial token is a credential of this request.
    ['answered 200, but its access_token contains one of the credentials', token(`${TOKEN}.${TOKEN}`)],
    ['answered 200, but its access_token contains one of the credentials', token(`${BLOB}x`)]
  ])('%s: this is said, and there is no retry', async (problem, reply) => {
    prepare(longLived, reply)
    const { message, hint } = await failure(longLived, { maxAttempts: 5 })
    expect(message).toContain(`POST ${GENERATE_URL} ${problem}`)
    expect(message.endsWith(`, 1 attempt.${MAY_EXIST}`)).toBe(true)
    expect(hint).toMatch(/^Ask a Genesys administrator to end it\. /)
  })

  test.each<[string, Reply]>([
    ['a reset', { error: 'ECONNRESET' }],
    ['502', { status: 502 }]
  ])('also with %s after throttling', async (_, reply) => {
    prepare(longLived, { status: 429, headers: { 'Retry-After': '2' } })
    hosts.reply('POST', GENERATE_URL, reply)
    const { message } = await failure(longLived, { maxAttempts: 5 })
    expect(message.endsWith(`, 2 attempts.${MAY_EXIST}`)).toBe(true)
  })

  test.each([400, 401, 403, 404, 405, 409, 422])('but certainly not after %i', async status => {
    prepare(longLived, { status })
    expect((await failure(longLived)).message).toBe(`POST ${GENERATE_URL} answered ${status}, 1 attempt.`)
  })

  test.each<[string, Reply]>([
    ['if no request was sent', { error: 'ENOTFOUND' }],
    ['after throttling', { status: 429, headers: { 'Retry-After': '3600' } }]
  ])('nor %s', async (_, reply) => {
    prepare(longLived, reply)
    expect((await failure(longLived)).message).not.toContain(MAY_EXIST)
  })
})

test('the hint for an unknown host names the region or, if it is new, the nearest one', async () => {
  const newRegion = { ...login, region: NEW_REGION }
  hosts.fail('POST', NEW_URL, 'ENOTFOUND')
  expect(await failure(newRegion)).toEqual({
    code: 'network',
    message: `POST ${NEW_URL} failed: DNS does not know the host (ENOTFOUND), 1 attempt.`,
    hint: expect.stringContaining(
      'no Genesys Cloud region at xxe1.pure.cloud. The nearest known region is sa-east-1 (sae1.pure.cloud).'
    )
  })
  for (const request of [login, api, longLived]) {
    prepare(request, { error: 'ENOTFOUND' })
    const { hint } = await failure(request)
    expect(hint).toContain('mypurecloud.ie is the domain of eu-west-1: the DNS of the runner does not')
  }
})

describe('redirects', () => {
  test.each([300, 304, 307, 399])('%i is never followed', async status => {
    const headers = { Location: 'https://user:pw@evil.example:444/x?y=z#f' }
    hosts.reply('POST', LOGIN_URL, { status, headers })
    expect(await failure(login, { maxAttempts: 5 })).toEqual({
      code: 'redirected',
      message: `POST ${LOGIN_URL} answered ${status}, a redirect to evil.example:444, 1 attempt.`,
      hint: expect.stringMatching(/^Redirects are never followed because the request carries credentials\. /)
    })
    expect(hosts.requests).toHaveLength(1)
  })

  test.each([
    ['/oauth/token2', 'login.mypurecloud.ie'],
    ['not a url', 'login.mypurecloud.ie'],
    ['https://', 'an unknown host'],
    [`https://${CLIENT.secret.reveal().toUpperCase()}.evil.example/`, '***.evil.example']
  ])('to %s', async (location, target) => {
    hosts.reply('POST', LOGIN_URL, { status: 302, headers: { Location: location } })
    const { message } = await failure(login)
    expect(message).toBe(`POST ${LOGIN_URL} answered 302, a redirect to ${target}, 1 attempt.`)
  })
})

describe('unusable responses', () => {
  const NOT_JSON = 'its body is not a JSON object'
  const NO_TOKEN = 'there is no access_token in it'
  const NOT_A_TOKEN = 'its access_token is not 16 characters to 32 KiB of visible ASCII'
  const CREDENTIAL = 'its access_token contains one of the credentials'
  const token = (value: unknown): Reply => ({ json: { access_token: value, expires_in: 60 } })

  test.each<[string, Reply, string]>([
    ['a page', { text: '<!DOCTYPE html><title>Sign in</title>' }, NOT_JSON],
    ['an array', { text: `[{"access_token":"${TOKEN}"}]` }, NOT_JSON],
    ['a byte order mark', { text: `\ufeff{"access_token":"${TOKEN}"}` }, NOT_JSON],
    ['an error object', { json: { error: 'invalid_client', description: 'client not found' } }, NO_TOKEN],
    ['a token that is null', token(null), NO_TOKEN],
    ['an empty token', token(''), NOT_A_TOKEN],
    ['a token of 15 characters', token('x'.repeat(15)), NOT_A_TOKEN],
    ['a token with a line break at its end', token(`${TOKEN}\n`), NOT_A_TOKEN],
    ['a token with the secret inside', token(`x${CLIENT.secret.reveal()}y`), CREDENTIAL],
    ['the Basic value in place of a token', token(BLOB), CREDENTIAL],
    ['the secret in hexadecimal', token(Buffer.from(CLIENT.secret.reveal()).toString('hex')), CREDENTIAL]
  ])('200 with %s', async (_, reply, problem) => {
    for (const request of [login, api]) {
      const url = prepare(request, { ...reply, headers: CORRELATION })
      expect(await failure(request, { maxAttempts: 5 })).toEqual({
        code: 'bad-response',
        message: `POST ${url} answered 200, but ${problem}${TRAIL}`,
        hint: expect.stringMatching(/^Nothing was published\. /)
      })
    }
  })

  test.each([201, 204, 299])('%i is not accepted, whatever its body', async status => {
    hosts.reply('POST', LOGIN_URL, { status, ...(status === 204 ? {} : TOKEN_RESPONSE) })
    expect(await failure(login)).toEqual({
      code: 'bad-response',
      message: `POST ${LOGIN_URL} answered ${status}, 1 attempt.`,
      hint: expect.stringMatching(/^Expected HTTP 200\. .*login\.mypurecloud\.ie\.$/)
    })
  })

  test.each([202, 403, 500])(
    'a token that comes with %i is reported, so that it is revoked',
    async status => {
      const json = { access_token: LONG_LIVED_TOKEN, message: `it is ${LONG_LIVED_TOKEN}` }
      prepare(longLived, { status, json })
      const { tokens, failure } = startExchange(longLived)
      expect((await failure()).message).toBe(`POST ${GENERATE_URL} answered ${status} it is ***, 1 attempt.`)
      expect(tokens.map(({ value, isRejected }) => [value.reveal(), isRejected])).toEqual([
        [TOKEN, undefined],
        [LONG_LIVED_TOKEN, true]
      ])
    }
  )

  test('a token in a rejection is not shown, nor any line of it; lines under 8 characters are not masked', async () => {
    const lines = ['the-first-line-of-a-token', 'short', 'the-last-line-of-it']
    const json = {
      access_token: TOKEN,
      id_token: lines.join('\n'),
      error: TOKEN,
      message: `so ${lines.join('\r\n')}`
    }
    hosts.reply('POST', LOGIN_URL, { status: 400, json })
    const { secrets, tokens, failure } = startExchange(login)
    expect((await failure()).message).toBe(
      `POST ${LOGIN_URL} answered 400 *** (so *** short ***), 1 attempt.`
    )
    expect(secrets).toEqual([BLOB, TOKEN, lines[0], lines[2]])
    expect(tokens).toMatchObject([{ kind: 'access', isRejected: true, revocationBaseUrl: API_ORIGIN }])
  })

  test.each([
    [8, ' it is ***'],
    [9, '']
  ])('%i lines of tokens: at most 8 are masked, more are not quoted', async (count, words) => {
    const lines = Array.from({ length: count }, (_, at) => `line-${1000 + at}`)
    const json = { id_token: lines.join('\n'), message: `it is ${lines.at(-1)}` }
    hosts.reply('POST', LOGIN_URL, { status: 400, json })
    const { secrets, failure } = startExchange(login)
    expect((await failure()).message).toBe(`POST ${LOGIN_URL} answered 400${words}, 1 attempt.`)
    expect(secrets).toEqual([BLOB, ...lines.slice(0, 8)])
  })

  test.each([
    [32 * 1024, true],
    [32 * 1024 + 1, false]
  ])('a line of %i characters is masked: %s', async (length, isMasked) => {
    const line = 'x'.repeat(length)
    hosts.reply('POST', LOGIN_URL, { json: { id_token: line } })
    const { secrets, failure } = startExchange(login)
    await failure()
    expect(secrets).toEqual(isMasked ? [BLOB, line] : [BLOB])
  })
})

describe('quoted words of the platform', () => {
  const quoted = async (json: unknown, headers: Record<string, string> = {}) => {
    hosts.reply('POST', LOGIN_URL, { status: 400, json, headers })
    return (await failure(login)).message.replace(`POST ${LOGIN_URL} answered 400`, '')
  }

  test.each<[unknown, string]>([
    [{ error: 'invalid_request', error_description: 'a', description: 'b' }, ' invalid_request (a)'],
    [{ error: 'invalid_request', errorDescription: 'a', description: 'b' }, ' invalid_request (a)'],
    [{ error: 'invalid_request', description: 'b', message: 'c' }, ' invalid_request (b)'],
    [{ error: 'invalid_request', code: 'x' }, ' invalid_request'],
    [{ code: 'bad.request', message: 'no' }, ' bad.request (no)'],
    [{ error: { code: 7 }, message: 'no' }, ' no'],
    [{ error: '', errorDescription: 'no' }, ' no'],
    [{ errors: ['x'] }, ''],
    [['invalid_client'], '']
  ])('%j', async (json, words) => {
    expect(await quoted(json)).toBe(`${words}, 1 attempt.`)
  })

  test.each([
    [0, /^ m+…m+, 1 attempt\.$/],
    [1, /^, 1 attempt\.$/]
  ])('stand in the error only if the response has at most 8 KiB: %i more', async (more, expected) => {
    const message = 'm'.repeat(8 * 1024 - '{"message":""}'.length + more)
    expect(await quoted({ message })).toMatch(expected)
  })

  test.each([
    ['x'.repeat(64), `, correlation id ${'x'.repeat(64)}`],
    ['x'.repeat(65), ''],
    ['a b', ''],
    ['::error::x', ''],
    [CLIENT.secret.reveal(), ', correlation id ***']
  ])('correlation id %s', async (id, shown) => {
    expect(await quoted({}, { 'ININ-Correlation-Id': id })).toBe(`${shown}, 1 attempt.`)
  })
})
