/**
 * `npm run sbom`: prints the bill of materials of the bundles (CycloneDX). `npm sbom --omit=dev` leaves out a package
 * that a development tool needs too, so the tools are removed from package.json and the lock file first. The property
 * `cc-token-action:bundles` of a package names the bundles that contain it. Fails if a package in a bundle is missing.
 */
import { execSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

  const sbom = JSON.parse(
    execSync('npm sbom --package-lock-only --sbom-format=cyclonedx', { cwd: folder, encoding: 'utf8' })
  )
  sbom.metadata.component.name = manifest.name // npm writes the name of the folder
  const bundles = bundlesOfPackages()
  for (const component of sbom.components) {
    const value = bundles.get(component.name)?.join(' ')
    if (value !== undefined)
      component.properties = [...(component.properties ?? []), { name: 'cc-token-action:bundles', value }]
  }
  const named = new Set(sbom.components.map((/** @type {{name: string}} */ { name }) => name))
  const missing = [...bundles.keys()].filter(name => !named.has(name))
  if (missing.length > 0) throw new Error(`Bundled, but not in the bill of materials: ${missing.join(', ')}`)
  console.log(JSON.stringify(sbom, undefined, 2))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}

/** Returns the names of the bundles of each package. The bundler lists a package's name, licence, and text of the licence. */
function bundlesOfPackages() {
  /** @type {Map<string, string[]>} */
  const bundles = new Map()
  for (const bundle of readdirSync(join(root, 'dist'))) {
    const text = readFileSync(join(root, 'dist', bundle, 'licenses.txt'), 'utf8')
    for (const [, name = ''] of text.matchAll(/^((?:@[\w.-]+\/)?[\w.-]+)\n[A-Z][\w.-]+\n/gm))
      bundles.set(name, [...(bundles.get(name) ?? []), bundle])
  }
  return bundles
}
