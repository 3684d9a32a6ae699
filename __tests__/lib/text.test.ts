import { describe, expect, test } from '@jest/globals'
import { counted, listed, nearest, oneLine } from '../../src/lib/text.js'

describe('one clean line', () => {
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
  ])('%j', (text, expected) => {
    expect(oneLine(text, 100).replace(/ +/g, ' ')).toBe(expected.replace(/ +/g, ' '))
  })

  test('of at most so many characters, an ellipsis among them', () => {
    expect(oneLine('12345', 5)).toBe('12345')
    expect(oneLine('123456', 5)).toBe('1234…')
    expect(oneLine('123456', 1)).toBe('…')
    expect(oneLine('x'.repeat(50_000), Number.POSITIVE_INFINITY)).toHaveLength(50_000)
  })
  test('no letter is cut in two', () => {
    expect(oneLine('😀😀😀😀', 8)).toBe('😀😀😀😀')
    expect(oneLine('😀😀😀😀😀', 8)).toBe('😀😀😀…')
  })
})

test.each([
  [0, '0 attempts'],
  [1, '1 attempt'],
  [2, '2 attempts']
])('counted %d', (count, expected) => expect(counted(count, 'attempt')).toBe(expected))

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c']
])('listed %j', (words, expected) => expect(listed(words)).toBe(expected))

test('listed with another last word', () => expect(listed(['a', 'b', 'c'], 'and')).toBe('a, b and c'))

describe('nearest', () => {
  const near = (text: string, ...words: string[]) => nearest(text, words, word => word)
  test.each([
    ['same', 'abc', ['xyz', 'abc', 'abd'], 'abc'],
    ['a letter changed', 'abx', ['xyzw', 'abc', 'q'], 'abc'],
    [
      'a letter dropped',
      'mypurecloud.cm',
      ['mypurecloud.de', 'mypurecloud.com', 'mypurecloud.ie'],
      'mypurecloud.com'
    ],
    ['a letter added', 'eu-west--1', ['us-east-1', 'eu-west-1'], 'eu-west-1'],
    ['nothing given: the shortest', '', ['abc', 'a', 'ab'], 'a'],
    ['the first of equals', 'b', ['a', 'c'], 'a'],
    ['the only one', 'anything', ['abc'], 'abc'],
    ['two edits are nearer than three, whatever the length', 'kitten', ['sitting', 'kitxxn'], 'kitxxn']
  ])('%s', (_, text, words, expected) => expect(near(text, ...words)).toBe(expected))
  test('by the spelling asked for', () => {
    expect(nearest('two', [{ word: 'one' }, { word: 'two' }], ({ word }) => word)).toEqual({ word: 'two' })
  })
})
