import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseUrl } from '../../../src/auth/base-url.js'
import type { CxoneAccessKey, CxoneApplication, CxoneClient } from '../../../src/auth/cxone/request.js'
import type { Credential } from '../../../src/lib/input-reader.js'
import { Secret } from '../../../src/lib/secret.js'
import { Hosts, type Reply, sentForm, sentGet, sentJson } from '../../support/hosts.js'
import { type AnyRequest, startExchange } from '../../support/requests.js'
import type { TestSessionOptions } from '../../support/session.js'

const hosts = new Hosts()
beforeEach(() => hosts.clear())
afterEach(() => expect(hosts.unusedReplies).toEqual([]))
afterAll(() => Hosts.release())

const ISSUER = 'cxone.niceincontact.com'
const DISCOVERY_URL = `https://${ISSUER}/.well-known/openid-configuration`
const TOKEN_URL = `https://${ISSUER}/auth/token`
const TENANT = '11ee7a64-3c1f-4d20-a5b8-0242ac110003'
/** As errors name it: without its query. */
const CONFIGURATION_URL = `https://${ISSUER}/.well-known/cxone-configuration`
const TENANT_URL = `${CONFIGURATION_URL}?tenantId=${TENANT}`
const KEY_URL = 'https://na1.nice-incontact.com/authentication/v1/token/access-key'
const REALM_URL = 'https://us-22.api.niceincontact.com/oauth/token'

const CLIENT: Credential = { id: 'backend-app', secret: new Secret('s3cret-of-the-backend-app') }
/** `backend-app:s3cret-of-the-backend-app` as coreutils' base64 encodes it. */
const BLOB = 'YmFja2VuZC1hcHA6czNjcmV0LW9mLXRoZS1iYWNrZW5kLWFwcA=='
const KEY: Credential = { id: 'KEYID2ZLWM6VBXN3======', secret: new Secret('KEYSECRET2K7YQ4ZVTJ6RNWB3X====') }
const ODD_CLIENT: Credential = { id: 'id %+&=/"\\ é€😀', secret: new Secret('s %+&=:/ "\\ é€😀====') }
const ODD_ID_FORM = 'id+%25%2B%26%3D%2F%22%5C+%C3%A9%E2%82%AC%F0%9F%98%80'
const ODD_SECRET_FORM = 's+%25%2B%26%3D%3A%2F+%22%5C+%C3%A9%E2%82%AC%F0%9F%98%80%3D%3D%3D%3D'

const JWT = jwt({ sub: 'user:1', tenantId: TENANT })
const TOKEN_RESPONSE: Reply = {
  json: {
    access_token: JWT,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: 'the-refresh-token-0123456789',
    refresh_token_expires_in: 7200,
    id_token: 'the.id-token.0123456789'
  }
}
const OPAQUE_TOKEN = 'opaque-token-of-the-realm_0123456789'
const REALM_RESPONSE: Reply = {
  json: { access_token: OPAQUE_TOKEN, token_type: 'Bearer', expires_in: 3600 }
}
const DISCOVERY: Reply = { json: { issuer: `https://${ISSUER}`, token_endpoint: TOKEN_URL } }
const CONFIGURATION: Reply = {
  json: {
    area: 'NA1',
    domain: 'NiceInContact.com',
    tenantId: TENANT,
    api_endpoint: 'https://api-na1.niceincontact.com'
  }
}

const application: CxoneApplication = {
  exchange: 'cxone-application',
  issuer: ISSUER,
  client: CLIENT,
  accessKey: KEY,
  baseUrl: undefined
}
const accessKey: CxoneAccessKey = {
  exchange: 'cxone-access-key',
  area: 'na1',
  issuer: ISSUER,
  accessKey: KEY,
  baseUrl: undefined
}
const realmClient: CxoneClient = {
  exchange: 'cxone-client',
  realm: 'us-22',
  client: CLIENT,
  baseUrl: undefined
}
const gateway = (url: string): BaseUrl => ({ input: 'base-url', url })

const KEY_BODY = '{"accessKeyId":"KEYID2ZLWM6VBXN3======","accessKeySecret":"KEYSECRET2K7YQ4ZVTJ6RNWB3X===="}'
const PASSWORD_BODY =
  'grant_type=password&username=KEYID2ZLWM6VBXN3%3D%3D%3D%3D%3D%3D&password=KEYSECRET2K7YQ4ZVTJ6RNWB3X%3D%3D%3D%3D'
