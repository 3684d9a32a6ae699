import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, runAction } from '../support/runner.mjs'

type Emulator = Awaited<ReturnType<typeof startGenesys | typeof startCxone>>
type Ran = Awaited<ReturnType<typeof runAction>>

/** What an emulator answered, in order. */
interface Answered {
  readonly correlationId: string
  readonly json: Record<string, string>
}

const MAIN = 'dist/main/index.js'
let genesys: Awaited<ReturnType<typeof startGenesys>>
let cxone: Awaited<ReturnType<typeof startCxone>>
beforeEach(async () => {
  genesys = await startGenesys()
  cxone = await startCxone()
})
afterEach(() => Promise.all([genesys.close(), cxone.close()]))
afterAll(cleanup)

const genesysInputs = () => ({
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret,
  'base-url': genesys.origin
})
const longLived = { 'token-kind': 'long-lived', 'service-account-id': GENESYS_SERVICE_ACCOUNT.id }
const cxoneInputs = () => ({ provider: 'cxone', 'base-url': cxone.origin })
const application = { 'client-id': CXONE_APPLICATION.id, 'client-secret': CXONE_APPLICATION.secret }
const accessKey = { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }

// Written out, so that a spelling that the step forgets is missed. `%25` is a per cent sign in a command.
const GENESYS_MASKS = `::add-mask::emulated-Genesys_secret/7Qm+Zk2vXw9
::add-mask::emulated-Genesys_secret%252F7Qm%252BZk2vXw9
`
const APPLICATION_MASKS = `::add-mask::emulated-CXone_application:9fT/w+4Lr
::add-mask::emulated-CXone_application%253A9fT%252Fw%252B4Lr
`
const ACCESS_KEY_MASKS = `::add-mask::EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI====
::add-mask::EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI%253D%253D%253D%253D
`
const REALM_MASKS = `::add-mask::emulated-CXone_realm&client=5uY/k+2Q
::add-mask::emulated-CXone_realm%2526client%253D5uY%252Fk%252B2Q
`
const GENESYS_BLOB =
  'NmExZjhjNTItMGQzZS00YjdhLTljMTUtMmU4NGQ3YjBmOTYzOmVtdWxhdGVkLUdlbmVzeXNfc2VjcmV0LzdRbStaazJ2WHc5'
const APPLICATION_BLOB = 'M2Q1YjlmNzAtYmFja2VuZC1hcHA6ZW11bGF0ZWQtQ1hvbmVfYXBwbGljYXRpb246OWZUL3crNExy'

const USER_AGENT = 'cc-token-action'
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** Runs the bundle and hears along what it is answered. */
async function run(
  emulator: Emulator,
  inputs: Record<string, string>,
  options: Partial<Parameters<typeof runAction>[0]> = {}
) {
  const answers: Answered[] = []
  const before = emulator.intercept
  emulator.intercept = (request, response, socket) => {
    const { writeHead, end } = response
    let correlationId = ''
    response.writeHead = ((...args: [number, Record<string, string>]) => {
      correlationId = args[1]?.['ININ-Correlation-Id'] ?? ''
      return Reflect.apply(writeHead, response, args)
    }) as typeof writeHead
    response.end = ((...args: unknown[]) => {
      const text = typeof args[0] === 'string' && args[0].startsWith('{') ? args[0] : '{}'
      answers.push({ correlationId, json: JSON.parse(text) as Record<string, string> })
      return Reflect.apply(end, response, args)
    }) as typeof end
    return before?.(request, response, socket) ?? false
  }
  const startedAt = Date.now()
  const ran = await runAction({ main: MAIN, inputs, ...options })
  return { ran, answers, startedAt, endedAt: Date.now() }
}

/** The runner's file that holds these entries and nothing else: with the delimiters that it holds, each used once. */
function fileOf(raw: string, entries: readonly (readonly [string, string])[]): string {
  const delimiters = [...new Set(raw.match(/ghadelimiter_[0-9a-f-]{36}/g))]
  expect(delimiters).toHaveLength(entries.length)
  return entries
    .map(([name, value], at) => `${name}<<${delimiters[at]}\n${value}\n${delimiters[at]}\n`)
    .join('')
}

