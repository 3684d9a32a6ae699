import { describe, expect, test } from '@jest/globals'
import type { AttemptErrorKind } from '../../src/http/errors.js'
import { decide, type Outcome, type Repeat, retryAfterMs } from '../../src/http/retry.js'
import { fc } from '../support/properties.js'

const SECOND = 1000
const PLENTY = 86_400 * SECOND
const LOW = () => 0
const MIDDLE = () => 0.5
const HIGH = () => 0.999999

const FINAL = { again: false, because: 'final' } as const

function answered(status: number, more: { throttled?: boolean; retryAfterMs?: number } = {}): Outcome {
  return { kind: 'answer', status, throttled: false, ...more }
}

function fault(kind: AttemptErrorKind, neverSent = false): Outcome {
  return { kind: 'fault', fault: kind, neverSent }
}

const throttled = (status = 429, asked?: number): Outcome =>
  answered(status, { throttled: true, ...(asked === undefined ? {} : { retryAfterMs: asked }) })

/** The wait before the attempt after `count` like this one; fails where there is none. */
function waitAfter(
  outcome: Outcome,
  count: number,
  random: () => number,
  timeLeftMs = PLENTY,
  repeat: Repeat = 'always'
): number {
  const isThrottle = outcome.kind === 'answer' && outcome.throttled
  const tally = isThrottle ? { throttles: count, faults: 0 } : { throttles: 0, faults: count }
  const decision = decide(outcome, repeat, tally, 10, timeLeftMs, random)
  if (!decision.again) throw new Error(`not tried again: ${decision.because}`)
  return decision.waitMs
}

const TRANSIENT_STATUSES = [408, 425, 500, 502, 503, 504]
const TRANSIENT_FAULTS: AttemptErrorKind[] = ['timeout', 'network', 'cut-short']
const FINAL_FAULTS: AttemptErrorKind[] = ['tls', 'proxy-refused', 'too-large', 'not-http']
const FINAL_STATUSES = [200, 201, 204, 301, 302, 303, 304, 307, 308]
  .concat([400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 413, 415, 418, 421, 422, 428, 431, 451])
  .concat([501, 505, 507, 508, 510, 511])

