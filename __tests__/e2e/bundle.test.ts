import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, test } from '@jest/globals'
import { ProxyAgent } from '../../stand-ins/undici/index.js'

const BUNDLES = ['main', 'post', 'rotate'] as const
/** Returns a bundle without its block comments. */
const bundle = (name: string) =>
  readFileSync(`dist/${name}/index.js`, 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '')

/** Returns the content of every file below a folder, by path. */
function filesIn(folder: string): Map<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true }).map(path => join(folder, String(path)))
  const files = paths.filter(path => statSync(path).isFile()).sort()
  return new Map(files.map(path => [relative(folder, path), readFileSync(path)]))
}

test('dist is what `npm run build` makes from the source, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dist-'))
  try {
    const { build } = JSON.parse(readFileSync('package.json', 'utf8')).scripts
    const command = build.replaceAll('--out dist/', `--out ${folder}/`)
    expect(command).not.toBe(build)
    execFileSync('npm', ['exec', '--call', command], { stdio: 'pipe', shell: process.platform === 'win32' })
    const [built, committed] = [filesIn(folder), filesIn('dist')]
    const paths = new Set([...built.keys(), ...committed.keys()])
    const stale = [...paths].filter(path => !built.get(path)?.equals(committed.get(path) ?? Buffer.alloc(0)))
    if (stale.length > 0)
      throw new Error(`dist is stale (${stale.join(', ')}): run npm run build, and commit dist`)
    expect(built.size).toBe(9)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each(['main', 'post'])('dist/%s/index.js is smaller than 400 kB', name => {
  expect(statSync(`dist/${name}/index.js`).size).toBeLessThan(400_000)
})

test.each(BUNDLES)('dist/%s contains the stand-in for undici, and not undici', name => {
  const text = bundle(name)
  expect(text.split('undici is not in this bundle')).toHaveLength(2)
  expect(text).not.toMatch(/llhttp|node_modules\/undici|\bclass \w*Dispatcher\b|lib\/dispatcher\//)
})

test.each(BUNDLES)('nothing in dist/%s calls the stand-in', name => {
  const text = bundle(name)
  // Only getAgentDispatcher() makes a ProxyAgent; it is a method of the HTTP client that nothing calls.
  expect(text.match(/new \w*undici\w*[\w.]*\(|new \w*\.?ProxyAgent\(/g)).toHaveLength(1)
  expect(text.match(/\w*[gG]etAgentDispatcher\(|_getProxyAgentDispatcher\(/g)?.sort()).toEqual([
    '_getProxyAgentDispatcher(',
    '_getProxyAgentDispatcher(',
    'getAgentDispatcher('
  ])
})

test('the stand-in throws if it is called', () => {
  expect(() => new ProxyAgent()).toThrow('undici is not in this bundle')
})
