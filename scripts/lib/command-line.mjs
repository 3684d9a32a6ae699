/** Reads the options of a command. A wrong option ends the process with exit code 2 and names the nearest one. */
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
 * @returns {{[Name in keyof Options]: Options[Name] extends {value: string}
 *   ? Options[Name] extends {default: string} ? string : string | undefined : boolean}
 *   & {[Name in Argument]: string | undefined}}
 */
export function readOptions({ usage, about, options, argument }) {
  const known = { ...options, help: { help: 'show this text' } }
  const { help, ...values } = parse(known, argument)
  if (help) {
    console.log(`Usage: ${usage}\n\n${about}\n\n${describe(known)}`)
    process.exit(0)
  }
  return /** @type {any} */ (values)
}

/** @param {Record<string, Option>} known @param {string} [argument] */
function parse(known, argument) {
  const options = Object.entries(known).map(([name, option]) => {
    const type = option.value === undefined ? 'boolean' : 'string'
    const usual = option.default ?? (type === 'boolean' ? false : undefined)
    return [name, { type, ...(usual !== undefined && { default: usual }) }]
  })
  const allowPositionals = argument !== undefined
  try {
    const { values, positionals } = parseArgs({ options: Object.fromEntries(options), allowPositionals })
    return { ...values, ...(argument && { [argument]: positionals[0] }) }
  } catch (error) {
    const [sentence = ''] = /** @type {Error} */ (error).message.split('. ')
    const [, given] = /^Unknown option '--(.+)'/.exec(sentence) ?? []
    const nearest = given && nearestTo(given, Object.keys(known))
    return refuse(nearest ? `${sentence}; did you mean --${nearest}?` : sentence)
  }
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

/** Ends the process with exit code 2. @param {string} problem @returns {never} */
export function refuse(problem) {
  console.error(`${problem}\nUse --help to see all options.`)
  process.exit(2)
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
 * Returns the word that begins with what was given, or else the one that needs the fewest changes of one letter.
 * Undefined if all are too different.
 *
 * @param {string} given
 * @param {string[]} words
 */
export function nearestTo(given, words) {
  const [best] = words
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
