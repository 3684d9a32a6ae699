import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startCxone } from '../emulator/cxone.mjs'
import type { GitHubOptions } from '../emulator/github/index.mjs'
import { TestClock } from './support/clock.js'
import { CXONE_ACCESS_KEY_INPUTS, LONG_LIVED } from './support/inputs.js'
import { reset, respond } from './support/respond.js'
import {
  DAY_MS,
  type Intercepted,
  type Interceptor,
  interceptAll,
  isPut,
  liveTokens,
  NAME,
  REPOSITORY,
  rotateInProcess,
  type Servers,
  startServers,
  VARIABLE
} from './support/rotation.js'

const ONCE = { 'max-attempts': '1' }
const ORGANIZATION = { organization: 'octo-org' }

/** What the log says about the outcome of storing. */
const UNCHANGED = 'The stored token is unchanged; the new one'
const UNKNOWN = 'It is unknown whether the new token is stored.'

let servers: Servers
let previous: string
async function start(options?: GitHubOptions): Promise<void> {
  await servers?.close()
  servers = await startServers(options)
  previous = await servers.storeOldToken()
  servers.forgetRequests()
}
beforeEach(() => start())
afterEach(() => {
  expect(servers.github.violations).toEqual([])
  return servers.close()
})

const isStore = (call: Intercepted) => isPut(call) && !call.isApplied
const isStored = (call: Intercepted) => isPut(call) && call.isApplied
const isRevoke = ({ request, isApplied }: Intercepted) => request.method === 'DELETE' && !isApplied
const isLogin = ({ request, isApplied }: Intercepted) => request.path === '/oauth/token' && !isApplied
/** Whether it asks who a token belongs to. */
const isIdentify = ({ request, server, isApplied }: Intercepted) =>
  request.method === 'GET' && server === 'genesys' && !isApplied

/** Returns an interceptor that responds with 500 to every request to GitHub, from the first PUT on. */
function gitHubFailsFromPut(): Interceptor {
  let hasBegun = false
  return call => {
    hasBegun ||= isStore(call)
    return hasBegun && call.server === 'github' && !call.isApplied && respond(call, 500)
  }
}

const revocations = () => servers.requests().filter(line => line.startsWith('DELETE'))

/** The secret contains the old token, and there is no other token. */
function expectUnchanged(): void {
  expect([servers.stored(), liveTokens(servers.genesys)]).toEqual([previous, [previous]])
}

/** The old and the new token are live, because either may be stored. */
function expectBothLive(): void {
  const tokens = liveTokens(servers.genesys)
  expect(tokens).toHaveLength(2)
  expect(tokens).toContain(servers.stored())
}

