/**
 * Builds what GitHub runs from source: `tsc` emits to `lib`, `ncc` bundles `entry/action` and
 * `entry/rotate` from there into `dist`, and the runner's entry points, a few lines each, go beside them as they are.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeReadable } from './build/readable.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
/** Where the bundles go; the test for a stale bundle builds into a folder of its own. */
const out = process.argv[2] ?? join(root, 'dist')

const entries = join(root, 'lib', 'entry')

/** @param {string} script @param {string[]} args */
const node = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })

// With a folder of its own it may run beside another build, which reads `lib` meanwhile: nothing is removed then.
if (process.argv[2] === undefined) rmSync(join(root, 'lib'), { recursive: true, force: true })
rmSync(out, { recursive: true, force: true })
node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', join(root, 'tsconfig.json'))
for (const name of ['action', 'rotate']) bundle(name)
for (const name of ['main', 'post']) cpSync(join(entries, name), join(out, name), { recursive: true })
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n')

/** @param {string} name */
function bundle(name) {
  const temporary = mkdtempSync(join(tmpdir(), 'build-'))
  const stats = join(temporary, 'stats.json')
  const entry = join(entries, name, 'index.js')
  const ncc = require.resolve('@vercel/ncc/dist/ncc/cli.js')
  try {
    node(
      ncc,
      'build',
      entry,
      '--out',
      join(out, name),
      '--license',
      'licenses.txt',
      '--no-cache',
      '--stats-out',
      stats
    )
    makeReadable(join(out, name), JSON.parse(readFileSync(stats, 'utf8')))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  rmSync(join(out, name, 'package.json'))
}
