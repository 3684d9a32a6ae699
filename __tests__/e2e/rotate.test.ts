import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL } from '../../emulator/github/index.mjs'
import type { Scope } from '../../emulator/github/state.mjs'
import {
  CXONE_A,
  CXONE_B,
  CXONE_C,
  type Inputs,
  LONG_LIVED,
  lines,
  more,
  summaryOf
} from '../support/lifecycle.js'
import {
  DAY_MS,
  issueToken,
  liveTokens,
  NAME,
  postOf,
  REPOSITORY,
  rotateWith,
  type Servers,
  type ServersOptions,
  startServers,
  VARIABLE,
  writtenBy
} from '../support/rotation.js'
import { cleanup, type RunResult } from '../support/runner.mjs'

const SECRETS = '/repos/octo-org/app/actions/secrets'
const VARIABLES = '/repos/octo-org/app/actions/variables'
const SECRET = `Secret ${NAME} of repository octo-org/app`
const NOTHING_TO_DO = 'Clean-up: nothing to do.\n'
const REVOKED = 'The stored token is unchanged; the new one was revoked.\n'

/** The masks that every step writes first, and what it logs up to the first token. */
const MASKS = [
  '::add-mask::{client secret}',
  '::add-mask::emulated-Genesys_secret%252F7Qm%252BZk2vXw9',
  '::add-mask::{github token}'
]
const EXCHANGE = [
  'Genesys Cloud, region eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.',
  'base-url: all requests, with their secrets, go to {origin}.',
  '::add-mask::{derived}'
]
/** What it logs after the token is stored. */
const STORED = [
  `${SECRET} contains a new access token of organisation Example Contact Centre ` +
    '(0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48), valid for 24 h, until {minute}.',
  `For audits: OAuth client ${GENESYS_CLIENT.id}, correlation id {uuid}.`
]
const ROTATED_OUTPUTS = {
  rotated: 'true',
  'expires-at': '{time}',
  'idles-at': '',
  'updated-at': '{time}',
  'next-rotation-at': '{time}'
}
const NOT_ROTATED_OUTPUTS = { ...ROTATED_OUTPUTS, rotated: 'false', 'expires-at': '' }

/** The summary of a rotation, or the reason why there was none. */
function rotationSummary(result = 'Rotated'): string {
  const token = {
    Organisation: 'Example Contact Centre <code>0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48</code>',
    'OAuth client': `<code>${GENESYS_CLIENT.id}</code>`,
    'Correlation id': '<code>{uuid}</code>',
    Expires: '{minute}, in 24 h'
  }
  return summaryOf('Genesys Cloud token rotation', {
    Store: SECRET,
    Result: result,
    ...(result === 'Rotated' ? token : {}),
    'Next rotation': 'from {minute}'
  })
}

let servers: Servers
afterEach(() => servers?.close())
afterAll(cleanup)

async function start(options: ServersOptions = {}): Promise<void> {
  servers = await startServers(options)
}

/** States whose post step was checked already: it gets nothing but the state, so once is enough. */
const checkedStates = new Set<string>()

/** Expects that the post step has nothing to do, and that no request broke a rule of GitHub. */
async function expectNothingToCleanUp(run: RunResult): Promise<void> {
  expect(Object.values(run.state).filter(value => value !== '')).toEqual([])
  expect(servers.github.violations).toEqual([])
  const state = JSON.stringify(run.state)
  if (checkedStates.has(state)) return
  checkedStates.add(state)
  const { stdout, exitCode } = await postOf(run)
  expect([exitCode, stdout]).toEqual([0, NOTHING_TO_DO])
}

/** Expects that the new token is stored and valid, and that neither an output nor the state contains it. Returns it. */
async function expectRotated(run: RunResult, scope: Scope = REPOSITORY): Promise<string> {
  expect([run.exitCode, run.log]).toEqual([0, expect.stringContaining('contains a new')])
  const stored = servers.stored(scope) ?? ''
  expect(liveTokens(servers.genesys)).toContain(stored)
  for (const text of [run.files.output, run.files.env, run.files.summary, JSON.stringify(run.state), run.log])
    expect(text).not.toContain(stored)
  expect(run.outputs['rotated']).toBe('true')
  await expectNothingToCleanUp(run)
  return stored
}