const CLIENT_BODY =
  'grant_type=client_credentials&client_id=backend-app&client_secret=s3cret-of-the-backend-app'

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`
}

const failure = (request: AnyRequest, options?: TestSessionOptions) =>
  startExchange(request, options).failure()

/** Prepares the three responses for a client and an access key. */
function prepare(configuration: Reply = CONFIGURATION): void {
  hosts.reply('GET', DISCOVERY_URL, DISCOVERY)
  hosts.reply('POST', TOKEN_URL, TOKEN_RESPONSE)
  hosts.reply('GET', TENANT_URL, configuration)
}

describe('client and access key', () => {
  test('discovery, the password grant, then the configuration of the tenant', async () => {
    prepare()
    const result = await startExchange(application).done
    expect(hosts.requests).toEqual([
      sentGet(DISCOVERY_URL),
      sentForm(TOKEN_URL, PASSWORD_BODY, { authorization: `Basic ${BLOB}` }),
      sentGet(TENANT_URL)
    ])
    expect(result.token.value.reveal()).toBe(JWT)
    expect(result).toEqual({
      token: {
        value: expect.any(Secret),
        kind: 'access',
        expiresInSeconds: 3600,
        expiresAt: new Date('2026-03-01T13:00:00.000Z')
      },
      ownerId: TENANT,
      apiUrl: 'https://api-na1.niceincontact.com',
      // As the platform writes them.
      region: 'NA1',
      domain: 'NiceInContact.com'
    })
  })

  test('a scope is part of the form; ids and secrets that need encoding', async () => {
    prepare()
    const scope = 'openid a:b'
    await startExchange({ ...application, scope, client: ODD_CLIENT, accessKey: ODD_CLIENT }).done
    const authorization = 'Basic aWQgJSsmPS8iXCDDqeKCrPCfmIA6cyAlKyY9Oi8gIlwgw6nigqzwn5iAPT09PQ=='
    const body = `grant_type=password&username=${ODD_ID_FORM}&scope=openid+a%3Ab&password=${ODD_SECRET_FORM}`
    expect(hosts.requests[1]).toEqual(sentForm(TOKEN_URL, body, { authorization }))
  })

  test.each([
    ['nicecxone-sov1.eu', 'https://nicecxone-sov1.eu/auth/token', 'https://api.nicecxone-sov1.eu/api/'],
    ['cxone-gov.niceincontact.com', 'https://na2.nice-incontact.com/v2', 'https://API.niceincontact.com:443']
  ])(
    'issuer %s: the token request goes to %s, the documents stay at the issuer',
    async (issuer, endpoint, api) => {
      const urls = [
        `https://${issuer}/.well-known/openid-configuration`,
        endpoint,
        `https://${issuer}/.well-known/cxone-configuration?tenantId=${TENANT}`
      ] as const
      hosts.reply('GET', urls[0], { json: { token_endpoint: endpoint } })
      hosts.reply('POST', urls[1], TOKEN_RESPONSE).reply('GET', urls[2], { json: { api_endpoint: api } })
      const result = await startExchange({ ...application, issuer }).done
      expect(hosts.requests.map(({ url }) => url)).toEqual(urls)
      // The response includes neither area nor domain.
      expect(result).toEqual({ token: expect.anything(), ownerId: TENANT, apiUrl: new URL(api).origin })
    }
  )

  test('a base URL replaces the origin of all three requests and of the API, but not the discovered path', async () => {
    const base = 'https://gateway.example.com/cxone'
    hosts.reply('GET', `${base}/.well-known/openid-configuration`, {
      json: { token_endpoint: `https://${ISSUER}/auth/v7/token` }
    })
    hosts.reply('POST', `${base}/auth/v7/token`, TOKEN_RESPONSE)
    hosts.reply('GET', `${base}/.well-known/cxone-configuration?tenantId=${TENANT}`, CONFIGURATION)
    const result = await startExchange({ ...application, baseUrl: gateway(base) }).done
    expect(hosts.requests).toHaveLength(3)
    expect(result).toMatchObject({ apiUrl: base, region: 'NA1' })
  })

  test.each([
    ['area', 7],
    ['area', ''],
    ['area', 'na1\n::warning::x'],
    ['domain', { x: 1 }],
    ['domain', 'a'.repeat(101)]
  ])('an %s of %j is ignored', async (name, value) => {
    prepare({ json: { api_endpoint: 'https://api-na1.niceincontact.com', [name]: value } })
    expect(Object.keys(await startExchange(application).done)).toEqual(['token', 'ownerId', 'apiUrl'])
  })

  test('events report the Basic value before the first request, and all three tokens before the next one', async () => {
    const reported: unknown[] = []
    const record = () => void reported.push([[...secrets], tokens.length])
    const discovery = { token_endpoint: TOKEN_URL, id_token: 'a-token-in-a-document' }
    hosts.reply('GET', DISCOVERY_URL, { json: discovery }, record)
    hosts.reply('POST', TOKEN_URL, TOKEN_RESPONSE, record)
    hosts.reply('GET', TENANT_URL, CONFIGURATION, record)
    const { secrets, tokens, done } = startExchange(application)
    await done
    expect(reported).toEqual([
      [[BLOB], 0],
      [[BLOB, 'a-token-in-a-document'], 0],
      [[BLOB, 'a-token-in-a-document', JWT, 'the-refresh-token-0123456789', 'the.id-token.0123456789'], 1]
    ])
    // CXone tokens cannot be revoked.
    expect(tokens.map(({ revocationBaseUrl }) => revocationBaseUrl)).toEqual([undefined])
  })
})

