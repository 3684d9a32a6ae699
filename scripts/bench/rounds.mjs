/** Times that were taken in turn, so that whatever else the machine does meets all of them alike. */
import { median } from '../crowd/figures.mjs'

/** What comes before the first round that counts: files and code are in memory then. */
const WARM_UP = 2

/**
 * @template {string} Name
 * @param {Record<Name, () => number>} cases  each returns a figure of one run
 * @param {number} rounds
 * @returns {Record<Name, number[]>}
 */
export function inTurn(cases, rounds) {
  const names = /** @type {Name[]} */ (Object.keys(cases))
  /** @type {Record<string, number[]>} */
  const figures = Object.fromEntries(names.map(name => [name, []]))
  for (let round = -WARM_UP; round < rounds; round++) {
    const first = (round + WARM_UP) % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const figure = cases[name]()
      if (round >= 0) figures[name]?.push(figure)
    }
  }
  return /** @type {Record<Name, number[]>} */ (figures)
}

/**
 * @param {readonly number[]} above
 * @param {readonly number[]} below  of the same rounds
 * @returns {{median: number, ofMinima: number}}  the median of each round's ratio, and the ratio of the least figures
 */
export function ratio(above, below) {
  return {
    median: median(above.map((figure, round) => figure / (below[round] ?? Number.NaN))),
    ofMinima: Math.min(...above) / Math.min(...below)
  }
}