/** Expects a failure with this code. */
function expectFailed(run: RunResult, code: string): void {
  expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': code }])
}

describe('the secret of a repository', () => {
  test('is created', async () => {
    await start()
    const run = await servers.rotate({ 'rotate-after': '12h' })
    expect(writtenBy(run, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        `${SECRET} does not exist yet. Rotating it.`,
        ...EXCHANGE,
        '::add-mask::{token 1}',
        ...STORED
      ),
      stderr: '',
      outputs: ROTATED_OUTPUTS,
      state: { 'token-1': '' },
      env: '',
      summary: rotationSummary()
    })
    expect(servers.requests()).toEqual([
      `GET ${SECRETS}/public-key 200`,
      `GET ${SECRETS}/${NAME} 404`,
      'POST /oauth/token 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      `PUT ${SECRETS}/${NAME} 201`,
      `GET ${SECRETS}/${NAME} 200`
    ])
    const token = await expectRotated(run)
    expect(liveTokens(servers.genesys)).toEqual([token])

    const { updatedAt = 0 } = servers.github.secret(NAME, REPOSITORY) ?? {}
    const updated = Math.floor(updatedAt / 1000) * 1000
    const { expiresAt = 0 } = servers.genesys.tokens.get(token) ?? {}
    const dates = Object.entries(run.outputs).map(([name, value]) => [name, Date.parse(value)])
    expect(Object.fromEntries(dates)).toMatchObject({
      'updated-at': updated,
      'next-rotation-at': updated + DAY_MS / 2
    })
    expect(Date.parse(run.outputs['expires-at'] ?? '')).toBeLessThanOrEqual(expiresAt)
    expect(Date.parse(run.outputs['expires-at'] ?? '')).toBeGreaterThan(expiresAt - 60_000)
  })

  test('is replaced, then its variable; then the previous token is revoked', async () => {
    const now = Date.now()
    await start({ github: { clock: () => now } })
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, '2026-11-01T00:00:00.000Z')
    servers.forgetRequests()
    const run = await servers.rotate({ 'previous-token': previous, 'expiry-variable': VARIABLE })
    expect(writtenBy(run, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `${SECRET} was updated 24 h ago. Rotating it.`,
        ...EXCHANGE,
        '::add-mask::{token 2}',
        ...STORED,
        'The previous token was revoked.'
      ),
      stderr: '',
      outputs: ROTATED_OUTPUTS,
      state: { 'token-1': '' },
      env: '',
      summary: rotationSummary()
    })
    expect(servers.requests()).toEqual([
      `GET ${SECRETS}/public-key 200`,
      `GET ${SECRETS}/${NAME} 200`,
      `GET ${VARIABLES}/${VARIABLE} 200`,
      `PATCH ${VARIABLES}/${VARIABLE} 204`,
      'POST /oauth/token 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      `PUT ${SECRETS}/${NAME} 204`,
      `PATCH ${VARIABLES}/${VARIABLE} 204`,
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      'DELETE /api/v2/tokens/me 200',
      `GET ${SECRETS}/${NAME} 200`
    ])
    const bodies = servers.github.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body)
    expect(bodies.map(body => JSON.parse(body))).toEqual([
      { name: VARIABLE, value: '2026-11-01T00:00:00.000Z' },
      { name: VARIABLE, value: run.outputs['expires-at'] }
    ])
    const token = await expectRotated(run)
    expect(token).not.toBe(previous)
    expect(liveTokens(servers.genesys)).toEqual([token])
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(run.outputs['expires-at'])
  })

  test('may belong to another repository; its name may be in lower case', async () => {
    await start({ github: { repositories: [{ name: 'octo-org/app' }, { name: 'Other.Org/lib_1' }] } })
    const run = await servers.rotate({ repository: 'Other.Org/lib_1', 'secret-name': NAME.toLowerCase() })
    await expectRotated(run, { repository: 'other.org/lib_1' })
    expect(servers.github.requests.map(({ path }) => path)).toContain(
      `/repos/Other.Org/lib_1/actions/secrets/${NAME}`
    )
    expect(servers.stored()).toBeUndefined()
  })

  test('is sealed again if the public key changes meanwhile', async () => {
    await start()
    await servers.storeOldToken()
    servers.genesys.intercept = () => {
      servers.github.world.changeKey(REPOSITORY)
      servers.genesys.intercept = undefined
      return false
    }
    const run = await servers.rotate()
    expect(servers.github.violations).toMatchObject([{ kind: 'value' }])
    servers.github.violations.length = 0
    await expectRotated(run)
    expect(servers.requests().slice(-4)).toEqual([
      `PUT ${SECRETS}/${NAME} 422`,
      `GET ${SECRETS}/public-key 200`,
      `PUT ${SECRETS}/${NAME} 204`,
      `GET ${SECRETS}/${NAME} 200`
    ])
  })
})