const sent = ({ requests }: Emulator) =>
  requests.map(({ method, path, headers, body, connection }) => ({ method, path, headers, body, connection }))

/** A request as it must stand in the record: nothing that is not listed here. */
function request(
  emulator: Emulator,
  method: string,
  path: string,
  body = '',
  more: Record<string, string> = {},
  connection = 1
) {
  const headers = {
    host: new URL(emulator.origin).host,
    connection: 'keep-alive',
    'user-agent': USER_AGENT,
    ...(method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
    ...more
  }
  return { method, path, headers, body, connection }
}

/** Returns when the token expires as the step said it, after a check against the clocks of both sides. */
function expiryOf(ran: Ran, seconds: number, startedAt: number, endedAt: number): string {
  const said = ran.outputs['expires-at'] ?? ''
  const sentAt = Date.parse(said) - seconds * 1000
  expect(said).toBe(new Date(sentAt + seconds * 1000).toISOString())
  expect(sentAt).toBeGreaterThanOrEqual(startedAt)
  expect(sentAt).toBeLessThanOrEqual(endedAt)
  return said
}

const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** The summary, but for the minute of the grant and the time that is left, which are checked here. */
function summaryOf(ran: Ran, startedAt: number, endedAt: number, left: readonly string[]): string {
  const granted = [startedAt, endedAt].map(time => minute(new Date(time).toISOString()))
  return ran.summary
    .replace(/(?<=<strong>Granted<\/strong><\/td><td>)[^<,]*/, text =>
      granted.includes(text) ? 'NOW' : text
    )
    .replace(/(?<= UTC, in )[^<]*/, text => (left.includes(text) ? 'LEFT' : text))
}

const rowsOf = (...rows: [string, string][]) =>
  `<table>${rows.map(([name, value]) => `<tr><td><strong>${name}</strong></td><td>${value}</td></tr>`).join('')}</table>\n`

const stateOf = (token: string, kind: string, expiresAt: string, revocationBaseUrl?: string) =>
  JSON.stringify({
    value: token,
    kind,
    ...(revocationBaseUrl === undefined ? {} : { revocationBaseUrl }),
    expiresAtMs: Date.parse(expiresAt)
  })

const OUTPUT_NAMES = [
  'token',
  'token-type',
  'expires-in',
  'expires-at',
  'api-url',
  'region',
  'domain',
  'organization-id',
  'organization-name',
  'token-file'
]
const outputsOf = (...values: string[]) => OUTPUT_NAMES.map((name, at) => [name, values[at] ?? ''] as const)

describe('the six exchanges', () => {
  test('Genesys Cloud at the login host', async () => {
    const { ran, answers, startedAt, endedAt } = await run(genesys, genesysInputs())
    const token = answers[0]?.json['access_token'] ?? ''
    const expiresAt = expiryOf(ran, 86_400, startedAt, endedAt)
    expect(
      ran.stdout
    ).toBe(`${GENESYS_MASKS}Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.
base-url: every request, with its secrets, goes to ${genesys.origin}.
::add-mask::${GENESYS_BLOB}
::add-mask::${token}
Granted an access token for 24 h, until ${minute(expiresAt)} (1 request).
Handed on as the output token. It is revoked when the job ends.
`)
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.files.output).toBe(
      fileOf(
        ran.files.output,
        outputsOf(token, 'Bearer', '86400', expiresAt, genesys.origin, 'eu-west-1', 'mypurecloud.ie')
      )
    )
    expect(ran.files.env).toBe('')
    expect(ran.files.state).toBe(
      fileOf(ran.files.state, [
        ['token-1', stateOf(token, 'access', expiresAt, genesys.origin)],
        ['handed-on', 'auto']
      ])
    )
    expect(summaryOf(ran, startedAt, endedAt, ['24 h', '23 h 59 min'])).toBe(
      `<h3>Genesys Cloud access token</h3>\n${rowsOf(
        ['Region', '<code>eu-west-1</code> <code>mypurecloud.ie</code>'],
        ['API', `<code>${genesys.origin}</code>`],
        ['Exchange', 'Client credentials at the login host'],
        ['Granted', 'NOW, after 1 request'],
        ['Expires', `${minute(expiresAt)}, in LEFT`],
        ['Clean-up', 'Revoked when the job ends']
      )}`
    )
    expect(ran.leftovers()).toEqual([])
    expect(sent(genesys)).toEqual([
      request(genesys, 'POST', '/oauth/token', 'grant_type=client_credentials', {
        authorization: `Basic ${GENESYS_BLOB}`,
        'content-type': FORM
      })
    ])
  })

  test('Genesys Cloud at the API host', async () => {
    const { ran, answers, startedAt, endedAt } = await run(genesys, {
      ...genesysInputs(),
      region: 'https://apps.MyPureCloud.ie/directory',
      'token-endpoint': 'api'
    })
    const token = answers[0]?.json['access_token'] ?? ''
    const expiresAt = expiryOf(ran, 86_400, startedAt, endedAt)
    expect(
      ran.stdout
    ).toBe(`${GENESYS_MASKS}Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the API host (the tutorial’s request).
base-url: every request, with its secrets, goes to ${genesys.origin}.
::add-mask::${token}
Granted an access token for 24 h, until ${minute(expiresAt)} (1 request).
Handed on as the output token. It is revoked when the job ends.
`)
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.outputs['token']).toBe(token)
    expect(sent(genesys)).toEqual([
      request(
        genesys,
        'POST',
        '/api/v2/oauth/token',
        `{"grant_type":"client_credentials","client_id":"${GENESYS_CLIENT.id}","client_secret":"${GENESYS_CLIENT.secret}"}`,
        { 'content-type': JSON_TYPE }
      )
    ])
  })

  test('Genesys Cloud’s long-lived token, with all that can be asked for, and with step debugging', async () => {
    const { ran, answers, startedAt, endedAt } = await run(
      genesys,
      {
        ...genesysInputs(),
        ...longLived,
        scope: 'analytics:readonly routing',
        'export-env': 'CC_TOKEN, OTHER_TOKEN\n',
        'tool-env': 'true'
      },
      { debug: true, env: { OTHER_TOKEN: 'something else' } }
    )
    const [initial = '', token = ''] = answers.map(({ json }) => json['access_token'])
    const expiresAt = expiryOf(ran, 31_536_000, startedAt, endedAt)
    const took = [...ran.stdout.matchAll(/^::debug::.*, (\d+) ms$/gm)].map(([, ms]) => ms)
    expect(
      ran.stdout
    ).toBe(`${GENESYS_MASKS}Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials for a long-lived token (the tutorial’s request).
base-url: every request, with its secrets, goes to ${genesys.origin}.
::add-mask::${GENESYS_BLOB}
::debug::POST ${genesys.origin}/oauth/token: 200, new connection, ${took[0]} ms
::add-mask::${initial}
::debug::POST ${genesys.origin}/api/v2/oauth/token/generate: 200, kept connection, ${took[1]} ms
::add-mask::${token}
::warning::The variable OTHER_TOKEN had another value; later steps get the one of this step.
Granted a long-lived token for 365 d, until ${minute(expiresAt)} (2 requests).
Handed on as the output token, CC_TOKEN, OTHER_TOKEN, GENESYSCLOUD_ACCESS_TOKEN, GENESYSCLOUD_REGION and GENESYSCLOUD_API_REGION. It outlives the job; the initial token is revoked when the job ends.
`)
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.files.output).toBe(
      fileOf(
        ran.files.output,
        outputsOf(token, 'Bearer', '31536000', expiresAt, genesys.origin, 'eu-west-1', 'mypurecloud.ie')
      )
    )
    expect(ran.files.env).toBe(
      fileOf(ran.files.env, [
        ['CC_TOKEN', token],
        ['OTHER_TOKEN', token],
        ['GENESYSCLOUD_ACCESS_TOKEN', token],
        ['GENESYSCLOUD_REGION', 'eu-west-1'],
        ['GENESYSCLOUD_API_REGION', genesys.origin]
      ])
    )
    const initialExpiresAtMs = (JSON.parse(ran.state['token-1'] ?? '{}') as { expiresAtMs: number })
      .expiresAtMs
    expect(ran.files.state).toBe(
      fileOf(ran.files.state, [
        ['token-1', stateOf(initial, 'access', new Date(initialExpiresAtMs).toISOString(), genesys.origin)],
        ['token-2', stateOf(token, 'long-lived', expiresAt, genesys.origin)],
        ['handed-on', 'auto']
      ])
    )
    expect(summaryOf(ran, startedAt, endedAt, ['365 d', '364 d 23 h'])).toBe(
      `<h3>Genesys Cloud long-lived token</h3>\n${rowsOf(
        ['Region', '<code>eu-west-1</code> <code>mypurecloud.ie</code>'],
        ['API', `<code>${genesys.origin}</code>`],
        ['Exchange', 'Client credentials for a long-lived token (the tutorial’s request)'],
        ['Granted', 'NOW, after 2 requests'],
        ['Expires', `${minute(expiresAt)}, in LEFT`],
        ['Clean-up', 'Outlives the job; the initial token is revoked when the job ends']
      )}`
    )
    expect(sent(genesys)).toEqual([
      request(
        genesys,
        'POST',
        '/oauth/token',
        'grant_type=client_credentials&scope=analytics%3Areadonly+routing',
        { authorization: `Basic ${GENESYS_BLOB}`, 'content-type': FORM }
      ),
      request(
        genesys,
        'POST',
        '/api/v2/oauth/token/generate',
        `{"grant_type":"client_credentials","resource_owner":"${GENESYS_SERVICE_ACCOUNT.id}"}`,
        { authorization: `Bearer ${initial}`, 'content-type': JSON_TYPE }
      )
    ])
  })

  test('CXone A: a back-end application and an access key', async () => {
    const { ran, answers, startedAt, endedAt } = await run(cxone, {
      ...cxoneInputs(),
      ...application,
      ...accessKey,
      'tool-env': 'true'
    })
    const {
      access_token: token = '',
      refresh_token: refresh = '',
      id_token: id = ''
    } = answers[1]?.json ?? {}
    const expiresAt = expiryOf(ran, 3600, startedAt, endedAt)
    expect(
      ran.stdout
    ).toBe(`${APPLICATION_MASKS}${ACCESS_KEY_MASKS}NICE CXone, issuer cxone.niceincontact.com: exchanging a back-end application’s client and an access key.
base-url: every request, with its secrets, goes to ${cxone.origin}.
::add-mask::${APPLICATION_BLOB}
::add-mask::${token}
::add-mask::${refresh}
::add-mask::${id}
Granted an access token for 1 h, until ${minute(expiresAt)} (3 requests).
Handed on as the output token, CXONE_ACCESS_TOKEN and CXONE_API_URL. It lives until it expires.
`)
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.files.output).toBe(
      fileOf(
        ran.files.output,
        outputsOf(token, 'Bearer', '3600', expiresAt, cxone.origin, 'na1', 'niceincontact.com')
      )
    )
    expect(ran.files.env).toBe(
      fileOf(ran.files.env, [
        ['CXONE_ACCESS_TOKEN', token],
        ['CXONE_API_URL', cxone.origin]
      ])
    )
    // The platform ends no token: the post step has nothing to load anything for.
    expect(ran.files.state).toBe('')
    // Neither the refresh token nor the id token is of use to anybody after this.
    expect(Object.values(ran.files).join()).not.toContain(refresh)
    expect(Object.values(ran.files).join()).not.toContain(id)
    expect(sent(cxone)).toEqual([
      request(cxone, 'GET', '/.well-known/openid-configuration'),
      request(
        cxone,
        'POST',
        '/auth/token',
        'grant_type=password&username=EMULATEDKEY4T7QJ2ZLWM6VBXN3ACDRHGOFY5KPSUIE%3D%3D%3D%3D%3D%3D' +
          '&password=EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI%3D%3D%3D%3D',
        { authorization: `Basic ${APPLICATION_BLOB}`, 'content-type': FORM }
      ),
      request(cxone, 'GET', `/.well-known/cxone-configuration?tenantId=${CXONE_TENANT.id}`)
    ])
  })

  test('CXone B: an access key alone', async () => {
    const { ran, answers, startedAt, endedAt } = await run(cxone, {
      ...cxoneInputs(),
      ...accessKey,
      region: 'EU1'
    })
    const {
      access_token: token = '',
      refresh_token: refresh = '',
      id_token: id = ''
    } = answers[0]?.json ?? {}
    const expiresAt = expiryOf(ran, 3600, startedAt, endedAt)
    expect(ran.stdout).toBe(`${ACCESS_KEY_MASKS}NICE CXone, area eu1: exchanging an access key.
base-url: every request, with its secrets, goes to ${cxone.origin}.
::add-mask::${token}
::add-mask::${refresh}
::add-mask::${id}
Granted an access token for 1 h, until ${minute(expiresAt)} (1 request).
Handed on as the output token. It lives until it expires.
`)
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.files.output).toBe(
      fileOf(ran.files.output, outputsOf(token, 'Bearer', '3600', expiresAt, cxone.origin, 'eu1'))
    )
    expect(sent(cxone)).toEqual([
      request(
        cxone,
        'POST',
        '/authentication/v1/token/access-key',
        `{"accessKeyId":"${CXONE_ACCESS_KEY.id}","accessKeySecret":"${CXONE_ACCESS_KEY.secret}"}`,
        { 'content-type': JSON_TYPE }
      )
    ])
  })

  test('CXone C: a client alone, all of it from the environment', async () => {
    const { ran, answers, startedAt, endedAt } = await run(
      cxone,
      { ...cxoneInputs(), 'tool-env': 'true' },
      {
        env: { CXONE_CLIENT_ID: CXONE_REALM_CLIENT.id, CXONE_CLIENT_SECRET: `${CXONE_REALM_CLIENT.secret}\n` }
      }
    )
    const token = answers[0]?.json['access_token'] ?? ''
    const expiresAt = expiryOf(ran, 3600, startedAt, endedAt)
    expect(ran.stdout).toBe(
      `${REALM_MASKS}NICE CXone, realm us-22: exchanging a client alone (the tutorial’s request).
Taken from the environment: CXONE_CLIENT_ID and CXONE_CLIENT_SECRET.
base-url: every request, with its secrets, goes to ${cxone.origin}.
::add-mask::${token}
Granted an access token for 1 h, until ${minute(expiresAt)} (1 request).
::warning::CXONE_API_URL is not set: the exchange does not tell what belongs there.
Handed on as the output token and CXONE_ACCESS_TOKEN. It lives until it expires.
`
    )
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
    expect(ran.files.output).toBe(fileOf(ran.files.output, outputsOf(token, 'Bearer', '3600', expiresAt)))
    expect(ran.files.env).toBe(fileOf(ran.files.env, [['CXONE_ACCESS_TOKEN', token]]))
    expect(sent(cxone)).toEqual([
      request(
        cxone,
        'POST',
        '/oauth/token',
        `grant_type=client_credentials&client_id=${CXONE_REALM_CLIENT.id}&client_secret=emulated-CXone_realm%26client%3D5uY%2Fk%2B2Q`,
        { 'content-type': FORM }
      )
    ])
  })
})

