import { toOneLine, truncate } from './text.js'

/** Shorter secrets are refused: masking a short value would damage every line of the log. */
export const MIN_SECRET_LENGTH = 8

const REDACTED = '***'

/**
 * A value that prints as `***`, whether interpolated, serialised as JSON or inspected. Only `reveal` returns the
 * text: call it where a request is sent, or where the value is masked, saved for the post step or published.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get length(): number {
    return this.#text.length
  }

  reveal(): string {
    return this.#text
  }

  /** Returns another secret made from this one, such as a header. */
  map(make: (text: string) => string): Secret {
    return new Secret(make(this.#text))
  }

  /** Returns what the function says about the text. The result must not be secret. */
  inspect<T>(read: (text: string) => T): T {
    return read(this.#text)
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text
  }

  /** Returns this secret as a form, a URL and JSON spell it, where that differs. */
  otherSpellings(): Secret[] {
    const spellings = new Set([
      formEncode(this.#text),
      encodeURIComponent(this.#text.toWellFormed()),
      JSON.stringify(this.#text).slice(1, -1)
    ])
    spellings.delete(this.#text)
    return [...spellings].map(text => new Secret(text))
  }

  /** Returns the text with every occurrence of this secret replaced by `***`, in upper or lower case. */
  redact(text: string): string {
    const secret = lowerCase(this.#text)
    if (secret.length < MIN_SECRET_LENGTH) return text
    const searched = lowerCase(text)
    let redacted = ''
    let from = 0
    for (let at = searched.indexOf(secret); at >= 0; at = searched.indexOf(secret, from)) {
      redacted += text.slice(from, at) + REDACTED
      from = at + secret.length
    }
    return redacted + text.slice(from)
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** Knows every secret of the run and removes them from texts. */
export class Redactor {
  readonly #secrets: Secret[] = []

  /** Adds a secret with its other spellings. Returns those that are new. */
  add(secret: Secret): Secret[] {
    const added = [secret, ...secret.otherSpellings()].filter(
      spelling => !this.#secrets.some(known => known.equals(spelling))
    )
    this.#secrets.push(...added)
    // The longest first: if a shorter secret inside a longer one went first, the rest of the longer one would stay.
    this.#secrets.sort((a, b) => b.length - a.length)
    return added
  }

  /** Returns the text with every known secret replaced by `***`. */
  redact(text: string): string {
    return this.#secrets.reduce((redacted, secret) => secret.redact(redacted), text)
  }

  /**
   * Returns a text from outside as one line without a secret, at most `maxLength` characters. Redacts twice, because
   * cleaning can join the parts of a secret; cuts last, because half a secret would not be recognised.
   */
  clean(text: string, maxLength: number): string {
    return truncate(this.redact(toOneLine(this.redact(text))), maxLength)
  }
}

/** Returns the text as `application/x-www-form-urlencoded` spells it. */
export function formEncode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice(2)
}

/** Lower case, but only where the length stays the same, so that positions in both texts agree. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z\u0080-\uffff]/g, letter => {
    const lower = letter.toLowerCase()
    return lower.length === 1 ? lower : letter
  })
}
