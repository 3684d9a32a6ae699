/** Certain or unknown: what the bundles say and do when an answer is lost, odd or hostile. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, startGenesys } from '../../emulator/index.mjs'
import { cleanup, runAction, runPost } from '../support/runner.mjs'

type Intercept = NonNullable<Awaited<ReturnType<typeof startGenesys>>['intercept']>
type Fault = (...args: Parameters<Intercept>) => boolean

let genesys: Awaited<ReturnType<typeof startGenesys>>
beforeEach(async () => {
  genesys = await startGenesys()
})
afterEach(() => genesys.close())
afterAll(cleanup)

const LONG_LIVED = { 'token-kind': 'long-lived', 'service-account-id': GENESYS_SERVICE_ACCOUNT.id }
const GENERATE = '/api/v2/oauth/token/generate'

const main = (inputs: Record<string, string> = {}, options = {}) =>
  runAction({
    main: 'dist/main/index.js',
    inputs: {
      provider: 'genesys',
      region: 'eu-west-1',
      'client-id': GENESYS_CLIENT.id,
      'client-secret': GENESYS_CLIENT.secret,
      'base-url': genesys.origin,
      'attempt-timeout': '1s',
      'max-attempts': '1',
      ...inputs
    },
    ...options
  })

const at =
  (path: string, fault: Fault): Intercept =>
  (request, response, socket) =>
    request.path === path && fault(request, response, socket)
const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Fault =>
  (request, response) => {
    request.status = status
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(body)
    return true
  }
const reset: Fault = (_request, _response, socket) => {
  socket.destroy()
  return true
}
const silence: Fault = () => true
const cut: Fault = (_request, response, socket) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '900' })
  response.write('{"access_token":"', () => socket.destroy())
  return true
}
const revocations = () => genesys.requests.filter(({ method }) => method === 'DELETE')

describe('generate', () => {
  const MAY_EXIST = `A long-lived token of the service account ${GENESYS_SERVICE_ACCOUNT.id} may exist that this step did not receive`

  test.each<[string, Fault]>([
    ['a reset connection', reset],
    ['silence', silence],
    ['500', answer(500, '{}')],
    ['a response that is cut short', cut],
    ['a body that is not JSON', answer(200, '<html>')],
    ['a token that cannot be used', answer(200, '{"access_token":"short"}')],
    ['408', answer(408, '{}')]
  ])('after %s, says that a token may exist, and revokes the initial token', async (_, fault) => {
    genesys.intercept = at(GENERATE, fault)
    const { exitCode, log, outputs } = await main(LONG_LIVED)
    expect(exitCode).toBe(1)
    expect(outputs['token']).toBeUndefined()
    expect(log).toContain(MAY_EXIST)
    expect(log).toContain('Ask a Genesys administrator to end it.')
    expect(log).toContain('The token was not published; it was revoked.')
    expect(revocations()).toHaveLength(1)
  })

  test.each([400, 401, 403, 404, 422])('after %i, claims no such thing', async status => {
    genesys.intercept = at(GENERATE, answer(status, '{}'))
    const { log } = await main(LONG_LIVED)
    expect(log).not.toContain('may exist')
  })

  test('has a connection of its own', async () => {
    expect((await main(LONG_LIVED)).exitCode).toBe(0)
    const [login, generate] = genesys.requests
    expect(generate?.path).toBe(GENERATE)
    expect(generate?.connection).not.toBe(login?.connection)
  })

  test('“revoked” is not said if the DELETE fails', async () => {
    genesys.intercept = (request, response, socket) =>
      request.method === 'DELETE'
        ? answer(500, '{}')(request, response, socket)
        : at(GENERATE, reset)(request, response, socket)
    const { log } = await main(LONG_LIVED)
    expect(log).not.toMatch(/it (was|is) revoked/)
    expect(log).toContain('it could not be revoked yet')
  }, 30_000)
})

describe('a token in a response that the step does not accept', () => {
  const TOKEN = 'made-up-token-0123456789'
  const body = JSON.stringify({ access_token: TOKEN, error: TOKEN, error_description: `got ${TOKEN}` })

  test.each([202, 206, 302, 400, 401, 403, 418, 500])(
    'with status %i is masked, saved and revoked',
    async status => {
      genesys.intercept = at('/oauth/token', answer(status, body, { Location: `https://${TOKEN}.example` }))
      const { exitCode, stdout, masks, state, log } = await main()
      expect(exitCode).toBe(1)
      expect(masks).toContain(TOKEN)
      // In the mask, and in no other line.
      expect(stdout.replace(`::add-mask::${TOKEN}`, '')).not.toContain(TOKEN)
      expect(revocations().map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${TOKEN}`])
      expect(state['token-1']).toMatch(/^$|made-up-token/)
      expect(log).toContain('The token was not published; it is invalid')
    }
  )

  test('of a first attempt is revoked when the job ends, also with revoke: false', async () => {
    let isFirst = true
    genesys.intercept = at('/oauth/token', (...args) => {
      if (!isFirst) return false
      isFirst = false
      return answer(503, body)(...args)
    })
    const run = await main({ 'max-attempts': '2', revoke: 'false' })
    expect(run.exitCode).toBe(0)
    genesys.forget()
    const post = await runPost(run, { post: 'dist/post/index.js' })
    expect(revocations().map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${TOKEN}`])
    expect(post.log).toContain('access token kept, because revoke is false; access token already invalid')
  })
})

describe('a hostile response', () => {
  test.each<[string, string]>([
    ['1 MiB of lines in its token', JSON.stringify({ access_token: 'abcdefgh\n'.repeat(110_000) })],
    [
      'a token of a hundred long lines, and a long message',
      JSON.stringify({
        access_token: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(4000, 'Ä%')).join('\n'),
        error_description: 'Ä'.repeat(200_000)
      })
    ],
    ['1 MiB in its message', JSON.stringify({ error: 'invalid_request', message: '%2541'.repeat(200_000) })],
    ['8 KiB in its message', JSON.stringify({ error: 'x', message: '\\u0026#37;2b+'.repeat(580) })],
    [
      'a token of 1 MiB',
      JSON.stringify({ access_token: 'x'.repeat(1_000_000), id_token: 'y'.repeat(40_000) })
    ]
  ])('with %s costs less than a second', async (_, body) => {
    genesys.intercept = at('/oauth/token', answer(400, body))
    const run = await main({ timeout: '5s' })
    expect(run.exitCode).toBe(1)
    expect(run.masks.length).toBeLessThan(45)
    // The time of an empty run on this machine is part of it.
    genesys.intercept = at('/oauth/token', answer(400, '{}'))
    const plain = await main({ timeout: '5s' })
    expect(run.durationMs - plain.durationMs).toBeLessThan(1500)
  })

  test('longer than 8 KiB is not quoted', async () => {
    const message = `the reason ${'x'.repeat(9000)}`
    genesys.intercept = at('/oauth/token', answer(400, JSON.stringify({ error: 'odd', message })))
    expect((await main()).log).not.toContain('the reason')
  })

  test('with more than eight tokens is not quoted, and has eight masks', async () => {
    const tokens = Array.from({ length: 9 }, (_, index) => `token-number-${index}`)
    const body = JSON.stringify({
      refresh_token: tokens.join('\n'),
      error: 'odd',
      message: `about ${tokens[8]}`
    })
    genesys.intercept = at('/oauth/token', answer(400, body))
    const { log, masks } = await main()
    expect(log).not.toContain('about')
    expect(masks.filter(mask => mask.startsWith('token-number-'))).toEqual(tokens.slice(0, 8))
  })

  test('that repeats the client id shows <client-id> in its place', async () => {
    const secret = 'a-swapped-secret-value'
    const { log } = await main({ 'client-id': secret, 'client-secret': GENESYS_CLIENT.id })
    expect(log).toContain('client not found: <client-id>')
    expect(log).not.toContain(secret)
    expect(log).toContain('client-id and client-secret may be swapped')
  })

  test('101 ends the attempt at once', async () => {
    genesys.intercept = at('/oauth/token', (_request, _response, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      return true
    })
    const { log, durationMs } = await main({ 'attempt-timeout': '20s' })
    expect(log).toContain('[bad-response]')
    expect(log).toContain('switched protocols (HTTP 101)')
    expect(durationMs).toBeLessThan(5000)
  })
})

describe('the post step', () => {
  test('revokes a token although the clock says that it has expired', async () => {
    const run = await main()
    const saved = JSON.parse(run.state['token-1'] ?? '{}')
    const state = { ...run.state, 'token-1': JSON.stringify({ ...saved, expiresAtMs: 1 }) }
    const post = await runPost({ ...run, state }, { post: 'dist/post/index.js' })
    expect(post.log).toContain('Clean-up: access token revoked.')
    expect([...genesys.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })

  test.each(['', '/', '//', '/.'])('follows no link, with “%s” at the end of the path', async end => {
    const folder = mkdtempSync(join(tmpdir(), 'link-'))
    try {
      const target = join(folder, 'target')
      mkdirSync(target)
      writeFileSync(join(target, 'precious'), '')
      const link = join(folder, 'cc-token-00000000-0000-0000-0000-000000000000')
      symlinkSync(target, link)
      const run = await main({ 'client-secret': '' })
      const state = { 'token-folder': `${link}${end}` }
      const post = await runPost({ ...run, state }, { post: 'dist/post/index.js' })
      expect(post.exitCode).toBe(0)
      expect(readdirSync(target)).toEqual(['precious'])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('what leaves the runner', () => {
  test('the User-Agent has no identifier of the run', async () => {
    await main({}, { env: { ACTIONS_ORCHESTRATION_ID: 'run-1234' } })
    expect(genesys.requests[0]?.headers['user-agent']).toMatch(/^cc-token-action\/\d+\.\d+\.\d+$/)
  })

  test('the version in it is that of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    await main()
    expect(genesys.requests[0]?.headers['user-agent']).toBe(`cc-token-action/${version}`)
  })

  test('passwords of proxies are masked: as written, decoded, and as Basic', async () => {
    const { masks } = await main(
      {},
      {
        env: {
          HTTPS_PROXY: 'http://user:pass%2Fword1@proxy.example:3128',
          http_proxy: 'http://user:another-password@proxy.example:3128'
        }
      }
    )
    expect(masks).toEqual(
      expect.arrayContaining([
        'pass%2Fword1',
        'pass/word1',
        Buffer.from('user:pass/word1').toString('base64'),
        'another-password'
      ])
    )
  })
})
