import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startCxone } from '../emulator/cxone.mjs'
import { fastClock } from './support/in-process.js'
import { CXONE_B, CXONE_C, LONG_LIVED } from './support/lifecycle.js'
import {
  DAY_MS,
  type Intercepted,
  type Interceptor,
  interceptAll,
  liveTokens,
  NAME,
  REPOSITORY,
  reset,
  respond,
  rotateInProcess,
  type Servers,
  startServers,
  VARIABLE
} from './support/rotation.js'

const ONCE = { 'max-attempts': '1' }

/** What the log says about the outcome of storing. */
const UNCHANGED = 'The stored token is unchanged; the new one'
const UNKNOWN = 'It is unknown whether the new token is stored.'

let servers: Servers
let previous: string
beforeEach(async () => {
  servers = await startServers()
  previous = await servers.storeOldToken()
  servers.forgetRequests()
})
afterEach(() => servers.close())

const isStore = ({ request, isApplied }: Intercepted) => request.method === 'PUT' && !isApplied
const isRevoke = ({ request, isApplied }: Intercepted) => request.method === 'DELETE' && !isApplied
const isLogin = ({ request, isApplied }: Intercepted) => request.path === '/oauth/token' && !isApplied
/** Whether it asks who a token belongs to. */
const isIdentify = ({ request, server, isApplied }: Intercepted) =>
  request.method === 'GET' && server === 'genesys' && !isApplied

