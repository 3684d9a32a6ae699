import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startCxone, startGenesys } from '../../emulator/index.mjs'
import { bytesOf, mainWithPost, moduleByLine, rotate } from '../../scripts/bench/bytes.mjs'
import { exchanges, NOTHING_LEFT, openJob, refused } from '../../scripts/bench/children.mjs'
import { ProxyAgent } from '../../stand-ins/undici/index.js'
import { runAction } from '../support/runner.mjs'

/** What does not depend on time: the bundles' bytes and names, what is in them, what is loaded, what is asked for. */

const action = [...mainWithPost()]
const rotation = [...rotate()]
const all = [...action, ...rotation]

describe('bytes', () => {
  test('main with post takes no more than 160 kB, licences apart', () => {
    expect(bytesOf(action.map(([, text]) => text))).toBeLessThanOrEqual(160_000)
  })

  test('rotate takes no more than 700 kB', () => {
    expect(bytesOf(rotation.map(([, text]) => text))).toBeLessThanOrEqual(700_000)
  })
})

test('docs/performance.md has the bytes as they are', () => {
  const check = () =>
    execFileSync(process.execPath, ['scripts/byte-tables.mjs', '--check'], { stdio: 'pipe' })
  expect(check).not.toThrow()
})

describe('the bundles can be read', () => {
  test.each(action)('%s is not minified', (_, text) => {
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThan(1000)
    expect(text.length / text.split('\n').length).toBeLessThan(80)
  })

  test.each(all)('%s names its modules by their paths', (path, text) => {
    const names = [...text.matchAll(/^\/\*\*\*\/ (?!\(\(|\}\))(.*):$/gm)].map(([, name]) => name)
    expect(names.filter(name => !/^"[^"]*[a-z][^"]*"$/.test(name ?? ''))).toEqual([])
    expect(text).not.toMatch(/(?:load_|_require__)(?:\.e)?\((?:\/\*.*?\*\/ )?\d+\)/)
    if (/^(action|rotate)\//.test(path)) expect(names.length).toBeGreaterThan(1)
  })

  test('whoever looks for a source finds it under its path, and nothing else is called so', () => {
    const names = new Set(action.flatMap(([, text]) => moduleByLine(text)))
    const sources = [...names].flatMap(name => /^\.\/lib\/(.+)\.js$/.exec(name)?.[1] ?? [])
    expect(sources.filter(name => !existsSync(`src/${name}.ts`))).toEqual([])
    expect(sources).toEqual(expect.arrayContaining(['main', 'post', 'secret', 'auth/genesys', 'http/client']))
  })
})

describe('undici', () => {
  test.each([
    ['main with post', action],
    ['rotate', rotation]
  ])('is not in %s: its stand-in is, once', (_, scripts) => {
    const text = scripts.map(([, text]) => text).join('\n')
    expect(text.split('undici is not in this bundle')).toHaveLength(2)
    expect(text).not.toMatch(/llhttp|node_modules\/undici|\bclass \w*Dispatcher\b|lib\/dispatcher\//)
  })

  test('the stand-in throws where it is used', () => {
    expect(() => new ProxyAgent()).toThrow('undici is not in this bundle')
  })

  // That requests pass through real proxies all the same is `e2e/proxy.test.ts`; that needs Tinyproxy, this one nothing.
  test('it is reached by `getAgentDispatcher` alone, which nothing calls', () => {
    const text = action.map(([, text]) => text).join('\n')
    expect(text.match(/new undici\w*/g)).toHaveLength(1)
    expect(text.match(/\w*[gG]etAgentDispatcher\(|_getProxyAgentDispatcher\(/g)?.sort()).toEqual([
      '_getProxyAgentDispatcher(',
      '_getProxyAgentDispatcher(',
      'getAgentDispatcher('
    ])
  })
})

describe('nothing of the network is loaded', () => {
  const LOADED = 'process.on("exit", () => process._rawDebug("loaded " + process.moduleLoadList))'
  const job = openJob()
  afterAll(() => job.remove())

  test.each([
    ['a refused input', refused()],
    ['post with nothing to do', NOTHING_LEFT]
  ])('by %s', (_, child) => {
    const args = ['--import', `data:text/javascript,${encodeURIComponent(LOADED)}`, ...child.args]
    const { stderr } = job.run({ ...child, args })
    const [, loaded = ''] = /^loaded (.*)$/m.exec(stderr) ?? []
    const modules = loaded.split(',').filter(name => name.startsWith('NativeModule '))
    expect(modules).toContain('NativeModule fs')
    expect(modules.filter(name => / (?:_?https?(?:_.*)?|tls|net|dns|crypto|stream)$/.test(name))).toEqual([])
  })
})

describe('requests of an exchange', () => {
  type Name = keyof ReturnType<typeof exchanges>
  let genesys: Awaited<ReturnType<typeof startGenesys>>
  let cxone: Awaited<ReturnType<typeof startCxone>>
  beforeAll(async () => {
    genesys = await startGenesys()
    cxone = await startCxone()
  })
  afterEach(() => [genesys, cxone].forEach(server => void server.forget()))
  afterAll(() => Promise.all([genesys.close(), cxone.close()]))

  test.each<[Name, number]>([
    ['genesys', 1],
    ['genesysVerified', 2],
    ['longLived', 2],
    ['cxoneA', 3],
    ['cxoneB', 1],
    ['cxoneC', 1]
  ])('%s: %i, over one connection', async (name, requests) => {
    const inputs = exchanges({ genesys: genesys.origin, cxone: cxone.origin })[name]
    const { exitCode, outputs } = await runAction({ main: 'dist/main/index.js', inputs })
    expect({ exitCode, granted: Boolean(outputs['token']) }).toEqual({ exitCode: 0, granted: true })
    expect(genesys.requests.length + cxone.requests.length).toBe(requests)
    expect(genesys.connections + cxone.connections).toBe(1)
  })
})