describe('failures', () => {
  const START =
    () => `${GENESYS_MASKS}Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.
base-url: every request, with its secrets, goes to ${genesys.origin}.
`
  const LONG_LIVED_START = () =>
    START().replace('at the login host', 'for a long-lived token (the tutorial’s request)')
  const BLOB_MASK = `::add-mask::${GENESYS_BLOB}\n`
  const REGION_HINT = (region: string) =>
    `Check that the client belongs to ${region}: a client of another region is unknown here and gets this very answer. ` +
    'Then check the secret for a missing piece, and that its grant type is Client Credentials.'

  /** A failure publishes its code and nothing else; its message ends with where more is said. */
  function expectFailure(ran: Ran, code: string, stdout: string): void {
    expect(ran.stdout).toBe(stdout.replace(/\n$/, `%0AMore: docs/troubleshooting.md#${code}\n`))
    expect([ran.stderr, ran.exitCode]).toEqual(['', 1])
    expect(ran.files.output).toBe(`error-code=${code}\n`)
    expect([ran.files.env, ran.files.summary, ran.leftovers()]).toEqual(['', '', []])
  }

  test.each([false, true])('a wrong secret costs one request (step debugging: %s)', async debug => {
    const { ran, answers } = await run(
      genesys,
      { ...genesysInputs(), 'client-secret': 'wrong-secret' },
      { debug }
    )
    const blob = 'NmExZjhjNTItMGQzZS00YjdhLTljMTUtMmU4NGQ3YjBmOTYzOndyb25nLXNlY3JldA=='
    const took = /(\d+) ms$/m.exec(ran.stdout)?.[1]
    const traced = `::debug::POST ${genesys.origin}/oauth/token: 400, new connection, ${took} ms\n`
    expectFailure(
      ran,
      'credentials-rejected',
      `::add-mask::wrong-secret
Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.
base-url: every request, with its secrets, goes to ${genesys.origin}.
::add-mask::${blob}
::add-mask::${blob.replaceAll('=', '%253D')}
${debug ? traced : ''}::error::[credentials-rejected] POST ${genesys.origin}/oauth/token answered 400 invalid_client (authentication failed), correlation id ${answers[0]?.correlationId}, 1 attempt.%0A${REGION_HINT('eu-west-1')}
`
    )
    expect(ran.files.state).toBe('')
    expect(genesys.requests).toHaveLength(1)
  })

  test('a client of another region', async () => {
    await genesys.close()
    genesys = await startGenesys({ region: 'eu-central-1', clients: [{ region: 'eu-west-1' }] })
    const { ran, answers } = await run(genesys, { ...genesysInputs(), region: 'mypurecloud.de' })
    expectFailure(
      ran,
      'credentials-rejected',
      `${START().replace('eu-west-1 (mypurecloud.ie)', 'eu-central-1 (mypurecloud.de)')}${BLOB_MASK}` +
        `::error::[credentials-rejected] POST ${genesys.origin}/oauth/token answered 400 invalid_client (client not found: ${GENESYS_CLIENT.id}), ` +
        `correlation id ${answers[0]?.correlationId}, 1 attempt.%0A${REGION_HINT('eu-central-1')}\n`
    )
    expect(genesys.requests).toHaveLength(1)
  })

  test('a long-lived token without the permission: the initial token is revoked', async () => {
    await genesys.close()
    genesys = await startGenesys({ clients: [{ permissions: [] }] })
    const { ran, answers } = await run(genesys, { ...genesysInputs(), ...longLived })
    const initial = answers[0]?.json['access_token'] ?? ''
    expectFailure(
      ran,
      'forbidden',
      `${LONG_LIVED_START()}${BLOB_MASK}::add-mask::${initial}
The token is not handed on; it is revoked.
::error::[forbidden] POST ${genesys.origin}/api/v2/oauth/token/generate answered 403 missing.permissions (Unable to perform the requested action. You are missing the following permission(s): admin:api_token), correlation id ${answers[1]?.correlationId}, 1 attempt.%0AThe client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, OAuth, the client’s Roles), in the division of the service account.
`
    )
    expect(sent(genesys).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /oauth/token',
      'POST /api/v2/oauth/token/generate',
      'DELETE /api/v2/tokens/me'
    ])
    expect([...genesys.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
    expect(ran.state['token-1']).toBe('')
  })

  test('an unknown service account, an expired initial token, and an organisation without the request', async () => {
    const unknown = await run(genesys, { ...genesysInputs(), ...longLived, 'service-account-id': 'nobody' })
    expect(unknown.ran.stdout).toContain(
      `::error::[credentials-rejected] POST ${genesys.origin}/api/v2/oauth/token/generate answered 401 invalid.resource.owner (The resource owner is unknown or inactive.), correlation id ${unknown.answers[1]?.correlationId}, 1 attempt.%0A` +
        'The initial token was refused, or service-account-id names a wrong or inactive service account.'
    )
    await genesys.close()
    genesys = await startGenesys({ clients: [{ lifetimeSeconds: -1 }] })
    const expired = await run(genesys, { ...genesysInputs(), ...longLived })
    expect(expired.ran.outputs).toEqual({ 'error-code': 'credentials-rejected' })
    await genesys.close()
    genesys = await startGenesys({ generateOffered: false })
    const without = await run(genesys, { ...genesysInputs(), ...longLived })
    expect(without.ran.outputs).toEqual({ 'error-code': 'not-offered' })
    expect(without.ran.stdout).toContain('Use token-kind: access: ')
    for (const { ran } of [unknown, expired, without]) expect([ran.stderr, ran.exitCode]).toEqual(['', 1])
  })

  test('CXone: a wrong access key, and a discovery that names a foreign host', async () => {
    const wrong = await run(cxone, {
      ...cxoneInputs(),
      ...application,
      ...accessKey,
      'access-key-secret': 'wrong-secret===='
    })
    expectFailure(
      wrong.ran,
      'credentials-rejected',
      `${APPLICATION_MASKS}::add-mask::wrong-secret====
::add-mask::wrong-secret%253D%253D%253D%253D
NICE CXone, issuer cxone.niceincontact.com: exchanging a back-end application’s client and an access key.
base-url: every request, with its secrets, goes to ${cxone.origin}.
::add-mask::${APPLICATION_BLOB}
::error::[credentials-rejected] POST ${cxone.origin}/auth/token answered 400 invalid_grant (Invalid user credentials.), 1 attempt.%0AThe host was asked for a back-end application with an access key: check client-id and client-secret, then access-key-id and access-key-secret (it ends in ====), and that region leads to the issuer that registered them.
`
    )
    await cxone.close()
    cxone = await startCxone({ tokenEndpoint: 'https://cxone.niceincontact.com.evil.example/auth/token' })
    const foreign = await run(cxone, { ...cxoneInputs(), ...application, ...accessKey })
    expect(foreign.ran.outputs).toEqual({ 'error-code': 'bad-response' })
    expect(foreign.ran.stdout).not.toContain('evil')
    expect(sent(cxone).map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/.well-known/openid-configuration', undefined]
    ])
  })

  test('a page of a gateway, with the status of success', async () => {
    genesys.intercept = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.end(`<title>Sign in</title>::set-output name=token::x ${GENESYS_BLOB}`)
      return true
    }
    const { ran } = await run(genesys, genesysInputs())
    expectFailure(
      ran,
      'bad-response',
      `${START()}${BLOB_MASK}::error::[bad-response] POST ${genesys.origin}/oauth/token answered 200, whose body is not a JSON object, 1 attempt.%0ANothing was published. A login page of a proxy or gateway often answers so; check base-url and the way to the platform. If it lasts, show the platform’s support this message.\n`
    )
  })

  test('nobody listens: tried again, announced, and said how often', async () => {
    const { origin } = genesys
    await genesys.close()
    const ran = await runAction({ main: MAIN, inputs: { ...genesysInputs(), 'max-attempts': '2' } })
    const waited = /waiting (\d\.\d) s/.exec(ran.stdout)?.[1]
    expectFailure(
      ran,
      'network',
      `${START()}${BLOB_MASK}${new URL(origin).host}: the connection was refused (ECONNREFUSED), attempt 1 of 2; waiting ${waited} s before the next attempt.
::error::[network] POST ${origin}/oauth/token failed: the connection was refused (ECONNREFUSED), 2 attempts.%0ACheck the region, the runner’s DNS, and its way out to this host: a firewall, or a proxy that must be used.
`
    )
  })

  test('nothing is sent where an input is wrong', async () => {
    const region = await run(genesys, { ...genesysInputs(), region: 'eu-west-9' })
    expect(region.ran.stdout).toMatch(
      /^::add-mask::.*\n::add-mask::.*\n::error::\[invalid-input\] Input region is “eu-west-9”, which is not allowed\.%0AThe nearest known region is eu-west-1 \(mypurecloud\.ie\)\. .*\n$/
    )
    const { 'client-secret': _, ...inputs } = genesysInputs()
    const secret = await run(genesys, inputs)
    expect(secret.ran.stdout).toMatch(
      /^::error::\[missing-credential\] Input client-secret is empty; since another credential input is given, GENESYS_CLOUD_CLIENT_SECRET or GENESYSCLOUD_OAUTHCLIENT_SECRET of the environment is not asked\.%0A.*\n$/
    )
    expect([region.ran.outputs, secret.ran.outputs]).toEqual([
      { 'error-code': 'invalid-input' },
      { 'error-code': 'missing-credential' }
    ])
    expect(genesys.connections).toBe(0)
  })

  test.each([
    ['GITHUB_OUTPUT', ''],
    ['GITHUB_OUTPUT', '/nowhere/output'],
    ['GITHUB_STATE', ''],
    ['GITHUB_STATE', '/nowhere/state'],
    ['GITHUB_ENV', ''],
    ['GITHUB_ENV', '/nowhere/env']
  ])('with %s=%j nothing is sent, and nothing is printed but the error', async (variable, path) => {
    const inputs = { ...genesysInputs(), 'export-env': 'CC_TOKEN' }
    const { ran } = await run(genesys, inputs, { env: { [variable]: path } })
    expect([ran.exitCode, ran.stderr, genesys.connections]).toEqual([1, '', 0])
    expect(ran.stdout).toBe(
      `${GENESYS_MASKS}::error::[internal-error] What the runner names in ${variable} is not there or cannot be written, so nothing could be ` +
        'handed on. Nothing was sent.%0ARun the action in a workflow, on a runner of version 2.327.1 or newer; on a self-hosted one check its ' +
        'disk.%0AMore: docs/troubleshooting.md#internal-error\n'
    )
    expect([ran.files.output === '', ran.files.env, ran.files.state, ran.files.summary]).toEqual([
      variable === 'GITHUB_OUTPUT',
      '',
      '',
      ''
    ])
    if (variable !== 'GITHUB_OUTPUT') expect(ran.outputs).toEqual({ 'error-code': 'internal-error' })
  })
})