/** Returns an interceptor that responds to every request to GitHub with 500, from the first PUT on. */
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
  test('sends its requests in this order', async () => {
    const inputs = { 'previous-token': previous, 'expiry-variable': VARIABLE }
    const { code, outputs, state } = await rotateInProcess(servers, inputs)
    expect([code, outputs['rotated'], state]).toEqual([undefined, 'true', { 'token-1': '' }])
    expect(servers.requests().map(line => line.split(' ')[0])).toEqual(
      'GET GET GET PATCH POST POST GET PUT PATCH GET DELETE GET'.split(' ')
    )
    expect(liveTokens(servers.genesys)).toEqual([servers.stored()])
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe(outputs['expires-at'])
  })

  test('does nothing if the secret is young enough', async () => {
    const { code, outputs } = await rotateInProcess(servers, { 'rotate-after': '25h' })
    expect([code, outputs['rotated'], outputs['expires-at']]).toEqual([undefined, 'false', ''])
    expectUnchanged()
    expect(servers.genesys.requests).toEqual([])
  })

  test.each([
    ['nothing more', [], ''],
    ['expiry-variable', ['expiry-variable'], `, set the variable ${VARIABLE}`],
    ['previous-token', ['previous-token'], ', revoke the previous token'],
    [
      'both',
      ['expiry-variable', 'previous-token'],
      `, set the variable ${VARIABLE}, revoke the previous token`
    ]
  ])('that is a dry run names its steps and changes nothing: %s', async (_, names, steps) => {
    const values: Record<string, string> = { 'expiry-variable': VARIABLE, 'previous-token': previous }
    const inputs = Object.fromEntries(names.map(name => [name, values[name] ?? '']))
    const { code, outputs, stdout } = await rotateInProcess(servers, { ...inputs, 'dry-run': 'true' })
    expect([code, outputs['rotated'], outputs['expires-at']]).toEqual([undefined, 'false', ''])
    expect(stdout).toContain(
      'It is not rotated, because this is a dry run. A rotation would: request and check a new token, store ' +
        `it${steps}.\n`
    )
    expectUnchanged()
    expect(servers.genesys.requests).toEqual([])
  })

  test.each([
    ['a second in the future', 1500, '0s', ''],
    [
      'more than a day in the future',
      DAY_MS + 5000,
      '300d',
      '::warning::GitHub says that the secret was updated more than a day in the future.'
    ]
  ])('happens although the date of the secret is %s', async (_, aheadMs, rotateAfter, warning) => {
    const { github } = servers
    github.putSecret(NAME, REPOSITORY, previous, { updatedAt: github.clock() + aheadMs })
    const { code, outputs, stdout } = await rotateInProcess(servers, { 'rotate-after': rotateAfter })
    expect([code, outputs['rotated']]).toEqual([undefined, 'true'])
    expect(stdout).toContain(warning)
  })

  test('warns if rotate-after is longer than the token lives', async () => {
    servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: Date.now() - 5 * DAY_MS })
    const { code, stdout } = await rotateInProcess(servers, { 'rotate-after': '3d' })
    expect(code).toBeUndefined()
    expect(stdout).toContain(
      '::warning::rotate-after is 3 d, but the token lives only for 24 h. Make rotate-after shorter.\n'
    )
  })

  test('writes "unknown" to the variable if the platform did not say when the token expires', async () => {
    interceptAll(servers, call => {
      if (!isLogin(call)) return false
      return respond(call, 200, { access_token: previous.toUpperCase(), token_type: 'bearer' })
    })
    const inputs = { verify: 'false', 'expiry-variable': VARIABLE }
    const { code, outputs, stdout } = await rotateInProcess(servers, inputs)
    expect([code, outputs['expires-at']]).toEqual([undefined, ''])
    expect(stdout).toContain('contains a new access token, the platform did not say when it expires.')
    expect(servers.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
  })

  test('creates the secret and the variable of an organisation as private', async () => {
    const scope = { organization: 'octo-org' }
    const { code } = await rotateInProcess(servers, { ...scope, 'expiry-variable': VARIABLE })
    const { github } = servers
    expect([
      code,
      github.secret(NAME, scope)?.visibility,
      github.variable(VARIABLE, scope)?.visibility
    ]).toEqual([undefined, 'private', 'private'])
  })

  test.each([
    ['with an access key', CXONE_B, {}],
    ['with a client alone', CXONE_C, { verify: 'false' }]
  ])('on NICE CXone %s never claims to have revoked a token', async (_, credentials, others) => {
    const platform = await startCxone()
    try {
      const { github } = servers
      const inputs = { 'client-id': '', 'client-secret': '', region: '', ...credentials, ...others }
      const { code } = await rotateInProcess({ genesys: platform, github }, inputs)
      expect(code).toBeUndefined()
      expect(platform.tokens.has(servers.stored() ?? '')).toBe(true)

      github.intercept = (request, response) =>
        request.method === 'PUT' && respond({ request, response }, 403)
      const refused = await rotateInProcess({ genesys: platform, github }, inputs)
      expect(refused.code).toBe('github-forbidden')
      expect(refused.stdout).not.toContain('revoked')
    } finally {
      await platform.close()
    }
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
    expect([code, stdout.includes('If nothing uses the token, it becomes invalid at')]).toEqual([
      'lifetime-too-short',
      true
    ])
    expectUnchanged()
  })

  test.each([400, 401, 403, 404, 409, 422, 429])('GitHub refuses it with %i: it is revoked', async status => {
    interceptAll(servers, call => isStore(call) && respond(call, status, {}, { 'Retry-After': '900' }))
    const result = await rotateInProcess(servers, { ...ONCE, 'previous-token': previous })
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toEqual({ rotated: 'false', 'error-code': result.code })
    expect(result.state).toEqual({ 'token-1': '' })
    expect(result.stdout).toContain(`\n${UNCHANGED} was revoked.\n`)
    expectUnchanged()
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

  test('a public key that cannot be used is found before a token is requested', async () => {
    const { publicKey, id } = servers.github.world.holder(REPOSITORY)?.key ?? { publicKey: [], id: '' }
    const key = `${Buffer.from(publicKey).toString('base64')}\n`
    interceptAll(servers, call => {
      const isKey = call.request.path.endsWith('/public-key') && !call.isApplied
      return isKey && respond(call, 200, { key_id: id, key })
    })
    expect((await rotateInProcess(servers)).code).toBe('bad-response')
    expect(servers.genesys.requests).toEqual([])
  })
})

describe('if the response to storing does not tell the outcome', () => {
  test('a secret that was updated contains the new token', async () => {
    interceptAll(servers, call => call.request.method === 'PUT' && call.isApplied && reset(call))
    const { code, state } = await rotateInProcess(servers, ONCE)
    expect([code, state]).toEqual([undefined, { 'token-1': '' }])
    expect(liveTokens(servers.genesys)).toContain(servers.stored())
    expect(servers.stored()).not.toBe(previous)
  })

  test.each([405, 408, 410, 500, 502])(
    '%i, and the secret was not updated: both tokens live',
    async status => {
      interceptAll(servers, call => isStore(call) && respond(call, status))
      const { exitCode, state, stdout } = await rotateInProcess(servers, ONCE)
      expect([exitCode, state]).toEqual([1, { 'token-1': '' }])
      expect(stdout).toContain(UNKNOWN)
      expect(stdout).not.toContain(UNCHANGED)
      expectBothLive()
    }
  )

  test('a secret that does not exist afterwards: the new token lives', async () => {
    servers.github.world.holder(REPOSITORY)?.secrets.clear()
    interceptAll(servers, call => isStore(call) && reset(call))
    const { code, stdout } = await rotateInProcess(servers, ONCE)
    expect([code, stdout.includes(UNKNOWN)]).toEqual(['network', true])
    expect(liveTokens(servers.genesys)).toHaveLength(2)
  })

  test('a secret that was updated in the second of the first look: both tokens live', async () => {
    const now = servers.github.clock()
    servers.github.clock = () => now
    servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: now })
    interceptAll(servers, call => call.request.method === 'PUT' && call.isApplied && reset(call))
    const { code, state, stdout } = await rotateInProcess(servers, ONCE)
    expect([code, state, stdout.includes(UNKNOWN)]).toEqual(['network', { 'token-1': '' }, true])
    expectBothLive()
  })

  test('and the secret cannot be read: a long-lived token lives, its initial token is revoked', async () => {
    interceptAll(servers, gitHubFailsFromPut())
    const { code, state, stdout } = await rotateInProcess(servers, { ...LONG_LIVED, ...ONCE })
    expect([code, state]).toEqual(['unavailable', { 'token-1': '', 'token-2': '' }])
    expect(stdout).toContain('\nThe initial token was revoked.\n')
    expect(liveTokens(servers.genesys).map(token => servers.genesys.tokens.get(token)?.kind)).toEqual([
      'access',
      'long-lived'
    ])
  })

  test('an unexpected error is reported without its text', async () => {
    interceptAll(servers, gitHubFailsFromPut())
    const clock = { ...fastClock(), sleep: () => Promise.reject(new TypeError('hidden text')) }
    const { code, stdout } = await rotateInProcess(servers, {}, { clock })
    expect([code, stdout.includes('hidden text'), stdout.includes(UNKNOWN)]).toEqual([
      'internal-error',
      false,
      true
    ])
    expect(liveTokens(servers.genesys)).toHaveLength(2)
  })
})

