import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { startServer } from '../emulator/server.mjs'
import type { Clock } from '../src/http/session.js'
import { Secret } from '../src/lib/secret.js'
import { post } from '../src/post.js'
import { Logger } from '../src/runner/logger.js'
import type { Saved, SavedToken } from '../src/runner/saved-state.js'
import { testOnPosix } from './support/posix.js'

const NOW = Date.parse('2026-03-01T12:00:00.000Z')
const LATER = NOW + 3_600_000
const UUID = 'cc-token-01234567-89ab-cdef-0123-456789abcdef'

let status = 200
let asked: string[] = []
const server = await startServer(request => {
  asked.push(`${request.method} ${request.headers.authorization}`)
  return { status }
})
let temp: string
beforeEach(() => {
  status = 200
  asked = []
  temp = mkdtempSync(join(tmpdir(), 'post-'))
})
afterEach(() => rmSync(temp, { recursive: true, force: true }))
afterAll(() => server.close())

const clock: Clock = { now: () => NOW, sleep: async () => {}, random: () => 0.5 }

/** Runs post as its entry point does. Returns what it wrote to the log. */
async function said(saved: Saved): Promise<string> {
  const written: string[] = []
  const write = process.stdout.write
  process.stdout.write = ((text: string) => written.push(text) > 0) as typeof process.stdout.write
  try {
    await post(saved, { console: new Logger(), clock })
  } finally {
    process.stdout.write = write
  }
  return written.join('')
}

const access = (more: Partial<SavedToken> = {}): SavedToken => ({
  value: new Secret('the-access-token'),
  kind: 'access',
  revocationBaseUrl: server.origin,
  expiresAtMs: LATER,
  ...more
})
const longLived: SavedToken = { ...access(), value: new Secret('the-long-lived-token'), kind: 'long-lived' }
const { expiresAtMs: _, ...withoutExpiry } = access()
const [MASK, MASK_2] = ['::add-mask::the-access-token\n', '::add-mask::the-long-lived-token\n']
const [END, END_2] = ['DELETE Bearer the-access-token', 'DELETE Bearer the-long-lived-token']

const DOES_NOT_EXPIRE = 'left alone, for it is made to outlive the job'
test.each<[string, Saved, string, string[]]>([
  ['nothing', { tokens: [] }, 'Clean-up: nothing to do.\n', []],
  ['auto', { tokens: [access()], handedOn: 'auto' }, `${MASK}Clean-up: access token revoked.\n`, [END]],
  ['not handed on', { tokens: [access()] }, `${MASK}Clean-up: access token revoked.\n`, [END]],
  [
    'false',
    { tokens: [access()], handedOn: 'false' },
    `${MASK}Clean-up: access token left alone, as revoke: false asks.\n`,
    []
  ],
  [
    'long-lived, auto',
    { tokens: [access(), longLived], handedOn: 'auto' },
    `${MASK}${MASK_2}Clean-up: long-lived token ${DOES_NOT_EXPIRE}; access token revoked.\n`,
    [END]
  ],
  [
    'long-lived, true',
    { tokens: [access(), longLived], handedOn: 'true' },
    `${MASK}${MASK_2}Clean-up: access token revoked; long-lived token revoked.\n`,
    [END, END_2]
  ],
  [
    'long-lived, not handed on',
    { tokens: [access(), longLived] },
    `${MASK}${MASK_2}Clean-up: access token revoked; long-lived token revoked.\n`,
    [END, END_2]
  ],
  [
    'expired this very moment',
    { tokens: [access({ expiresAtMs: NOW })] },
    `${MASK}Clean-up: access token expired already.\n`,
    []
  ],
  ['of unknown life', { tokens: [withoutExpiry] }, `${MASK}Clean-up: access token revoked.\n`, [END]]
])('%s', async (_name, saved, expected, requests) => {
  expect(await said(saved)).toBe(expected)
  expect(asked.sort()).toEqual(requests)
})

test('already gone', async () => {
  status = 401
  expect(await said({ tokens: [access()] })).toBe(`${MASK}Clean-up: access token already gone.\n`)
})

test.each([
  [access(), '2026-03-01T13:00:00.000Z'],
  [withoutExpiry, 'it expires']
])('not revoked: a warning that says until when it lives', async (token, until) => {
  status = 403
  expect(await said({ tokens: [token] })).toBe(
    `${MASK}::warning::Clean-up: access token not revoked (DELETE ${server.origin}/api/v2/tokens/me answered 403, 1 ` +
      `attempt), and lives until ${until}.\n`
  )
})

test('the file is removed with its folder; once it is gone that is said', async () => {
  const folder = join(temp, UUID)
  mkdirSync(folder)
  writeFileSync(join(folder, 'token'), 'x')
  expect(await said({ tokens: [], folder })).toBe('Clean-up: token file removed.\n')
  expect(existsSync(folder)).toBe(false)
  expect(await said({ tokens: [], folder })).toBe('Clean-up: token file already gone.\n')
})

test('a token that cannot be ended keeps no file from being removed', async () => {
  status = 400
  const folder = join(temp, UUID)
  mkdirSync(folder)
  expect(await said({ tokens: [access()], folder })).toMatch(/not revoked .*; token file removed\.\n$/)
  expect(existsSync(folder)).toBe(false)
})

testOnPosix('a folder that cannot be removed is said, and fails nothing', async () => {
  const folder = join(temp, UUID)
  mkdirSync(folder)
  chmodSync(temp, 0o555)
  const isRoot = process.geteuid?.() === 0
  let words = ''
  try {
    // Nothing is closed to root.
    if (isRoot) process.seteuid?.(65_534)
    words = await said({ tokens: [], folder })
  } finally {
    if (isRoot) process.seteuid?.(0)
    chmodSync(temp, 0o755)
  }
  expect(words).toBe('::warning::Clean-up: token file not removed.\n')
})
