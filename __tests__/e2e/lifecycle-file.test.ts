import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  cleanUp,
  EXCHANGES,
  failed,
  GENESYS,
  GENESYS_MASKS,
  head,
  instrument,
  main,
  post,
  published,
  record,
  TEXTS,
  TOKEN_FILE,
  written
} from '../support/lifecycle.js'
import { testOnPosix } from '../support/posix.js'
import { cleanup } from '../support/runner.mjs'

const INPUTS = { ...GENESYS, 'token-file': 'true', summary: 'false' }

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

const alive = () => [...platform.tokens.values()].map(({ revoked }) => (revoked ? 'revoked' : 'alive'))
const untouched = () => {
  expect(readdirSync(elsewhere)).toEqual(['precious'])
  expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('precious')
}

/** Returns what has the name of a token file's folder. */
const foldersIn = (temp: string) =>
  readdirSync(temp, { withFileTypes: true })
    .filter(({ name }) => name.startsWith('cc-token-'))
    .map(one => (one.isSymbolicLink() ? 'link' : one.isFile() ? 'file' : 'folder'))

describe('the file', () => {
  testOnPosix.each([0, 0o022, 0o077])(
    'contains only the token, and only its owner may read it, umask %i',
    async umask => {
      const tool = instrument({ umask })
      const ran = await main(platform, INPUTS, { env: tool.env })
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
      expect(ran.files.state.indexOf(dirname(file))).toBeGreaterThan(0)
    }
  )

  test('is removed when the job ends, also if a later step failed', async () => {
    const ran = await main(platform, INPUTS)
    expect(written(ran, platform)).toEqual(
      published(EXCHANGES.login, { places: ['a file'], outputs: { 'token-file': TOKEN_FILE } })
    )
    // A later step of the job uses the action too, and fails.
    const later = await main(
      platform,
      { ...INPUTS, 'client-secret': 'a-wrong-secret' },
      { jobDir: ran.jobDir }
    )
    expect([later.exitCode, later.outputs['error-code']]).toEqual([1, 'credentials-rejected'])
    expect(written(await post(later), platform)).toEqual(cleanUp(TEXTS.nothingToDo, []))
    expect(existsSync(ran.outputs['token-file'] ?? '')).toBe(true)

    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(
      cleanUp('Clean-up: access token revoked; token file removed.', [1])
    )
    expect(ended.leftovers()).toEqual([])
  })

  test.each([
    ['the file', 'token file removed', (file: string) => rmSync(file)],
    ['the folder', 'token file already gone', (file: string) => rmSync(dirname(file), { recursive: true })],
    [
      'everything in the temp folder but the files of the runner',
      'token file already gone',
      (file: string) => {
        const temp = dirname(dirname(file))
        for (const name of readdirSync(temp).filter(name => !name.startsWith('_')))
          rmSync(join(temp, name), { recursive: true })
      }
    ],
    [
      'the folder, by renaming it',
      'token file already gone',
      (file: string) => renameSync(dirname(file), join(elsewhere, 'x'))
    ]
  ])('a later step removed %s', async (_, words, remove) => {
    const ran = await main(platform, INPUTS)
    remove(ran.outputs['token-file'] ?? '')
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp(`Clean-up: access token revoked; ${words}.`, [1]))
    expect(ended.leftovers()).toEqual([])
  })

  test('is removed with everything that a later step put beside it', async () => {
    const ran = await main(platform, INPUTS)
    const folder = dirname(ran.outputs['token-file'] ?? '')
    mkdirSync(join(folder, 'more', 'yet'), { recursive: true })
    writeFileSync(join(folder, 'more', 'yet', 'copy'), 'a copy', { mode: 0o400 })
    symlinkSync(elsewhere, join(folder, 'link'))
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(
      cleanUp('Clean-up: access token revoked; token file removed.', [1])
    )
    expect(ended.leftovers()).toEqual([])
    untouched()
  })
})

