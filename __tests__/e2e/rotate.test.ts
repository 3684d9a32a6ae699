import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL } from '../../emulator/github/index.mjs'
import type { Scope } from '../../emulator/github/state.mjs'
import { CXONE_A, CXONE_B, CXONE_C, type Inputs, LONG_LIVED, lines, more } from '../support/lifecycle.js'
import {
  liveTokens,
  DAY_MS,
  issueToken,
  NAME,
  startServers,
  postOf,
  REPOSITORY,
  rotateWith,
  type Servers,
  type ServersOptions,
  VARIABLE,
  writtenBy
} from '../support/rotation.js'
import { cleanup, type RunResult } from '../support/runner.mjs'

const WHOSE = 'of Example Contact Centre (0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48)'
const SECRETS = '/repos/octo-org/app/actions/secrets'
const VARIABLES = '/repos/octo-org/app/actions/variables'
const NOTHING_TO_DO = 'Clean-up: nothing to do.\n'

/** What every step masks before it says a word, and what it says of the exchange. */
const MASKS = [
  '::add-mask::{client secret}',
  '::add-mask::emulated-Genesys_secret%252F7Qm%252BZk2vXw9',
  '::add-mask::{github token}'
]
const EXCHANGE = [
  'Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.',
  'base-url: every request, with its secrets, goes to {origin}.',
  '::add-mask::{derived}'
]
const NOT_ROTATED = { rotated: 'false', 'expires-at': '', 'updated-at': '', 'next-rotation-at': '' }

let servers: Servers
afterEach(() => servers?.close())
afterAll(cleanup)

async function open(options: ServersOptions = {}): Promise<void> {
  servers = await startServers(options)
}

/** States that a post step was run with: what it is told is all that it knows, so that once is enough. */
const known = new Set<string>()

/** The post step must have nothing to do, and no request may have been careless. */
async function ended(run: RunResult): Promise<void> {
  expect(Object.values(run.state).filter(value => value !== '')).toEqual([])
  expect(servers.github.violations).toEqual([])
  const state = JSON.stringify(run.state)
  if (known.has(state)) return
  known.add(state)
  const { stdout, exitCode } = await postOf(run)
  expect([exitCode, stdout]).toEqual([0, NOTHING_TO_DO])
}

/** The new token is stored and accepted; it is in no output and no variable, and the post step will not end it. */
async function isRotated(ran: RunResult, scope: Scope = REPOSITORY): Promise<string> {
  expect([ran.exitCode, ran.log]).toEqual([0, expect.stringContaining('holds a new')])
  const stored = servers.stored(scope) ?? ''
  expect(liveTokens(servers.genesys)).toContain(stored)
  for (const text of [ran.files.output, ran.files.env, ran.files.summary, JSON.stringify(ran.state)])
    expect(text).not.toContain(stored)
  expect(ran.log).not.toContain(stored)
  expect(ran.outputs['rotated']).toBe('true')
  await ended(ran)
  return stored
}

