import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { rotate } from '../../src/rotate.js'
import { runStep } from '../support/in-process.js'
import { GENESYS } from '../support/lifecycle.js'
import { testOnPosix } from '../support/posix.js'
import { issueToken, liveTokens } from '../support/rotation.js'

// The same rules as e2e/rotate-command.test.ts, in this process: waits take no time.
let genesys: GenesysEmulator
let folder: string
beforeAll(async () => {
  genesys = await startGenesys()
})
afterAll(() => genesys.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  writeFileSync(join(folder, 'store'), 'the old value')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  runStep(rotate, { inputs: { ...GENESYS, 'base-url': genesys.origin, ...inputs }, env })
const stored = () => readFileSync(join(folder, 'store'), 'utf8')
const commands = () => ({
  'store-command': `cat > ${folder}/store`,
  'read-command': `cat ${folder}/store`
})

testOnPosix('stores the token, reads it, and revokes the previous one', async () => {
  const previous = await issueToken(genesys)
  writeFileSync(join(folder, 'store'), `${previous}\n`)
  const { code, stdout } = await run({ ...commands(), 'revoke-previous': 'true' })
  expect(code).toBeUndefined()
  expect(stdout).toContain('The previous token was revoked.')
  expect(liveTokens(genesys)).toContain(stored())
})

testOnPosix('a previous value that is not a token is not revoked', async () => {
  const { code, stdout } = await run({ ...commands(), 'revoke-previous': 'true' })
  expect([code, stdout]).toEqual([
    undefined,
    expect.stringContaining('is not a token, so it is not revoked.')
  ])
})

testOnPosix('a previous token that cannot be identified gives a warning', async () => {
  writeFileSync(join(folder, 'store'), 'a-previous-token-of-someone')
  genesys.intercept = (request, response) => {
    if (request.headers.authorization !== 'Bearer a-previous-token-of-someone') return false
    response.writeHead(403).end('{}')
    return true
  }
  const { code, stdout } = await run({ ...commands(), 'revoke-previous': 'true' })
  genesys.intercept = undefined
  expect([code, stdout]).toEqual([
    undefined,
    expect.stringContaining('The previous token was not revoked: [forbidden]')
  ])
})

testOnPosix('without read-command, exit code 0 is enough', async () => {
  const { code, stdout } = await run({ 'store-command': `cat > ${folder}/store; echo done; echo more >&2` })
  expect([code, liveTokens(genesys).includes(stored())]).toEqual([undefined, true])
  expect(stdout).toMatch(/^\| done$/m)
  expect(stdout).toMatch(/^\| more$/m)
})

testOnPosix('a command that stores and then fails has stored', async () => {
  const { code, stdout } = await run({ ...commands(), 'store-command': `cat > ${folder}/store; exit 4` })
  expect([code, stdout]).toEqual([
    undefined,
    expect.stringContaining('store-command ended with exit code 4, but the store contains the new token.')
  ])
})

testOnPosix('a dry run reads, and stores nothing', async () => {
  const { code, stdout } = await run({ ...commands(), 'revoke-previous': 'true', 'dry-run': 'true' })
  expect([code, stored()]).toEqual([undefined, 'the old value'])
  expect(stdout).toContain('run store-command, run read-command, revoke the previous token')
  expect((await run({ 'store-command': 'false', 'dry-run': 'true' })).stdout).toContain('run store-command.')
})

testOnPosix('what certainly did not store is revoked', async () => {
  const before = liveTokens(genesys)
  const failed = await run({ ...commands(), 'store-command': 'exit 3' })
  expect([failed.code, failed.stdout]).toEqual(['store-failed', expect.stringContaining('was revoked.')])
  const noShell = await run({ 'store-command': 'true' }, { PATH: '/nonexistent' })
  expect([noShell.code, noShell.stdout]).toEqual([
    'store-failed',
    expect.stringContaining('could not be started')
  ])
  expect(liveTokens(genesys)).toEqual(before)
})

for (const [problem, inputs] of [
  ['ended with exit code 5', { 'store-command': 'exit 5' }],
  ['ended with exit code 137', { 'store-command': 'kill -KILL $$' }],
  ['took longer than command-timeout', { 'store-command': 'sleep 30', 'command-timeout': '1s' }],
  ['still printed the old value', { 'store-command': 'true', 'read-command': 'echo something else' }],
  ['printed neither', { 'store-command': 'false', 'read-command': 'true' }]
] as const) {
  testOnPosix(`the outcome is unknown: ${problem}`, async () => {
    const before = liveTokens(genesys).length
    const { code, stdout } = await run(inputs)
    expect([code, stdout]).toEqual(['store-failed', expect.stringContaining(problem)])
    expect(stdout).toContain('It is unknown whether the new token is stored.')
    expect(liveTokens(genesys)).toHaveLength(before + 1)
  })
}

for (const [problem, command] of [
  ['read-command ended with exit code 6', 'exit 6'],
  ['read-command printed more than one line', 'printf "one\\ntwo"'],
  ['read-command printed more than 64 KiB', 'head -c 70000 /dev/zero; sleep 5']
] as const) {
  testOnPosix(`nothing is requested: ${problem}`, async () => {
    genesys.forget()
    const { code, stdout } = await run({ 'store-command': 'true', 'read-command': command })
    expect([code, stdout]).toEqual(['store-failed', expect.stringContaining(problem)])
    expect(genesys.requests).toEqual([])
  })
}

testOnPosix('long output is cut, and a long line is not shown', async () => {
  const { stdout } = await run({
    'store-command': 'head -c 9000 /dev/zero | tr "\\\\0" x; echo; yes | head -c 70000'
  })
  expect(stdout).toContain('| (a line of 9000 characters)')
  expect(stdout).toContain('| (the rest of the output is not shown)')
})
