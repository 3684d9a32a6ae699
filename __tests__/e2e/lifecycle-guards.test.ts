import { afterEach, describe, expect, test } from '@jest/globals'
import { marked } from 'marked'
import { CXONE_TENANT, type CxoneEmulator, startCxone } from '../../emulator/cxone.mjs'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  CXONE_A,
  CXONE_B,
  CXONE_C,
  cleanUp,
  EXCHANGES,
  type Exchange,
  entry,
  escapeHtml,
  failed,
  GENESYS,
  head,
  LONG_LIVED,
  main,
  ORGANIZATION,
  post,
  published,
  record,
  savedToken,
  TEXTS,
  written
} from '../support/lifecycle.js'
import { cleanup } from '../support/runner.mjs'

const { id: ID, name: NAME } = ORGANIZATION
const OTHER = 'ffffffff-71d8-4c36-b5a2-93e6d1f07b48'
const { login, longLived, application, accessKey, client } = EXCHANGES

let platform: GenesysEmulator | CxoneEmulator | undefined
afterEach(async () => {
  await platform?.close()
  platform = undefined
  cleanup()
})

async function genesys(options: Parameters<typeof startGenesys>[0] = {}): Promise<GenesysEmulator> {
  const started = await startGenesys(options)
  platform = started
  return started
}

async function cxone(): Promise<CxoneEmulator> {
  const started = await startCxone()
  platform = started
  return started
}

/** Returns what a step writes whose token did not pass a check: all its tokens are revoked. */
function refused(exchange: Exchange, code: string, message: string, hint: string) {
  const numbers = exchange.state === '' ? [] : exchange === longLived ? [1, 2] : [1]
  return failed(code, {
    log: [...head(exchange), ...(numbers.length === 0 ? [] : [TEXTS.notPublished])],
    message,
    hint,
    state: exchange.state + numbers.map(number => entry(`token-${number}`, '')).join('')
  })
}

const notAllowed = (owner: string, noun = 'organisation') =>
  [
    'organization-not-allowed',
    `The token belongs to ${noun} ${owner}, which is not in allowed-organization-ids.`,
    `The credentials belong to another ${noun} than expected: check which secret this job uses. Nothing was published.`
  ] as const

const revoked = (where: GenesysEmulator) => [...where.tokens.values()].map(token => token.revoked)
const NOTHING = cleanUp(TEXTS.nothingToDo, [])

