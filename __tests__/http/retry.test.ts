import { describe, expect, test } from '@jest/globals'
import type { AttemptErrorKind } from '../../src/http/errors.js'
import {
  type AttemptResult,
  type Decision,
  decide as decideIn,
  type RetryContext,
  retryAfterMs
} from '../../src/http/retry.js'
import type { RetryPolicy } from '../../src/http/types.js'
import { fc } from '../support/properties.js'

const SECOND = 1000
const A_DAY = 86_400 * SECOND
const LOW = () => 0
const MIDDLE = () => 0.5
const HIGH = () => 0.999999

const FINAL = { retry: false, reason: 'final' } as const

/** Decides after a first attempt, with time and attempts left, and random numbers in the middle. */
function decide(result: AttemptResult, context: Partial<RetryContext> = {}): Decision {
  return decideIn(result, {
    policy: 'always',
    counts: { throttled: 1, failed: 1 },
    maxAttempts: 3,
    timeLeftMs: A_DAY,
    random: MIDDLE,
    ...context
  })
}

function response(
  status: number,
  more: { isThrottled?: boolean; retryAfterMs?: number } = {}
): AttemptResult {
  return { kind: 'response', status, isThrottled: false, ...more }
}

function failure(error: AttemptErrorKind, mayHaveBeenApplied = true): AttemptResult {
  return { kind: 'error', error, mayHaveBeenApplied }
}

