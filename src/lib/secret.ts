/** Shorter secrets are refused: masking a short value would damage every line of the log. */
export const SHORTEST_SECRET = 8

const HIDDEN = '***'

/**
 * A value that prints as `***` however it is printed: interpolated, as JSON, inspected, or in an error's
 * message. Its text leaves by `reveal` alone, which is called where a request is sent and where a value
 * is masked, kept for the post step or published, and nowhere else; `look` and `derive` let code see it
 * that tells something of it, or hides what it makes of it.
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

  /** Returns another secret made of this one (a header, a body), so that what is made is hidden too. */
  map(make: (text: string) => string): Secret {
    return new Secret(make(this.#text))
  }

  /** Returns what a look at the text tells of it, which must not be secret itself. */
  inspect<T>(at: (text: string) => T): T {
    return at(this.#text)
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text
  }

  /** Returns this secret as it would be spelled in a form, in an address and in JSON, where that differs. */
  otherSpellings(): Secret[] {
    const spellings = new Set([
      formEncode(this.#text),
      encodeURIComponent(this.#text.toWellFormed()),
      JSON.stringify(this.#text).slice(1, -1)
    ])
    spellings.delete(this.#text)
    return [...spellings].map(text => new Secret(text))
  }

  /** Returns the text with every occurrence of this secret, in whatever case of its letters, replaced by `***`. */
  hideIn(text: string): string {
    const sought = lowerCase(this.#text)
    if (sought.length < SHORTEST_SECRET) return text
    const within = lowerCase(text)
    let shown = ''
    let from = 0
    for (let at = within.indexOf(sought); at >= 0; at = within.indexOf(sought, from)) {
      shown += text.slice(from, at) + HIDDEN
      from = at + sought.length
    }
    return shown + text.slice(from)
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}

/** Everything secret that a run has come across. What it cannot prevent being said, it takes out again. */
export class Redactor {
  readonly #known: Secret[] = []

  /** Remembers a secret together with its other spellings; returns those of them that are new. */
  add(secret: Secret): Secret[] {
    const added = [secret, ...secret.otherSpellings()].filter(
      one => !this.#known.some(known => known.equals(one))
    )
    this.#known.push(...added)
    // The longest first, so that no piece of a longer secret stays when a shorter one inside it is hidden.
    this.#known.sort((a, b) => b.length - a.length)
    return added
  }

  /** Returns the text without any secret known so far. */
  hideIn(text: string): string {
    return this.#known.reduce((hidden, secret) => secret.hideIn(hidden), text)
  }
}

/** Returns the text as it stands in an `application/x-www-form-urlencoded` body. */
export function formEncode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice(2)
}

/** Letter by letter, and only where a letter stays one, so that each keeps its place in the text. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z\u0080-\uffff]/g, letter => {
    const lower = letter.toLowerCase()
    return lower.length === 1 ? lower : letter
  })
}