describe('Row 1: 429, and 503 with Retry-After', () => {
  test.each([
    ['429', throttled(429, 7 * SECOND)],
    ['400 rate limit exceeded', throttled(400, 7 * SECOND)],
    ['503', answered(503, { retryAfterMs: 7 * SECOND })]
  ])('%s waits what is asked and up to a second more', (_, outcome) => {
    expect(waitAfter(outcome, 1, LOW)).toBe(7 * SECOND)
    expect(waitAfter(outcome, 1, MIDDLE)).toBe(7.5 * SECOND)
    expect(waitAfter(outcome, 1, HIGH)).toBeCloseTo(8 * SECOND, -1)
    expect(waitAfter(outcome, 1, HIGH)).toBeLessThan(8 * SECOND)
  })

  test('a long wait gets a tenth of jitter', () => {
    expect(waitAfter(throttled(429, 100 * SECOND), 1, LOW)).toBe(100 * SECOND)
    expect(waitAfter(throttled(429, 100 * SECOND), 1, MIDDLE)).toBe(105 * SECOND)
    expect(waitAfter(throttled(429, 100 * SECOND), 1, HIGH)).toBeLessThan(110 * SECOND)
  })

  test.each([1, 2, 3, 5, 10, 100])(
    'after %d refusals it is never shorter than asked, nor much longer',
    count => {
      for (const asked of [1, 20, 59, 60, 61, 300].map(seconds => seconds * SECOND)) {
        const waits = [LOW, MIDDLE, HIGH].map(random => waitAfter(throttled(429, asked), count, random))
        expect(waits[0]).toBe(asked)
        expect(waits).toEqual([...waits].sort((a, b) => a - b))
        // A short one that was wrong before is drawn out, to a minute altogether.
        expect(waits[2]).toBeLessThanOrEqual(
          Math.max(asked * 1.1, asked + SECOND, count > 1 ? 60 * SECOND : 0)
        )
      }
    }
  )

  test('of 503 the jitter stays the same, however often it was said', () => {
    const outcome = answered(503, { retryAfterMs: 20 * SECOND })
    expect(new Set([1, 2, 5, 9].map(count => waitAfter(outcome, count, HIGH))).size).toBe(1)
  })

  test.each([throttled(429, 30 * SECOND), answered(503, { retryAfterMs: 30 * SECOND })])(
    'what reaches past the deadline fails at once (%#)',
    outcome => {
      const tally = { throttles: 1, faults: 1 }
      const decided = (timeLeftMs: number) => decide(outcome, 'always', tally, 5, timeLeftMs, HIGH)
      expect(decided(30 * SECOND)).toEqual({ again: false, because: 'retry-after' })
      expect(decided(31 * SECOND - 1)).toEqual({ again: false, because: 'retry-after' })
      // Just inside: the jitter is cut so that a second is left for the attempt.
      expect(decided(31 * SECOND)).toEqual({ again: true, waitMs: 30 * SECOND })
      expect(decided(31 * SECOND + 5)).toEqual({ again: true, waitMs: 30 * SECOND + 5 })
    }
  )

  test.each([0, -5 * SECOND])('with %d ms left it fails, and says why', timeLeftMs => {
    const outcome = throttled(429, SECOND)
    expect(decide(outcome, 'always', { throttles: 1, faults: 0 }, 5, timeLeftMs, LOW)).toEqual({
      again: false,
      because: 'retry-after'
    })
  })

  test('503 with Retry-After counts as a fault: the attempts are bounded', () => {
    const outcome = answered(503, { retryAfterMs: SECOND })
    expect(decide(outcome, 'always', { throttles: 0, faults: 5 }, 5, PLENTY, LOW)).toEqual({
      again: false,
      because: 'attempts'
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

  test.each([2, 3, 4, 20, 1000])('the wait after refusal %d is longer, and at most 60 s', count => {
    expect(waitAfter(throttled(), count, LOW)).toBeGreaterThanOrEqual(waitAfter(throttled(), 1, HIGH))
    expect(waitAfter(throttled(), count, HIGH)).toBeLessThanOrEqual(60 * SECOND)
    expect(waitAfter(throttled(), count, LOW)).toBeLessThan(waitAfter(throttled(), count, HIGH))
  })

  test('neither attempts nor faults bound it, only time', () => {
    const tally = { throttles: 1000, faults: 10 }
    expect(decide(throttled(), 'always', tally, 1, PLENTY, MIDDLE).again).toBe(true)
    expect(decide(throttled(), 'always', tally, 1, SECOND, MIDDLE)).toEqual({ again: false, because: 'time' })
  })

  test('the last try comes before the deadline, and not everybody’s at one moment', () => {
    const waits = [LOW, MIDDLE, HIGH].map(random => waitAfter(throttled(), 2, random, 21 * SECOND))
    expect(new Set(waits).size).toBe(3)
    expect(Math.max(...waits)).toBeLessThanOrEqual(20 * SECOND)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10 * SECOND)
  })
})

describe.each(TRANSIENT_STATUSES.map(status => [`status ${status}`, answered(status)] as const))(
  'Row 3: %s',
  (_, outcome) => backsOff(outcome)
)

describe.each(TRANSIENT_FAULTS.map(kind => [kind, fault(kind)] as const))('Row 4: %s', (_, outcome) =>
  backsOff(outcome)
)

/** Exponential with full jitter, from 1 s, at most 20 s, bounded by attempts and by time. */
function backsOff(outcome: Outcome): void {
  test('the waits lie between nothing and 1, 2, 4, 8, 16, 20, 20 s', () => {
    const counts = [1, 2, 3, 4, 5, 6, 7]
    const bounds = [1, 2, 4, 8, 16, 20, 20].map(seconds => seconds * SECOND)
    expect(counts.map(count => waitAfter(outcome, count, LOW))).toEqual(counts.map(() => 0))
    expect(counts.map(count => waitAfter(outcome, count, MIDDLE))).toEqual(bounds.map(bound => bound / 2))
    for (const [at, count] of counts.entries()) {
      expect(waitAfter(outcome, count, HIGH)).toBeCloseTo(bounds[at] ?? Number.NaN, -2)
      expect(waitAfter(outcome, count, HIGH)).toBeLessThan(bounds[at] ?? Number.NaN)
    }
  })

  test('the attempts are bounded', () => {
    const decided = (faults: number) => decide(outcome, 'always', { throttles: 9, faults }, 3, PLENTY, LOW)
    expect(decided(2)).toMatchObject({ again: true })
    expect(decided(3)).toEqual({ again: false, because: 'attempts' })
    expect(decided(4)).toEqual({ again: false, because: 'attempts' })
  })

  test.each([LOW, MIDDLE, HIGH])('time is bounded (%#)', random => {
    const tally = { throttles: 0, faults: 1 }
    for (const timeLeftMs of [-1, 0, 1, SECOND])
      expect(decide(outcome, 'always', tally, 3, timeLeftMs, random)).toEqual({
        again: false,
        because: 'time'
      })
    const soon = decide(outcome, 'always', tally, 3, SECOND + 400, random)
    expect(soon.again && soon.waitMs <= 400).toBe(true)
  })
}

describe('Row 5: everything else', () => {
  const outcomes = [
    ...FINAL_STATUSES.map(status => answered(status)),
    ...FINAL_FAULTS.map(kind => fault(kind))
  ]

  test.each(outcomes)('$status$fault is final', outcome => {
    for (const repeat of ['always', 'if-not-carried-out'] as const)
      expect(decide(outcome, repeat, { throttles: 0, faults: 1 }, 10, PLENTY, HIGH)).toEqual(FINAL)
  })

  test('a certificate error is final although nothing was sent', () => {
    expect(decide(fault('tls', true), 'always', { throttles: 0, faults: 1 }, 10, PLENTY, HIGH)).toEqual(FINAL)
  })
})

describe('The generate request', () => {
  const decided = (outcome: Outcome, timeLeftMs = PLENTY, tally = { throttles: 1, faults: 1 }) =>
    decide(outcome, 'if-not-carried-out', tally, 3, timeLeftMs, MIDDLE)

  test.each([
    ['429', throttled(429)],
    ['429 with Retry-After', throttled(429, 9 * SECOND)],
    ['400 rate limit exceeded', throttled(400)],
    ['a connection never made', fault('network', true)]
  ])('%s: tried again, as any other request is', (_, outcome) => {
    expect(decided(outcome)).toMatchObject({ again: true })
    expect(decided(outcome)).toEqual(
      decide(outcome, 'always', { throttles: 1, faults: 1 }, 3, PLENTY, MIDDLE)
    )
  })

  test('a connection never made is bounded by attempts', () => {
    expect(decided(fault('network', true), PLENTY, { throttles: 0, faults: 3 })).toEqual({
      again: false,
      because: 'attempts'
    })
  })

  test.each([
    ...TRANSIENT_STATUSES.map(status => answered(status)),
    answered(503, { retryAfterMs: SECOND }),
    ...TRANSIENT_FAULTS.map(kind => fault(kind))
  ])('may have been carried out: never again (%#)', outcome => {
    expect(decided(outcome)).toEqual(FINAL)
  })
})

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
    // Whoever asks for more than a year means never; it is an answer all the same.
    ['31622401', 366 * 86_400_000],
    ['999999999', 366 * 86_400_000],
    ['999999999999', 366 * 86_400_000],
    ['9'.repeat(400), 366 * 86_400_000],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
    ['Thu, 21 Oct 2027 07:28:00 GMT', 365 * 86_400_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.parse('Fri, 31 Dec 9999 23:59:59 GMT') - now]
  ])('“%s” asks to wait', (header, waitMs) => {
    expect(retryAfterMs(header, now)).toBe(waitMs)
  })

  test.each([
    undefined,
    '',
    '   ',
    '0',
    '000',
    '-1',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '5s',
    '5, 10',
    'soon',
    'Soon',
    'NaN',
    'Infinity',
    '٣٠',
    'Wed, 21 Oct 2026 07:28:00 GMT',
    'Wed, 21 Oct 2026 07:27:59 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Wed, 99 Oct 2026 07:28:00 GMT'
  ])('“%s” asks nothing', header => {
    expect(retryAfterMs(header, now)).toBeUndefined()
  })

  test('whatever the header says, the answer is a positive number or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.nat().map(String),
          fc.date({ noInvalidDate: true }).map(date => date.toUTCString())
        ),
        fc.nat(4_000_000_000_000),
        (header, nowMs) => {
          const waitMs = retryAfterMs(header, nowMs)
          expect(waitMs === undefined || (Number.isFinite(waitMs) && waitMs > 0)).toBe(true)
        }
      )
    )
  })
})

