import { describe, expect, test } from '@jest/globals'
import { notAllowed } from '../support/input-errors.js'
import { MADE_UP_GENESYS, readInputs, refusal } from '../support/read-inputs.js'

const read = (name: string, text: string) => readInputs({ ...MADE_UP_GENESYS, [name]: text })

describe.each([
  ['timeout', 'timeoutMs'],
  ['attempt-timeout', 'attemptTimeoutMs']
] as const)('%s', (name, field) => {
  test.each([
    ['1', 1000],
    ['1s', 1000],
    ['90s', 90_000],
    ['45m', 2_700_000],
    ['2H', 7_200_000],
    ['5 M', 300_000],
    [' 24h\n', 86_400_000],
    ['1d', 86_400_000]
  ])('%j', (text, ms) => expect(read(name, text).inputs?.limits[field]).toBe(ms))

  test.each(['0', '25h', '86401', '2d', '-1', '1.5m', '1e3', '2hh', '2h30m', 'h', '2  h', 'never', '٣s'])(
    '%j is refused',
    text => {
      expect(refusal(read(name, text))).toBe(notAllowed(name, text))
      expect(read(name, text).error?.hint).toBe(
        'Allowed: 1s to 24h, such as 90s, 2m or 1h; a number without a unit is seconds.'
      )
    }
  )
})

describe('max-attempts', () => {
  test.each([
    ['1', 1],
    ['05', 5],
    [' 10\n', 10]
  ])('%j', (text, count) => expect(read('max-attempts', text).inputs?.limits.maxAttempts).toBe(count))

  test.each(['0', '11', '001', '-1', '1.5', '1e1', 'two', '0x2'])('%j is refused', text => {
    expect(refusal(read('max-attempts', text))).toBe(notAllowed('max-attempts', text))
    expect(read('max-attempts', text).error?.hint).toBe('Allowed: a whole number from 1 to 10.')
  })
})

describe('min-lifetime', () => {
  test.each([
    ['', undefined],
    ['0', 0],
    ['2H', 7200],
    ['3660D', 316_224_000]
  ])('%j', (text, seconds) =>
    expect(read('min-lifetime', text).inputs?.guards.minLifetimeSeconds).toBe(seconds)
  )

  test.each(['3661d', '1234567890', '1w', '-1'])('%j is refused', text => {
    expect(refusal(read('min-lifetime', text))).toBe(notAllowed('min-lifetime', text))
    expect(read('min-lifetime', text).error?.hint).toBe(
      'Allowed: a duration such as 90s, 45m, 2h or 300d, up to 3660d; a number without a unit is seconds.'
    )
  })
})
