import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { startServer } from '../emulator/server.mjs'
import { PROVIDERS } from '../src/auth/providers.js'
import { Secret } from '../src/lib/secret.js'
import { post } from '../src/post.js'
import { type SavedToken, serializeToken, stateName } from '../src/runner/saved-state.js'
import { TestClock } from './support/clock.js'
import { newContext, type Runner, withRunner } from './support/in-process.js'
import { testOnPosix } from './support/posix.js'

const NOW = '2026-03-01T12:00:00.000Z'
const LATER = '2026-03-01T13:00:00.000Z'
const TOKEN_FOLDER = 'cc-token-01234567-89ab-cdef-0123-456789abcdef'

let status = 200
let headers: Record<string, string> = {}
let message = ''
let requests: string[] = []
const server = await startServer(({ method, headers: { authorization } }) => {
  requests.push(`${method} ${authorization}`)
  return { status, headers, json: { message } }
})
beforeEach(() => {
  status = 200
  headers = {}
  message = ''
  requests = []
})
afterAll(() => server.close())

/** What a step saved; `folder` is its token folder. */
interface Saved {
  readonly tokens?: readonly SavedToken[]
  readonly published?: string
  readonly folder?: string
}

/** Runs the post step with this state. Returns what it logged. */
async function runPost(runner: Runner, { tokens = [], published, folder }: Saved): Promise<string> {
  for (const [index, token] of tokens.entries())
    process.env[`STATE_${stateName(index)}`] = serializeToken(token)
  if (published !== undefined) process.env['STATE_published'] = published
  if (folder !== undefined) process.env['STATE_token-folder'] = folder
  const before = runner.log().length
  await post(newContext(new TestClock()), PROVIDERS)
  return runner.log().slice(before)
}

function newTokenFolder(runner: Runner): string {
  const folder = join(runner.folder, TOKEN_FOLDER)
  mkdirSync(folder)
  writeFileSync(join(folder, 'token'), 'x')
  return folder
}

const NO_EXPIRY: SavedToken = {
  value: new Secret('the-access-token'),
  kind: 'access',
  provider: 'genesys',
  revocationBaseUrl: server.origin
}
const ACCESS: SavedToken = { ...NO_EXPIRY, expiresAtMs: Date.parse(LATER) }
const LONG_LIVED: SavedToken = { ...ACCESS, value: new Secret('the-long-lived-token'), kind: 'long-lived' }
const [MASK, MASK_2] = ['::add-mask::the-access-token\n', '::add-mask::the-long-lived-token\n']
const [REVOKE, REVOKE_2] = ['DELETE Bearer the-access-token', 'DELETE Bearer the-long-lived-token']

test.each<[string, Saved, string, string[]]>([
  ['nothing', {}, 'Clean-up: nothing to do.\n', []],
  ['auto', { tokens: [ACCESS], published: 'auto' }, `${MASK}Clean-up: access token revoked.\n`, [REVOKE]],
  ['not published', { tokens: [ACCESS] }, `${MASK}Clean-up: access token revoked.\n`, [REVOKE]],
  [
    'false',
    { tokens: [ACCESS], published: 'false' },
    `${MASK}Clean-up: access token kept, because revoke is false.\n`,
    []
  ],
  [
    'long-lived, auto',
    { tokens: [ACCESS, LONG_LIVED], published: 'auto' },
    `${MASK}${MASK_2}Clean-up: long-lived token kept, because it is to outlive the job; access token revoked.\n`,
    [REVOKE]
  ],
  [
    'long-lived, true',
    { tokens: [ACCESS, LONG_LIVED], published: 'true' },
    `${MASK}${MASK_2}Clean-up: access token revoked; long-lived token revoked.\n`,
    [REVOKE, REVOKE_2]
  ],
  [
    'long-lived, not published',
    { tokens: [ACCESS, LONG_LIVED] },
    `${MASK}${MASK_2}Clean-up: access token revoked; long-lived token revoked.\n`,
    [REVOKE, REVOKE_2]
  ],
  [
    'expired, by a clock that may be wrong',
    { tokens: [{ ...ACCESS, expiresAtMs: Date.parse(NOW) - 1 }] },
    `${MASK}Clean-up: access token revoked.\n`,
    [REVOKE]
  ],
  [
    'false, but the token came in a response that was not accepted',
    { tokens: [{ ...ACCESS, isRejected: true }, LONG_LIVED], published: 'false' },
    `${MASK}${MASK_2}Clean-up: long-lived token kept, because revoke is false; access token revoked.\n`,
    [REVOKE]
  ],
  ['expiry unknown', { tokens: [NO_EXPIRY] }, `${MASK}Clean-up: access token revoked.\n`, [REVOKE]]
])('saved: %s', (_, saved, log, expectedRequests) =>
  withRunner(async runner => {
    expect(await runPost(runner, saved)).toBe(log)
    expect(requests.sort()).toEqual(expectedRequests)
  })
)

test('a token that the platform no longer accepts', () =>
  withRunner(async runner => {
    status = 401
    expect(await runPost(runner, { tokens: [ACCESS] })).toBe(
      `${MASK}Clean-up: access token already invalid.\n`
    )
  }))

