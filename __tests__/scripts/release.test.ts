import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { describeWith } from '../support/programs.js'

const COMMIT = '3f0c9a1be2d4576880a1b2c3d4e5f60718293a4b'
const OLD_COMMIT = '9999999999999999999999999999999999999999'
const FILES = [
  'cc-token-action-v1.2.3.tar.gz',
  'cc-token-action-v1.2.3.provenance.sigstore.json',
  'checksums.txt'
]

describeWith(
  'bash',
  'jq',
  'sha256sum'
)('scripts/release.sh', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'))
    for (const file of FILES) writeFileSync(join(folder, file), `content of ${file}`)
    write({ tags: { 'v1.2.3': COMMIT }, release: null, immutability: true, uploadsLeft: -1, calls: [] })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const state = () => JSON.parse(readFileSync(join(folder, 'state'), 'utf8'))
  const write = (value: object) => writeFileSync(join(folder, 'state'), JSON.stringify(value))
  const change = (value: object) => write({ ...state(), ...value })

  /** Returns the exit code of the script, and what it printed. */
  function release(newest = 'v1.2.3') {
    const files = FILES.map(file => join(folder, file))
    const path = [resolve('__tests__/scripts/stand-ins'), dirname(process.execPath), process.env['PATH']]
    const { status, stdout } = spawnSync('scripts/release.sh', ['v1.2.3', COMMIT, newest, ...files], {
      encoding: 'utf8',
      env: {
        PATH: path.join(delimiter),
        GH_STATE: join(folder, 'state'),
        GH_TOKEN: 'made-up',
        GITHUB_REPOSITORY: 'org/cc-token-action'
      }
    })
    return { status, stdout }
  }
  const succeeds = { status: 0, stdout: '' }
  const failsWith = (text: string) => ({ status: 1, stdout: expect.stringContaining(text) })

  test('attaches every file to a draft, publishes it, and makes the major tag', () => {
    expect(release()).toEqual(succeeds)
    expect(state().calls).toEqual([
      ...['release view', 'release create', 'release view', 'release upload', 'release edit', 'release view'],
      ...['api repos/org/cc-token-action/git/ref/tags/v1', 'api --method']
    ])
    expect(state().release).toMatchObject({ isDraft: false, isImmutable: true, latest: 'true' })
    expect(state().release.assets.map(({ name }: { name: string }) => name)).toEqual(FILES)
    expect(state().tags).toEqual({ 'v1.2.3': COMMIT, v1: COMMIT })
  })

  test('a second run after one that failed while uploading completes the draft, and moves a major tag', () => {
    change({ uploadsLeft: 1, tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    expect(release()).toEqual(failsWith(''))
    expect(state().release.assets).toHaveLength(1)
    expect(release()).toEqual(succeeds)
    expect(state().release).toMatchObject({ isDraft: false, isImmutable: true })
    expect(state().release.assets).toHaveLength(FILES.length)
    expect(state().tags.v1).toBe(COMMIT)
  })

  test('a published release stays: with other signatures nothing changes, another build is refused', () => {
    release()
    const before = state().release
    change({ tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    writeFileSync(join(folder, FILES[1] ?? ''), 'another signature')
    expect(release()).toEqual(succeeds)
    expect(state().release).toEqual(before)

    change({ tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    writeFileSync(join(folder, 'checksums.txt'), 'other checksums')
    expect(release()).toEqual(failsWith('::error::Release v1.2.3 is published with another checksums.txt'))
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a release that can be changed is refused, and the major tag stays', () => {
    change({ immutability: false, tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    expect(release()).toEqual(failsWith('::error::Release v1.2.3 is not immutable.'))
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a correction of an older version is not the latest release, and the major tag stays', () => {
    change({ tags: { 'v1.2.3': COMMIT, 'v1.3.0': OLD_COMMIT, v1: OLD_COMMIT } })
    expect(release('v1.3.0')).toEqual(succeeds)
    expect(state().release).toMatchObject({ isDraft: false, latest: 'false' })
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a tag that does not exist is refused', () => {
    change({ tags: {} })
    expect(release()).toEqual(failsWith(''))
    expect(state().release).toBe(null)
  })
})