describe('a rotation', () => {
  test('creates the secret and the variable, and sends its requests in this order', async () => {
    servers.github.world.holder(REPOSITORY)?.secrets.clear()
    const inputs = { 'previous-token': previous, 'expiry-variable': VARIABLE }
    const { code, outputs, state, stdout } = await rotateInProcess(servers, inputs)
    expect([code, outputs['rotated'], state]).toEqual([undefined, 'true', { 'token-1': '' }])
    expect(stdout).toContain(`\nSecret ${NAME} of repository octo-org/app does not exist yet. Rotating it.\n`)
    expect(servers.requests().map(line => line.split(' ')[0])).toEqual(
      'GET GET GET PATCH POST POST GET PUT PATCH GET DELETE GET'.split(' ')
    )
    expect(liveTokens(servers.genesys)).toEqual([servers.stored()])
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(outputs['expires-at'])
  })

  test.each([
    ['36 h, rotate-after 36 h', 36 * 3_600_000, '36h', 'true'],
    ['0 s, rotate-after 0 s', 0, '0s', 'true'],
    ['60 s, rotate-after 60', 60_000, '60', 'true'],
    ['58.9 s, rotate-after 60', 58_900, '60', 'false'],
    ['a second in the future, rotate-after 0 s', -1500, '0s', 'true'],
    ['a second in the future, rotate-after 1 s', -1500, '1s', 'false'],
    ['more than a day in the future', -DAY_MS - 5000, '300d', 'true']
  ])('depends on the age of the secret by GitHub’s clock: %s', async (_, ageMs, rotateAfter, rotated) => {
    const inTheFuture = Date.parse('2031-05-06T07:08:09.500Z')
    servers.github.clock = () => inTheFuture
    servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: inTheFuture - ageMs })
    const { code, outputs, stdout } = await rotateInProcess(servers, { 'rotate-after': rotateAfter })
    expect([code, outputs['rotated']]).toEqual([undefined, rotated])
    expect(
      stdout.includes('::warning::GitHub says that the secret was updated more than a day in the future.')
    ).toBe(ageMs < -DAY_MS)
    if (rotated === 'true') return
    expect(outputs['expires-at']).toBe('')
    expectUnchanged()
    expect(servers.genesys.requests).toEqual([])
  })

  test.each([
    ['nothing more', {}, ''],
    ['expiry-variable', { 'expiry-variable': VARIABLE }, `, set the variable ${VARIABLE}`],
    ['previous-token', { 'previous-token': 'any-previous-token' }, ', revoke the previous token']
  ])('that is a dry run names its steps and changes nothing: %s', async (_, inputs, steps) => {
    const { code, outputs, stdout } = await rotateInProcess(servers, { ...inputs, 'dry-run': 'true' })
    expect([code, outputs['rotated'], outputs['expires-at']]).toEqual([undefined, 'false', ''])
    expect(stdout).toContain(
      'It is not rotated, because this is a dry run. A rotation would: request and check a new token, store ' +
        `it${steps}.\n`
    )
    expectUnchanged()
    expect(servers.genesys.requests).toEqual([])
  })

  test('warns if rotate-after is longer than the token lives', async () => {
    servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: Date.now() - 5 * DAY_MS })
    const { code, stdout } = await rotateInProcess(servers, { 'rotate-after': '3d' })
    expect(code).toBeUndefined()
    expect(stdout).toContain(
      '::warning::rotate-after is 3 d, but the token lives only for 24 h. Make rotate-after shorter.\n'
    )
  })

  test('warns of an idle timeout before the expiry, and has it as an output', async () => {
    const idlesAt = new Date(Date.now() + 1_800_000).toISOString()
    interceptAll(
      servers,
      call =>
        isIdentify(call) && respond(call, 200, { organization: { id: 'the-id' }, dateTokenIdles: idlesAt })
    )
    const { code, outputs, stdout, files } = await rotateInProcess(servers, { summary: 'false' })
    expect([code, outputs['rotated'], outputs['idles-at']]).toEqual([undefined, 'true', idlesAt])
    expect(stdout).toMatch(
      /::warning::The organisation has an idle timeout: .*, although it is stored for later use\./
    )
    expect(files).not.toContain('<table>')
  })

  test('writes “unknown” to the variable if the platform did not say when the token expires', async () => {
    interceptAll(servers, call => {
      if (!isLogin(call)) return false
      expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
      return respond(call, 200, { access_token: previous.toUpperCase(), token_type: 'bearer' })
    })
    const inputs = { verify: 'false', 'expiry-variable': VARIABLE }
    const { code, outputs, stdout } = await rotateInProcess(servers, inputs)
    expect([code, outputs['expires-at']]).toEqual([undefined, ''])
    expect(stdout).toContain('contains a new access token, the platform did not say when it expires.')
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
  })

  test('on NICE CXone never claims to have revoked a token', async () => {
    const platform = await startCxone()
    try {
      interceptAll(servers, call => isStore(call) && respond(call, 403))
      const inputs = { ...CXONE_ACCESS_KEY_INPUTS, 'client-id': '', 'client-secret': '' }
      const parts = { genesys: platform, github: servers.github }
      const { code, stdout } = await rotateInProcess(parts, inputs)
      expect(code).toBe('github-forbidden')
      expect(stdout).not.toContain('revoked')
    } finally {
      await platform.close()
    }
  })
})