const throttled = (status = 429, retryAfterMs?: number): AttemptResult =>
  response(status, { isThrottled: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

/** Returns the wait after so many results like this one. Throws if there is no retry. */
function waitAfter(result: AttemptResult, count: number, random: () => number, timeLeftMs = A_DAY): number {
  const isThrottled = result.kind === 'response' && result.isThrottled
  const counts = isThrottled ? { throttled: count, failed: 0 } : { throttled: 0, failed: count }
  const decision = decide(result, { counts, maxAttempts: 10, timeLeftMs, random })
  if (!decision.retry) throw new Error(`no retry: ${decision.reason}`)
  return decision.waitMs
}

const TRANSIENT_STATUSES = [408, 425, 500, 502, 503, 504]
const TRANSIENT_ERRORS: AttemptErrorKind[] = ['timeout', 'network', 'cut-short']
const FINAL_ERRORS: AttemptErrorKind[] = ['tls', 'proxy-refused', 'too-large', 'not-http']
const FINAL_STATUSES = [200, 201, 204, 301, 302, 303, 304, 307, 308]
  .concat([400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 413, 415, 418, 421, 422, 428, 431, 451])
  .concat([501, 505, 507, 508, 510, 511])

describe('Row 1: 429, and 503 with Retry-After', () => {
  test.each([
    ['429', throttled(429, 7 * SECOND)],
    ['400 rate limit exceeded', throttled(400, 7 * SECOND)],
    ['503', response(503, { retryAfterMs: 7 * SECOND })]
  ])('%s waits as long as asked, and up to a second more', (_, result) => {
    expect(waitAfter(result, 1, LOW)).toBe(7 * SECOND)
    expect(waitAfter(result, 1, MIDDLE)).toBe(7.5 * SECOND)
    expect(waitAfter(result, 1, HIGH)).toBeCloseTo(8 * SECOND, -1)
    expect(waitAfter(result, 1, HIGH)).toBeLessThan(8 * SECOND)
  })

  test('the jitter of a long wait is a tenth of it', () => {
    expect(waitAfter(throttled(429, 100 * SECOND), 1, MIDDLE)).toBe(105 * SECOND)
    expect(waitAfter(throttled(429, 100 * SECOND), 1, HIGH)).toBeLessThan(110 * SECOND)
  })

  test.each([1, 2, 3, 5, 10, 100])(
    'after %d throttled responses the wait is never shorter than asked, nor much longer',
    count => {
      for (const asked of [1, 20, 59, 60, 61, 300].map(seconds => seconds * SECOND)) {
        const waits = [LOW, MIDDLE, HIGH].map(random => waitAfter(throttled(429, asked), count, random))
        expect(waits[0]).toBe(asked)
        expect(waits).toEqual([...waits].sort((a, b) => a - b))
        // A short wait that was too short before is extended, to at most a minute.
        expect(waits[2]).toBeLessThanOrEqual(
          Math.max(asked * 1.1, asked + SECOND, count > 1 ? 60 * SECOND : 0)
        )
      }
    }
  )

  test('the jitter of a 503 does not grow', () => {
    const result = response(503, { retryAfterMs: 20 * SECOND })
    expect(new Set([1, 2, 5, 9].map(count => waitAfter(result, count, HIGH))).size).toBe(1)
  })

  test.each([throttled(429, 30 * SECOND), response(503, { retryAfterMs: 30 * SECOND })])(
    'no retry if the wait ends after the deadline (%#)',
    result => {
      const decided = (timeLeftMs: number) => decide(result, { timeLeftMs, random: HIGH })
      expect(decided(30 * SECOND)).toEqual({ retry: false, reason: 'retry-after' })
      expect(decided(31 * SECOND - 1)).toEqual({ retry: false, reason: 'retry-after' })
      // The jitter is cut so that a second is left for the attempt.
      expect(decided(31 * SECOND)).toEqual({ retry: true, waitMs: 30 * SECOND })
      expect(decided(31 * SECOND + 5)).toEqual({ retry: true, waitMs: 30 * SECOND + 5 })
    }
  )

  test('503 with Retry-After counts as a failed attempt', () => {
    const counts = { throttled: 0, failed: 3 }
    expect(decide(response(503, { retryAfterMs: SECOND }), { counts })).toEqual({
      retry: false,
      reason: 'attempts'
    })
  })
})

describe('Row 2: throttled without Retry-After', () => {
  test.each([429, 400])('%d: the first wait is 5 to 15 s', status => {
    expect(waitAfter(throttled(status), 1, LOW)).toBe(5 * SECOND)
    expect(waitAfter(throttled(status), 1, MIDDLE)).toBe(10 * SECOND)
    expect(waitAfter(throttled(status), 1, HIGH)).toBeCloseTo(15 * SECOND, -1)
    expect(waitAfter(throttled(status), 1, HIGH)).toBeLessThan(15 * SECOND)
  })

  test.each([2, 3, 4, 20, 1000])('wait %d is longer, and at most 60 s', count => {
    expect(waitAfter(throttled(), count, LOW)).toBeGreaterThanOrEqual(waitAfter(throttled(), 1, HIGH))
    expect(waitAfter(throttled(), count, HIGH)).toBeLessThanOrEqual(60 * SECOND)
    expect(waitAfter(throttled(), count, LOW)).toBeLessThan(waitAfter(throttled(), count, HIGH))
  })

  test('is limited only by time', () => {
    const context = { counts: { throttled: 1000, failed: 10 }, maxAttempts: 1 }
    expect(decide(throttled(), context).retry).toBe(true)
    expect(decide(throttled(), { ...context, timeLeftMs: SECOND })).toEqual({ retry: false, reason: 'time' })
  })

  test('the last attempt comes before the deadline, at a random moment', () => {
    const waits = [LOW, MIDDLE, HIGH].map(random => waitAfter(throttled(), 2, random, 21 * SECOND))
    expect(new Set(waits).size).toBe(3)
    expect(Math.max(...waits)).toBeLessThanOrEqual(20 * SECOND)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10 * SECOND)
  })
})

describe.each(TRANSIENT_STATUSES.map(status => [`status ${status}`, response(status)] as const))(
  'Row 3: %s',
  (_, result) => testBackOff(result)
)

describe.each(TRANSIENT_ERRORS.map(kind => [kind, failure(kind)] as const))('Row 4: %s', (_, result) =>
  testBackOff(result)
)

/** Exponential with full jitter, from 1 s, at most 20 s, limited by attempts and by time. */
function testBackOff(result: AttemptResult): void {
  test('the waits are at most 1, 2, 4, 8, 16, 20, 20 s', () => {
    const counts = [1, 2, 3, 4, 5, 6, 7]
    const longest = [1, 2, 4, 8, 16, 20, 20].map(seconds => seconds * SECOND)
    expect(counts.map(count => waitAfter(result, count, LOW))).toEqual(counts.map(() => 0))
    expect(counts.map(count => waitAfter(result, count, MIDDLE))).toEqual(longest.map(ms => ms / 2))
    for (const [at, count] of counts.entries()) {
      expect(waitAfter(result, count, HIGH)).toBeCloseTo(longest[at] ?? Number.NaN, -2)
      expect(waitAfter(result, count, HIGH)).toBeLessThan(longest[at] ?? Number.NaN)
    }
  })

  test('limited by attempts', () => {
    const decided = (failed: number) => decide(result, { counts: { throttled: 9, failed } })
    expect(decided(2)).toMatchObject({ retry: true })
    expect(decided(3)).toEqual({ retry: false, reason: 'attempts' })
    expect(decided(4)).toEqual({ retry: false, reason: 'attempts' })
  })

  test('limited by time', () => {
    for (const timeLeftMs of [-1, 0, 1, SECOND])
      expect(decide(result, { timeLeftMs })).toEqual({ retry: false, reason: 'time' })
    expect(waitAfter(result, 1, HIGH, SECOND + 400)).toBeLessThanOrEqual(400)
  })
}

describe('Row 5: everything else', () => {
  test.each([...FINAL_STATUSES.map(status => response(status)), ...FINAL_ERRORS.map(kind => failure(kind))])(
    '$status$error is final',
    result => {
      for (const policy of ['always', 'if-not-applied'] as const)
        expect(decide(result, { policy, maxAttempts: 10 })).toEqual(FINAL)
    }
  )

  test('a certificate error is final although nothing was sent', () => {
    expect(decide(failure('tls', false))).toEqual(FINAL)
  })
})

describe('a request that must not be applied twice', () => {
  const policy = 'if-not-applied'

  test.each([
    ['429', throttled(429)],
    ['429 with Retry-After', throttled(429, 9 * SECOND)],
    ['400 rate limit exceeded', throttled(400)],
    ['a request that was not sent', failure('network', false)]
  ])('%s: retried like any other request', (_, result) => {
    expect(decide(result, { policy })).toMatchObject({ retry: true })
    expect(decide(result, { policy })).toEqual(decide(result))
  })

  test.each([
    ...TRANSIENT_STATUSES.map(status => response(status)),
    response(503, { retryAfterMs: SECOND }),
    ...TRANSIENT_ERRORS.map(kind => failure(kind))
  ])('not retried if it may have been applied (%#)', result => {
    expect(decide(result, { policy })).toEqual(FINAL)
  })
})

test.each([throttled(), response(503), failure('network', false), failure('timeout')])(
  'a request with the policy `never` is not retried (%#)',
  result => {
    expect(decide(result, { policy: 'never' })).toEqual(FINAL)
  }
)

describe('Retry-After', () => {
  const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')

  test.each([
    ['1', 1000],
    ['Wed Oct 21 07:28:30 2026', 30_000],
    ['Sun Nov  1 07:28:00 2026', 950_400_000],
    ['120', 120_000],
    [' 30 ', 30_000],
    ['0030', 30_000],
    ['31622400', 366 * 86_400_000],
    // More than a year is beyond every deadline.
    ['31622401', 366 * 86_400_000],
    ['9'.repeat(400), 366 * 86_400_000],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
    ['Thu, 21 Oct 2027 07:28:00 GMT', 365 * 86_400_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.parse('Fri, 31 Dec 9999 23:59:59 GMT') - now]
  ])('“%s” asks to wait', (header, waitMs) => {
    expect(retryAfterMs(header, now)).toBe(waitMs)
  })

  test.each([
    ...[undefined, '', '   ', '0', '000', '-1', '+5', '1.5', '1e3', '0x10', '5s', '5, 10', 'soon', '٣٠'],
    'Wed, 21 Oct 2026 07:28:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Wed, 99 Oct 2026 07:28:00 GMT'
  ])('“%s” asks for no wait', header => {
    expect(retryAfterMs(header, now)).toBeUndefined()
  })
})

describe('always', () => {
  const random = fc.double({ min: 0, max: 0.999999999, noNaN: true })
  const status = fc.oneof(
    fc.constantFrom(...TRANSIENT_STATUSES, 200, 400, 401, 429),
    fc.integer({ min: 100, max: 599 })
  )
  const asked = fc.option(fc.integer({ min: 1, max: 200 * SECOND }), { nil: undefined })
  const anyResponse = fc.record({ status, isThrottled: fc.boolean(), asked }).map(one =>
    response(one.status, {
      isThrottled: one.isThrottled,
      // As the session does: the header counts only if throttled, and for 503.
      ...(one.asked !== undefined && (one.isThrottled || one.status === 503)
        ? { retryAfterMs: one.asked }
        : {})
    })
  )
  const anyError = fc
    .record({ kind: fc.constantFrom(...TRANSIENT_ERRORS, ...FINAL_ERRORS), mayHaveBeenApplied: fc.boolean() })
    .map(({ kind, mayHaveBeenApplied }) => failure(kind, mayHaveBeenApplied))
  const anyResult: fc.Arbitrary<AttemptResult> = fc.oneof(anyResponse, anyError)
  const anyContext = fc.record({
    policy: fc.constantFrom<RetryPolicy>('always', 'if-not-applied'),
    counts: fc.record({ throttled: fc.nat(50), failed: fc.nat(12) }),
    maxAttempts: fc.integer({ min: 1, max: 10 }),
    timeLeftMs: fc.integer({ min: -10 * SECOND, max: 300 * SECOND }),
    random: random.map(number => () => number)
  })

  test('a wait fits into the time that is left, and is not shorter than Retry-After', () => {
    fc.assert(
      fc.property(anyResult, anyContext, (result, context) => {
        const decision = decideIn(result, context)
        const asked = result.kind === 'response' ? (result.retryAfterMs ?? 0) : 0
        const mostMs = context.timeLeftMs - SECOND
        if (!decision.retry) return decision.reason !== 'retry-after' || asked > mostMs
        return decision.waitMs >= asked && decision.waitMs <= mostMs
      }),
      { numRuns: 2000 }
    )
  })

  test('a request that must not be applied twice is retried only if it was not applied', () => {
    fc.assert(
      fc.property(anyResult, anyContext, (result, context) => {
        const { retry } = decideIn(result, { ...context, policy: 'if-not-applied' })
        if (!retry) return
        expect(result.kind === 'response' ? result.isThrottled : !result.mayHaveBeenApplied).toBe(true)
        expect(decideIn(result, { ...context, policy: 'always' }).retry).toBe(true)
      }),
      { numRuns: 2000 }
    )
  })

  test.each([LOW, MIDDLE, HIGH])(
    'requests do not become more frequent near the deadline if the platform throttles all of them (%#)',
    random => {
      // Each response takes 50 ms. Then there are a few requests a minute, up to the last one.
      const LATENCY_MS = 50
      for (const timeoutMs of [10, 30, 60, 120, 300].map(seconds => seconds * SECOND)) {
        let nowMs = LATENCY_MS
        let attempts = 1
        for (const counts = { throttled: 1, failed: 0 }; ; counts.throttled += 1) {
          const decision = decide(throttled(), { counts, timeLeftMs: timeoutMs - nowMs, random })
          if (!decision.retry) break
          nowMs += decision.waitMs + LATENCY_MS
          attempts += 1
        }
        // The first, the second after a short wait, then one in 30 s, and the last one before the deadline.
        const most = 3 + timeoutMs / (30 * SECOND)
        expect([timeoutMs, attempts <= most, attempts]).toEqual([timeoutMs, true, attempts])
      }
    }
  )
})
