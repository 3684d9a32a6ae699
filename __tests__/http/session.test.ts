import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type EmulatorServer, startServer } from '../../emulator/server.mjs'
import type { HttpRequest } from '../../src/http/types.js'
import { systemClock } from '../../src/lib/clock.js'
import { Secret } from '../../src/lib/secret.js'
import { TestClock } from '../support/clock.js'
import { openSession, type TestSessionOptions } from '../support/session.js'
import { freePort } from '../support/sockets.js'

/** How late a deadline may be kept on a busy machine. */
const TOLERANCE_MS = 1000

const closers: (() => unknown)[] = []
let server: EmulatorServer
beforeEach(async () => {
  server = await startServer(() => ({ status: 200 }))
  closers.push(() => server.close())
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Answers each request by the function; `undefined` means no response at all. */
function respond(by: (path: string, count: number) => number | undefined, headers = {}): void {
  let count = 0
  server.intercept = ({ path }, response: ServerResponse) => {
    count += 1
    const status = by(path, count)
    if (status !== undefined) response.writeHead(status, headers).end('secret-body')
    return true
  }
}

function open(options?: TestSessionOptions) {
  const opened = openSession(options)
  closers.push(() => opened.session.close())
  return opened
}

function request(path = '/token', more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url: new URL(path, server.origin), headers: {}, body: new Secret('a=b'), ...more }
}

describe('time', () => {
  test('the deadline covers all attempts', async () => {
    respond(() => undefined)
    const limits = { timeoutMs: 1700, attemptTimeoutMs: 300, maxAttempts: 10 }
    const { session, infos } = open({ clock: { ...systemClock, random: () => 0.1 }, ...limits })
    const started = performance.now()
    const failure = { code: 'timeout', mayHaveBeenApplied: true }
    await expect(session.send(request())).rejects.toMatchObject(failure)
    expect(performance.now() - started).toBeLessThan(1700 + TOLERANCE_MS)
    expect(server.requests.length).toBeGreaterThan(1)
    expect(infos.length).toBe(server.requests.length - 1)
  })

  test('an attempt gets only what is left until the deadline', async () => {
    respond(() => undefined)
    const { session } = open({ clock: systemClock, timeoutMs: 200 })
    const started = performance.now()
    const message = `^POST ${server.origin}/token failed: no complete response within (1\\d\\d|200) ms, 1 attempt\\b`
    await expect(session.send(request())).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(message)
    })
    expect(performance.now() - started).toBeLessThan(200 + TOLERANCE_MS)
  })

  test('can be extended, by time that does not count', async () => {
    const clock = new TestClock()
    const { session } = open({ clock, timeoutMs: 5000 })
    await clock.sleep(5000)
    await expect(session.send(request())).rejects.toMatchObject({ code: 'timeout' })
    session.extendDeadline(5000)
    expect((await session.send(request())).status).toBe(200)
  })

  test.each<[string, number, number, number, Partial<HttpRequest>]>([
    ['a GET, if any time is left', 120_000, 1000, 0, { method: 'GET' }],
    ['a PUT, if five seconds are left', 120_000, 5000, 4999, { method: 'PUT' }],
    ['a PUT, if a quarter of a short timeout is left', 8000, 2000, 1999, { method: 'PUT' }],
    [
      'a request that must not be applied twice, if a second is left',
      120_000,
      1000,
      999,
      { retry: 'if-not-applied' }
    ]
  ])('allows %s', async (_, timeoutMs, enoughMs, tooLittleMs, more) => {
    const clock = new TestClock()
    const { session } = open({ clock, timeoutMs })
    await clock.sleep(timeoutMs - enoughMs)
    expect((await session.send(request('/sent', more))).status).toBe(200)
    await clock.sleep(enoughMs - tooLittleMs)
    await expect(session.send(request('/not-sent', more))).rejects.toMatchObject({
      code: 'timeout',
      message: `${more.method ?? 'POST'} ${server.origin}/not-sent failed: it was not sent because the timeout of ${timeoutMs === 8000 ? '8 s' : '2 min'} is used up, 0 attempts.`,
      mayHaveBeenApplied: false
    })
    expect(server.requests.map(({ path }) => path)).toEqual(['/sent'])
  })
})

test('a redirect is not followed', async () => {
  const other = await startServer(() => ({ status: 200 }))
  closers.push(() => other.close())
  respond(() => 307, { Location: `${other.origin}/elsewhere` })
  await expect(open().session.send(request())).rejects.toMatchObject({
    code: 'redirected',
    message: `POST ${server.origin}/token answered 307, a redirect to ${new URL(other.origin).host}, 1 attempt.`
  })
  expect([server.requests.length, other.connections]).toEqual([1, 0])
})

