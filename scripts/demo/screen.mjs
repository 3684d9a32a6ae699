/** How the demonstration looks: within 100 columns, in colour on a terminal that has not declined it. */

const WIDTH = 100
const LABEL_WIDTH = 11
const coloured = process.stdout.isTTY === true && !process.env['NO_COLOR']

/** @param {string} code */
const paint = code => (/** @type {string} */ text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
export const yellow = paint('33')
export const cyan = paint('36')

/**
 * @param {string} number  as in `1/8`
 * @param {string} title
 * @param {string} about
 */
export function heading(number, title, about) {
  const rule = '━'.repeat(Math.max(0, WIDTH - number.length - title.length - 6))
  console.log(`\n${cyan('━━')} ${dim(number)} ${bold(title)} ${cyan(rule)}`)
  for (const line of wrap(about, WIDTH - 3)) console.log(dim(`   ${line}`))
}

/**
 * A labelled part of a scenario; nothing is shown for one without lines.
 *
 * @param {string} label
 * @param {string[]} lines  unpainted; longer ones are broken at blanks
 * @param {(line: string) => string} [style]
 */
export function part(label, lines, style = line => line) {
  const indent = ' '.repeat(3 + LABEL_WIDTH)
  const broken = lines.flatMap(line => wrap(line, WIDTH - indent.length))
  if (broken.length > 0) console.log()
  broken.forEach((line, at) => {
    const margin = at === 0 ? `   ${dim(label.padEnd(LABEL_WIDTH))}` : indent
    console.log(`${margin}${style(line)}`.trimEnd())
  })
}

/**
 * Pairs in two columns.
 *
 * @param {[string, string][]} pairs
 * @returns {string[]}
 */
export function columns(pairs) {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/**
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrap(text, width) {
  return text.split('\n').flatMap(line => {
    const lines = []
    let rest = line
    while (rest.length > width) {
      const blank = rest.lastIndexOf(' ', width)
      // Not at a blank of the indentation, nor where there is none: then in the middle of the word.
      const cut = rest.slice(0, blank).trim() === '' ? width : blank
      lines.push(rest.slice(0, cut))
      rest = `  ${rest.slice(cut).trimStart()}`
    }
    return [...lines, rest]
  })
}
