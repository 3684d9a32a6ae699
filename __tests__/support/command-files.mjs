/** What a step leaves in the runner's command files, read by the runner's own rules. */

/**
 * The entries of an output, environment or state file: `NAME=value`, or `NAME<<DELIMITER`, lines, `DELIMITER`.
 * Later entries win. What the runner would fail the step for is an error here.
 *
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseCommandFile(text) {
  /** @type {Record<string, string>} */
  const entries = {}
  // Only a line feed ends a line here, unlike in the log; a trailing one starts no further line.
  const lines = text.replace(/\n$/, '').split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      entries[line.slice(0, equals)] = line.slice(equals + 1)
      continue
    }
    const [name = '', delimiter = ''] = heredoc < 0 ? [] : [line.slice(0, heredoc), line.slice(heredoc + 2)]
    if (name === '' || delimiter === '')
      throw new Error(`the runner rejects this line of a command file: ${line}`)
    const end = lines.indexOf(delimiter, at + 1)
    if (end < 0) throw new Error(`the runner misses the delimiter of ${name} in a command file`)
    entries[name] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return entries
}
