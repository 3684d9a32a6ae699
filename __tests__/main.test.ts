import { afterEach, describe, expect, test } from '@jest/globals'
import { marked } from 'marked'
import { CXONE_TENANT, type CxoneEmulator, startCxone } from '../emulator/cxone.mjs'
import { type GenesysEmulator, type GenesysOptions, startGenesys } from '../emulator/genesys.mjs'
import { main } from '../src/main.js'
import { post } from '../src/post.js'
import { TestClock } from './support/clock.js'
import { parseCommandFile } from './support/command-files.mjs'
import {
  cleanUp,
  EXCHANGES,
  type Exchange,
  entry,
  escapeHtml,
  failed,
  head,
  ORGANIZATION,
  published,
  savedToken,
  TEXTS,
  TOKEN_FILE
} from './support/expected.js'
import { runStep } from './support/in-process.js'
import {
  CXONE_ACCESS_KEY_INPUTS,
  CXONE_APPLICATION_INPUTS,
  CXONE_CLIENT_INPUTS,
  GENESYS,
  type Inputs,
  LONG_LIVED
} from './support/inputs.js'
import { respond } from './support/respond.js'
import { type Platform, record, type Written, writtenInProcess } from './support/written.js'

const { id: ID, name: NAME } = ORGANIZATION
const OTHER = 'ffffffff-71d8-4c36-b5a2-93e6d1f07b48'
const { login, longLived, application, accessKey, client } = EXCHANGES
const IDENTIFY = 'GET /api/v2/tokens/me?preserveIdleTTL=true token 1 200'
const REVOKE = 'DELETE /api/v2/tokens/me token 1 200'
const NOTHING = cleanUp(TEXTS.nothingToDo, [])

const started: Platform[] = []
afterEach(async () => {
  for (const platform of started.splice(0)) await platform.close()
})

async function genesys(options: GenesysOptions = {}): Promise<GenesysEmulator> {
  const platform = await startGenesys(options)
  started.push(platform)
  return platform
}

async function cxone(): Promise<CxoneEmulator> {
  const platform = await startCxone()
  started.push(platform)
  return platform
}

interface Ran {
  readonly main: Written
  /** Runs the post step with what main saved. */
  post(): Promise<Written>
}

/** Runs the token step in this process. */
async function run(where: Platform, inputs: Inputs): Promise<Ran> {
  const step = await runStep(main, { inputs: { 'base-url': where.origin, ...inputs } })
  const saved = Object.entries(parseCommandFile(step.state)).map(([name, value]) => [`STATE_${name}`, value])
  return {
    main: writtenInProcess(step, where),
    post: async () =>
      writtenInProcess(await runStep(post, { inputs: {}, env: Object.fromEntries(saved) }), where)
  }
}

const alive = ({ tokens }: GenesysEmulator) =>
  [...tokens.values()].map(({ kind, revoked }) => (revoked ? 'revoked' : kind))

/** Answers requests with this method in place of the platform. */
function answer(where: GenesysEmulator, method: string, status: number, json: () => object): void {
  where.intercept = (request, response) =>
    request.method === method && respond({ request, response }, status, json())
}

