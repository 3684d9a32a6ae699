import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  type CxoneEmulator,
  startCxone
} from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import type { RecordedRequest } from '../../emulator/server.mjs'
import { main, post } from '../support/bundles.js'
import {
  cleanUp,
  EXCHANGES,
  type Exchange,
  failed,
  head,
  masks,
  type Published,
  published,
  start,
  TEXTS
} from '../support/expected.js'
import {
  CXONE_ACCESS_KEY_INPUTS,
  CXONE_APPLICATION_INPUTS,
  GENESYS,
  type Inputs,
  LONG_LIVED
} from '../support/inputs.js'
import { cleanup, type RunOptions } from '../support/runner.mjs'
import { normal, record, written } from '../support/written.js'

let genesys: GenesysEmulator
let cxone: CxoneEmulator
beforeEach(async () => {
  genesys = await startGenesys()
  cxone = await startCxone()
})
afterEach(() => Promise.all([genesys.close(), cxone.close()]))
afterAll(cleanup)

const { login, api, longLived, application, accessKey, client } = EXCHANGES
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const CONFIGURATION = `GET /.well-known/cxone-configuration?tenantId=${CXONE_TENANT.id} 200`

describe('the six exchanges: everything that main and post write, and every request', () => {
  const cases: {
    title: string
    exchange: Exchange
    inputs: Inputs
    options?: RunOptions
    requests: string[]
    connections?: number
    expected?: Published
    atTheEnd?: [line: string, tokens: number[], request: string]
  }[] = [
    {
      title: 'Genesys Cloud at the login host',
      exchange: login,
      inputs: GENESYS,
      requests: ['POST /oauth/token Basic 200'],
      atTheEnd: ['access token revoked', [1], 'DELETE /api/v2/tokens/me token 1 200']
    },
    {
      title: 'Genesys Cloud at the API host',
      exchange: api,
      inputs: { ...GENESYS, region: 'https://apps.MyPureCloud.ie/directory', 'token-endpoint': 'api' },
      requests: ['POST /api/v2/oauth/token 200'],
      atTheEnd: ['access token revoked', [1], 'DELETE /api/v2/tokens/me token 1 200']
    },
    {
      title: 'a long-lived token of Genesys Cloud, with a variable and with step debugging',
      exchange: longLived,
      inputs: { ...LONG_LIVED, 'export-env': 'OTHER_TOKEN' },
      options: { debug: true, env: { OTHER_TOKEN: 'something else' } },
      requests: ['POST /oauth/token Basic 200', 'POST /api/v2/oauth/token/generate token 1 200'],
      // The request that creates the long-lived token has a connection of its own.
      connections: 2,
      expected: {
        log: [
          ...head(longLived).slice(0, -1),
          '::debug::POST {origin}/oauth/token: 200, new connection, {n} ms',
          '::add-mask::{token 2}',
          '::debug::POST {origin}/api/v2/oauth/token/generate: 200, new connection, {n} ms',
          'The variable OTHER_TOKEN had another value; later steps get the value of this step.'
        ],
        places: ['OTHER_TOKEN'],
        env: { OTHER_TOKEN: '{token 2}' }
      },
      atTheEnd: [
        'long-lived token kept, because it is to outlive the job; access token revoked',
        [1, 2],
        'DELETE /api/v2/tokens/me token 1 200'
      ]
    },
    {
      title: 'NICE CXone, a client and an access key',
      exchange: application,
      inputs: { ...CXONE_APPLICATION_INPUTS, 'tool-env': 'true' },
      requests: ['GET /.well-known/openid-configuration 200', 'POST /auth/token Basic 200', CONFIGURATION],
      expected: {
        places: ['CXONE_ACCESS_TOKEN', 'CXONE_API_URL'],
        env: { CXONE_ACCESS_TOKEN: '{token 1}', CXONE_API_URL: '{origin}' }
      }
    },
    {
      title: 'NICE CXone, an access key',
      exchange: accessKey,
      inputs: { ...CXONE_ACCESS_KEY_INPUTS, region: 'NA1' },
      requests: ['POST /authentication/v1/token/access-key 200', CONFIGURATION]
    },
    {
      title: 'NICE CXone, a client from environment variables',
      exchange: client,
      inputs: { provider: 'cxone', 'tool-env': 'true' },
      options: {
        env: { CXONE_CLIENT_ID: CXONE_REALM_CLIENT.id, CXONE_CLIENT_SECRET: `${CXONE_REALM_CLIENT.secret}\n` }
      },
      requests: ['POST /oauth/token 200'],
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
  test.each(cases)(
    '$title',
    async ({ exchange, inputs, options, requests, connections = 1, expected, atTheEnd }) => {
      const emulator = inputs['provider'] === 'genesys' ? genesys : cxone
      // The id of the workflow run must not be in any request.
      const env = { ACTIONS_ORCHESTRATION_ID: 'id-of-a-run', ...options?.env }
      const ran = await main(emulator, inputs, { ...options, env })
      expect(written(ran, emulator)).toEqual(published(exchange, { summary: {}, ...expected }))
      expect(record(emulator)).toEqual(requests)
      expect(emulator.connections).toBe(connections)
      for (const { headers } of emulator.requests)
        expect(headers['user-agent']).toBe(`cc-token-action/${version}`)
      // Neither the refresh token nor the id token of CXone is of use after the exchange.
      const others = emulator === cxone ? cxone.alsoIssued : []
      const files = Object.values(ran.files).join()
      expect(others.filter(token => files.includes(token))).toEqual([])
      const secrets = [GENESYS_CLIENT, CXONE_APPLICATION, CXONE_ACCESS_KEY, CXONE_REALM_CLIENT]
      for (const { secret } of secrets) expect(ran.log + files).not.toContain(secret)
      expect(ran.leftovers()).toEqual([])

      // Inputs that reach the post step change nothing.
      const ended = await post(ran, { env: { INPUT_REVOKE: 'false', INPUT_PROVIDER: 'nonsense' } })
      const [line, tokens, request] = atTheEnd ?? ['nothing to do', [], undefined]
      expect(written(ended, emulator)).toEqual(cleanUp(`Clean-up: ${line}.`, tokens))
      expect(record(emulator).slice(requests.length)).toEqual(request === undefined ? [] : [request])
    }
  )
})

describe('failures', () => {
  test('a wrong secret costs one request', async () => {
    const ran = await main(genesys, { ...GENESYS, 'client-secret': 'wrong-secret' }, { debug: true })
    expect(written(ran, genesys)).toEqual(
      failed('credentials-rejected', {
        log: [
          '::add-mask::wrong-secret',
          ...start(login),
          ...['::add-mask::{derived}', '::add-mask::{derived}'],
          '::debug::POST {origin}/oauth/token: 400, new connection, {n} ms'
        ],
        message:
          'POST {origin}/oauth/token answered 400 invalid_client (authentication failed), correlation id {uuid}, 1 attempt.',
        hint:
          'Check that client-secret is complete and belongs to this client. Check that the client belongs to eu-west-1: ' +
          'Genesys gives the same error if it belongs to another region. The grant type of the client must be Client Credentials.'
      })
    )
    expect(genesys.requests).toHaveLength(1)
  })

  test('a host that refuses connections: the wait is logged, the attempts are counted', async () => {
    await genesys.close()
    const ran = await main(genesys, { ...GENESYS, 'max-attempts': '2' })
    expect([ran.exitCode, ran.outputs]).toEqual([1, { 'error-code': 'network' }])
    const refused = 'the connection was refused \\(ECONNREFUSED\\)'
    expect(normal(ran.log, genesys)).toMatch(
      new RegExp(
        `\\n127.0.0.1:\\d+: ${refused}, attempt 1 of 2; retrying in \\d\\.\\d s\\.\\n` +
          `Error: \\[network\\] POST \\{origin\\}/oauth/token failed: ${refused}, 2 attempts\\.\\n`
      )
    )
  })

  test('if an input is wrong, nothing is sent', async () => {
    const ran = await main(genesys, { ...GENESYS, region: 'eu-west-9' })
    expect(written(ran, genesys)).toEqual(
      failed('invalid-input', {
        log: masks(login.inputSecrets),
        message: 'Input region is “eu-west-9”, which is not allowed.',
        hint: 'The nearest known region is eu-west-1 (mypurecloud.ie). Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region. If the region is newer than this list, use its domain.'
      })
    )
    expect(genesys.connections).toBe(0)
    expect(written(await post(ran), genesys)).toEqual(cleanUp(TEXTS.nothingToDo, []))
  })

  test('without a file of the runner nothing is sent, and no output is printed instead', async () => {
    const ran = await main(genesys, GENESYS, { env: { GITHUB_OUTPUT: '/nowhere/output' } })
    const expected = failed('internal-error', {
      log: masks(login.inputSecrets),
      message: 'The path in GITHUB_OUTPUT does not exist or cannot be written. Nothing was sent.',
      hint: 'Run the action in a workflow, on a runner of version 2.327.1 or newer. On a self-hosted runner, check the disk.'
    })
    expect(written(ran, genesys)).toEqual({ ...expected, outputs: {} })
    expect(genesys.connections).toBe(0)
  })
})

describe('a hostile response: a code, and no secret anywhere', () => {
  const BASIC = Buffer.from(`${GENESYS_CLIENT.id}:${GENESYS_CLIENT.secret}`).toString('base64')
  const SPELLINGS = [
    GENESYS_CLIENT.secret,
    encodeURIComponent(GENESYS_CLIENT.secret),
    BASIC,
    encodeURIComponent(BASIC)
  ]
  const HEADERS = 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n'
  const json = (value: object, status = '400 Bad Request') => {
    const text = JSON.stringify(value)
    return `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  }
  const echo = SPELLINGS.join(' ')

  test.each<[string, string, string | ((request: RecordedRequest) => string)]>([
    ['every spelling of the secret', 'bad-request', json({ error: 'x', error_description: echo })],
    ['commands', 'bad-request', json({ message: `\r\n::set-env name=X::1\n##[error]${BASIC}` })],
    ['the whole request', 'bad-request', request => json({ message: JSON.stringify(request) })],
    ['the secret as the token', 'bad-response', json({ access_token: BASIC }, '200 OK')],
    ['the secret as the expiry', 'bad-response', json({ expires_in: BASIC }, '200 OK')],
    [
      'a redirect to the secret',
      'redirected',
      `HTTP/1.1 302 X\r\nLocation: https://${BASIC}.example\r\n\r\n`
    ],
    ['the secret as its status', 'network', `HTTP/1.1 200 ${BASIC}\r\n${BASIC}: ${BASIC}\r\n`],
    ['a token that is cut', 'bad-response', `${HEADERS}\r\n{"access_token":"${BASIC}`],
    ['gzip that is none', 'bad-response', json({ error: BASIC }, '200 OK\r\nContent-Encoding: gzip')],
    ['noise', 'bad-response', `\u0000\u0001${echo}`]
  ])('%s', async (_, code, response) => {
    genesys.intercept = (request, __, socket) => {
      socket.end(typeof response === 'string' ? response : response(request))
      return true
    }
    const ran = await main(genesys, { ...GENESYS, 'max-attempts': '1' }, { debug: true })
    expect([ran.exitCode, ran.stderr, ran.outputs]).toEqual([1, '', { 'error-code': code }])
    expect([ran.files.env, ran.files.state]).toEqual(['', ''])
    // The runner obeys nothing that the platform sends.
    const names = ran.commands.map(({ name }) => name).filter(name => name !== 'add-mask' && name !== 'debug')
    expect(names).toEqual(['error'])
    const shown = [ran.stdout.replaceAll(/^::add-mask::.*$/gm, ''), ...filesBelow(ran.jobDir)].join('\n')
    expect(SPELLINGS.filter(spelling => shown.includes(spelling))).toEqual([])
  })

  /** Returns the texts of all files of the job. */
  function filesBelow(folder: string): string[] {
    const paths = readdirSync(folder, { recursive: true }).map(path => join(folder, String(path)))
    return paths.filter(path => statSync(path).isFile()).map(path => readFileSync(path, 'utf8'))
  }
})
