import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Bench, inputsFor, leaks, misdirected, pooled, targetOf } from '../faults/cells.js'
import { type Fault, faultNamed, type Kind, reply, type Target } from '../faults/faults.js'
import { type Handshake, startFront } from '../faults/front.js'
import { type Certificates, makeCertificates } from '../support/certificates.js'
import { type RunResult, runAction } from '../support/runner.mjs'

const MAIN = 'dist/main/index.js'
const AT_ONCE = 4
const TIMEOUT_S = 4
const ATTEMPT_S = 1
/** How long a process may take to start and to end on a busy machine. */
const AROUND_MS = 4000

interface Case {
  readonly exchange: string
  readonly kind: Kind
  readonly fault: string
  readonly code: string
  /** How many requests the server receives, with max-attempts: 2; or the least and the most. */
  readonly attempts: number | readonly [number, number]
  readonly message?: RegExp
}

const row = (
  exchange: string,
  kind: Kind,
  fault: string,
  code: string,
  attempts: Case['attempts'],
  message?: RegExp
): Case => ({ exchange, kind, fault, code, attempts, ...(message ? { message } : {}) })

const CASES: readonly Case[] = [
  row(
    'genesys-login',
    'token',
    'connection refused',
    'network',
    0,
    /failed: the connection was refused \(ECONNREFUSED\), 2 attempts\./
  ),
  row('genesys-login', 'token', 'reset after the request', 'network', 2, /ECONNRESET/),
  row('genesys-api', 'token', 'closed before the request is read', 'network', 2),
  row('cxone-access-key', 'token', 'cut inside the headers', 'network', 2),
  row('cxone-client', 'token', 'cut inside the body', 'bad-response', 2, /the body was cut short/),
  row('genesys-login', 'token', 'content-length too long, and closed', 'bad-response', 2),
  row('cxone-application', 'token', 'content-length too short', 'bad-response', 1),
  row('cxone-application', 'discovery', 'chunked garbage', 'bad-response', 2),
  row('genesys-login', 'token', 'gzip, which was not requested', 'bad-response', 1),
  row(
    'genesys-long-lived',
    'generate',
    'silence after the request',
    'timeout',
    1,
    /no complete response within 1000 ms, 1 attempt\. A long-lived token of the service account \S+ may exist/
  ),
  row('genesys-login', 'token', 'silence after the connection', 'timeout', 2),
  row('cxone-application', 'configuration', 'headers, a byte at a time', 'timeout', 2),
  row('cxone-client', 'token', 'a body, a byte at a time', 'timeout', 2),
  row('genesys-api', 'token', 'endless headers', 'bad-response', 1),
  row('cxone-access-key', 'token', 'an endless body', 'bad-response', 1),
  row('genesys-login', 'token', 'body of 5 MB', 'bad-response', 1, /larger than/),
  row(
    'genesys-login',
    'token',
    '302 to another host',
    'redirected',
    1,
    /a redirect to 127\.0\.0\.1:\d+, 1 attempt\./
  ),
  row('cxone-application', 'token', '307 to another host', 'redirected', 1),
  row('genesys-long-lived', 'generate', '308 to another host', 'redirected', 1),
  row('cxone-application', 'configuration', '200 with HTML', 'bad-response', 1),
  row('genesys-login', 'token', '200 with a workflow command as the token or endpoint', 'bad-response', 1),
  row('genesys-login', 'token', '400 that repeats the request', 'bad-request', 1),
  row('genesys-login', 'token', '400 with escapes, markup and 100,000 letters', 'bad-request', 1),
  row(
    'genesys-login',
    'token',
    '400 invalid_client',
    'credentials-rejected',
    1,
    /400 invalid_client \(client not found\), 1 attempt\./
  ),
  row('genesys-api', 'token', '101', 'bad-response', 1, /the server switched protocols \(HTTP 101\)/),
  row('cxone-client', 'token', '404', 'not-offered', 1),
  row('genesys-long-lived', 'generate', '403', 'forbidden', 1),
  row('genesys-login', 'token', '503', 'unavailable', 2),
  row('genesys-long-lived', 'generate', '503', 'unavailable', 1),
  row(
    'genesys-login',
    'token',
    '429 with an absurd Retry-After',
    'rate-limited',
    1,
    /; the server asks to wait .*, longer than the remaining [34] s of the timeout of 4 s\./
  ),
  row(
    'genesys-login',
    'token',
    '400 rate limit exceeded',
    'rate-limited',
    [1, 3],
    /; no time is left of the timeout of 4 s\./
  ),
  row('cxone-application', 'discovery', 'the endpoint is "https://FOREIGN/auth/token"', 'bad-response', 1),
  row(
    'cxone-application',
    'discovery',
    'the endpoint is "https://cxone.niceincontact.com@FOREIGN/auth/token"',
    'bad-response',
    1
  )
]

const LIMITS = { timeout: `${TIMEOUT_S}s`, 'attempt-timeout': `${ATTEMPT_S}s`, 'max-attempts': '2' }

const bench = new Bench()
afterAll(() => bench.close())

