/** Returns the text as one clean line of at most `most` UTF-16 units: no control, format or broken character. */
export function oneLine(text: string, most: number): string {
  // Most texts are plain, and the two patterns below are dear to build.
  if (text.length <= most && /^[!-~]+(?: [!-~]+)*$/.test(text)) return text
  const clean = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .trim()
  return clean.length > most ? `${clean.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : clean
}

/**
 * Returns a text from outside as one clean line without a secret. It is hidden first, for cleaning can change what
 * it looks for; cleaned; hidden again, for cleaning can put one together; and cut last, which could leave half of one.
 */
export function shown(text: string, hide: (text: string) => string, most: number): string {
  return oneLine(hide(oneLine(hide(text), Number.POSITIVE_INFINITY)), most)
}

/** Returns `1 attempt`, `2 attempts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Returns a span of time as a person says it, in its two largest units: `24 h`, `59 min 30 s`, `7 d 12 h`. */
export function inWords(seconds: number): string {
  const days = seconds > 2 * 86_400 ? Math.floor(seconds / 86_400) : 0
  const rest = Math.floor(seconds) - days * 86_400
  const parts: [number, string][] = [
    [days, 'd'],
    [Math.floor(rest / 3600), 'h'],
    [Math.floor(rest / 60) % 60, 'min'],
    [rest % 60, 's']
  ]
  const said = parts.filter(([count]) => count > 0).slice(0, 2)
  return said.map(([count, unit]) => `${count} ${unit}`).join(' ') || '0 s'
}

/** Returns the words as a person lists them: `a, b or c`. */
export function listed(words: readonly string[], last = 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** Returns which of the candidates (there is one at least) is spelled most like the text. */
export function nearest<T>(text: string, candidates: readonly T[], spelling: (candidate: T) => string): T {
  const edits = candidates.map(candidate => distance(text, spelling(candidate)))
  return candidates[edits.indexOf(Math.min(...edits))] as T
}

/** Returns the Levenshtein distance: how many letters to add, drop or change. */
function distance(a: string, b: string): number {
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
