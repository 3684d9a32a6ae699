import { ENTITIES } from './entities.js'
import { MIN_SECRET_LENGTH, REDACTED, type Secret } from './secret.js'
import { toOneLine, truncateMiddle } from './text.js'

/** Levels of encoding that are searched, one inside the other. */
const MAX_DEPTH = 4

/** Texts that are searched in all. A text with more decoded forms was made to hide a secret: it is removed as a whole. */
const MAX_TEXTS = 100

/** One UTF-16 unit of a text that may be decoded, and the range of the original text that it stands for. */
interface Unit {
  readonly char: string
  readonly start: number
  readonly end: number
}

/** One kind of encoding. `decode` returns undefined for what is not an encoding after all. */
interface Decoder {
  readonly pattern: RegExp
  readonly decode: (match: readonly (string | undefined)[]) => string | undefined
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Applied one at a time, because a backslash, a percent sign or a plus can also be a part of the secret. */
const DECODERS: readonly Decoder[] = [
  {
    pattern: /(?:[\\%]u([0-9a-f]{4})|\\x([0-9a-f]{2}))|\\(["\\/bfnrt])/gi,
    decode: ([, unicode, hex = '', letter = '']) =>
      letter === ''
        ? String.fromCharCode(Number.parseInt(unicode ?? hex, 16))
        : (JSON_ESCAPES[letter] ?? letter)
  },
  { pattern: /(?:%[0-9a-f]{2})+/gi, decode: ([percent = '']) => decodePercent(percent) },
  { pattern: /\+/g, decode: () => ' ' }, // a space in a form
  {
    pattern: /&#0*(\d{1,7});?|&#x0*([0-9a-f]{1,6});?|&([a-z]{2,8});/gi,
    decode([, decimal, hex, name]) {
      if (name !== undefined) return ENTITIES.get(name) ?? ENTITIES.get(name.toLowerCase())
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
      return code <= 0x10ffff ? String.fromCodePoint(code) : undefined
    }
  }
]

/** White space and invisible characters, which can split a secret. */
const SPLITTERS: Decoder = {
  pattern: /[\p{Cc}\p{Cf}\p{Z}\p{Mn}\u2800\u3164\s]+/gu,
  decode: () => ''
}

/** Long enough to contain the shortest secret. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{11,}={0,2}/g
const HEX_RUN = /[0-9a-f]{2}(?:[\s:,-]?[0-9a-f]{2}){7,}[0-9a-f]?/gi

/** Knows every secret of the run and removes them from texts, also if they are encoded. */
export class Redactor {
  readonly #secrets: Secret[] = []
  readonly #needles: string[] = []
  readonly #replacement: string

  /** `replacement`: what stands in place of a secret. */
  constructor(secrets: readonly Secret[] = [], replacement = REDACTED) {
    this.#replacement = replacement
    for (const secret of secrets) this.add(secret)
  }

  /** Adds a secret with its other spellings. Returns those that are new. */
  add(secret: Secret): Secret[] {
    const added = [secret, ...secret.otherSpellings()].filter(
      spelling => !this.#secrets.some(known => known.equals(spelling))
    )
    this.#secrets.push(...added)
    const needles = added.map(spelling => spelling.inspect(lowerCase))
    this.#needles.push(...needles.filter(needle => needle.length >= MIN_SECRET_LENGTH))
    return added
  }

  /**
   * Returns the text with every known secret replaced, in upper or lower case, also if it is encoded: as JSON escapes,
   * percent-encoding, HTML entities, base64, base64url or hex, up to four levels deep.
   */
  redact(text: string): string {
    if (!this.matches(text)) return text
    // Splitters last: without them words run into a base64 text, and more than necessary is removed.
    const precise = this.#replace(text, DECODERS)
    return this.#replace(precise, [...DECODERS, SPLITTERS])
  }

  /** Returns whether the text contains a known secret, also if it is encoded. */
  matches(text: string): boolean {
    return this.#contains(text, 0, [...DECODERS, SPLITTERS])
  }

  /**
   * Returns a text from outside as one line without a secret, at most `maxLength` characters. Redacts twice, because
   * cleaning can join the parts of a secret; cuts last, because half a secret would not be recognised.
   */
  clean(text: string, maxLength: number): string {
    return truncateMiddle(this.redact(toOneLine(this.redact(text))), maxLength)
  }

  #replace(text: string, decoders: readonly Decoder[]): string {
    if (!this.#contains(text, 0, decoders)) return text
    const ranges = this.#find(text, decoders).sort(([a], [b]) => a - b)
    let redacted = ''
    let from = 0
    for (const [start, end] of ranges) {
      if (start >= from) redacted += text.slice(from, start) + this.#replacement
      from = Math.max(from, end)
    }
    return redacted + text.slice(from)
  }

  /** Returns the ranges of the text that contain secrets, in the text itself or in a decoded form of it. */
  #find(text: string, decoders: readonly Decoder[]): [start: number, end: number][] {
    const ranges: [number, number][] = []
    const units = text.split('').map((char, index) => ({ char, start: index, end: index + 1 }))
    const queue: { text: string; units: readonly Unit[]; depth: number }[] = [{ text, units, depth: 0 }]
    const seen = new Set([text])
    for (const form of queue) {
      for (const [at, length] of this.#findPlain(form.text, form.depth)) {
        ranges.push([form.units[at]?.start ?? 0, form.units[at + length - 1]?.end ?? text.length])
      }
      if (form.depth >= MAX_DEPTH) continue
      for (const decoder of decoders) {
        if (form.text.search(decoder.pattern) < 0) continue
        const decoded = decodeUnits(form.units, form.text, decoder)
        const decodedText = decoded.map(({ char }) => char).join('')
        if (seen.has(decodedText)) continue
        if (seen.size >= MAX_TEXTS) return [[0, text.length]]
        seen.add(decodedText)
        queue.push({ text: decodedText, units: decoded, depth: form.depth + 1 })
      }
    }
    return ranges
  }

  /** Returns where secrets, and runs of base64 or hex that contain one, are in a text that is not decoded further. */
  #findPlain(text: string, depth: number): [at: number, length: number][] {
    const found: [number, number][] = []
    const searched = lowerCase(text)
    for (const needle of this.#needles) {
      for (let at = searched.indexOf(needle); at >= 0; at = searched.indexOf(needle, at + needle.length))
        found.push([at, needle.length])
    }
    if (depth >= MAX_DEPTH) return found
    const isSecret = (bytes: Buffer) => this.#contains(bytes.toString('utf8'), depth + 1, DECODERS)
    for (const { 0: run, index } of text.matchAll(BASE64_RUN)) {
      // A run can begin at any of the four positions of a base64 group.
      if ([0, 1, 2, 3].some(skip => isSecret(Buffer.from(run.slice(skip), 'base64'))))
        found.push([index, run.length])
    }
    for (const { 0: run, index } of text.matchAll(HEX_RUN)) {
      const digits = run.replace(/[^0-9a-f]/gi, '')
      if ([0, 1].some(skip => isSecret(Buffer.from(digits.slice(skip), 'hex'))))
        found.push([index, run.length])
    }
    return found
  }

  /** Returns whether a text at this depth, or a decoded form of it, contains a secret. */
  #contains(text: string, depth: number, decoders: readonly Decoder[]): boolean {
    if (this.#needles.length === 0) return false
    const queue = [{ text, depth }]
    const seen = new Set([text])
    for (const form of queue) {
      if (this.#findPlain(form.text, form.depth).length > 0) return true
      if (form.depth >= MAX_DEPTH) continue
      for (const { pattern, decode } of decoders) {
        const decoded = form.text.replace(pattern, (...match) => decode(match) ?? match[0])
        if (seen.has(decoded)) continue
        if (seen.size >= MAX_TEXTS) return true
        seen.add(decoded)
        queue.push({ text: decoded, depth: form.depth + 1 })
      }
    }
    return false
  }
}

/** Returns the units with one kind of encoding removed, one level deep. */
function decodeUnits(units: readonly Unit[], text: string, { pattern, decode }: Decoder): readonly Unit[] {
  const decoded: Unit[] = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    const chars = decode(match)
    if (chars === undefined) continue
    const last = match.index + match[0].length - 1
    const start = units[match.index]?.start ?? 0
    const end = units[last]?.end ?? start
    for (let index = from; index < match.index; index++) decoded.push(units[index] as Unit)
    for (const char of chars.split('')) decoded.push({ char, start, end })
    from = last + 1
  }
  return from === 0 ? units : [...decoded, ...units.slice(from)]
}

/** Returns percent-encoded bytes as UTF-8; if they are not UTF-8, as Latin-1. */
function decodePercent(text: string): string {
  const bytes = Buffer.from(text.replaceAll('%', ''), 'hex')
  const decoded = bytes.toString('utf8')
  return decoded.includes('\ufffd') ? bytes.toString('latin1') : decoded
}

/** Lower case, but only where the length stays the same, so that positions in both texts agree. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z\u0080-\uffff]/g, letter => {
    const lower = letter.toLowerCase()
    return lower.length === 1 ? lower : letter
  })
}