describe('the log', () => {
  test('has a line for each request with step debugging, without header, query and body', async () => {
    respond(path => (path.startsWith('/1') ? 503 : 200))
    const { session, debugs, infos } = open({ maxAttempts: 2 })
    await session.send(request('/1?tenantId=x'))
    await session.send({ method: 'GET', url: new URL('/2', server.origin), headers: {} })
    expect([session.requestCount, session.attemptCount]).toEqual([2, 3])
    const refused = new URL(`http://127.0.0.1:${await freePort()}/3`)
    await expect(session.send(request('/', { url: refused }))).rejects.toMatchObject({ code: 'network' })
    const { host } = new URL(server.origin)
    expect(debugs).toEqual([
      `POST http://${host}/1: 503, new connection, 0 ms`,
      `POST http://${host}/1: 503, reused connection, 0 ms`,
      `GET http://${host}/2: 200, reused connection, 0 ms`,
      ...[1, 2].map(() => `POST ${refused.href}: ECONNREFUSED, 0 ms`)
    ])
    expect(infos).toEqual([
      `${host}: HTTP 503, attempt 1 of 2; retrying in 0.5 s.`,
      `${refused.host}: the connection was refused (ECONNREFUSED), attempt 1 of 2; retrying in 0.5 s.`
    ])
  })

  test('tells throttling and failures apart', async () => {
    respond((_, count) => [429, 500, 429, 200][count - 1])
    const { session, infos } = open({ maxAttempts: 3 })
    expect(await session.send(request())).toMatchObject({ status: 200, attempts: 4 })
    const { host } = new URL(server.origin)
    expect(infos).toEqual([
      `${host}: rate limited (HTTP 429), attempt 1; retrying in 10.0 s.`,
      `${host}: HTTP 500, attempt 2, failure 1 of 3; retrying in 0.5 s.`,
      `${host}: rate limited (HTTP 429), attempt 3; retrying in 45.0 s.`
    ])
  })
})

describe('why there is no retry', () => {
  test.each<[string, string, string]>([
    [
      'the wait is too long',
      '300',
      '; the server asks to wait 5 min, longer than the remaining 2 min of the timeout of 2 min'
    ],
    ['time is used up', '', '; no time is left of the timeout of 2 min']
  ])('%s', async (_, retryAfter, whyNoRetry) => {
    respond(() => 429, retryAfter === '' ? {} : { 'Retry-After': retryAfter })
    expect(await open().session.send(request())).toMatchObject({ status: 429, isThrottled: true, whyNoRetry })
  })

  test('a final response says nothing', async () => {
    respond(() => 403)
    expect(await open({ maxAttempts: 3 }).session.send(request())).toMatchObject({
      attempts: 1,
      whyNoRetry: ''
    })
  })
})

describe('what may have been applied', () => {
  /** Returns what the session reports about the attempts of a request. */
  async function send(by: Parameters<typeof respond>[0], more: Partial<HttpRequest> = {}) {
    respond(by)
    const states: string[] = []
    const { session } = open({ maxAttempts: 4 })
    const response = await session.send(request('/', { onAttempt: state => states.push(state), ...more }))
    return { states, earlier: response.earlierMayHaveBeenApplied }
  }

  test('nothing, after throttled responses', async () => {
    expect(await send((_, count) => (count < 3 ? 429 : 200))).toEqual({
      states: ['started', 'not-applied', 'started', 'not-applied', 'started'],
      earlier: false
    })
  })

  test('every attempt with another response, also if a later one is throttled', async () => {
    expect(await send((_, count) => [429, 500, 429, 200][count - 1])).toEqual({
      states: ['started', 'not-applied', 'started', 'started', 'started'],
      earlier: true
    })
  })

  test('nothing, if no attempt reached the server', async () => {
    const url = new URL(`http://127.0.0.1:${await freePort()}/`)
    const states: string[] = []
    const { session } = open({ maxAttempts: 2 })
    const refused = session.send(request('/', { url, onAttempt: state => states.push(state) }))
    await expect(refused).rejects.toMatchObject({ mayHaveBeenApplied: false })
    expect(states).toEqual(['started', 'not-applied', 'started'])
  })
})

test('every response is reported, whatever its status, before anything is logged about it', async () => {
  respond((_, count) => [500, 429, 302][count - 1])
  const { session, debugs } = open({ maxAttempts: 3 })
  const reported: [number, number][] = []
  const onResponse = ({ status }: { status: number }) => reported.push([status, debugs.length])
  await expect(session.send(request('/', { onResponse }))).rejects.toMatchObject({ code: 'redirected' })
  expect(reported).toEqual([
    [500, 0],
    [429, 1],
    [302, 2]
  ])
})

test.each(['/path/a-known-secret', '/?tenantId=A-KNOWN-SECRET', '/a%2Dknown%2Dsecret'])(
  'an address that would contain a secret is not requested: %s',
  async path => {
    const { session } = open({ known: [new Secret('a-known-secret')] })
    await expect(session.send(request(path))).rejects.toMatchObject({
      code: 'bad-response',
      message: expect.stringMatching(/was not sent: its address would contain a secret\.$/)
    })
    expect(server.requests).toEqual([])
  }
)