describe('access key only', () => {
  test('JSON at the host of the area, without a Basic header, then the configuration of the tenant', async () => {
    hosts.reply('POST', KEY_URL, TOKEN_RESPONSE)
    hosts.reply('GET', TENANT_URL, {
      json: { api_endpoint: 'https://api-na9.niceincontact.com', area: 'na9' }
    })
    const { warnings, done } = startExchange(accessKey)
    const result = await done
    expect(hosts.requests).toEqual([sentJson(KEY_URL, KEY_BODY), sentGet(TENANT_URL)])
    expect(result.token.value.reveal()).toBe(JWT)
    expect(result).toEqual({
      token: expect.anything(),
      ownerId: TENANT,
      region: 'na1',
      apiUrl: 'https://api-na9.niceincontact.com'
    })
    expect(warnings).toEqual([])
  })

  test('another area and its issuer; an id and a secret that need encoding', async () => {
    const issuer = 'cxone-gov.niceincontact.com'
    const urls = [
      'https://na2.nice-incontact.com/authentication/v1/token/access-key',
      `https://${issuer}/.well-known/cxone-configuration?tenantId=${TENANT}`
    ] as const
    hosts.reply('POST', urls[0], TOKEN_RESPONSE).reply('GET', urls[1], CONFIGURATION)
    const result = await startExchange({ ...accessKey, area: 'na2', issuer, accessKey: ODD_CLIENT }).done
    expect(result.region).toBe('na2')
    const body = '{"accessKeyId":"id %+&=/\\"\\\\ é€😀","accessKeySecret":"s %+&=:/ \\"\\\\ é€😀===="}'
    expect(hosts.requests).toEqual([sentJson(urls[0], body), sentGet(urls[1])])
  })

  test('a base URL replaces all hosts', async () => {
    const base = 'https://gateway.example.com/cxone'
    hosts.reply('POST', `${base}/authentication/v1/token/access-key`, TOKEN_RESPONSE)
    hosts.reply('GET', `${base}/.well-known/cxone-configuration?tenantId=${TENANT}`, CONFIGURATION)
    const result = await startExchange({ ...accessKey, baseUrl: gateway(base) }).done
    expect(result).toMatchObject({ apiUrl: base, region: 'na1' })
  })

  const GUESS = ', so the address of the API is a guess from the area: https://api-na1.niceincontact.com.'
  test.each<[string, Reply]>([
    ['404', { status: 404 }],
    ['503', { status: 503 }],
    ['a redirect', { status: 302, headers: { Location: 'https://evil.example/' } }],
    ['a reset', { error: 'ECONNRESET' }],
    ['a page', { text: '<html></html>' }],
    ['no api_endpoint', { json: { area: 'na1' } }]
  ])(
    'without a usable configuration (%s), the address of the API is a guess, after one attempt',
    async (_, reply) => {
      hosts.reply('POST', KEY_URL, TOKEN_RESPONSE).reply('GET', TENANT_URL, reply)
      const { session, warnings, done } = startExchange(accessKey, { maxAttempts: 5 })
      expect((await done).apiUrl).toBe('https://api-na1.niceincontact.com')
      expect(warnings).toEqual([`The configuration of the tenant could not be read${GUESS}`])
      expect(session.attemptCount).toBe(2)
    }
  )

  test('a token that does not name a tenant: the address of the API is a guess', async () => {
    hosts.reply('POST', KEY_URL, REALM_RESPONSE)
    const { warnings, done } = startExchange(accessKey)
    expect(await done).toEqual({
      token: expect.anything(),
      region: 'na1',
      apiUrl: 'https://api-na1.niceincontact.com'
    })
    expect(warnings).toEqual([`The token does not name its tenant${GUESS}`])
  })

  test('events report every token before the next request', async () => {
    const reported: unknown[] = []
    const document = { id_token: 'a-token-in-a-document' }
    hosts.reply('POST', KEY_URL, TOKEN_RESPONSE)
    hosts.reply('GET', TENANT_URL, { json: document }, () => reported.push(...secrets, tokens.length))
    const { secrets, tokens, done } = startExchange(accessKey)
    await done
    const expected = [JWT, 'the-refresh-token-0123456789', 'the.id-token.0123456789']
    expect(reported).toEqual([...expected, 1])
    expect(secrets).toEqual([...expected, 'a-token-in-a-document'])
  })
})