describe('a repository’s secret', () => {
  test('is made, with nothing else asked for', async () => {
    await open()
    const ran = await servers.rotate({ 'rotate-after': '1d' })
    expect(writtenBy(ran, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        `Secret ${NAME} of repository octo-org/app does not exist yet; rotating.`,
        ...EXCHANGE,
        '::add-mask::{token 1}',
        `Secret ${NAME} of repository octo-org/app holds a new access token ${WHOSE}, good until {minute}.`
      ),
      stderr: '',
      outputs: {
        rotated: 'true',
        'expires-at': '{time}',
        'updated-at': '{time}',
        'next-rotation-at': '{time}'
      },
      state: { 'token-1': '' },
      env: '',
      summary: ''
    })
    expect(servers.requests()).toEqual([
      `GET ${SECRETS}/public-key 200`,
      `GET ${SECRETS}/${NAME} 404`,
      'POST /oauth/token 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      `PUT ${SECRETS}/${NAME} 201`,
      `GET ${SECRETS}/${NAME} 200`
    ])
    const token = await isRotated(ran)
    expect(liveTokens(servers.genesys)).toEqual([token])

    const { updatedAt = 0 } = servers.github.secret(NAME, REPOSITORY) ?? {}
    const updated = Math.floor(updatedAt / 1000) * 1000
    const { expiresAt = 0 } = servers.genesys.tokens.get(token) ?? {}
    const said = Object.entries(ran.outputs).map(([name, value]) => [name, Date.parse(value)])
    expect(Object.fromEntries(said)).toMatchObject({
      'updated-at': updated,
      'next-rotation-at': updated + DAY_MS
    })
    expect(Date.parse(ran.outputs['expires-at'] ?? '')).toBeLessThanOrEqual(expiresAt)
    expect(Date.parse(ran.outputs['expires-at'] ?? '')).toBeGreaterThan(expiresAt - 60_000)
  })

  test('is replaced, with its variable, and the previous token is revoked after that', async () => {
    const now = Date.now()
    await open({ github: { clock: () => now } })
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, '2026-11-01T00:00:00.000Z')
    servers.forgetRequests()
    const ran = await servers.rotate({ 'previous-token': previous, 'expiry-variable': VARIABLE })
    expect(writtenBy(ran, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `Secret ${NAME} of repository octo-org/app was updated 24 h ago; rotating.`,
        ...EXCHANGE,
        '::add-mask::{token 2}',
        `Secret ${NAME} of repository octo-org/app holds a new access token ${WHOSE}, good until {minute}.`,
        'The previous token is revoked.'
      ),
      stderr: '',
      outputs: {
        rotated: 'true',
        'expires-at': '{time}',
        'updated-at': '{time}',
        'next-rotation-at': '{time}'
      },
      state: { 'token-1': '' },
      env: '',
      summary: ''
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
      { name: VARIABLE, value: ran.outputs['expires-at'] }
    ])
    const token = await isRotated(ran)
    expect(token).not.toBe(previous)
    expect(liveTokens(servers.genesys)).toEqual([token])
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(ran.outputs['expires-at'])
  })

  test('is of another repository, by a name in small letters', async () => {
    await open({ github: { repositories: [{ name: 'octo-org/app' }, { name: 'Other.Org/lib_1' }] } })
    const ran = await servers.rotate({ repository: 'Other.Org/lib_1', 'secret-name': NAME.toLowerCase() })
    await isRotated(ran, { repository: 'other.org/lib_1' })
    expect(servers.github.requests.map(({ path }) => path)).toContain(
      `/repos/Other.Org/lib_1/actions/secrets/${NAME}`
    )
    expect(servers.stored()).toBeUndefined()
  })

  test('takes the new key where the key was changed in between', async () => {
    await open()
    await servers.storeOldToken()
    servers.genesys.intercept = () => {
      servers.github.world.changeKey(REPOSITORY)
      servers.genesys.intercept = undefined
      return false
    }
    const ran = await servers.rotate()
    expect(servers.github.violations).toMatchObject([{ kind: 'value' }])
    servers.github.violations.length = 0
    await isRotated(ran)
    expect(servers.requests().slice(-4)).toEqual([
      `PUT ${SECRETS}/${NAME} 422`,
      `GET ${SECRETS}/public-key 200`,
      `PUT ${SECRETS}/${NAME} 204`,
      `GET ${SECRETS}/${NAME} 200`
    ])
  })
})