describe('allowed-organization-ids on Genesys Cloud', () => {
  const IDENTIFY = 'GET /api/v2/tokens/me?preserveIdleTTL=true'

  test('another organisation: the token is revoked at once', async () => {
    const where = await genesys()
    const inputs = { 'allowed-organization-ids': OTHER, 'token-file': 'true', 'export-env': 'CC_TOKEN' }
    const ran = await main(where, { ...GENESYS, ...inputs })
    expect(written(ran, where)).toEqual(refused(login, ...notAllowed(`${NAME} (${ID})`)))
    expect(ran.leftovers()).toEqual([])
    expect(written(await post(ran), where)).toEqual(NOTHING)
    expect(record(where)).toEqual([
      'POST /oauth/token Basic 200',
      `${IDENTIFY} token 1 200`,
      'DELETE /api/v2/tokens/me token 1 200'
    ])
    expect(revoked(where)).toEqual([true])
  })

  test('another organisation, a long-lived token and revoke: false: both tokens are revoked', async () => {
    const where = await genesys()
    const ran = await main(where, { ...LONG_LIVED, 'allowed-organization-ids': OTHER, revoke: 'false' })
    expect(written(ran, where)).toEqual(refused(longLived, ...notAllowed(`${NAME} (${ID})`)))
    expect(revoked(where)).toEqual([true, true])
    expect(written(await post(ran), where)).toEqual(NOTHING)
  })

  test.each([
    ['the only id, in upper case', ID.toUpperCase()],
    ['the last of several', `${OTHER},\n  ${ID}`],
    ['the first of several', `${ID}\r\n${OTHER}\n`]
  ])('%s is allowed', async (_, ids) => {
    const where = await genesys()
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ids, summary: 'false' })
    expect(written(ran, where)).toEqual(
      published(login, {
        owner: `organisation ${NAME} (${ID})`,
        requests: 2,
        outputs: { 'organization-id': ID, 'organization-name': NAME }
      })
    )
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', `${IDENTIFY} token 1 200`])
  })

  test('an id that the platform writes in upper case is allowed too', async () => {
    const organization = { id: ID.toUpperCase(), name: 'In upper case' }
    const where = await genesys({ clients: [{ organization }] })
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ID })
    expect([ran.exitCode, ran.outputs['organization-id']]).toEqual([0, ID.toUpperCase()])
  })

  test.each([
    ['no organisation in the response', 200, {}, 'bad-response', 'there is no organization in it'],
    ['null as organisation', 200, { organization: null }, 'bad-response', 'there is no organization in it'],
    ['a list as organisation', 200, { organization: [] }, 'bad-response', 'there is no organization in it'],
    [
      'an id of two lines',
      200,
      { organization: { id: `${ID}\n${OTHER}` } },
      'bad-response',
      'there is no organization in it'
    ],
    ['a number as id', 200, { organization: { id: 5 } }, 'bad-response', 'there is no organization in it'],
    ['403', 403, { message: 'No.' }, 'forbidden', 'answered 403 No.'],
    ['404', 404, { message: 'What?' }, 'bad-request', 'answered 404 What?']
  ])('%s: the step fails, and the token is revoked', async (_, status, json, code, words) => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'GET') return false
      request.status = status
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return true
    }
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ID, summary: 'false' })
    expect(ran.stdout).toContain(words)
    expect(written(ran, where)).toEqual({
      ...refused(login, code, '', ''),
      stdout: expect.stringMatching(
        /\nThe token was not published; it was revoked\.\n::error::\[[a-z-]+\] GET [^\n]+\n$/
      ),
      summary: ''
    })
    expect(revoked(where)).toEqual([true])
  })

  test('a token that cannot be revoked at once is revoked by the post step', async () => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'DELETE') return false
      request.status = 403
      response.writeHead(403).end()
      return true
    }
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': OTHER, revoke: 'false' })
    const [code, message, hint] = notAllowed(`${NAME} (${ID})`)
    const log = [...head(login), TEXTS.notRevokedYet]
    expect(written(ran, where)).toEqual(failed(code, { log, message, hint, state: savedToken(1) }))
    where.intercept = undefined
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
    expect(revoked(where)).toEqual([true])
  })
})

describe('verify on CXone', () => {
  const cases = [
    { name: 'application', inputs: CXONE_A, exchange: application },
    { name: 'access key', inputs: CXONE_B, exchange: accessKey }
  ]
  test.each(cases)(
    '$name: the tenant is an output, without a further request',
    async ({ inputs, exchange }) => {
      const where = await cxone()
      const ids = `${OTHER}, ${CXONE_TENANT.id.toUpperCase()}`
      const ran = await main(where, { ...inputs, 'allowed-organization-ids': ids })
      expect(written(ran, where)).toEqual(
        published(exchange, {
          owner: `tenant ${CXONE_TENANT.id}`,
          outputs: { 'organization-id': CXONE_TENANT.id },
          summary: { Tenant: `<code>${CXONE_TENANT.id}</code>` }
        })
      )
      expect(written(await post(ran), where)).toEqual(NOTHING)
      expect(where.requests).toHaveLength(exchange.requests)
    }
  )

  test.each(cases)('$name: another tenant is refused', async ({ inputs, exchange }) => {
    const where = await cxone()
    const ran = await main(where, { ...inputs, 'allowed-organization-ids': OTHER, 'token-file': 'true' })
    expect(written(ran, where)).toEqual(refused(exchange, ...notAllowed(CXONE_TENANT.id, 'tenant')))
    expect(ran.leftovers()).toEqual([])
    expect(written(await post(ran), where)).toEqual(NOTHING)
    expect(where.requests).toHaveLength(exchange.requests)
  })

  test.each([{ verify: 'true' }, { 'allowed-organization-ids': CXONE_TENANT.id }])(
    'client: a token that does not name its tenant is refused, %j',
    async input => {
      const where = await cxone()
      const ran = await main(where, { ...CXONE_C, ...input })
      expect(written(ran, where)).toEqual(
        refused(
          client,
          'bad-response',
          'The token does not name a tenant, so its owner is unknown.',
          'Remove verify and allowed-organization-ids (in rotate: set verify: false), or use a client with an access key: ' +
            'its tokens name their tenant.'
        )
      )
      expect(where.requests).toHaveLength(1)
      expect(written(await post(ran), where)).toEqual(NOTHING)
    }
  )
})

