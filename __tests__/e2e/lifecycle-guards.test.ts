import { afterEach, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT, type CxoneEmulator, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  CXONE_A,
  CXONE_B,
  CXONE_C,
  cleanUp,
  entry,
  errorCode,
  GENESYS,
  GENESYS_HEAD,
  genesysOutputs,
  LONG_LIVED,
  lines,
  main,
  more,
  post,
  record,
  savedToken,
  summaryOf,
  written
} from '../support/lifecycle.js'
import { cleanup } from '../support/runner.mjs'

const ORGANIZATION = GENESYS_CLIENT.organization.id
const OTHER = 'ffffffff-71d8-4c36-b5a2-93e6d1f07b48'

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

async function cxone(options: Parameters<typeof startCxone>[0] = {}): Promise<CxoneEmulator> {
  const started = await startCxone(options)
  platform = started
  return started
}

/** What a step leaves that was refused after its tokens had been issued, and revoked them all. */
function refused(code: string, says: readonly string[], tokens: readonly number[] = [1]) {
  return {
    exitCode: 1,
    stdout: lines(...says),
    stderr: '',
    output: errorCode(code),
    env: '',
    state:
      tokens.map(token => savedToken(token, token === 1 ? 'access' : 'long-lived')).join('') +
      tokens.map(token => entry(`token-${token}`, '')).join(''),
    summary: ''
  }
}

describe('allowed-organization-ids on Genesys Cloud', () => {
  const NOT_ALLOWED =
    `::error::[organization-not-allowed] The token belongs to the organisation ${ORGANIZATION} (Example Contact ` +
    'Centre), which allowed-organization-ids does not name.%0AThe credentials are of another organisation than you ' +
    'meant: check which secret this job gets. Nothing was handed on.' +
    more('organization-not-allowed')

  test.each(['auto', 'false'])('another organisation: revoked at once, revoke: %s', async revoke => {
    const where = await genesys()
    const inputs = {
      'allowed-organization-ids': OTHER,
      'token-file': 'true',
      'export-env': 'CC_TOKEN',
      revoke
    }
    const ran = await main(where, { ...GENESYS, ...inputs })
    expect(written(ran, where)).toEqual(
      refused('organization-not-allowed', [
        ...GENESYS_HEAD,
        'The token is not handed on; it is revoked.',
        NOT_ALLOWED
      ])
    )
    expect(ran.leftovers()).toEqual([])
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
    expect(record(where)).toEqual([
      'POST /oauth/token Basic 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true token 1 200',
      'DELETE /api/v2/tokens/me token 1 200'
    ])
    expect([...where.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })

  test('another organisation, a long-lived token: both are revoked', async () => {
    const where = await genesys()
    const ran = await main(where, { ...LONG_LIVED, 'allowed-organization-ids': OTHER, revoke: 'false' })
    expect(written(ran, where)).toEqual(
      refused(
        'organization-not-allowed',
        [
          ...GENESYS_HEAD.with(
            2,
            'Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials for a long-lived token (the tutorial’s request).'
          ),
          '::add-mask::{token 2}',
          'The token is not handed on; it is revoked.',
          NOT_ALLOWED
        ],
        [1, 2]
      )
    )
    expect([...where.tokens.values()].map(({ revoked }) => revoked)).toEqual([true, true])
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
  })

  test.each([
    ['its id', ORGANIZATION],
    ['its id in capitals', ORGANIZATION.toUpperCase()],
    ['the last of several', `${OTHER},\n  ${ORGANIZATION}`],
    ['the first of several', `${ORGANIZATION}\r\n${OTHER}\n`]
  ])('%s lets it pass', async (_, ids) => {
    const where = await genesys()
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ids, summary: 'false' })
    expect(written(ran, where)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...GENESYS_HEAD,
        `Granted an access token of Example Contact Centre (${ORGANIZATION}) for 24 h, until {minute} (2 requests).`,
        'Handed on as the output token. It is revoked when the job ends.'
      ),
      stderr: '',
      output: genesysOutputs({
        'organization-id': ORGANIZATION,
        'organization-name': 'Example Contact Centre'
      }),
      env: '',
      state: savedToken(1) + entry('handed-on', 'auto'),
      summary: ''
    })
    expect(record(where)).toEqual([
      'POST /oauth/token Basic 200',
      'GET /api/v2/tokens/me?preserveIdleTTL=true token 1 200'
    ])
  })

  test('an id in capitals on the platform’s side matches as well', async () => {
    const organization = { id: ORGANIZATION.toUpperCase(), name: 'Shouting' }
    const where = await genesys({ clients: [{ organization }] })
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ORGANIZATION })
    expect([ran.exitCode, ran.outputs['organization-id']]).toEqual([0, ORGANIZATION.toUpperCase()])
  })

  test.each([
    ['no organisation in the answer', 200, {}, 'bad-response', 'with no organization in it'],
    ['an organisation that is null', 200, { organization: null }, 'bad-response', 'no organization in it'],
    ['an organisation that is a list', 200, { organization: [] }, 'bad-response', 'no organization in it'],
    [
      'an id that is no id',
      200,
      { organization: { id: `${ORGANIZATION}\n${OTHER}` } },
      'bad-response',
      'no organization in it'
    ],
    ['an id that is a number', 200, { organization: { id: 5 } }, 'bad-response', 'no organization in it'],
    ['no answer to the question', 403, { message: 'No.' }, 'forbidden', 'answered 403 No.'],
    ['a question nobody knows', 404, { message: 'What?' }, 'bad-request', 'answered 404 What?']
  ])('%s: fails closed', async (_, status, json, code, words) => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'GET') return false
      request.status = status
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return true
    }
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': ORGANIZATION })
    expect(ran.stdout).toContain(words)
    expect(written(ran, where)).toEqual({
      ...refused(code, []),
      stdout: expect.stringMatching(
        /The token is not handed on; it is revoked\.\n::error::\[[a-z-]+\] GET [^\n]+\n$/
      )
    })
    expect([...where.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })

  test('where the platform is gone when the token is to be revoked, the post step does it', async () => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'DELETE') return false
      request.status = 403
      response.writeHead(403).end()
      return true
    }
    const ran = await main(where, { ...GENESYS, 'allowed-organization-ids': OTHER, revoke: 'false' })
    expect(written(ran, where)).toEqual({
      ...refused('organization-not-allowed', [
        ...GENESYS_HEAD,
        '::warning::The token is not handed on; revoking it failed and is tried again when the job ends.',
        NOT_ALLOWED
      ]),
      state: savedToken(1)
    })
    where.intercept = undefined
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
    expect([...where.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })
})

