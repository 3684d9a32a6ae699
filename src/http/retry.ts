import type { AttemptErrorKind } from './errors.js'

/** How a request may be repeated: always, or only if it cannot have been carried out (it makes something). */
export type Repeat = 'always' | 'if-not-carried-out'

/** What one attempt came to, as far as it matters for trying again. */
export type Outcome =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly throttled: boolean
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'fault'; readonly fault: AttemptErrorKind; readonly neverSent: boolean }

/** How many attempts at this request were throttled and how many met a fault, this one included. */
export interface Tally {
  readonly throttles: number
  readonly faults: number
}

/** Whether to try again, and after how many milliseconds; or why not. */
export type Decision =
  | { readonly again: true; readonly waitMs: number }
  | { readonly again: false; readonly because: 'final' | 'attempts' | 'time' | 'retry-after' }

const TRANSIENT_STATUS = new Set([408, 425, 500, 502, 503, 504])
const TRANSIENT_FAULT = new Set<AttemptErrorKind>(['timeout', 'network', 'cut-short'])

const SECOND = 1000
const LONGEST_FAULT_WAIT = 20 * SECOND
const LONGEST_THROTTLE_WAIT = 60 * SECOND

/** A year; whoever asks for more means never. */
const LONGEST_ASKED_SECONDS = 366 * 86_400

/** What an attempt needs at the least: with less time left, none is started. */
export const SHORTEST_ATTEMPT = SECOND

/** A throttled request is tried a last time this long before the deadline, at the earliest. */
const LAST_TRY = 5 * SECOND

/**
 * Decides what follows an attempt. Pure: `random` gives numbers from 0 to below 1. Faults are bounded by
 * `maxAttempts` and by time, throttling by time alone.
 */
export function decide(
  outcome: Outcome,
  repeat: Repeat,
  tally: Tally,
  maxAttempts: number,
  timeLeftMs: number,
  random: () => number
): Decision {
  if (!mayPass(outcome, repeat)) return { again: false, because: 'final' }
  const throttled = outcome.kind === 'answer' && outcome.throttled
  if (!throttled && tally.faults >= maxAttempts) return { again: false, because: 'attempts' }
  const room = timeLeftMs - SHORTEST_ATTEMPT
  const askedMs = outcome.kind === 'answer' ? (outcome.retryAfterMs ?? 0) : 0
  if (askedMs > 0) {
    if (askedMs > room) return { again: false, because: 'retry-after' }
    return { again: true, waitMs: Math.min(askedMs + random() * askedJitter(askedMs, tally.throttles), room) }
  }
  if (room <= 0) return { again: false, because: 'time' }
  const waitMs = throttled ? throttleWait(tally.throttles, random) : faultWait(tally.faults, random)
  if (waitMs <= room) return { again: true, waitMs }
  if (!throttled) return { again: true, waitMs: room * (0.5 + random() / 2) }
  // One last try in the last seconds before the deadline, not everybody's at one moment; after it there is none.
  if (room <= LAST_TRY) return { again: false, because: 'time' }
  return { again: true, waitMs: room - random() * Math.min(LAST_TRY, room - LAST_TRY) }
}

function mayPass(outcome: Outcome, repeat: Repeat): boolean {
  if (outcome.kind === 'fault')
    return TRANSIENT_FAULT.has(outcome.fault) && (repeat === 'always' || outcome.neverSent)
  return outcome.throttled || (repeat === 'always' && TRANSIENT_STATUS.has(outcome.status))
}

/**
 * The platform counts by the minute, so soon after the first refusal there is seldom room: the first wait of 5
 * to 15 s finds what a short burst leaves, every later one of 30 to 60 s reaches the next minute.
 */
function throttleWait(throttles: number, random: () => number): number {
  if (throttles <= 1) return (5 + 10 * random()) * SECOND
  return LONGEST_THROTTLE_WAIT * (0.5 + random() / 2)
}

/**
 * Everybody was told the same time: a little jitter keeps them from coming back as one. Where a short time was
 * told again and again, it was too short for the crowd, which would otherwise ask every second: it grows.
 */
function askedJitter(askedMs: number, throttles: number): number {
  const little = Math.max(SECOND, askedMs / 10)
  if (askedMs >= 10 * SECOND || throttles <= 1) return little
  return Math.max(little, Math.min(30 * SECOND, 5 * SECOND * 2 ** (throttles - 2)))
}

/** Exponential, with full jitter. */
function faultWait(faults: number, random: () => number): number {
  return random() * Math.min(LONGEST_FAULT_WAIT, SECOND * 2 ** (faults - 1))
}

/**
 * Returns the milliseconds that a `Retry-After` header asks to wait, given in seconds or as a date; `undefined`
 * where it is missing, malformed or already past.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  // However many digits: what is beyond any deadline is still an answer to the question how long.
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST_ASKED_SECONDS) * SECOND || undefined
  // A date in any of HTTP's three forms; the one of C's asctime does not say that it is GMT.
  const [date] = /^[A-Z][a-z]{2,8}, .* GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.exec(
    text
  ) ?? ['']
  const waitMs = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`) - nowMs
  return waitMs > 0 ? waitMs : undefined
}
