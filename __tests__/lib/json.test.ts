import { expect, test } from '@jest/globals'
import { asJsonObject, parseJsonObject } from '../../src/lib/json.js'

test.each([
  ['{}', {}],
  [' {"a":[1],"b":{"c":null}}\n', { a: [1], b: { c: null } }],
  ['', undefined],
  ['{', undefined],
  ['[]', undefined],
  ['null', undefined],
  ['7', undefined],
  ['"{}"', undefined],
  ['<html>', undefined]
])('parseJsonObject %j', (text, expected) => expect(parseJsonObject(text)).toEqual(expected))

test.each([[undefined], [null], [true], [7], ['text'], [[{}]]])('asJsonObject rejects %j', value =>
  expect(asJsonObject(value)).toBeUndefined()
)

test('asJsonObject returns the object itself', () => {
  const value = { a: 1 }
  expect(asJsonObject(value)).toBe(value)
})