describe('the secret', () => {
  test.each([
    ['repository', 'Other.Org/lib_1', {}],
    ['environment', 'octo-org/app', { environment: 'Prod / EU 50% – Süd?#&+;=' }],
    ['environment', 'octo-org/app', { environment: "100%25/../x (it's new)!*~ 测试 🚀" }]
  ])('of another %s: %s %j', async (_, repository, environment) => {
    const environments = Object.values(environment)
    await start({ repositories: [{ name: 'octo-org/app' }, { name: repository, environments }] })
    const inputs = { repository, ...environment, 'expiry-variable': VARIABLE }
    const { code, outputs } = await rotateInProcess(servers, inputs)
    const scope = { repository, ...environment }
    expect([code, servers.stored(scope)]).toEqual([undefined, liveTokens(servers.genesys).at(-1)])
    expect(servers.github.variable(VARIABLE, scope)?.value).toBe(outputs['expires-at'])
    expect(servers.stored()).toBe(previous)
  })

  const repositories = Array.from({ length: 230 }, (_, index) => ({
    name: index === 0 ? 'octo-org/app' : `octo-org/r${index}`,
    id: 5000 + index
  }))
  const ids = repositories.map(({ id }) => id)
  const selected = (...selectedRepositoryIds: number[]) =>
    ({ visibility: 'selected', selectedRepositoryIds }) as const

  test.each([
    ['is created as private', undefined, {}, { visibility: 'private' }],
    ['stays private', { visibility: 'private' }, {}, { visibility: 'private' }],
    ['stays visible to all', { visibility: 'all' }, {}, { visibility: 'all' }],
    ['keeps its 230 repositories', selected(...ids), {}, selected(...ids)],
    ['keeps an empty list', selected(), {}, selected()],
    [
      'gets the repositories that are given',
      { visibility: 'all' },
      { visibility: 'Selected', 'selected-repository-ids': '5003, 5001\n5002' },
      selected(5003, 5001, 5002)
    ]
  ] as const)('of an organisation %s, and so does a new variable', async (_, before, inputs, sharing) => {
    await start({ repositories })
    const { github } = servers
    if (before !== undefined) github.putSecret(NAME, ORGANIZATION, 'old value', before)
    const all = { ...ORGANIZATION, ...inputs, 'expiry-variable': VARIABLE }
    expect((await rotateInProcess(servers, all)).code).toBeUndefined()
    expect(liveTokens(servers.genesys)).toContain(servers.stored(ORGANIZATION))
    expect(github.secret(NAME, ORGANIZATION)).toMatchObject(sharing)
    expect(github.variable(VARIABLE, ORGANIZATION)).toMatchObject(sharing)
  })

  test('of an organisation may change its visibility; its variable keeps its own', async () => {
    servers.github.putVariable(VARIABLE, ORGANIZATION, 'old value')
    const inputs = { ...ORGANIZATION, visibility: 'all', 'expiry-variable': VARIABLE }
    expect((await rotateInProcess(servers, inputs)).code).toBeUndefined()
    expect(servers.github.secret(NAME, ORGANIZATION)?.visibility).toBe('all')
    expect(servers.github.variable(VARIABLE, ORGANIZATION)?.visibility).toBe('private')
  })
})

