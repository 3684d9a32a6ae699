import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  CXONE_ACCESS_KEY,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  type CxoneEmulator,
  startCxone
} from '../../emulator/cxone.mjs'
import {
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  type GenesysEmulator,
  startGenesys
} from '../../emulator/genesys.mjs'
import {
  CXONE_A,
  CXONE_B,
  DECLARED_OUTPUTS,
  EXCHANGES,
  type Exchange,
  entry,
  failed,
  GENESYS,
  GENESYS_MASKS,
  head,
  type Inputs,
  LONG_LIVED,
  main,
  normal,
  type Published,
  published,
  record,
  savedToken,
  TEXTS,
  written
} from '../support/lifecycle.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

let genesys: GenesysEmulator
let cxone: CxoneEmulator
beforeEach(async () => {
  genesys = await startGenesys()
  cxone = await startCxone()
})
afterEach(() => Promise.all([genesys.close(), cxone.close()]))
afterAll(cleanup)

const { login, api, longLived, application, accessKey, client } = EXCHANGES

// Written out, so that a spelling that the step forgets is missed.
const GENESYS_SECRET = ['emulated-Genesys_secret/7Qm+Zk2vXw9', 'emulated-Genesys_secret%2F7Qm%2BZk2vXw9']
const APPLICATION_SECRET = [
  'emulated-CXone_application:9fT/w+4Lr',
  'emulated-CXone_application%3A9fT%2Fw%2B4Lr'
]
const ACCESS_KEY_SECRET = [
  'EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI====',
  'EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI%3D%3D%3D%3D'
]
const REALM_SECRET = ['emulated-CXone_realm&client=5uY/k+2Q', 'emulated-CXone_realm%26client%3D5uY%2Fk%2B2Q']
const GENESYS_BASIC =
  'NmExZjhjNTItMGQzZS00YjdhLTljMTUtMmU4NGQ3YjBmOTYzOmVtdWxhdGVkLUdlbmVzeXNfc2VjcmV0LzdRbStaazJ2WHc5'
const APPLICATION_BASIC = 'M2Q1YjlmNzAtYmFja2VuZC1hcHA6ZW11bGF0ZWQtQ1hvbmVfYXBwbGljYXRpb246OWZUL3crNExy'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

interface ExpectedRequest {
  readonly line: string
  readonly authorization?: string
  readonly type?: string
  readonly body?: string
  readonly connection?: number
}