describe('verify on CXone', () => {
  const A = { ...CXONE_A, summary: 'false' }
  const cases = [
    { exchange: 'A', inputs: A, asked: 3 },
    { exchange: 'B', inputs: { ...CXONE_B, summary: 'false' }, asked: 1 }
  ]
  test.each(cases)(
    '$exchange: the tenant is told, and no request more is sent',
    async ({ inputs, asked }) => {
      const where = await cxone()
      const ran = await main(where, { ...inputs, verify: 'true' })
      expect(ran.exitCode).toBe(0)
      expect(ran.outputs).toMatchObject({ 'organization-id': CXONE_TENANT.id, 'organization-name': '' })
      expect(where.requests).toHaveLength(asked)
      const [token] = [...where.tokens.keys()]
      expect(ran.outputs['token']).toBe(token)
      expect(ran.log).toContain(`Granted an access token of tenant (${CXONE_TENANT.id}) for 1 h, until `)
      expect(ran.log).toContain('Handed on as the output token. It lives until it expires.')
      expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
      expect(where.requests).toHaveLength(asked)
    }
  )

  test.each(cases)('$exchange: another tenant is refused by its id', async ({ inputs, asked }) => {
    const where = await cxone()
    const ran = await main(where, { ...inputs, 'allowed-organization-ids': OTHER, 'token-file': 'true' })
    const got = written(ran, where)
    expect(got).toMatchObject({
      exitCode: 1,
      output: errorCode('organization-not-allowed'),
      env: '',
      summary: ''
    })
    expect(ran.log).toMatch(
      new RegExp(
        `\nError: \\[organization-not-allowed\\] The token belongs to the organisation ${CXONE_TENANT.id}, which ` +
          'allowed-organization-ids does not name\\.\n[^\n]+\nMore: docs/troubleshooting\\.md#organization-not-allowed\n$'
      )
    )
    expect(ran.leftovers()).toEqual([])
    expect(where.requests).toHaveLength(asked)
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
  })

  test.each(cases)('$exchange: the tenant in capitals among several passes', async ({ inputs }) => {
    const where = await cxone()
    const ids = `${OTHER}, ${CXONE_TENANT.id.toUpperCase()}`
    const ran = await main(where, { ...inputs, 'allowed-organization-ids': ids })
    expect([ran.exitCode, ran.outputs['organization-id']]).toEqual([0, CXONE_TENANT.id])
  })

  test.each([{ verify: 'true' }, { 'allowed-organization-ids': CXONE_TENANT.id }])(
    'C: an opaque token fails closed, %j',
    async input => {
      const where = await cxone()
      const ran = await main(where, { ...CXONE_C, ...input })
      expect(written(ran, where)).toMatchObject({
        exitCode: 1,
        output: errorCode('bad-response'),
        env: '',
        summary: ''
      })
      expect(ran.log).toContain(
        'Error: [bad-response] The token that was issued names no tenant, so whose it is cannot be established.\n' +
          'Leave verify and allowed-organization-ids out for this exchange'
      )
      expect(where.requests).toHaveLength(1)
      expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
    }
  )
})

