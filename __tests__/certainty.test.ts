/** Certain or unknown: what a step says and does when an answer is lost, odd or hostile. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GENESYS_CLIENT, startGenesys } from '../emulator/index.mjs'
import type { Intercept } from '../emulator/server.mjs'
import { main } from '../src/main.js'
import { parseCommandFile } from './support/command-files.mjs'
import { runStep } from './support/in-process.js'
import { GENESYS, LONG_LIVED } from './support/inputs.js'
import { type Call, reset, respond } from './support/respond.js'
import { interceptAll, liveTokens, NAME, rotateInProcess, startServers } from './support/rotation.js'
import { parseCommand } from './support/runner-log.mjs'

type Fault = (call: Call) => boolean

let genesys: Awaited<ReturnType<typeof startGenesys>>
beforeEach(async () => {
  genesys = await startGenesys()
})
afterEach(() => genesys.close())

async function run(inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const step = await runStep(main, {
    inputs: { ...GENESYS, 'base-url': genesys.origin, 'max-attempts': '1', ...inputs },
    env
  })
  const masks = step.stdout.split('\n').flatMap(line => {
    const command = parseCommand(line)
    return command?.name === 'add-mask' ? [command.data] : []
  })
  return { ...step, masks, log: step.stdout.replace(/^::add-mask::.*$/gm, '') }
}

const at =
  (path: string, fault: Fault): Intercept =>
  (request, response, socket) =>
    request.path === path && fault({ request, response, socket })
const answer =
  (status: number, body: string | object, headers?: Record<string, string>): Fault =>
  call =>
    respond(call, status, body, headers)
const revoked = () =>
  genesys.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ headers }) => headers.authorization?.replace('Bearer ', ''))

describe('generate', () => {
  const GENERATE = '/api/v2/oauth/token/generate'
  const MAY_EXIST = `A long-lived token of the service account ${LONG_LIVED['service-account-id']} may exist that this step did not receive`

  test.each<[string, Fault]>([
    ['a reset connection', reset],
    ['500', answer(500, '{}')],
    ['a token that cannot be used', answer(200, '{"access_token":"short"}')]
  ])('after %s, says that a token may exist, and revokes the initial token', async (_, fault) => {
    genesys.intercept = at(GENERATE, fault)
    const { exitCode, log, output } = await run(LONG_LIVED)
    expect(exitCode).toBe(1)
    expect(parseCommandFile(output)).toEqual({ 'error-code': expect.any(String) })
    expect(log).toContain(MAY_EXIST)
    expect(log).toContain('Ask a Genesys administrator to end it.')
    expect(log).toContain('The token was not published; it was revoked.')
    expect(revoked()).toEqual([...genesys.tokens.keys()])
  })

  test('“revoked” is not said if the DELETE fails', async () => {
    genesys.intercept = (request, response, socket) =>
      request.method === 'DELETE'
        ? respond({ request, response }, 500)
        : at(GENERATE, reset)(request, response, socket)
    const { log } = await run(LONG_LIVED)
    expect(log).not.toMatch(/it (was|is) revoked/)
    expect(log).toContain('it could not be revoked yet')
  })
})

describe('a token in a response that the step does not accept', () => {
  const TOKEN = 'made-up-token-0123456789'
  const body = JSON.stringify({ access_token: TOKEN, error: TOKEN, error_description: `got ${TOKEN}` })

  test.each([202, 206, 302, 400, 401, 403, 418, 500])(
    'with status %i is masked, saved and revoked',
    async status => {
      genesys.intercept = at('/oauth/token', answer(status, body, { Location: `https://${TOKEN}.example` }))
      const { exitCode, masks, state, log } = await run()
      expect(exitCode).toBe(1)
      expect(masks).toContain(TOKEN)
      expect(log).not.toContain(TOKEN)
      expect(revoked()).toEqual([TOKEN])
      expect(state).toContain(TOKEN)
      expect(log).toContain('The token was not published; it is invalid')
    }
  )

  test('from a failed first attempt is saved with isRejected', async () => {
    let isFirst = true
    genesys.intercept = at('/oauth/token', call => {
      if (!isFirst) return false
      isFirst = false
      return respond(call, 503, body)
    })
    const { exitCode, state } = await run({ 'max-attempts': '2', revoke: 'false' })
    const saved = parseCommandFile(state)
    expect(exitCode).toBe(0)
    expect(JSON.parse(saved['token-1'] ?? '')).toMatchObject({ value: TOKEN, isRejected: true })
    expect(JSON.parse(saved['token-2'] ?? '')).not.toHaveProperty('isRejected')
  })
})

describe('a hostile response', () => {
  test.each<[string, object]>([
    ['1 MiB of lines in its token', { access_token: 'abcdefgh\n'.repeat(110_000) }],
    [
      'a token of a hundred long lines, and a long message',
      {
        access_token: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(4000, 'Ä%')).join('\n'),
        error_description: 'Ä'.repeat(200_000)
      }
    ],
    ['1 MiB in its message', { error: 'invalid_request', message: '%2541'.repeat(200_000) }],
    ['8 KiB in its message', { error: 'x', message: '\\u0026#37;2b+'.repeat(580) }],
    ['a token of 1 MiB', { access_token: 'x'.repeat(1_000_000), id_token: 'y'.repeat(40_000) }]
  ])('with %s costs little time', async (_, body) => {
    genesys.intercept = at('/oauth/token', answer(400, body))
    const started = performance.now()
    const { exitCode, masks } = await run()
    expect(performance.now() - started).toBeLessThan(1500)
    expect(exitCode).toBe(1)
    expect(masks.length).toBeLessThan(45)
  })

  test('longer than 8 KiB is not quoted', async () => {
    const message = `the reason ${'x'.repeat(9000)}`
    genesys.intercept = at('/oauth/token', answer(400, { error: 'odd', message }))
    expect((await run()).log).not.toContain('the reason')
  })

  test('with more than eight tokens is not quoted, and has eight masks', async () => {
    const tokens = Array.from({ length: 9 }, (_, index) => `token-number-${index}`)
    const body = { refresh_token: tokens.join('\n'), error: 'odd', message: `about ${tokens[8]}` }
    genesys.intercept = at('/oauth/token', answer(400, body))
    const { log, masks } = await run()
    expect(log).not.toContain('about')
    expect(masks.filter(mask => mask.startsWith('token-number-'))).toEqual(tokens.slice(0, 8))
  })

  test('that repeats the client id shows <client-id> in its place', async () => {
    const secret = 'a-swapped-secret-value'
    const { log } = await run({ 'client-id': secret, 'client-secret': GENESYS_CLIENT.id })
    expect(log).toContain('client not found: <client-id>')
    expect(log).not.toContain(secret)
    expect(log).toContain('client-id and client-secret may be swapped')
  })
})

test('an older date of the secret does not prove that the token is stored', async () => {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    let isPut = false
    interceptAll(servers, call => {
      if (call.server !== 'github' || call.isApplied) return false
      if (call.request.method === 'PUT') {
        isPut = true
        return reset(call)
      }
      const isDate = isPut && call.request.path.endsWith(`/secrets/${NAME}`)
      return isDate && respond(call, 200, { name: NAME, updated_at: '2021-01-01T00:00:00Z' })
    })
    const { exitCode, outputs, stdout } = await rotateInProcess(servers, {
      'previous-token': previous,
      'max-attempts': '1'
    })
    expect([exitCode, outputs['rotated']]).toEqual([1, 'false'])
    expect(stdout).toContain('It is unknown whether the new token is stored.')
    expect(liveTokens(servers.genesys)).toHaveLength(2)
  } finally {
    await servers.close()
  }
})

test('the User-Agent has the version of package.json, and no identifier of the run', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  await run({}, { ACTIONS_ORCHESTRATION_ID: 'run-1234' })
  expect(genesys.requests[0]?.headers['user-agent']).toBe(`cc-token-action/${version}`)
})
