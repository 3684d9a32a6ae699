import { Redactor, type Secret } from '../lib/secret.js'
import * as toolkit from '../step/toolkit/log.js'

/**
 * The step's log. It masks every secret as soon as it hears of it, and takes out of each line whatever
 * secret stands in it all the same: a mask is the runner's, and comes too late for a file or a pipe.
 */
export class Logger {
  readonly #secrets = new Redactor()
  #isClosed = false

  /** The step is ending before its work is done: from now on nothing may be handed on. */
  close(): void {
    this.#isClosed = true
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Registers a secret and its other spellings with the runner, each once. */
  readonly mask = (secret: Secret): void => {
    for (const spelling of this.#secrets.add(secret)) toolkit.setSecret(spelling.reveal())
  }

  readonly hide = (text: string): string => this.#secrets.hideIn(text)

  readonly info = (line: string): void => toolkit.info(this.#fit(line))

  readonly warn = (line: string): void => toolkit.warning(this.#fit(line))

  readonly error = (line: string): void => toolkit.error(this.#fit(line))

  /** Says a line only to whoever has step debugging on. */
  readonly debug = (line: string): void => {
    if (toolkit.isDebug()) toolkit.debug(this.#fit(line))
  }

  /** The runner obeys its old commands (`##[name]`) anywhere in a line, so that none must come from a platform's words. */
  #fit(line: string): string {
    return this.hide(line).replaceAll('##[', '# #[')
  }
}
