import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const src = join(root, 'src')

interface Import {
  readonly file: string
  readonly room: string
  readonly target: string
  readonly isTypeOnly: boolean
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => name.replaceAll('\\', '/'))

/** The room that a file of `src` stands in: its folder, or the file itself at the top. */
function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file
}

const imports: Import[] = files.flatMap(file => {
  const text = readFileSync(join(src, file), 'utf8')
  const static_ = [...text.matchAll(/^(?:import|export) (type )?(?:[^'"]*?from )?'([^']+)'/gms)]
  const dynamic = [...text.matchAll(/import\((?:\/\*.*?\*\/ )?'([^']+)'\)/g)].map(match => [
    match[0],
    undefined,
    match[1]
  ])
  return [...static_, ...dynamic].map(([, typeOnly, target = '']) => ({
    file,
    room: roomOf(file),
    target: target.startsWith('.')
      ? relative(src, join(src, dirname(file), target))
          .replaceAll('\\', '/')
          .replace(/\.js$/, '.ts')
      : target,
    isTypeOnly: typeOnly !== undefined
  }))
})

const TOP = 'main beyond granting obtaining post rotate storing revocation'
  .split(' ')
  .map(name => `${name}.ts`)
const BASE = ['secret.ts', 'errors.ts', 'text.ts']

/** Which rooms a room may import from; beside its own and the base, which everybody may. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  entry: [...TOP, 'step'],
  ...Object.fromEntries(TOP.map(file => [file, [...TOP, 'step', 'auth', 'store', 'http']])),
  step: ['auth', 'store', 'http'],
  auth: ['http'],
  store: ['http'],
  http: [],
  ...Object.fromEntries(BASE.map(file => [file, []]))
}

test('the imports were found', () => {
  expect(imports.length).toBeGreaterThan(100)
})

test.each(files)('%s imports along the arrows alone', file => {
  const room = roomOf(file)
  const allowed = [room, ...BASE, ...(ALLOWED[room] ?? [])]
  const own = imports.filter(one => one.file === file && !one.target.startsWith('node:'))
  const astray = own
    .filter(({ target }) => files.includes(target) && !allowed.includes(roomOf(target)))
    .map(({ target }) => target)
  expect(astray).toEqual([])
})

test('step takes from auth only types and the closed lists', () => {
  const values = imports.filter(
    one => one.room === 'step' && one.target.startsWith('auth/') && !one.isTypeOnly
  )
  const lists = values.filter(({ target }) => !/^auth\/(genesys-regions|cxone-hosts)\.ts$/.test(target))
  expect(lists).toEqual([])
})

test('the toolkit, the client and the sealing library each have one door', () => {
  const outside = imports.filter(({ target }) => !files.includes(target) && !target.startsWith('node:'))
  const doors = outside.map(({ file, target }) => `${file} > ${target.replace(/^.*node_modules\//, '')}`)
  const rooms = new Set(
    doors.map(door => door.replace(/^(http)\/\S+ > @actions\/http-client.*/, '$1 > @actions/http-client'))
  )
  expect([...rooms].filter(door => !/^step\/toolkit\/\w+\.ts > @actions\/core/.test(door)).sort()).toEqual([
    'http > @actions/http-client',
    'store/seal.ts > libsodium-wrappers'
  ])
})

test('no file outgrows one thought', () => {
  const long = files.filter(file => readFileSync(join(src, file), 'utf8').split('\n').length > 230)
  expect(long).toEqual([])
})

test('a secret is revealed where it is sent, masked, kept or handed on, and nowhere else', () => {
  const revealing = files.filter(file => /\.reveal\(\)/.test(readFileSync(join(src, file), 'utf8')))
  expect(revealing.sort()).toEqual([
    'http/client.ts',
    'step/console.ts',
    'step/publish.ts',
    'step/saved.ts',
    'step/token-file.ts',
    'step/variables.ts'
  ])
})
