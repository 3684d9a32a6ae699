/** What a failed or cancelled step undoes in the runner's files. */
export class Rollback {
  readonly #actions = new Set<() => void>()
  #hasRun = false
  #hasSucceeded = true

  /** Throws if the step is ending: from then on, nothing may be published or stored. */
  requireNotRun(): void {
    if (this.#hasRun) throw new Error('the step is ending')
  }

  /** Adds an action before what it undoes is done. Returns a function that removes it. Throws if the step is ending. */
  add(action: () => void): () => void {
    this.requireNotRun()
    this.#actions.add(action)
    return () => void this.#actions.delete(action)
  }

  /** Runs all actions, the last one first. Returns whether all actions so far succeeded; one that fails does not prevent the others. */
  run(): boolean {
    this.#hasRun = true
    const actions = [...this.#actions].reverse()
    this.#actions.clear()
    for (const action of actions) {
      try {
        action()
      } catch {
        this.#hasSucceeded = false
      }
    }
    return this.#hasSucceeded
  }
}
