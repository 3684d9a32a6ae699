import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Bench, inputsFor, leaks, nameOf, pooled, TARGETS, wrongly } from '../faults/cells.js'
import { faultNamed, type Kind, type Target } from '../faults/faults.js'
import { type Handshake, startFront } from '../faults/front.js'
import { type Certificates, makeCertificates } from '../support/certificates.js'
import { type RunResult, runAction } from '../support/runner.mjs'

const MAIN = 'dist/main/index.js'
const AT_ONCE = 4
const TIMEOUT_S = 4
const ATTEMPT_S = 1
/** What a process takes to start and to end, on a machine with other things to do. */
const AROUND_MS = 4000

interface Case {
  readonly exchange: string
  readonly kind: Kind
  readonly fault: string
  readonly code: string
  /** How many requests the server sees, with max-attempts: 2; or how few and how many. */
  readonly tries: number | readonly [number, number]
  readonly says?: RegExp
}

const row = (
  exchange: string,
  kind: Kind,
  fault: string,
  code: string,
  tries: Case['tries'],
  says?: RegExp
): Case => ({ exchange, kind, fault, code, tries, ...(says ? { says } : {}) })

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
  row('genesys-login', 'token', 'gzip that was not asked for', 'bad-response', 1),
  row(
    'genesys-long-lived',
    'generate',
    'reads and says nothing',
    'timeout',
    1,
    /no whole answer within 1000 ms, 1 attempt\./
  ),
  row('genesys-login', 'token', 'accepts and says nothing', 'timeout', 2),
  row('cxone-application', 'configuration', 'headers, a byte at a time', 'timeout', 2),
  row('cxone-client', 'token', 'a body, a byte at a time', 'timeout', 2),
  row('genesys-api', 'token', 'headers for ever', 'bad-response', 1),
  row('cxone-access-key', 'token', 'body for ever', 'bad-response', 1),
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
  row('genesys-login', 'token', '200 with a workflow command for what it is about', 'bad-response', 1),
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
    /asking to wait .* past the timeout of 4 s\./
  ),
  row(
    'genesys-login',
    'token',
    '400 rate limit exceeded',
    'rate-limited',
    [1, 3],
    /with no time left of the timeout of 4 s\./
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

function targetOf({ exchange, kind }: Pick<Case, 'exchange' | 'kind'>): Target {
  const found = TARGETS.find(one => one.exchange === exchange && one.kind === kind)
  if (found === undefined) throw new Error(`${exchange} has no ${kind}`)
  return found
}

/** What each failure has in common, whatever it is. */
function expectFailure(result: RunResult, code: string, at: Target): string {
  const { exitCode, stderr, outputs, exported, commands, durationMs } = result
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
  // The code, what was attempted, what came of it, how often; and in lines of their own what to do, and where more is said.
  const request = `${at.method} https?://127\\.[\\d.]+:\\d+${at.path.replaceAll('.', '\\.')}`
  expect(text).toMatch(
    new RegExp(
      `^\\[${code}\\] ${request} (?:answered \\d{3}|failed: )[^\\n]*, \\d+ attempts?\\b[^\\n]*\\.\\n[^\\n]+\\.\\nMore: docs/troubleshooting\\.md#${code}$`
    )
  )
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  // A message is an annotation, and the log; what is hidden there must not stand in a command either.
  expect(leaks([text, result.log], [])).toEqual([])
  // Nothing the other side said is a command.
  const said = new Set(commands.map(({ name }) => name))
  for (const name of ['set-output', 'set-env', 'add-path', 'notice']) expect(said).not.toContain(name)
  return text
}

describe('Through the bundle', () => {
  let results: { result: RunResult; played: number; wrong: string[] }[]
  beforeAll(async () => {
    results = await pooled(
      CASES.map(one => async () => {
        const at = targetOf(one)
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
        return { result, played: front.played, wrong: wrongly(front, undefined, []) }
      }),
      AT_ONCE
    )
  }, 90_000)

  test.each(CASES.map((one, index) => ({ ...one, index })))('$exchange, $kind: $fault', one => {
    const { result, played, wrong } = results[one.index] as (typeof results)[number]
    const text = expectFailure(result, one.code, targetOf(one))
    const [least, most] = typeof one.tries === 'number' ? [one.tries, one.tries] : one.tries
    expect(played).toBeGreaterThanOrEqual(least)
    expect(played).toBeLessThanOrEqual(most)
    expect(wrong).toEqual([])
    if (one.says) expect(text).toMatch(one.says)
    // Each wait is announced.
    const waits = result.log.split('\n').filter(line => line.includes('; waiting '))
    const tries = one.fault === 'connection refused' ? 2 : played
    expect(waits.length).toBe(tries - 1)
    for (const line of waits)
      expect(line).toMatch(
        /^127\.[\d.]+:\d+: .+(, attempt \d of 2|, which says that too much is asked for, attempt \d); waiting \d+\.\d s before the next attempt\.$/
      )
  })
})

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
    const { result } = await run(targetOf({ exchange: 'genesys-login', kind: 'token' }), undefined, true)
    expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test.each([
    ['self-signed', 'genesys-login', 'token', true, /self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    ['expired', 'cxone-client', 'token', true, /has expired \(CERT_HAS_EXPIRED\)/],
    ['wrong name', 'cxone-application', 'token', true, /for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ['unknown authority', 'cxone-application', 'discovery', false, /not trusted here/]
  ] as const)(
    '%s, %s %s: one attempt, and NODE_EXTRA_CA_CERTS is named',
    async (name, exchange, kind, trusted, says) => {
      const at = targetOf({ exchange, kind })
      const { result, front } = await run(at, certificates.bad[name], trusted)
      const text = expectFailure(result, 'tls', at)
      expect(text).toMatch(says)
      expect(text).toContain(', 1 attempt.')
      expect(text).toContain('NODE_EXTRA_CA_CERTS')
      expect(front.played).toBe(1)
      // No request was sent over such a connection.
      expect([nameOf(at), front.asked.length]).toEqual([nameOf(at), at.before])
    }
  )
})
