import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { apiBaseUrl, type BaseUrl, endpointUrl, readBaseUrl } from '../../src/auth/base-url.js'
import { bearerAuthorization } from '../../src/auth/oauth.js'
import type { Provider } from '../../src/auth/provider.js'
import { PROVIDERS } from '../../src/auth/providers.js'
import { readToken, reportTokens, requireJson } from '../../src/auth/token-response.js'
import type { Credential } from '../../src/lib/input-reader.js'
import { missingCredential } from '../../src/lib/input-reader.js'
import { main } from '../../src/main.js'
import { post } from '../../src/post.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { FixedServer } from '../support/fixed-server.js'
import { runStep } from '../support/in-process.js'

interface AcmeRequest {
  readonly client: Credential
  readonly baseUrl: BaseUrl | undefined
}
const CLIENT = {
  id: 'client-id',
  secret: 'client-secret',
  variables: [{ id: 'ACME_ID', secret: 'ACME_SECRET' }]
} as const
const acmeUrl = (path: string, { baseUrl }: AcmeRequest) =>
  endpointUrl('https://acme.example.com', path, baseUrl)
/** A made-up platform. To add a platform, one object must be enough. */
const acme: Provider<AcmeRequest> = {
  name: 'Acme Voice',
  aliases: ['acme'],
  credentialVariables: ['ACME_ID', 'ACME_SECRET'],
  ownerNoun: 'workspace',
  regionNoun: 'zone',
  unknownExpiry: 'after ten minutes',
  toolVariables: [
    { name: 'ACME_TOKEN', value: ({ token }) => token.value },
    { name: 'ACME_URL', value: ({ apiUrl }) => apiUrl }
  ],
  readInputs(reader) {
    reader.refuse(['scope'], 'Acme Voice has no scopes')
    const client = reader.credential(CLIENT)
    if (client === undefined) throw missingCredential([CLIENT])
    return { client, baseUrl: readBaseUrl(reader) }
  },
  describe: ({ client, baseUrl }) => ({
    credentials: 'an API key',
    location: { label: 'Zone', values: ['north'] },
    credentialId: { label: 'API key', value: client.id },
    baseUrls: baseUrl === undefined ? [] : [baseUrl]
  }),
  lifetimeAdvice: () => 'Acme tokens live for ten minutes.',
  async exchange(request, session, events) {
    const apiUrl = apiBaseUrl('https://acme.example.com', request.baseUrl)
    const expected = {
      kind: 'access',
      acceptedStatus: [200],
      credentials: [request.client.secret],
      revocationBaseUrl: apiUrl
    } as const
    const response = await session.send({
      method: 'POST',
      url: acmeUrl('/token', request),
      headers: { Authorization: bearerAuthorization(request.client.secret) },
      onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events })
    })
    return { token: readToken(response, expected), apiUrl, region: 'north' }
  },
  async identify({ token, apiUrl }, session) {
    const url = new URL('/me', apiUrl)
    const response = await session.send({
      method: 'GET',
      url,
      headers: { Authorization: bearerAuthorization(token.value) }
    })
    return { id: String(requireJson(response)['id']), name: 'Example Ltd' }
  },
  async revoke(token, revocationBaseUrl, session) {
    const url = new URL('/token', revocationBaseUrl)
    await session.send({ method: 'DELETE', url, headers: { Authorization: bearerAuthorization(token) } })
    return 'revoked'
  }
}

const SECRET = 'acme-client-secret'
const TOKEN = 'acme-access-token-0001'
let server: FixedServer
let inputs: Record<string, string>

beforeAll(async () => {
  server = await FixedServer.start()
})
afterAll(() => server.close())
beforeEach(() => {
  // The answer to every request.
  const body = JSON.stringify({ access_token: TOKEN, expires_in: 600, id: 'workspace-1' })
  server.respondWith([{ status: 200, headers: { 'Content-Type': 'application/json' }, body }])
  inputs = {
    provider: 'acme',
    'base-url': server.origin,
    'client-id': 'acme-client',
    'client-secret': SECRET
  }
})

const requests = () =>
  server.requests.map(({ method, path, headers }) => `${method} ${path} ${headers['authorization']}`)

const providers = [...PROVIDERS, acme]
const run = (more: Record<string, string> = {}) =>
  runStep(main, { inputs: { ...inputs, ...more }, providers })
const runPost = (state: string) => {
  const saved = Object.entries(parseCommandFile(state)).map(([name, value]) => [`STATE_${name}`, value])
  return runStep(post, { inputs: {}, env: Object.fromEntries(saved), providers })
}

test('a platform that is one object is exchanged, verified, published and revoked', async () => {
  const ran = await run({ verify: 'true', 'tool-env': 'true', 'export-env': 'MY_TOKEN' })
  expect(ran.code).toBeUndefined()
  expect(requests()).toEqual([`POST /token Bearer ${SECRET}`, `GET /me Bearer ${TOKEN}`])
  const masks = [...ran.stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, mask]) => mask)
  expect(masks).toEqual([SECRET, TOKEN])
  expect(parseCommandFile(ran.output)).toMatchObject({
    token: TOKEN,
    'expires-in': '600',
    'api-url': inputs['base-url'],
    region: 'north',
    'organization-id': 'workspace-1',
    'organization-name': 'Example Ltd'
  })
  expect(parseCommandFile(ran.env)).toEqual({
    ACME_TOKEN: TOKEN,
    ACME_URL: inputs['base-url'],
    MY_TOKEN: TOKEN
  })
  expect(ran.summary).toContain('<h3>Acme Voice access token</h3>')
  expect(ran.summary).toContain('<strong>Workspace</strong></td><td>Example Ltd <code>workspace-1</code>')
  expect(ran.summary).toContain('<strong>Zone</strong></td><td><code>north</code>')
  expect(ran.stdout).toContain('Acme Voice, zone north: exchanging an API key.')

  const { stdout } = await runPost(ran.state)
  expect(requests().slice(2)).toEqual([`DELETE /token Bearer ${TOKEN}`])
  expect(stdout).toContain('Clean-up: access token revoked.')
})

test('its guards refuse and revoke a token', async () => {
  const ran = await run({ 'allowed-organization-ids': 'workspace-2' })
  expect(ran.code).toBe('organization-not-allowed')
  expect(requests().at(-1)).toBe(`DELETE /token Bearer ${TOKEN}`)
  expect(ran.stdout).toContain('The token was not published; it was revoked.')
  expect(parseCommandFile(ran.output)).toEqual({ 'error-code': 'organization-not-allowed' })
})

test('its credentials come from its own variables', async () => {
  const { 'client-id': id = '', 'client-secret': secret = '', ...others } = inputs
  const env = { ACME_ID: id, ACME_SECRET: secret }
  const ran = await runStep(main, { inputs: others, env, providers })
  expect(ran.code).toBeUndefined()
  expect(ran.stdout).toContain('Read from the environment: ACME_ID and ACME_SECRET.')
  expect((await runStep(main, { inputs: others, providers })).stdout).toContain(
    'The environment variables ACME_ID and ACME_SECRET are not set either.'
  )
})
