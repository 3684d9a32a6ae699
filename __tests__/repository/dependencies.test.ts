import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

/** What each file imports: paths below `src`, or names of packages. */
type Graph = ReadonlyMap<string, readonly string[]>

/** What each layer may import, besides itself. A layer is a folder of `src`, or a file directly in it. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  http: ['lib'],
  github: ['http', 'lib'],
  auth: ['http', 'lib'],
  inputs: ['auth', 'github', 'http', 'lib'],
  runner: ['inputs', 'auth', 'http', 'lib'],
  'exchange.ts': ['runner', 'inputs', 'auth', 'http', 'lib'],
  rotation: ['exchange.ts', 'runner', 'inputs', 'auth', 'github', 'http', 'lib'],
  'main.ts': ['exchange.ts', 'runner', 'inputs', 'auth', 'http', 'lib'],
  'post.ts': ['runner', 'auth', 'lib'],
  'rotate.ts': ['exchange.ts', 'rotation', 'runner', 'inputs', 'auth', 'github', 'http', 'lib'],
  'run-main.ts': ['main.ts', 'runner', 'auth'],
  'run-post.ts': ['post.ts', 'runner', 'auth'],
  'run-rotate.ts': ['rotate.ts', 'runner', 'auth']
}

const graph: Graph = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => file.endsWith('.ts'))
    .map(file => [file, importsOf(file, readFileSync(join('src', file), 'utf8'))])
)

/** Returns all imports of a file: static and dynamic ones, types, and what is exported from other files. */
function importsOf(file: string, text: string): string[] {
  const specifiers = [
    ...text.matchAll(/(?:^(?:import|export)\b[^'"]*?\bfrom |^import |\bimport\()'([^']+)'/gm)
  ]
  return specifiers.map(([, specifier = '']) => {
    if (!specifier.startsWith('.')) return specifier
    const path = join(dirname(file), specifier).replaceAll('\\', '/')
    return path.replace(/\.js$/, '.ts')
  })
}

/** Returns the files that are in a cycle, or import one that is. */
function cyclic(files: Graph): string[] {
  const rest = new Map(files)
  for (;;) {
    const free = [...rest].filter(([, imports]) => !imports.some(imported => rest.has(imported)))
    if (free.length === 0) return [...rest.keys()]
    for (const [file] of free) rest.delete(file)
  }
}

function layerOf(file: string): string {
  return file.split('/')[0] ?? file
}

test('the files import each other without a cycle', () => {
  expect(graph.size).toBeGreaterThan(50)
  expect(cyclic(graph)).toEqual([])
  // A cycle of an earlier version, which only types closed.
  const text = {
    'main.ts': "const { grant } = await import('./beyond.js')",
    'beyond.ts': "export { grant } from './granting.js'\nexport { post } from './post.js'",
    'granting.ts': "import type { World } from './main.js'",
    'post.ts': ''
  }
  const old = new Map(Object.entries(text).map(([file, code]) => [file, importsOf(file, code)]))
  expect(cyclic(old)).toEqual(['main.ts', 'beyond.ts', 'granting.ts'])
})

test('each file imports only from the layers below it', () => {
  const forbidden = [...graph].flatMap(([file, imports]) => {
    const layer = layerOf(file)
    const allowed = [layer, ...(ALLOWED[layer] ?? [])]
    const own = imports.filter(imported => graph.has(imported))
    return own
      .filter(imported => !allowed.includes(layerOf(imported)))
      .map(imported => `${file}: ${imported}`)
  })
  expect(forbidden).toEqual([])
  expect([...new Set([...graph.keys()].map(layerOf))].sort()).toEqual(Object.keys(ALLOWED).sort())
})

test('only the list of providers knows the platforms', () => {
  const isPlatform = (file: string) => /^auth\/[^/]+\//.test(file)
  const importers = [...graph].flatMap(([file, imports]) =>
    imports.filter(isPlatform).some(imported => dirname(imported) !== dirname(file)) ? [file] : []
  )
  expect(importers).toEqual(['auth/providers.ts'])
})

test('each package is imported where it belongs, by its public entry points', () => {
  const packages = [...graph].flatMap(([file, imports]) =>
    imports
      .filter(imported => !graph.has(imported) && !imported.startsWith('node:'))
      .map(imported => `${layerOf(file)}: ${imported}`)
  )
  expect([...new Set(packages)].sort()).toEqual([
    'github: libsodium-wrappers',
    'http: @actions/http-client',
    'http: @actions/http-client/lib/proxy',
    'rotation: @actions/core',
    'runner: @actions/core'
  ])
})

test('a secret is revealed only where it is sent, masked, saved or published', () => {
  const revealing = [...graph.keys()].filter(file =>
    readFileSync(join('src', file), 'utf8').includes('.reveal()')
  )
  expect(revealing.sort()).toEqual([
    'http/client.ts',
    'rotation/command.ts',
    'runner/logger.ts',
    'runner/outputs.ts',
    'runner/saved-state.ts',
    'runner/token-file.ts'
  ])
})
