import type { Limits } from '../http/session.js'
import { ActionError } from '../lib/action-error.js'
import { type InputName, type Inputs, invalidInput } from './reader.js'

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

const DAY_SECONDS = 86_400

/** Returns the bounds on the network; throws `invalid-input`. */
export function readLimits(inputs: Inputs): Limits {
  return {
    timeoutMs: bounded(inputs, 'timeout') * 1000,
    attemptTimeoutMs: bounded(inputs, 'attempt-timeout') * 1000,
    maxAttempts: readMaxAttempts(inputs)
  }
}

/** No token lives longer, and what is longer is no date any more. */
const LONGEST_SECONDS = 3660 * DAY_SECONDS

/** Returns a duration such as `90s`, `45m`, `2h` or `300d` in seconds; throws `invalid-input`. */
export function readSeconds(inputs: Inputs, name: InputName): number {
  const text = inputs.text(name)
  const [, count, unit = ''] = /^(\d{1,9})\s?([smhd]?)$/i.exec(text) ?? []
  const seconds = Number(count) * (UNIT_SECONDS[unit.toLowerCase()] ?? Number.NaN)
  if (Number.isNaN(seconds) || seconds > LONGEST_SECONDS)
    throw invalidInput(
      name,
      text,
      'Allowed: a duration such as 90s, 45m, 2h or 300d, up to 3660d; a bare number is seconds.'
    )
  return seconds
}

function bounded(inputs: Inputs, name: InputName): number {
  const seconds = readSeconds(inputs, name)
  if (seconds >= 1 && seconds <= DAY_SECONDS) return seconds
  throw new ActionError(
    'invalid-input',
    `Input ${name} is ${inputs.text(name)}, which is out of bounds.`,
    'Allowed: 1s to 24h.'
  )
}

function readMaxAttempts(inputs: Inputs): number {
  const text = inputs.text('max-attempts')
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > 10)
    throw invalidInput('max-attempts', text, 'Allowed: a whole number from 1 to 10.')
  return count
}
