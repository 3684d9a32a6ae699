import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { identify, revoke } from '../../../src/auth/genesys/current-token.js'
import { Secret } from '../../../src/lib/secret.js'
import { Hosts, type Reply } from '../../support/hosts.js'
import { reportedError } from '../../support/reported-error.js'
import { openSession } from '../../support/session.js'

const API = 'https://api.mypurecloud.ie'
const URL_OF_TOKEN = `${API}/api/v2/tokens/me`
const TOKEN = new Secret('the-token-of-the-request')
const ID = '0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48'

const hosts = new Hosts()
afterEach(() => {
  expect(hosts.unusedReplies).toEqual([])
  for (const { headers } of hosts.requests)
    expect(headers['authorization']).toBe('Bearer the-token-of-the-request')
  hosts.clear()
})
afterAll(() => Hosts.release())

const LATER = { 'Retry-After': '3600' }
const newSession = () => openSession({ known: [TOKEN] }).session

function identifyWith(reply: Reply) {
  hosts.reply('GET', `${URL_OF_TOKEN}?preserveIdleTTL=true`, reply)
  return identify(TOKEN, API, newSession())
}

function revokeWith(reply: Reply) {
  hosts.reply('DELETE', URL_OF_TOKEN, reply)
  return revoke(TOKEN, API, newSession())
}

describe('identify', () => {
  const organization = { id: ID }

  test.each([
    [{ organization: { id: ID, name: ' a\n\u0000' } }, { name: ' a\n\u0000' }],
    [{ organization }, {}],
    [{ organization: { id: ID, name: 5 } }, {}],
    [{ organization: { id: ID, name: 'x'.repeat(1000) } }, { name: 'x'.repeat(1000) }],
    [{ organization: { id: ID, name: 'x'.repeat(1001) } }, {}],
    [{ organization, OAuthClient: { id: 'client-1' } }, { clientId: 'client-1' }],
    [{ organization, OAuthClient: { id: 'a b' } }, {}],
    [{ organization, OAuthClient: ['client-1'] }, {}],
    [
      { organization, dateTokenIdles: '2026-03-01T12:30:00.000Z' },
      { idlesAt: new Date('2026-03-01T12:30:00.000Z') }
    ],
    [{ organization, dateTokenIdles: 'soon' }, {}],
    [{ organization, dateTokenIdles: 0 }, {}],
    [{ organization, dateTokenIdles: `2026-03-01T12:30:00.${'0'.repeat(40)}Z` }, {}]
  ])('%j', async (json, expected) => {
    expect(await identifyWith({ json })).toEqual({ id: ID, ...expected })
  })

  test.each<[Reply, string]>([
    [{ text: '<html>' }, 'its body is not a JSON object'],
    ...[
      undefined,
      'Example',
      [ID],
      { name: 'Example' },
      { id: '' },
      { id: 'a b' },
      { id: 'x'.repeat(65) },
      { id: `${ID}\n` }
    ].map((one): [Reply, string] => [{ json: { organization: one } }, 'there is no organization in it'])
  ])('%j is refused', async (reply, problem) => {
    const { code, message } = await reportedError(identifyWith(reply), [TOKEN])
    expect({ code, message }).toEqual({
      code: 'bad-response',
      message: `GET ${URL_OF_TOKEN} answered 200, but ${problem}, 1 attempt.`
    })
  })

  test.each([
    [401, 'credentials-rejected'],
    [403, 'forbidden'],
    [404, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [204, 'bad-response']
  ])('%i is %s, without the token', async (status, code) => {
    const json = status === 204 ? undefined : { message: `about ${TOKEN.reveal()}` }
    const error = await reportedError(identifyWith({ status, json, headers: LATER }), [TOKEN])
    expect(error.code).toBe(code)
    expect(error.message).toContain(
      `GET ${URL_OF_TOKEN} answered ${status}${status === 204 ? '' : ' about ***'}, 1 attempt`
    )
    if (status === 401) expect(error.hint).toMatch(/^The API rejected a token that was issued a moment ago\./)
  })
})

describe('revoke', () => {
  test.each<[number, Reply, string]>([
    [200, {}, 'revoked'],
    [200, { json: {} }, 'revoked'],
    [204, {}, 'revoked'],
    [401, {}, 'already-invalid']
  ])('%i %j: %s', async (status, reply, expected) => {
    expect(await revokeWith({ status, ...reply })).toBe(expected)
  })

  test.each<[number, Reply, string]>([
    // A page of a gateway is not a confirmation.
    [200, { text: '<html>login</html>' }, 'bad-response'],
    [401, { text: '<html>login</html>' }, 'credentials-rejected'],
    [202, {}, 'bad-response'],
    [206, {}, 'bad-response'],
    [400, { json: { message: 'not now' } }, 'bad-request'],
    [403, {}, 'forbidden'],
    [404, {}, 'bad-request'],
    [429, {}, 'rate-limited'],
    [503, {}, 'unavailable']
  ])('%i %j does not confirm it: %s', async (status, reply, code) => {
    const error = await reportedError(revokeWith({ status, headers: LATER, ...reply }), [TOKEN])
    expect(error.code).toBe(code)
    const words = reply.json === undefined ? '' : ' not now'
    expect(error.message).toContain(`DELETE ${URL_OF_TOKEN} answered ${status}${words}, 1 attempt`)
  })

  test('it is retried; what an earlier attempt revoked is already invalid', async () => {
    hosts.reply('DELETE', URL_OF_TOKEN, { status: 502 }).fail('DELETE', URL_OF_TOKEN, 'ECONNRESET')
    hosts.reply('DELETE', URL_OF_TOKEN, { status: 401 })
    const { session } = openSession({ known: [TOKEN], maxAttempts: 3 })
    expect(await revoke(TOKEN, API, session)).toBe('already-invalid')
    expect(session.attemptCount).toBe(3)
  })
})
