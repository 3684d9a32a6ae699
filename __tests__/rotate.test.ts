import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startCxone } from '../emulator/cxone.mjs'
import { CXONE_B, CXONE_C, LONG_LIVED } from './support/lifecycle.js'
import {
  alive,
  answers,
  NAME,
  onEach,
  openStage,
  type Play,
  REPOSITORY,
  rotateHere,
  type Stage,
  VARIABLE
} from './support/rotation.js'
import { fastClock } from './support/world.js'

const ONCE = { 'max-attempts': '1' }

let stage: Stage
let previous: string
beforeEach(async () => {
  stage = await openStage()
  previous = await stage.put()
  stage.forget()
})
afterEach(() => stage.close())

const isStore: (met: Parameters<Play>[0]) => boolean = ({ request, done }) =>
  request.method === 'PUT' && !done
const isRevoke: typeof isStore = ({ request, done }) => request.method === 'DELETE' && !done
const lost = ({ socket }: Parameters<Play>[0]): true => {
  socket.destroy()
  return true
}

/** Nothing is left but what was there: the secret holds the old token, and no other lives. */
function isUntouched(): void {
  expect([stage.stored(), alive(stage.genesys)]).toEqual([previous, [previous]])
}

describe('what is done', () => {
  test('all that there is to do, in order', async () => {
    const got = await rotateHere(stage, { 'previous-token': previous, 'expiry-variable': VARIABLE })
    expect([got.code, got.outputs['rotated'], got.state]).toEqual([undefined, 'true', { 'token-1': '' }])
    expect(stage.asked().map(line => line.split(' ')[0])).toEqual(
      'GET GET GET PATCH POST POST GET PUT PATCH GET DELETE GET'.split(' ')
    )
    expect(alive(stage.genesys)).toEqual([stage.stored()])
    expect(stage.github.variable(VARIABLE, REPOSITORY)?.value).toBe(got.outputs['expires-at'])
  })

  test('nothing, where the secret is young enough or the run is dry', async () => {
    const all = { 'previous-token': previous, 'expiry-variable': VARIABLE }
    for (const inputs of [{ 'rotate-after': '25h' }, { 'dry-run': 'true' }, { ...all, 'dry-run': 'true' }]) {
      const got = await rotateHere(stage, inputs)
      expect([got.code, got.outputs['rotated'], got.outputs['expires-at']]).toEqual([undefined, 'false', ''])
      isUntouched()
    }
    expect(stage.genesys.requests).toEqual([])
  })

  test('forced, it is done although GitHub’s own clocks differ by a second', async () => {
    const { github } = stage
    github.putSecret(NAME, REPOSITORY, previous, { updatedAt: github.clock() + 1500 })
    const got = await rotateHere(stage, { 'rotate-after': '0s' })
    expect([got.code, got.outputs['rotated']]).toEqual([undefined, 'true'])
  })

  test('a platform that does not say how long the token lives', async () => {
    const play: Play = met => {
      if (met.request.path !== '/oauth/token' || met.done) return false
      return answers(met, 200, { access_token: previous.toUpperCase(), token_type: 'bearer' })
    }
    onEach(stage, play)
    const got = await rotateHere(stage, { verify: 'false', 'expiry-variable': VARIABLE })
    expect([got.code, got.outputs['expires-at']]).toEqual([undefined, ''])
    expect(got.stdout).toContain('good for a time that the platform did not say.')
    expect(stage.github.variable(VARIABLE, REPOSITORY)?.value).toBe('unknown')
  })

  test('an organisation’s new secret and variable are private', async () => {
    const scope = { organization: 'octo-org' }
    const got = await rotateHere(stage, { ...scope, 'expiry-variable': VARIABLE })
    expect(got.code).toBeUndefined()
    const { github } = stage
    expect([github.secret(NAME, scope)?.visibility, github.variable(VARIABLE, scope)?.visibility]).toEqual([
      'private',
      'private'
    ])
  })

  test.each([
    [CXONE_B, {}],
    [CXONE_C, { verify: 'false' }]
  ])('on NICE CXone', async (credentials, more) => {
    const platform = await startCxone()
    try {
      const sides = { genesys: platform, github: stage.github }
      const cleared = { 'client-id': '', 'client-secret': '', region: '' }
      const got = await rotateHere(sides, { ...cleared, ...credentials, ...more })
      expect(got.code).toBeUndefined()
      expect(platform.tokens.has(stage.stored() ?? '')).toBe(true)

      stage.github.intercept = (request, response) =>
        request.method === 'PUT' && answers({ request, response }, 403)
      const refused = await rotateHere(sides, { ...cleared, ...credentials, ...more })
      expect(refused.code).toBe('github-forbidden')
      expect(refused.stdout).not.toContain('is revoked')
    } finally {
      await platform.close()
    }
  })
})

