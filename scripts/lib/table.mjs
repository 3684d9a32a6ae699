/**
 * Returns a table in Markdown.
 *
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 * @param {string} [rule]  of the columns after the first: `---:` for numbers
 */
export function table(head, rows, rule = '---') {
  const rules = head.map((_, column) => (column === 0 ? '---' : rule))
  const lines = [head, ...rows].map(row => `| ${row.join(' | ')} |`)
  return [lines[0], `|${rules.join('|')}|`, ...lines.slice(1)].join('\n')
}
