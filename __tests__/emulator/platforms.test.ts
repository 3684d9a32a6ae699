/** The platforms' own rules that `emulator/README.md` promises, as far as the tests of the action do not show them. */
import { afterEach, expect, test } from '@jest/globals'
import { CXONE_ACCESS_KEY, CXONE_TENANT, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, type GenesysOptions, startGenesys } from '../../emulator/genesys.mjs'

const START = Date.parse('2026-11-22T09:30:00Z')

let now = START
let platform: Awaited<ReturnType<typeof startGenesys>> | Awaited<ReturnType<typeof startCxone>>
afterEach(() => platform.close())

async function genesys(options: GenesysOptions = {}): Promise<void> {
  now = START
  platform = await startGenesys({ clock: () => now, ...options })
}

// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects
type Reply = { status: number; retryAfter: string | null; json: any }

async function send(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(platform.origin + path, { method, ...init })
  const text = await response.text()
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    json: text === '' ? undefined : JSON.parse(text)
  }
}

const login = ({ id, secret }: { id: string; secret: string } = GENESYS_CLIENT, path = '/oauth/token') =>
  send('POST', path, {
    headers: {
      Authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      'Content-Type': 'application/x-www-form-urlencoded'
    },
    body: 'grant_type=client_credentials'
  })

const useToken = (token: string, path: string) =>
  send('GET', path, { headers: { Authorization: `Bearer ${token}` } })

test('invalidClientStatus is the status for a wrong secret', async () => {
  await genesys({ invalidClientStatus: 401 })
  expect(await login({ ...GENESYS_CLIENT, secret: 'wrong' })).toMatchObject({
    status: 401,
    json: {
      error: 'invalid_client',
      description: 'authentication failed',
      error_description: 'authentication failed'
    }
  })
})

test('a region does not know the clients of another region', async () => {
  await genesys({ region: 'us-east-1', clients: [{ region: 'eu-west-1' }] })
  expect(await login()).toMatchObject({
    status: 400,
    json: { error: 'invalid_client', description: `client not found: ${GENESYS_CLIENT.id}` }
  })
})

const LOOK = '/api/v2/tokens/me?preserveIdleTTL=true'

test('without an idle timeout, a token says nothing of it and lives until it expires', async () => {
  await genesys()
  const { json } = await login()
  now += 86_399_000
  const described = await useToken(json.access_token, LOOK)
  expect(described.status).toBe(200)
  expect(described.json).not.toHaveProperty('dateTokenIdles')
  now += 1000
  expect((await useToken(json.access_token, LOOK)).status).toBe(401)
})

test('with an idle timeout, use keeps a token alive, and looking with preserveIdleTTL does not', async () => {
  await genesys({ idleTimeoutSeconds: 900 })
  const { json } = await login()
  const look = () => useToken(json.access_token, LOOK)
  expect((await look()).json.dateTokenIdles).toBe('2026-11-22T09:45:00.000Z')
  now += 600_000
  expect((await look()).json.dateTokenIdles).toBe('2026-11-22T09:45:00.000Z')
  await useToken(json.access_token, '/api/v2/organizations/me')
  now += 899_999
  expect((await look()).json.dateTokenIdles).toBe('2026-11-22T09:55:00.000Z')
  now += 1
  expect((await look()).status).toBe(401)
})

test('a gateway has one path before the login host and another before the API host', async () => {
  await genesys({ loginPath: '/login', apiPath: '/platform/api' })
  const { json } = await login(GENESYS_CLIENT, '/login/oauth/token')
  expect((await useToken(json.access_token, '/platform/api/api/v2/tokens/me')).status).toBe(200)
  expect((await login()).status).toBe(404)
  expect((await useToken(json.access_token, '/api/v2/tokens/me')).status).toBe(404)
  expect((await useToken(json.access_token, '/login/api/v2/tokens/me')).status).toBe(404)
})

test('throttleFirst refuses that many token requests, as the login host does', async () => {
  await genesys({ throttleFirst: { count: 2 } })
  for (const _ of [1, 2]) {
    const { status, json } = await login()
    expect([status, json.error]).toEqual([400, 'invalid_request'])
    expect(json.description).toMatch(/^rate limit exceeded;/)
  }
  expect((await login()).status).toBe(200)
})

test.each(['fixed-window', 'bucket'] as const)(
  'throttle: %s admits its share and more after a while',
  async kind => {
    await genesys({ throttle: { kind, perWindow: 4, windowMs: 60_000, takenByOthers: 0.5 } })
    const statuses = async (count: number) => {
      const all = []
      for (let index = 0; index < count; index += 1) all.push((await login()).status)
      return all
    }
    expect(await statuses(3)).toEqual([200, 200, 400])
    now += 30_000
    expect(await statuses(2)).toEqual(kind === 'bucket' ? [200, 400] : [400, 400])
    now += 30_000
    expect(await statuses(3)).toEqual(kind === 'bucket' ? [200, 400, 400] : [200, 200, 400])
  }
)

test('CXone behind a gateway: every path has the prefix, and throttleFirst counts token requests only', async () => {
  platform = await startCxone({ basePath: '/cxone', throttleFirst: { count: 1, retryAfterSeconds: 3 } })
  const exchange = () =>
    send('POST', '/cxone/authentication/v1/token/access-key', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ accessKeyId: CXONE_ACCESS_KEY.id, accessKeySecret: CXONE_ACCESS_KEY.secret })
    })
  expect((await send('GET', '/cxone/.well-known/openid-configuration')).status).toBe(200)
  expect((await send('GET', '/.well-known/openid-configuration')).status).toBe(404)
  expect(await exchange()).toMatchObject({ status: 429, retryAfter: '3' })
  const { json } = await exchange()
  const agents = '/cxone/incontactapi/services/v31.0/agents?top=1'
  expect(await useToken(json.access_token, agents)).toMatchObject({
    status: 200,
    json: { tenant: CXONE_TENANT.name }
  })
  expect((await useToken(json.refresh_token, agents)).status).toBe(401)
})