describe('the secret’s age', () => {
  const inTheFuture = Date.parse('2031-05-06T07:08:09.500Z')

  async function openWith(agedMs: number): Promise<string> {
    await open({ github: { clock: () => inTheFuture } })
    const token = await issueToken(servers.genesys)
    servers.github.putSecret(NAME, REPOSITORY, token, { updatedAt: inTheFuture - agedMs })
    servers.forgetRequests()
    return token
  }

  test('by GitHub’s own clock it is young enough, and left alone', async () => {
    const token = await openWith(36 * 3_600_000)
    const ran = await servers.rotate({ 'rotate-after': '2d', 'previous-token': token })
    expect(writtenBy(ran, servers.genesys, servers.github)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `Secret ${NAME} of repository octo-org/app was updated 36 h ago; it is left alone for 48 h after an update.`
      ),
      stderr: '',
      outputs: { ...NOT_ROTATED, 'updated-at': '{time}', 'next-rotation-at': '{time}' },
      state: {},
      env: '',
      summary: ''
    })
    expect(ran.outputs['updated-at']).toBe('2031-05-04T19:08:09.000Z')
    expect(ran.outputs['next-rotation-at']).toBe('2031-05-06T19:08:09.000Z')
    expect(servers.requests()).toEqual([`GET ${SECRETS}/public-key 200`, `GET ${SECRETS}/${NAME} 200`])
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(ran)
  })

  test.each([
    ['old enough', 36 * 3_600_000, '36h'],
    ['forced', 0, '0s'],
    ['old enough to the second', 60_000, '60']
  ])('%s, it is replaced', async (_, agedMs, after) => {
    await openWith(agedMs)
    await isRotated(await servers.rotate({ 'rotate-after': after }))
  })

  test('a second short of it, it is left alone', async () => {
    const token = await openWith(58_900)
    await ended(await servers.rotate({ 'rotate-after': '60' }))
    expect(servers.stored()).toBe(token)
  })
})

describe('a dry run', () => {
  test('says what would be done, and does none of it', async () => {
    const now = Date.now()
    await open({ github: { clock: () => now } })
    const token = await servers.storeOldToken()
    servers.forgetRequests()
    const inputs = { 'dry-run': 'true', 'previous-token': token, 'expiry-variable': VARIABLE }
    const ran = await servers.rotate(inputs)
    expect(writtenBy(ran, servers.genesys, servers.github)).toMatchObject({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `Secret ${NAME} of repository octo-org/app was updated 24 h ago. A dry run does nothing; it would make a new ` +
          `token and prove it, store it, set the variable ${VARIABLE}, revoke the previous token.`
      ),
      outputs: { ...NOT_ROTATED, 'updated-at': expect.any(String), 'next-rotation-at': expect.any(String) },
      state: {}
    })
    expect(servers.requests()).toEqual([`GET ${SECRETS}/public-key 200`, `GET ${SECRETS}/${NAME} 200`])
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(ran)
  })

  test('shows a bad GitHub token all the same', async () => {
    await open()
    const ran = await servers.rotate({ 'dry-run': 'true', 'github-token': 'ghp_of-yesterday' })
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-token-rejected' })
  })
})

describe('an environment’s secret', () => {
  test.each(['production', 'Prod / EU 50% – Süd?#&+;=', '100%25/../x', "it's (new)!*~", '测试 🚀'])(
    '%s',
    async environment => {
      await open({ github: { repositories: [{ name: 'octo-org/app', environments: [environment] }] } })
      const scope = { repository: 'octo-org/app', environment }
      const ran = await servers.rotate({ environment, 'expiry-variable': VARIABLE })
      await isRotated(ran, scope)
      expect(servers.github.variable(VARIABLE, scope)?.value).toBe(ran.outputs['expires-at'])
      expect(servers.stored()).toBeUndefined()
      const folder = `/repos/octo-org/app/environments/${encodeURIComponent(environment)}/`
      for (const { path } of servers.github.requests) expect(path).toContain(folder)
      expect(ran.log).toContain(`Secret ${NAME} of environment ${environment} of octo-org/app holds`)
    }
  )
})

