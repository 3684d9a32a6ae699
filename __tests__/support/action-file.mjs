/**
 * A reader of our own action.yml: the names and defaults of its inputs, and its entry points.
 *
 * It is no YAML parser. It understands block mappings of plain or quoted scalars on one line, skips block
 * scalars (`>-`, `|`), continued plain scalars and comments, and refuses what it would otherwise misread:
 * a default that is a block, a flow collection, an anchor or an alias.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} ActionFile
 * @property {string} folder  where it lies; entry points are relative to it
 * @property {Record<string, {default: string}>} inputs  the default is empty where there is none
 * @property {Record<string, string>} runs  `using`, `main`, `post` …
 */

/**
 * @param {string} file
 * @returns {ActionFile}
 */
export function readActionFile(file) {
  /** @type {ActionFile} */
  const action = { folder: path.dirname(path.resolve(file)), inputs: {}, runs: {} }
  for (const { keys, value } of scalars(readFileSync(file, 'utf8'))) {
    const [section, name, property] = keys
    if (section === 'inputs' && name !== undefined) {
      const input = action.inputs[name] ?? { default: '' }
      action.inputs[name] = input
      if (property === 'default') input.default = readScalar(value, keys)
    } else if (section === 'runs' && name !== undefined && property === undefined) {
      action.runs[name] = readScalar(value, keys)
    }
  }
  return action
}

/**
 * The action.yml that an entry point belongs to: one beside a folder above it, or one folder down from there
 * (`rotate/action.yml`), which names it. For an entry point that none names, the nearest above it.
 *
 * @param {string} entryPoint
 * @returns {string}
 */
export function findActionFile(entryPoint) {
  const target = path.resolve(entryPoint)
  /** @type {string | undefined} */
  let nearest
  for (let folder = path.dirname(target); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const rooms = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory())
    const files = ['', ...rooms.map(({ name }) => name)].map(room => path.join(folder, room, 'action.yml'))
    for (const file of files.filter(existsSync)) {
      const { folder: home, runs } = readActionFile(file)
      if (Object.values(runs).some(run => path.resolve(home, run) === target)) return file
      nearest ??= path.dirname(file) === folder ? file : undefined
    }
    if (nearest) return nearest
  }
  throw new Error(`there is no action.yml above ${entryPoint}`)
}

/**
 * Every key of the document with the keys above it.
 *
 * @param {string} text
 * @returns {Generator<{keys: string[], value: string}>}
 */
function* scalars(text) {
  /** @type {{indent: number, key: string}[]} */
  const above = []
  let blockIndent = Number.POSITIVE_INFINITY
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const indent = line.length - line.trimStart().length
    if (indent > blockIndent) continue
    blockIndent = Number.POSITIVE_INFINITY
    const match = /^\s*(['"]?)([\w-]+)\1:(?:\s+(.*))?$/.exec(line)
    if (!match) continue
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop()
    above.push({ indent, key: match[2] ?? '' })
    const value = (match[3] ?? '').trim()
    // What stands under a block scalar, or continues a plain one, is text and not keys.
    if (value !== '' && !value.startsWith('#')) blockIndent = indent
    yield { keys: above.map(({ key }) => key), value }
  }
}

/**
 * @param {string} value
 * @param {string[]} keys
 * @returns {string}
 */
function readScalar(value, keys) {
  if (value.startsWith("'")) {
    const quoted = /^'((?:[^']|'')*)'(?:\s+#.*)?$/.exec(value)?.[1]
    if (quoted !== undefined) return quoted.replaceAll("''", "'")
  } else if (value.startsWith('"')) {
    const quoted = /^("(?:[^"\\]|\\["\\/bfnrt])*")(?:\s+#.*)?$/.exec(value)?.[1]
    if (quoted !== undefined) return JSON.parse(quoted)
  } else if (!/^[>|&*!%@`[{]/.test(value)) {
    return value.replace(/(?:^|\s+)#.*$/, '')
  }
  throw new Error(
    `${keys.join('.')} in action.yml is written in a way that this reader does not know: ${value}`
  )
}