/** Returns a request as the emulator records it, with no header but these. */
function recorded(origin: string, { line, authorization, type, body = '', connection = 1 }: ExpectedRequest) {
  const [method, path] = line.split(' ')
  const headers = {
    host: new URL(origin).host,
    connection: 'keep-alive',
    'user-agent': `cc-token-action/${version}`,
    ...(method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
    ...(authorization === undefined ? {} : { authorization }),
    ...(type === undefined ? {} : { 'content-type': type })
  }
  return { method, path, headers, body, connection }
}

/** Returns the names in a file of the runner, in order. Each entry must have a delimiter of its own. */
function namesIn(raw: string): string[] {
  const entries = [...raw.matchAll(/^(\S+)<<(ghadelimiter_[0-9a-f-]{36})\n[\s\S]*?\n\2\n/gm)]
  expect(entries.map(([text]) => text).join('')).toBe(raw)
  expect(new Set(entries.map(([, , delimiter]) => delimiter)).size).toBe(entries.length)
  return entries.map(([, name = '']) => name)
}

/** Checks that the step says the same expiry everywhere, and that it is not later than the real one. */
function checkExpiry(ran: RunResult, { startedAt, endedAt }: { startedAt: number; endedAt: number }): void {
  const { 'expires-at': expiresAt = '', 'expires-in': seconds } = ran.outputs
  const sentAt = Date.parse(expiresAt) - Number(seconds) * 1000
  expect(sentAt).toBeGreaterThanOrEqual(startedAt)
  expect(sentAt).toBeLessThanOrEqual(endedAt)
  const minute = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`
  expect(ran.log).toContain(`, until ${minute} (`)
  expect(ran.summary).toContain(`<td>${minute}, in `)
  const saved = Object.values(ran.state).filter(text => text.includes(ran.outputs['token'] ?? ''))
  for (const text of saved) expect(text).toContain(`"expiresAtMs":${Date.parse(expiresAt)}`)
  const received = /<strong>Received<\/strong><\/td><td>(.*?) UTC/.exec(ran.summary)?.[1]
  const minutes = [startedAt, endedAt].map(time =>
    new Date(time).toISOString().slice(0, 16).replace('T', ' ')
  )
  expect(minutes).toContain(received)
}

describe('the six exchanges', () => {
  const cases: {
    title: string
    exchange: Exchange
    inputs: Inputs
    options?: RunOptions
    masks: readonly string[]
    requests: (tokens: readonly string[]) => readonly ExpectedRequest[]
    expected?: Published
  }[] = [
    {
      title: 'Genesys Cloud at the login host',
      exchange: login,
      inputs: GENESYS,
      masks: [...GENESYS_SECRET, GENESYS_BASIC],
      requests: () => [
        {
          line: 'POST /oauth/token',
          authorization: `Basic ${GENESYS_BASIC}`,
          type: FORM,
          body: 'grant_type=client_credentials'
        }
      ]
    },
    {
      title: 'Genesys Cloud at the API host',
      exchange: api,
      inputs: { ...GENESYS, region: 'https://apps.MyPureCloud.ie/directory', 'token-endpoint': 'api' },
      masks: GENESYS_SECRET,
      requests: () => [
        {
          line: 'POST /api/v2/oauth/token',
          type: JSON_TYPE,
          body: `{"grant_type":"client_credentials","client_id":"${GENESYS_CLIENT.id}","client_secret":"${GENESYS_CLIENT.secret}"}`
        }
      ]
    },
    {
      title: 'a long-lived token of Genesys Cloud, with every output and with step debugging',
      exchange: longLived,
      inputs: {
        ...LONG_LIVED,
        scope: 'analytics:readonly routing',
        'export-env': 'CC_TOKEN, OTHER_TOKEN\n',
        'tool-env': 'true'
      },
      options: { debug: true, env: { OTHER_TOKEN: 'something else' } },
      masks: [...GENESYS_SECRET, GENESYS_BASIC],
      requests: ([initial = '']) => [
        {
          line: 'POST /oauth/token',
          authorization: `Basic ${GENESYS_BASIC}`,
          type: FORM,
          body: 'grant_type=client_credentials&scope=analytics%3Areadonly+routing'
        },
        {
          line: 'POST /api/v2/oauth/token/generate',
          authorization: `Bearer ${initial}`,
          type: JSON_TYPE,
          body: `{"grant_type":"client_credentials","resource_owner":"${GENESYS_SERVICE_ACCOUNT.id}"}`,
          connection: 2
        }
      ],
      expected: {
        log: [
          ...head(longLived).slice(0, -1),
          '::debug::POST {origin}/oauth/token: 200, new connection, {n} ms',
          ...longLived.masks.slice(-1),
          '::debug::POST {origin}/api/v2/oauth/token/generate: 200, new connection, {n} ms',
          'The variable OTHER_TOKEN had another value; later steps get the value of this step.'
        ],
        places: [
          'CC_TOKEN',
          'OTHER_TOKEN',
          'GENESYSCLOUD_ACCESS_TOKEN',
          'GENESYSCLOUD_REGION',
          'GENESYSCLOUD_API_REGION'
        ],
        env: {
          CC_TOKEN: '{token 2}',
          OTHER_TOKEN: '{token 2}',
          GENESYSCLOUD_ACCESS_TOKEN: '{token 2}',
          GENESYSCLOUD_REGION: 'eu-west-1',
          GENESYSCLOUD_API_REGION: '{origin}'
        }
      }
    },
    {
      title: 'NICE CXone, a client and an access key',
      exchange: application,
      inputs: { ...CXONE_A, 'tool-env': 'true' },
      masks: [...APPLICATION_SECRET, ...ACCESS_KEY_SECRET, APPLICATION_BASIC],
      requests: () => [
        { line: 'GET /.well-known/openid-configuration' },
        {
          line: 'POST /auth/token',
          authorization: `Basic ${APPLICATION_BASIC}`,
          type: FORM,
          body:
            'grant_type=password&username=EMULATEDKEY4T7QJ2ZLWM6VBXN3ACDRHGOFY5KPSUIE%3D%3D%3D%3D%3D%3D' +
            '&password=EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI%3D%3D%3D%3D'
        },
        { line: `GET /.well-known/cxone-configuration?tenantId=${CXONE_TENANT.id}` }
      ],
      expected: {
        places: ['CXONE_ACCESS_TOKEN', 'CXONE_API_URL'],
        env: { CXONE_ACCESS_TOKEN: '{token 1}', CXONE_API_URL: '{origin}' }
      }
    },
    {
      title: 'NICE CXone, an access key',
      exchange: accessKey,
      inputs: { ...CXONE_B, region: 'NA1' },
      masks: ACCESS_KEY_SECRET,
      requests: () => [
        {
          line: 'POST /authentication/v1/token/access-key',
          type: JSON_TYPE,
          body: `{"accessKeyId":"${CXONE_ACCESS_KEY.id}","accessKeySecret":"${CXONE_ACCESS_KEY.secret}"}`
        },
        { line: `GET /.well-known/cxone-configuration?tenantId=${CXONE_TENANT.id}` }
      ]
    },
    {
      title: 'NICE CXone, a client from environment variables',
      exchange: client,
      inputs: { provider: 'cxone', 'tool-env': 'true' },
      options: {
        env: { CXONE_CLIENT_ID: CXONE_REALM_CLIENT.id, CXONE_CLIENT_SECRET: `${CXONE_REALM_CLIENT.secret}\n` }
      },
      masks: REALM_SECRET,
      requests: () => [
        {
          line: 'POST /oauth/token',
          type: FORM,
          body: `grant_type=client_credentials&client_id=${CXONE_REALM_CLIENT.id}&client_secret=emulated-CXone_realm%26client%3D5uY%2Fk%2B2Q`
        }
      ],
      expected: {
        log: head(client).toSpliced(
          3,
          0,
          'Read from the environment: CXONE_CLIENT_ID and CXONE_CLIENT_SECRET.'
        ),
        more: ['::warning::CXONE_API_URL is not set, because this login method does not tell its value.'],
        places: ['CXONE_ACCESS_TOKEN'],
        env: { CXONE_ACCESS_TOKEN: '{token 1}' }
      }
    }
  ]
  test.each(cases)('$title', async ({ exchange, inputs, options = {}, masks, requests, expected }) => {
    const emulator = inputs['provider'] === 'genesys' ? genesys : cxone
    const startedAt = Date.now()
    // The id of the workflow run must not be in any request.
    const env = { ACTIONS_ORCHESTRATION_ID: 'id-of-a-run', ...options.env }
    const ran = await main(emulator, inputs, { ...options, env })
    const endedAt = Date.now()
    const result = written(ran, emulator)
    const stdout = result.stdout.replace(/, \d+ ms$/gm, ', {n} ms')
    expect({ ...result, stdout }).toEqual(published(exchange, { summary: {}, ...expected }))
    const tokens = [...emulator.tokens.keys()]
    const issued = emulator === cxone ? cxone.alsoIssued : []
    expect(ran.masks).toEqual([...masks, ...tokens, ...issued])
    checkExpiry(ran, { startedAt, endedAt })
    expect(
      emulator.requests.map(({ method, path, headers, body, connection }) => ({
        method,
        path,
        headers,
        body,
        connection
      }))
    ).toEqual(requests(tokens).map(request => recorded(emulator.origin, request)))
    // The outputs that action.yml declares, in its order.
    expect(namesIn(ran.files.output)).toEqual(DECLARED_OUTPUTS.filter(name => name !== 'error-code'))
    expect(namesIn(ran.files.env)).toEqual(Object.keys(expected?.env ?? {}))
    expect(namesIn(ran.files.state)).toHaveLength(Object.keys(ran.state).length)
    // Neither the refresh token nor the id token of CXone is of use after the exchange.
    for (const text of Object.values(ran.files))
      expect(issued.filter(token => text.includes(token))).toEqual([])
    expect(ran.leftovers()).toEqual([])
  })
})

describe('failures', () => {
  const REGION = (region: string) =>
    `Check that the client belongs to ${region}: Genesys gives the same error if it belongs to another region.`

  test.each([false, true])('a wrong secret costs one request (step debugging: %s)', async debug => {
    const ids: unknown[] = []
    genesys.intercept = (_, response) => {
      const { writeHead } = response
      response.writeHead = ((...args: [number, Record<string, string>]) => {
        ids.push(args[1]['ININ-Correlation-Id'])
        return Reflect.apply(writeHead, response, args)
      }) as typeof writeHead
      return false
    }
    const ran = await main(genesys, { ...GENESYS, 'client-secret': 'wrong-secret' }, { debug })
    const basic = 'NmExZjhjNTItMGQzZS00YjdhLTljMTUtMmU4NGQ3YjBmOTYzOndyb25nLXNlY3JldA=='
    const status = genesys.requests[0]?.status
    const result = written(ran, genesys)
    const stdout = result.stdout.replace(/, \d+ ms$/gm, ', {n} ms')
    expect({ ...result, stdout }).toEqual(
      failed('credentials-rejected', {
        log: [
          '::add-mask::wrong-secret',
          ...login.start,
          ...['::add-mask::{derived}', '::add-mask::{derived}'],
          ...(debug ? [`::debug::POST {origin}/oauth/token: ${status}, new connection, {n} ms`] : [])
        ],
        message: `POST {origin}/oauth/token answered ${status} invalid_client (authentication failed), correlation id {uuid}, 1 attempt.`,
        hint: `Check that client-secret is complete and belongs to this client. ${REGION('eu-west-1')} The grant type of the client must be Client Credentials.`
      })
    )
    expect(ran.masks).toEqual(['wrong-secret', basic, basic.replaceAll('=', '%3D')])
    expect(ids).toHaveLength(1)
    expect(ran.log).toContain(`correlation id ${ids[0]}, `)
    expect(namesIn(ran.files.output)).toEqual(['error-code'])
    expect(genesys.requests).toHaveLength(1)
  })

  test('a client of another region', async () => {
    await genesys.close()
    genesys = await startGenesys({ region: 'eu-central-1', clients: [{ region: 'eu-west-1' }] })
    const ran = await main(genesys, { ...GENESYS, region: 'mypurecloud.de' })
    const log = head(login).slice(0, -1)
    const expected = failed('credentials-rejected', {
      log: log.map(line => line.replace('eu-west-1 (mypurecloud.ie)', 'eu-central-1 (mypurecloud.de)')),
      message:
        'POST {origin}/oauth/token answered 400 invalid_client (client not found: <client-id>), correlation id {uuid}, 1 attempt.',
      hint: `${REGION('eu-central-1')} Check client-id.`
    })
    expect(written(ran, genesys)).toEqual(expected)
    expect(genesys.requests).toHaveLength(1)
  })

  test('a long-lived token without the permission: the initial token is revoked', async () => {
    await genesys.close()
    genesys = await startGenesys({ clients: [{ permissions: [] }] })
    const ran = await main(genesys, LONG_LIVED)
    expect(written(ran, genesys)).toEqual(
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
    expect(record(genesys)).toEqual([
      'POST /oauth/token Basic 200',
      'POST /api/v2/oauth/token/generate token 1 403',
      'DELETE /api/v2/tokens/me token 1 200'
    ])
    expect([...genesys.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })

  test.each([
    {
      problem: 'an unknown service account',
      start: {},
      inputs: { 'service-account-id': 'nobody' },
      code: 'credentials-rejected',
      words:
        '401 invalid.resource.owner (The resource owner is unknown or inactive.), correlation id {uuid}, 1 attempt.',
      hint: 'Genesys rejected the initial token, or service-account-id names a wrong or inactive service account.'
    },
    {
      problem: 'an initial token that has expired',
      start: { clients: [{ lifetimeSeconds: -1 }] },
      inputs: {},
      code: 'credentials-rejected',
      words: '401 ',
      hint: 'Genesys rejected the initial token, or '
    },
    {
      problem: 'an organisation without the request',
      start: { generateOffered: false },
      inputs: {},
      code: 'not-offered',
      words: '404 ',
      hint: 'Genesys does not document this request, and your organisation may not support it. Use token-kind: access: '
    }
  ])('$problem', async ({ start, inputs, code, words, hint }) => {
    await genesys.close()
    genesys = await startGenesys(start)
    const ran = await main(genesys, { ...LONG_LIVED, ...inputs })
    expect([ran.outputs, ran.exitCode, ran.stderr]).toEqual([{ 'error-code': code }, 1, ''])
    expect(normal(ran.log, genesys)).toContain(
      `Error: [${code}] POST {origin}/api/v2/oauth/token/generate answered ${words}`
    )
    expect(ran.log).toContain(`\n${hint}`)
  })

  test('CXone: a wrong access key', async () => {
    const ran = await main(cxone, { ...CXONE_A, 'access-key-secret': 'wrong-secret====' })
    expect(written(ran, cxone)).toEqual(
      failed('credentials-rejected', {
        log: [
          ...application.inputMasks.slice(0, 2),
          '::add-mask::wrong-secret====',
          '::add-mask::wrong-secret%253D%253D%253D%253D',
          ...application.start,
          '::add-mask::{derived}'
        ],
        message:
          'POST {origin}/auth/token answered 400 invalid_grant (Invalid user credentials.), 1 attempt.',
        hint:
          'Check access-key-id and access-key-secret (it ends in ====). The access key may be inactive, or its employee ' +
          'deactivated, or locked after days without a login.'
      })
    )
  })

  test('CXone: discovery that names a foreign host', async () => {
    await cxone.close()
    cxone = await startCxone({ tokenEndpoint: 'https://cxone.niceincontact.com.evil.example/auth/token' })
    const ran = await main(cxone, CXONE_A)
    expect(ran.outputs).toEqual({ 'error-code': 'bad-response' })
    expect(ran.stdout).not.toContain('evil')
    expect(record(cxone)).toEqual(['GET /.well-known/openid-configuration 200'])
  })

  test('the page of a gateway, with status 200', async () => {
    genesys.intercept = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.end(`<title>Sign in</title>::set-output name=token::x ${GENESYS_BASIC}`)
      return true
    }
    const ran = await main(genesys, GENESYS)
    expect(written(ran, genesys)).toEqual(
      failed('bad-response', {
        log: head(login).slice(0, -1),
        message: 'POST {origin}/oauth/token answered 200, but its body is not a JSON object, 1 attempt.',
        hint:
          'Nothing was published. The login page of a proxy or gateway often causes this: check base-url and the network ' +
          'path to the platform. If it persists, show this message to the support of the platform.'
      })
    )
  })

  test('a host that refuses connections: the wait is logged, the attempts are counted', async () => {
    await genesys.close()
    const ran = await main(genesys, { ...GENESYS, 'max-attempts': '2' })
    const result = written(ran, genesys)
    const stdout = result.stdout
      .replaceAll(new URL(genesys.origin).host, '{host}')
      .replace(/in \d\.\d s\.$/gm, 'in {n} s.')
    expect({ ...result, stdout }).toEqual(
      failed('network', {
        log: [
          ...head(login).slice(0, -1),
          '{host}: the connection was refused (ECONNREFUSED), attempt 1 of 2; retrying in {n} s.'
        ],
        message: 'POST {origin}/oauth/token failed: the connection was refused (ECONNREFUSED), 2 attempts.',
        hint: 'Check the region, the DNS of the runner, and its access to this host: a firewall may block it, or a proxy may be required.'
      })
    )
  })

  test('if an input is wrong, nothing is sent', async () => {
    const region = await main(genesys, { ...GENESYS, region: 'eu-west-9' })
    expect(written(region, genesys)).toEqual(
      failed('invalid-input', {
        log: GENESYS_MASKS,
        message: 'Input region is “eu-west-9”, which is not allowed.',
        hint: 'The nearest known region is eu-west-1 (mypurecloud.ie). Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region. If the region is newer than this list, use its domain.'
      })
    )
    const { 'client-secret': _, ...inputs } = GENESYS
    const secret = await main(genesys, inputs)
    expect(written(secret, genesys)).toEqual(
      failed('missing-credential', {
        log: [],
        message:
          'Input client-secret is empty. GENESYS_CLOUD_CLIENT_SECRET and GENESYSCLOUD_OAUTHCLIENT_SECRET are not read ' +
          'because other credential inputs are set.',
        hint: 'Workflows from forks and from Dependabot get no secrets (Dependabot has its own store). Secrets of an environment need environment: on the job. Also check the name of the secret: an unknown name gives an empty value.'
      })
    )
    expect(genesys.connections).toBe(0)
  })
})

describeOnPosix('a job that is cancelled', () => {
  /** Leaves the n-th request without an answer. Returns a promise that is resolved when it has arrived. */
  function hang(n: number, onArrival: () => void = () => {}): Promise<void> {
    return new Promise(resolve => {
      genesys.intercept = () => {
        if (genesys.requests.length < n) return false
        onArrival()
        resolve()
        return true
      }
    })
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while the token request has no answer', async signal => {
    let cancelledAt = 0
    const signalAfter = hang(1, () => {
      cancelledAt = Date.now()
    })
    const ran = await main(genesys, GENESYS, { signal, signalAfter })
    expect(Date.now() - cancelledAt).toBeLessThan(3000)
    expect([ran.exitCode, ran.signal, ran.stderr]).toEqual([1, null, ''])
    expect(written(ran, genesys).stdout).toBe([...head(login).slice(0, -1), TEXTS.cancelled, ''].join('\n'))
    expect(ran.files).toEqual({ output: '', env: '', state: '', summary: '' })
  })

  test('while generate has no answer: the initial token is saved, and no process shows it', async () => {
    let found: string[] = ['not searched']
    const signalAfter = hang(2, () => {
      found = processesWith([...genesys.tokens.keys()][0] ?? '')
    })
    const ran = await main(genesys, { ...LONG_LIVED, 'export-env': 'CC_TOKEN' }, { signalAfter })
    expect(found).toEqual([])
    expect([ran.exitCode, ran.stderr]).toEqual([1, ''])
    expect(written(ran, genesys).stdout).toBe(
      [...head(longLived).slice(0, -1), TEXTS.cancelled, ''].join('\n')
    )
    const state = normal(ran.files.state, genesys)
    expect({ ...ran.files, state }).toEqual({ output: '', env: '', state: savedToken(1), summary: '' })
  })

  /** Returns the processes whose arguments or environment contain the text; none on a system without /proc. */
  function processesWith(text: string): string[] {
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
