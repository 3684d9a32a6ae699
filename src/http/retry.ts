import type { AttemptErrorKind } from './errors.js'
import type { RetryPolicy } from './types.js'

/** The result of one attempt, as far as retries depend on it. */
export type AttemptResult =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly isThrottled: boolean
      /** How long the server asks to wait. */
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'error'; readonly error: AttemptErrorKind; readonly mayHaveBeenApplied: boolean }

/** The attempts so far, the last one included. */
export interface AttemptCounts {
  readonly throttled: number
  readonly failed: number
}

/** Whether to retry, and after how many milliseconds; or why not. */
export type Decision =
  | { readonly retry: true; readonly waitMs: number }
  | { readonly retry: false; readonly reason: 'final' | 'attempts' | 'time' | 'retry-after' }

export interface RetryContext {
  readonly policy: RetryPolicy
  readonly counts: AttemptCounts
  readonly maxAttempts: number
  readonly timeLeftMs: number
  /** Returns numbers from 0 to below 1. */
  readonly random: () => number
}

const TRANSIENT_STATUS = new Set([408, 425, 500, 502, 503, 504])
const TRANSIENT_ERROR = new Set<AttemptErrorKind>(['timeout', 'network', 'cut-short'])

const SECOND_MS = 1000
const LONGEST_FAULT_WAIT_MS = 20 * SECOND_MS
const LONGEST_THROTTLE_WAIT_MS = 60 * SECOND_MS

/** A longer wait is beyond every deadline. */
const LONGEST_RETRY_AFTER_SECONDS = 366 * 86_400

/** With less time left, no attempt is started. */
export const SHORTEST_ATTEMPT_MS = SECOND_MS

/** The last attempt of a throttled request starts at most this long before the deadline. */
const LAST_ATTEMPT_WINDOW_MS = 5 * SECOND_MS

/** Returns the log line about the wait before the next attempt. */
export function describeWait(
  result: AttemptResult,
  wait: {
    readonly host: string
    /** What went wrong, if there was no response. */
    readonly error: string
    readonly attempts: number
    readonly failed: number
    readonly maxAttempts: number
    readonly waitMs: number
  }
): string {
  const { host, error, attempts, failed, maxAttempts, waitMs } = wait
  const next = `retrying in ${(waitMs / 1000).toFixed(1)} s.`
  const status = result.kind === 'response' ? `HTTP ${result.status}` : error
  if (result.kind === 'response' && result.isThrottled)
    return `${host}: rate limited (${status}), attempt ${attempts}; ${next}`
  const failure = failed === attempts ? '' : `, failure ${failed}`
  return `${host}: ${status}, attempt ${attempts}${failure} of ${maxAttempts}; ${next}`
}

/** Decides what follows an attempt. Errors are limited by `maxAttempts` and time, throttling only by time. */
export function decide(result: AttemptResult, context: RetryContext): Decision {
  const { counts, maxAttempts, timeLeftMs, random } = context
  if (!isTransient(result, context.policy)) return { retry: false, reason: 'final' }
  const isThrottled = result.kind === 'response' && result.isThrottled
  if (!isThrottled && counts.failed >= maxAttempts) return { retry: false, reason: 'attempts' }
  const availableMs = timeLeftMs - SHORTEST_ATTEMPT_MS
  const retryAfter = result.kind === 'response' ? (result.retryAfterMs ?? 0) : 0
  if (retryAfter > 0) {
    if (retryAfter > availableMs) return { retry: false, reason: 'retry-after' }
    const jitterMs = random() * retryAfterJitterMs(retryAfter, counts.throttled)
    return { retry: true, waitMs: Math.min(retryAfter + jitterMs, availableMs) }
  }
  if (availableMs <= 0) return { retry: false, reason: 'time' }
  const waitMs = isThrottled ? throttleWaitMs(counts.throttled, random) : faultWaitMs(counts.failed, random)
  if (waitMs <= availableMs) return { retry: true, waitMs }
  if (!isThrottled) return { retry: true, waitMs: availableMs * (0.5 + random() / 2) }
  // One last attempt shortly before the deadline, with jitter so that many jobs do not send it at the same moment.
  if (availableMs <= LAST_ATTEMPT_WINDOW_MS) return { retry: false, reason: 'time' }
  const earlierMs = random() * Math.min(LAST_ATTEMPT_WINDOW_MS, availableMs - LAST_ATTEMPT_WINDOW_MS)
  return { retry: true, waitMs: availableMs - earlierMs }
}

function isTransient(result: AttemptResult, policy: RetryPolicy): boolean {
  if (policy === 'never') return false
  if (result.kind === 'error')
    return TRANSIENT_ERROR.has(result.error) && (policy === 'always' || !result.mayHaveBeenApplied)
  return result.isThrottled || (policy === 'always' && TRANSIENT_STATUS.has(result.status))
}

/**
 * The platform counts by the minute. The first wait of 5 to 15 s is enough after a short burst; each later wait of 30 to
 * 60 s reaches the next minute.
 */
function throttleWaitMs(throttled: number, random: () => number): number {
  if (throttled <= 1) return (5 + 10 * random()) * SECOND_MS
  return LONGEST_THROTTLE_WAIT_MS * (0.5 + random() / 2)
}

/**
 * Jitter, so that many jobs do not come back at the same moment. It grows if a short time was asked for repeatedly: it
 * was too short for that many jobs.
 */
function retryAfterJitterMs(retryAfter: number, throttled: number): number {
  const jitterMs = Math.max(SECOND_MS, retryAfter / 10)
  if (retryAfter >= 10 * SECOND_MS || throttled <= 1) return jitterMs
  return Math.max(jitterMs, Math.min(30 * SECOND_MS, 5 * SECOND_MS * 2 ** (throttled - 2)))
}

/** Exponential, with full jitter. */
function faultWaitMs(failed: number, random: () => number): number {
  return random() * Math.min(LONGEST_FAULT_WAIT_MS, SECOND_MS * 2 ** (failed - 1))
}

/**
 * Returns the milliseconds that a `Retry-After` header asks to wait, given in seconds or as a date; undefined if it is
 * missing, malformed or in the past.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  // Accept any number of digits; the caller compares it with the deadline.
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST_RETRY_AFTER_SECONDS) * SECOND_MS || undefined
  // A date in one of HTTP's three forms; the asctime form does not say that it is GMT.
  const [date] = /^[A-Z][a-z]{2,8}, .* GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.exec(
    text
  ) ?? ['']
  const waitMs = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`) - nowMs
  return waitMs > 0 ? waitMs : undefined
}
