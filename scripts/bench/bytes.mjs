/** The bundles' bytes, as they are committed: licences apart, nothing minified. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { grouped, table } from '../crowd/figures.mjs'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

/** Every script in these folders of `dist`, by its path there. @param {...string} folders @returns {Map<string, string>} */
export function scriptsIn(...folders) {
  const paths = folders.flatMap(folder => readdirSync(join(dist, folder)).map(name => `${folder}/${name}`))
  const scripts = paths.filter(path => path.endsWith('.js')).sort()
  return new Map(scripts.map(path => [path, readFileSync(join(dist, path), 'utf8')]))
}

/** What main and post are made of. */
export const mainWithPost = () => scriptsIn('action', 'main', 'post')

export const rotate = () => scriptsIn('rotate')

/** @param {Iterable<string>} texts @returns {number} */
export function bytesOf(texts) {
  let sum = 0
  for (const text of texts) sum += Buffer.byteLength(text)
  return sum
}

/** Where a module begins: by itself, or laid together with the one that imports it. */
const BEGINNING = /^(?:\/\*\*\*\/ "([^"]+)":|;\/\/ MODULE (.+))$/

/**
 * Which module each line of a bundle belongs to; what bundles add of their own is `webpack`.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function moduleByLine(text) {
  let module = 'webpack'
  return text.split('\n').map(line => {
    const [, apart, together] = BEGINNING.exec(line) ?? []
    module =
      apart ?? together ?? (/^\/\*+\/ \}\)$|^\/\/ .*[Ww]ebpack|^\/\*{18,}/.test(line) ? 'webpack' : module)
    return module
  })
}

/**
 * The bytes of each package and of each of our rooms.
 *
 * @param {Iterable<string>} texts
 * @returns {[string, number][]}  the largest first
 */
function composition(texts) {
  /** @type {Map<string, number>} */
  const sizes = new Map()
  for (const text of texts) {
    const modules = moduleByLine(text)
    for (const [index, line] of text.split('\n').entries()) {
      const room = roomOf(modules[index] ?? '')
      sizes.set(room, (sizes.get(room) ?? 0) + Buffer.byteLength(line) + 1)
    }
  }
  return [...sizes].sort(([, a], [, b]) => b - a)
}

/** Both compositions as tables, with their sums. */
export function compositionTables() {
  const scripts = { 'main with post': mainWithPost(), rotate: rotate() }
  return Object.entries(scripts)
    .map(([name, texts]) => {
      const rows = composition(texts.values()).map(([room, bytes]) => [room, grouped(bytes)])
      return table([name, 'bytes'], [...rows, ['all', grouped(bytesOf(texts.values()))]])
    })
    .join('\n\n')
}

/** @param {string} module */
function roomOf(module) {
  return (
    /^\.\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ??
    /^\.\/(stand-ins\/[^/]+)/.exec(module)?.[1] ??
    /^\.\/lib\/((?:[^/]+\/)?)/.exec(module)?.[1]?.replace(/^/, 'src/') ??
    "Node's modules and webpack's own lines"
  )
}
