import { describe, expect, test } from '@jest/globals'
import type { ExchangeResult, Identity, IssuedToken } from '../../src/auth/provider.js'
import type { HttpSession } from '../../src/http/session.js'
import { Secret } from '../../src/lib/secret.js'
import { tokenSummary } from '../../src/runner/summary.js'
import { newContext, withRunner } from '../support/in-process.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  MADE_UP_GENESYS,
  readInputs
} from '../support/read-inputs.js'

const TOKEN = 'the-token<of>&"the"summary'
const RECEIVED_AT = new Date('2026-03-01T12:00:30.999Z')
const HOUR = { expiresInSeconds: 3600, expiresAt: new Date('2026-03-01T13:00:29.500Z') }
const LONG_LIVED = { ...MADE_UP_GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'the-account' }

interface Options extends Partial<Omit<ExchangeResult, 'token'>> {
  readonly inputs?: Readonly<Record<string, string>>
  readonly token?: Partial<IssuedToken>
  readonly owner?: Identity
  readonly attemptCount?: number
}

/** Returns the summary of a token. Its secret is known to the log. */
function summaryOf({
  inputs: given = MADE_UP_GENESYS,
  token,
  owner,
  attemptCount = 2,
  ...result
}: Options = {}) {
  return withRunner(() => {
    const { inputs } = readInputs(given)
    if (inputs === undefined) throw new Error('the inputs were refused')
    const { log } = newContext()
    log.mask(new Secret(TOKEN))
    const published = {
      inputs,
      result: { token: { value: new Secret(TOKEN), kind: 'access' as const, ...token }, ...result },
      owner,
      revoke: inputs.revoke,
      session: { requestCount: 2, attemptCount } as HttpSession,
      receivedAt: RECEIVED_AT
    }
    return tokenSummary(published, log)
  })
}

/** Returns the cell beside a name; undefined if there is no such row. */
const cell = (html: string, name: string) =>
  html.match(new RegExp(`<tr><td><strong>${name}</strong></td><td>(.*?)</td></tr>`))?.[1]

test('a table in one line of HTML', async () => {
  const owner = { id: 'the-id', name: 'Example', idlesAt: new Date('2026-03-01T12:30:00.000Z') }
  const apiUrl = 'https://api.mypurecloud.ie'
  expect(await summaryOf({ owner, token: HOUR, apiUrl, correlationId: 'the-correlation-id' })).toBe(
    '<h3>Genesys Cloud access token</h3>\n<table>' +
      '<tr><td><strong>Organisation</strong></td><td>Example <code>the-id</code></td></tr>' +
      '<tr><td><strong>Region</strong></td><td><code>eu-west-1</code> <code>mypurecloud.ie</code></td></tr>' +
      '<tr><td><strong>API</strong></td><td><code>https://api.mypurecloud.ie</code></td></tr>' +
      '<tr><td><strong>Login</strong></td><td>Client credentials at the login host</td></tr>' +
      '<tr><td><strong>Received</strong></td><td>2026-03-01 12:00 UTC, after 2 requests</td></tr>' +
      '<tr><td><strong>OAuth client</strong></td><td><code>my-client</code></td></tr>' +
      '<tr><td><strong>Correlation id</strong></td><td><code>the-correlation-id</code></td></tr>' +
      '<tr><td><strong>Expires</strong></td><td>2026-03-01 13:00 UTC, in 1 h</td></tr>' +
      '<tr><td><strong>Idle timeout</strong></td><td>The organisation has an idle timeout: if nothing uses the token, ' +
      'it becomes invalid at 2026-03-01 12:30 UTC</td></tr>' +
      '<tr><td><strong>Clean-up</strong></td><td>The token is revoked when the job ends.</td></tr></table>\n'
  )
})

test('attempts are shown if there were more than requests', async () => {
  expect(cell(await summaryOf({ attemptCount: 3 }), 'Received')).toBe(
    '2026-03-01 12:00 UTC, after 2 requests in 3 attempts'
  )
})