describe('the age of the secret', () => {
  const inTheFuture = Date.parse('2031-05-06T07:08:09.500Z')

  async function startWith(agedMs: number): Promise<string> {
    await start({ github: { clock: () => inTheFuture } })
    const token = await issueToken(servers.genesys)
    servers.github.putSecret(NAME, REPOSITORY, token, { updatedAt: inTheFuture - agedMs })
    servers.forgetRequests()
    return token
  }

  test('is counted by the clock of GitHub; a young secret is not rotated', async () => {
    const token = await startWith(36 * 3_600_000)
    const run = await servers.rotate({ 'rotate-after': '2d', 'previous-token': token })
    expect(writtenBy(run, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `${SECRET} was updated 36 h ago. It is not rotated, because rotate-after is 48 h.`
      ),
      stderr: '',
      outputs: NOT_ROTATED_OUTPUTS,
      state: {},
      env: '',
      summary: rotationSummary('Not rotated, because rotate-after is 48 h')
    })
    expect(run.outputs['updated-at']).toBe('2031-05-04T19:08:09.000Z')
    expect(run.outputs['next-rotation-at']).toBe('2031-05-06T19:08:09.000Z')
    expect(servers.requests()).toEqual([`GET ${SECRETS}/public-key 200`, `GET ${SECRETS}/${NAME} 200`])
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(run)
  })

  test.each([
    ['36 h, rotate-after 36 h', 36 * 3_600_000, '36h'],
    ['0 s, rotate-after 0 s', 0, '0s'],
    ['60 s, rotate-after 60', 60_000, '60']
  ])('%s: it is rotated', async (_, agedMs, after) => {
    await startWith(agedMs)
    await expectRotated(await servers.rotate({ 'rotate-after': after }))
  })

  test('one second less than rotate-after: it is not rotated', async () => {
    const token = await startWith(58_900)
    await expectNothingToCleanUp(await servers.rotate({ 'rotate-after': '60' }))
    expect(servers.stored()).toBe(token)
  })
})

describe('a dry run', () => {
  test('names the steps of a rotation and does none of them', async () => {
    const now = Date.now()
    await start({ github: { clock: () => now } })
    const token = await servers.storeOldToken()
    servers.forgetRequests()
    const run = await servers.rotate({
      'dry-run': 'true',
      'previous-token': token,
      'expiry-variable': VARIABLE
    })
    expect(writtenBy(run, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `${SECRET} was updated 24 h ago. It is not rotated, because this is a dry run. A rotation would: request and ` +
          `check a new token, store it, set the variable ${VARIABLE}, revoke the previous token.`
      ),
      stderr: '',
      outputs: NOT_ROTATED_OUTPUTS,
      state: {},
      env: '',
      summary: rotationSummary('Not rotated, because this is a dry run')
    })
    expect(servers.requests()).toEqual([`GET ${SECRETS}/public-key 200`, `GET ${SECRETS}/${NAME} 200`])
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(run)
  })

  test('finds a github-token that GitHub rejects', async () => {
    await start()
    const run = await servers.rotate({ 'dry-run': 'true', 'github-token': 'ghp_of-yesterday' })
    expectFailed(run, 'github-token-rejected')
  })
})