describeOnPosix('a job that is cancelled', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s while the token request hangs', async signal => {
    let hanging = () => {}
    const asked = new Promise<void>(resolve => {
      hanging = resolve
    })
    genesys.intercept = () => {
      hanging()
      return true
    }
    let cancelledAt = 0
    const ran = await runAction({
      main: MAIN,
      inputs: genesysInputs(),
      signal,
      signalAfter: asked.then(() => {
        cancelledAt = Date.now()
      })
    })
    expect(Date.now() - cancelledAt).toBeLessThan(3000)
    expect(
      ran.stdout
    ).toBe(`${GENESYS_MASKS}Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.
base-url: every request, with its secrets, goes to ${genesys.origin}.
::add-mask::${GENESYS_BLOB}
Cancelled. What can be cleaned up is, when the job ends.
`)
    expect({ exitCode: ran.exitCode, signal: ran.signal, stderr: ran.stderr, files: ran.files }).toEqual({
      exitCode: 1,
      signal: null,
      stderr: '',
      files: { output: '', env: '', state: '', summary: '' }
    })
  })

  test('while generate hangs: the initial token is in the state, and in no argument or environment', async () => {
    let hanging = () => {}
    const asked = new Promise<void>(resolve => {
      hanging = resolve
    })
    let found: string[] = ['not looked']
    genesys.intercept = request => {
      if (!request.path.endsWith('/generate')) return false
      found = processesThatHold([...genesys.tokens.keys()][0] ?? '')
      hanging()
      return true
    }
    const inputs = { ...genesysInputs(), ...longLived, 'export-env': 'CC_TOKEN' }
    const ran = await runAction({ main: MAIN, inputs, signalAfter: asked })
    const [initial = ''] = genesys.tokens.keys()
    expect(found).toEqual([])
    expect([ran.exitCode, ran.stderr, ran.files.output, ran.files.env, ran.files.summary]).toEqual([
      1,
      '',
      '',
      '',
      ''
    ])
    expect(Object.keys(ran.state)).toEqual(['token-1'])
    expect(JSON.parse(ran.state['token-1'] ?? '')).toMatchObject({
      value: initial,
      revocationBaseUrl: genesys.origin
    })
    expect(
      ran.stdout.endsWith(
        `::add-mask::${initial}\nCancelled. What can be cleaned up is, when the job ends.\n`
      )
    ).toBe(true)
  })

  /** Processes of this machine whose arguments or environment hold the text; none where there is no /proc. */
  function processesThatHold(text: string): string[] {
    expect(text).not.toBe('')
    const processes = existsSync('/proc') ? readdirSync('/proc').filter(name => /^\d+$/.test(name)) : []
    return processes.filter(id =>
      ['cmdline', 'environ'].some(file => {
        try {
          return readFileSync(join('/proc', id, file), 'latin1').includes(text)
        } catch {
          return false
        }
      })
    )
  }
})
