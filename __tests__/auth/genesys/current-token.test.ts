import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import nock from 'nock'
import { identifyGenesys, revokeGenesys } from '../../../src/auth/genesys/tokens.js'
import { revoke } from '../../../src/auth/index.js'
import { type Clock, HttpSession } from '../../../src/http/session.js'
import { ActionError } from '../../../src/lib/action-error.js'
import { Redactor, Secret } from '../../../src/lib/secret.js'

const API = 'https://api.mypurecloud.ie'
const TOKEN = new Secret('the-token-that-is-asked-about')
const ID = '0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48'
const auth = { reqheaders: { authorization: `Bearer ${TOKEN.reveal()}` } }

beforeEach(() => {
  if (!nock.isActive()) nock.activate()
  nock.disableNetConnect()
})
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([])
  nock.cleanAll()
})
afterAll(() => {
  nock.enableNetConnect()
  nock.restore()
})

function wire(maxAttempts = 1): HttpSession {
  const secrets = new Redactor()
  secrets.add(TOKEN)
  const clock: Clock = { now: Date.now, sleep: async () => {}, random: () => 0.5 }
  return new HttpSession({
    limits: { timeoutMs: 10_000, attemptTimeoutMs: 5000, maxAttempts },
    clock,
    hide: text => secrets.hideIn(text),
    say: () => {},
    debug: () => {}
  })
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    return `no failure: ${JSON.stringify(await work)}`
  } catch (error) {
    return error instanceof ActionError ? `${error.code}: ${error.message}` : String(error)
  }
}

describe('whose token it is', () => {
  const me = (status: number, body: nock.Body, headers: Record<string, string> = {}) =>
    nock(API, auth).get('/api/v2/tokens/me?preserveIdleTTL=true').reply(status, body, headers)

  test.each([
    [{ organization: { id: ID, name: 'Example' } }, { id: ID, name: 'Example' }],
    [{ organization: { id: ID } }, { id: ID }],
    [{ organization: { id: ID, name: 5 } }, { id: ID }],
    [{ organization: { id: ID, name: ' a\n\tb\u0000\u2028c ' } }, { id: ID, name: 'a b c' }],
    [{ organization: { id: ID, name: 'x'.repeat(500) } }, { id: ID, name: `${'x'.repeat(199)}…` }]
  ])('%j', async (body, expected) => {
    me(200, body)
    expect(await identifyGenesys(TOKEN, API, wire())).toEqual(expected)
  })

  test.each([
    [{}],
    [{ organization: null }],
    [{ organization: 'Example' }],
    [{ organization: [ID] }],
    [{ organization: { name: 'Example' } }],
    [{ organization: { id: '' } }],
    [{ organization: { id: 'a b' } }],
    [{ organization: { id: 'x'.repeat(65) } }],
    [{ organization: { id: `${ID}\n` } }]
  ])('%j names none', async body => {
    me(200, body)
    expect(await failure(identifyGenesys(TOKEN, API, wire()))).toBe(
      `bad-response: GET ${API}/api/v2/tokens/me answered 200, with no organization in it, 1 attempt.`
    )
  })

  test('what is not JSON is a bad response', async () => {
    me(200, '<html>')
    expect(await failure(identifyGenesys(TOKEN, API, wire()))).toMatch(/^bad-response: .*not a JSON object/)
  })

  test.each([
    [401, 'credentials-rejected'],
    [403, 'forbidden'],
    [404, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [204, 'bad-response']
  ])('%i is %s, without the token', async (status, code) => {
    me(status, { message: `about ${TOKEN.reveal()}` }, { 'Retry-After': '3600' })
    const words = await failure(identifyGenesys(TOKEN, API, wire()))
    expect(words.startsWith(`${code}: GET ${API}/api/v2/tokens/me answered ${status}`)).toBe(true)
    expect(words).not.toContain(TOKEN.reveal())
  })
})

describe('the end of a token', () => {
  const end = (status: number, body?: nock.Body) =>
    nock(API, auth).delete('/api/v2/tokens/me').reply(status, body, { 'Retry-After': '3600' })

  test.each([
    [200, 'revoked'],
    [202, 'revoked'],
    [204, 'revoked'],
    [401, 'already gone'],
    [404, 'already gone']
  ])('%i: %s', async (status, expected) => {
    end(status)
    expect(await revokeGenesys(TOKEN, API, wire())).toBe(expected)
  })

  test('through the door of the room', async () => {
    end(200)
    expect(await revoke(TOKEN, API, wire())).toBe('revoked')
  })

  test.each([
    [400, 'bad-request'],
    [403, 'forbidden'],
    [429, 'rate-limited'],
    [503, 'unavailable']
  ])('%i stays open: %s', async (status, code) => {
    end(status, { message: 'not now' })
    expect(await failure(revokeGenesys(TOKEN, API, wire()))).toMatch(
      new RegExp(`^${code}: DELETE ${API}/api/v2/tokens/me answered ${status} not now`)
    )
  })

  test('a fault that passes is tried again; what the first try ended is gone already', async () => {
    nock(API, auth).delete('/api/v2/tokens/me').reply(502)
    nock(API, auth).delete('/api/v2/tokens/me').replyWithError({ code: 'ECONNRESET', message: 'reset' })
    end(401)
    expect(await revokeGenesys(TOKEN, API, wire(3))).toBe('already gone')
  })
})
