/**
 * The log as a person sees it. Commands are obeyed, and a mask applies from the moment when it is registered: a value that
 * is printed before its mask stays visible.
 *
 * It is stricter than the runner: it hides a value only as it was registered, and not the encodings that the runner derives
 * from it (base64, URI and JSON escapes). No test can rely on those.
 */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} data
 */

const COMMANDS = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning'
])
const LABELS = /** @type {Record<string, string>} */ ({
  error: 'Error: ',
  warning: 'Warning: ',
  notice: 'Notice: ',
  group: '▸ '
})

export class RunnerLog {
  /** @type {string[]} */ masks = []
  /** @type {Command[]} */ commands = []
  /** @type {string[]} */ #lines = []
  #debug
  #known
  #onLine

  /**
   * @param {object} [options]
   * @param {boolean} [options.debug]  whether debug lines are shown
   * @param {string[]} [options.known]  masks of earlier steps of the job
   * @param {(line: string) => void} [options.onLine]  gets each line as soon as it is shown
   */
  constructor({ debug = false, known = [], onLine = () => {} } = {}) {
    this.#debug = debug
    this.#known = known
    this.#onLine = onLine
  }

  get text() {
    return this.#lines.map(line => `${line}\n`).join('')
  }

  /**
   * Returns a writer for one stream. It cuts lines as the runner does: at `\r`, `\n` or both.
   *
   * @returns {{write: (text: string) => void, end: () => void}}
   */
  stream() {
    let rest = ''
    return {
      write: text => {
        // A carriage return at the end may be half a line break, so it waits for the next piece.
        const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
        rest = lines.pop() ?? ''
        for (const line of lines) this.#line(line)
      },
      end: () => {
        if (rest !== '') this.#line(rest.replace(/\r$/, ''))
        rest = ''
      }
    }
  }

  /** @param {string} line */
  #line(line) {
    const command = parseCommand(line)
    if (!command) {
      this.#show(line)
      return
    }
    this.commands.push(command)
    if (command.name === 'add-mask') this.masks.push(command.data)
    else if (command.name === 'debug') this.#debug && this.#show(`##[debug]${command.data}`)
    else if (command.name in LABELS) this.#show(`${LABELS[command.name]}${command.data}`)
  }

  /** @param {string} text */
  #show(text) {
    // The longest first: a shorter mask inside a longer one would leave the rest of it visible. Each line of a value is
    // hidden separately too.
    const hidden = [...this.#known, ...this.masks]
      .flatMap(mask => [mask, ...mask.split(/[\r\n]+/)])
      .filter(value => value !== '')
      .sort((a, b) => b.length - a.length)
    let shown = text
    for (const value of hidden) shown = shown.replaceAll(value, '***')
    this.#lines.push(shown)
    this.#onLine(shown)
  }
}

/**
 * Returns the command that the runner obeys when it reads this line, if any. Besides `::name::data` it also obeys
 * `##[name]data`, anywhere in a line. Properties, after the name, are left out.
 *
 * @param {string} line
 * @returns {Command | undefined}
 */
export function parseCommand(line) {
  const [, modern = '', data = ''] = /^\s*::(.*?)::(.*)$/s.exec(line) ?? []
  if (COMMANDS.has(nameIn(modern))) return { name: nameIn(modern), data: unescapeData(data) }
  const [, legacy = '', legacyData = ''] = /##\[([^\]]*)\](.*)$/s.exec(line) ?? []
  if (!COMMANDS.has(nameIn(legacy))) return undefined
  return {
    name: nameIn(legacy),
    data: unescapeData(legacyData.replaceAll('%3B', ';').replaceAll('%5D', ']'))
  }
}

/** @param {string} command */
const nameIn = command => command.split(' ')[0] ?? ''

/** @param {string} text */
const unescapeData = text => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
