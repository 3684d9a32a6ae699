import * as core from '@actions/core'
import { Redactor } from '../lib/redactor.js'
import { Secret } from '../lib/secret.js'

/** How long the runner may take to read what was written. */
const FLUSH_MS = 2000

/** The log of the step. Masks secrets, and removes every known secret from each line before it is written. */
export class Logger {
  readonly #redactor = new Redactor()
  readonly #ids: Redactor[] = []

  /** Registers a secret and its other spellings with the runner, each once. */
  readonly mask = (secret: Secret): void => {
    for (const spelling of this.#redactor.add(secret)) core.setSecret(spelling.reveal())
  }

  /** Returns the text with every known secret replaced by `***`. */
  redact(text: string): string {
    return this.#redactor.redact(text)
  }

  /** Returns whether the text contains a known secret, also if it is encoded. */
  containsSecret(text: string): boolean {
    return this.#redactor.matches(text)
  }

  /** From now on, `cleanQuote` replaces this id by `<name>`. */
  hideInQuotes(name: string, id: string): void {
    this.#ids.push(new Redactor([new Secret(id)], `<${name}>`))
  }

  /** Returns a text from outside as one line without a secret, at most `maxLength` characters. */
  clean(text: string, maxLength: number): string {
    return this.#redactor.clean(text, maxLength)
  }

  /** Returns an error message, which may quote a server, as `clean` does, and without the ids of credentials. */
  cleanQuote(message: string, maxLength: number): string {
    const withoutIds = this.#ids.reduce((text, ids) => ids.redact(text), this.redact(message))
    return this.clean(withoutIds, maxLength)
  }

  info(line: string): void {
    core.info(this.#safe(line))
  }

  warn(line: string): void {
    core.warning(this.#safe(line))
  }

  error(line: string): void {
    core.error(this.#safe(line))
  }

  /** Writes the line only if step debugging is on. */
  debug(line: string): void {
    if (core.isDebug()) core.debug(this.#safe(line))
  }

  /** The runner obeys commands of the form `##[name]` anywhere in a line, also in words quoted from a server. */
  #safe(line: string): string {
    return this.redact(line).replaceAll('##[', '# #[')
  }
}

/**
 * Waits until everything was written to the runner, masks included, but at most two seconds. Returns whether it was.
 * Node queues what a full pipe does not take, and a process that exits loses it.
 */
export function flush({
  write
}: {
  readonly write: (text: string, written: () => void) => unknown
}): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(false), FLUSH_MS)
    write('', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
