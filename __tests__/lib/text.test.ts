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
  [1, '1 attempt'],
  [2, '2 attempts']
])('pluralize %d', (count, expected) => expect(pluralize(count, 'attempt')).toBe(expected))

test.each([
  [0, '0 s'],
  [1, '1 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [3570, '59 min 30 s'],
  [3601, '1 h 1 s'],
  [3661, '1 h 1 min'],
  [86_399, '23 h 59 min'],
  [172_800, '48 h'],
  [172_801, '2 d 1 s'],
  [176_400, '2 d 1 h'],
  [31_536_000, '365 d']
])('formatDuration %d', (seconds, expected) => expect(formatDuration(seconds)).toBe(expected))

test('formatMinute rounds down', () =>
  expect(formatMinute(new Date('2026-11-22T09:05:59.999Z'))).toBe('2026-11-22 09:05 UTC'))

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c']
])('joinWords %j', (words, expected) => expect(joinWords(words)).toBe(expected))

test('joinWords with another conjunction', () => expect(joinWords(['a', 'b', 'c'], 'and')).toBe('a, b and c'))

test('capitalize', () => expect(['', 'a b', 'A'].map(capitalize)).toEqual(['', 'A b', 'A']))

describe('findNearest', () => {
  test.each([
    ['an equal word', 'abc', ['xyz', 'abc', 'abd'], 'abc'],
    ['a letter changed', 'abx', ['xyzw', 'abc', 'q'], 'abc'],
    ['a letter missing', 'cloud.cm', ['cloud.de', 'cloud.com', 'cloud.ie'], 'cloud.com'],
    ['a letter added', 'eu-west--1', ['us-east-1', 'eu-west-1'], 'eu-west-1'],
    ['an empty text: the shortest word', '', ['abc', 'a', 'ab'], 'a'],
    ['equal distances: the first word', 'b', ['a', 'c'], 'a'],
    ['two edits before three, whatever the length', 'kitten', ['sitting', 'kitxxn'], 'kitxxn']
  ])('%s', (_, text, words, expected) => {
    const candidates = words.map(word => ({ word }))
    expect(findNearest(text, candidates, ({ word }) => word)).toEqual({ word: expected })
  })
})
