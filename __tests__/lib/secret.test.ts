import { format, inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { formEncode, MIN_SECRET_LENGTH, Redactor, Secret } from '../../src/lib/secret.js'

const TEXT = 'm4rker+Secret/====%&"'
const secret = new Secret(TEXT)

describe('a secret never shows its text', () => {
  const prints: Record<string, () => string> = {
    interpolated: () => `${secret}`,
    String: () => String(secret),
    concatenated: () => `a ${secret}`.concat(secret as unknown as string),
    'as a number': () => String(Number(secret)),
    joined: () => [secret, secret].join(),
    'as JSON': () => JSON.stringify(secret),
    'inside JSON': () => JSON.stringify({ a: [secret], b: { secret } }),
    inspected: () => inspect(secret),
    'inspected inside, with hidden properties': () =>
      inspect({ a: [secret], b: new Map([[secret, secret]]) }, { showHidden: true, depth: 9, getters: true }),
    'formatted %s': () => format('%s', secret),
    'formatted %o': () => format('%o %O %j %d', secret, secret, secret, secret),
    'in the message of an error': () => new Error(secret as unknown as string).message,
    'in the stack of an error': () => String(new Error(`no ${secret}`).stack),
    'as the cause of an error': () => inspect(new Error('x', { cause: secret })),
    'by its properties': () => JSON.stringify([Reflect.ownKeys(secret), Object.entries(secret)]),
    cloned: () => inspect(structuredClone({ ...secret }))
  }
  test.each(Object.entries(prints))('%s', (_, print) => {
    expect(print()).not.toContain('m4rker')
  })
  test.each(['interpolated', 'String', 'as JSON', 'inspected', 'formatted %s', 'in the message of an error'])(
    '%s: *** stands in its place',
    name => expect(prints[name]?.()).toContain('***')
  )
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

describe('redaction', () => {
  test.each([
    ['once', 'say abcdefgh!', 'say ***!'],
    ['repeatedly', 'abcdefgh abcdefghabcdefgh', '*** ******'],
    ['in another case', 'ABCDEFGH AbCdEfGh', '*** ***'],
    ['not a part of it', 'abcdefg', 'abcdefg'],
    ['not a similar text', 'abcdefgx', 'abcdefgx']
  ])('%s', (_, text, expected) => {
    expect(new Secret('abcdefgh').redact(text)).toBe(expected)
  })

  test.each(['.*+?^$(){}[]|\\/-', '$&$1$`$$$$', '\\d\\w\\s\\b\\u0041', 'a{1,9}b|c|', '^start.end$'])(
    'special characters of patterns and replacements have no effect: %s',
    text => {
      expect(new Secret(text).redact(`<${text}>`)).toBe('<***>')
      expect(new Secret(text).redact('some words 1 a b c')).toBe('some words 1 a b c')
    }
  )

  test(`a text of fewer than ${MIN_SECRET_LENGTH} characters is not redacted: that would damage the log`, () => {
    expect(MIN_SECRET_LENGTH).toBe(8)
    expect(new Secret('').redact('words')).toBe('words')
    expect(new Secret('or').redact('words')).toBe('words')
    expect(new Secret('1234567').redact('12345678')).toBe('12345678')
    expect(new Secret('12345678').redact('12345678')).toBe('***')
  })

  test('a redactor removes every secret in every spelling', () => {
    const redactor = new Redactor()
    redactor.add(new Secret('first=secret'))
    redactor.add(new Secret('second"secret'))
    expect(
      redactor.redact(
        'first=secret first%3Dsecret FIRST%3DSECRET second"secret second\\"secret second%22secret'
      )
    ).toBe('*** *** *** *** *** ***')
  })

  test('a redactor removes the spelling of a URL too', () => {
    const redactor = new Redactor()
    redactor.add(new Secret("it's (a) secret"))
    expect(redactor.redact("?q=it's%20(a)%20secret&r=IT'S%20(A)%20SECRET")).toBe('?q=***&r=***')
  })

  test('letters beyond ASCII in another case; the rest of the text stays the same', () => {
    expect(new Secret('schlüsselé').redact('İ<SCHLÜSSELÉ>İ SCHLÜSSELÉ')).toBe('İ<***>İ ***')
  })

  test('the longest secret first, in any order of registration', () => {
    for (const order of [
      ['abcdefgh', 'abcdefghijkl'],
      ['abcdefghijkl', 'abcdefgh']
    ]) {
      const redactor = new Redactor()
      for (const text of order) redactor.add(new Secret(text))
      expect(redactor.redact('<abcdefghijkl> <abcdefgh>')).toBe('<***> <***>')
    }
  })

  test('add returns only new spellings, each once', () => {
    const redactor = new Redactor()
    const texts = (added: Secret[]) => added.map(one => one.reveal())
    expect(texts(redactor.add(new Secret('key====1')))).toEqual(['key====1', 'key%3D%3D%3D%3D1'])
    expect(texts(redactor.add(new Secret('key====1')))).toEqual([])
    expect(texts(redactor.add(new Secret('key%3D%3D%3D%3D1')))).toEqual(['key%253D%253D%253D%253D1'])
  })

  /** Compares only the end and cuts errors, so that a failed test prints little. */
  const endOf = (redact: () => string): string => {
    try {
      return redact().slice(-8)
    } catch (error) {
      return String(error).slice(0, 60)
    }
  }
  test.each([
    ['32 KiB of letters', 'aB3.'.repeat(8192)],
    ['32 KiB of one letter', 'a'.repeat(32 * 1024)],
    ['32 KiB that a form and JSON encode', '"=+\\'.repeat(8192)],
    ['not ASCII', 'schlüssel€😀'.repeat(1000)]
  ])('a secret of maximum length: %s', (_, long) => {
    expect(endOf(() => new Secret(long).redact(`${'x'.repeat(1024 * 1024)}${long}`))).toBe('xxxxx***')
    const redactor = new Redactor()
    redactor.add(new Secret(long))
    expect(endOf(() => redactor.redact(`${'x'.repeat(100_000)}${long}${formEncode(long)}`))).toBe('xx******')
  })

  test.each([
    ['one line, without control characters', 'a\r\nb\u0007', 20, 'a b'],
    ['a secret that cleaning puts together', 'abcd\u200befgh!', 20, '***!'],
    ['a secret that cleaning changes', 'two  spaces', 20, '***'],
    ['a secret beyond the limit: cut last', 'xxxxabcdefgh', 8, 'xxxx***']
  ])('clean: %s', (_, text, maxLength, expected) => {
    const redactor = new Redactor()
    for (const known of ['abcdefgh', 'two  spaces']) redactor.add(new Secret(known))
    expect(redactor.clean(text, maxLength)).toBe(expected)
  })
})
