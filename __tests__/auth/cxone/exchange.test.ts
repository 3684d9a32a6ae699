import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { BaseUrl } from '../../../src/auth/base-url.js'
import type { CxoneAccessKey, CxoneApplication, CxoneClient } from '../../../src/auth/cxone/request.js'
import type { Credential } from '../../../src/lib/input-reader.js'
import { Secret } from '../../../src/lib/secret.js'
import { Hosts, type Reply, type Seen } from '../../support/hosts.js'
import { readInputs } from '../../support/read-inputs.js'
import { reportedError } from '../../support/reported-error.js'
import { type AnyRequest, exchange } from '../../support/requests.js'
import { openSession, type TestSessionOptions } from '../../support/session.js'

const hosts = new Hosts()
beforeEach(() => hosts.clear())
afterEach(() => expect(hosts.unasked).toEqual([]))
afterAll(() => Hosts.release())

const ISSUER = 'cxone.niceincontact.com'
const DISCOVERY_URL = `https://${ISSUER}/.well-known/openid-configuration`
const TOKEN_URL = `https://${ISSUER}/auth/token`
const TENANT = '11ee7a64-3c1f-4d20-a5b8-0242ac110003'
const TENANT_URL = `https://${ISSUER}/.well-known/cxone-configuration?tenantId=${TENANT}`
const KEY_URL = 'https://na1.nice-incontact.com/authentication/v1/token/access-key'
const REALM_URL = 'https://us-22.api.niceincontact.com/oauth/token'