describe('client only', () => {
  test('a form at the realm, and no Basic header', async () => {
    hosts.reply('POST', REALM_URL, REALM_RESPONSE)
    const { secrets, done } = startExchange(realmClient)
    const result = await done
    expect(hosts.requests).toEqual([sentForm(REALM_URL, CLIENT_BODY)])
    expect(result.token.value.reveal()).toBe(OPAQUE_TOKEN)
    // Nothing tells where its API is.
    expect(Object.keys(result)).toEqual(['token'])
    expect(secrets).toEqual([OPAQUE_TOKEN])
  })

  test('a scope is part of the form; an id and a secret that need encoding', async () => {
    hosts.reply('POST', REALM_URL, REALM_RESPONSE)
    await startExchange({ ...realmClient, scope: 'a b', client: ODD_CLIENT }).done
    const body = `grant_type=client_credentials&client_id=${ODD_ID_FORM}&scope=a+b&client_secret=${ODD_SECRET_FORM}`
    expect(hosts.requests).toEqual([sentForm(REALM_URL, body)])
  })

  test('another realm, and a base URL', async () => {
    hosts.reply('POST', 'https://eu-3.api.niceincontact.com/oauth/token', REALM_RESPONSE)
    hosts.reply('POST', 'https://gateway.example.com/oauth/token', REALM_RESPONSE)
    await startExchange({ ...realmClient, realm: 'eu-3' }).done
    const result = await startExchange({ ...realmClient, baseUrl: gateway('https://gateway.example.com') })
      .done
    expect(Object.keys(result)).toEqual(['token'])
  })
})

describe('endpoints that are not trusted', () => {
  const problem = (name: string, issuer: string) =>
    `its ${name} is not a plain https address on port 443 under the domains of ${issuer}, 1 attempt.`

  // More of them: hosts.test.ts
  test.each<[string, unknown]>([
    [ISSUER, undefined],
    [ISSUER, ''],
    [ISSUER, 'http://cxone.niceincontact.com/auth/token'],
    [ISSUER, 'https://cxone.niceincontact.com:8443/auth/token'],
    [ISSUER, 'https://cxone.niceincontact.com@evil.com/auth/token'],
    ['nicecxone-sov1.au', 'https://cxone.niceincontact.com/auth/token']
  ])('issuer %s: a token_endpoint of %j gets no credential', async (issuer, endpoint) => {
    const url = `https://${issuer}/.well-known/openid-configuration`
    hosts.reply('GET', url, { json: { token_endpoint: endpoint } })
    expect(await failure({ ...application, issuer }, { maxAttempts: 5 })).toMatchObject({
      code: 'bad-response',
      message: `GET ${url} answered 200, but ${problem('token_endpoint', issuer)}`
    })
    expect(hosts.requests).toEqual([sentGet(url)])
  })

  test('the same rule applies behind a base URL', async () => {
    const baseUrl = gateway('https://gateway.example.com')
    hosts.reply('GET', 'https://gateway.example.com/.well-known/openid-configuration', {
      json: { token_endpoint: 'https://gateway.example.com/auth/token' }
    })
    expect(await failure({ ...application, baseUrl })).toMatchObject({ code: 'bad-response' })
    expect(hosts.requests).toHaveLength(1)
  })

  test('an api_endpoint', async () => {
    const expected = {
      code: 'bad-response',
      message: `GET ${CONFIGURATION_URL} answered 200, but ${problem('api_endpoint', ISSUER)}`
    }
    for (const endpoint of ['', 'https://evil.com', 'http://api-na1.niceincontact.com']) {
      prepare({ json: { api_endpoint: endpoint } })
      expect(await failure(application)).toMatchObject(expected)
      hosts.reply('POST', KEY_URL, TOKEN_RESPONSE)
      hosts.reply('GET', TENANT_URL, { json: { api_endpoint: endpoint } })
      expect(await failure(accessKey)).toMatchObject(expected)
    }
  })
})

