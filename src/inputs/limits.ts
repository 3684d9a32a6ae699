import type { Limits } from '../http/session.js'
import { type InputReader, invalidInput } from '../lib/input-reader.js'
import type { InputName } from '../lib/inputs.js'

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

const DAY_SECONDS = 86_400

/** No token lives longer. */
const MAX_DURATION_SECONDS = 3660 * DAY_SECONDS

/** Returns the limits on network activity. Throws `invalid-input`. */
export function readLimits(reader: InputReader): Limits {
  return {
    timeoutMs: readTimeoutMs(reader, 'timeout'),
    attemptTimeoutMs: readTimeoutMs(reader, 'attempt-timeout'),
    maxAttempts: readMaxAttempts(reader)
  }
}

/** Returns a duration such as `90s`, `45m`, `2h` or `300d` in seconds. Throws `invalid-input`. */
export function readSeconds(reader: InputReader, name: InputName): number {
  const seconds = parseSeconds(reader.text(name))
  if (seconds !== undefined && seconds <= MAX_DURATION_SECONDS) return seconds
  const allowed =
    'Allowed: a duration such as 90s, 45m, 2h or 300d, up to 3660d; a number without a unit is seconds.'
  throw invalidInput(name, reader.text(name), allowed)
}

/** Returns a time limit in milliseconds. Throws `invalid-input`. */
export function readTimeoutMs(
  reader: InputReader,
  name: 'timeout' | 'attempt-timeout' | 'command-timeout'
): number {
  const seconds = parseSeconds(reader.text(name))
  if (seconds !== undefined && seconds >= 1 && seconds <= DAY_SECONDS) return seconds * 1000
  const allowed = 'Allowed: 1s to 24h, such as 90s, 2m or 1h; a number without a unit is seconds.'
  throw invalidInput(name, reader.text(name), allowed)
}

function parseSeconds(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})\s?([smhd]?)$/i.exec(text) ?? []
  const unitSeconds = SECONDS[unit.toLowerCase()]
  return count === undefined || unitSeconds === undefined ? undefined : Number(count) * unitSeconds
}

function readMaxAttempts(reader: InputReader): number {
  const text = reader.text('max-attempts')
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= 10) return count
  throw invalidInput('max-attempts', text, 'Allowed: a whole number from 1 to 10.')
}