const CLIENT: Credential = { id: 'backend-app', secret: new Secret('s3cret-of-the-backend-app') }
/** `backend-app:s3cret-of-the-backend-app` as coreutils' base64 encodes it. */
const BLOB = 'YmFja2VuZC1hcHA6czNjcmV0LW9mLXRoZS1iYWNrZW5kLWFwcA=='
const KEY: Credential = { id: 'KEYID2ZLWM6VBXN3======', secret: new Secret('KEYSECRET2K7YQ4ZVTJ6RNWB3X====') }
const ODD_CLIENT: Credential = { id: 'id %+&=/"\\ é€😀', secret: new Secret('s %+&=:/ "\\ é€😀====') }
const ODD_KEY: Credential = { id: 'id %+&=/"\\ é€😀', secret: new Secret('s %+&=:/ "\\ é€😀====') }
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
    area: 'na1',
    domain: 'niceincontact.com',
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
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`
}

/** Returns a complete request: it has no other header. */
function get(url: string): Seen {
  const headers = { connection: 'keep-alive', host: new URL(url).host, 'user-agent': 'cc-token-action/1.0.0' }
  return { method: 'GET', url, headers, body: '' }
}

function post(url: string, body: string, type: string, more: Record<string, string> = {}): Seen {
  const length = String(Buffer.byteLength(body))
  const headers = { ...get(url).headers, 'content-length': length, 'content-type': type, ...more }
  return { method: 'POST', url, headers, body }
}

function run(
  request: AnyRequest,
  { known = [CLIENT.secret, KEY.secret], ...options }: TestSessionOptions = {}
) {
  const opened = openSession({ known, ...options })
  const { session, events, secrets } = opened
  const done = exchange(request, session, events).finally(() => session.close())
  return { ...opened, done, failure: () => reportedError(done, known, secrets) }
}

const failure = (request: AnyRequest, options?: TestSessionOptions) => run(request, options).failure()

/** Prepares the three responses of exchange A. */
function prepare(configuration: Reply = CONFIGURATION): void {
  hosts.answer('GET', DISCOVERY_URL, DISCOVERY)
  hosts.answer('POST', TOKEN_URL, TOKEN_RESPONSE)
  hosts.answer('GET', TENANT_URL, configuration)
}

describe('A: a back-end application and an access key', () => {
  test('discovery, the password grant, then the configuration of the tenant', async () => {
    prepare()
    const result = await run(application).done
    expect(hosts.seen).toEqual([
      get(DISCOVERY_URL),
      post(TOKEN_URL, PASSWORD_BODY, FORM, { authorization: `Basic ${BLOB}` }),
      get(TENANT_URL)
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
      region: 'na1',
      domain: 'niceincontact.com'
    })
  })

  test('a scope is part of the form', async () => {
    prepare()
    await run({ ...application, scope: 'openid a:b' }).done
    expect(hosts.seen[1]?.body).toBe(PASSWORD_BODY.replace('&password', '&scope=openid+a%3Ab&password'))
  })

  test('ids and secrets that need encoding', async () => {
    prepare()
    await run({ ...application, client: ODD_CLIENT, accessKey: ODD_KEY }).done
    const authorization = 'Basic aWQgJSsmPS8iXCDDqeKCrPCfmIA6cyAlKyY9Oi8gIlwgw6nigqzwn5iAPT09PQ=='
    const body = `grant_type=password&username=${ODD_ID_FORM}&password=${ODD_SECRET_FORM}`
    expect(hosts.seen[1]).toEqual(post(TOKEN_URL, body, FORM, { authorization }))
  })

  test('the token request goes where discovery says; the documents stay at the issuer', async () => {
    const endpoint = 'https://na1.nice-incontact.com/auth/v2/token'
    hosts.answer('GET', DISCOVERY_URL, { json: { token_endpoint: endpoint } })
    hosts.answer('POST', endpoint, TOKEN_RESPONSE).answer('GET', TENANT_URL, CONFIGURATION)
    await run(application).done
    expect(hosts.seen.map(({ url }) => url)).toEqual([DISCOVERY_URL, endpoint, TENANT_URL])
  })

  test.each([
    ['cxone-gov.niceincontact.com', 'https://api-na2.niceincontact.com', 'https://api-na2.niceincontact.com'],
    [
      'cxone-gov.niceincontact.com',
      'https://api-na2.nice-incontact.com/',
      'https://api-na2.nice-incontact.com'
    ],
    ['nicecxone-sov1.au', 'https://api-au1.nicecxone-sov1.au', 'https://api-au1.nicecxone-sov1.au'],
    ['nicecxone-sov1.eu', 'https://api.nicecxone-sov1.eu/incontactapi/', 'https://api.nicecxone-sov1.eu'],
    ['nicecxone-fed.com', 'https://API.NiceCXone-Fed.com:443', 'https://api.nicecxone-fed.com'],
    ['nicecxone-sov1.uk', 'https://nicecxone-sov1.uk', 'https://nicecxone-sov1.uk']
  ])('issuer %s, its API at %s', async (issuer, api, apiUrl) => {
    const urls = [
      `https://${issuer}/.well-known/openid-configuration`,
      `https://${issuer}/auth/token`,
      `https://${issuer}/.well-known/cxone-configuration?tenantId=${TENANT}`
    ] as const
    hosts.answer('GET', urls[0], { json: { token_endpoint: urls[1] } })
    hosts.answer('POST', urls[1], TOKEN_RESPONSE).answer('GET', urls[2], { json: { api_endpoint: api } })
    const result = await run({ ...application, issuer }).done
    expect(hosts.seen.map(({ url }) => url)).toEqual(urls)
    // The response includes neither area nor domain.
    expect(result).toEqual({ token: expect.anything(), ownerId: TENANT, apiUrl })
  })

  test('a base URL replaces the origin of all three requests and of the API, but not the discovered path', async () => {
    const base = 'https://gateway.example.com/cxone'
    hosts.answer('GET', `${base}/.well-known/openid-configuration`, {
      json: { token_endpoint: `https://${ISSUER}/auth/v7/token` }
    })
    hosts.answer('POST', `${base}/auth/v7/token`, TOKEN_RESPONSE)
    hosts.answer('GET', `${base}/.well-known/cxone-configuration?tenantId=${TENANT}`, CONFIGURATION)
    const result = await run({ ...application, baseUrl: gateway(base) }).done
    expect(hosts.seen).toHaveLength(3)
    expect(result).toMatchObject({ apiUrl: base, region: 'na1', domain: 'niceincontact.com' })
  })

  test('area and domain are passed on as the platform writes them', async () => {
    const json = {
      api_endpoint: 'https://api-na1.niceincontact.com',
      area: 'NA1',
      domain: 'NiceInContact.com'
    }
    prepare({ json })
    expect(await run(application).done).toMatchObject({ region: 'NA1', domain: 'NiceInContact.com' })
  })

  test.each([
    ['area', 7],
    ['area', ''],
    ['area', 'na1\n::warning::x'],
    ['domain', { x: 1 }],
    ['domain', 'a'.repeat(101)]
  ])('an %s of %j is ignored', async (name, value) => {
    prepare({ json: { api_endpoint: 'https://api-na1.niceincontact.com', [name]: value } })
    expect(Object.keys(await run(application).done)).toEqual(['token', 'ownerId', 'apiUrl'])
  })

  test('events report the Basic value before the first request, and all three tokens before the next one', async () => {
    const { session, events, secrets, tokens } = openSession({ known: [CLIENT.secret, KEY.secret] })
    const reported: unknown[] = []
    const record = () => void reported.push([[...secrets], tokens.length])
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY, record)
    hosts.answer('POST', TOKEN_URL, TOKEN_RESPONSE, record)
    hosts.answer('GET', TENANT_URL, CONFIGURATION, record)
    await exchange(application, session, events)
    expect(reported).toEqual([
      [[BLOB], 0],
      [[BLOB], 0],
      [[BLOB, JWT, 'the-refresh-token-0123456789', 'the.id-token.0123456789'], 1]
    ])
    // CXone tokens cannot be revoked.
    expect(tokens.map(({ revocationBaseUrl }) => revocationBaseUrl)).toEqual([undefined])
  })
})