describe('an organisation’s secret', () => {
  const organization = 'octo-org'
  const scope = { organization }
  const repositories = Array.from({ length: 230 }, (_, index) => ({
    name: `octo-org/r${index}`,
    id: 5000 + index
  }))
  const ids = repositories.map(({ id }) => id)

  const secret = () => servers.github.secret(NAME, scope)
  const variable = () => servers.github.variable(VARIABLE, scope)

  test('a new one is private, and so is its variable', async () => {
    await open()
    await isRotated(await servers.rotate({ organization, 'expiry-variable': VARIABLE }), scope)
    expect([secret()?.visibility, variable()?.visibility]).toEqual(['private', 'private'])
  })

  test.each(['all', 'private'] as const)('one that is %s stays so', async visibility => {
    await open()
    servers.github.putSecret(NAME, scope, 'old value', { visibility })
    await isRotated(await servers.rotate({ organization }), scope)
    expect(secret()).toMatchObject({ visibility })
  })

  test('one for 230 selected repositories keeps them all; a new variable gets the same, an old one its own', async () => {
    await open({ github: { repositories } })
    servers.github.putSecret(NAME, scope, 'old value', { visibility: 'selected', selectedRepositoryIds: ids })
    const ran = await servers.rotate({ organization, 'expiry-variable': VARIABLE })
    await isRotated(ran, scope)
    expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: ids })
    expect(variable()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: ids })
    const pages = servers.requests().filter(line => line.includes('/repositories'))
    expect(pages.slice(0, 3)).toEqual(
      [1, 2, 3].map(
        page => `GET /orgs/octo-org/actions/secrets/${NAME}/repositories?per_page=100&page=${page} 200`
      )
    )

    await isRotated(
      await servers.rotate({ organization, visibility: 'all', 'expiry-variable': VARIABLE }),
      scope
    )
    expect([secret()?.visibility, variable()?.visibility]).toEqual(['all', 'selected'])
  })

  test('exactly a page, and none at all, are kept', async () => {
    await open({ github: { repositories: repositories.slice(0, 100) } })
    const keeping = async (selected: number[]) => {
      servers.github.putSecret(NAME, scope, 'old value', {
        visibility: 'selected',
        selectedRepositoryIds: selected
      })
      await isRotated(await servers.rotate({ organization }), scope)
      expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: selected })
    }
    await keeping(ids.slice(0, 100))
    await keeping([])
  })

  test('what is asked for is what it gets', async () => {
    await open({ github: { repositories } })
    const selected = { visibility: 'Selected', 'selected-repository-ids': '5003, 5001\n5002' }
    await isRotated(await servers.rotate({ organization, ...selected }), scope)
    expect(secret()).toMatchObject({ visibility: 'selected', selectedRepositoryIds: [5003, 5001, 5002] })
    await isRotated(await servers.rotate({ organization, visibility: 'private' }), scope)
    expect(secret()?.visibility).toBe('private')
  })
})