describe('the secret of an environment', () => {
  test.each(['production', 'Prod / EU 50% – Süd?#&+;=', '100%25/../x', "it's (new)!*~", '测试 🚀'])(
    '%s',
    async environment => {
      await start({ github: { repositories: [{ name: 'octo-org/app', environments: [environment] }] } })
      const scope = { repository: 'octo-org/app', environment }
      const run = await servers.rotate({ environment, 'expiry-variable': VARIABLE })
      await expectRotated(run, scope)
      expect(servers.github.variable(VARIABLE, scope)?.value).toBe(run.outputs['expires-at'])
      expect(servers.stored()).toBeUndefined()
      const folder = `/repos/octo-org/app/environments/${encodeURIComponent(environment)}/`
      for (const { path } of servers.github.requests) expect(path).toContain(folder)
      expect(run.log).toContain(`Secret ${NAME} of environment ${environment} of octo-org/app contains`)
    }
  )
})

describe('the secret of an organisation', () => {
  const organization = 'octo-org'
  const scope = { organization }
  const repositories = Array.from({ length: 230 }, (_, index) => ({
    name: `octo-org/r${index}`,
    id: 5000 + index
  }))
  const ids = repositories.map(({ id }) => id)

  const secret = () => servers.github.secret(NAME, scope)
  const variable = () => servers.github.variable(VARIABLE, scope)

  test('is created as private, like its variable', async () => {
    await start()
    await expectRotated(await servers.rotate({ organization, 'expiry-variable': VARIABLE }), scope)
    expect([secret()?.visibility, variable()?.visibility]).toEqual(['private', 'private'])
  })

  test.each(['all', 'private'] as const)('keeps its visibility: %s', async visibility => {
    await start()
    servers.github.putSecret(NAME, scope, 'old value', { visibility })
    await expectRotated(await servers.rotate({ organization }), scope)
    expect(secret()).toMatchObject({ visibility })
  })

  test('keeps its 230 repositories; a new variable gets the same, an existing variable keeps its own', async () => {
    await start({ github: { repositories } })
    servers.github.putSecret(NAME, scope, 'old value', { visibility: 'selected', selectedRepositoryIds: ids })
    const run = await servers.rotate({ organization, 'expiry-variable': VARIABLE })
    await expectRotated(run, scope)
    expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: ids })
    expect(variable()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: ids })
    const pages = servers.requests().filter(line => line.includes('/repositories'))
    expect(pages.slice(0, 3)).toEqual(
      [1, 2, 3].map(
        page => `GET /orgs/octo-org/actions/secrets/${NAME}/repositories?per_page=100&page=${page} 200`
      )
    )

    await expectRotated(
      await servers.rotate({ organization, visibility: 'all', 'expiry-variable': VARIABLE }),
      scope
    )
    expect([secret()?.visibility, variable()?.visibility]).toEqual(['all', 'selected'])
  })

  test('keeps a full page of repositories, and an empty list', async () => {
    await start({ github: { repositories: repositories.slice(0, 100) } })
    const keeping = async (selected: number[]) => {
      servers.github.putSecret(NAME, scope, 'old value', {
        visibility: 'selected',
        selectedRepositoryIds: selected
      })
      await expectRotated(await servers.rotate({ organization }), scope)
      expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: selected })
    }
    await keeping(ids.slice(0, 100))
    await keeping([])
  })

  test('gets the visibility that is given', async () => {
    await start({ github: { repositories } })
    const selected = { visibility: 'Selected', 'selected-repository-ids': '5003, 5001\n5002' }
    await expectRotated(await servers.rotate({ organization, ...selected }), scope)
    expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: [5003, 5001, 5002] })
    await expectRotated(await servers.rotate({ organization, visibility: 'private' }), scope)
    expect(secret()?.visibility).toBe('private')
  })
})

