import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import { GITHUB_TOKEN_FOR_ALL } from '../../emulator/github/index.mjs'
import { lines, more, summaryOf } from '../support/expected.js'
import {
  CXONE_ACCESS_KEY_INPUTS,
  CXONE_APPLICATION_INPUTS,
  CXONE_CLIENT_INPUTS,
  LONG_LIVED
} from '../support/inputs.js'
import {
  DAY_MS,
  liveTokens,
  NAME,
  postOf,
  REPOSITORY,
  type Servers,
  startServers,
  VARIABLE
} from '../support/rotation.js'
import { cleanup, type RunResult } from '../support/runner.mjs'
import { written } from '../support/written.js'

// What a rotation does in each case: ../rotate.test.ts, without child processes.

const SECRETS = '/repos/octo-org/app/actions/secrets'
const VARIABLES = '/repos/octo-org/app/actions/variables'
const SECRET = `Secret ${NAME} of repository octo-org/app`
const NOTHING_TO_DO = 'Clean-up: nothing to do.\n'

/** The masks that every step writes first. */
const MASKS = [
  '::add-mask::{client secret}',
  '::add-mask::emulated-Genesys_secret%252F7Qm%252BZk2vXw9',
  '::add-mask::{github token}'
]
const OUTPUTS = {
  rotated: 'true',
  'expires-at': '{time}',
  'idles-at': '',
  'updated-at': '{time}',
  'next-rotation-at': '{time}'
}

let servers: Servers
beforeEach(async () => {
  const now = Date.now()
  servers = await startServers({ clock: () => now })
})
afterEach(() => servers.close())
afterAll(cleanup)

/** Returns everything that a step wrote, in the spelling of `normal`. */
function writtenBy(run: RunResult) {
  const { stdout, ...others } = written(run, servers.genesys)
  const plain = stdout
    .replaceAll(servers.github.url, '{github}')
    .replaceAll(GITHUB_TOKEN_FOR_ALL, '{github token}')
    .replace(/request id [\w:]+/g, 'request id {id}')
  return { ...others, stdout: plain, state: run.state }
}

/** Expects that the post step has nothing to do, and that no request broke a rule of GitHub. */
async function expectNothingToCleanUp(run: RunResult): Promise<void> {
  expect(Object.values(run.state).filter(value => value !== '')).toEqual([])
  expect(servers.github.violations).toEqual([])
  const { stdout, exitCode } = await postOf(run)
  expect([exitCode, stdout]).toEqual([0, NOTHING_TO_DO])
}

/** Expects that the secret contains the only valid token, and that neither an output nor the state contains it. */
async function expectRotated(run: RunResult): Promise<string> {
  const stored = servers.stored() ?? ''
  expect(liveTokens(servers.genesys)).toEqual([stored])
  for (const text of [run.files.output, run.files.env, run.files.summary, JSON.stringify(run.state), run.log])
    expect(text).not.toContain(stored)
  await expectNothingToCleanUp(run)
  return stored
}

describe('the secret of a repository', () => {
  test('is replaced, then its variable; then the previous token is revoked', async () => {
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, '2026-11-01T00:00:00.000Z')
    servers.forgetRequests()
    const run = await servers.rotate({
      'previous-token': previous,
      'expiry-variable': VARIABLE,
      'rotate-after': '12h'
    })
    expect(writtenBy(run)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `${SECRET} was updated 24 h ago. Rotating it.`,
        'Genesys Cloud, region eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.',
        'base-url: all requests, with their secrets, go to {origin}.',
        '::add-mask::{derived}',
        '::add-mask::{token 2}',
        `${SECRET} contains a new access token of organisation Example Contact Centre ` +
          '(0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48), valid for 24 h, until {minute}.',
        `For audits: OAuth client ${GENESYS_CLIENT.id}, correlation id {uuid}.`,
        'The previous token was revoked.'
      ),
      stderr: '',
      outputs: OUTPUTS,
      state: { 'token-1': '' },
      env: {},
      summary: summaryOf('Genesys Cloud token rotation', {
        Store: SECRET,
        Result: 'Rotated',
        Organisation: 'Example Contact Centre <code>0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48</code>',
        'OAuth client': `<code>${GENESYS_CLIENT.id}</code>`,
        'Correlation id': '<code>{uuid}</code>',
        Expires: '{minute}, in 24 h',
        'Next rotation': 'from {minute}'
      })
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

    const updated = Math.floor(servers.github.clock() / 1000) * 1000
    const dates = Object.entries(run.outputs).map(([name, value]) => [name, Date.parse(value)])
    expect(Object.fromEntries(dates)).toMatchObject({
      'updated-at': updated,
      'next-rotation-at': updated + DAY_MS / 2
    })
  })

  test.each([
    ['because it is young enough', { 'rotate-after': '2d' }, 'rotate-after is 48 h', ''],
    [
      'in a dry run',
      { 'dry-run': 'true', 'expiry-variable': VARIABLE },
      'this is a dry run',
      ' A rotation would: request and check a new token, store it, ' +
        `set the variable ${VARIABLE}, revoke the previous token.`
    ]
  ])('is not rotated %s', async (_, inputs, reason, steps) => {
    const token = await servers.storeOldToken()
    servers.forgetRequests()
    const run = await servers.rotate({ ...inputs, 'previous-token': token })
    expect(writtenBy(run)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...MASKS,
        '::add-mask::{token 1}',
        `${SECRET} was updated 24 h ago. It is not rotated, because ${reason}.${steps}`
      ),
      stderr: '',
      outputs: { ...OUTPUTS, rotated: 'false', 'expires-at': '' },
      state: {},
      env: {},
      summary: summaryOf('Genesys Cloud token rotation', {
        Store: SECRET,
        Result: `Not rotated, because ${reason}`,
        'Next rotation': 'from {minute}'
      })
    })
    expect(servers.requests()).toEqual([`GET ${SECRETS}/public-key 200`, `GET ${SECRETS}/${NAME} 200`])
    expect(await expectRotated(run)).toBe(token)
  })
})