test.each([
  [ACCESS, `at ${LATER}`],
  [
    NO_EXPIRY,
    'as set on its OAuth client, after 48 hours at most (SCIM clients: 450 days; long-lived tokens: a year)'
  ]
])('a token that is not revoked: a warning says when it expires', (token, expiry) =>
  withRunner(async runner => {
    status = 403
    expect(await runPost(runner, { tokens: [token] })).toBe(
      `${MASK}::warning::Clean-up: access token not revoked (DELETE ${server.origin}/api/v2/tokens/me answered 403, ` +
        `1 attempt); it expires ${expiry}.\n`
    )
  })
)

test.each<[string, Partial<SavedToken>, string]>([
  ['address', { revocationBaseUrl: 'nowhere' }, `at ${LATER}`],
  ['platform', { provider: 'odd' }, `at ${LATER}`],
  ['platform and expiry', { provider: 'odd', expiresAtMs: 1e20 }, 'at an unknown time']
])('a token with an odd %s: a warning, and the token file is removed', (_, odd, expiry) =>
  withRunner(async runner => {
    const folder = newTokenFolder(runner)
    const log = await runPost(runner, { tokens: [{ ...ACCESS, ...odd }], folder })
    expect(log.startsWith(`${MASK}::warning::Clean-up: access token not revoked`)).toBe(true)
    expect(log.endsWith(`; it expires ${expiry}; token file removed.\n`)).toBe(true)
    expect(existsSync(folder)).toBe(false)
  })
)

test.each<[number, Record<string, string>, string]>([
  [302, { Location: 'https://elsewhere.example/' }, '302, a redirect to elsewhere.example, 1 attempt'],
  [404, {}, '404, 1 attempt'],
  [
    429,
    { 'Retry-After': '60' },
    '429, 1 attempt; the server asks to wait 1 min, longer than the remaining 9 s of the timeout of 9 s'
  ],
  [503, {}, '503, 10 attempts']
])(
  'a platform that always answers %i does not confirm it: one warning with the reason',
  (answered, withHeaders, reason) =>
    withRunner(async runner => {
      status = answered
      headers = withHeaders
      expect(await runPost(runner, { tokens: [ACCESS] })).toBe(
        `${MASK}::warning::Clean-up: access token not revoked (DELETE ${server.origin}/api/v2/tokens/me answered ${reason}); ` +
          `it expires at ${LATER}.\n`
      )
    })
)

test('a platform that is down: one warning with the reason', () =>
  withRunner(async runner => {
    const token = { ...ACCESS, revocationBaseUrl: 'http://127.0.0.1:1' }
    expect(await runPost(runner, { tokens: [token] })).toContain(
      'tokens/me failed: the connection was refused (ECONNREFUSED), 10 attempts'
    )
  }))

test('the words of the platform become one short line without a secret', () =>
  withRunner(async runner => {
    status = 403
    message = `a\r\nthe-access\u200b-token ##[error]b ${'x'.repeat(5000)}`
    const log = await runPost(runner, { tokens: [ACCESS] })
    expect(log).toContain(' answered 403 a *** # #[error]b xxx')
    expect(log.length).toBeLessThan(800)
  }))

test('the token file is removed with its folder and all that is in it; no link is followed', () =>
  withRunner(async runner => {
    const folder = newTokenFolder(runner)
    const elsewhere = join(runner.folder, 'elsewhere')
    mkdirSync(join(folder, 'more', 'yet'), { recursive: true })
    mkdirSync(elsewhere)
    writeFileSync(join(folder, 'more', 'yet', 'copy'), 'a copy', { mode: 0o400 })
    writeFileSync(join(elsewhere, 'precious'), '')
    symlinkSync(elsewhere, join(folder, 'link'))
    expect(await runPost(runner, { folder })).toBe('Clean-up: token file removed.\n')
    expect(existsSync(folder)).toBe(false)
    symlinkSync(elsewhere, folder)
    expect(await runPost(runner, { folder })).toBe('Clean-up: token file already gone.\n')
    expect(readdirSync(elsewhere)).toEqual(['precious'])
  }))

test('RUNNER_TEMP may be a link', () =>
  withRunner(async runner => {
    const folder = newTokenFolder(runner)
    const link = join(runner.folder, 'link')
    symlinkSync(runner.folder, link)
    expect(await runPost(runner, { folder: join(link, TOKEN_FOLDER) })).toBe(
      'Clean-up: token file removed.\n'
    )
    expect([existsSync(folder), existsSync(link)]).toEqual([false, true])
  }))

testOnPosix('a token file that cannot be removed: a warning, and no failure', () =>
  withRunner(async runner => {
    const folder = newTokenFolder(runner)
    // Root may remove anything.
    const isRoot = process.geteuid?.() === 0
    chmodSync(runner.folder, 0o555)
    try {
      if (isRoot) process.seteuid?.(65_534)
      expect(await runPost(runner, { folder })).toBe('::warning::Clean-up: token file not removed.\n')
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(runner.folder, 0o755)
    }
  })
)
