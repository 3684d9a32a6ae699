import { describe, expect, test } from '@jest/globals'
import { Redactor } from '../../src/lib/redactor.js'
import { formEncode, MIN_SECRET_LENGTH, Secret } from '../../src/lib/secret.js'
import { fc } from '../support/properties.js'

const jsonEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
const codePoints = (text: string, spell: (code: number) => string) =>
  [...text].map(char => spell(char.codePointAt(0) ?? 0)).join('')
const NAMES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '/': '&sol;',
  '=': '&equals;',
  '+': '&plus;',
  ä: '&auml;'
}
/** Spellings in which servers, proxies and libraries repeat what they were sent. */
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: text => text,
  'JSON, as Gson writes it': text =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[<>&='ä]/g, jsonEscape),
  'JSON, as PHP writes it': text => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'JSON, every character escaped': text => text.split('').map(jsonEscape).join(''),
  'percent, RFC 3986': encodeURIComponent,
  'percent, form': text => new URLSearchParams({ _: text }).toString().slice(2),
  'percent, lower case': text => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, hex => hex.toLowerCase()),
  'HTML, named': text => text.replace(/[&<>"'/=+ä]/g, char => NAMES[char] ?? char),
  'HTML, decimal': text => codePoints(text, code => `&#${code};`),
  'HTML, hexadecimal': text => codePoints(text, code => `&#x${code.toString(16)};`),
  base64: text => Buffer.from(text).toString('base64'),
  base64url: text => Buffer.from(text).toString('base64url'),
  hex: text => Buffer.from(text).toString('hex')
}
const names = Object.keys(ENCODINGS)
const encode = (text: string, ...by: readonly string[]) =>
  by.reduce((encoded, name) => ENCODINGS[name]?.(encoded) ?? encoded, text)

/** A secret with characters that the encodings change. */
const secrets = fc
  .array(fc.constantFrom(...'abcXYZ019=/+&<>"\'%\\ä ~.-_'), { minLength: 8, maxLength: 40 })
  .map(chars => chars.join('').trim())
  .filter(text => text.length >= 8)
/** Text before and after a secret. It ends a run of base64 or hex. */
const before = fc.constantFrom('', ' ', 'error: ', '{"description":"', ' (')
const after = fc.constantFrom('', ' ', '"}', ') again', '…')

const redact = (text: string, secret: string) => new Redactor([new Secret(secret)]).redact(text)

describe('a secret is removed from a text', () => {
  test('encoded once or twice, wherever it stands', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.constantFrom(...names),
        fc.constantFrom(...names),
        before,
        after,
        (secret, inner, outer, start, end) => {
          const encoded = encode(secret, inner, outer)
          const redacted = redact(`${start}${encoded}${end}`, secret)
          expect(redacted).toContain('***')
          expect(redacted).not.toContain(encoded)
          // Nothing else is removed; base64 and hex are removed as a whole run.
          expect(redacted.startsWith(start) && redacted.endsWith(end)).toBe(true)
        }
      ),
      { numRuns: 1000 }
    )
  })

  test('a Basic header that contains it', () => {
    const secret = 'p@ssw0rd/with=signs'
    const header = `Basic ${Buffer.from(`client-id:${secret}`).toString('base64')}`
    expect(redact(`got ${header}.`, secret)).toBe('got Basic ***.')
  })

  test.each([
    ['repeatedly', 'abcdefgh abcdefghabcdefgh', '*** ******'],
    ['in upper case', 'ABCDEFGH', '***'],
    ['not a part of it', 'abcdefg', 'abcdefg'],
    ['not a similar text', 'abcdefgx', 'abcdefgx']
  ])('%s', (_, text, expected) => expect(redact(text, 'abcdefgh')).toBe(expected))

  test('letters beyond ASCII in another case; the rest of the text stays the same', () => {
    expect(redact('İ<SCHLÜSSELÉ>İ SCHLÜSSELÉ', 'schlüsselé')).toBe('İ<***>İ ***')
  })

  test.each(['.*+?^$(){}[]|\\/-', '$&$1$`$$$$', '\\d\\w\\s\\b\\u0041', 'a{1,9}b|c|', '^start.end$'])(
    'special characters of patterns and replacements have no effect: %s',
    text => {
      expect(redact(`<${text}>`, text)).toBe('<***>')
      expect(redact('some words 1 a b c', text)).toBe('some words 1 a b c')
    }
  )

  test('a text of fewer than eight characters is not redacted: that would damage the log', () => {
    expect(MIN_SECRET_LENGTH).toBe(8)
    expect(redact('words', '')).toBe('words')
    expect(redact('12345678', '1234567')).toBe('12345678')
    expect(redact('12345678', '12345678')).toBe('***')
  })

  test('the longest secret first, in any order of registration', () => {
    for (const order of [
      ['abcdefgh', '12abcdefgh34'],
      ['12abcdefgh34', 'abcdefgh']
    ]) {
      const redactor = new Redactor(order.map(text => new Secret(text)))
      expect(redactor.redact('<12abcdefgh34> <abcdefgh>')).toBe('<***> <***>')
    }
  })

  test.each([0, 1, 2, 3])('base64 and hex directly after %i letters', count => {
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const encoded = Buffer.from('the-only-secret-here').toString(encoding)
      expect(redact(`no ${'a'.repeat(count)}${encoded}.`, 'the-only-secret-here')).toBe('no ***.')
    }
  })

  test.each(names)('another text stays as it is: %s', name => {
    const redactor = new Redactor([new Secret('the-only-secret-here')])
    const text = `got "${encode('quite another value=ä/', name)}"`
    expect([redactor.matches(text), redactor.redact(text)]).toEqual([false, text])
  })

  test('add returns only new spellings, each once', () => {
    const redactor = new Redactor()
    const texts = (added: Secret[]) => added.map(one => one.reveal())
    expect(texts(redactor.add(new Secret('key====1')))).toEqual(['key====1', 'key%3D%3D%3D%3D1'])
    expect(texts(redactor.add(new Secret('key====1')))).toEqual([])
    expect(texts(redactor.add(new Secret('key%3D%3D%3D%3D1')))).toEqual(['key%253D%253D%253D%253D1'])
  })

  // The longest text is a line of a store command: 64 KiB.
  test.each([
    ['32 KiB of letters', 'aB3.'.repeat(8192)],
    ['8 KiB that a form and JSON encode', '"=+\\'.repeat(2048)],
    ['not ASCII', 'schlüssel€😀'.repeat(1000)]
  ])('a long secret: %s', (_, long) => {
    const redacted = redact(`${'x'.repeat(64 * 1024)}${long} ${formEncode(long)}`, long)
    // Only the end, so that a failed test prints little.
    expect(redacted.slice(-8)).toBe('x*** ***')
  })
})

