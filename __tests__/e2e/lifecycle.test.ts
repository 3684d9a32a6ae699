import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { instrument, main, POST, post } from '../support/bundles.js'
import {
  cleanUp,
  EXCHANGES,
  failed,
  head,
  ORGANIZATION,
  published,
  TEXTS,
  TOKEN_FILE
} from '../support/expected.js'
import { GENESYS, LONG_LIVED } from '../support/inputs.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, runAction } from '../support/runner.mjs'
import { record, written } from '../support/written.js'

const { id, name } = ORGANIZATION
const { login } = EXCHANGES
const IDENTIFY = 'GET /api/v2/tokens/me?preserveIdleTTL=true token 1 200'
const REVOKE = 'DELETE /api/v2/tokens/me token 1 200'
const WITH_FILE = { ...GENESYS, 'token-file': 'true', summary: 'false' }

let platform: GenesysEmulator
let elsewhere: string
beforeEach(async () => {
  platform = await startGenesys()
  elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'elsewhere-')))
  writeFileSync(join(elsewhere, 'precious'), 'precious')
})
afterEach(async () => {
  await platform.close()
  cleanup()
  rmSync(elsewhere, { recursive: true, force: true })
})

const alive = () => [...platform.tokens.values()].map(({ kind, revoked }) => (revoked ? 'revoked' : kind))
const expectUntouched = () => {
  expect(readdirSync(elsewhere)).toEqual(['precious'])
  expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('precious')
}

test('publishes the token in every way, a later step uses it, and it is revoked when the job ends', async () => {
  const inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
  const ran = await main(platform, { ...GENESYS, ...inputs })
  const env = {
    CC_TOKEN: '{token 1}',
    GENESYSCLOUD_ACCESS_TOKEN: '{token 1}',
    GENESYSCLOUD_REGION: 'eu-west-1',
    GENESYSCLOUD_API_REGION: '{origin}'
  }
  expect(written(ran, platform)).toEqual(
    published(login, {
      owner: `organisation ${name} (${id})`,
      requests: 2,
      places: ['a file', ...Object.keys(env)],
      outputs: { 'organization-id': id, 'organization-name': name, 'token-file': TOKEN_FILE },
      env,
      summary: { Organisation: `${name} <code>${id}</code>` }
    })
  )
  expect([alive(), platform.connections]).toEqual([['access'], 1])

  const script =
    'const token = require("node:fs").readFileSync(process.argv[1], "utf8");' +
    'fetch(process.env.GENESYSCLOUD_API_REGION + "/api/v2/tokens/me", {headers: {Authorization: "Bearer " + token}})' +
    '.then(({status}) => console.log(status, token === process.env.CC_TOKEN))'
  const nextStep = await promisify(execFile)(
    process.execPath,
    ['-e', script, ran.outputs['token-file'] ?? ''],
    { env: { PATH: process.env['PATH'] ?? '', ...ran.exported } }
  )
  expect(nextStep.stdout).toBe('200 true\n')

  const ended = await post(ran)
  expect(written(ended, platform)).toEqual(
    cleanUp('Clean-up: access token revoked; token file removed.', [1])
  )
  expect(alive()).toEqual(['revoked'])
  expect(ended.leftovers()).toEqual([])
  expect(record(platform)).toEqual([
    'POST /oauth/token Basic 200',
    IDENTIFY,
    'GET /api/v2/tokens/me token 1 200',
    REVOKE
  ])
})

test('a token of another organisation is published nowhere, and revoked at once', async () => {
  const other = 'ffffffff-71d8-4c36-b5a2-93e6d1f07b48'
  const inputs = { 'allowed-organization-ids': other, 'token-file': 'true', 'export-env': 'CC_TOKEN' }
  const ran = await main(platform, { ...GENESYS, ...inputs })
  expect([ran.exitCode, ran.outputs]).toEqual([1, { 'error-code': 'organization-not-allowed' }])
  expect(ran.stdout).toContain(`\n${TEXTS.notPublished}\n::error::`)
  expect([ran.files.env, ran.summary.includes(name)]).toEqual(['', true])
  expect(ran.leftovers()).toEqual([])
  expect(written(await post(ran), platform)).toEqual(cleanUp(TEXTS.nothingToDo, []))
  expect(record(platform)).toEqual(['POST /oauth/token Basic 200', IDENTIFY, REVOKE])
})