test('GitHub Enterprise Server has its API below a path', async () => {
  await open({ github: { basePath: '/api/v3' } })
  const ran = await servers.rotate({ 'expiry-variable': VARIABLE }, { env: { GITHUB_API_URL: apiUrl() } })
  await isRotated(ran)
  for (const { path } of servers.github.requests) expect(path).toMatch(/^\/api\/v3\/repos\/octo-org\/app\//)
  function apiUrl() {
    expect(servers.github.url).toMatch(/\/api\/v3$/)
    return `${servers.github.url}/`
  }
})

describe('the expiry variable', () => {
  test('somebody else makes it at the same moment', async () => {
    await open()
    servers.github.interceptAfter = ({ operation, status }) => {
      if (operation === 'actions/update-repo-variable') {
        servers.github.putVariable(VARIABLE, REPOSITORY, 'somebody else’s')
        servers.github.interceptAfter = undefined
      }
      return status === -1
    }
    const ran = await servers.rotate({ 'expiry-variable': VARIABLE })
    await isRotated(ran)
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
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(ran.outputs['expires-at'])
  })

  test('a new one says that nothing is known, until the token is stored', async () => {
    await open()
    servers.genesys.intercept = ({ path }) => {
      if (path === '/oauth/token') expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
      return false
    }
    await isRotated(await servers.rotate({ 'expiry-variable': VARIABLE.toLowerCase() }))
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toMatch(/^20/)
  })

  test('without the right to write it, nothing is made', async () => {
    await open({
      github: {
        tokens: [
          { token: GITHUB_TOKEN_FOR_ALL, permissions: { secrets: 'write', actions_variables: 'read' } }
        ]
      }
    })
    const token = await servers.storeOldToken()
    const ran = await servers.rotate({ 'expiry-variable': VARIABLE })
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-forbidden' })
    expect(ran.log).toContain('the repository permission Variables: write')
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(ran)
  })
})

describe('the previous token', () => {
  const OTHER_ORGANIZATION = { id: '7d1c0b12-0000-4aaa-8bbb-000000000001', name: 'Another Centre' }
  const OTHER_CLIENT = { id: 'other-client', secret: 'other-client-secret' }

  test('where the platform gives the same token again, it lives on', async () => {
    await open()
    const previous = await servers.storeOldToken()
    servers.genesys.intercept = ({ path }, response) => {
      if (path !== '/oauth/token') return false
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ access_token: previous, token_type: 'bearer', expires_in: 86_400 }))
      return true
    }
    const ran = await servers.rotate({ 'previous-token': previous })
    expect(await isRotated(ran)).toBe(previous)
    expect(ran.log).toMatch(/^The previous token is the new one; it lives on\.$/m)
    expect(servers.requests().filter(line => line.startsWith('DELETE'))).toEqual([])
  })

  test.each([
    ['organisation', { ...OTHER_CLIENT, organization: OTHER_ORGANIZATION }],
    ['OAuth client', OTHER_CLIENT]
  ])('of another %s, it is left alone with a warning', async (_, client) => {
    await open({ genesys: { clients: [{}, client] } })
    const previous = await issueToken(servers.genesys, OTHER_CLIENT)
    const ran = await servers.rotate({ 'previous-token': previous })
    const token = await isRotated(ran)
    expect(liveTokens(servers.genesys)).toEqual([previous, token])
    expect(ran.log).toContain(
      'Warning: The previous token is of another organisation or OAuth client; it is not revoked.'
    )
  })

  test.each(['true', 'false'])('that is gone already is no trouble (verify: %s)', async verify => {
    await open()
    const previous = await servers.storeOldToken()
    for (const token of servers.genesys.tokens.values()) token.revoked = true
    const ran = await servers.rotate({ 'previous-token': previous, verify })
    await isRotated(ran)
    expect(ran.log).toMatch(/^The previous token is gone already\.$/m)
  })

  test('is revoked without verify too, once it is known whose both are', async () => {
    await open()
    const previous = await servers.storeOldToken()
    servers.forgetRequests()
    const token = await isRotated(await servers.rotate({ 'previous-token': previous, verify: 'false' }))
    expect(liveTokens(servers.genesys)).toEqual([token])
    expect(servers.requests().filter(line => line.includes('tokens/me'))).toEqual([
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true 200',
      'DELETE /api/v2/tokens/me 200'
    ])
  })

  test('that is no token of the platform’s is never sent to GitHub', async () => {
    await open()
    const ran = await servers.rotate({ 'previous-token': 'something-else-entirely' })
    await isRotated(ran)
    expect(JSON.stringify(servers.github.requests)).not.toContain('something-else-entirely')
  })
})

