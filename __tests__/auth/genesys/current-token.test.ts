import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import nock from 'nock'
import { identify, revoke } from '../../../src/auth/genesys/current-token.js'
import { ActionError } from '../../../src/lib/action-error.js'
import { Redactor } from '../../../src/lib/redactor.js'
import { Secret } from '../../../src/lib/secret.js'
import { openSession } from '../../support/session.js'

const API = 'https://api.mypurecloud.ie'
const TOKEN = new Secret('the-token-of-the-request')
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

const newSession = () => openSession({ known: [TOKEN] }).session

/** Returns the error as a step reports it. */
async function failure(work: Promise<unknown>): Promise<string> {
  const redactor = new Redactor()
  redactor.add(TOKEN)
  try {
    return `it succeeded: ${JSON.stringify(await work)}`
  } catch (error) {
    return error instanceof ActionError
      ? `${error.code}: ${redactor.clean(error.message, 1100)}`
      : String(error)
  }
}

describe('identify', () => {
  const me = (status: number, body: nock.Body, headers: Record<string, string> = {}) =>
    nock(API, auth).get('/api/v2/tokens/me?preserveIdleTTL=true').reply(status, body, headers)

  test.each([
    [{ organization: { id: ID, name: 'Example' } }, { id: ID, name: 'Example' }],
    [{ organization: { id: ID } }, { id: ID }],
    [{ organization: { id: ID, name: 5 } }, { id: ID }],
    [{ organization: { id: ID, name: ' a\n\u0000' } }, { id: ID, name: ' a\n\u0000' }],
    [
      { organization: { id: ID }, OAuthClient: { id: 'client-1' } },
      { id: ID, clientId: 'client-1' }
    ],
    [{ organization: { id: ID }, OAuthClient: { id: 'a b' } }, { id: ID }],
    [{ organization: { id: ID }, OAuthClient: ['client-1'] }, { id: ID }],
    [{ organization: { id: ID, name: 'x'.repeat(1000) } }, { id: ID, name: 'x'.repeat(1000) }],
    [{ organization: { id: ID, name: 'x'.repeat(1001) } }, { id: ID }],
    [
      { organization: { id: ID }, dateTokenIdles: '2026-03-01T12:30:00.000Z' },
      { id: ID, idlesAt: new Date('2026-03-01T12:30:00.000Z') }
    ],
    [{ organization: { id: ID }, dateTokenIdles: 'soon' }, { id: ID }],
    [{ organization: { id: ID }, dateTokenIdles: 0 }, { id: ID }],
    [{ organization: { id: ID }, dateTokenIdles: `2026-03-01T12:30:00.${'0'.repeat(40)}Z` }, { id: ID }]
  ])('%j', async (body, expected) => {
    me(200, body)
    expect(await identify(TOKEN, API, newSession())).toEqual(expected)
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
  ])('%j: there is no organization', async body => {
    me(200, body)
    expect(await failure(identify(TOKEN, API, newSession()))).toBe(
      `bad-response: GET ${API}/api/v2/tokens/me answered 200, but there is no organization in it, 1 attempt.`
    )
  })

  test('a body that is not JSON', async () => {
    me(200, '<html>')
    expect(await failure(identify(TOKEN, API, newSession()))).toBe(
      `bad-response: GET ${API}/api/v2/tokens/me answered 200, but its body is not a JSON object, 1 attempt.`
    )
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
    const message = await failure(identify(TOKEN, API, newSession()))
    expect(message.startsWith(`${code}: GET ${API}/api/v2/tokens/me answered ${status}`)).toBe(true)
    expect(message).not.toContain(TOKEN.reveal())
  })
})

describe('revoke', () => {
  const respond = (status: number, body?: nock.Body) =>
    nock(API, auth).delete('/api/v2/tokens/me').reply(status, body, { 'Retry-After': '3600' })

  test.each([
    [200, 'revoked'],
    [204, 'revoked'],
    [401, 'already-invalid']
  ])('%i: %s', async (status, expected) => {
    respond(status)
    expect(await revoke(TOKEN, API, newSession())).toBe(expected)
  })

  test.each([202, 206])('%i is not a confirmation', async status => {
    respond(status)
    await expect(revoke(TOKEN, API, newSession())).rejects.toThrow(`answered ${status}`)
  })

  test.each([200, 401])('%i with the page of a gateway is not a confirmation', async status => {
    respond(status, '<html>login</html>')
    await expect(revoke(TOKEN, API, newSession())).rejects.toThrow(`answered ${status}`)
  })

  test.each([
    [400, 'bad-request'],
    [403, 'forbidden'],
    [404, 'bad-request'],
    [429, 'rate-limited'],
    [503, 'unavailable']
  ])('%i does not confirm it: %s', async (status, code) => {
    respond(status, { message: 'not now' })
    expect(await failure(revoke(TOKEN, API, newSession()))).toMatch(
      new RegExp(`^${code}: DELETE ${API}/api/v2/tokens/me answered ${status} not now`)
    )
  })

  test('it is retried; what an earlier attempt revoked is already invalid', async () => {
    nock(API, auth).delete('/api/v2/tokens/me').reply(502)
    nock(API, auth)
      .delete('/api/v2/tokens/me')
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
    respond(401)
    const { session, infos } = openSession({ known: [TOKEN], maxAttempts: 3 })
    expect(await revoke(TOKEN, API, session)).toBe('already-invalid')
    expect(infos).toEqual([
      'api.mypurecloud.ie: HTTP 502, attempt 1 of 3; retrying in 0.5 s.',
      'api.mypurecloud.ie: the connection was reset (ECONNRESET), attempt 2 of 3; retrying in 1.0 s.'
    ])
  })
})
