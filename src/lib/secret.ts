/** Shorter secrets are refused: masking a short value would damage every line of the log. */
export const MIN_SECRET_LENGTH = 8

/** What stands in place of a secret. */
export const REDACTED = '***'

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

/** Returns the text as `application/x-www-form-urlencoded` spells it. */
export function formEncode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice(2)
}
