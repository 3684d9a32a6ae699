/** Prints what a step does. Colours on a terminal, unless NO_COLOR is set. */
import { useToken } from './stage.mjs'

// Some terminals tell no width, or 0.
const WIDTH = Math.max(60, Math.min(process.stdout.columns || 120, 120))
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

export const isSecret = (/** @type {string} */ input) => /-secret$|-token$/.test(input)

/** @param {string} title */
export function heading(title) {
  console.log(`\n${cyan('━━')} ${bold(title)} ${cyan('━'.repeat(Math.max(0, WIDTH - title.length - 4)))}`)
}

/** The colour of a line of a log. @param {string} line */
const ofLog = line =>
  line.startsWith('Error:') ? red(line) : line.startsWith('Warning:') ? yellow(line) : line

/**
 * Returns a function that prints a text below earlier ones. The first line has the label before it.
 *
 * @param {string} label
 * @param {(line: string) => string} [style]
 */
function openPart(label, style = ofLog) {
  let margin = `   ${dim(label.padEnd(INDENT - 3))}`
  // Words up to the width; a longer word is cut.
  const pieces = new RegExp(`.{1,${WIDTH - INDENT}}(?= |$)|.{${WIDTH - INDENT}}`, 'gm')
  return (/** @type {string} */ text) => {
    for (const line of text.match(pieces) ?? []) {
      console.log(`${margin}${style(line)}`)
      margin = ' '.repeat(INDENT)
    }
  }
}

/** Prints a part; nothing if there are no lines. @param {string} label  @param {string[]} lines */
export function part(label, lines, style = ofLog) {
  if (lines.length > 0) openPart(label, style)(lines.join('\n'))
}

/**
 * Runs a step and prints everything about it: inputs, log, requests, outputs, variables, summary, next step, clean-up.
 *
 * @param {Pick<import('./stage.mjs').Stage, 'inputs' | 'requests' | 'run'>} stage
 * @param {object} [options]
 * @param {(name: string) => string} [options.note]  is printed after an input
 * @param {boolean} [options.hasNextStep]
 * @param {RegExp} [options.brief]  print what matters most alone, and no line of the log like this
 * @param {Promise<unknown>} [options.canceled]
 */
export async function showStep(stage, { note = () => '', hasNextStep = true, brief, canceled } = {}) {
  const inputs = Object.entries(stage.inputs).map(([name, value]) => {
    const shown =
      isSecret(name) && value ? '***' : brief && value.length > 20 ? `${value.slice(0, 8)}…` : value
    return `${name}: ${shown || "''"}${note(name)}`
  })
  part('with', brief ? [inputs.join(' · ')] : inputs, dim)

  const print = openPart('log')
  /** @type {string[]} */
  let requests = []
  let next = ''
  const result = await stage.run({
    ...(canceled && { canceled }),
    onLine: text =>
      print(
        text
          .split('\n')
          .filter(line => !brief?.test(line))
          .join('\n')
      ),
    afterMain: async result => {
      const { outputs, exported, masks, summary } = result
      requests = stage.requests()
      if (!brief) {
        part('requests', requests)
        part('outputs', columns(outputs, masks))
        part('exported', columns(exported, masks))
        part('summary', summaryLines(summary))
      }
      if (outputs['token'] && hasNextStep) next = await useToken(result)
      part('next step', next ? [next] : [])
    }
  })
  const end = result.end.log.trimEnd()
  if (!brief || !end.includes('nothing to do')) openPart('job ends')(end)
  return { result, requests, next }
}

/**
 * Returns names and values in two columns, with `***` for what is masked.
 *
 * @param {Record<string, string>} values
 * @param {string[]} [masks]
 */
export function columns(values, masks = []) {
  const width = Math.max(0, ...Object.keys(values).map(name => name.length))
  return Object.entries(values).map(([name, value]) => {
    const rest = masks.reduce((text, mask) => text.replaceAll(mask, '***'), value)
    const shown = masks.includes(value) ? `*** (${value.length} characters)` : rest
    return `${name.padEnd(width)}  ${shown || '(empty)'}`
  })
}

/** Returns a job summary as text: its title, and its rows. @param {string} html */
function summaryLines(html) {
  const plain = (/** @type {string} */ cell) =>
    cell.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
  const titles = [...html.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title = '']) => plain(title))
  const rows = [...html.matchAll(/<td>(.*?)<\/td><td>(.*?)<\/td>/g)]
  const table = rows.map(([, name = '', value = '']) => [plain(name), plain(value)])
  return [...titles, ...columns(Object.fromEntries(table))]
}