/** Returns what a step writes if its token does not pass a check: all its tokens are revoked. */
function refused(exchange: Exchange, code: string, message: string, hint: string): Written {
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

describe('revoke', () => {
  const KEPT = 'kept, because revoke is false'
  const REVOKED = 'access token revoked; long-lived token revoked'
  test.each<[string, string, Inputs, Exchange, string, string, string[]]>([
    [
      'true',
      'a long-lived token',
      LONG_LIVED,
      longLived,
      TEXTS.revokedLater,
      REVOKED,
      ['revoked', 'revoked']
    ],
    [
      'false',
      'a long-lived token',
      LONG_LIVED,
      longLived,
      TEXTS.keptByPolicy,
      `access token ${KEPT}; long-lived token ${KEPT}`,
      ['access', 'long-lived']
    ],
    ['false', 'an access token', GENESYS, login, TEXTS.keptByPolicy, `access token ${KEPT}`, ['access']]
  ])('%s, for %s', async (policy, _, inputs, exchange, says, line, left) => {
    const where = await genesys()
    const ran = await run(where, { ...inputs, revoke: policy })
    expect(ran.main).toEqual(published(exchange, { policy, cleanUp: says, summary: {} }))
    expect(await ran.post()).toEqual(cleanUp(`Clean-up: ${line}.`, exchange === longLived ? [1, 2] : [1]))
    expect(alive(where)).toEqual(left)
  })
})

test('a long-lived token without the permission: the initial token is revoked', async () => {
  const where = await genesys({ clients: [{ permissions: [] }] })
  const ran = await run(where, LONG_LIVED)
  expect(ran.main).toEqual(
    failed('forbidden', {
      log: [...head(longLived).slice(0, -1), TEXTS.notPublished],
      message:
        'POST {origin}/api/v2/oauth/token/generate answered 403 missing.permissions (Unable to perform the requested ' +
        'action. You are missing the following permission(s): admin:api_token), correlation id {uuid}, 1 attempt.',
      hint:
        'The client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, ' +
        'OAuth, Roles of the client), in the division of the service account.',
      state: savedToken(1) + entry('token-1', '')
    })
  )
  expect(alive(where)).toEqual(['revoked'])
  expect(await ran.post()).toEqual(NOTHING)
})

test('the times are the same everywhere', async () => {
  const { origin } = await genesys()
  const clock = new TestClock()
  const step = await runStep(main, { inputs: { ...GENESYS, 'base-url': origin }, clock })
  const expiresAt = '2026-03-02T12:00:00.000Z'
  expect(parseCommandFile(step.output)['expires-at']).toBe(expiresAt)
  expect(step.state).toContain(`"expiresAtMs":${Date.parse(expiresAt)}`)
  expect(step.stdout).toContain(', until 2026-03-02 12:00 UTC (')
  expect(step.summary).toContain('<td>2026-03-02 12:00 UTC, in 24 h</td>')
  expect(step.summary).toContain('<td>2026-03-01 12:00 UTC, after 1 request</td>')
})

describe('the owner on Genesys Cloud', () => {
  test('is not asked for without verify', async () => {
    const where = await genesys()
    expect((await run(where, GENESYS)).main).toEqual(published(login, { summary: {} }))
    expect(record(where)).toEqual(['POST /oauth/token Basic 200'])
  })

  test('is allowed: it is in the log, the outputs and the summary', async () => {
    const where = await genesys()
    const ids = `${OTHER},\n  ${ID.toUpperCase()}`
    const more = { 'allowed-organization-ids': ids, 'token-file': 'true', 'export-env': 'CC_TOKEN' }
    expect((await run(where, { ...GENESYS, ...more })).main).toEqual(
      published(login, {
        owner: `organisation ${NAME} (${ID})`,
        requests: 2,
        places: ['a file', 'CC_TOKEN'],
        outputs: { 'organization-id': ID, 'organization-name': NAME, 'token-file': TOKEN_FILE },
        env: { CC_TOKEN: '{token 1}' },
        summary: { Organisation: `${NAME} <code>${ID}</code>` }
      })
    )
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', IDENTIFY])
  })

  test('is another one: both tokens of a long-lived exchange are revoked, also with revoke: false', async () => {
    const where = await genesys()
    const inputs = { 'allowed-organization-ids': OTHER, 'token-file': 'true', revoke: 'false' }
    const ran = await run(where, { ...LONG_LIVED, ...inputs })
    expect(ran.main).toEqual(refused(longLived, ...notAllowed(`${NAME} (${ID})`)))
    expect(alive(where)).toEqual(['revoked', 'revoked'])
    expect(await ran.post()).toEqual(NOTHING)
  })

  test('is another one, and the token cannot be revoked at once: the post step revokes it', async () => {
    const where = await genesys()
    answer(where, 'DELETE', 403, () => ({}))
    const ran = await run(where, { ...GENESYS, 'allowed-organization-ids': OTHER, revoke: 'false' })
    const [code, message, hint] = notAllowed(`${NAME} (${ID})`)
    const log = [...head(login), TEXTS.notRevokedYet]
    expect(ran.main).toEqual(failed(code, { log, message, hint, state: savedToken(1) }))
    where.intercept = undefined
    expect(await ran.post()).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
    expect(alive(where)).toEqual(['revoked'])
  })

  test('cannot be found: the token is revoked', async () => {
    const where = await genesys()
    answer(where, 'GET', 200, () => ({ organization: { id: `${ID}\n${OTHER}` } }))
    const ran = await run(where, { ...GENESYS, 'allowed-organization-ids': ID })
    expect(ran.main.outputs).toEqual({ 'error-code': 'bad-response' })
    expect(ran.main.stdout).toContain(`${TEXTS.notPublished}\n::error::[bad-response] GET `)
    expect(alive(where)).toEqual(['revoked'])
  })
})

describe('the owner on CXone', () => {
  const cases = [
    { name: 'application', inputs: CXONE_APPLICATION_INPUTS, exchange: application },
    { name: 'access key', inputs: CXONE_ACCESS_KEY_INPUTS, exchange: accessKey }
  ]

  test.each(cases)('$name: the tenant is known without a further request', async ({ inputs, exchange }) => {
    const where = await cxone()
    const ids = `${OTHER}, ${CXONE_TENANT.id.toUpperCase()}`
    const ran = await run(where, { ...inputs, 'allowed-organization-ids': ids })
    expect(ran.main).toEqual(
      published(exchange, {
        owner: `tenant ${CXONE_TENANT.id}`,
        outputs: { 'organization-id': CXONE_TENANT.id },
        summary: { Tenant: `<code>${CXONE_TENANT.id}</code>` }
      })
    )
    expect(await ran.post()).toEqual(NOTHING)
    expect(where.requests).toHaveLength(exchange.requests)
    const elsewhere = await cxone()
    const other = await run(elsewhere, { ...inputs, 'allowed-organization-ids': OTHER })
    expect(other.main).toEqual(refused(exchange, ...notAllowed(CXONE_TENANT.id, 'tenant')))
    expect(await other.post()).toEqual(NOTHING)
  })

  test.each([{ verify: 'true' }, { 'allowed-organization-ids': CXONE_TENANT.id }])(
    'client: its token does not name a tenant, %j',
    async input => {
      const where = await cxone()
      expect((await run(where, { ...CXONE_CLIENT_INPUTS, ...input })).main).toEqual(
        refused(
          client,
          'bad-response',
          'The token does not name a tenant, so its owner is unknown.',
          'Remove verify and allowed-organization-ids (in rotate: set verify: false), or use a client with an access key: ' +
            'its tokens name their tenant.'
        )
      )
      expect(where.requests).toHaveLength(1)
    }
  )
})

describe('min-lifetime', () => {
  const HINT =
    'The lifetime is set on the OAuth client, from 5 minutes to 48 hours: Admin, Integrations, OAuth, Token Duration.'

  test('a token that lives exactly so long is published', async () => {
    const where = await genesys()
    const ran = await run(where, { ...GENESYS, 'min-lifetime': '24h', summary: 'false' })
    expect(ran.main).toEqual(published(login))
  })

  test('a token that expires a second too early is revoked, before its owner is verified', async () => {
    const where = await genesys({ clients: [{ lifetimeSeconds: 3599 }] })
    const ran = await run(where, { ...GENESYS, 'min-lifetime': '1h', verify: 'true', revoke: 'false' })
    const message = 'The token lives for 59 min 59 s (3599 s), but min-lifetime requires 1 h (3600 s).'
    expect(ran.main).toEqual(refused(login, 'lifetime-too-short', message, HINT))
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', REVOKE])
    expect(await ran.post()).toEqual(NOTHING)
  })

  test('an unknown lifetime is too short; the token is saved without its expiry', async () => {
    const where = await genesys()
    const token = 'a-token-of-unknown-lifetime'
    answer(where, 'POST', 200, () => ({ access_token: token }))
    const { main: ran } = await run(where, { ...GENESYS, 'min-lifetime': '1' })
    expect(ran.outputs).toEqual({ 'error-code': 'lifetime-too-short' })
    expect(ran.stdout).toContain('The platform did not say how long the token lives')
    const saved = savedToken(1).replace('{token 1}', token).replace(',"expiresAtMs":{ms}', '')
    expect(ran.state).toBe(saved + entry('token-1', ''))
    expect(record(where).at(-1)).toBe('DELETE /api/v2/tokens/me Bearer 401')
  })

  test('an idle timeout that is shorter is only a warning', async () => {
    const where = await genesys({ idleTimeoutSeconds: 900 })
    const ran = await run(where, { ...GENESYS, verify: 'true', 'min-lifetime': '1h' })
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
    expect(ran.main).toEqual({
      ...expected,
      summary: expected.summary.replace('<tr><td><strong>Clean-up', `${row}$&`)
    })
  })
})

describe('the name of an organisation comes from outside', () => {
  test.each<[name: string, cleaned: string]>([
    ['</td></tr></table>\n\n# Owned <!-- &amp; "x"\n', '</td></tr></table> # Owned <!-- &amp; "x"'],
    [
      '\r\n::error::owned\r::stop-commands::x\u2028::debug::y\u0085',
      '::error::owned ::stop-commands::x ::debug::y'
    ],
    ['##[error]%0Aowned', '##[error]%0Aowned'],
    ['Ä'.repeat(300), `${'Ä'.repeat(149)}…${'Ä'.repeat(50)}`]
  ])('%j', async (name, cleaned) => {
    const where = await genesys({ clients: [{ organization: { id: ID, name } }] })
    const { main: ran } = await run(where, { ...GENESYS, verify: 'true' })
    expect(ran).toEqual(
      published(login, {
        owner: `organisation ${cleaned} (${ID})`,
        requests: 2,
        outputs: { 'organization-id': ID, 'organization-name': cleaned },
        summary: { Organisation: `${escapeHtml(cleaned)} <code>${ID}</code>` }
      })
    )
    expect(marked.parse(ran.summary)).toBe(ran.summary)
    where.tokens.clear()
    const { main: refusal } = await run(where, { ...GENESYS, 'allowed-organization-ids': OTHER })
    expect(refusal).toEqual(refused(login, ...notAllowed(`${cleaned} (${ID})`)))
    expect(marked.parse(refusal.summary)).toBe(refusal.summary)
  })

  test('a token in the name is shown as ***', async () => {
    const where = await genesys()
    answer(where, 'GET', 200, () => ({ organization: { id: ID, name: `is ${[...where.tokens.keys()][0]}` } }))
    expect((await run(where, { ...GENESYS, verify: 'true' })).main).toEqual(
      published(login, {
        owner: `organisation is *** (${ID})`,
        requests: 2,
        outputs: { 'organization-id': ID, 'organization-name': 'is ***' },
        summary: { Organisation: `is *** <code>${ID}</code>` }
      })
    )
  })
})
