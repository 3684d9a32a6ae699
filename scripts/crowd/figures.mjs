/** Figures as a person reads them. */

/** @param {readonly number[]} numbers */
export const sum = numbers => numbers.reduce((total, number) => total + number, 0)

/** @param {readonly number[]} numbers */
export const most = numbers => numbers.reduce((a, b) => Math.max(a, b), 0)

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** @param {number} ms */
export const seconds = ms => `${(ms / 1000).toFixed(1)} s`

/** @param {number} ms */
export const minutes = ms => `${(ms / 60_000).toFixed(1)} min`

/** @param {number} number */
export const grouped = number => number.toLocaleString('en-US')

/**
 * A table in Markdown, its columns aligned.
 *
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 * @returns {string}
 */
export function table(head, rows) {
  const lines = [head, ...rows.map(row => row.map(String))]
  const widths = head.map((_, column) => most(lines.map(line => line[column]?.length ?? 0)))
  const [first = '', ...rest] = lines.map(line => {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
    )
    return `| ${cells.join(' | ')} |`
  })
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [first, `| ${rule.join(' | ')} |`, ...rest].join('\n')
}
