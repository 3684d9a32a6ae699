/** Prints what a step did. Colours on a terminal, unless NO_COLOR is set. */

const WIDTH = Math.min(process.stdout.columns ?? 120, 120)
const INDENT = 14
const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR']
// A reader that ends early, such as `head`, must not end the clean-up.
process.stdout.on('error', () => {})

/** @param {string} code */
const paint = code => (/** @type {string} */ text) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
const yellow = paint('33')
const cyan = paint('36')

/** @param {string} title  @param {string} [about]  one line below it */
export function heading(title, about) {
  const rule = '━'.repeat(Math.max(0, WIDTH - title.length - 4))
  console.log(`\n${cyan('━━')} ${bold(title)} ${cyan(rule)}`)
  if (about) for (const line of wrap(about, WIDTH - 3)) console.log(dim(`   ${line}`))
}

/**
 * Returns a function that prints a line of a part. The first line has the label before it.
 *
 * @param {string} label
 * @param {{isLog?: boolean, style?: (line: string) => string}} [options]  `isLog`: errors and warnings have colours
 */
export function openPart(label, { isLog = false, style = line => line } = {}) {
  let margin = `   ${dim(label.padEnd(INDENT - 3))}`
  let isError = false
  return (/** @type {string} */ text) => {
    // An error is the last message of a log and may have several lines.
    isError ||= isLog && text.startsWith('Error:')
    const ink = isError ? red : isLog && text.startsWith('Warning:') ? yellow : style
    for (const line of text.split('\n').flatMap(one => wrap(one, WIDTH - INDENT))) {
      console.log(`${margin}${ink(line)}`.trimEnd())
      margin = ' '.repeat(INDENT)
    }
  }
}

/**
 * Prints a part; nothing if it has no lines.
 *
 * @param {string} label
 * @param {string[]} lines
 * @param {Parameters<typeof openPart>[1]} [options]
 */
export function part(label, lines, options) {
  const print = openPart(label, options)
  for (const line of lines) print(line)
}

/** Returns the lines of a text. @param {string} text */
export const lines = text => text.trimEnd().split('\n')

/**
 * Returns names and values in two columns, with `***` for what is masked.
 *
 * @param {Record<string, string>} values
 * @param {string[]} masks
 */
export function columns(values, masks = []) {
  const width = Math.max(0, ...Object.keys(values).map(name => name.length))
  return Object.entries(values).map(([name, value]) => {
    const shown = masks.includes(value)
      ? `*** (${value.length} characters)`
      : masks.reduce((text, mask) => text.replaceAll(mask, '***'), value)
    return `${name.padEnd(width)}  ${shown || '(empty)'}`
  })
}

/** Returns a job summary as text. @param {string} html */
export function summaryLines(html) {
  const plain = (/** @type {string} */ cell) =>
    cell.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
  const title = /<h3>(.*?)<\/h3>/.exec(html)?.[1]
  const rows = [...html.matchAll(/<td>(.*?)<\/td><td>(.*?)<\/td>/g)]
  const table = Object.fromEntries(rows.map(([, name = '', value = '']) => [plain(name), plain(value)]))
  return [...(title === undefined ? [] : [plain(title)]), ...columns(table)]
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