test('the API of GitHub Enterprise Server is below a path', async () => {
  await start({ github: { basePath: '/api/v3' } })
  const run = await servers.rotate({ 'expiry-variable': VARIABLE }, { env: { GITHUB_API_URL: apiUrl() } })
  await expectRotated(run)
  for (const { path } of servers.github.requests) expect(path).toMatch(/^\/api\/v3\/repos\/octo-org\/app\//)
  function apiUrl() {
    expect(servers.github.url).toMatch(/\/api\/v3$/)
    return `${servers.github.url}/`
  }
})

describe('the expiry variable', () => {
  test('is created by another job at the same moment', async () => {
    await start()
    servers.github.interceptAfter = ({ operation, status }) => {
      if (operation === 'actions/update-repo-variable') {
        servers.github.putVariable(VARIABLE, REPOSITORY, 'of another job')
        servers.github.interceptAfter = undefined
      }
      return status === -1
    }
    const run = await servers.rotate({ 'expiry-variable': VARIABLE })
    await expectRotated(run)
    expect(
      servers
        .requests()
        .filter(line => line.includes('/variables'))
        .map(line => line.replace(VARIABLES, ''))
    ).toEqual([
      `GET /${VARIABLE} 404`,
      `PATCH /${VARIABLE} 404`,
      'POST  409',
      `PATCH /${VARIABLE} 204`,
      `PATCH /${VARIABLE} 204`
    ])
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(run.outputs['expires-at'])
  })

  test('is "unknown" from its creation until the token is stored', async () => {
    await start()
    servers.genesys.intercept = ({ path }) => {
      if (path === '/oauth/token')
        expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
      return false
    }
    await expectRotated(await servers.rotate({ 'expiry-variable': VARIABLE.toLowerCase() }))
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toMatch(/^20/)
  })

  test('cannot be written: no token is requested', async () => {
    await start({
      github: {
        tokens: [
          { token: GITHUB_TOKEN_FOR_ALL, permissions: { secrets: 'write', actions_variables: 'read' } }
        ]
      }
    })
    const token = await servers.storeOldToken()
    const run = await servers.rotate({ 'expiry-variable': VARIABLE })
    expectFailed(run, 'github-forbidden')
    expect(run.log).toContain('the repository permission Variables: write')
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(run)
  })
})

describe('the previous token', () => {
  const OTHER_ORGANIZATION = { id: '7d1c0b12-0000-4aaa-8bbb-000000000001', name: 'Another Centre' }
  const OTHER_CLIENT = { id: 'other-client', secret: 'other-client-secret' }

  test('is not revoked if the platform issues it again', async () => {
    await start()
    const previous = await servers.storeOldToken()
    servers.genesys.intercept = ({ path }, response) => {
      if (path !== '/oauth/token') return false
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ access_token: previous, token_type: 'bearer', expires_in: 86_400 }))
      return true
    }
    const run = await servers.rotate({ 'previous-token': previous })
    expect(await expectRotated(run)).toBe(previous)
    expect(run.log).toContain('\nThe previous token is the new one, so it is not revoked.\n')
    expect(servers.requests().filter(line => line.startsWith('DELETE'))).toEqual([])
  })

  test.each([
    ['organisation', { ...OTHER_CLIENT, organization: OTHER_ORGANIZATION }],
    ['OAuth client', OTHER_CLIENT]
  ])('of another %s is not revoked, with a warning', async (_, client) => {
    await start({ genesys: { clients: [{}, client] } })
    const previous = await issueToken(servers.genesys, OTHER_CLIENT)
    const run = await servers.rotate({ 'previous-token': previous })
    const token = await expectRotated(run)
    expect(liveTokens(servers.genesys)).toEqual([previous, token])
    expect(run.log).toContain(
      '\nWarning: The previous token belongs to another organisation or OAuth client, so it is not revoked.\n'
    )
  })

  test.each(['true', 'false'])('is already invalid (verify: %s)', async verify => {
    await start()
    const previous = await servers.storeOldToken()
    for (const token of servers.genesys.tokens.values()) token.revoked = true
    const run = await servers.rotate({ 'previous-token': previous, verify })
    await expectRotated(run)
    expect(run.log).toContain('\nThe previous token is already invalid.\n')
  })

  test('is revoked without verify too, after the owners of both tokens are compared', async () => {
    await start()
    const previous = await servers.storeOldToken()
    servers.forgetRequests()
    const token = await expectRotated(await servers.rotate({ 'previous-token': previous, verify: 'false' }))
    expect(liveTokens(servers.genesys)).toEqual([token])
    expect(servers.requests().filter(line => line.includes('tokens/me'))).toEqual([
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      'DELETE /api/v2/tokens/me 200'
    ])
  })

  test('is never sent to GitHub', async () => {
    await start()
    const run = await servers.rotate({ 'previous-token': 'something-else-entirely' })
    await expectRotated(run)
    expect(JSON.stringify(servers.github.requests)).not.toContain('something-else-entirely')
  })
})