/** The three requests for a token. */
const TOKEN_REQUESTS = {
  'client and access key': { request: application, url: TOKEN_URL },
  'access key only': { request: accessKey, url: KEY_URL },
  'client only': { request: realmClient, url: REALM_URL }
}
type Exchange = keyof typeof TOKEN_REQUESTS
const EXCHANGES = Object.keys(TOKEN_REQUESTS) as Exchange[]

/** Prepares the response to the request for a token. */
function answerToken(exchange: Exchange, reply: Reply): void {
  if (exchange === 'client and access key') hosts.reply('GET', DISCOVERY_URL, DISCOVERY)
  hosts.reply('POST', TOKEN_REQUESTS[exchange].url, reply)
}

describe('rejections', () => {
  const KEY_HINT =
    'Check access-key-id and access-key-secret (it ends in ====). The access key may be inactive, or its employee ' +
    'deactivated, or locked after days without a login.'
  const APPLICATION_HINT = `Check client-id and client-secret, and that region leads to the issuer where they were created. ${KEY_HINT}`
  const AREA_HINT = `Check that region is the area of the tenant. ${KEY_HINT}`
  const CLIENT_HINT = 'Check client-id and client-secret, and that region is their realm.'

  test.each<[Exchange, number, string, string]>([
    ['client and access key', 401, 'invalid_client', APPLICATION_HINT],
    ['client and access key', 400, 'invalid_grant', KEY_HINT],
    ['access key only', 401, 'some_error', AREA_HINT],
    ['client only', 400, 'invalid_client', CLIENT_HINT]
  ])('%s: %i %s is credentials-rejected', async (exchange, status, error, hint) => {
    const { request, url } = TOKEN_REQUESTS[exchange]
    const json = { error, error_description: 'No.' }
    answerToken(exchange, { status, json, headers: { 'ININ-Correlation-Id': 'abc-1' } })
    expect(await failure(request, { maxAttempts: 5 })).toEqual({
      code: 'credentials-rejected',
      message: `POST ${url} answered ${status} ${error} (No.), correlation id abc-1, 1 attempt.`,
      hint
    })
  })

  test.each([401, 404, 503])('the documents of an issuer: %i', async status => {
    const code = { 401: 'credentials-rejected', 404: 'bad-request', 503: 'unavailable' }[status]
    const json = { message: 'Tenant not found' }
    hosts.reply('GET', DISCOVERY_URL, { status, json })
    const discovery = await failure(application)
    expect(discovery).toMatchObject({
      code,
      message: `GET ${DISCOVERY_URL} answered ${status} Tenant not found, 1 attempt.`
    })
    if (status === 401)
      expect(discovery.hint).toMatch(/^This document is public, and the request had no cred/)
    prepare({ status, json })
    expect(await failure(application)).toMatchObject({
      code,
      message: `GET ${CONFIGURATION_URL} answered ${status} Tenant not found, 1 attempt.`
    })
  })

  test.each(EXCHANGES)('%s: other responses', async exchange => {
    const code = async (reply: Reply) => {
      answerToken(exchange, reply)
      return (await failure(TOKEN_REQUESTS[exchange].request, { timeoutMs: 1000 })).code
    }
    const isDocumented = exchange !== 'client only'
    expect(await code({ status: 403 })).toBe('forbidden')
    expect(await code({ status: 404 })).toBe(isDocumented ? 'bad-request' : 'not-offered')
    expect(await code({ status: 405 })).toBe(isDocumented ? 'bad-request' : 'not-offered')
    expect(await code({ status: 429 })).toBe('rate-limited')
    expect(await code({ status: 400, json: { description: 'rate limit exceeded' } })).toBe('rate-limited')
    expect(await code({ status: 500 })).toBe('unavailable')
    expect(await code({ status: 307, headers: { Location: 'https://evil.example/' } })).toBe('redirected')
  })

  test('client only: what to use instead', async () => {
    answerToken('client only', { status: 404 })
    expect((await failure(realmClient)).hint).toMatch(
      /^NICE does not document this request, .* Add the access key of a user .* documented\.$/
    )
  })

  test('client and access key: each of the three requests is retried', async () => {
    const unavailable = { status: 503 }
    hosts.reply('GET', DISCOVERY_URL, unavailable).reply('GET', DISCOVERY_URL, DISCOVERY)
    hosts.reply('POST', TOKEN_URL, unavailable).reply('POST', TOKEN_URL, TOKEN_RESPONSE)
    hosts.reply('GET', TENANT_URL, unavailable).reply('GET', TENANT_URL, CONFIGURATION)
    const { session, done } = startExchange(application, { maxAttempts: 2 })
    await done
    expect(session.attemptCount).toBe(6)
  })

  test('an unknown host', async () => {
    hosts.fail('POST', 'https://na4.nice-incontact.com/authentication/v1/token/access-key', 'ENOTFOUND')
    const area = await failure({ ...accessKey, area: 'na4' })
    hosts.fail('POST', 'https://us-99.api.niceincontact.com/oauth/token', 'ENOTFOUND')
    const realm = await failure({ ...realmClient, realm: 'us-99' })
    expect([area.code, realm.code]).toEqual(['network', 'network'])
    expect(area.hint).toMatch(/^There seems to be no CXone area na4\. The nearest known area is na1\. /)
    expect(realm.hint).toMatch(/^There seems to be no CXone realm us-99\. /)
  })
})

