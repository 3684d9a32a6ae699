import { execFileSync } from 'node:child_process'
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

  /** Returns what the script printed. Throws if it failed. */
  function release(newest = 'v1.2.3'): string {
    const files = FILES.map(file => join(folder, file))
    return execFileSync('scripts/release.sh', ['v1.2.3', COMMIT, newest, ...files], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: {
        PATH: [resolve('__tests__/scripts/stand-ins'), dirname(process.execPath), process.env['PATH']].join(
          delimiter
        ),
        GH_STATE: join(folder, 'state'),
        GH_TOKEN: 'made-up',
        GITHUB_REPOSITORY: 'org/cc-token-action'
      }
    })
  }
  const failure = () => {
    try {
      release()
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
    throw new Error('it did not fail')
  }

  test('attaches every file to a draft, publishes it, and makes the major tag', () => {
    release()
    expect(state().calls).toEqual([
      ...['release view', 'release create', 'release view', 'release upload', 'release edit', 'release view'],
      ...['api repos/org/cc-token-action/git/ref/tags/v1', 'api --method']
    ])
    expect(state().release).toMatchObject({ isDraft: false, isImmutable: true, latest: 'true' })
    expect(state().release.assets.map(({ name }: { name: string }) => name)).toEqual(FILES)
    expect(state().tags).toEqual({ 'v1.2.3': COMMIT, v1: COMMIT })
  })

  test('moves a major tag that is there', () => {
    change({ tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    release()
    expect(state().tags.v1).toBe(COMMIT)
  })

  test('a second run after one that failed while uploading completes the draft', () => {
    change({ uploadsLeft: 1 })
    expect(failure()).toBe('')
    expect(state().release.assets).toHaveLength(1)
    release()
    expect(state().release).toMatchObject({ isDraft: false, isImmutable: true })
    expect(state().release.assets).toHaveLength(FILES.length)
  })

  test('a second run after one that succeeded changes nothing, although signatures differ', () => {
    release()
    const before = state().release
    writeFileSync(join(folder, FILES[1] ?? ''), 'another signature')
    release()
    expect(state().release).toEqual(before)
  })

  test('a published release of another build is refused', () => {
    release()
    change({ tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    writeFileSync(join(folder, 'checksums.txt'), 'other checksums')
    expect(failure()).toContain('::error::Release v1.2.3 is published with another checksums.txt')
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a release that can be changed is refused, and the major tag stays', () => {
    change({ immutability: false, tags: { 'v1.2.3': COMMIT, v1: OLD_COMMIT } })
    expect(failure()).toContain('::error::Release v1.2.3 is not immutable.')
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a correction of an older version is not the latest release, and the major tag stays', () => {
    change({ tags: { 'v1.2.3': COMMIT, 'v1.3.0': OLD_COMMIT, v1: OLD_COMMIT } })
    release('v1.3.0')
    expect(state().release).toMatchObject({ isDraft: false, latest: 'false' })
    expect(state().tags.v1).toBe(OLD_COMMIT)
  })

  test('a tag that does not exist is refused', () => {
    change({ tags: {} })
    expect(failure()).toBe('')
    expect(state().release).toBe(null)
  })
})
