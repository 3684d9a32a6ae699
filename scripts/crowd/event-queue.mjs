/** What is to happen when, under a clock of its own. */

/**
 * A queue that gives back its events in the order of their times; a binary heap.
 *
 * @template T
 */
export class EventQueue {
  /** @type {{at: number, event: T}[]} */
  #heap = []

  /**
   * @param {number} at
   * @param {T} event
   */
  add(at, event) {
    const heap = this.#heap
    let hole = heap.push({ at, event }) - 1
    while (hole > 0) {
      const above = (hole - 1) >> 1
      if (this.#at(above) <= at) break
      this.#move(above, hole)
      hole = above
    }
    heap[hole] = { at, event }
  }

  /** @returns {{at: number, event: T} | undefined}  the earliest, taken out */
  next() {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return first
  }

  /** @param {{at: number, event: T}} last  finds its place from the top down */
  #sink(last) {
    const size = this.#heap.length
    let hole = 0
    for (let below = 1; below < size; below = 2 * hole + 1) {
      if (below + 1 < size && this.#at(below + 1) < this.#at(below)) below += 1
      if (last.at <= this.#at(below)) break
      this.#move(below, hole)
      hole = below
    }
    this.#heap[hole] = last
  }

  /** @param {number} place */
  #at(place) {
    return this.#heap[place]?.at ?? Number.POSITIVE_INFINITY
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #move(from, to) {
    const moved = this.#heap[from]
    if (moved) this.#heap[to] = moved
  }
}
