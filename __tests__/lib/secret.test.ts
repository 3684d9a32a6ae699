import { format, inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { formEncode, Redactor, Secret, SHORTEST_SECRET } from '../../src/lib/secret.js'

const TEXT = 'm4rker+Secret/====%&"'
const secret = new Secret(TEXT)

describe('a secret prints as *** however it is printed', () => {
  const prints: Record<string, () => string> = {
    interpolated: () => `${secret}`,
    String: () => String(secret),
    'with plus': () => `a ${secret}`.concat(secret as unknown as string),
    'as a number': () => String(Number(secret)),
    joined: () => [secret, secret].join(),
    'as JSON': () => JSON.stringify(secret),
    'as JSON inside': () => JSON.stringify({ a: [secret], b: { secret } }),
    inspected: () => inspect(secret),
    'inspected inside, with all that is hidden': () =>
      inspect({ a: [secret], b: new Map([[secret, secret]]) }, { showHidden: true, depth: 9, getters: true }),
    'formatted %s': () => format('%s', secret),
    'formatted %o': () => format('%o %O %j %d', secret, secret, secret, secret),
    'in the message of an error': () => new Error(secret as unknown as string).message,
    'in the stack of an error': () => String(new Error(`no ${secret}`).stack),
    'as the cause of an error': () => inspect(new Error('x', { cause: secret })),
    'by its own names': () => JSON.stringify([Reflect.ownKeys(secret), Object.entries(secret)]),
    cloned: () => inspect(structuredClone({ ...secret }))
  }
  test.each(Object.entries(prints))('%s', (_, print) => {
    expect(print()).not.toContain('m4rker')
  })
  test.each(['interpolated', 'String', 'as JSON', 'inspected', 'formatted %s', 'in the message of an error'])(
    '%s: the stars are there',
    name => expect(prints[name]?.()).toContain('***')
  )
})

describe('what a secret tells', () => {
  test('its text by reveal, its length, and what a look finds', () => {
    expect(secret.reveal()).toBe(TEXT)
    expect(secret.length).toBe(TEXT.length)
    expect(secret.inspect(text => text.endsWith('"'))).toBe(true)
  })
  test('what is made of it is secret too', () => {
    const made = secret.map(text => `Basic ${text}`)
    expect(made).toBeInstanceOf(Secret)
    expect(`${made}`).toBe('***')
    expect(made.reveal()).toBe(`Basic ${TEXT}`)
    expect(secret.reveal()).toBe(TEXT)
  })
  test('equality is of the texts', () => {
    expect(secret.equals(new Secret(TEXT))).toBe(true)
    expect(secret.equals(new Secret(TEXT.toLowerCase()))).toBe(false)
  })
})

describe('spellings', () => {
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

  test('formEncode is the encoding that forms have', () => {
    expect(formEncode('a b&c=d+e%f/g?h~i*j-k_l.m\r\nü€😀')).toBe(
      'a+b%26c%3Dd%2Be%25f%2Fg%3Fh%7Ei*j-k_l.m%0D%0A%C3%BC%E2%82%AC%F0%9F%98%80'
    )
    expect(formEncode('')).toBe('')
  })
})

describe('hiding', () => {
  test.each([
    ['once', 'say abcdefgh!', 'say ***!'],
    ['often', 'abcdefgh abcdefghabcdefgh', '*** ******'],
    ['in another case', 'ABCDEFGH AbCdEfGh', '*** ***'],
    ['not a part', 'abcdefg', 'abcdefg'],
    ['not what is like it', 'abcdefgx', 'abcdefgx']
  ])('%s', (_, text, expected) => {
    expect(new Secret('abcdefgh').hideIn(text)).toBe(expected)
  })

  test.each(['.*+?^$(){}[]|\\/-', '$&$1$`$$$$', '\\d\\w\\s\\b\\u0041', 'a{1,9}b|c|', '^start.end$'])(
    'a secret is no pattern and no replacement: %s',
    text => {
      expect(new Secret(text).hideIn(`<${text}>`)).toBe('<***>')
      expect(new Secret(text).hideIn('some words 1 a b c')).toBe('some words 1 a b c')
    }
  )

  test(`a text under ${SHORTEST_SECRET} characters is not hidden, for it would damage the log`, () => {
    expect(SHORTEST_SECRET).toBe(8)
    expect(new Secret('').hideIn('words')).toBe('words')
    expect(new Secret('or').hideIn('words')).toBe('words')
    expect(new Secret('1234567').hideIn('12345678')).toBe('12345678')
    expect(new Secret('12345678').hideIn('12345678')).toBe('***')
  })

  test('all that is known, in all its spellings', () => {
    const secrets = new Redactor()
    secrets.add(new Secret('first=secret'))
    secrets.add(new Secret('second"secret'))
    expect(
      secrets.hideIn(
        'first=secret first%3Dsecret FIRST%3DSECRET second"secret second\\"secret second%22secret'
      )
    ).toBe('*** *** *** *** *** ***')
  })

  test('as an address spells it too', () => {
    const secrets = new Redactor()
    secrets.add(new Secret("it's (a) secret"))
    expect(secrets.hideIn("?q=it's%20(a)%20secret&r=IT'S%20(A)%20SECRET")).toBe('?q=***&r=***')
  })

  test('in another case of letters beyond ASCII, and all others keep their places', () => {
    expect(new Secret('schlüsselé').hideIn('İ<SCHLÜSSELÉ>İ SCHLÜSSELÉ')).toBe('İ<***>İ ***')
  })

  test('the longest first, in whatever order they came', () => {
    for (const order of [
      ['abcdefgh', 'abcdefghijkl'],
      ['abcdefghijkl', 'abcdefgh']
    ]) {
      const secrets = new Redactor()
      for (const text of order) secrets.add(new Secret(text))
      expect(secrets.hideIn('<abcdefghijkl> <abcdefgh>')).toBe('<***> <***>')
    }
  })

  test('only what is new is handed back, each once', () => {
    const secrets = new Redactor()
    const texts = (added: Secret[]) => added.map(one => one.reveal())
    expect(texts(secrets.add(new Secret('key====1')))).toEqual(['key====1', 'key%3D%3D%3D%3D1'])
    expect(texts(secrets.add(new Secret('key====1')))).toEqual([])
    expect(texts(secrets.add(new Secret('key%3D%3D%3D%3D1')))).toEqual(['key%253D%253D%253D%253D1'])
  })

  /** Only the end is compared, and an error is cut, so that a failure does not fill the screen with the pattern. */
  const endOf = (hide: () => string): string => {
    try {
      return hide().slice(-8)
    } catch (error) {
      return String(error).slice(0, 60)
    }
  }
  test.each([
    ['32 KiB of letters', 'aB3.'.repeat(8192)],
    ['32 KiB of one letter', 'a'.repeat(32 * 1024)],
    ['32 KiB that forms and JSON spell otherwise', '"=+\\'.repeat(8192)],
    ['not ASCII', 'schlüssel€😀'.repeat(1000)]
  ])('a secret of the greatest length: %s', (_, long) => {
    expect(endOf(() => new Secret(long).hideIn(`${'x'.repeat(1024 * 1024)}${long}`))).toBe('xxxxx***')
    const secrets = new Redactor()
    secrets.add(new Secret(long))
    expect(endOf(() => secrets.hideIn(`${'x'.repeat(100_000)}${long}${formEncode(long)}`))).toBe('xx******')
  })
})