/** Checks what all failures have in common. Returns the error. */
function expectFailure(result: RunResult, code: string, at: Target): string {
  const { exitCode, stderr, outputs, exported, commands, durationMs, summary } = result
  expect({ exitCode, stderr, outputs, exported }).toEqual({
    exitCode: 1,
    stderr: '',
    outputs: { 'error-code': code },
    exported: {}
  })
  expect(durationMs).toBeLessThan((TIMEOUT_S + 1) * 1000 + AROUND_MS)
  const errors = commands.filter(({ name }) => name === 'error')
  expect(errors.length).toBe(1)
  const text = errors[0]?.data ?? ''
  expect(text.length).toBeLessThanOrEqual(2000)
  // Code, request, response and attempts; in the next lines the hint and the link.
  const request = `${at.method} https?://127\\.[\\d.]+:\\d+${at.path.replaceAll('.', '\\.')}`
  expect(text).toMatch(
    new RegExp(
      `^\\[${code}\\] ${request} (?:answered \\d{3}|failed: )[^\\n]*, \\d+ attempts?\\b[^\\n]*\\.\\n[^\\n]+\\.\\nMore: docs/troubleshooting\\.md#${code}$`
    )
  )
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  expect(leaks([text, result.log, summary], [])).toEqual([])
  // Nothing that the server sent is a command.
  const names = new Set(commands.map(({ name }) => name))
  for (const name of ['set-output', 'set-env', 'add-path', 'notice']) expect(names).not.toContain(name)
  return text
}

describe('Through the bundle', () => {
  let results: { result: RunResult; played: number; problems: string[] }[]
  beforeAll(async () => {
    results = await pooled(
      CASES.map(one => async () => {
        const at = targetOf(one.exchange, one.kind)
        const front = await startFront({
          platform: await bench.platformOf(at),
          target: at,
          fault: faultNamed(one.fault)
        })
        const result = await runAction({
          main: MAIN,
          inputs: { ...inputsFor(at.exchange, front.origin), ...LIMITS }
        })
        await front.close()
        return { result, played: front.played, problems: misdirected(front, undefined, []) }
      }),
      AT_ONCE
    )
  }, 90_000)

  test.each(CASES.map((one, index) => ({ ...one, index })))('$exchange, $kind: $fault', one => {
    const { result, played, problems } = results[one.index] as (typeof results)[number]
    const text = expectFailure(result, one.code, targetOf(one.exchange, one.kind))
    const [least, most] = typeof one.attempts === 'number' ? [one.attempts, one.attempts] : one.attempts
    expect(played).toBeGreaterThanOrEqual(least)
    expect(played).toBeLessThanOrEqual(most)
    expect(problems).toEqual([])
    if (one.message) expect(text).toMatch(one.message)
    // Each wait is logged.
    const waits = result.log.split('\n').filter(line => line.includes('; retrying in '))
    expect(waits.length).toBe((one.fault === 'connection refused' ? 2 : played) - 1)
    for (const line of waits)
      expect(line).toMatch(
        /^127\.[\d.]+:\d+: (?:.+, attempt \d of 2|rate limited \(HTTP \d+\), attempt \d); retrying in \d+\.\d s\.$/
      )
  })
})

test.each(['America/New_York', 'Asia/Tokyo'])(
  'a Retry-After date in the asctime form is GMT, also in %s',
  async TZ => {
    const at = targetOf('genesys-login', 'token')
    const fault: Fault = {
      name: 'asctime',
      play: ({ socket }) => {
        // Thu, 01 Jan 1970 00:00:00 GMT becomes Thu Jan  1 00:00:00 1970.
        const [, weekday, day = '', month, year, time] =
          /^(\w{3}), (\d\d) (\w{3}) (\d{4}) (\S+) GMT$/.exec(new Date(Date.now() + 30_000).toUTCString()) ??
          []
        const asctime = `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`
        socket.write(reply(429, '', { 'Retry-After': asctime }))
      },
      code: 'rate-limited',
      retries: 'none'
    }
    const front = await startFront({ platform: await bench.platformOf(at), target: at, fault })
    const inputs = { ...inputsFor(at.exchange, front.origin), ...LIMITS }
    const result = await runAction({ main: MAIN, inputs, env: { TZ } })
    await front.close()
    expect(expectFailure(result, 'rate-limited', at)).toMatch(
      /; the server asks to wait (29|30) s, longer than /
    )
  }
)

describe('TLS, through the bundle', () => {
  let certificates: Certificates
  beforeAll(() => {
    certificates = makeCertificates()
  })
  afterAll(() => certificates?.remove())

  const run = async (at: Target, bad: Handshake | undefined, trusted: boolean) => {
    const front = await startFront({
      platform: await bench.platformOf(at),
      target: at,
      tls: { good: certificates.good, ...(bad ? { bad } : {}) }
    })
    const result = await runAction({
      main: MAIN,
      inputs: { ...inputsFor(at.exchange, front.origin), ...LIMITS },
      env: trusted ? { NODE_EXTRA_CA_CERTS: certificates.authorityFile } : {}
    })
    await front.close()
    return { result, front }
  }

  test('a private authority in NODE_EXTRA_CA_CERTS is trusted', async () => {
    const { result } = await run(targetOf('genesys-login', 'token'), undefined, true)
    expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test.each([
    ['self-signed', 'genesys-login', 'token', true, /self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    ['expired', 'cxone-client', 'token', true, /has expired \(CERT_HAS_EXPIRED\)/],
    ['wrong name', 'cxone-application', 'token', true, /for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    [
      'unknown authority',
      'cxone-application',
      'discovery',
      false,
      /by an authority that the runner does not trust/
    ]
  ] as const)(
    '%s, %s %s: one attempt, and NODE_EXTRA_CA_CERTS is named',
    async (name, exchange, kind, trusted, message) => {
      const at = targetOf(exchange, kind)
      const { result, front } = await run(at, certificates.bad[name], trusted)
      const text = expectFailure(result, 'tls', at)
      expect(text).toMatch(message)
      expect(text).toContain(', 1 attempt.')
      expect(text).toContain('NODE_EXTRA_CA_CERTS')
      expect(front.played).toBe(1)
      // No request was sent on such a connection.
      expect(front.requests.length).toBe(at.before)
    }
  )
})