describe('min-lifetime', () => {
  const HINT =
    'The lifetime is set on the OAuth client, from 5 minutes to 48 hours: Admin, Integrations, OAuth, Token Duration.'

  test.each([
    ['24h', 86_400],
    ['86400', 86_400],
    ['1440m', 86_400],
    ['0', 300]
  ])('%s: a token of %i seconds is enough', async (minimum, lifetimeSeconds) => {
    const where = await genesys({ clients: [{ lifetimeSeconds }] })
    const ran = await main(where, { ...GENESYS, 'min-lifetime': minimum })
    expect([ran.exitCode, ran.outputs['expires-in']]).toEqual([0, String(lifetimeSeconds)])
    expect(where.requests).toHaveLength(1)
  })

  test('a token that expires a second too early is revoked, before its owner is verified', async () => {
    const where = await genesys({ clients: [{ lifetimeSeconds: 3599 }] })
    const inputs = { ...GENESYS, 'min-lifetime': '1h', verify: 'true', 'token-file': 'true', revoke: 'false' }
    const ran = await main(where, inputs)
    const message = 'The token lives for 59 min 59 s (3599 s), but min-lifetime requires 1 h (3600 s).'
    expect(written(ran, where)).toEqual(refused(login, 'lifetime-too-short', message, HINT))
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
    expect(written(await post(ran), where)).toEqual(NOTHING)
  })

  test.each([
    ['missing', undefined],
    ['null', null],
    ['0', 0],
    ['negative', -1],
    ['words', 'a while'],
    ['impossibly long', 1e12]
  ])('a lifetime that is %s is too short', async (_, expiresIn) => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'POST') return false
      request.status = 200
      where.tokens.set(TOKEN, issuedToken(where))
      const json = JSON.stringify({ access_token: TOKEN, token_type: 'bearer', expires_in: expiresIn })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(json)
      return true
    }
    const ran = await main(where, { ...GENESYS, 'min-lifetime': '1' })
    const message = 'The platform did not say how long the token lives, but min-lifetime requires 1 s (1 s).'
    const expected = refused(login, 'lifetime-too-short', message, HINT)
    expect(written(ran, where)).toEqual({
      ...expected,
      state: expected.state.replace(',"expiresAtMs":{ms}', '')
    })
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
    expect(revoked(where)).toEqual([true])
  })

  test('two hours are more than CXone offers', async () => {
    const where = await cxone()
    const ran = await main(where, { ...CXONE_B, 'min-lifetime': '2h' })
    expect(written(ran, where)).toEqual(
      refused(
        accessKey,
        'lifetime-too-short',
        'The token lives for 1 h (3600 s), but min-lifetime requires 2 h (7200 s).',
        'A NICE CXone token lives for one hour, and no setting extends it: request one in each job, close to its use.'
      )
    )
    expect(where.requests).toHaveLength(2)
  })

  test('an idle timeout that is shorter is only a warning', async () => {
    const where = await genesys({ idleTimeoutSeconds: 900 })
    const ran = await main(where, { ...GENESYS, verify: 'true', 'min-lifetime': '1h' })
    const idle =
      'The organisation has an idle timeout: if nothing uses the token, it becomes invalid at {minute}'
    const expected = published(login, {
      log: [
        ...head(login),
        '::warning::If nothing uses the token, it becomes invalid at {minute}, before min-lifetime: the organisation has an idle timeout.'
      ],
      owner: `organisation ${NAME} (${ID})`,
      requests: 2,
      more: [`${idle}.`],
      outputs: { 'organization-id': ID, 'organization-name': NAME, 'idles-at': '{time}' },
      summary: { Organisation: `${NAME} <code>${ID}</code>` }
    })
    const row = `<tr><td><strong>Idle timeout</strong></td><td>${idle}</td></tr>`
    expect(written(ran, where)).toEqual({
      ...expected,
      summary: expected.summary.replace('<tr><td><strong>Clean-up', `${row}$&`)
    })
    const { 'idles-at': idlesAt = '', 'expires-at': expiresAt = '' } = ran.outputs
    expect(Date.parse(expiresAt) - Date.parse(idlesAt)).toBeGreaterThan(85_000_000)
  })
})

const TOKEN = 'a-token-of-unknown-lifetime'

