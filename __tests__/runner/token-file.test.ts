import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Secret } from '../../src/lib/secret.js'
import { chooseFolder, removeTokenFile, writeTokenFile } from '../../src/runner/token-file.js'
import { testOnPosix } from '../support/posix.js'

const TOKEN = new Secret('the-token-and-nothing-else')

let temp: string
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'token-file-'))
})
afterEach(() => rmSync(temp, { recursive: true, force: true }))

test('a folder is chosen anew each time, and not made', () => {
  const [one, two] = [chooseFolder(temp), chooseFolder(temp)]
  expect(one).not.toBe(two)
  expect(dirname(one)).toBe(temp)
  expect(readdirSync(temp)).toEqual([])
})

testOnPosix('folder 0700, file 0600, the token alone, and gone again', () => {
  const folder = chooseFolder(temp)
  const file = writeTokenFile(folder, TOKEN)
  expect(dirname(file)).toBe(folder)
  expect(readFileSync(file, 'utf8')).toBe(TOKEN.reveal())
  expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
  expect(removeTokenFile(folder)).toBe(true)
  expect(removeTokenFile(folder)).toBe(false)
  expect(readdirSync(temp)).toEqual([])
})

test.each([
  ['a folder', (at: string) => mkdirSync(at)],
  ['a file', (at: string) => writeFileSync(at, '')],
  ['a link', (at: string) => symlinkSync(temp, at)],
  ['a link to nothing', (at: string) => symlinkSync(join(temp, 'nothing'), at)]
])('%s in its place: refused, and nothing is written', (_, plant) => {
  const folder = chooseFolder(temp)
  plant(folder)
  expect(() => writeTokenFile(folder, TOKEN)).toThrow(/EEXIST/)
  expect(existsSync(join(temp, 'token'))).toBe(false)
})

test.each([
  ['a folder', (at: string) => mkdirSync(at)],
  ['nothing', () => {}]
])('a link to %s is removed, not followed', (_, make) => {
  const [folder, target] = [chooseFolder(temp), join(temp, 'target')]
  make(target)
  symlinkSync(target, folder)
  expect(removeTokenFile(folder)).toBe(true)
  expect(lstatSync(folder, { throwIfNoEntry: false })).toBeUndefined()
})

test.each([
  '',
  '/',
  '.',
  'other',
  'cc-token-',
  'cc-token-ffffffff-ffff-ffff-ffff-fffffffffff',
  'cc-token-../../x'
])('a name that is not ours is not removed: %j', name => {
  const folder = join(temp, name)
  mkdirSync(folder, { recursive: true })
  expect(removeTokenFile(folder)).toBe(false)
  expect(existsSync(folder)).toBe(true)
})