test('two steps of one job keep their states apart', async () => {
  const first = await main(platform, WITH_FILE)
  const second = await main(
    platform,
    { ...WITH_FILE, revoke: 'false' },
    { jobDir: first.jobDir, knownMasks: first.masks }
  )
  const [one, two] = [first.outputs['token-file'], second.outputs['token-file']]
  expect(one).not.toBe(two)
  expect(first.leftovers()).toHaveLength(4)
  expect([first.outputs['token'], second.outputs['token']]).toEqual([...platform.tokens.keys()])

  // The runner runs the post steps in reverse order.
  const endOfSecond = await post(second)
  expect(written(endOfSecond, platform)).toEqual(
    cleanUp('Clean-up: access token kept, because revoke is false; token file removed.', [2])
  )
  expect(alive()).toEqual(['access', 'access'])
  expect(first.leftovers().map(file => `${first.tempDir}/${file}`)).toContain(one)
  const endOfFirst = await post(first)
  expect(written(endOfFirst, platform)).toEqual(
    cleanUp('Clean-up: access token revoked; token file removed.', [1])
  )
  expect(alive()).toEqual(['revoked', 'access'])
  expect(first.leftovers()).toEqual([])
})

describeOnPosix('the token file', () => {
  test('contains only the token, and only its owner may read it, from the moment it is created', async () => {
    const tool = instrument({ umask: 0 })
    const ran = await main(platform, WITH_FILE, { env: tool.env })
    const file = ran.outputs['token-file'] ?? ''
    expect(readFileSync(file, 'utf8')).toBe(ran.outputs['token'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    expect(dirname(dirname(file))).toBe(ran.tempDir)
    // Each as it was when it was created. Its path was saved before.
    const made = tool.seen().filter(({ kind }) => kind === 'write')
    const folder = made.findIndex(({ what }) => what === 'mkdirSync')
    expect(made[folder - 1]?.path).toMatch(/state_[0-9a-f-]+$/)
    expect(made[folder]).toMatchObject({ path: dirname(file), mode: '700' })
    expect(made[folder + 1]).toMatchObject({ what: 'openSync', path: file, mode: '600', size: 0 })
    expect(made[folder + 2]).toMatchObject({ what: 'writeFileSync' })
  })

  test.each([
    { place: 'the folder', before: 'mkdirSync', target: '', left: ['link'] },
    { place: 'the file', before: 'openSync', target: 'precious', left: [] }
  ] as const)('a link planted in place of $place is not followed', async ({ before, target, left }) => {
    const tool = instrument({ plant: { before, target: join(elsewhere, target) } })
    const ran = await main(platform, { ...WITH_FILE, summary: 'true' }, { env: tool.env })
    expect(tool.seen().filter(point => point.kind === 'planted')).toHaveLength(1)
    const expected = failed('internal-error', {
      log: [...head(login), TEXTS.notPublished],
      message: 'An unexpected error occurred (Error EEXIST).',
      hint:
        'Nothing was published. Check that the runner can write its files (disk full, read-only?), run again with step ' +
        'debugging, and report the log: it contains no secret.'
    })
    expect({ ...written(ran, platform), state: '' }).toEqual(expected)
    // The token is revoked. The folder is left to the post step, in case it could not be removed.
    const saved = Object.entries(ran.state).filter(([, value]) => value !== '')
    expect(saved).toEqual([['token-folder', expect.stringMatching(/\/cc-token-[0-9a-f-]{36}$/)]])
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: token file already gone.', []))
    expectUntouched()
    // What was planted in place of the folder stays, as it was.
    const found = readdirSync(ran.tempDir, { withFileTypes: true }).filter(one => !one.name.startsWith('_'))
    expect(found.map(one => (one.isSymbolicLink() ? 'link' : 'other'))).toEqual(left)
    expect(alive()).toEqual(['revoked'])
  })
})

describe('a post step that gets what main did not save', () => {
  const run = (state: Record<string, string>) => runAction({ main: POST, state, timeoutMs: 5000 })

  test('nothing, because the job did not reach the step', async () => {
    expect(written(await run({}), platform)).toEqual(cleanUp(TEXTS.nothingToDo, []))
  })

  test.each([
    ['the root', () => '/'],
    ['another folder', () => elsewhere],
    ['the name and more', () => join(elsewhere, `cc-token-${randomUUID()}`, '..', 'precious')]
  ])('a folder that is not its own: %s', async (_, folder) => {
    const ended = await run({ 'token-1': '{', 'token-2': '{}', 'token-folder': folder(), published: 'x' })
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: token file already gone.', []))
    expectUntouched()
  })

  test('an odd first token: the second one is revoked; no file of the runner is needed', async () => {
    const ran = await main(platform, { ...LONG_LIVED, revoke: 'true' })
    const files = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'RUNNER_TEMP', 'GITHUB_STEP_SUMMARY']
    const env = Object.fromEntries(files.map(variable => [variable, '']))
    const ended = await post({ ...ran, state: { ...ran.state, 'token-1': '{}' } }, { env })
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: long-lived token revoked.', [2]))
    expect(alive()).toEqual(['access', 'revoked'])
  })
})