describe('min-lifetime', () => {
  test.each([
    ['24h', 86_400],
    ['86400', 86_400],
    ['1440m', 86_400],
    ['5m', 300],
    ['0', 300]
  ])('%s of %i seconds is enough', async (asked, lifetimeSeconds) => {
    const where = await genesys({ clients: [{ lifetimeSeconds }] })
    const ran = await main(where, { ...GENESYS, 'min-lifetime': asked })
    expect([ran.exitCode, ran.outputs['expires-in']]).toEqual([0, String(lifetimeSeconds)])
    expect(where.requests).toHaveLength(1)
  })

  test('a token that lives a second too short is revoked, before anybody asks whose it is', async () => {
    const where = await genesys({ clients: [{ lifetimeSeconds: 3599 }] })
    const inputs = { ...GENESYS, 'min-lifetime': '1h', verify: 'true', 'token-file': 'true', revoke: 'false' }
    const ran = await main(where, inputs)
    expect(written(ran, where)).toEqual(
      refused('lifetime-too-short', [
        ...GENESYS_HEAD,
        'The token is not handed on; it is revoked.',
        '::error::[lifetime-too-short] The token lives for 59 min 59 s (3599 s), and min-lifetime asks for 1 h (3600 ' +
          's).%0AThe lifetime is set on the OAuth client: Admin, Integrations, OAuth, Token Duration, from 5 minutes to ' +
          '48 hours.' +
          more('lifetime-too-short')
      ])
    )
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
    expect(written(await post(ran), where)).toEqual(cleanUp('Clean-up: nothing to do.', []))
  })

  test.each([
    ['missing', undefined],
    ['null', null],
    ['nought', 0],
    ['negative', -1],
    ['words', 'a while'],
    ['beyond any life', 1e12]
  ])('a lifetime that is %s fails closed', async (_, expiresIn) => {
    const where = await genesys()
    const token = 'a-token-that-nobody-knows-how-long-it-lives'
    where.intercept = (request, response) => {
      if (request.method === 'DELETE') where.tokens.set(token, { ...record1(where), revoked: true })
      else where.tokens.set(token, record1(where))
      request.status = 200
      const json = JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: expiresIn })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(json)
      return true
    }
    const ran = await main(where, { ...GENESYS, 'min-lifetime': '1' })
    expect(written(ran, where)).toEqual({
      ...refused('lifetime-too-short', [
        ...GENESYS_HEAD,
        'The token is not handed on; it is revoked.',
        '::error::[lifetime-too-short] The token lives for a time that the platform did not say, and min-lifetime asks ' +
          'for 1 s (1 s).%0AThe lifetime is set on the OAuth client: Admin, Integrations, OAuth, Token Duration, from 5 ' +
          'minutes to 48 hours.' +
          more('lifetime-too-short')
      ]),
      state:
        entry('token-1', '{"value":"{token 1}","kind":"access","revocationBaseUrl":"{origin}"}') +
        entry('token-1', '')
    })
    expect(record(where)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
  })

  test('an hour is all that CXone gives', async () => {
    const where = await cxone()
    const ran = await main(where, { ...CXONE_B, 'min-lifetime': '2h' })
    expect(ran.outputs).toEqual({ 'error-code': 'lifetime-too-short' })
    expect(ran.log).toMatch(
      /\nError: \[lifetime-too-short\] The token lives for 1 h \(3600 s\), and min-lifetime asks for 2 h \(7200 s\)\.\nA token of NICE CXone lives for one hour, /
    )
    expect(where.requests).toHaveLength(1)
  })
})

function record1(where: GenesysEmulator) {
  const [client] = where.clients
  if (client === undefined) throw new Error('unreachable')
  return {
    clientId: client.id,
    kind: 'access' as const,
    organization: client.organization,
    scope: [],
    issuedAt: 0,
    expiresAt: 0,
    revoked: false
  }
}

