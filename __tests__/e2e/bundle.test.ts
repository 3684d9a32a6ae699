import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, test } from '@jest/globals'

/** The bytes of every file below a folder, by path. */
function filesIn(folder: string): Map<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true }).map(path => join(folder, String(path)))
  const files = paths.filter(path => statSync(path).isFile()).sort()
  return new Map(files.map(path => [relative(folder, path), readFileSync(path)]))
}

test('dist is what the source builds, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dist-'))
  try {
    execFileSync(process.execPath, ['scripts/build.mjs', folder], { stdio: 'pipe' })
    const [built, committed] = [filesIn(folder), filesIn('dist')]
    const paths = new Set([...built.keys(), ...committed.keys()])
    const stale = [...paths].filter(path => !built.get(path)?.equals(committed.get(path) ?? Buffer.alloc(0)))
    if (stale.length > 0)
      throw new Error(`dist is stale (${stale.join(', ')}): run npm run build, and commit it`)
    expect(built.size).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