describe('once the token is stored, a failure is a warning', () => {
  test('of the variable, the previous token and the date', async () => {
    let isStored = false
    interceptAll(servers, call => {
      if ((isStored && call.server === 'github' && !call.isApplied) || isRevoke(call))
        return respond(call, 403)
      isStored ||= call.request.method === 'PUT' && call.isApplied
      return false
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
    expect(liveTokens(servers.genesys)).toEqual([previous, servers.stored()])
  })

  test('also if the error is unexpected; its text is not shown', async () => {
    let isStored = false
    interceptAll(servers, call => {
      if (isStored && call.request.method === 'PATCH' && !call.isApplied) return respond(call, 500)
      isStored ||= call.request.method === 'PUT' && call.isApplied
      return false
    })
    const clock = { ...fastClock(), sleep: () => Promise.reject(new TypeError('hidden text')) }
    const { code, stdout } = await rotateInProcess(servers, { 'expiry-variable': VARIABLE }, { clock })
    expect(code).toBeUndefined()
    expect(stdout).toContain(
      '::warning::The variable could not be set: [internal-error] An unexpected error occurred (TypeError).'
    )
    expect(stdout).not.toContain('hidden text')
  })
})

describe('the previous token', () => {
  test.each([
    ['of another organisation', { organization: { id: 'another' }, OAuthClient: { id: 'client' } }],
    ['of another OAuth client', { organization: { id: 'same' }, OAuthClient: { id: 'another' } }],
    ['of an unknown OAuth client', { organization: { id: 'same' } }]
  ])('%s is not revoked', async (_, owner) => {
    interceptAll(servers, call => {
      if (!isIdentify(call)) return false
      const isPrevious = call.request.headers.authorization === `Bearer ${previous}`
      const newOwner = { organization: { id: 'same' }, OAuthClient: { id: 'client' } }
      return respond(call, 200, isPrevious ? owner : newOwner)
    })
    const { code, stdout } = await rotateInProcess(servers, { 'previous-token': previous })
    expect(stdout).toContain(
      '::warning::The previous token belongs to another organisation or OAuth client, so it is not revoked.\n'
    )
    expect([code, revocations()]).toEqual([undefined, []])
  })

  test('is not revoked if its owner cannot be found out', async () => {
    interceptAll(servers, call => {
      const isAboutPrevious = call.request.headers.authorization === `Bearer ${previous}`
      return isAboutPrevious && !call.isApplied && respond(call, 403)
    })
    const { code, stdout } = await rotateInProcess(servers, { 'previous-token': previous })
    expect(stdout).toContain('::warning::The previous token was not revoked: [forbidden]')
    expect([code, revocations()]).toEqual([undefined, []])
  })

  test.each([
    [200, 'The previous token was revoked.\n'],
    [401, 'The previous token is already invalid.\n'],
    [404, '::warning::The previous token was not revoked: [bad-request]']
  ])('revoking it is answered %i', async (status, line) => {
    if (status !== 200) interceptAll(servers, call => isRevoke(call) && respond(call, status))
    const inputs = { 'previous-token': previous, verify: 'false' }
    const { code, stdout } = await rotateInProcess(servers, inputs)
    expect([code, stdout.includes(`\n${line}`)]).toEqual([undefined, true])
  })

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