test('uses the replacement that is given', () => {
  const redactor = new Redactor([new Secret('abcdefgh')], '<client-id>')
  expect(redactor.redact('no abcdefgh.')).toBe('no <client-id>.')
})

test.each([
  ['a secret that cleaning changes', 'two  spaces', 20, '***'],
  ['the text is cut after secrets are removed', 'xxxxabcdefgh', 8, 'xxxx***']
])('clean: %s', (_, text, maxLength, expected) => {
  const redactor = new Redactor(['abcdefgh', 'two  spaces'].map(known => new Secret(known)))
  expect(redactor.clean(text, maxLength)).toBe(expected)
})

test('a cleaned text has one line, no secret that cleaning puts together, and both ends', () => {
  const redactor = new Redactor([new Secret('secret-value')])
  expect(redactor.clean('a\nsecret\u200b-value\tb', 100)).toBe('a *** b')
  const long = redactor.clean(`${'x'.repeat(500)} the end`, 100)
  expect(long).toHaveLength(100)
  expect(long).toMatch(/^x+…x* the end$/)
})

test('hostile texts of 8 KiB take less than a second', () => {
  const redactor = new Redactor(
    Array.from({ length: 50 }, (_, index) => new Secret(`a secret of some length ${index}`))
  )
  const nested = (encode: (text: string) => string) => {
    let text = 'A'.repeat(1000)
    while (text.length < 8192) text = encode(text)
    return text.slice(0, 8192)
  }
  const texts = [
    nested(text => Buffer.from(text).toString('base64')),
    nested(text => Buffer.from(text).toString('hex')),
    '%25'.repeat(2730),
    '&#38;'.repeat(1638),
    '\\u005c'.repeat(1365),
    '\\u0026#37;2b+%5cu0026'.repeat(380),
    'abcdefghijk '.repeat(682)
  ]
  const startedAt = process.cpuUsage()
  for (const text of texts) redactor.redact(text)
  const { user, system } = process.cpuUsage(startedAt)
  expect((user + system) / 1e6).toBeLessThan(1)
})

test.each([
  ['line breaks', 'emulated-Ge\nnesys\r\nsecret'],
  ['spaces', 'emulated-Ge nesyss ecret'],
  ['control characters', 'emulated-Ge\u0000nesys\u001bsecret'],
  ['invisible characters', 'emulated-Ge\ufeffnesys\u3164secret'],
  ['encoded line breaks', 'emulated-Ge%0Anesys&#0;secret'],
  ['numbers with leading zeros', '&#000000101;mulated-Genesyss&#x00000065;cret'],
  ['%u escapes', '%u0065mulated-Genesyssecret'],
  [
    'hex with separators',
    [...Buffer.from('emulated-Genesyssecret')].map(byte => byte.toString(16)).join(':')
  ],
  ['\\x escapes', [...Buffer.from('emulated-Genesyssecret')].map(byte => `\\x${byte.toString(16)}`).join('')],
  [
    'wrapped base64',
    Buffer.from('before emulated-Genesyssecret after').toString('base64').replace(/.{16}/g, '$&\n')
  ]
])('a secret is removed although it is split or spelled with %s', (_, spelled) => {
  const redacted = new Redactor([new Secret('emulated-Genesyssecret')]).clean(`got (${spelled}) here`, 500)
  expect(redacted).toContain('***')
  expect(redacted).not.toMatch(/nesys|Z2VuZXN5|6e657379/i)
})

test('a text with too many decoded forms is removed as a whole', () => {
  const hidden = '&#38;#38;#38;#45;'
  const decoys = Array.from(
    { length: 200 },
    (_, index) => `%${'25'.repeat(index % 4)}41&#38;#${index};\\u0025`
  ).join('+')
  const redacted = new Redactor([new Secret('emulated-Genesys')]).redact(`emulated${hidden}Genesys ${decoys}`)
  expect(redacted).not.toMatch(/emulated|Genesys/)
})
