import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { MODES } from '../../emulator/modes.mjs'
import { parseCommandFile } from '../support/command-files.mjs'
import { testOnPosix } from '../support/posix.js'

const CLI = 'emulator/cli.mjs'
const folder = mkdtempSync(join(tmpdir(), 'emulator-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const environment = { PATH: process.env['PATH'] ?? '', ...env }
  return new Promise(resolve =>
    execFile(
      process.execPath,
      [CLI, ...args],
      { env: environment, timeout: 15_000 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    )
  )
}

const answers = (url: string) =>
  fetch(`${url}/oauth/token`, { method: 'POST' }).then(
    ({ status }) => status,
    () => 'nothing'
  )

test('--help lists the options and starts nothing', async () => {
  const { code, stdout } = await run(['--help'])
  expect(code).toBe(0)
  for (const option of ['--port NUMBER', '--background', '--seconds NUMBER', ...Object.keys(MODES)])
    expect(stdout).toContain(option)
  expect(stdout).not.toContain('http://')
})

describe('a wrong option ends with exit code 2 and says what is wrong', () => {
  test.each([
    [['--prot', '1'], "Unknown option '--prot'; did you mean --port?"],
    [['--xyzzy'], "Unknown option '--xyzzy'"],
    [['--port', 'http'], '--port http: expected a whole number from 1 to 65531'],
    [['--port'], "Option '--port <value>' argument missing"],
    [['--background=yes'], "Option '--background' does not take an argument"],
    [['start'], "Unexpected argument 'start'"]
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `${message}\nUse --help to see all options.\n`
    })
  })
})

testOnPosix('runs until Ctrl-C; a second one on the same port fails', async () => {
  const child = spawn(process.execPath, [CLI], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    let stdout = ''
    for await (const piece of child.stdout.setEncoding('utf8')) {
      stdout += piece
      if (stdout.includes('Press Ctrl-C')) break
    }
    const [, url = '', port = ''] = /^genesys-url=(.*:(\d+))$/m.exec(stdout) ?? []
    expect(await answers(url)).toBe(400)
    const second = await run(['--port', port])
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(second.stderr).toContain('address already in use')
  } finally {
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  }
})

test('--background prints how to stop it, writes outputs, takes modes, and ends by itself', async () => {
  const outputs = join(folder, 'outputs')
  const args = ['--background', '--seconds', '2', '--throttled']
  const { code, stdout } = await run(args, { GITHUB_OUTPUT: outputs })
  expect(code).toBe(0)
  const { pid = '', 'genesys-url': url = '' } = parseCommandFile(readFileSync(outputs, 'utf8'))
  expect(stdout).toContain(`Running in the background for 2 seconds. Stop it with: kill ${pid}`)
  expect(await answers(url)).toBe(429)
  expect(await answers(url)).toBe(400)
  for (let waits = 0; waits < 60 && (await answers(url)) !== 'nothing'; waits += 1) {
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(await answers(url)).toBe('nothing')
})