describe('other login methods', () => {
  test('a long-lived token: the initial token is revoked when the job ends, the stored one is not', async () => {
    await start()
    const previous = await servers.storeOldToken()
    servers.forgetRequests()
    const run = await servers.rotate({ ...LONG_LIVED, 'rotate-after': '300d', 'previous-token': previous })
    expect([run.exitCode, servers.stored()]).toEqual([0, previous])

    const again = await servers.rotate({ ...LONG_LIVED, 'min-lifetime': '300d', 'previous-token': previous })
    const stored = servers.stored() ?? ''
    expect(servers.genesys.tokens.get(stored)).toMatchObject({ kind: 'long-lived', revoked: false })
    expect(again.log).toMatch(/contains a new long-lived token .*\n(.*\n)*The previous token was revoked\.\n/)
    const post = await postOf(again)
    expect([post.exitCode, post.log]).toEqual([0, 'Clean-up: access token revoked.\n'])
    expect(liveTokens(servers.genesys)).toEqual([stored])
    expect(servers.github.violations).toEqual([])
  })

  test.each([
    ['a client and an access key', CXONE_A, {}],
    ['an access key', CXONE_B, {}],
    ['a client alone', CXONE_C, { verify: 'false' }]
  ])('NICE CXone: %s', async (_, credentials, others) => {
    const platform = await startCxone()
    const github = await startCheckedGithub()
    try {
      const inputs: Inputs = { ...credentials, ...others, 'base-url': platform.origin }
      const run = await rotateWith(github, { ...inputs, 'expiry-variable': VARIABLE })
      expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
      const stored = github.stored(NAME, REPOSITORY) ?? ''
      expect(platform.tokens.has(stored)).toBe(true)
      expect(run.log).toContain(
        'verify' in others ? 'a new access token, valid' : `token of tenant ${CXONE_TENANT.id}, valid`
      )
      for (const secret of [stored, ...platform.alsoIssued]) {
        expect(run.masks).toContain(secret)
        expect(run.log + run.files.output + run.files.env + JSON.stringify(run.state)).not.toContain(secret)
      }
      expect(github.variable(VARIABLE, REPOSITORY)?.value).toBe(run.outputs['expires-at'])
      expect((await postOf(run)).stdout).toBe(NOTHING_TO_DO)
      expect(github.violations).toEqual([])
    } finally {
      await Promise.all([platform.close(), github.close()])
    }
  })

  test('NICE CXone has no revocation, so previous-token is refused; the token of a client alone has no known owner', async () => {
    const platform = await startCxone()
    const github = await startCheckedGithub()
    try {
      const inputs = { 'base-url': platform.origin, ...CXONE_B, 'previous-token': 'eyJhbGciOiJSUzI1NiJ9' }
      const refused = await rotateWith(github, inputs)
      expect(refused.outputs).toEqual({ 'error-code': 'invalid-input' })
      expect(github.requests).toEqual([])
      const unknown = await rotateWith(github, { 'base-url': platform.origin, ...CXONE_C })
      expectFailed(unknown, 'bad-response')
      expect(github.secret(NAME, REPOSITORY)).toBeUndefined()
      expect((await postOf(unknown)).log).toBe(NOTHING_TO_DO)
    } finally {
      await Promise.all([platform.close(), github.close()])
    }
  })
})

describe('guards', () => {
  test.each([
    ['organization-not-allowed', { 'allowed-organization-ids': '11111111-2222-4333-8444-555555555555' }],
    ['lifetime-too-short', { 'min-lifetime': '48h' }]
  ])('%s: the new token is revoked, the secret is unchanged', async (code, inputs) => {
    await start()
    const token = await servers.storeOldToken()
    const run = await servers.rotate({ ...inputs, 'previous-token': token })
    expectFailed(run, code)
    expect(run.log).toContain(REVOKED)
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(run)
  })

  test('wrong credentials: the secret is unchanged', async () => {
    await start()
    const token = await servers.storeOldToken()
    const run = await servers.rotate({ 'client-secret': 'wrong-client-secret' })
    expectFailed(run, 'credentials-rejected')
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(run)
  })
})

