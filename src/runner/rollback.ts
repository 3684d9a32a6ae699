/** What a failed or cancelled step undoes in the runner's files. */
export class Rollback {
  readonly #actions: (() => void)[] = []
  #hasRun = false

  /** Throws if the step is ending: from then on, nothing may be published or stored. */
  requireNotRun(): void {
    if (this.#hasRun) throw new Error('the step is ending')
  }

  /** Adds an action before what it undoes is done. Throws if the step is ending. */
  add(action: () => void): void {
    this.requireNotRun()
    this.#actions.push(action)
  }

  /** Runs all actions, the last one first. An action that fails does not prevent the others. */
  run(): void {
    this.#hasRun = true
    for (const action of this.#actions.splice(0).reverse()) {
      try {
        action()
      } catch {
        // The step fails anyway, for the reason that led here.
      }
    }
  }
}