describe('a rotation that fails before the token is stored', () => {
  test.each([
    ['lifetime-too-short', { 'min-lifetime': '3d' }],
    ['organization-not-allowed', { 'allowed-organization-ids': 'another-one' }]
  ])('%s: the new token is revoked', async (code, inputs) => {
    const result = await rotateInProcess(servers, { ...inputs, 'previous-token': previous })
    expect([result.code, result.outputs, result.state]).toEqual([
      code,
      { rotated: 'false', 'error-code': code },
      { 'token-1': '' }
    ])
    expectUnchanged()
  })

  test('an idle timeout before min-lifetime: the new token is revoked', async () => {
    interceptAll(servers, call => {
      if (!isIdentify(call)) return false
      const dateTokenIdles = new Date(Date.now() + 1_800_000).toISOString()
      return respond(call, 200, { organization: { id: 'the-id' }, dateTokenIdles })
    })
    const { code, stdout } = await rotateInProcess(servers, { 'min-lifetime': '1h' })
    expect([code, stdout]).toEqual([
      'lifetime-too-short',
      expect.stringContaining('If nothing uses the token, it becomes invalid at')
    ])
    expectUnchanged()
  })

  test('GitHub is down: the token was certainly not sent to it, so it is revoked', async () => {
    const { genesys, github } = servers
    // Each request has a connection of its own: the PUT must not be sent on one that is about to be closed.
    github.intercept = (_, response) => {
      response.setHeader('Connection', 'close')
      return false
    }
    genesys.intercept = async ({ method }) => {
      if (method === 'GET') await github.close()
      return false
    }
    const { code, stdout } = await rotateInProcess(servers)
    expect([code, stdout]).toEqual(['network', expect.stringContaining(`\n${UNCHANGED} was revoked.\n`)])
    expectUnchanged()
    await start()
  })

  test('if it cannot be revoked, it is left to the post step', async () => {
    interceptAll(servers, call => (isStore(call) || isRevoke(call)) && respond(call, 403))
    const { code, state, stdout } = await rotateInProcess(servers)
    expect(code).toBe('github-forbidden')
    const fresh = liveTokens(servers.genesys).find(token => token !== previous)
    expect(JSON.parse(state['token-1'] ?? '')).toMatchObject({
      value: fresh,
      kind: 'access',
      provider: 'genesys',
      revocationBaseUrl: servers.genesys.origin
    })
    expect(stdout).toContain(`::warning::${UNCHANGED} could not be revoked yet.`)
    expect(servers.stored()).toBe(previous)
  })

  test('if no token was issued, none is revoked', async () => {
    interceptAll(servers, call => call.server === 'genesys' && !call.isApplied && respond(call, 401))
    expect((await rotateInProcess(servers)).code).toBe('credentials-rejected')
    expect(revocations()).toEqual([])
    expectUnchanged()
  })

  test('a long-lived token is revoked, and the initial token too', async () => {
    interceptAll(servers, call => isStore(call) && respond(call, 403))
    const { code, state } = await rotateInProcess(servers, LONG_LIVED)
    expect([code, state]).toEqual(['github-forbidden', { 'token-1': '', 'token-2': '' }])
    expectUnchanged()
  })
})

describe('if the response to storing is lost', () => {
  test('a secret that is updated a moment later contains the new token', async () => {
    interceptAll(servers, call => isStore(call) && reset(call))
    const clock = new TestClock({ runs: true })
    const { sleep } = clock
    clock.sleep = async ms => {
      servers.github.putSecret(NAME, REPOSITORY, 'stored late')
      await sleep(ms)
    }
    const { code, outputs } = await rotateInProcess(servers, ONCE, clock)
    expect([code, outputs['rotated'], clock.waits]).toEqual([undefined, 'true', [3000]])
    expect(revocations()).toEqual([])
  })

  test.each([
    ['still has the date of the first look, in whole seconds', () => {}],
    ['does not exist', () => servers.github.world.holder(REPOSITORY)?.secrets.clear()],
    [
      'has an older date',
      () => servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: Date.now() - 2 * DAY_MS })
    ]
  ])('a secret that %s: both tokens live', async (_, change) => {
    const now = servers.github.clock()
    servers.github.clock = () => now
    servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: now })
    interceptAll(servers, call => {
      if (!isStored(call)) return false
      change()
      return reset(call)
    })
    const { code, outputs, state, stdout } = await rotateInProcess(servers, ONCE)
    expect([code, outputs, state]).toEqual([
      'network',
      { rotated: 'false', 'error-code': 'network' },
      { 'token-1': '' }
    ])
    expect(stdout).toContain(UNKNOWN)
    expect(stdout).not.toContain(UNCHANGED)
    expect(liveTokens(servers.genesys)).toHaveLength(2)
  })

  test('and the secret cannot be read: a long-lived token lives, its initial token is revoked', async () => {
    interceptAll(servers, gitHubFailsFromPut())
    const { code, state, stdout } = await rotateInProcess(servers, { ...LONG_LIVED, ...ONCE })
    expect([code, state]).toEqual(['unavailable', { 'token-1': '', 'token-2': '' }])
    expect(stdout).toContain('\nThe initial token was revoked.\n')
    expect(stdout).not.toContain(UNCHANGED)
    expect(liveTokens(servers.genesys).map(token => servers.genesys.tokens.get(token)?.kind)).toEqual([
      'access',
      'long-lived'
    ])
  })

  test('an unexpected error is reported without its text', async () => {
    interceptAll(servers, gitHubFailsFromPut())
    const clock = {
      ...new TestClock({ runs: true }),
      sleep: () => Promise.reject(new TypeError('hidden text'))
    }
    const { code, stdout } = await rotateInProcess(servers, {}, clock)
    expect([code, stdout.includes('hidden text'), stdout.includes(UNKNOWN)]).toEqual([
      'internal-error',
      false,
      true
    ])
    expect(liveTokens(servers.genesys)).toHaveLength(2)
  })
})