describe('GitHub refuses', () => {
  const ORGANIZATION = { organization: 'octo-org' }
  const ENVIRONMENT = { environment: 'production' }

  async function startAs(
    kind: 'fine-grained' | 'workflow' | 'installation' | 'classic',
    permissions: Record<string, 'read' | 'write'>
  ): Promise<void> {
    await start({ github: { tokens: [{ token: GITHUB_TOKEN_FOR_ALL, kind, permissions }] } })
  }

  test.each([
    ['the repository permission Secrets: write', {}],
    ['the repository permission Environments: write', ENVIRONMENT],
    ['the organisation permission Secrets: write', ORGANIZATION]
  ])('reading without permission, before a token is requested: %s', async (needed, inputs) => {
    await startAs('fine-grained', {})
    const run = await servers.rotate(inputs)
    expectFailed(run, 'github-forbidden')
    expect(run.log).toContain('Resource not accessible by personal access token')
    expect(run.log).toContain(`The github-token needs ${needed}.`)
    expect(servers.genesys.requests).toEqual([])
    await expectNothingToCleanUp(run)
  })

  test.each([
    ['the repository permission Secrets: write', { secrets: 'read' as const }, {}],
    ['the repository permission Environments: write', { environments: 'read' as const }, ENVIRONMENT],
    ['the organisation permission Secrets: write', { organization_secrets: 'read' as const }, ORGANIZATION]
  ])('writing without permission, and the new token is revoked: %s', async (needed, permissions, inputs) => {
    await startAs('installation', permissions)
    const run = await servers.rotate(inputs)
    expectFailed(run, 'github-forbidden')
    expect(run.log).toContain(`The github-token needs ${needed}.`)
    expect(run.log).toContain(REVOKED)
    expect([servers.genesys.tokens.size, liveTokens(servers.genesys)]).toEqual([1, []])
    await expectNothingToCleanUp(run)
  })

  test.each([
    ['the repository permission Variables: write', { secrets: 'write' as const }, {}],
    ['the organisation permission Variables: write', { organization_secrets: 'write' as const }, ORGANIZATION]
  ])(
    'the variable without permission, before a token is requested: %s',
    async (needed, permissions, inputs) => {
      await startAs('fine-grained', permissions)
      const run = await servers.rotate({ ...inputs, 'expiry-variable': VARIABLE })
      expectFailed(run, 'github-forbidden')
      expect(run.log).toContain(`The github-token needs ${needed}.`)
      expect(servers.genesys.requests).toEqual([])
    }
  )

  test('the GITHUB_TOKEN of the workflow; the hint says which token works', async () => {
    await startAs('workflow', { secrets: 'write' })
    const run = await servers.rotate()
    expect(writtenBy(run, servers.genesys, servers.github)['stdout']).toBe(
      lines(
        ...MASKS,
        `::error::[github-forbidden] GET {github}${SECRETS}/public-key answered 403 (Resource not accessible by ` +
          'integration), request id {id}, 1 attempt.%0AThe github-token needs the repository permission Secrets: write. ' +
          'The workflow’s own GITHUB_TOKEN cannot have it: use the token of a GitHub App or a fine-grained personal ' +
          'access token.' +
          more('github-forbidden')
      )
    )
    expectFailed(run, 'github-forbidden')
    await expectNothingToCleanUp(run)
  })

  test.each([
    ['repository octo-org/nowhere', { repository: 'octo-org/nowhere' }],
    ['environment staging of octo-org/app', { environment: 'staging' }],
    ['organisation octo-nobody', { organization: 'octo-nobody' }]
  ])('because %s does not exist', async (scope, inputs) => {
    await start()
    const run = await servers.rotate(inputs)
    expectFailed(run, 'github-not-found')
    expect(run.log).toContain(`Either ${scope} does not exist, or the github-token has no access to it`)
    expect(servers.genesys.requests).toEqual([])
    await expectNothingToCleanUp(run)
  })

  test('because the repository was renamed', async () => {
    await start()
    servers.github.world.rename('octo-org/app', 'octo-org/service')
    const run = await servers.rotate()
    expectFailed(run, 'redirected')
    expect(run.log).toContain('The repository was renamed or moved: set its new name in repository.')
    expect(servers.genesys.requests).toEqual([])
  })

  test('because of a secondary rate limit: it waits, unless that takes longer than timeout', async () => {
    await start()
    servers.github.throttle({ retryAfter: 1, operation: 'actions/create-or-update-repo-secret' })
    const run = await servers.rotate()
    await expectRotated(run)
    expect(run.log).toMatch(
      /^127\.0\.0\.1:\d+: rate limited \(HTTP 403\), attempt 1; retrying in [12]\.\d s\.$/m
    )
    const token = servers.stored()

    servers.github.throttle({ retryAfter: 900, operation: 'actions/create-or-update-repo-secret' })
    const late = await servers.rotate()
    expectFailed(late, 'rate-limited')
    expect(late.log).toMatch(
      /the server asks to wait 15 min, longer than the remaining 1 min 5\d s of the timeout of 2 min/
    )
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await expectNothingToCleanUp(late)
  })
})