describe('a rotation that fails', () => {
  test('because GitHub refuses the GITHUB_TOKEN of the workflow says which token works', async () => {
    Object.assign(servers.github.tokens[0] ?? {}, { kind: 'workflow', permissions: {} })
    const run = await servers.rotate()
    expect(writtenBy(run)).toMatchObject({
      exitCode: 1,
      stdout: lines(
        ...MASKS,
        `::error::[github-forbidden] GET {github}${SECRETS}/public-key answered 403 (Resource not accessible by ` +
          'integration), request id {id}, 1 attempt.%0AThe github-token needs the repository permission Secrets: write. ' +
          'The workflow’s own GITHUB_TOKEN cannot have it: use the token of a GitHub App or a fine-grained personal ' +
          'access token.' +
          more('github-forbidden')
      ),
      stderr: '',
      outputs: { rotated: 'false', 'error-code': 'github-forbidden' },
      env: {}
    })
    await expectNothingToCleanUp(run)
  })

  test('because of an input sends no request', async () => {
    const run = await servers.rotate({ 'secret-name': '../public-key' })
    expect([run.exitCode, run.outputs, run.state]).toEqual([1, { 'error-code': 'invalid-input' }, {}])
    expect(run.log).toContain('Input secret-name is “../public-key”')
    expect(servers.requests()).toEqual([])
  })
})

test.each([
  ['an organisation', { organization: 'octo-org' }, { organization: 'octo-org' }],
  ['an environment', { environment: 'production' }, { ...REPOSITORY, environment: 'production' }]
])('stores the token in a secret of %s', async (_, inputs, scope) => {
  const run = await servers.rotate({ ...inputs, 'expiry-variable': VARIABLE })
  expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
  expect(liveTokens(servers.genesys)).toEqual([servers.stored(scope)])
  expect(servers.github.variable(VARIABLE, scope)?.value).toBe(run.outputs['expires-at'])
})

describe('other login methods', () => {
  test('a long-lived token: the initial token is revoked when the job ends, the stored one is not', async () => {
    const previous = await servers.storeOldToken()
    const run = await servers.rotate({ ...LONG_LIVED, 'min-lifetime': '300d', 'previous-token': previous })
    const stored = servers.stored() ?? ''
    expect(servers.genesys.tokens.get(stored)).toMatchObject({ kind: 'long-lived', revoked: false })
    expect(run.log).toMatch(/contains a new long-lived token .*\n(.*\n)*The previous token was revoked\.\n/)
    const post = await postOf(run)
    expect([post.exitCode, post.log]).toEqual([0, 'Clean-up: access token revoked.\n'])
    expect(liveTokens(servers.genesys)).toEqual([stored])
    expect(servers.github.violations).toEqual([])
  })

  test.each([
    ['a client and an access key', CXONE_APPLICATION_INPUTS, {}],
    ['an access key', CXONE_ACCESS_KEY_INPUTS, {}],
    ['a client alone', CXONE_CLIENT_INPUTS, { verify: 'false' }]
  ] as const)('NICE CXone: %s', async (_, credentials, others) => {
    const platform = await startCxone()
    try {
      const run = await servers.rotate({
        'client-id': '',
        'client-secret': '',
        region: '',
        ...credentials,
        ...others,
        'base-url': platform.origin
      })
      expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
      const stored = servers.stored() ?? ''
      expect(platform.tokens.has(stored)).toBe(true)
      expect(run.log).toContain(
        'verify' in others ? 'a new access token, valid' : `token of tenant ${CXONE_TENANT.id}, valid`
      )
      for (const secret of [stored, ...platform.alsoIssued]) {
        expect(run.masks).toContain(secret)
        expect(run.log + run.files.output + run.files.env + JSON.stringify(run.state)).not.toContain(secret)
      }
      await expectNothingToCleanUp(run)
    } finally {
      await platform.close()
    }
  })
})
