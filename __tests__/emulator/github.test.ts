/** The stand-in for GitHub behaves as GitHub is documented to, and refuses what GitHub refuses. */
import { afterEach, describe, expect, test } from '@jest/globals'
import sodium from 'libsodium-wrappers'
import { createCheck } from '../../emulator/github/check.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import {
  GITHUB_TOKEN_FOR_ALL,
  type GitHub,
  type GitHubOptions,
  startGithub
} from '../../emulator/github/index.mjs'
import { findRoute } from '../../emulator/github/routes.mjs'

const REPO = '/repos/octo-org/app'
const ENV = `${REPO}/environments/production`
const ORG = '/orgs/octo-org'
const SECRETS = `${REPO}/actions/secrets`
const VARIABLES = `${REPO}/actions/variables`
const KEY = `${SECRETS}/public-key`
const REPOSITORY = { repository: 'octo-org/app' }
const ORGANIZATION = { organization: 'octo-org' }
const NOW = Date.parse('2026-11-22T09:30:15.900Z')

let github: GitHub
afterEach(() => github?.close())

async function start(options: GitHubOptions = {}): Promise<void> {
  github = await startCheckedGithub({ clock: () => NOW, ...options })
}

// biome-ignore lint/suspicious/noExplicitAny: a body is what the test says it is
type Reply = { status: number; headers: Headers; json: any }

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<Reply> {
  const response = await fetch(github.url + path, {
    method,
    redirect: 'manual',
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${GITHUB_TOKEN_FOR_ALL}`,
      'User-Agent': 'cc-token-action',
      'X-GitHub-Api-Version': '2022-11-28',
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text)
  }
}

const statusOf = async (...request: Parameters<typeof ask>) => (await ask(...request)).status
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
const violations = () => github.violations.map(({ kind }) => kind)

async function sealed(secrets: string, value: string): Promise<{ encrypted_value: string; key_id: string }> {
  const { json } = await ask('GET', `${secrets}/public-key`)
  await sodium.ready
  const key = sodium.from_base64(json.key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(sodium.from_string(value), key)
  return { encrypted_value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL), key_id: json.key_id }
}

describe.each([
  { kind: 'repository', scope: REPOSITORY, secrets: SECRETS, variables: VARIABLES, extra: {} },
  {
    kind: 'environment',
    scope: { ...REPOSITORY, environment: 'production' },
    secrets: `${ENV}/secrets`,
    variables: `${ENV}/variables`,
    extra: {}
  },
  {
    kind: 'organisation',
    scope: ORGANIZATION,
    secrets: `${ORG}/actions/secrets`,
    variables: `${ORG}/actions/variables`,
    extra: { visibility: 'private' }
  }
])('$kind', ({ scope, secrets, variables, extra }) => {
  test('a secret is created, shown with its age, and updated; not after its key changed', async () => {
    await start()
    expect(await statusOf('GET', `${secrets}/TOKEN`)).toBe(404)
    const first = { ...(await sealed(secrets, 'first')), ...extra }
    expect(await ask('PUT', `${secrets}/TOKEN`, first)).toMatchObject({ status: 201, json: {} })
    expect(github.stored('token', scope)).toBe('first')

    github.clock = () => NOW + 60_000
    const second = { ...(await sealed(secrets, 'zweites ✓')), ...extra }
    expect(await ask('PUT', `${secrets}/token`, second)).toMatchObject({ status: 204, json: undefined })
    expect(github.stored('TOKEN', scope)).toBe('zweites ✓')
    expect(github.secret('TOKEN', scope)?.bytes).toBe(Buffer.byteLength('zweites ✓'))
    const shown = await ask('GET', `${secrets}/TOKEN`)
    expect(shown.json).toEqual({
      name: 'TOKEN',
      created_at: '2026-11-22T09:30:15Z',
      updated_at: '2026-11-22T09:31:15Z',
      ...extra
    })
    expect(shown.headers.get('date')).toBe('Sun, 22 Nov 2026 09:31:15 GMT')
    expect(violations()).toEqual([])

    github.world.changeKey(scope)
    expect(await ask('PUT', `${secrets}/TOKEN`, first)).toMatchObject({
      status: 422,
      json: { message: 'Bad request - validation failed due to an improperly encrypted secret' }
    })
    const { key_id } = await sealed(secrets, 'x')
    expect(await statusOf('PUT', `${secrets}/TOKEN`, { ...first, key_id })).toBe(422)
    expect([violations(), github.stored('TOKEN', scope)]).toEqual([['value', 'value'], 'zweites ✓'])
  })

  test('a variable is created once, and changed by PATCH alone', async () => {
    await start()
    expect(await statusOf('PATCH', `${variables}/EXPIRY`, { value: 'a' })).toBe(404)
    const body = { name: 'EXPIRY', value: 'a', ...extra }
    expect(await ask('POST', variables, body)).toMatchObject({ status: 201, json: {} })
    expect(await ask('POST', variables, body)).toMatchObject({
      status: 409,
      json: { message: 'Already exists - Variable already exists', status: '409' }
    })
    expect(await statusOf('PATCH', `${variables}/EXPIRY`, { value: 'b' })).toBe(204)
    const { json } = await ask('GET', `${variables}/expiry`)
    expect(json).toMatchObject({ name: 'EXPIRY', value: 'b', ...extra })
    expect(github.variable('EXPIRY', scope)?.value).toBe('b')
    expect(violations()).toEqual([])
  })
})

describe('refused', () => {
  test('what is incomplete', async () => {
    await start()
    const good = await sealed(SECRETS, 'x')
    expect(await ask('PUT', `${SECRETS}/TOKEN`, { key_id: good.key_id })).toMatchObject({
      status: 422,
      json: { message: 'Invalid request.\n\n"encrypted_value" wasn\'t supplied.' }
    })
    expect(await statusOf('PUT', `${SECRETS}/TOKEN`, { ...good, encrypted_value: 'not Base64!' })).toBe(422)
    expect(await statusOf('PUT', `${SECRETS}/TOKEN`, { ...good, surprise: 1 })).toBe(422)
    expect(await statusOf('POST', VARIABLES, { name: 'EXPIRY' })).toBe(422)
    expect(violations()).toEqual(['body', 'body', 'body', 'body'])
  })

  test('a secret of more than 48 KB', async () => {
    await start()
    const fits = await sealed(SECRETS, 'x'.repeat(48 * 1024))
    expect(await statusOf('PUT', `${SECRETS}/TOKEN`, fits)).toBe(201)
    const over = await sealed(SECRETS, 'x'.repeat(48 * 1024 + 1))
    expect(await statusOf('PUT', `${SECRETS}/TOKEN`, over)).toBe(422)
  })

  test.each(['1ST', 'WITH-DASH', 'WITH SPACE', 'GITHUB_X', 'github_x'])('the name %s', async name => {
    await start()
    const body = await sealed(SECRETS, 'x')
    expect(await statusOf('PUT', `${SECRETS}/${encodeURIComponent(name)}`, body)).toBe(422)
    expect(await statusOf('POST', VARIABLES, { name, value: 'x' })).toBe(422)
    expect(github.violations).toHaveLength(2)
  })

  test.each([
    ['{"value":', 'Problems parsing JSON'],
    ['[]', 'Body should be a JSON object']
  ])('the body %s', async (body, message) => {
    await start()
    expect(await ask('PATCH', `${VARIABLES}/X`, body)).toMatchObject({ status: 400, json: { message } })
    expect(github.violations).toHaveLength(1)
  })

  test('a path that is none of GitHub', async () => {
    await start()
    expect(await statusOf('GET', `${SECRETS}/X/`)).toBe(404)
    expect(await statusOf('DELETE', `${SECRETS}/X`)).toBe(404)
    expect(violations()).toEqual(['route', 'route'])
  })

  test('an unknown version; careless headers pass and are noted', async () => {
    await start()
    const bare = { 'User-Agent': 'x', ...bearer(GITHUB_TOKEN_FOR_ALL) }
    expect((await fetch(github.url + KEY, { headers: bare })).status).toBe(200)
    const noted = github.violations.map(({ problem }) => problem.split(' ')[0])
    expect(noted).toEqual(['X-GitHub-Api-Version', 'Accept'])
    expect(await statusOf('GET', KEY, undefined, { 'X-GitHub-Api-Version': '2021-01-01' })).toBe(400)
  })
})

describe('the selected repositories of an organisation', () => {
  const secrets = `${ORG}/actions/secrets`
  const ids = Array.from({ length: 45 }, (_, index) => 1000 + index)
  const repositories = ids.map(id => ({ name: `octo-org/r${id}`, id }))

  test('are listed by pages of 30 with links that work', async () => {
    await start({ repositories })
    github.putSecret('TOKEN', ORGANIZATION, 'old', { visibility: 'selected', selectedRepositoryIds: ids })
    expect((await ask('GET', `${secrets}/TOKEN`)).json).toMatchObject({
      visibility: 'selected',
      selected_repositories_url: `${github.url}/orgs/octo-org/actions/secrets/TOKEN/repositories`
    })

    const first = await ask('GET', `${secrets}/TOKEN/repositories`)
    expect([first.json.total_count, first.json.repositories.length]).toEqual([45, 30])
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(next).toBe(
      `${github.url}/organizations/9919/actions/secrets/TOKEN/repositories?per_page=30&page=2`
    )
    const second = await ask('GET', next.slice(github.url.length))
    expect([...first.json.repositories, ...second.json.repositories].map(({ id }) => id)).toEqual(ids)
    expect(second.headers.get('link')).not.toContain('next')

    expect((await ask('GET', `${secrets}/TOKEN/repositories?per_page=100`)).headers.get('link')).toBeNull()
    expect(violations()).toEqual([])
    await ask('GET', `${secrets}/TOKEN/repositories?per_page=500`)
    expect(violations()).toEqual(['address'])
  })

  test('are set with the secret, or by themselves', async () => {
    await start({ repositories })
    const selected = { visibility: 'selected', selected_repository_ids: [1000, 1001] }
    const body = { ...(await sealed(secrets, 'x')), ...selected }
    expect(await statusOf('PUT', `${secrets}/TOKEN`, body)).toBe(201)
    const others = { selected_repository_ids: [1002] }
    expect(await statusOf('PUT', `${secrets}/TOKEN/repositories`, others)).toBe(204)
    expect(github.secret('TOKEN', ORGANIZATION)?.selectedRepositoryIds).toEqual([1002])
    expect(violations()).toEqual([])
  })

  test.each([
    ['no visibility', {}],
    ['a selection without the visibility for it', { visibility: 'all', selected_repository_ids: [1000] }],
    ['the visibility without its selection', { visibility: 'selected' }],
    ['ids as strings', { visibility: 'selected', selected_repository_ids: ['1000'] }]
  ])('%s is refused', async (_, extra) => {
    await start({ repositories })
    const body = { ...(await sealed(secrets, 'x')), ...extra }
    expect(await statusOf('PUT', `${secrets}/TOKEN`, body)).toBe(422)
    expect(violations()).toEqual(['body'])
  })
})

describe('access', () => {
  test('a wrong token is told so, whatever it asks for', async () => {
    await start()
    expect(await ask('GET', KEY, undefined, bearer('wrong'))).toMatchObject({
      status: 401,
      json: { message: 'Bad credentials', documentation_url: expect.any(String), status: '401' }
    })
    const old = { Authorization: `token ${GITHUB_TOKEN_FOR_ALL}` }
    expect(await statusOf('GET', KEY, undefined, old)).toBe(200)
  })

  test.each([
    ['fine-grained', 403, 'Resource not accessible by personal access token'],
    ['installation', 403, 'Resource not accessible by integration'],
    ['workflow', 403, 'Resource not accessible by integration'],
    ['classic', 404, 'Not Found']
  ] as const)('without the permission, a token of kind %s gets %i', async (kind, status, message) => {
    const permissions = kind === 'workflow' ? { secrets: 'write' as const } : {}
    await start({ tokens: [{ token: 't', kind, permissions }] })
    const reply = await ask('GET', KEY, undefined, bearer('t'))
    expect(reply).toMatchObject({ status, json: { message } })
    expect(reply.headers.get('x-accepted-github-permissions')).toBe(
      kind === 'classic' ? null : 'secrets=read'
    )
    expect(violations()).toEqual([])
  })

  const read = { secrets: 'read' as const }
  const anything = { encrypted_value: 'AAAA', key_id: '1' }

  test('reading does not show whether writing is allowed', async () => {
    await start({ tokens: [{ token: 't', permissions: read }] })
    expect(await statusOf('GET', KEY, undefined, bearer('t'))).toBe(200)
    const reply = await ask('PUT', `${SECRETS}/X`, anything, bearer('t'))
    expect(reply.status).toBe(403)
    expect(reply.headers.get('x-accepted-github-permissions')).toBe('secrets=write')
  })

  test.each([
    [`${VARIABLES}/X`, 'actions_variables'],
    [`${ENV}/secrets/X`, 'environments'],
    [`${ENV}/variables/X`, 'environments'],
    [`${ORG}/actions/secrets/X`, 'organization_secrets'],
    [`${ORG}/actions/variables/X`, 'organization_actions_variables']
  ])('%s takes the permission %s', async (path, permission) => {
    const tokens = [
      { token: 'with', permissions: { [permission]: 'read' as const } },
      { token: 'without', permissions: read }
    ]
    await start({ tokens })
    expect(await statusOf('GET', path, undefined, bearer('with'))).toBe(404)
    const refused = await ask('GET', path, undefined, bearer('without'))
    expect(refused.status).toBe(403)
    expect(refused.headers.get('x-accepted-github-permissions')).toBe(`${permission}=read`)
  })

  test('what a token cannot see is not there', async () => {
    const permissions = { secrets: 'write' as const, organization_secrets: 'write' as const }
    await start({
      repositories: [{ name: 'octo-org/app' }, { name: 'octo-org/open', private: false }],
      tokens: [{ token: 't', permissions, repositories: ['octo-org/other'], organizations: [] }]
    })
    const statusFor = (path: string) => statusOf('GET', path, undefined, bearer('t'))
    expect(await statusFor(KEY)).toBe(404)
    expect(await statusFor(`${ORG}/actions/secrets/public-key`)).toBe(404)
    expect(await statusFor('/repos/octo-org/open/actions/secrets/public-key')).toBe(403)
    expect(violations()).toEqual([])
  })

  test('environments are found by their encoded name, without case, and may be missing', async () => {
    await start({ repositories: [{ name: 'octo-org/app', environments: ['Prod / EU 50%'] }] })
    const at = (name: string) => `${REPO}/environments/${name}/secrets/public-key`
    expect(await statusOf('GET', at(encodeURIComponent('prod / eu 50%')))).toBe(200)
    expect(await statusOf('GET', at('staging'))).toBe(404)
    expect(violations()).toEqual([])
    expect(await statusOf('GET', at('Prod%20/%20EU'))).toBe(404)
    expect(violations()).toEqual(['route'])
  })

  test('a renamed repository redirects to its number', async () => {
    await start()
    github.world.rename('octo-org/app', 'octo-org/service')
    const reply = await ask('GET', KEY)
    expect(reply.status).toBe(301)
    const target = reply.headers.get('location') ?? ''
    expect(target).toBe(`${github.url}/repositories/1296269/actions/secrets/public-key`)
    expect(await statusOf('GET', target.slice(github.url.length))).toBe(200)
    expect(await statusOf('PUT', `${SECRETS}/X`, anything)).toBe(307)
  })
})

describe('limits', () => {
  test('headers of every answer', async () => {
    await start()
    const { headers } = await ask('GET', KEY)
    expect(headers.get('x-github-request-id')).toMatch(/^[0-9A-F:]+$/)
    expect(headers.get('x-github-api-version-selected')).toBe('2022-11-28')
    expect(headers.get('x-ratelimit-limit')).toBe('5000')
    expect(headers.get('x-ratelimit-remaining')).toBe('4999')
    expect(headers.get('x-ratelimit-reset')).toBe(String(Math.ceil((NOW + 3_600_000) / 1000)))
  })

  test.each([403, 429] as const)('the secondary rate limit, %i', async status => {
    await start()
    github.throttle({ status, retryAfter: 7, times: 2, operation: 'actions/get-repo-public-key' })
    for (const _ of [1, 2]) {
      const reply = await ask('GET', KEY)
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([status, '7'])
      expect(reply.json.message).toContain('exceeded a secondary rate limit')
    }
    expect(await statusOf('GET', KEY)).toBe(200)
  })

  test('the hourly limit', async () => {
    await start({ requestsPerHour: 1 })
    await ask('GET', KEY)
    const { status, headers, json } = await ask('GET', KEY)
    expect([status, headers.get('x-ratelimit-remaining'), headers.get('retry-after')]).toEqual([
      403,
      '0',
      null
    ])
    expect(json.message).toContain('API rate limit exceeded')
    github.clock = () => NOW + 3_600_000
    expect(await statusOf('GET', KEY)).toBe(200)
  })
})

test('an answer that GitHub would not give is found', () => {
  const check = createCheck()
  const secret = { name: 'X', created_at: '2026-11-22T09:30:15Z', updated_at: '2026-11-22T09:30:15Z' }
  const get = findRoute('GET', `${SECRETS}/X`)
  if (!get) throw new Error('no such route')
  expect(check.answer(get, 200, secret)).toEqual([])
  expect(check.answer(get, 200, { ...secret, updated_at: '2026-11-22T09:30:15.123Z' })).toHaveLength(1)
  expect(check.answer(get, 200, { name: 'X' })).toHaveLength(1)
  expect(check.answer(get, 202, {})).toEqual(['202 is not among the answers'])
  expect(check.answer(get, 404, { error: 'no' })).toHaveLength(1)
})

test('without check and seal it runs all the same, and knows how long a sealed value is', async () => {
  github = await startGithub()
  expect(await statusOf('PUT', `${SECRETS}/TOKEN`, await sealed(SECRETS, 'twelve bytes'))).toBe(201)
  expect(github.stored('TOKEN', REPOSITORY)).toBeUndefined()
  expect(github.secret('TOKEN', REPOSITORY)?.bytes).toBe(12)
})