describe('other exchanges', () => {
  test('a long-lived token: the initial one is revoked when the job ends, the stored one lives', async () => {
    await open()
    const previous = await servers.storeOldToken()
    servers.forgetRequests()
    const ran = await servers.rotate({ ...LONG_LIVED, 'rotate-after': '300d', 'previous-token': previous })
    expect([ran.exitCode, servers.stored()]).toEqual([0, previous])

    const again = await servers.rotate({ ...LONG_LIVED, 'min-lifetime': '300d', 'previous-token': previous })
    const kept = servers.stored() ?? ''
    expect(servers.genesys.tokens.get(kept)).toMatchObject({ kind: 'long-lived', revoked: false })
    expect(again.log).toMatch(/holds a new long-lived token .*\n(.*\n)*The previous token is revoked\./)
    const ended = await postOf(again)
    expect([ended.exitCode, ended.log]).toEqual([0, 'Clean-up: access token revoked.\n'])
    expect(liveTokens(servers.genesys)).toEqual([kept])
    expect(servers.github.violations).toEqual([])
  })

  test.each([
    ['A', CXONE_A, {}],
    ['B', CXONE_B, {}],
    ['C', CXONE_C, { verify: 'false' }]
  ])('NICE CXone %s', async (_, credentials, more) => {
    const platform = await startCxone()
    const github = await startCheckedGithub()
    try {
      const inputs: Inputs = { ...credentials, ...more, 'base-url': platform.origin }
      const ran = await rotateWith(github, { ...inputs, 'expiry-variable': VARIABLE })
      expect([ran.exitCode, ran.outputs['rotated']]).toEqual([0, 'true'])
      const stored = github.stored(NAME, REPOSITORY) ?? ''
      expect(platform.tokens.has(stored)).toBe(true)
      expect(ran.log).toContain(
        'verify' in more ? 'a new access token, good' : `token of tenant (${CXONE_TENANT.id}), good`
      )
      for (const secret of [stored, ...platform.alsoIssued]) {
        expect(ran.masks).toContain(secret)
        expect(ran.log + ran.files.output + ran.files.env + JSON.stringify(ran.state)).not.toContain(secret)
      }
      expect(github.variable(VARIABLE, REPOSITORY)?.value).toBe(ran.outputs['expires-at'])
      expect((await postOf(ran)).stdout).toBe(NOTHING_TO_DO)
      expect(github.violations).toEqual([])
    } finally {
      await Promise.all([platform.close(), github.close()])
    }
  })

  test('NICE CXone revokes none, so previous-token is refused; a client alone proves nothing', async () => {
    const platform = await startCxone()
    const github = await startCheckedGithub()
    try {
      const inputs = { 'base-url': platform.origin, ...CXONE_B, 'previous-token': 'eyJhbGciOiJSUzI1NiJ9' }
      const refused = await rotateWith(github, inputs)
      expect(refused.outputs).toEqual({ 'error-code': 'invalid-input' })
      expect(github.requests).toEqual([])
      const unproved = await rotateWith(github, { 'base-url': platform.origin, ...CXONE_C })
      expect(unproved.outputs).toEqual({ rotated: 'false', 'error-code': 'bad-response' })
      expect(github.secret(NAME, REPOSITORY)).toBeUndefined()
      expect((await postOf(unproved)).log).toBe(NOTHING_TO_DO)
    } finally {
      await Promise.all([platform.close(), github.close()])
    }
  })
})

describe('guards', () => {
  test.each([
    ['organization-not-allowed', { 'allowed-organization-ids': '11111111-2222-4333-8444-555555555555' }],
    ['lifetime-too-short', { 'min-lifetime': '48h' }]
  ])('%s: the new token is revoked, the old secret stands', async (code, inputs) => {
    await open()
    const token = await servers.storeOldToken()
    const ran = await servers.rotate({ ...inputs, 'previous-token': token })
    expect([ran.exitCode, ran.outputs]).toEqual([1, { rotated: 'false', 'error-code': code }])
    expect(ran.log).toContain('The secret is as it was; the new token is revoked.')
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(ran)
  })

  test('wrong credentials: nothing was made', async () => {
    await open()
    const token = await servers.storeOldToken()
    const ran = await servers.rotate({ 'client-secret': 'wrong-client-secret' })
    expect([ran.exitCode, ran.outputs]).toEqual([
      1,
      { rotated: 'false', 'error-code': 'credentials-rejected' }
    ])
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(ran)
  })
})

