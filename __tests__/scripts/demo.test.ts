import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'

const folder = mkdtempSync(join(tmpdir(), 'demo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const demo = (...args: string[]) => run(process.execPath, ['scripts/demo.mjs', ...args])
const ESCAPE = '\u001b'

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
  expect(output).not.toMatch(/^.*with .*base-url:/m)
  expect(output).not.toContain(ESCAPE)
}, 60_000)

test('shows one scene in full, and knows the names of the others', () => {
  const { code, output } = demo('gateway')
  expect([code, output]).toEqual([0, expect.stringContaining('1 of 1 as they should be')])
  expect(output).toMatch(/login-base-url: http:.*\/genesys-login$/m)
  expect(output).toContain('requests   200 POST /genesys-login/oauth/token')
  const list = demo('--list').output
  for (const name of ['idle-timeout', 'gateway', 'rotation'])
    expect(list).toMatch(new RegExp(`^${name} `, 'm'))
  expect(demo('gatway')).toEqual({
    code: 2,
    output: 'unknown scene: gatway; did you mean gateway?\nUse --help to see all options.\n'
  })
})

test.each([
  ['registers no mask', "'add-mask', {}, secret", "'debug', {}, ''", 'everything issued is masked'],
  [
    'does not revoke',
    "'DELETE'",
    "'GET'",
    'no access token outlives the job where the platform can revoke it'
  ]
])('fails if the action %s', (_name, text, replacement, claim) => {
  for (const part of [
    'dist',
    'emulator',
    'scripts',
    '__tests__/support',
    'rotate',
    'action.yml',
    'package.json'
  ])
    cpSync(part, join(folder, part), { recursive: true })
  for (const bundle of ['main', 'post']) {
    const file = join(folder, 'dist', bundle, 'index.js')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(text, replacement))
  }
  const { code, output } = run(process.execPath, [join(folder, 'scripts/demo.mjs'), 'genesys'])
  expect([code, output]).toEqual([1, expect.stringContaining(`✗ FAILED   ${claim}`)])
  expect(output).toContain('0 of 1 as they should be')
})

describeWith('script')('on a terminal', () => {
  const onTerminal = (variables: string) =>
    run('script', ['-qec', `${variables} node scripts/demo.mjs missing-secret`, '/dev/null'])

  test('has colours, but for NO_COLOR', () => {
    expect(onTerminal('NO_COLOR=')).toEqual({ code: 0, output: expect.stringContaining(`${ESCAPE}[`) })
    expect(onTerminal('NO_COLOR=1')).toEqual({ code: 0, output: expect.not.stringContaining(ESCAPE) })
  })
})