describe('B: an access key alone', () => {
  test('JSON at the host of the area, without a Basic header, then the configuration of the tenant', async () => {
    hosts.answer('POST', KEY_URL, TOKEN_RESPONSE)
    hosts.answer('GET', TENANT_URL, {
      json: { api_endpoint: 'https://api-na9.niceincontact.com', area: 'na9' }
    })
    const { warnings, done } = run(accessKey)
    const result = await done
    expect(hosts.seen).toEqual([post(KEY_URL, KEY_BODY, JSON_TYPE), get(TENANT_URL)])
    expect(result.token.value.reveal()).toBe(JWT)
    expect(result).toEqual({
      token: expect.anything(),
      ownerId: TENANT,
      region: 'na1',
      apiUrl: 'https://api-na9.niceincontact.com'
    })
    expect(warnings).toEqual([])
  })

  test('an id and a secret that need encoding', async () => {
    hosts.answer('POST', KEY_URL, TOKEN_RESPONSE).answer('GET', TENANT_URL, CONFIGURATION)
    await run({ ...accessKey, accessKey: ODD_KEY }).done
    const body = '{"accessKeyId":"id %+&=/\\"\\\\ é€😀","accessKeySecret":"s %+&=:/ \\"\\\\ é€😀===="}'
    expect(hosts.seen[0]).toEqual(post(KEY_URL, body, JSON_TYPE))
  })

  test.each([
    ['na1', ISSUER],
    ['xx9', ISSUER],
    ['na2', 'cxone-gov.niceincontact.com']
  ])('area %s: the host of the area, and the issuer %s', async (area, issuer) => {
    const urls = [
      `https://${area}.nice-incontact.com/authentication/v1/token/access-key`,
      `https://${issuer}/.well-known/cxone-configuration?tenantId=${TENANT}`
    ] as const
    hosts.answer('POST', urls[0], TOKEN_RESPONSE).answer('GET', urls[1], CONFIGURATION)
    expect((await run({ ...accessKey, area, issuer }).done).region).toBe(area)
    expect(hosts.seen.map(({ url }) => url)).toEqual(urls)
  })

  test('a base URL replaces all hosts', async () => {
    const base = 'https://gateway.example.com/cxone'
    hosts.answer('POST', `${base}/authentication/v1/token/access-key`, TOKEN_RESPONSE)
    hosts.answer('GET', `${base}/.well-known/cxone-configuration?tenantId=${TENANT}`, CONFIGURATION)
    const result = await run({ ...accessKey, baseUrl: gateway(base) }).done
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
      hosts.answer('POST', KEY_URL, TOKEN_RESPONSE).answer('GET', TENANT_URL, reply)
      const { session, warnings, done } = run(accessKey, { maxAttempts: 5 })
      expect((await done).apiUrl).toBe('https://api-na1.niceincontact.com')
      expect(warnings).toEqual([`The configuration of the tenant could not be read${GUESS}`])
      expect(session.attemptCount).toBe(2)
    }
  )

  test('a token that does not name a tenant: the address of the API is a guess', async () => {
    hosts.answer('POST', KEY_URL, REALM_RESPONSE)
    const { warnings, done } = run(accessKey)
    expect(await done).toEqual({
      token: expect.anything(),
      region: 'na1',
      apiUrl: 'https://api-na1.niceincontact.com'
    })
    expect(warnings).toEqual([`The token does not name its tenant${GUESS}`])
  })

  test.each(['', 'https://evil.com', 'http://api-na1.niceincontact.com'])(
    'an api_endpoint of %j is bad-response',
    async endpoint => {
      hosts.answer('POST', KEY_URL, TOKEN_RESPONSE)
      hosts.answer('GET', TENANT_URL, { json: { api_endpoint: endpoint } })
      expect(await failure(accessKey)).toMatchObject({ code: 'bad-response' })
    }
  )

  test('events report every token before the next request', async () => {
    const { session, events, secrets, tokens } = openSession({ known: [KEY.secret] })
    const reported: unknown[] = []
    hosts.answer('POST', KEY_URL, TOKEN_RESPONSE)
    hosts.answer('GET', TENANT_URL, { json: { id_token: 'a-token-in-a-document' } }, () =>
      reported.push(...secrets, tokens.length)
    )
    await exchange(accessKey, session, events)
    const expected = [JWT, 'the-refresh-token-0123456789', 'the.id-token.0123456789']
    expect(reported).toEqual([...expected, 1])
    expect(secrets).toEqual([...expected, 'a-token-in-a-document'])
  })
})

