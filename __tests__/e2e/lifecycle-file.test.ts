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
  entry,
  errorCode,
  GENESYS,
  GENESYS_HEAD,
  genesysOutputs,
  instrument,
  lines,
  main,
  more,
  post,
  record,
  savedToken,
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

describe('the file', () => {
  testOnPosix.each([0, 0o022, 0o077])(
    'holds the token alone, and nobody else may read it, umask %i',
    async umask => {
      const tool = instrument({ umask })
      const ran = await main(platform, INPUTS, { env: tool.env })
      const file = ran.outputs['token-file'] ?? ''
      expect(readFileSync(file, 'utf8')).toBe(ran.outputs['token'])
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
      expect(dirname(dirname(file))).toBe(ran.tempDir)
      // Each as it was at the moment when it was made, and what was saved before that.
      const made = tool.seen().filter(({ kind }) => kind === 'write')
      const folder = made.findIndex(({ what }) => what === 'mkdirSync')
      expect(made[folder - 1]?.path).toMatch(/state_[0-9a-f-]+$/)
      expect(made[folder]).toMatchObject({ path: dirname(file), mode: '700' })
      expect(made[folder + 1]).toMatchObject({ what: 'openSync', path: file, mode: '600', size: 0 })
      expect(made[folder + 2]).toMatchObject({ what: 'writeFileSync' })
      expect(ran.files.state.indexOf(dirname(file))).toBeGreaterThan(0)
    }
  )

  test('is removed when the job ends, whatever a later step failed at', async () => {
    const ran = await main(platform, INPUTS)
    expect(written(ran, platform)).toEqual({
      exitCode: 0,
      stdout: lines(
        ...GENESYS_HEAD,
        'Granted an access token for 24 h, until {minute} (1 request).',
        'Handed on as the output token and a file. It is revoked when the job ends.'
      ),
      stderr: '',
      output: genesysOutputs({ 'token-file': '{temp}/cc-token-{uuid}/token' }),
      env: '',
      state: savedToken(1) + entry('folder', '{temp}/cc-token-{uuid}') + entry('handed-on', 'auto'),
      summary: ''
    })
    // A later step of the job uses the action as well, and fails.
    const later = await main(
      platform,
      { ...INPUTS, 'client-secret': 'a-wrong-secret' },
      { jobDir: ran.jobDir }
    )
    expect([later.exitCode, later.outputs['error-code']]).toEqual([1, 'credentials-rejected'])
    expect(written(await post(later), platform)).toEqual(cleanUp('Clean-up: nothing to do.', []))
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
      'the whole temp folder but for the runner’s own',
      'token file already gone',
      (file: string) => {
        const temp = dirname(dirname(file))
        for (const name of readdirSync(temp).filter(name => !name.startsWith('_')))
          rmSync(join(temp, name), { recursive: true })
      }
    ],
    [
      'it moved away',
      'token file already gone',
      (file: string) => renameSync(dirname(file), join(elsewhere, 'x'))
    ]
  ])('%s was removed by somebody else first', async (_, words, remove) => {
    const ran = await main(platform, INPUTS)
    remove(ran.outputs['token-file'] ?? '')
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp(`Clean-up: access token revoked; ${words}.`, [1]))
    expect(ended.leftovers()).toEqual([])
  })

  test('is removed with whatever a later step put beside it', async () => {
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

describe('a link that somebody planted is never followed', () => {
  const refusal = (error: string) => ({
    exitCode: 1,
    stdout: lines(
      ...GENESYS_HEAD,
      'The token is not handed on; it is revoked.',
      `::error::[internal-error] The step met an error that it does not know (${error}).%0ANothing was published. ` +
        'Check that the runner can write its own files (disk full, read-only?), run again with step debugging on, and ' +
        'report it with that log: it holds no secret.' +
        more('internal-error')
    ),
    stderr: '',
    output: errorCode('internal-error'),
    env: '',
    state:
      savedToken(1) +
      entry('folder', '{temp}/cc-token-{uuid}') +
      entry('handed-on', '') +
      entry('token-1', ''),
    summary: ''
  })

  test.each([
    { place: 'the folder', before: 'mkdir', kind: 'link' },
    { place: 'the folder', before: 'mkdir', kind: 'folder' },
    { place: 'the folder', before: 'mkdir', kind: 'file' },
    { place: 'the file', before: 'open', kind: 'link' },
    { place: 'the file', before: 'open', kind: 'file' }
  ] as const)('a $kind in the place of $place, before it is made', async ({ before, kind }) => {
    const target = before === 'open' ? join(elsewhere, 'precious') : elsewhere
    const tool = instrument({ plant: { before, kind, target } })
    const ran = await main(platform, INPUTS, { env: tool.env })
    expect(tool.seen().filter(point => point.kind === 'planted')).toHaveLength(1)
    expect(written(ran, platform)).toEqual(refusal('Error EEXIST'))
    untouched()
    expect(ran.leftovers()).toEqual([])
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: token file already gone.', []))
    expect(alive()).toEqual(['revoked'])
    expect(record(platform)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
  })

  test.each(['mkdir', 'open'] as const)('a link to nothing, before %s', async before => {
    const nothing = join(elsewhere, 'nothing')
    const tool = instrument({ plant: { before, kind: 'link', target: nothing } })
    const ran = await main(platform, INPUTS, { env: tool.env })
    expect(tool.seen().filter(point => point.kind === 'planted')).toHaveLength(1)
    expect(written(ran, platform)).toEqual(refusal('Error EEXIST'))
    untouched()
    await post(ran)
    untouched()
    expect(alive()).toEqual(['revoked'])
    expect(ran.leftovers()).toEqual([])
  })

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
      cleanUp('Clean-up: access token revoked; token file removed.', [1])
    )
    expect(ended.leftovers()).toEqual([])
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

  test('RUNNER_TEMP itself may be a link: that is the runner’s affair', async () => {
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

describe('where the runner has no place for it', () => {
  test.each([
    ['RUNNER_TEMP', { RUNNER_TEMP: '' }],
    ['RUNNER_TEMP', { RUNNER_TEMP: '/nonexistent/folder' }],
    ['GITHUB_OUTPUT', { GITHUB_OUTPUT: '' }],
    ['GITHUB_ENV', { GITHUB_ENV: '/nonexistent/file' }]
  ])('%s', async (name, env) => {
    const ran = await main(platform, { ...INPUTS, 'export-env': 'CC_TOKEN' }, { env })
    const got = written(ran, platform)
    expect(got).toMatchObject({ exitCode: 1, stderr: '', env: '', summary: '' })
    expect(got['stdout']).toContain(`[internal-error] What the runner names in ${name} is not there`)
    // Found before anything is asked for, so that there is no token to lose.
    expect(platform.requests).toEqual([])
    expect(got).toMatchObject({
      state: '',
      output: name === 'GITHUB_OUTPUT' ? '' : errorCode('internal-error')
    })
    expect(ran.leftovers()).toEqual([])
    expect(written(await post(ran), platform)).toEqual(cleanUp('Clean-up: nothing to do.', []))
  })
})