test('what is unknown is left out', async () => {
  const html = await summaryOf({ inputs: { ...MADE_UP_GENESYS, region: 'new.pure.cloud' } })
  const names = ['Organisation', 'Tenant', 'API', 'Correlation id', 'Idle timeout']
  expect(names.filter(name => html.includes(name))).toEqual([])
  expect(cell(html, 'Region')).toBe('<code>new.pure.cloud</code>')
  expect(cell(html, 'Expires')).toBe('The platform did not say')
  expect(cell(await summaryOf({ owner: { id: 'the-id' } }), 'Organisation')).toBe('<code>the-id</code>')
})

describe('NICE CXone', () => {
  test('the area has its own row unless it was an input', async () => {
    const issuer = '<code>cxone.niceincontact.com</code>'
    const inputs = { ...MADE_UP_CXONE_APPLICATION, region: '' }
    const area = async (options: Options) => {
      const html = await summaryOf(options)
      return [cell(html, 'Area'), cell(html, 'Issuer'), html.match(/>Area</g)?.length ?? 0]
    }
    expect(await area({ inputs })).toEqual([undefined, issuer, 0])
    expect(await area({ inputs, region: 'na1' })).toEqual(['<code>na1</code>', issuer, 1])
    expect(await area({ inputs: MADE_UP_CXONE_KEY, region: 'na1' })).toEqual([
      '<code>na1</code>',
      undefined,
      1
    ])
  })
  test('the owner is a tenant; the access key is named if there is no client', async () => {
    const html = await summaryOf({ inputs: MADE_UP_CXONE_KEY, owner: { id: 'the-tenant' } })
    expect([cell(html, 'Tenant'), cell(html, 'Organisation')]).toEqual(['<code>the-tenant</code>', undefined])
    expect(cell(html, 'Access key')).toBe('<code>MYKEYID</code>')
  })
  test('a client without an access key belongs to a realm', async () => {
    expect(cell(await summaryOf({ inputs: MADE_UP_CXONE_CLIENT }), 'Realm')).toBe('<code>us-22</code>')
  })
})

const REVOKED = 'The token is revoked when the job ends.'
const NOT_REVOKED = 'NICE CXone tokens cannot be revoked; this one expires at 2026-03-01 13:00 UTC.'

test.each([
  [MADE_UP_GENESYS, 'access', REVOKED],
  [{ ...MADE_UP_GENESYS, revoke: 'false' }, 'access', 'The token is not revoked when the job ends.'],
  [LONG_LIVED, 'long-lived', 'The token outlives the job; the initial token is revoked when the job ends.'],
  [{ ...LONG_LIVED, revoke: 'true' }, 'long-lived', REVOKED],
  [MADE_UP_CXONE_KEY, 'access', NOT_REVOKED]
] as const)('%j: title and clean-up', async (inputs, kind, cleanUp) => {
  const html = await summaryOf({ inputs, token: { kind, ...HOUR } })
  expect(cell(html, 'Clean-up')).toBe(cleanUp)
  const platform = inputs.provider === 'genesys' ? 'Genesys Cloud' : 'NICE CXone'
  expect(html).toMatch(new RegExp(`^<h3>${platform} ${kind} token</h3>\n<table>`))
})

test('an idle timeout after the expiry is left out', async () => {
  const html = await summaryOf({ owner: { id: 'the-id', idlesAt: HOUR.expiresAt }, token: HOUR })
  expect(cell(html, 'Idle timeout')).toBeUndefined()
})

test('a name is data', async () => {
  const html = await summaryOf({ owner: { id: 'the-id', name: '</table># "x" & \'y\'' } })
  expect(html).toContain('&#60;/table&#62;# &#34;x&#34; &#38; &#39;y&#39; <code>the-id</code>')
})

test('no secret is in it, in no spelling', async () => {
  const html = await summaryOf({ owner: { id: 'the-id', name: `The ${TOKEN} organisation` } })
  expect(cell(html, 'Organisation')).toBe('The *** organisation <code>the-id</code>')
  expect(html).not.toMatch(/the-token|summary&#/)
})