describe('C: a client alone', () => {
  test('a form at the realm, and no Basic header', async () => {
    hosts.answer('POST', REALM_URL, REALM_RESPONSE)
    const { secrets, done } = run(realmClient)
    const result = await done
    expect(hosts.seen).toEqual([post(REALM_URL, CLIENT_BODY, FORM)])
    expect(result.token.value.reveal()).toBe(OPAQUE_TOKEN)
    // Nothing tells where its API is.
    expect(Object.keys(result)).toEqual(['token'])
    expect(secrets).toEqual([OPAQUE_TOKEN])
  })

  test('a scope is part of the form', async () => {
    hosts.answer('POST', REALM_URL, REALM_RESPONSE)
    await run({ ...realmClient, scope: 'a b' }).done
    expect(hosts.seen[0]?.body).toBe(CLIENT_BODY.replace('&client_secret', '&scope=a+b&client_secret'))
  })

  test('an id and a secret that need encoding', async () => {
    hosts.answer('POST', REALM_URL, REALM_RESPONSE)
    await run({ ...realmClient, client: ODD_CLIENT }).done
    const body = `grant_type=client_credentials&client_id=${ODD_ID_FORM}&client_secret=${ODD_SECRET_FORM}`
    expect(hosts.seen).toEqual([post(REALM_URL, body, FORM)])
  })

  test('another realm, and a base URL', async () => {
    hosts.answer('POST', 'https://eu-3.api.niceincontact.com/oauth/token', REALM_RESPONSE)
    hosts.answer('POST', 'https://gateway.example.com/oauth/token', REALM_RESPONSE)
    await run({ ...realmClient, realm: 'eu-3' }).done
    const result = await run({ ...realmClient, baseUrl: gateway('https://gateway.example.com') }).done
    expect(Object.keys(result)).toEqual(['token'])
  })
})

