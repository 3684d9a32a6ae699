import { format, inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { formEncode, Secret } from '../../src/lib/secret.js'

const TEXT = 'm4rker+Secret/====%&"'
const secret = new Secret(TEXT)

describe('a secret never shows its text', () => {
  test.each<[string, () => string]>([
    ['interpolated', () => `${secret}`],
    ['String', () => String(secret)],
    ['as JSON', () => JSON.stringify({ a: [secret], b: { secret } })],
    ['inspected', () => inspect({ a: [secret] }, { showHidden: true, depth: 9, getters: true })],
    ['formatted', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
    ['in the message of an error', () => new Error(secret as unknown as string).message],
    ['as the cause of an error', () => inspect(new Error('x', { cause: secret }))]
  ])('%s', (_, print) => {
    expect(print()).toContain('***')
    expect(print()).not.toContain('m4rker')
  })
  test.each<[string, () => string]>([
    ['as a number', () => String(Number(secret))],
    ['by its properties', () => JSON.stringify([Reflect.ownKeys(secret), Object.entries(secret)])],
    ['cloned', () => inspect(structuredClone({ ...secret }))]
  ])('%s', (_, print) => expect(print()).not.toContain('m4rker'))
})

describe('a secret gives', () => {
  test('its text from reveal, its length, and the result of inspect', () => {
    expect(secret.reveal()).toBe(TEXT)
    expect(secret.length).toBe(TEXT.length)
    expect(secret.inspect(text => text.endsWith('"'))).toBe(true)
  })
  test('another secret from map', () => {
    const made = secret.map(text => `Basic ${text}`)
    expect(made).toBeInstanceOf(Secret)
    expect(`${made}`).toBe('***')
    expect(made.reveal()).toBe(`Basic ${TEXT}`)
    expect(secret.reveal()).toBe(TEXT)
  })
  test('equality of the texts', () => {
    expect(secret.equals(new Secret(TEXT))).toBe(true)
    expect(secret.equals(new Secret(TEXT.toLowerCase()))).toBe(false)
  })
})

describe('other spellings', () => {
  test.each([
    ['plain-text_1.2', []],
    ['access+key====', ['access%2Bkey%3D%3D%3D%3D']],
    ['with space', ['with+space', 'with%20space']],
    ['back\\slash', ['back%5Cslash', 'back\\\\slash']],
    ['quo"te', ['quo%22te', 'quo\\"te']],
    ["it's (a) secret!~*", ['it%27s+%28a%29+secret%21%7E*', "it's%20(a)%20secret!~*"]],
    ['half \ud800 letter', ['half+%EF%BF%BD+letter', 'half%20%EF%BF%BD%20letter', 'half \\ud800 letter']],
    ['schlüssel', ['schl%C3%BCssel']]
  ])('%s is also spelled %j', (text, expected) => {
    expect(new Secret(text).otherSpellings().map(one => one.reveal())).toEqual(expected)
  })

  test('formEncode encodes as a form does', () => {
    expect(formEncode('a b&c=d+e%f/g?h~i*j-k_l.m\r\nü€😀')).toBe(
      'a+b%26c%3Dd%2Be%25f%2Fg%3Fh%7Ei*j-k_l.m%0D%0A%C3%BC%E2%82%AC%F0%9F%98%80'
    )
    expect(formEncode('')).toBe('')
  })
})
