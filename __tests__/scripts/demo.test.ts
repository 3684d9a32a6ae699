import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'

const ESCAPE = '\u001b'

const demo = (...args: string[]) => run(process.execPath, ['scripts/demo.mjs', ...args])

test('is short, and shows each kind of scene', () => {
  const { code, output } = demo()
  expect([code, output]).toEqual([0, expect.stringContaining('6 of 6 as they should be')])
  expect(output.split('\n').length).toBeLessThan(60)
  for (const text of [
    'job ends   Clean-up: access token revoked.',
    'NICE CXone tokens cannot be revoked',
    'Error: [organization-not-allowed]',
    'rate limited (HTTP 429), attempt 1; retrying in 2',
    'Error: [credentials-rejected]',
    'The previous token was revoked.'
  ])
    expect(output).toContain(text)
  expect(output).not.toContain('· base-url: ')
  // No colours where there is no terminal.
  expect(output).not.toContain(ESCAPE)
})

test('--all shows all scenes in full', () => {
  const { code, output } = demo('--all')
  expect([code, output]).toEqual([0, expect.stringContaining('14 of 14 as they should be')])
  expect(output).toContain('outputs    rotated           true')
  expect(output).toMatch(/^ +login-base-url: http:\S+\/genesys-login$/m)
})

test('knows the names of the scenes', () => {
  expect(demo('--list').output).toMatch(/^throttled +Many jobs at once/m)
  const problem = 'There is no scene rotatoin; did you mean rotation?'
  expect(demo('rotatoin')).toEqual({ code: 2, output: expect.stringContaining(problem) })
})

describeWith('script')('on a terminal', () => {
  const onTerminal = (variables: string) =>
    run('script', ['-qec', `${variables} node scripts/demo.mjs missing-secret`, '/dev/null'])

  test('has colours, but for NO_COLOR', () => {
    expect(onTerminal('NO_COLOR=')).toEqual({ code: 0, output: expect.stringContaining(`${ESCAPE}[`) })
    expect(onTerminal('NO_COLOR=1')).toEqual({ code: 0, output: expect.not.stringContaining(ESCAPE) })
  })
})

describe('in a copy, where nothing is installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  const parts = ['dist', 'emulator', 'scripts', '__tests__/support', 'rotate', 'action.yml', 'package.json']
  beforeAll(() => {
    for (const part of parts) cpSync(part, join(folder, part), { recursive: true })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['post', 'does not revoke', "'DELETE'", "'GET'", 'no access token outlives the job'],
    ['main', 'registers no mask', "'add-mask', {}, secret", "'debug', {}, ''", 'everything issued is masked']
  ])('fails if %s %s', (bundle, _name, text, replacement, claim) => {
    const file = join(folder, 'dist', bundle, 'index.js')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(text, replacement))
    const { code, output } = run(process.execPath, [join(folder, 'scripts/demo.mjs'), 'genesys'])
    expect([code, output]).toEqual([1, expect.stringContaining(claim)])
    expect(output).toContain('0 of 1 as they should be')
  })

  test('npm run try -- --workflow asks for npm ci', () => {
    const { code, output } = run(process.execPath, [join(folder, 'scripts/try.mjs'), '--workflow', 'x.yml'])
    expect([code, output]).toEqual([
      2,
      expect.stringContaining('--workflow needs Node 22.15 or newer: run npm ci first')
    ])
  })
})