describe('from the inputs to the host', () => {
  const both = {
    'client-id': 'app',
    'client-secret': 'app-secret-1',
    'access-key-id': 'key',
    'access-key-secret': 'key-secret-1'
  }
  const key = { 'access-key-id': 'key', 'access-key-secret': 'key-secret-1' }
  const client = { 'client-id': 'app', 'client-secret': 'app-secret-1' }

  test.each<[string, Record<string, string>, string | undefined, string]>([
    ['A', both, undefined, 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'na1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'EU1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'uk1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'au1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'ca1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'jp1', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'na2', 'GET https://cxone-gov.niceincontact.com/.well-known/openid-configuration'],
    ['A', both, 'na3', 'GET https://cxone.niceincontact.com/.well-known/openid-configuration'],
    [
      'A',
      both,
      'cxone-gov.niceincontact.com',
      'GET https://cxone-gov.niceincontact.com/.well-known/openid-configuration'
    ],
    [
      'A',
      both,
      'https://nicecxone-sov1.au/',
      'GET https://nicecxone-sov1.au/.well-known/openid-configuration'
    ],
    ['A', both, 'nicecxone-sov1.eu', 'GET https://nicecxone-sov1.eu/.well-known/openid-configuration'],
    ['B', key, 'EU1', 'POST https://eu1.nice-incontact.com/authentication/v1/token/access-key'],
    ['C', client, undefined, 'POST https://us-22.api.niceincontact.com/oauth/token'],
    ['C', client, 'EU-3', 'POST https://eu-3.api.niceincontact.com/oauth/token']
  ])('%s with %p in region %s: the first request is %s', async (_, credentials, region, first) => {
    const [method = '', url = ''] = first.split(' ')
    hosts.answer(method as 'GET' | 'POST', url, { status: 418 })
    const inputs = { provider: 'cxone', ...credentials, ...(region === undefined ? {} : { region }) }
    const request = readInputs(inputs).inputs?.request as AnyRequest
    expect(await failure(request)).toMatchObject({ code: 'bad-request' })
    expect(hosts.seen.map(seen => `${seen.method} ${seen.url}`)).toEqual([first])
  })
})

describe('endpoints that are not trusted', () => {
  const FOREIGN: unknown[] = [
    undefined,
    null,
    7,
    {},
    [TOKEN_URL],
    '',
    '/auth/token',
    'cxone.niceincontact.com/auth/token',
    'http://cxone.niceincontact.com/auth/token',
    'ftp://cxone.niceincontact.com/auth/token',
    'https://cxone.niceincontact.com:8443/auth/token',
    'https://cxone.niceincontact.com:80/auth/token',
    'https://evil.com/auth/token',
    'https://cxone.niceincontact.com.evil.com/auth/token',
    'https://evilniceincontact.com/auth/token',
    'https://evil-nice-incontact.com/auth/token',
    'https://niceincontact.com.evil.com/auth/token',
    'https://cxone.niceincontact.com@evil.com/auth/token',
    'https://user:password@cxone.niceincontact.com/auth/token',
    'https://evil.com/.niceincontact.com',
    'https://evil.com#.niceincontact.com',
    'https://evil.com?.niceincontact.com',
    'https://evil.com\\.niceincontact.com/auth/token',
    'https:\\\\cxone.niceincontact.com/auth/token',
    'https:cxone.niceincontact.com/auth/token',
    'https:///cxone.niceincontact.com/auth/token',
    'https://cxone.niceincontact.com./auth/token',
    'https://cxone.niceincontact.com/auth/token?x=1',
    'https://cxone.niceincontact.com/auth/token#x',
    'https://cxone.niceincontact.com/auth/%74oken',
    ' https://cxone.niceincontact.com/auth/token',
    'https://cxone.niceincontact.com/auth/token\n',
    'https://cxone.nice\tincontact.com/auth/token',
    'https://cxone.niceincontact。com/auth/token',
    'https://cxone.niceincontaсt.com/auth/token',
    'https://127.0.0.1/auth/token',
    'https://[::1]/auth/token',
    `https://cxone.niceincontact.com/${'a'.repeat(10_000)}`
  ]

  test.each(FOREIGN.map(endpoint => [endpoint]))(
    'a token_endpoint of %j is bad-response and gets no credential',
    async endpoint => {
      hosts.answer('GET', DISCOVERY_URL, { json: { token_endpoint: endpoint } })
      const { code, message } = await failure(application, { maxAttempts: 5 })
      expect({ code, message }).toEqual({
        code: 'bad-response',
        message:
          `GET ${DISCOVERY_URL} answered 200, but its token_endpoint is not a plain https address on port 443 under ` +
          `the domains of ${ISSUER}, 1 attempt.`
      })
      expect(hosts.seen).toEqual([get(DISCOVERY_URL)])
    }
  )

  test.each([
    ['nicecxone-sov1.au', 'https://cxone.niceincontact.com/auth/token'],
    ['nicecxone-sov1.au', 'https://nicecxone-sov1.eu/auth/token'],
    ['nicecxone-sov1.eu', 'https://evilnicecxone-sov1.eu/auth/token'],
    ['cxone-gov.niceincontact.com', 'https://nicecxone-sov1.au/auth/token'],
    ['cxone.niceincontact.com', 'https://nicecxone-fed.com/auth/token']
  ])('issuer %s: %s belongs to another issuer', async (issuer, endpoint) => {
    hosts.answer('GET', `https://${issuer}/.well-known/openid-configuration`, {
      json: { token_endpoint: endpoint }
    })
    expect(await failure({ ...application, issuer })).toMatchObject({ code: 'bad-response' })
    expect(hosts.seen).toHaveLength(1)
  })

  test('the same rule applies behind a base URL', async () => {
    const baseUrl = gateway('https://gateway.example.com')
    hosts.answer('GET', 'https://gateway.example.com/.well-known/openid-configuration', {
      json: { token_endpoint: 'https://gateway.example.com/auth/token' }
    })
    expect(await failure({ ...application, baseUrl })).toMatchObject({ code: 'bad-response' })
    expect(hosts.seen).toHaveLength(1)
  })

  test.each([
    undefined,
    'https://evil.com',
    'http://api-na1.niceincontact.com',
    'https://api-na1.niceincontact.com.evil.com'
  ])('an api_endpoint of %j is bad-response', async endpoint => {
    prepare({ json: { area: 'na1', api_endpoint: endpoint } })
    const { code, message } = await failure(application)
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message:
        `GET https://${ISSUER}/.well-known/cxone-configuration answered 200, but its api_endpoint is not a plain https address on port 443 ` +
        `under the domains of ${ISSUER}, 1 attempt.`
    })
  })
})

