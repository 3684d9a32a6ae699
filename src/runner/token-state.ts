import type { Issued } from '../auth/provider.js'
import type { RevokePolicy } from '../inputs/guards.js'
import * as toolkit from '../step/toolkit/files.js'
import { type Endable, FOLDER, HANDED_ON, savedText, tokenName } from './saved-state.js'

/** Knows every token that the step was issued, and keeps the post step's knowledge of them up to date. */
export class TokenState {
  readonly #issued: Endable[] = []

  /** What is answered for, in the order of issue. */
  get issued(): readonly Endable[] {
    return this.#issued
  }

  /** Leaves the token to the post step, whatever becomes of this one; one that nobody can end is left to nobody. */
  readonly take = (issued: Issued): void => {
    const { token, revocationBaseUrl } = issued
    if (revocationBaseUrl === undefined) return
    const endable = { token, revocationBaseUrl }
    this.#issued.push(endable)
    this.retake(endable)
  }

  /** The token is ended; the post step has nothing to do with it any more. */
  release(issued: Endable): void {
    toolkit.saveState(tokenName(this.#issued.indexOf(issued)), '')
  }

  /** The token could not be ended; the post step is to go on with it. */
  retake(issued: Endable): void {
    toolkit.saveState(tokenName(this.#issued.indexOf(issued)), savedText(issued))
  }

  /** Leaves a folder to the post step, before it is made. */
  takeFolder(folder: string): void {
    toolkit.saveState(FOLDER, folder)
  }

  /** Says what is to become of the tokens now that they are handed on. */
  handOn(policy: RevokePolicy): void {
    if (this.#issued.length === 0) return // with nothing to end, the post step starts nothing
    toolkit.saveState(HANDED_ON, policy)
  }

  /** The tokens are not handed on after all: the post step ends them all. */
  takeBack(): void {
    toolkit.saveState(HANDED_ON, '')
  }
}
