/**
 * Makes a bundle one that can be read: ncc numbers its modules and chunks, and here each gets its name back, so that
 * whoever looks for a file finds it by its path. Tabs indent, for they take a quarter of the bytes.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {{id: string | number | null, name: string}} Module
 * @typedef {{id: string | number, names: string[], files: string[], modules: Module[]}} Chunk
 * @typedef {{modules: Module[], chunks: Chunk[]}} Stats  what `ncc --stats-out` tells
 */

/** Remarks within the code, and what is documented in more than a line, are read in the source: its path stands above each module. */
const REMARKS = /^[ \t]*\/\/.*\n/gm
const DOCUMENTATION = /^[ \t]*\/\*\*\n(?:[ \t]*\*.*\n)+/gm

/** Webpack's own names in words; each stands on every other line. @type {Readonly<Record<string, string>>} */
const SHORT_NAMES = {
  __webpack_require__: 'load_',
  __nccwpck_require__: 'load_',
  __webpack_exports__: 'exports_',
  __unused_webpack___webpack_module__: 'module_',
  __WEBPACK_EXTERNAL_createRequire: 'createRequire_'
}
const WEBPACK_NAMES = new RegExp(Object.keys(SHORT_NAMES).join('|'), 'g')

/**
 * @param {string} folder  of the bundle
 * @param {Stats} stats
 */
export function makeReadable(folder, { modules, chunks }) {
  const moduleName = new Map(modules.map(({ id, name }) => [String(id), JSON.stringify(nameOf(name))]))
  const chunkName = new Map(chunks.map(chunk => [String(chunk.id), chunkNameOf(chunk)]))
  requireDistinct([...moduleName.values()])
  requireDistinct([...chunkName.values()])
  const module = (/** @type {string} */ id) => known(moduleName, id)
  const chunk = (/** @type {string} */ id) => JSON.stringify(known(chunkName, id))
  for (const { id, files } of chunks) {
    for (const file of files) {
      const path = join(folder, file)
      const text = readFileSync(path, 'utf8')
        .replace(/^\/\*{6}\/ ?|^\/\* harmony \w+ \*\/ /gm, '')
        .replace(/^\/\*{3}\/ (\d+):$/gm, (_, id) => `/***/ ${module(id)}:`)
        .replace(/(_require__(?:\(|\.bind\(\w+, ))(\d+)(?=\))/g, (_, call, id) => `${call}${module(id)}`)
        .replace(/(_require__\.e\((?:\/\*.*?\*\/ )?)(\d+)(?=\))/g, (_, call, id) => `${call}${chunk(id)}`)
        .replace(/^(export const ids? = \[?)(\d+)/gm, (_, start, id) => `${start}${chunk(id)}`)
        .replace(/(var installedChunks = \{\s+)(\d+)(?=: 0)/, (_, start, id) => `${start}${chunk(id)}`)
        .replace('chunkId + ".index.js"', 'chunkId + ".js"')
        // What webpack says beside each import, the import says itself by its name now.
        .replace(/^\/\/ EXTERNAL MODULE: .*\n/gm, '')
        .replace(/^;\/\/ CONCATENATED MODULE: /gm, ';// MODULE ')
        .replace(WEBPACK_NAMES, name => SHORT_NAMES[name] ?? name)
      requireOneLineTemplates(text, file)
      writeFileSync(
        path,
        text
          .replace(REMARKS, '')
          .replace(DOCUMENTATION, '')
          .replace(/\n{3,}/g, '\n\n')
          .replace(/^(?: {4})+/gm, spaces => '\t'.repeat(spaces.length / 4))
      )
      if (file !== 'index.js') renameSync(path, join(folder, `${known(chunkName, String(id))}.js`))
    }
  }
}

/** @param {string} name @returns {string} `./lib/main.js` of `./lib/main.js + 3 modules`, `fs` of `external "fs"` */
function nameOf(name) {
  return name.replace(/ \+ \d+ modules$/, '').replace(/^external "(.*)"$/, '$1')
}

/** A chunk of other people's modules alone is `packages`; one of ours is called after its first.
 * @param {Chunk} chunk @returns {string} */
function chunkNameOf({ names, modules }) {
  if (names[0] !== undefined) return names[0]
  const paths = modules.map(({ name }) => nameOf(name))
  if (paths.every(path => path.startsWith('./node_modules/'))) return 'packages'
  return /([^/]+)\.js$/.exec(paths[0] ?? '')?.[1] ?? ''
}

/** @param {Map<string, string>} names @param {string} id */
function known(names, id) {
  const name = names.get(id)
  if (!name) throw new Error(`the bundle speaks of ${id}, which its statistics do not name`)
  return name
}

/** @param {string[]} names */
function requireDistinct(names) {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice) throw new Error(`two parts of the bundle would both be called ${twice}`)
}

/** Indentation within a text that spans lines would be part of it. @param {string} text @param {string} file */
function requireOneLineTemplates(text, file) {
  const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  const line = code.split('\n').find(line => (line.match(/(?<!\\)`/g)?.length ?? 0) % 2 === 1)
  if (line) throw new Error(`a template that spans lines cannot be indented anew, in ${file}: ${line.trim()}`)
}