describe('refused before any request', () => {
  const refused: [string, Inputs, string][] = [
    ['a path', { 'secret-name': '../public-key' }, 'Input secret-name is “../public-key”'],
    ['GitHub’s prefix', { 'secret-name': 'github_x' }, 'Input secret-name is “github_x”'],
    ['a bad variable', { 'expiry-variable': 'A B' }, 'Input expiry-variable is “A B”'],
    ['an environment that changes the path', { environment: '..' }, 'Input environment is “..”'],
    [
      'selected without ids',
      { organization: 'o', visibility: 'selected' },
      'selected-repository-ids is empty'
    ],
    [
      'visibility of a repository',
      { visibility: 'all' },
      'Input visibility is given, but it applies to the secrets of organisations only'
    ]
  ]
  test('each error names the input', async () => {
    await start()
    for (const [problem, inputs, message] of refused) {
      const run = await servers.rotate(inputs)
      expect([problem, run.exitCode, run.outputs]).toEqual([problem, 1, { 'error-code': 'invalid-input' }])
      expect(run.log).toContain(message)
      expect(run.state).toEqual({})
    }
    expect(servers.requests()).toEqual([])
  })

  test('without github-token: the hint says which token works', async () => {
    await start()
    const run = await servers.rotate({ 'github-token': '' })
    expect(run.outputs).toEqual({ 'error-code': 'missing-credential' })
    expect(run.log).toContain('the workflow’s own GITHUB_TOKEN cannot')
    expect(servers.requests()).toEqual([])
  })

  test('credentials may come from the environment', async () => {
    await start()
    const run = await servers.rotate(
      { 'client-id': '', 'client-secret': '', region: '' },
      {
        env: {
          GENESYS_CLOUD_REGION: 'eu-west-1',
          GENESYS_CLOUD_CLIENT_ID: GENESYS_CLIENT.id,
          GENESYS_CLOUD_CLIENT_SECRET: GENESYS_CLIENT.secret
        }
      }
    )
    await expectRotated(run)
    expect(run.log).toMatch(/^Read from the environment: \w+, \w+ and \w+\.$/m)
  })
})

test('with step debugging, no line contains a secret', async () => {
  await start()
  const previous = await servers.storeOldToken()
  const run = await servers.rotate(
    { 'previous-token': previous, 'expiry-variable': VARIABLE },
    { debug: true }
  )
  const token = await expectRotated(run)
  expect(run.log).toContain(`##[debug]PUT ${servers.github.url}${SECRETS}/${NAME}: 204, reused connection, `)
  const unmasked = run.stdout.replace(/^::add-mask::.*$/gm, '')
  for (const secret of [token, previous, GENESYS_CLIENT.secret, GITHUB_TOKEN_FOR_ALL])
    expect(unmasked).not.toContain(secret)
})