describe('what GitHub refuses', () => {
  const ORGANIZATION = { organization: 'octo-org' }
  const ENVIRONMENT = { environment: 'production' }

  async function openAs(
    kind: 'fine-grained' | 'workflow' | 'installation' | 'classic',
    permissions: Record<string, 'read' | 'write'>
  ): Promise<void> {
    await open({ github: { tokens: [{ token: GITHUB_TOKEN_FOR_ALL, kind, permissions }] } })
  }

  test.each([
    ['the repository permission Secrets: write', {}],
    ['the repository permission Environments: write', ENVIRONMENT],
    ['the organisation permission Secrets: write', ORGANIZATION]
  ])('the missing right to read shows first: %s', async (needed, inputs) => {
    await openAs('fine-grained', {})
    const ran = await servers.rotate(inputs)
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-forbidden' })
    expect(ran.log).toContain('Resource not accessible by personal access token')
    expect(ran.log).toContain(`The github-token needs ${needed}.`)
    expect(servers.genesys.requests).toEqual([])
    await ended(ran)
  })

  test.each([
    ['the repository permission Secrets: write', { secrets: 'read' as const }, {}],
    ['the repository permission Environments: write', { environments: 'read' as const }, ENVIRONMENT],
    ['the organisation permission Secrets: write', { organization_secrets: 'read' as const }, ORGANIZATION]
  ])(
    'the missing right to write shows when storing, and the token is revoked: %s',
    async (needed, permissions, inputs) => {
      await openAs('installation', permissions)
      const ran = await servers.rotate(inputs)
      expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-forbidden' })
      expect(ran.log).toContain(`The github-token needs ${needed}.`)
      expect(ran.log).toContain('The secret is as it was; the new token is revoked.')
      expect([servers.genesys.tokens.size, liveTokens(servers.genesys)]).toEqual([1, []])
      await ended(ran)
    }
  )

  test.each([
    ['the repository permission Variables: write', { secrets: 'write' as const }, {}],
    ['the organisation permission Variables: write', { organization_secrets: 'write' as const }, ORGANIZATION]
  ])(
    'the missing right to the variable shows before anything is made: %s',
    async (needed, permissions, inputs) => {
      await openAs('fine-grained', permissions)
      const ran = await servers.rotate({ ...inputs, 'expiry-variable': VARIABLE })
      expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-forbidden' })
      expect(ran.log).toContain(`The github-token needs ${needed}.`)
      expect(servers.genesys.requests).toEqual([])
    }
  )

  test('the workflow’s own GITHUB_TOKEN is told what can', async () => {
    await openAs('workflow', { secrets: 'write' })
    const ran = await servers.rotate()
    expect(writtenBy(ran, servers.genesys, servers.github)['stdout']).toBe(
      lines(
        ...MASKS,
        `::error::[github-forbidden] GET {github}${SECRETS}/public-key answered 403 (Resource not accessible by ` +
          'integration), request id {id}, 1 attempt.%0AThe github-token needs the repository permission Secrets: write. ' +
          'The workflow’s own GITHUB_TOKEN can never have it: use a fine-grained personal access token, or a GitHub ' +
          'App’s token.' +
          more('github-forbidden')
      )
    )
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-forbidden' })
    await ended(ran)
  })

  test.each([
    ['repository octo-org/nowhere', { repository: 'octo-org/nowhere' }],
    ['environment staging of octo-org/app', { environment: 'staging' }],
    ['organisation octo-nobody', { organization: 'octo-nobody' }]
  ])('%s does not exist', async (words, inputs) => {
    await open()
    const ran = await servers.rotate(inputs)
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'github-not-found' })
    expect(ran.log).toContain(`Either ${words} does not exist, or the github-token may not see it`)
    expect(servers.genesys.requests).toEqual([])
    await ended(ran)
  })

  test('a repository that was renamed', async () => {
    await open()
    servers.github.world.rename('octo-org/app', 'octo-org/service')
    const ran = await servers.rotate()
    expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'redirected' })
    expect(ran.log).toContain('give its new name in repository')
    expect(servers.genesys.requests).toEqual([])
  })

  test('a secondary rate limit is waited out, and one that lasts is told', async () => {
    await open()
    servers.github.throttle({ retryAfter: 1, operation: 'actions/create-or-update-repo-secret' })
    const ran = await servers.rotate()
    await isRotated(ran)
    expect(ran.log).toMatch(
      /answered 403, which says that too much is asked for, attempt 1; waiting [12]\.\d s before the next/
    )
    const token = servers.stored()

    servers.github.throttle({ retryAfter: 900, operation: 'actions/create-or-update-repo-secret' })
    const late = await servers.rotate()
    expect(late.outputs).toEqual({ rotated: 'false', 'error-code': 'rate-limited' })
    expect(late.log).toContain('asking to wait 15 min, which reaches past the timeout of 2 min')
    expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([token, [token]])
    await ended(late)
  })
})

