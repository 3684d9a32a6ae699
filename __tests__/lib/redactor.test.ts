import { describe, expect, test } from '@jest/globals'
import { Redactor } from '../../src/lib/redactor.js'
import { Secret } from '../../src/lib/secret.js'
import { fc } from '../support/properties.js'

/** Spellings in which servers, proxies and libraries repeat what they were sent. */
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
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: text => text,
  'JSON, as Gson writes it': text =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[<>&='ä]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'JSON, as PHP writes it': text => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'JSON, every character escaped': text =>
    text
      .split('')
      .map(char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  'percent, RFC 3986': encodeURIComponent,
  'percent, form': text => new URLSearchParams({ _: text }).toString().slice(2),
  'percent, double': text => encodeURIComponent(encodeURIComponent(text)),
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

describe('a secret is removed from a text', () => {
  test('in each encoding, and in pairs of them, at every place', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.constantFrom(...names),
        fc.constantFrom(...names),
        before,
        after,
        (secret, inner, outer, start, end) => {
          const encoded = encode(secret, inner, outer)
          const redacted = new Redactor([new Secret(secret)]).redact(`${start}${encoded}${end}`)
          expect(redacted).toContain('***')
          expect(redacted).not.toContain(encoded)
          // Nothing else is removed; base64 and hex are removed as a whole run.
          expect(redacted.startsWith(start) && redacted.endsWith(end)).toBe(true)
        }
      ),
      { numRuns: 3000 }
    )
  })

  test('a Basic header that contains it', () => {
    const secret = 'p@ssw0rd/with=signs'
    const header = `Basic ${Buffer.from(`client-id:${secret}`).toString('base64')}`
    expect(new Redactor([new Secret(secret)]).redact(`got ${header}.`)).toBe('got Basic ***.')
  })

  test('in upper or lower case, and more than once', () => {
    const redactor = new Redactor([new Secret('Pass-Word-1')])
    expect(redactor.redact('pass-word-1 and PASS-WORD-1')).toBe('*** and ***')
  })

  test('a longer secret as a whole, if a shorter one is part of it', () => {
    const redactor = new Redactor([new Secret('abcdefgh'), new Secret('12abcdefgh34')])
    expect(redactor.redact('x 12abcdefgh34 y')).toBe('x *** y')
  })

  test('but not what is shorter than eight characters, or another text', () => {
    const redactor = new Redactor([new Secret('short'), new Secret('a longer secret')])
    const text = 'short %2Fpath &amp; \\u0041 QUJDREVGR0hJSktM deadbeefdeadbeef'
    expect(redactor.redact(text)).toBe(text)
    expect(redactor.matches(text)).toBe(false)
  })
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
