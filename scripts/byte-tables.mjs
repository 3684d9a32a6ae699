/**
 * Writes the bundles' bytes, and what they are made of, into docs/performance.md. With `--check` it writes nothing and
 * fails if other figures stand there.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bytesOf, compositionTables, mainWithPost, rotate } from './bench/bytes.mjs'
import { grouped } from './crowd/figures.mjs'

const file = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const MARKED = /(<!-- bytes -->\n)[\s\S]*(<!-- \/bytes -->)/

const before = readFileSync(file, 'utf8')
if (!MARKED.test(before)) throw new Error('docs/performance.md has lost the marks of its table of bytes')
const after = before
  .replace(MARKED, (_, start, end) => `${start}\n${compositionTables()}\n\n${end}`)
  .replace(/^(\| main with post, bytes \|[^|]+\| )[\d,]+/m, `$1${grouped(bytesOf(mainWithPost().values()))}`)
  .replace(/^(\| rotate, bytes \|[^|]+\| )[\d,]+/m, `$1${grouped(bytesOf(rotate().values()))}`)
if (!process.argv.includes('--check')) writeFileSync(file, after)
else if (after !== before) {
  console.error('docs/performance.md does not have the bytes of dist: npm run docs')
  process.exitCode = 1
}
