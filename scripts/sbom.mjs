/**
 * Prints the bill of materials of the bundles (CycloneDX): what `npm sbom` says of the packages that the action
 * itself needs. `npm sbom --omit=dev` alone leaves out a package that a tool of ours needs as well, so the tools
 * are taken out of package.json and the lock file first. Fails if a package in a bundle is missing.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cc-token-sbom-'))
try {
  const manifest = readJson('package.json')
  const lock = readJson('package-lock.json')
  for (const holder of [manifest, lock.packages['']]) {
    delete holder.devDependencies
    delete holder.optionalDependencies
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))

  const sbom = JSON.parse(npm('sbom', '--package-lock-only', '--sbom-format=cyclonedx'))
  const named = new Set(sbom.components.map((/** @type {{name: string}} */ { name }) => name))
  const missing = bundled().filter(name => !named.has(name))
  if (missing.length > 0) throw new Error(`Bundled, and not in the bill of materials: ${missing.join(', ')}`)
  console.log(JSON.stringify(sbom, undefined, 2))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}

/**
 * Under `npm run` npm says where it is, which holds on Windows too.
 *
 * @param {string[]} args
 */
function npm(...args) {
  const script = process.env['npm_execpath']
  const [command, first] = script ? [process.execPath, [script]] : ['npm', []]
  return execFileSync(command, [...first, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore']
  })
}

/**
 * The packages whose code a bundle holds, as the bundler lists them: a name, a licence, and its text.
 *
 * @returns {string[]}
 */
function bundled() {
  const texts = readdirSync(join(root, 'dist'))
    .map(name => join(root, 'dist', name, 'licenses.txt'))
    .filter(existsSync)
    .map(file => readFileSync(file, 'utf8'))
  const names = texts.flatMap(text => [...text.matchAll(/^((?:@[\w.-]+\/)?[\w.-]+)\n[A-Z][\w.-]+\n/gm)])
  return [...new Set(names.map(([, name = '']) => name))]
}
