/** Some faults of each kind, through the bundle. `faults/` plays all of them in this process. */
import { afterAll, expect, test } from '@jest/globals'
import { DOCUMENTS, GENERATE, LOGIN, startFaulty, type Target } from '../faults/cells.js'
import { type Fault, faultNamed } from '../faults/faults.js'
import { MAIN } from '../support/bundles.js'
import { runConcurrently } from '../support/concurrently.js'
import { cleanup, type RunResult, runAction } from '../support/runner.mjs'

afterAll(cleanup)

const TIMEOUT_S = 4
/** How long a process may take to start and to end on a busy machine. */
const AROUND_MS = 5000

/** A fault, the error code, how many requests meet the fault with max-attempts: 2, and words of the message. */
type Case = [Target, Fault, string, number, RegExp]

const [DISCOVERY = LOGIN] = DOCUMENTS
const CASES: Case[] = [
  [LOGIN, faultNamed('reset after the request'), 'network', 2, /reset \(ECONNRESET\), 2 attempts\./],
  [LOGIN, faultNamed('cut inside the body'), 'bad-response', 2, /the body was cut short/],
  [LOGIN, faultNamed('an endless body'), 'bad-response', 1, /larger than/],
  [LOGIN, faultNamed('101'), 'bad-response', 1, /the server switched protocols \(HTTP 101\)/],
  [LOGIN, faultNamed('302 to another host'), 'redirected', 1, /a redirect to 127\.0\.0\.1:\d+, 1 attempt\./],
  [LOGIN, faultNamed('a token with a workflow command'), 'bad-response', 1, /answered 200/],
  [LOGIN, faultNamed('400 that repeats the request'), 'bad-request', 1, /answered 400/],
  [LOGIN, faultNamed('400 with escapes, markup and 100,000 letters'), 'bad-request', 1, /answered 400/],
  [LOGIN, faultNamed('503'), 'unavailable', 2, /answered 503, 2 attempts\./],
  [LOGIN, faultNamed('closed before the request is read'), 'network', 2, /2 attempts\./],
  [LOGIN, faultNamed('chunked garbage'), 'bad-response', 2, /cut short/],
  [LOGIN, faultNamed('content-length too short'), 'bad-response', 1, /answered 200/],
  [LOGIN, faultNamed('gzip, which was not requested'), 'bad-response', 1, /answered 200/],
  [LOGIN, faultNamed('headers, a byte at a time'), 'timeout', 2, /no complete response/],
  [LOGIN, faultNamed('400 invalid_client'), 'credentials-rejected', 1, /invalid_client/],
  [GENERATE, faultNamed('403'), 'forbidden', 1, /answered 403/],
  [GENERATE, faultNamed('308 to another host'), 'redirected', 1, /a redirect to/],
  [
    LOGIN,
    faultNamed('429 with an absurd Retry-After'),
    'rate-limited',
    1,
    /; the server asks to wait .*, longer than the remaining [34] s of the timeout of 4 s\./
  ],
  [
    GENERATE,
    faultNamed('silence after the request'),
    'timeout',
    1,
    /no complete response within 1000 ms, 1 attempt\. A long-lived token of the service account \S+ may exist/
  ],
  [
    DISCOVERY,
    faultNamed('the endpoint is https://cxone.niceincontact.com@FOREIGN/auth/token'),
    'bad-response',
    1,
    /is not a plain https address/
  ]
]

interface Ended {
  readonly result: RunResult
  readonly played: number
  readonly foreignConnections: number
}

async function run(at: Target, fault: Fault, env: Record<string, string> = {}): Promise<Ended> {
  const platform = await startFaulty(at, fault)
  const limits = { timeout: `${TIMEOUT_S}s`, 'attempt-timeout': '1s', 'max-attempts': '2' }
  const inputs = { ...at.inputs, ...limits, 'base-url': platform.origin }
  const result = await runAction({ main: MAIN, inputs, env })
  await platform.close()
  return { result, played: platform.played, foreignConnections: platform.foreignConnections }
}

/** Checks what all failures have in common. Returns the error. */
function expectFailure({ result, foreignConnections }: Ended, code: string, at: Target): string {
  const { exitCode, stderr, outputs, exported, commands, durationMs } = result
  expect({ exitCode, stderr, outputs, exported, foreignConnections }).toEqual({
    exitCode: 1,
    stderr: '',
    outputs: { 'error-code': code },
    exported: {},
    foreignConnections: 0
  })
  expect(durationMs).toBeLessThan((TIMEOUT_S + 1) * 1000 + AROUND_MS)
  // Nothing that the server sent is a command.
  const others = commands.filter(({ name }) => name !== 'add-mask' && name !== 'warning')
  expect(others.map(({ name }) => name)).toEqual(['error'])
  const text = others[0]?.data ?? ''
  expect(text.length).toBeLessThanOrEqual(2000)
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  // Code, request, response and attempts; in the next lines the hint and the link.
  const [first = '', hint, link] = text.split('\n')
  expect(first).toMatch(new RegExp(`^\\[${code}\\] ${at.method} http://127\\..+, \\d+ attempts?\\b.*\\.$`))
  expect(hint).toMatch(/\.$/)
  expect(link).toBe(`More: docs/troubleshooting.md#${code}`)
  return text
}

test('one fault of each kind', async () => {
  const ended = await runConcurrently(CASES, 4, ([at, fault]) => run(at, fault))
  for (const [index, [at, fault, code, attempts, message]] of CASES.entries()) {
    const one = ended[index] as Ended
    expect(expectFailure(one, code, at)).toMatch(message)
    expect([fault.name, one.played]).toEqual([fault.name, attempts])
    // Each wait is logged.
    const waits = one.result.log.split('\n').filter(line => line.includes('; retrying in '))
    expect(waits).toHaveLength(attempts - 1)
    for (const line of waits)
      expect(line).toMatch(/^127\.0\.0\.1:\d+: .+, attempt 1 of 2; retrying in \d\.\d s\.$/)
    for (const [name, secret] of Object.entries(at.inputs))
      if (name.endsWith('-secret')) expect(one.result.log + one.result.summary).not.toContain(secret)
  }
})

test('a Retry-After date in the asctime form is GMT, also in another time zone', async () => {
  const asctime: Fault = {
    ...faultNamed('429 with Retry-After as a date'),
    onRequest: ({ response }) => {
      const date = new Date(Date.now() + 30_000).toUTCString()
      // Thu, 01 Jan 1970 00:00:00 GMT becomes Thu Jan  1 00:00:00 1970.
      const [, weekday, day = '', month, year, time] = /^(\w+), (\d+) (\w+) (\d+) (\S+)/.exec(date) ?? []
      const retryAfter = `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`
      response.writeHead(429, { 'Retry-After': retryAfter }).end()
    }
  }
  const ended = await run(LOGIN, asctime, { TZ: 'America/New_York' })
  expect(expectFailure(ended, 'rate-limited', LOGIN)).toMatch(/; the server asks to wait (29|30) s, longer /)
})