describe('an organisation’s name is data from outside', () => {
  const names = [
    {
      name: '<script>alert(1)</script> & "Co" \'s',
      said: '<script>alert(1)</script> & "Co" \'s',
      cell: '&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;Co&#34; &#39;s'
    },
    {
      name: '</td></tr></table>\n\n# Owned\n',
      said: '</td></tr></table> # Owned',
      cell: '&#60;/td&#62;&#60;/tr&#62;&#60;/table&#62; # Owned'
    },
    { name: 'a | b `c` **d**', said: 'a | b `c` **d**', cell: 'a | b `c` **d**' },
    { name: '::add-mask::eu-west-1', said: '::add-mask::eu-west-1', cell: '::add-mask::eu-west-1' },
    {
      name: '\r\n::error::owned\r::stop-commands::x\u2028::debug::y\u0085',
      said: '::error::owned ::stop-commands::x ::debug::y',
      cell: '::error::owned ::stop-commands::x ::debug::y'
    },
    { name: '##[error]owned', said: '# #[error]owned', cell: '##[error]owned', output: '##[error]owned' },
    { name: '%0A::warning::owned%0D', said: '%0A::warning::owned%0D', cell: '%0A::warning::owned%0D' },
    { name: '\u001b[31mred\u0000\u202eder', said: '[31mred der', cell: '[31mred der' },
    {
      name: 'x<<EOF\ny\nEOF\ntoken=owned',
      said: 'x<<EOF y EOF token=owned',
      cell: 'x&#60;&#60;EOF y EOF token=owned'
    },
    { name: 'Ä'.repeat(300), said: `${'Ä'.repeat(199)}…`, cell: `${'Ä'.repeat(199)}…` }
  ]
  test.each(names)('$said', async ({ name, said, cell, output = said }) => {
    const where = await genesys({ clients: [{ organization: { id: ORGANIZATION, name } }] })
    const ran = await main(where, { ...GENESYS, verify: 'true' })
    expect(written(ran, where)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...GENESYS_HEAD,
        `Granted an access token of ${said} (${ORGANIZATION}) for 24 h, until {minute} (2 requests).`,
        'Handed on as the output token. It is revoked when the job ends.'
      ),
      stderr: '',
      output: genesysOutputs({ 'organization-id': ORGANIZATION, 'organization-name': output }),
      env: '',
      state: savedToken(1) + entry('handed-on', 'auto'),
      summary: summaryOf('Genesys Cloud access token', {
        Organisation: `${cell} <code>${ORGANIZATION}</code>`,
        Region: '<code>eu-west-1</code> <code>mypurecloud.ie</code>',
        API: '<code>{origin}</code>',
        Exchange: 'Client credentials at the login host',
        Granted: '{minute}, after 2 requests',
        Expires: '{minute}, in 24 h',
        'Clean-up': 'Revoked when the job ends'
      })
    })
    expect(ran.commands.every(({ name: command }) => command === 'add-mask')).toBe(true)

    const turnedDown = await main(where, { ...GENESYS, 'allowed-organization-ids': OTHER })
    expect(turnedDown.outputs).toEqual({ 'error-code': 'organization-not-allowed' })
    expect(turnedDown.commands.filter(({ name: command }) => command !== 'add-mask')).toHaveLength(1)
    expect(turnedDown.commands.at(-1)).toMatchObject({ name: 'error', properties: {} })
    expect(turnedDown.commands.at(-1)?.data.split('\n')).toHaveLength(3)
    expect(turnedDown.log).toContain(`${ORGANIZATION} (${said})`)
  })

  test('a name that holds a secret shows it nowhere', async () => {
    const secret = 'a<client>&secret"of`ours'
    const name = `The ${secret} organisation`
    const where = await genesys({ clients: [{ secret, organization: { id: ORGANIZATION, name } }] })
    const ran = await main(where, { ...GENESYS, 'client-secret': secret, verify: 'true' })
    expect(ran.exitCode).toBe(0)
    expect(ran.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('secret"of')
    expect(ran.summary).not.toContain('secret&#34;of')
    expect(ran.files.output).not.toContain(secret)
  })

  test('a name that is the token shows it nowhere but where tokens go', async () => {
    const where = await genesys()
    where.intercept = (request, response) => {
      if (request.method !== 'GET') return false
      const [token] = where.tokens.keys()
      request.status = 200
      const json = { organization: { id: ORGANIZATION, name: `is ${token}` } }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return true
    }
    const ran = await main(where, { ...GENESYS, verify: 'true' })
    const [token = ''] = where.tokens.keys()
    expect(ran.exitCode).toBe(0)
    expect(ran.stdout.split(token)).toHaveLength(2)
    expect(ran.summary).not.toContain(token)
    expect(ran.outputs['organization-name']).not.toContain(token)
  })
})
