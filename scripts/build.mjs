/** Builds every bundle from source: `tsc` emits to `lib`, `ncc` bundles what it emitted into `dist`. */
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
/** Where the bundles go; the test for a stale bundle builds into a folder of its own. */
const out = process.argv[2] ?? join(root, 'dist')

/** @param {string} script @param {string[]} args */
const node = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })

// With a folder of its own it may run beside another build, which reads `lib` meanwhile: nothing is removed then.
if (process.argv[2] === undefined) rmSync(join(root, 'lib'), { recursive: true, force: true })
rmSync(out, { recursive: true, force: true })
node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', join(root, 'tsconfig.json'))
for (const entry of readdirSync(join(root, 'lib', 'entry'))) {
  const name = entry.replace(/\.js$/, '')
  node(
    require.resolve('@vercel/ncc/dist/ncc/cli.js'),
    'build',
    join(root, 'lib', 'entry', entry),
    '--out',
    join(out, name),
    '--license',
    'licenses.txt',
    '--no-cache'
  )
}