describe('rejections', () => {
  const oauth = (error: string, description: string) => ({ error, error_description: description })
  const KEY_HINT =
    'Check access-key-id and access-key-secret (it ends in ====). The access key may be inactive, or its employee ' +
    'deactivated, or locked after days without a login.'
  const APPLICATION_HINT = `Check client-id and client-secret, and that region leads to the issuer where they were created. ${KEY_HINT}`
  const CLIENT_HINT = 'Check client-id and client-secret, and that region is their realm.'

  test.each([
    [401, 'invalid_client', 'Client authentication failed.', APPLICATION_HINT],
    [400, 'invalid_client', 'Client authentication failed.', APPLICATION_HINT],
    [400, 'invalid_grant', 'Invalid user credentials.', KEY_HINT]
  ])('A: %i %s is credentials-rejected', async (status, error, description, hint) => {
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY)
    hosts.answer('POST', TOKEN_URL, { status, json: oauth(error, description) })
    expect(await failure(application, { maxAttempts: 5 })).toEqual({
      code: 'credentials-rejected',
      message: `POST ${TOKEN_URL} answered ${status} ${error} (${description}), 1 attempt.`,
      hint
    })
  })

  test('B: 401 with a message', async () => {
    hosts.answer('POST', KEY_URL, { status: 401, json: { message: 'Invalid access key' } })
    expect(await failure(accessKey)).toEqual({
      code: 'credentials-rejected',
      message: `POST ${KEY_URL} answered 401 Invalid access key, 1 attempt.`,
      hint: `Check that region is the area of the tenant. ${KEY_HINT}`
    })
  })

  test('C: errorDescription', async () => {
    const json = { error: 'invalid_client', errorDescription: 'Client authentication failed.' }
    hosts.answer('POST', REALM_URL, { status: 400, json, headers: { 'ININ-Correlation-Id': 'abc-1' } })
    expect(await failure(realmClient)).toEqual({
      code: 'credentials-rejected',
      message: `POST ${REALM_URL} answered 400 invalid_client (Client authentication failed.), correlation id abc-1, 1 attempt.`,
      hint: CLIENT_HINT
    })
  })

  const FIRST_REQUESTS: [string, AnyRequest, 'GET' | 'POST', string][] = [
    ['A, discovery', application, 'GET', DISCOVERY_URL],
    ['B', accessKey, 'POST', KEY_URL],
    ['C', realmClient, 'POST', REALM_URL]
  ]

  test.each(FIRST_REQUESTS)('%s: 403 is forbidden', async (_, request, method, url) => {
    hosts.answer(method, url, { status: 403, text: 'Forbidden' })
    const { code, message, hint } = await failure(request)
    expect({ code, message }).toEqual({
      code: 'forbidden',
      message: `${method} ${url} answered 403, 1 attempt.`
    })
    expect(hint).toMatch(/^If the organisation allows only certain addresses, /)
  })

  test.each([404, 405])('%i is not-offered only for the undocumented request', async status => {
    for (const [name, request, method, url] of FIRST_REQUESTS) {
      hosts.answer(method, url, { status })
      const { code, hint } = await failure(request)
      expect([name, code]).toEqual([name, name === 'C' ? 'not-offered' : 'bad-request'])
      if (name === 'C')
        expect(hint).toMatch(
          /^NICE does not document this request, .* Add the access key of a user .* documented\.$/
        )
    }
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY).answer('POST', TOKEN_URL, { status })
    expect(await failure(application)).toMatchObject({ code: 'bad-request' })
    prepare({ status, json: { message: 'Tenant not found' } })
    expect(await failure(application)).toMatchObject({
      code: 'bad-request',
      message: `GET https://${ISSUER}/.well-known/cxone-configuration answered ${status} Tenant not found, 1 attempt.`
    })
  })

  test.each(FIRST_REQUESTS)('%s: 429 is rate-limited', async (_, request, method, url) => {
    hosts.answer(method, url, { status: 429, headers: { 'Retry-After': '3600' } })
    expect(await failure(request)).toMatchObject({
      code: 'rate-limited',
      message: `${method} ${url} answered 429, 1 attempt; the server asks to wait 1 h, longer than the remaining 2 min of the timeout of 2 min.`
    })
  })

  test.each(FIRST_REQUESTS)('%s: 500 is unavailable', async (_, request, method, url) => {
    hosts.answer(method, url, { status: 500, json: { message: 'Internal Server Error' } })
    hosts.answer(method, url, { status: 500, json: { message: 'Internal Server Error' } })
    expect(await failure(request, { maxAttempts: 2 })).toMatchObject({
      code: 'unavailable',
      message: `${method} ${url} answered 500 Internal Server Error, 2 attempts.`
    })
  })

  test.each(FIRST_REQUESTS)('%s: a redirect is not followed', async (_, request, method, url) => {
    hosts.answer(method, url, { status: 307, headers: { Location: 'https://evil.example/' } })
    expect(await failure(request)).toMatchObject({
      code: 'redirected',
      message: `${method} ${url} answered 307, a redirect to evil.example, 1 attempt.`
    })
  })

  test('each of the three requests of A is retried', async () => {
    const unavailable = { status: 503 }
    hosts.answer('GET', DISCOVERY_URL, unavailable).answer('GET', DISCOVERY_URL, DISCOVERY)
    hosts.answer('POST', TOKEN_URL, unavailable).answer('POST', TOKEN_URL, TOKEN_RESPONSE)
    hosts.answer('GET', TENANT_URL, unavailable).answer('GET', TENANT_URL, CONFIGURATION)
    const { session, done } = run(application, { maxAttempts: 2 })
    await done
    expect(session.attemptCount).toBe(6)
  })

  test('an unknown host', async () => {
    hosts.fail('POST', 'https://na4.nice-incontact.com/authentication/v1/token/access-key', 'ENOTFOUND')
    const area = await failure({ ...accessKey, area: 'na4' })
    hosts.fail('POST', 'https://us-99.api.niceincontact.com/oauth/token', 'ENOTFOUND')
    const realm = await failure({ ...realmClient, realm: 'us-99' })
    expect([area.code, area.hint]).toEqual([
      'network',
      expect.stringMatching(/^There seems to be no CXone area na4\. The nearest known area is na1\. /)
    ])
    expect([realm.code, realm.hint]).toEqual([
      'network',
      expect.stringMatching(/^There seems to be no CXone realm us-99\. /)
    ])
  })
})

