/** Returns the text as one line: no control, format, unassigned or broken characters. */
export function toOneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .trim()
}

/** Returns the text cut to at most `maxLength` UTF-16 units, without half a character at the end. */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Returns the text cut in its middle to at most `maxLength` UTF-16 units: the end of an error message says how it ended. */
export function truncateMiddle(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const tail = text.slice(text.length - Math.floor(maxLength / 4)).replace(/^[\udc00-\udfff]/, '')
  return truncate(text, maxLength - tail.length) + tail
}

/** Returns `1 attempt`, `2 attempts`. */
export function pluralize(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Returns a duration in its two largest units: `24 h`, `59 min 30 s`, `7 d 12 h`. */
export function formatDuration(seconds: number): string {
  const days = seconds > 2 * 86_400 ? Math.floor(seconds / 86_400) : 0
  const rest = Math.floor(seconds) - days * 86_400
  const parts: [number, string][] = [
    [days, 'd'],
    [Math.floor(rest / 3600), 'h'],
    [Math.floor(rest / 60) % 60, 'min'],
    [rest % 60, 's']
  ]
  const nonZero = parts.filter(([count]) => count > 0).slice(0, 2)
  return nonZero.map(([count, unit]) => `${count} ${unit}`).join(' ') || '0 s'
}

/** Returns a date to the minute, rounded down: `2026-11-22 09:05 UTC`. */
export function formatMinute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** Returns the words as a list: `a, b or c`. */
export function joinWords(words: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}

/** Returns the text with its first letter in upper case. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Returns the candidate whose spelling is closest to the text. There must be at least one candidate. */
export function findNearest<T>(
  text: string,
  candidates: readonly T[],
  spelling: (candidate: T) => string
): T {
  const distances = candidates.map(candidate => editDistance(text, spelling(candidate)))
  return candidates[distances.indexOf(Math.min(...distances))] as T
}

/** Returns the Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1]
    for (let column = 0; column < b.length; column++) {
      const change = (row[column] ?? 0) + (letter === b[column] ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
