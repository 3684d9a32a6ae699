/** The stand-in for GitHub behaves as GitHub is documented to, and refuses what GitHub refuses. */
import { afterEach, describe, expect, test } from '@jest/globals'
import sodium from 'libsodium-wrappers'
import { createCheck } from '../../emulator/github/check.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { answering, cutShort, on, reset } from '../../emulator/github/faults.mjs'
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
const NOW = Date.parse('2026-11-22T09:30:15.900Z')

const SCOPES = [
  {
    kind: 'repository',
    scope: { repository: 'octo-org/app' },
    secrets: `${REPO}/actions/secrets`,
    variables: `${REPO}/actions/variables`,
    extra: {}
  },
  {
    kind: 'environment',
    scope: { repository: 'octo-org/app', environment: 'production' },
    secrets: `${ENV}/secrets`,
    variables: `${ENV}/variables`,
    extra: {}
  },
  {
    kind: 'organisation',
    scope: { organization: 'octo-org' },
    secrets: `${ORG}/actions/secrets`,
    variables: `${ORG}/actions/variables`,
    extra: { visibility: 'private' }
  }
]

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

async function sealed(secrets: string, value: string): Promise<{ encrypted_value: string; key_id: string }> {
  const { json } = await ask('GET', `${secrets}/public-key`)
  await sodium.ready
  const key = sodium.from_base64(json.key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(sodium.from_string(value), key)
  return { encrypted_value: sodium.to_base64(box, sodium.base64_variants.ORIGINAL), key_id: json.key_id }
}

describe.each(SCOPES)('$kind', ({ scope, secrets, variables, extra }) => {
  test('a secret is created, shown with its age, and updated', async () => {
    await start()
    expect((await ask('GET', `${secrets}/TOKEN`)).status).toBe(404)

    const created = await ask('PUT', `${secrets}/TOKEN`, { ...(await sealed(secrets, 'first')), ...extra })
    expect(created).toMatchObject({ status: 201, json: {} })
    expect(github.stored('token', scope)).toBe('first')

    github.clock = () => NOW + 60_000
    const updated = await ask('PUT', `${secrets}/token`, {
      ...(await sealed(secrets, 'zweites ✓')),
      ...extra
    })
    expect(updated).toMatchObject({ status: 204, json: undefined })
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
    expect(github.violations).toEqual([])
  })

  test('a variable is created once, and changed by PATCH alone', async () => {
    await start()
    expect((await ask('PATCH', `${variables}/EXPIRY`, { value: 'a' })).status).toBe(404)
    const body = { name: 'EXPIRY', value: 'a', ...extra }
    expect(await ask('POST', variables, body)).toMatchObject({ status: 201, json: {} })
    expect(await ask('POST', variables, body)).toMatchObject({
      status: 409,
      json: { message: 'Already exists - Variable already exists', status: '409' }
    })
    expect((await ask('PATCH', `${variables}/EXPIRY`, { value: 'b' })).status).toBe(204)
    expect((await ask('GET', `${variables}/expiry`)).json).toMatchObject({
      name: 'EXPIRY',
      value: 'b',
      ...extra
    })
    expect(github.variable('EXPIRY', scope)?.value).toBe('b')
    expect(github.violations).toEqual([])
  })

  test('what is incomplete or sealed for another key is refused', async () => {
    await start()
    const good = { ...(await sealed(secrets, 'x')), ...extra }
    const { encrypted_value: _, ...without } = good
    expect(await ask('PUT', `${secrets}/TOKEN`, without)).toMatchObject({
      status: 422,
      json: { message: 'Invalid request.\n\n"encrypted_value" wasn\'t supplied.' }
    })
    expect((await ask('PUT', `${secrets}/TOKEN`, { ...good, encrypted_value: 'not Base64!' })).status).toBe(
      422
    )
    expect((await ask('PUT', `${secrets}/TOKEN`, { ...good, surprise: 1 })).status).toBe(422)
    expect((await ask('POST', variables, { name: 'EXPIRY', ...extra })).status).toBe(422)
    expect(github.violations.map(({ kind }) => kind)).toEqual(['body', 'body', 'body', 'body'])

    github.forget()
    github.world.changeKey(scope)
    expect(await ask('PUT', `${secrets}/TOKEN`, good)).toMatchObject({
      status: 422,
      json: { message: 'Bad request - validation failed due to an improperly encrypted secret' }
    })
    const { key_id } = await sealed(secrets, 'x')
    expect((await ask('PUT', `${secrets}/TOKEN`, { ...good, key_id })).status).toBe(422)
    expect(github.violations.map(({ kind }) => kind)).toEqual(['value', 'value'])
    expect(github.secret('TOKEN', scope)).toBeUndefined()
  })

  test('48 KB fit, a byte more does not', async () => {
    await start()
    const fits = await sealed(secrets, 'x'.repeat(48 * 1024))
    expect((await ask('PUT', `${secrets}/TOKEN`, { ...fits, ...extra })).status).toBe(201)
    const over = await sealed(secrets, 'x'.repeat(48 * 1024 + 1))
    expect((await ask('PUT', `${secrets}/TOKEN`, { ...over, ...extra })).status).toBe(422)
  })

  test.each(['1ST', 'WITH-DASH', 'WITH SPACE', 'GITHUB_X', 'github_x'])(
    'the name %s is refused',
    async name => {
      await start()
      const body = { ...(await sealed(secrets, 'x')), ...extra }
      expect((await ask('PUT', `${secrets}/${encodeURIComponent(name)}`, body)).status).toBe(422)
      expect((await ask('POST', variables, { name, value: 'x', ...extra })).status).toBe(422)
      expect(github.violations).toHaveLength(2)
    }
  )
})

describe('organisation', () => {
  const secrets = `${ORG}/actions/secrets`
  const scope = { organization: 'octo-org' }
  const repositories = Array.from({ length: 45 }, (_, index) => ({
    name: `octo-org/r${index}`,
    id: 1000 + index
  }))
  const ids = repositories.map(({ id }) => id)

  test('selected repositories are listed by pages of 30 with links that work', async () => {
    await start({ repositories })
    github.putSecret('TOKEN', scope, 'old', { visibility: 'selected', selectedRepositoryIds: ids })
    expect((await ask('GET', `${secrets}/TOKEN`)).json).toMatchObject({
      visibility: 'selected',
      selected_repositories_url: `${github.url}/orgs/octo-org/actions/secrets/TOKEN/repositories`
    })

    const first = await ask('GET', `${secrets}/TOKEN/repositories`)
    expect(first.json.total_count).toBe(45)
    expect(first.json.repositories).toHaveLength(30)
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(next).toBe(
      `${github.url}/organizations/9919/actions/secrets/TOKEN/repositories?per_page=30&page=2`
    )
    const second = await ask('GET', next.slice(github.url.length))
    expect([...first.json.repositories, ...second.json.repositories].map(({ id }) => id)).toEqual(ids)
    expect(second.headers.get('link')).not.toContain('next')

    expect((await ask('GET', `${secrets}/TOKEN/repositories?per_page=100`)).headers.get('link')).toBeNull()
    expect(github.violations).toEqual([])
    await ask('GET', `${secrets}/TOKEN/repositories?per_page=500`)
    expect(github.violations).toMatchObject([{ kind: 'address' }])
  })

  test('the selection is set with the secret, or by itself', async () => {
    await start({ repositories })
    const selected = { visibility: 'selected', selected_repository_ids: [1000, 1001] }
    expect(
      (await ask('PUT', `${secrets}/TOKEN`, { ...(await sealed(secrets, 'x')), ...selected })).status
    ).toBe(201)
    const put = await ask('PUT', `${secrets}/TOKEN/repositories`, { selected_repository_ids: [1002] })
    expect(put.status).toBe(204)
    expect(github.secret('TOKEN', scope)?.selectedRepositoryIds).toEqual([1002])
    expect(github.violations).toEqual([])
  })

  test.each([
    ['no visibility', {}],
    ['a selection without the visibility for it', { visibility: 'all', selected_repository_ids: [1000] }],
    ['the visibility without its selection', { visibility: 'selected' }],
    ['ids as strings', { visibility: 'selected', selected_repository_ids: ['1000'] }]
  ])('%s is refused', async (_, extra) => {
    await start({ repositories })
    const reply = await ask('PUT', `${secrets}/TOKEN`, { ...(await sealed(secrets, 'x')), ...extra })
    expect(reply.status).toBe(422)
    expect(github.violations).toMatchObject([{ kind: 'body' }])
  })
})

describe('access', () => {
  const read = { secrets: 'read' as const }
  const key = `${REPO}/actions/secrets/public-key`
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

  test('a wrong token is told so, whatever it asks for', async () => {
    await start()
    expect(await ask('GET', key, undefined, bearer('wrong'))).toMatchObject({
      status: 401,
      json: { message: 'Bad credentials', documentation_url: expect.any(String), status: '401' }
    })
    expect(
      (await ask('GET', key, undefined, { Authorization: `token ${GITHUB_TOKEN_FOR_ALL}` })).status
    ).toBe(200)
  })

  test.each([
    ['fine-grained', 403, 'Resource not accessible by personal access token'],
    ['installation', 403, 'Resource not accessible by integration'],
    ['workflow', 403, 'Resource not accessible by integration'],
    ['classic', 404, 'Not Found']
  ] as const)('without the permission, a token of kind %s gets %i', async (kind, status, message) => {
    await start({
      tokens: [{ token: 't', kind, permissions: kind === 'workflow' ? { secrets: 'write' } : {} }]
    })
    const reply = await ask('GET', key, undefined, bearer('t'))
    expect(reply).toMatchObject({ status, json: { message } })
    expect(reply.headers.get('x-accepted-github-permissions')).toBe(
      kind === 'classic' ? null : 'secrets=read'
    )
    expect(github.violations).toEqual([])
  })

  test('reading does not show whether writing is allowed', async () => {
    await start({ tokens: [{ token: 't', permissions: read }] })
    expect((await ask('GET', key, undefined, bearer('t'))).status).toBe(200)
    const reply = await ask('PUT', `${REPO}/actions/secrets/X`, await sealed1(), bearer('t'))
    expect(reply.status).toBe(403)
    expect(reply.headers.get('x-accepted-github-permissions')).toBe('secrets=write')
  })

  const sealed1 = async () => ({ encrypted_value: 'AAAA', key_id: '1' })

  test.each([
    [`${REPO}/actions/variables/X`, 'actions_variables'],
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
    expect((await ask('GET', path, undefined, bearer('with'))).status).toBe(404)
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
    expect((await ask('GET', key, undefined, bearer('t'))).status).toBe(404)
    expect((await ask('GET', `${ORG}/actions/secrets/public-key`, undefined, bearer('t'))).status).toBe(404)
    const open = '/repos/octo-org/open/actions/secrets/public-key'
    expect((await ask('GET', open, undefined, bearer('t'))).status).toBe(403)
    expect(github.violations).toEqual([])
  })

  test('environments are found by their encoded name, without case, and may be missing', async () => {
    await start({ repositories: [{ name: 'octo-org/app', environments: ['Prod / EU 50%'] }] })
    const at = (name: string) => `${REPO}/environments/${name}/secrets/public-key`
    expect((await ask('GET', at(encodeURIComponent('prod / eu 50%')))).status).toBe(200)
    expect((await ask('GET', at('staging'))).status).toBe(404)
    expect(github.violations).toEqual([])
    expect((await ask('GET', at('Prod%20/%20EU'))).status).toBe(404)
    expect(github.violations).toMatchObject([{ kind: 'route' }])
  })

  test('a renamed repository redirects to its number', async () => {
    await start()
    github.world.rename('octo-org/app', 'octo-org/service')
    const reply = await ask('GET', key)
    expect(reply.status).toBe(301)
    const target = reply.headers.get('location') ?? ''
    expect(target).toBe(`${github.url}/repositories/1296269/actions/secrets/public-key`)
    expect((await ask('GET', target.slice(github.url.length))).status).toBe(200)
    expect((await ask('PUT', `${REPO}/actions/secrets/X`, await sealed1())).status).toBe(307)
  })
})

describe('the wire', () => {
  const key = `${REPO}/actions/secrets/public-key`

  test('headers of every answer', async () => {
    await start()
    const { headers } = await ask('GET', key)
    expect(headers.get('x-github-request-id')).toMatch(/^[0-9A-F:]+$/)
    expect(headers.get('x-github-api-version-selected')).toBe('2022-11-28')
    expect(headers.get('x-ratelimit-limit')).toBe('5000')
    expect(headers.get('x-ratelimit-remaining')).toBe('4999')
    expect(headers.get('x-ratelimit-reset')).toBe(String(Math.ceil((NOW + 3_600_000) / 1000)))
  })

  test('careless headers pass and are noted; an unknown version does not pass', async () => {
    await start()
    const bare = { 'User-Agent': 'x', Authorization: `Bearer ${GITHUB_TOKEN_FOR_ALL}` }
    expect((await fetch(github.url + key, { headers: bare })).status).toBe(200)
    expect(github.violations.map(({ problem }) => problem.split(' ')[0])).toEqual([
      'X-GitHub-Api-Version',
      'Accept'
    ])
    expect((await ask('GET', key, undefined, { 'X-GitHub-Api-Version': '2021-01-01' })).status).toBe(400)
  })

  test.each([
    ['{"value":', 'Problems parsing JSON'],
    ['[]', 'Body should be a JSON object']
  ])('%s is answered 400', async (body, message) => {
    await start()
    expect(await ask('PATCH', `${REPO}/actions/variables/X`, body)).toMatchObject({
      status: 400,
      json: { message }
    })
    expect(github.violations).toHaveLength(1)
  })

  test('a path that is none of GitHub is noted', async () => {
    await start()
    expect((await ask('GET', `${REPO}/actions/secrets/X/`)).status).toBe(404)
    expect((await ask('DELETE', `${REPO}/actions/secrets/X`)).status).toBe(404)
    expect(github.violations.map(({ kind }) => kind)).toEqual(['route', 'route'])
  })

  test('a server of its own has its base path', async () => {
    await start({ basePath: '/api/v3' })
    expect(github.url).toMatch(/\/api\/v3$/)
    expect((await ask('GET', key)).status).toBe(200)
  })

  test.each([403, 429] as const)('the secondary rate limit, %i', async status => {
    await start()
    github.throttle({ status, retryAfter: 7, times: 2, operation: 'actions/get-repo-public-key' })
    for (const _ of [1, 2]) {
      const reply = await ask('GET', key)
      expect(reply.status).toBe(status)
      expect(reply.headers.get('retry-after')).toBe('7')
      expect(reply.json.message).toContain('exceeded a secondary rate limit')
    }
    expect((await ask('GET', key)).status).toBe(200)
  })

  test('the hourly limit', async () => {
    await start({ requestsPerHour: 1 })
    await ask('GET', key)
    const reply = await ask('GET', key)
    expect(reply).toMatchObject({
      status: 403,
      json: { message: expect.stringContaining('API rate limit exceeded') }
    })
    expect(reply.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(reply.headers.get('retry-after')).toBeNull()
    github.clock = () => NOW + 3_600_000
    expect((await ask('GET', key)).status).toBe(200)
  })

  test('an answer can be lost before and after the change of state', async () => {
    await start()
    const secrets = `${REPO}/actions/secrets`
    const body = await sealed(secrets, 'kept')
    github.intercept = on('create-or-update', reset, 1)
    await expect(ask('PUT', `${secrets}/TOKEN`, body)).rejects.toThrow()
    expect(github.secret('TOKEN', { repository: 'octo-org/app' })).toBeUndefined()

    github.interceptAfter = on('create-or-update', reset, 1)
    await expect(ask('PUT', `${secrets}/TOKEN`, body)).rejects.toThrow()
    expect(github.stored('TOKEN', { repository: 'octo-org/app' })).toBe('kept')
    expect((await ask('PUT', `${secrets}/TOKEN`, body)).status).toBe(204)

    github.interceptAfter = on('public-key', answering(502, { message: 'Server Error' }), 1)
    expect((await ask('GET', key)).status).toBe(502)
    github.interceptAfter = cutShort
    await expect(ask('GET', key)).rejects.toThrow()
  })

  test('everything is recorded', async () => {
    await start()
    await ask('PATCH', `${REPO}/actions/variables/X`, { value: 'v' })
    expect(github.requests).toMatchObject([
      {
        method: 'PATCH',
        path: `${REPO}/actions/variables/X`,
        operation: 'actions/update-repo-variable',
        body: '{"value":"v"}',
        status: 404,
        at: expect.any(Number)
      }
    ])
    expect(github.connections).toBe(1)
  })
})

test('an answer that GitHub would not give is found', () => {
  const check = createCheck()
  const secret = { name: 'X', created_at: '2026-11-22T09:30:15Z', updated_at: '2026-11-22T09:30:15Z' }
  const get = findRoute('GET', `${REPO}/actions/secrets/X`)
  if (!get) throw new Error('no such route')
  expect(check.answer(get, 200, secret)).toEqual([])
  expect(check.answer(get, 200, { ...secret, updated_at: '2026-11-22T09:30:15.123Z' })).toHaveLength(1)
  expect(check.answer(get, 200, { name: 'X' })).toHaveLength(1)
  expect(check.answer(get, 202, {})).toEqual(['202 is not among the answers'])
  expect(check.answer(get, 404, { error: 'no' })).toHaveLength(1)
})

test('without check and seal it runs all the same, and knows how long a sealed value is', async () => {
  github = await startGithub()
  const secrets = `${REPO}/actions/secrets`
  expect((await ask('PUT', `${secrets}/TOKEN`, await sealed(secrets, 'twelve bytes'))).status).toBe(201)
  expect(github.stored('TOKEN', { repository: 'octo-org/app' })).toBeUndefined()
  expect(github.secret('TOKEN', { repository: 'octo-org/app' })?.bytes).toBe(12)
})