describe('a planted link is never followed', () => {
  const failure = failed('internal-error', {
    log: [...head(EXCHANGES.login), TEXTS.notPublished],
    message: 'An unexpected error occurred (Error EEXIST).',
    hint:
      'Nothing was published. Check that the runner can write its files (disk full, read-only?), run again with step ' +
      'debugging, and report the log: it contains no secret.'
  })

  test.each([
    { place: 'the folder', before: 'mkdir', kind: 'link', target: '' },
    { place: 'the folder', before: 'mkdir', kind: 'link', target: 'nothing' },
    { place: 'the folder', before: 'mkdir', kind: 'folder', target: '' },
    { place: 'the folder', before: 'mkdir', kind: 'file', target: '' },
    { place: 'the file', before: 'open', kind: 'link', target: 'precious' },
    { place: 'the file', before: 'open', kind: 'link', target: 'nothing' },
    { place: 'the file', before: 'open', kind: 'file', target: '' }
  ] as const)(
    'a $kind in place of $place, before it is created (target: “$target”)',
    async ({ before, kind, target }) => {
      const tool = instrument({ plant: { before, kind, target: join(elsewhere, target) } })
      const ran = await main(platform, { ...INPUTS, summary: 'true' }, { env: tool.env })
      expect(tool.seen().filter(point => point.kind === 'planted')).toHaveLength(1)
      expect({ ...written(ran, platform), state: '' }).toEqual(failure)
      // The token is revoked. The folder is left to the post step, in case it could not be removed.
      const saved = Object.entries(ran.state).filter(([, value]) => value !== '')
      expect(saved).toEqual([['token-folder', expect.stringMatching(/\/cc-token-[0-9a-f-]{36}$/)]])
      untouched()
      const ended = await post(ran)
      expect(written(ended, platform)).toEqual(cleanUp('Clean-up: token file already gone.', []))
      untouched()
      // What was planted in place of the folder stays, as it was.
      expect(foldersIn(ran.tempDir)).toEqual(before === 'mkdir' && kind !== 'folder' ? [kind] : [])
      expect(alive()).toEqual(['revoked'])
      expect(record(platform)).toEqual([
        'POST /oauth/token Basic 200',
        'DELETE /api/v2/tokens/me token 1 200'
      ])
    }
  )

  test.each([
    ['a folder elsewhere', () => elsewhere],
    ['nothing', () => join(elsewhere, 'nothing')]
  ])('the folder replaced by a link to %s, before the job ends', async (_, target) => {
    const ran = await main(platform, INPUTS)
    const folder = dirname(ran.outputs['token-file'] ?? '')
    rmSync(folder, { recursive: true })
    symlinkSync(target(), folder)
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(
      cleanUp('Clean-up: access token revoked; token file already gone.', [1])
    )
    expect(foldersIn(ran.tempDir)).toEqual(['link'])
    untouched()
  })

  test('the file replaced by a link, before the job ends', async () => {
    const ran = await main(platform, INPUTS)
    const file = ran.outputs['token-file'] ?? ''
    rmSync(file)
    symlinkSync(join(elsewhere, 'precious'), file)
    expect((await post(ran)).leftovers()).toEqual([])
    untouched()
  })

  test('RUNNER_TEMP itself may be a link', async () => {
    const link = join(elsewhere, 'temp')
    const first = await main(platform, { ...INPUTS, 'token-file': 'false' })
    symlinkSync(first.tempDir, link)
    const ran = await main(platform, INPUTS, { jobDir: first.jobDir, env: { RUNNER_TEMP: link } })
    const file = ran.outputs['token-file'] ?? ''
    expect(file.startsWith(`${link}/cc-token-`)).toBe(true)
    expect((await post(ran)).leftovers()).toEqual([])
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readlinkSync(link)).toBe(first.tempDir)
    rmSync(link)
  })
})

test.each([
  ['RUNNER_TEMP', ''],
  ['RUNNER_TEMP', '/nowhere/folder'],
  ['GITHUB_OUTPUT', ''],
  ['GITHUB_OUTPUT', '/nowhere/output'],
  ['GITHUB_STATE', ''],
  ['GITHUB_STATE', '/nowhere/state'],
  ['GITHUB_ENV', ''],
  ['GITHUB_ENV', '/nowhere/env']
])('with %s=%j nothing is sent, and only the error is printed', async (variable, path) => {
  const inputs = { ...INPUTS, summary: 'true', 'export-env': 'CC_TOKEN' }
  const ran = await main(platform, inputs, { env: { [variable]: path } })
  const failure = failed('internal-error', {
    log: GENESYS_MASKS,
    message: `The path in ${variable} does not exist or cannot be written. Nothing was sent.`,
    hint: 'Run the action in a workflow, on a runner of version 2.327.1 or newer. On a self-hosted runner, check the disk.'
  })
  const outputs = variable === 'GITHUB_OUTPUT' ? {} : failure.outputs
  expect(written(ran, platform)).toEqual({ ...failure, outputs })
  expect([platform.connections, ran.leftovers()]).toEqual([0, []])
  expect(written(await post(ran), platform)).toEqual(cleanUp(TEXTS.nothingToDo, []))
})