describe('unusable responses', () => {
  test('no JSON object in place of any of the three', async () => {
    const problem = ' answered 200, but its body is not a JSON object, 1 attempt.'
    const page = { text: '<html></html>' }
    hosts.reply('GET', DISCOVERY_URL, page)
    expect((await failure(application)).message).toBe(`GET ${DISCOVERY_URL}${problem}`)
    answerToken('client and access key', page)
    expect((await failure(application)).message).toBe(`POST ${TOKEN_URL}${problem}`)
    prepare(page)
    expect((await failure(application)).message).toBe(`GET ${CONFIGURATION_URL}${problem}`)
  })

  test.each([
    ['not a JWT', 'opaque-token-0123456789'],
    ['a JWT without the claim', jwt({ sub: 'user:1' })],
    ['a claim that is not an id', jwt({ tenantId: 'x&y=z' })],
    ['a claim of another type', jwt({ tenantId: 7 })],
    ['a claim that is too long', jwt({ tenantId: 'x'.repeat(65) })],
    ['claims that are an array', jwt([TENANT])]
  ])('a token that does not name a tenant: %s', async (_, token) => {
    answerToken('client and access key', { json: { access_token: token } })
    const { secrets, failure } = startExchange(application)
    expect(await failure()).toMatchObject({
      code: 'bad-response',
      message: `POST ${TOKEN_URL} answered 200, but its tokens do not name a tenant, 1 attempt.`
    })
    // It is a token nevertheless, so it is masked.
    expect(secrets).toEqual([BLOB, token])
  })

  test('an id_token names the tenant if the access token does not', async () => {
    hosts.reply('POST', REALM_URL, { json: { access_token: OPAQUE_TOKEN, id_token: JWT } })
    expect((await startExchange(realmClient).done).ownerId).toBe(TENANT)
  })

  test.each(EXCHANGES)(
    '%s: a token with a credential, and two that name different tenants',
    async exchange => {
      const { request, url } = TOKEN_REQUESTS[exchange]
      const secret = exchange === 'client only' ? CLIENT.secret : KEY.secret
      answerToken(exchange, { json: { access_token: `x.${secret.reveal()}.y` } })
      expect(await failure(request)).toMatchObject({
        code: 'bad-response',
        message: `POST ${url} answered 200, but its access_token contains one of the credentials, 1 attempt.`
      })
      answerToken(exchange, {
        json: { access_token: JWT, id_token: jwt({ tenantId: 'another-tenant' }) }
      })
      expect(await failure(request)).toMatchObject({
        code: 'bad-response',
        message: `POST ${url} answered 200, but its access_token and its id_token name different tenants, 1 attempt.`
      })
    }
  )
})