describe('refused before any request', () => {
  const refused: [string, Inputs, string][] = [
    ['a path', { 'secret-name': '../public-key' }, 'Input secret-name is “../public-key”'],
    ['GitHub’s prefix', { 'secret-name': 'github_x' }, 'Input secret-name is “github_x”'],
    ['a bad variable', { 'expiry-variable': 'A B' }, 'Input expiry-variable is “A B”'],
    ['a climbing environment', { environment: '..' }, 'Input environment is “..”'],
    [
      'selected without ids',
      { organization: 'o', visibility: 'selected' },
      'selected-repository-ids is empty'
    ],
    [
      'visibility of a repository',
      { visibility: 'all' },
      'only an organisation’s secret is shared among repositories'
    ]
  ]
  test('each by name', async () => {
    await open()
    for (const [what, inputs, words] of refused) {
      const ran = await servers.rotate(inputs)
      expect([what, ran.exitCode, ran.outputs]).toEqual([what, 1, { 'error-code': 'invalid-input' }])
      expect(ran.log).toContain(words)
      expect(ran.state).toEqual({})
    }
    expect(servers.requests()).toEqual([])
  })

  test('no github-token: what can write a secret is said', async () => {
    await open()
    const ran = await servers.rotate({ 'github-token': '' })
    expect(ran.outputs).toEqual({ 'error-code': 'missing-credential' })
    expect(ran.log).toContain('the workflow’s own GITHUB_TOKEN cannot')
    expect(servers.requests()).toEqual([])
  })

  test('credentials may come from the environment', async () => {
    await open()
    const ran = await servers.rotate(
      { 'client-id': '', 'client-secret': '', region: '' },
      {
        env: {
          GENESYS_CLOUD_REGION: 'eu-west-1',
          GENESYS_CLOUD_CLIENT_ID: GENESYS_CLIENT.id,
          GENESYS_CLOUD_CLIENT_SECRET: GENESYS_CLIENT.secret
        }
      }
    )
    await isRotated(ran)
    expect(ran.log).toContain('Taken from the environment: ')
  })
})

test('with step debugging on, no line holds a secret', async () => {
  await open()
  const previous = await servers.storeOldToken()
  const ran = await servers.rotate({ 'previous-token': previous, 'expiry-variable': VARIABLE }, { debug: true })
  const token = await isRotated(ran)
  expect(ran.log).toContain(`##[debug]PUT ${servers.github.url}${SECRETS}/${NAME}: 204, kept connection, `)
  const unmasked = ran.stdout.replace(/^::add-mask::.*$/gm, '')
  for (const secret of [token, previous, GENESYS_CLIENT.secret, GITHUB_TOKEN_FOR_ALL])
    expect(unmasked).not.toContain(secret)
})