test('once the token is stored, a failure is a warning', async () => {
  let hasStored = false
  interceptAll(servers, call => {
    hasStored ||= isStored(call)
    const isFailing = (hasStored && call.server === 'github' && !call.isApplied) || isRevoke(call)
    return isFailing && respond(call, 403)
  })
  const inputs = { 'previous-token': previous, 'expiry-variable': VARIABLE }
  const { code, outputs, stdout } = await rotateInProcess(servers, inputs)
  expect([code, outputs]).toEqual([
    undefined,
    {
      rotated: 'true',
      'expires-at': expect.stringMatching(/^20/),
      'idles-at': '',
      'updated-at': '',
      'next-rotation-at': ''
    }
  ])
  expect(stdout.match(/^::warning::[^:]+: \[[a-z-]+\]/gm)).toEqual([
    '::warning::The variable could not be set: [github-forbidden]',
    '::warning::The previous token was not revoked: [forbidden]',
    '::warning::The date of the secret could not be read: [github-forbidden]'
  ])
  expectBothLive()
})

describe('the previous token', () => {
  const OWNER = { organization: { id: 'same' }, OAuthClient: { id: 'client' } }
  const NO_CLIENT = { organization: { id: 'same' } }

  test.each([
    ['of another organisation', { ...OWNER, organization: { id: 'another' } }, OWNER],
    ['of another OAuth client', { ...OWNER, OAuthClient: { id: 'another' } }, OWNER],
    ['of an unknown OAuth client', NO_CLIENT, NO_CLIENT]
  ])('%s is not revoked', async (_, owner, newOwner) => {
    interceptAll(servers, call => {
      if (!isIdentify(call)) return false
      const isPrevious = call.request.headers.authorization === `Bearer ${previous}`
      return respond(call, 200, isPrevious ? owner : newOwner)
    })
    const { code, stdout } = await rotateInProcess(servers, { 'previous-token': previous })
    expect(stdout).toContain(
      '::warning::The previous token belongs to another organisation or OAuth client, so it is not revoked.\n'
    )
    expect([code, revocations()]).toEqual([undefined, []])
  })

  test.each([
    [200, 'The previous token was revoked.\n'],
    [401, 'The previous token is already invalid.\n'],
    [404, '::warning::The previous token was not revoked: [bad-request]']
  ])(
    'is revoked without verify too, after the owners are compared; the answer is %i',
    async (status, line) => {
      if (status !== 200) interceptAll(servers, call => isRevoke(call) && respond(call, status))
      const inputs = { 'previous-token': previous, verify: 'false' }
      const { code, stdout } = await rotateInProcess(servers, inputs)
      expect([code, stdout.includes(`\n${line}`)]).toEqual([undefined, true])
      const aboutTokens = servers.requests().filter(request => request.includes('/tokens/me'))
      expect(aboutTokens.map(request => request.split(' ')[0])).toEqual(['GET', 'GET', 'DELETE'])
    }
  )

  test('is not revoked if the platform does not know it', async () => {
    const { stdout } = await rotateInProcess(servers, { 'previous-token': 'an-unknown-previous-token' })
    expect(stdout).toContain('\nThe previous token is already invalid.\n')
    expect(revocations()).toEqual([])
  })

  test('is not revoked if it is the new one', async () => {
    interceptAll(servers, call => {
      if (!isLogin(call)) return false
      return respond(call, 200, { access_token: previous, token_type: 'bearer', expires_in: 86_400 })
    })
    const { code, stdout } = await rotateInProcess(servers, { 'previous-token': previous })
    expect(code).toBeUndefined()
    expect(stdout).toContain('\nThe previous token is the new one, so it is not revoked.\n')
    expect([servers.stored(), liveTokens(servers.genesys), revocations()]).toEqual([previous, [previous], []])
  })
})