function issuedToken({ clients: [owner] }: GenesysEmulator) {
  if (owner === undefined) throw new Error('the emulator has no client')
  return {
    clientId: owner.id,
    kind: 'access' as const,
    organization: owner.organization,
    scope: [],
    issuedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
    revoked: false
  }
}

describe('the name of an organisation comes from outside', () => {
  const names: [name: string, cleaned: string][] = [
    ['<script>alert(1)</script> & "Co" \'s', '<script>alert(1)</script> & "Co" \'s'],
    ['</td></tr></table>\n\n# Owned\n', '</td></tr></table> # Owned'],
    ['</td></table><img src=x> <!-- &amp; "x"', '</td></table><img src=x> <!-- &amp; "x"'],
    ['a | b `c` **d** [e](https://example.com)', 'a | b `c` **d** [e](https://example.com)'],
    ['::add-mask::eu-west-1', '::add-mask::eu-west-1'],
    [
      '\r\n::error::owned\r::stop-commands::x\u2028::debug::y\u0085',
      '::error::owned ::stop-commands::x ::debug::y'
    ],
    ['##[error]owned', '##[error]owned'],
    ['%0A::warning::owned%0D', '%0A::warning::owned%0D'],
    ['\u001b[31mred\u0000\u202eder', '[31mred der'],
    ['x<<EOF\ny\nEOF\ntoken=owned', 'x<<EOF y EOF token=owned'],
    ['Ä'.repeat(300), `${'Ä'.repeat(149)}…${'Ä'.repeat(50)}`]
  ]
  test.each(names)('%j', async (name, cleaned) => {
    const where = await genesys({ clients: [{ organization: { id: ID, name } }] })
    const [ran, refusal] = await Promise.all([
      main(where, { ...GENESYS, verify: 'true', revoke: 'false' }),
      main(where, { ...GENESYS, 'allowed-organization-ids': OTHER })
    ])
    const [token = '', other = ''] = [ran, refusal].map(({ masks }) => masks.at(-1))
    expect(written(ran, { ...where, tokens: new Map([[token, {}]]) })).toEqual(
      published(login, {
        owner: `organisation ${cleaned} (${ID})`.replaceAll('##[', '# #['),
        requests: 2,
        cleanUp: TEXTS.keptByPolicy,
        policy: 'false',
        outputs: { 'organization-id': ID, 'organization-name': cleaned },
        summary: { Organisation: `${escapeHtml(cleaned)} <code>${ID}</code>` }
      })
    )
    expect(ran.commands.every(({ name: command }) => command === 'add-mask')).toBe(true)
    expect(marked.parse(ran.summary)).toBe(ran.summary)

    expect(written(refusal, { ...where, tokens: new Map([[other, {}]]) })).toEqual(
      refused(login, ...notAllowed(`${cleaned} (${ID})`))
    )
    const commands = refusal.commands.filter(({ name: command }) => command !== 'add-mask')
    expect(commands).toMatchObject([{ name: 'error', properties: {} }])
    expect(commands[0]?.data.split('\n')).toHaveLength(3)
    expect(marked.parse(refusal.summary)).toBe(refusal.summary)
  })

  test('a secret in it is shown nowhere', async () => {
    const secret = 'a<client>&secret"of`ours'
    const organization = { id: ID, name: `The ${secret} organisation` }
    const where = await genesys({ clients: [{ secret, organization }] })
    const ran = await main(where, { ...GENESYS, 'client-secret': secret, verify: 'true' })
    expect(ran.exitCode).toBe(0)
    expect(ran.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('secret"of')
    // Removed before the name is escaped for HTML, which would change its spelling.
    expect(ran.summary).toContain(`<td>The *** organisation <code>${ID}</code></td>`)
    expect(ran.outputs['organization-name']).toBe('The *** organisation')
  })

  test('the token in it is shown only where tokens belong', async () => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'GET') return false
      const [token] = where.tokens.keys()
      request.status = 200
      const json = { organization: { id: ID, name: `is ${token}` } }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return true
    }
    const ran = await main(where, { ...GENESYS, verify: 'true' })
    const [token = ''] = where.tokens.keys()
    expect(ran.exitCode).toBe(0)
    expect(ran.stdout.split(token)).toHaveLength(2)
    expect(ran.summary).not.toContain(token)
    expect(ran.outputs['organization-name']).toBe('is ***')
  })
})