describe('unusable responses', () => {
  test.each<[string, Reply]>([
    ['a page', { text: '<html></html>' }],
    ['nothing', { text: '' }],
    ['an array', { json: [] }]
  ])('%s in place of any of the three', async (_, reply) => {
    const problem = ', but its body is not a JSON object, 1 attempt.'
    hosts.answer('GET', DISCOVERY_URL, reply)
    expect(await failure(application)).toMatchObject({
      code: 'bad-response',
      message: `GET ${DISCOVERY_URL} answered 200${problem}`
    })
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY).answer('POST', TOKEN_URL, reply)
    expect(await failure(application)).toMatchObject({
      code: 'bad-response',
      message: `POST ${TOKEN_URL} answered 200${problem}`
    })
    prepare(reply)
    expect(await failure(application)).toMatchObject({
      code: 'bad-response',
      message: `GET https://${ISSUER}/.well-known/cxone-configuration answered 200${problem}`
    })
  })

  test.each([
    ['not a JWT', 'opaque-token-0123456789'],
    ['a JWT without the claim', jwt({ sub: 'user:1' })],
    ['a claim that is not an id', jwt({ tenantId: 'x&y=z' })],
    ['a claim of another type', jwt({ tenantId: 7 })],
    ['a claim that is too long', jwt({ tenantId: 'x'.repeat(65) })],
    ['claims that are an array', jwt([TENANT])],
    ['claims that are not JSON', 'aaaaaaaa.bbbbbbbb.cccccccc']
  ])('a token that does not name a tenant: %s', async (_, token) => {
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY)
    hosts.answer('POST', TOKEN_URL, { json: { access_token: token } })
    const { secrets, failure } = run(application)
    expect(await failure()).toMatchObject({
      code: 'bad-response',
      message: `POST ${TOKEN_URL} answered 200, but its tokens do not name a tenant, 1 attempt.`
    })
    // It is a token nevertheless, so it is masked.
    expect(secrets).toEqual([BLOB, token])
    expect(hosts.seen).toHaveLength(2)
  })

  test('an id_token names the tenant if the access token does not', async () => {
    const json = { access_token: OPAQUE_TOKEN, id_token: JWT }
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY).answer('POST', TOKEN_URL, { json })
    hosts.answer('GET', TENANT_URL, CONFIGURATION)
    expect((await run(application).done).ownerId).toBe(TENANT)
    hosts.answer('POST', REALM_URL, { json })
    expect((await run(realmClient).done).ownerId).toBe(TENANT)
  })

  test.each<[string, AnyRequest, 'POST', string]>([
    ['A', application, 'POST', TOKEN_URL],
    ['B', accessKey, 'POST', KEY_URL],
    ['C', realmClient, 'POST', REALM_URL]
  ])('%s: two tokens that name different tenants', async (name, request, method, url) => {
    if (name === 'A') hosts.answer('GET', DISCOVERY_URL, DISCOVERY)
    hosts.answer(method, url, { json: { access_token: JWT, id_token: jwt({ tenantId: 'another-tenant' }) } })
    expect(await failure(request)).toMatchObject({
      code: 'bad-response',
      message: `${method} ${url} answered 200, but its access_token and its id_token name different tenants, 1 attempt.`
    })
  })

  test('a token that contains the secret of the access key', async () => {
    hosts.answer('POST', KEY_URL, { json: { access_token: `x.${KEY.secret.reveal()}.y` } })
    expect(await failure(accessKey)).toMatchObject({
      code: 'bad-response',
      message: `POST ${KEY_URL} answered 200, but its access_token contains one of the credentials, 1 attempt.`
    })
  })

  test('an error of discovery that shows what an earlier run sent', async () => {
    hosts.answer('GET', DISCOVERY_URL, { status: 400, json: { error: BLOB, message: KEY.secret.reveal() } })
    expect((await failure(application)).message).toBe(
      `GET ${DISCOVERY_URL} answered 400 *** (***), 1 attempt.`
    )
  })

  test('an error that repeats the credentials, encoded or not, shows none of them', async () => {
    const secret = KEY.secret.reveal()
    const encoded = 'KEYSECRET2K7YQ4ZVTJ6RNWB3X%3D%3D%3D%3D'
    const lower = encoded.replaceAll('%3D', '%3d')
    hosts.answer('GET', DISCOVERY_URL, DISCOVERY)
    hosts.answer('POST', TOKEN_URL, {
      status: 400,
      json: { error: secret, message: `${encoded} ${lower} ${BLOB}` }
    })
    expect((await failure(application)).message).toBe(
      `POST ${TOKEN_URL} answered 400 *** (*** *** ***), 1 attempt.`
    )
  })

  test('an error of a later request shows no token of an earlier response', async () => {
    prepare({
      status: 400,
      json: { message: `${JWT} the-refresh-token-0123456789 the.id-token.0123456789` }
    })
    expect((await failure(application)).message).toBe(
      `GET https://${ISSUER}/.well-known/cxone-configuration answered 400 *** *** ***, 1 attempt.`
    )
  })
})
