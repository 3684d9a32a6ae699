import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const src = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src')

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

const graph = readGraph(src)

function readGraph(folder: string): Graph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => file.endsWith('.ts'))
  return new Map(files.map(file => [file, importsOf(file, readFileSync(join(folder, file), 'utf8'))]))
}

/** Returns all imports of a file: static and dynamic ones, types, and what is exported from other files. */
function importsOf(file: string, text: string): string[] {
  const specifiers = [
    ...text.matchAll(/(?:^(?:import|export)\b[^'"]*?\bfrom |^import |\bimport\()'([^']+)'/gm)
  ]
  return specifiers.map(([, specifier = '']) => {
    if (!specifier.startsWith('.')) return specifier
    const path = relative(src, join(src, dirname(file), specifier)).replaceAll('\\', '/')
    return path.replace(/\.js$/, '.ts')
  })
}

/** Returns a cycle as a list of files; undefined if there is none. */
function findCycle(files: Graph): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const imported of files.get(file) ?? []) {
      const cycle = visit(imported, [...path, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of files.keys()) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return undefined
}

function layerOf(file: string): string {
  return file.split('/')[0] ?? file
}

test('the files import each other without a cycle', () => {
  expect(graph.size).toBeGreaterThan(50)
  expect(findCycle(graph)).toBeUndefined()
})

test('the search finds the cycle of earlier versions, which only types closed', () => {
  const text = {
    'main.ts': "const { grant } = await import('./beyond.js')",
    'beyond.ts': "export { grant } from './granting.js'\nexport { post } from './post.js'",
    'granting.ts': "import type { World } from './main.js'",
    'post.ts': "import type { World } from './main.js'"
  }
  const old = new Map(Object.entries(text).map(([file, code]) => [file, importsOf(file, code)]))
  expect(findCycle(old)).toEqual(['main.ts', 'beyond.ts', 'granting.ts', 'main.ts'])
})

test.each([...graph.keys()])('%s imports only from the layers below it', file => {
  const layer = layerOf(file)
  expect(Object.keys(ALLOWED)).toContain(layer)
  const own = (graph.get(file) ?? []).filter(imported => graph.has(imported))
  const forbidden = own.filter(imported => ![layer, ...(ALLOWED[layer] ?? [])].includes(layerOf(imported)))
  expect(forbidden).toEqual([])
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
    readFileSync(join(src, file), 'utf8').includes('.reveal()')
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
