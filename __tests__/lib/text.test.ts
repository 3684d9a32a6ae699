import { describe, expect, test } from '@jest/globals'
import {
  capitalize,
  findNearest,
  formatDuration,
  formatMinute,
  joinWords,
  pluralize,
  toOneLine,
  truncate,
  truncateMiddle
} from '../../src/lib/text.js'

describe('toOneLine', () => {
  test.each([
    ['plain words', 'plain words'],
    ['', ''],
    ['   \t\r\n  ', ''],
    ['two\nlines', 'two lines'],
    ['a\r\n\r\n\tb', 'a b'],
    ['a\u2028b\u2029c\u0085d', 'a b c d'],
    ['a\u00a0\u3000b', 'a b'],
    ['bell\u0007 escape\u001b[31m null\u0000end', 'bell escape [31m null end'],
    ['zero\u200bwidth \ufeffmark soft\u00adhyphen', 'zerowidth mark softhyphen'],
    ['\u202eoverridden\u202c \u2066isolated\u2069', 'overridden isolated'],
    ['half \ud83d pair \ude00', 'half  pair'],
    ['private \ue000 unassigned \u0378 noncharacter \uffff', 'private  unassigned  noncharacter'],
    ['emoji 😀 and ümläut 漢字', 'emoji 😀 and ümläut 漢字']
  ])('%j', (text, expected) => expect(toOneLine(text)).toBe(expected))

  test('does not cut', () => expect(toOneLine('x'.repeat(50_000))).toHaveLength(50_000))
})

test.each([
  ['12345', 5, '12345'],
  ['123456', 5, '1234…'],
  ['123456', 1, '…'],
  ['😀😀😀😀', 8, '😀😀😀😀'],
  ['😀😀😀😀😀', 8, '😀😀😀…']
])('truncate %s to %d', (text, maxLength, expected) => expect(truncate(text, maxLength)).toBe(expected))

test.each([
  ['12345678', 8, '12345678'],
  ['123456789', 8, '12345…89'],
  ['abcdefghijkl', 4, 'ab…l'],
  ['😀😀😀😀😀😀', 8, '😀😀…😀'],
  ['😀😀😀😀😀x', 8, '😀😀😀…x']
])('truncateMiddle %s to %d', (text, maxLength, expected) => {
  expect(truncateMiddle(text, maxLength)).toBe(expected)
})

test.each([
  [0, '0 attempts'],
  [1, '1 attempt'],
  [2, '2 attempts']
])('pluralize %d', (count, expected) => expect(pluralize(count, 'attempt')).toBe(expected))

test.each([
  [0, '0 s'],
  [0.9, '0 s'],
  [1, '1 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [3570, '59 min 30 s'],
  [3600, '1 h'],
  [3601, '1 h 1 s'],
  [3661, '1 h 1 min'],
  [86_399, '23 h 59 min'],
  [86_400, '24 h'],
  [172_800, '48 h'],
  [172_801, '2 d 1 s'],
  [176_400, '2 d 1 h'],
  [648_000, '7 d 12 h'],
  [31_536_000, '365 d'],
  [316_224_000, '3660 d']
])('formatDuration %d', (seconds, expected) => expect(formatDuration(seconds)).toBe(expected))

test.each([
  ['2026-11-22T09:05:00.000Z', '2026-11-22 09:05 UTC'],
  ['2026-11-22T09:05:59.999Z', '2026-11-22 09:05 UTC']
])('formatMinute %s', (date, expected) => expect(formatMinute(new Date(date))).toBe(expected))

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c']
])('joinWords %j', (words, expected) => expect(joinWords(words)).toBe(expected))

test('joinWords with another conjunction', () => expect(joinWords(['a', 'b', 'c'], 'and')).toBe('a, b and c'))

test.each([
  ['', ''],
  ['a b', 'A b'],
  ['A', 'A']
])('capitalize %j', (text, expected) => expect(capitalize(text)).toBe(expected))

describe('findNearest', () => {
  const nearest = (text: string, ...words: string[]) => findNearest(text, words, word => word)
  test.each([
    ['an equal word', 'abc', ['xyz', 'abc', 'abd'], 'abc'],
    ['a letter changed', 'abx', ['xyzw', 'abc', 'q'], 'abc'],
    [
      'a letter missing',
      'mypurecloud.cm',
      ['mypurecloud.de', 'mypurecloud.com', 'mypurecloud.ie'],
      'mypurecloud.com'
    ],
    ['a letter added', 'eu-west--1', ['us-east-1', 'eu-west-1'], 'eu-west-1'],
    ['an empty text: the shortest word', '', ['abc', 'a', 'ab'], 'a'],
    ['equal distances: the first word', 'b', ['a', 'c'], 'a'],
    ['a single word', 'anything', ['abc'], 'abc'],
    ['two edits before three, whatever the length', 'kitten', ['sitting', 'kitxxn'], 'kitxxn']
  ])('%s', (_, text, words, expected) => expect(nearest(text, ...words)).toBe(expected))
  test('compares by the given spelling', () => {
    expect(findNearest('two', [{ word: 'one' }, { word: 'two' }], ({ word }) => word)).toEqual({
      word: 'two'
    })
  })
})