describe('a rotation that fails before the secret is stored', () => {
  test.each([
    ['lifetime-too-short', { 'min-lifetime': '3d' }],
    ['organization-not-allowed', { 'allowed-organization-ids': 'another-one' }]
  ])('%s', async (code, inputs) => {
    const got = await rotateHere(stage, { ...inputs, 'previous-token': previous })
    expect([got.code, got.outputs, got.state]).toEqual([
      code,
      { rotated: 'false', 'error-code': code },
      { 'token-1': '' }
    ])
    isUntouched()
  })

  test.each([401, 403, 404, 409, 422, 429, 500])('storing is answered %i', async status => {
    onEach(stage, met => isStore(met) && answers(met, status, {}, { 'Retry-After': '900' }))
    const got = await rotateHere(stage, { ...ONCE, 'previous-token': previous })
    expect(got.outputs).toEqual({ rotated: 'false', 'error-code': got.code })
    expect(got.state).toEqual({ 'token-1': '' })
    expect(got.stdout).toMatch(/^The secret is as it was; the new token is revoked\.$/m)
    isUntouched()
  })

  test('and the new token cannot be revoked: the post step gets it back', async () => {
    onEach(stage, met => (isStore(met) || isRevoke(met)) && answers(met, 403))
    const got = await rotateHere(stage)
    expect(got.code).toBe('github-forbidden')
    const fresh = alive(stage.genesys).find(token => token !== previous) ?? ''
    expect(JSON.parse(got.state['token-1'] ?? '')).toMatchObject({
      value: fresh,
      kind: 'access',
      revocationBaseUrl: stage.genesys.origin
    })
    expect(got.stdout).toContain('could not be revoked yet, which is tried again when the job ends')
    expect(stage.stored()).toBe(previous)
  })

  test('before anything is made: nothing is revoked', async () => {
    onEach(stage, met => met.side === 'genesys' && !met.done && answers(met, 401))
    expect((await rotateHere(stage)).code).toBe('credentials-rejected')
    expect(stage.asked().filter(line => line.startsWith('DELETE'))).toEqual([])
    isUntouched()
  })

  test('with a long-lived token: both are revoked', async () => {
    onEach(stage, met => isStore(met) && answers(met, 403))
    const got = await rotateHere(stage, LONG_LIVED)
    expect([got.code, got.state]).toEqual(['github-forbidden', { 'token-1': '', 'token-2': '' }])
    isUntouched()
  })

  test('a key that cannot be sealed with shows before anything is made', async () => {
    const { publicKey, id } = stage.github.world.holder(REPOSITORY)?.key ?? { publicKey: [], id: '' }
    const key = `${Buffer.from(publicKey).toString('base64')}\n`
    onEach(
      stage,
      met => met.request.path.endsWith('/public-key') && !met.done && answers(met, 200, { key_id: id, key })
    )
    const got = await rotateHere(stage)
    expect(got.code).toBe('bad-response')
    expect(stage.genesys.requests).toEqual([])
  })
})

describe('storing, where no answer tells what became of it', () => {
  test.each([true, false])('the secret’s own date tells it (carried out: %j)', async done => {
    onEach(stage, met => met.request.method === 'PUT' && met.done === done && lost(met))
    const got = await rotateHere(stage, ONCE)
    expect(got.code).toBe(done ? undefined : 'network')
    if (!done) return isUntouched()
    expect(alive(stage.genesys)).toContain(stage.stored())
    expect(stage.stored()).not.toBe(previous)
  })

  test('a secret that is new', async () => {
    stage.github.world.holder(REPOSITORY)?.secrets.clear()
    onEach(stage, met => isStore(met) && lost(met))
    expect((await rotateHere(stage, ONCE)).code).toBe('network')
    expect(alive(stage.genesys)).toEqual([previous])
  })

  test('a secret of that very second: it cannot be told, and the token lives', async () => {
    const now = stage.github.clock()
    stage.github.clock = () => now
    stage.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: now })
    onEach(stage, met => isStore(met) && lost(met))
    const got = await rotateHere(stage, ONCE)
    expect([got.code, got.state]).toEqual(['network', { 'token-1': '' }])
    expect(got.stdout).toContain('Whether the secret holds the new token cannot be told.')
    expect(alive(stage.genesys)).toHaveLength(2)
  })

  test('nor can the secret be looked at: the token lives, and the initial one of a long-lived one does not', async () => {
    let since = false
    onEach(stage, met => {
      since ||= isStore(met)
      return since && met.side === 'github' && !met.done && answers(met, 500)
    })
    const got = await rotateHere(stage, { ...LONG_LIVED, ...ONCE })
    expect([got.code, got.state]).toEqual(['unavailable', { 'token-1': '', 'token-2': '' }])
    expect(alive(stage.genesys).map(token => stage.genesys.tokens.get(token)?.kind)).toEqual([
      'access',
      'long-lived'
    ])
  })

  test('an error that nobody foresaw while storing is told as one', async () => {
    let since = false
    onEach(stage, met => {
      since ||= isStore(met)
      return since && met.side === 'github' && !met.done && answers(met, 500)
    })
    const clock = { ...fastClock(), sleep: () => Promise.reject(new TypeError('of the clock')) }
    const got = await rotateHere(stage, {}, clock)
    expect(got.code).toBe('internal-error')
    expect(got.stdout).not.toContain('of the clock')
    expect(got.stdout).toContain('Whether the secret holds the new token cannot be told.')
    expect(alive(stage.genesys)).toHaveLength(2)
  })
})

