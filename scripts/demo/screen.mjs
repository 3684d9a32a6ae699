/** Prints the demo: at most 100 columns, with colours on a terminal unless NO_COLOR is set. */

const WIDTH = 100
const LABEL_WIDTH = 11
const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR']

/** @param {string} code */
const paint = code => (/** @type {string} */ text) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
export const yellow = paint('33')
const cyan = paint('36')

/**
 * @param {string} number  such as `1/8`
 * @param {string} title
 * @param {string} about
 */
export function heading(number, title, about) {
  const rule = '━'.repeat(Math.max(0, WIDTH - number.length - title.length - 6))
  console.log(`\n${cyan('━━')} ${dim(number)} ${bold(title)} ${cyan(rule)}`)
  for (const line of wrap(about, WIDTH - 3)) console.log(dim(`   ${line}`))
}

/**
 * Prints a labelled part of a scene; prints nothing if it has no lines.
 *
 * @param {string} label
 * @param {string[]} content  without colours
 * @param {(line: string) => string} [style]
 */
export function part(label, content, style = line => line) {
  const indent = ' '.repeat(3 + LABEL_WIDTH)
  const wrapped = content.flatMap(line => wrap(line, WIDTH - indent.length))
  if (wrapped.length > 0) console.log()
  for (const [index, line] of wrapped.entries()) {
    const margin = index === 0 ? `   ${dim(label.padEnd(LABEL_WIDTH))}` : indent
    console.log(`${margin}${style(line)}`.trimEnd())
  }
}

/** Returns the lines of a text. @param {string} text */
export const lines = text => text.trimEnd().split('\n')

/** Returns names and values in two columns. @param {Record<string, string>} values */
export function columns(values) {
  const width = Math.max(0, ...Object.keys(values).map(name => name.length))
  return Object.entries(values).map(([name, value]) => `${name.padEnd(width)}  ${value || '(empty)'}`)
}

/** Returns the rows of a job summary. @param {string} html */
export function summaryRows(html) {
  const plain = (/** @type {string} */ cell) =>
    cell.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
  const rows = [...html.matchAll(/<td>(.*?)<\/td><td>(.*?)<\/td>/g)]
  return columns(Object.fromEntries(rows.map(([, name = '', value = '']) => [plain(name), plain(value)])))
}

/**
 * @param {string} text
 * @param {number} width
 */
function wrap(text, width) {
  const wrapped = []
  let rest = text
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width)
    // A long word is cut; a blank that only indents is no place for a break.
    const end = rest.slice(0, blank).trim() === '' ? width : blank
    wrapped.push(rest.slice(0, end))
    rest = `  ${rest.slice(end).trimStart()}`
  }
  return [...wrapped, rest]
}
