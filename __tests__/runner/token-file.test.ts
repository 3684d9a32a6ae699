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
import {
  newTokenFolder,
  removeTokenFolder,
  tokenFilePath,
  writeTokenFile
} from '../../src/runner/token-file.js'
import { testOnPosix } from '../support/posix.js'

const TOKEN = new Secret('the-token-and-nothing-else')

let temp: string
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'token-file-'))
})
afterEach(() => rmSync(temp, { recursive: true, force: true }))

testOnPosix.each(['', '/'])(
  'folder 0700, file 0600 with nothing but the token; both are removed (%j)',
  end => {
    const folder = newTokenFolder(temp)
    const file = tokenFilePath(folder)
    expect(newTokenFolder(temp)).not.toBe(folder)
    expect([dirname(folder), readdirSync(temp)]).toEqual([temp, []])
    writeTokenFile(folder, TOKEN)
    expect(dirname(file)).toBe(folder)
    expect(readFileSync(file, 'utf8')).toBe(TOKEN.reveal())
    expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
    expect(removeTokenFolder(`${folder}${end}`)).toBe(true)
    expect(removeTokenFolder(folder)).toBe(false)
    expect(readdirSync(temp)).toEqual([])
  }
)

test.each([
  ['a folder', (path: string) => mkdirSync(path)],
  ['a file', (path: string) => writeFileSync(path, '')],
  ['a link', (path: string) => symlinkSync(temp, path)],
  ['a link to nothing', (path: string) => symlinkSync(join(temp, 'nothing'), path)]
])('if %s has its path, nothing is written', (_, plant) => {
  const folder = newTokenFolder(temp)
  plant(folder)
  expect(() => writeTokenFile(folder, TOKEN)).toThrow(/EEXIST/)
  expect(existsSync(join(temp, 'token'))).toBe(false)
})

test.each([
  ['a folder', ''],
  ['a folder, with a slash at its end', '/'],
  ['a file', '']
])('a link to %s is not followed', (target, end) => {
  const [folder, path] = [newTokenFolder(temp), join(temp, 'target')]
  if (target === 'a file') writeFileSync(path, '')
  else mkdirSync(path)
  symlinkSync(path, folder)
  expect(removeTokenFolder(`${folder}${end}`)).toBe(false)
  expect([existsSync(path), lstatSync(folder).isSymbolicLink()]).toEqual([true, true])
})

test.each([
  'other',
  'cc-token-',
  'cc-token-ffffffff-ffff-ffff-ffff-fffffffffff',
  'my-cc-token-ffffffff-ffff-ffff-ffff-ffffffffffff'
])('a folder with another name is not removed: %j', name => {
  const folder = join(temp, name)
  mkdirSync(folder, { recursive: true })
  expect(removeTokenFolder(folder)).toBe(false)
  expect(existsSync(folder)).toBe(true)
})