describe('Whatever happens', () => {
  const chance = fc.double({ min: 0, max: 0.999999999, noNaN: true })
  const status = fc.oneof(
    fc.constantFrom(...TRANSIENT_STATUSES, 200, 400, 401, 429),
    fc.integer({ min: 100, max: 599 })
  )
  const asked = fc.option(fc.integer({ min: 1, max: 200 * SECOND }), { nil: undefined })
  const answer = fc.record({ status, throttled: fc.boolean(), asked }).map(one =>
    answered(one.status, {
      throttled: one.throttled,
      // As the wire does it: the header counts on 429 (or what the platform calls so) and 503 alone.
      ...(one.asked !== undefined && (one.throttled || one.status === 503) ? { retryAfterMs: one.asked } : {})
    })
  )
  const broken = fc
    .record({ kind: fc.constantFrom(...TRANSIENT_FAULTS, ...FINAL_FAULTS), neverSent: fc.boolean() })
    .map(({ kind, neverSent }) => fault(kind, neverSent))
  const outcome: fc.Arbitrary<Outcome> = fc.oneof(answer, broken)
  const repeat = fc.constantFrom<Repeat>('always', 'if-not-carried-out')
  const tally = fc.record({ throttles: fc.nat(50), faults: fc.nat(12) })
  const timeLeft = fc.integer({ min: -10 * SECOND, max: 300 * SECOND })
  const attempts = fc.integer({ min: 1, max: 10 })

  test('a wait is never negative, and leaves a second for the attempt after it', () => {
    fc.assert(
      fc.property(
        outcome,
        repeat,
        tally,
        attempts,
        timeLeft,
        chance,
        (one, again, counts, most, leftMs, random) => {
          const decision = decide(one, again, counts, most, leftMs, () => random)
          if (!decision.again) return
          expect(decision.waitMs).toBeGreaterThanOrEqual(0)
          expect(decision.waitMs).toBeLessThanOrEqual(leftMs - SECOND)
        }
      ),
      { numRuns: 2000 }
    )
  })

  test('a wait is never shorter than Retry-After', () => {
    fc.assert(
      fc.property(answer, tally, attempts, timeLeft, chance, (one, counts, most, leftMs, random) => {
        const decision = decide(one, 'always', counts, most, leftMs, () => random)
        const least = one.kind === 'answer' ? (one.retryAfterMs ?? 0) : 0
        if (decision.again) expect(decision.waitMs).toBeGreaterThanOrEqual(least)
        else if (decision.because === 'retry-after') expect(least).toBeGreaterThan(leftMs - SECOND)
      }),
      { numRuns: 2000 }
    )
  })

  test('attempts that meet a fault never exceed max-attempts, and time is never exceeded', () => {
    const history = fc.array(fc.tuple(outcome, chance, fc.integer({ min: 1, max: 15 * SECOND })), {
      maxLength: 60
    })
    fc.assert(
      fc.property(
        history,
        repeat,
        attempts,
        fc.integer({ min: SECOND, max: 600 * SECOND }),
        (steps, again, most, timeoutMs) => {
          const counts = { throttles: 0, faults: 0 }
          let nowMs = 0
          for (const [one, random, tookMs] of steps) {
            // An attempt itself is bounded by the time left.
            nowMs = Math.min(nowMs + tookMs, Math.max(nowMs, timeoutMs))
            counts[one.kind === 'answer' && one.throttled ? 'throttles' : 'faults'] += 1
            expect(counts.faults).toBeLessThanOrEqual(most)
            const decision = decide(one, again, counts, most, timeoutMs - nowMs, () => random)
            if (!decision.again) return
            nowMs += decision.waitMs
            expect(nowMs).toBeLessThanOrEqual(timeoutMs - SECOND)
          }
        }
      ),
      { numRuns: 1000 }
    )
  })

  test('a request that makes something is tried again only where it cannot have been carried out', () => {
    fc.assert(
      fc.property(outcome, tally, attempts, timeLeft, chance, (one, counts, most, leftMs, random) => {
        const { again } = decide(one, 'if-not-carried-out', counts, most, leftMs, () => random)
        if (again) expect(one.kind === 'answer' ? one.throttled : one.neverSent).toBe(true)
        // The exception only ever takes away.
        if (again) expect(decide(one, 'always', counts, most, leftMs, () => random).again).toBe(true)
      }),
      { numRuns: 2000 }
    )
  })

  test.each([LOW, MIDDLE, HIGH])(
    'a platform that throttles for ever is not asked ever faster near the deadline (%#)',
    random => {
      // Each refusal takes 50 ms. The ideal is a few requests a minute, up to the last one.
      const LATENCY = 50
      for (const timeoutMs of [10, 30, 60, 120, 300].map(seconds => seconds * SECOND)) {
        let nowMs = LATENCY
        let tries = 1
        for (const counts = { throttles: 1, faults: 0 }; ; counts.throttles += 1) {
          const decision = decide(throttled(), 'always', counts, 5, timeoutMs - nowMs, random)
          if (!decision.again) break
          nowMs += decision.waitMs + LATENCY
          tries += 1
        }
        // First try, second after the short wait, then at most one in 30 s, and the last before the deadline.
        expect([timeoutMs, tries <= 3 + timeoutMs / (30 * SECOND), tries]).toEqual([timeoutMs, true, tries])
      }
    }
  )
})
