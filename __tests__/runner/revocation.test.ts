import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { startServer } from '../../emulator/server.mjs'
import { type Revocable, revokeAll } from '../../src/auth/revocation.js'
import type { Clock } from '../../src/http/session.js'
import { Secret } from '../../src/lib/secret.js'
import { Logger } from '../../src/runner/logger.js'

/** A clock whose waits take no time and move it on. */
function quick(): Clock & { readonly waits: number[] } {
  let ahead = 0
  const waits: number[] = []
  return {
    waits,
    now: () => Date.now() + ahead,
    sleep: async ms => {
      waits.push(ms)
      ahead += ms
    },
    random: () => 0.5
  }
}

let answers: (number | ((path: string) => number))[] = []
let asked: string[] = []
const write = process.stdout.write
let said: string[] = []
const server = await startServer(request => {
  asked.push(`${request.method} ${request.path} ${request.headers.authorization}`)
  const next = answers.length > 1 ? answers.shift() : answers[0]
  return { status: typeof next === 'function' ? next(request.headers.authorization ?? '') : (next ?? 200) }
})
afterAll(() => server.close())
beforeEach(() => {
  answers = [200]
  asked = []
  said = []
  process.stdout.write = ((text: string) => said.push(text) > 0) as typeof process.stdout.write
})
afterEach(() => {
  process.stdout.write = write
  delete process.env['RUNNER_DEBUG']
})

const token = (text: string): Revocable => ({ value: new Secret(text), revocationBaseUrl: server.origin })

test('no token, no request', async () => {
  expect(await revokeAll([], new Logger(), quick())).toEqual([])
  expect(asked).toEqual([])
})

test('each in its place, whatever came of the others', async () => {
  answers = [who => ({ 'Bearer token-number-one': 200, 'Bearer token-number-two': 403 })[who] ?? 401]
  const ends = await revokeAll(
    ['token-number-one', 'token-number-two', 'token-number-three'].map(token),
    new Logger(),
    quick()
  )
  expect(ends.map(end => (end.status === 'fulfilled' ? end.value : end.reason.code))).toEqual([
    'revoked',
    'forbidden',
    'already gone'
  ])
  expect(asked.sort()).toEqual(
    ['one', 'three', 'two'].map(name => `DELETE /api/v2/tokens/me Bearer token-number-${name}`)
  )
  expect(said).toEqual([])
})

test('an address that is none ends in a failure, not in an exception', async () => {
  const [end] = await revokeAll(
    [{ ...token('token-number-one'), revocationBaseUrl: 'nowhere' }],
    new Logger(),
    quick()
  )
  expect(end?.status).toBe('rejected')
})

test('trouble that lasts is given up within ten seconds, in silence', async () => {
  answers = [503]
  const clock = quick()
  const before = clock.now()
  const [end] = await revokeAll([token('token-number-one')], new Logger(), clock)
  expect(end?.status).toBe('rejected')
  expect(clock.now() - before).toBeLessThanOrEqual(10_000)
  expect(asked.length).toBeGreaterThan(2)
  expect(said).toEqual([])
})

test('with step debugging on each try is told, without the token', async () => {
  process.env['RUNNER_DEBUG'] = '1'
  answers = [503, 200]
  const console = new Logger()
  console.mask(new Secret('token-number-one'))
  said = []
  await revokeAll([token('token-number-one')], console, quick())
  const log = said.join('')
  expect(log).toMatch(
    /^::debug::DELETE http:\/\/127\.0\.0\.1:\d+\/api\/v2\/tokens\/me: 503, new connection, \d+ ms\n/
  )
  expect(log).toMatch(
    /::debug::127\.0\.0\.1:\d+: it answered 503, attempt 1 of 10; waiting 0\.5 s before the next attempt\.\n/
  )
  expect(log).not.toContain('token-number-one')
})
