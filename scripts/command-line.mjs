/** Reads the options of a command. A wrong option ends the process with exit code 2 and says what to write instead. */
import { parseArgs } from 'node:util'

/**
 * @typedef {object} Option
 * @property {string} help  one line; an option without it is not listed
 * @property {string} [value]  the name of its value in the help text; an option without it is a switch
 * @property {string} [default]
 */

/**
 * Returns the value of each option: text, or true or false for a switch. Prints the help and exits with 0 on `--help`.
 *
 * @template {Record<string, Option>} Options
 * @template {string} [Argument=never]
 * @param {{usage: string, about: string, options: Options, argument?: Argument}} command  `about`: what the command
 *   does; `argument`: the name of what may be given without an option
 * @param {string[]} [args]
 * @returns {{[Name in keyof Options]: Options[Name] extends {value: string}
 *   ? Options[Name] extends {default: string} ? string : string | undefined : boolean}
 *   & {[Name in Argument]: string | undefined}}
 */
export function readOptions({ usage, about, options, argument }, args = process.argv.slice(2)) {
  const known = { ...options, help: { help: 'show this text' } }
  const { tokens } = parseArgs({ args, strict: false, tokens: true, options: kinds(known) })
  /** @type {Record<string, string | boolean | undefined>} */
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, option.value ? option.default : false])
  )
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      if (argument === undefined || values[argument] !== undefined)
        refuse(`unexpected argument: ${token.value}`)
      values[argument] = token.value
      continue
    }
    const { name, rawName, value } = token
    const option = /** @type {Record<string, Option>} */ (known)[name]
    if (!option)
      refuseUnknown(
        'option',
        rawName,
        Object.keys(known).map(one => `--${one}`)
      )
    if (name === 'help') {
      console.log(`Usage: ${usage}\n\n${about}\n\n${describe(known)}`)
      process.exit(0)
    }
    if (option.value && (value === undefined || value.startsWith('--'))) refuse(`${rawName} needs a value`)
    if (!option.value && value !== undefined) refuse(`${rawName} takes no value`)
    values[name] = value ?? true
  }
  return /** @type {any} */ (values)
}

/**
 * Returns the number that an option was given.
 *
 * @param {string} option  with its dashes
 * @param {string} text
 * @param {{least: number, most: number}} bounds
 */
export function readNumber(option, text, { least, most }) {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  return refuse(`${option} ${text}: expected a whole number from ${least} to ${most}`)
}

/**
 * Ends the process and names the nearest word that is known.
 *
 * @param {string} noun  what was given
 * @param {string} given
 * @param {string[]} known
 * @returns {never}
 */
export function refuseUnknown(noun, given, known) {
  const nearest = nearestTo(given, known)
  return refuse(`unknown ${noun}: ${given}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
}

/**
 * Ends the process with exit code 2, because of a wrong option.
 *
 * @param {string} problem
 * @returns {never}
 */
export function refuse(problem) {
  return stop(`${problem}\nUse --help to see all options.`)
}

/**
 * Ends the process with exit code 2.
 *
 * @param {string} problem
 * @returns {never}
 */
export function stop(problem) {
  console.error(problem)
  process.exit(2)
}

/**
 * @param {Record<string, Option>} options
 * @returns {Record<string, {type: 'string' | 'boolean'}>}
 */
function kinds(options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }])
  )
}

/** @param {Record<string, Option>} options */
function describe(options) {
  const listed = Object.entries(options).filter(([, { help }]) => help !== '')
  const rows = listed.map(([name, option]) => [
    `--${name}${option.value ? ` ${option.value}` : ''}`,
    `${option.help}${option.default === undefined ? '' : ` (default: ${option.default})`}`
  ])
  const width = Math.max(...rows.map(([flag = '']) => flag.length))
  return rows.map(([flag = '', help]) => `  ${flag.padEnd(width)}  ${help}`).join('\n')
}

/**
 * Returns the known word that needs the fewest changes of one letter, undefined if all are too different.
 *
 * @param {string} given
 * @param {string[]} known
 */
export function nearestTo(given, known) {
  const [best] = known
    .map(word => ({ word, changes: word.startsWith(given) ? 1 : changesBetween(given, word) }))
    .sort((a, b) => a.changes - b.changes)
  return best && best.changes <= Math.max(2, best.word.length / 3) ? best.word : undefined
}

/**
 * Returns how many letters to insert, remove or replace to get from one word to the other.
 *
 * @param {string} from
 * @param {string} to
 */
function changesBetween(from, to) {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[to.length] ?? 0
}
