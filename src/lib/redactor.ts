import { ENTITIES } from './entities.js'
import { MIN_SECRET_LENGTH, REDACTED, type Secret } from './secret.js'
import { toOneLine, truncateMiddle } from './text.js'

/** Levels of encoding that are searched, one inside the other. */
const MAX_DEPTH = 4

/** One UTF-16 unit of a text that may be decoded, and the range of the original text that it stands for. */
interface Unit {
  readonly char: string
  readonly start: number
  readonly end: number
}

/** JSON escapes, percent-encoded bytes, HTML entities. */
const ENCODED =
  /\\u(?<unicode>[0-9a-f]{4})|\\(?<letter>["\\/bfnrt])|(?<percent>(?:%[0-9a-f]{2})+)|&#(?<decimal>\d{1,7});?|&#x(?<hex>[0-9a-f]{1,6});?|&(?<entity>[a-z]{2,8});/gi

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Long enough to contain the shortest secret. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{11,}/g
const HEX_RUN = /[0-9a-f]{16,}/gi

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
    if (this.#needles.length === 0) return text
    const ranges = this.#find(text).sort(([a], [b]) => a - b)
    let redacted = ''
    let from = 0
    for (const [start, end] of ranges) {
      if (start >= from) redacted += text.slice(from, start) + this.#replacement
      from = Math.max(from, end)
    }
    return redacted + text.slice(from)
  }

  /** Returns whether the text contains a known secret, also if it is encoded. */
  matches(text: string): boolean {
    return this.#contains(text, 0)
  }

  /**
   * Returns a text from outside as one line without a secret, at most `maxLength` characters. Redacts twice, because
   * cleaning can join the parts of a secret; cuts last, because half a secret would not be recognised.
   */
  clean(text: string, maxLength: number): string {
    return truncateMiddle(this.redact(toOneLine(this.redact(text))), maxLength)
  }

  /** Returns the ranges of the text that contain secrets. */
  #find(text: string): [start: number, end: number][] {
    const ranges: [number, number][] = []
    let units: Unit[] | undefined = text.split('').map((char, index) => {
      return { char, start: index, end: index + 1 }
    })
    for (let depth = 0; units !== undefined && depth <= MAX_DEPTH; depth++) {
      const decoded: string = depth === 0 ? text : units.map(({ char }) => char).join('')
      for (const [at, length] of this.#findPlain(decoded, depth)) {
        ranges.push([units[at]?.start ?? 0, units[at + length - 1]?.end ?? text.length])
      }
      units = decodeUnits(units, decoded)
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
    const isSecret = (bytes: Buffer) => this.#contains(bytes.toString('utf8'), depth + 1)
    for (const { 0: run, index } of text.matchAll(BASE64_RUN)) {
      // A run can begin at any of the four positions of a base64 group.
      if ([0, 1, 2, 3].some(skip => isSecret(Buffer.from(run.slice(skip), 'base64'))))
        found.push([index, run.length])
    }
    for (const { 0: run, index } of text.matchAll(HEX_RUN)) {
      if ([0, 1].some(skip => isSecret(Buffer.from(run.slice(skip), 'hex')))) found.push([index, run.length])
    }
    return found
  }

  /** Returns whether the text contains a secret at this depth or below. */
  #contains(text: string, depth: number): boolean {
    if (this.#findPlain(text, depth).length > 0) return true
    const decoded = text.replace(ENCODED, (encoded, ...rest) => decodeGroups(rest.at(-1)) ?? encoded)
    return decoded !== text && depth < MAX_DEPTH && this.#contains(decoded, depth + 1)
  }
}

/** Returns the units with one level of encoding removed; undefined if there is none. */
function decodeUnits(units: readonly Unit[], text: string): Unit[] | undefined {
  const decoded: Unit[] = []
  let from = 0
  for (const match of text.matchAll(ENCODED)) {
    const chars = decodeGroups(match.groups)
    if (chars === undefined) continue
    const last = match.index + match[0].length - 1
    const start = units[match.index]?.start ?? 0
    const end = units[last]?.end ?? start
    decoded.push(...units.slice(from, match.index))
    for (const char of chars.split('')) decoded.push({ char, start, end })
    from = last + 1
  }
  return from === 0 ? undefined : [...decoded, ...units.slice(from)]
}

function decodeGroups(groups: Readonly<Record<string, string | undefined>> = {}): string | undefined {
  const { unicode, letter, percent, decimal, hex, entity } = groups
  if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16))
  if (letter !== undefined) return ESCAPES[letter] ?? letter
  if (percent !== undefined) return decodePercent(percent)
  if (entity !== undefined) return ENTITIES.get(entity) ?? ENTITIES.get(entity.toLowerCase())
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined
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