describe('once the secret is stored, what fails is a warning', () => {
  test('the variable, the previous token, the date', async () => {
    let since = false
    onEach(stage, met => {
      if (since && met.side === 'github' && !met.done) return answers(met, 403)
      if (isRevoke(met)) return answers(met, 403)
      since ||= met.request.method === 'PUT' && met.done
      return false
    })
    const got = await rotateHere(stage, { 'previous-token': previous, 'expiry-variable': VARIABLE })
    expect([got.code, got.outputs]).toEqual([
      undefined,
      { rotated: 'true', 'expires-at': expect.any(String), 'updated-at': '', 'next-rotation-at': '' }
    ])
    expect(got.stdout.match(/^::warning::[^:]+: \[[a-z-]+\]/gm)).toEqual([
      '::warning::The variable could not be set: [github-forbidden]',
      '::warning::The previous token was not revoked: [forbidden]',
      '::warning::When the secret was updated could not be read: [github-forbidden]'
    ])
    expect(alive(stage.genesys)).toEqual([previous, stage.stored()])
  })

  test('an error that nobody foresaw', async () => {
    let since = false
    onEach(stage, met => {
      if (since && met.request.method === 'PATCH' && !met.done) return answers(met, 500)
      since ||= met.request.method === 'PUT' && met.done
      return false
    })
    const clock = { ...fastClock(), sleep: () => Promise.reject(new TypeError('of the clock')) }
    const got = await rotateHere(stage, { 'expiry-variable': VARIABLE }, clock)
    expect(got.code).toBeUndefined()
    expect(got.stdout).toContain('The variable could not be set: an error that nobody foresaw.')
    expect(got.stdout).not.toContain('of the clock')
  })
})

describe('the previous token', () => {
  const revoked = () => stage.asked().filter(line => line.startsWith('DELETE'))

  test.each([
    ['organization', { organization: { id: 'another' }, OAuthClient: { id: 'client' } }],
    ['OAuthClient', { organization: { id: 'same' }, OAuthClient: { id: 'another' } }],
    ['OAuthClient that is not said', { organization: { id: 'same' } }]
  ])('of another %s is left alone', async (_, its) => {
    onEach(stage, met => {
      if (met.request.method !== 'GET' || met.side !== 'genesys' || met.done) return false
      const isPrevious = met.request.headers.authorization === `Bearer ${previous}`
      return answers(
        met,
        200,
        isPrevious ? its : { organization: { id: 'same' }, OAuthClient: { id: 'client' } }
      )
    })
    const got = await rotateHere(stage, { 'previous-token': previous })
    expect(got.stdout).toContain('::warning::The previous token is of another organisation or OAuth client')
    expect([got.code, revoked()]).toEqual([undefined, []])
  })

  test('of which nobody says whose it is, is not revoked', async () => {
    onEach(stage, met => {
      if (met.done || met.request.headers.authorization !== `Bearer ${previous}`) return false
      return answers(met, 403)
    })
    const got = await rotateHere(stage, { 'previous-token': previous })
    expect(got.stdout).toContain('::warning::The previous token was not revoked: [forbidden]')
    expect([got.code, revoked()]).toEqual([undefined, []])
  })

  test.each(['revoked', 'gone'])('%s in between is no trouble', async how => {
    if (how === 'gone') onEach(stage, met => isRevoke(met) && answers(met, 404))
    const got = await rotateHere(stage, { 'previous-token': previous, verify: 'false' })
    expect(got.stdout).toMatch(/The previous token is (revoked|already gone)\./)
  })

  test('that nobody knows is gone already; nothing is revoked', async () => {
    const got = await rotateHere(stage, { 'previous-token': 'nobody-knows-this-one' })
    expect(got.stdout).toContain('The previous token is gone already.')
    expect(revoked()).toEqual([])
  })

  test('that is the new one lives on', async () => {
    onEach(stage, met => {
      if (met.request.path !== '/oauth/token' || met.done) return false
      return answers(met, 200, { access_token: previous, token_type: 'bearer', expires_in: 86_400 })
    })
    const got = await rotateHere(stage, { 'previous-token': previous })
    expect(got.code).toBeUndefined()
    expect(got.stdout).toContain('The previous token is the new one; it lives on.')
    expect([stage.stored(), alive(stage.genesys), revoked()]).toEqual([previous, [previous], []])
  })
})
