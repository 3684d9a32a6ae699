import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { main } from '../support/bundles.js'
import { EXCHANGES, head, published } from '../support/expected.js'
import { GENESYS, type Inputs } from '../support/inputs.js'
import { describeOnPosix } from '../support/posix.js'
import { startServers } from '../support/rotation.js'
import { cleanup, type RunResult } from '../support/runner.mjs'
import { normal } from '../support/written.js'

// The runner may be slow to read the log, and a pipe holds 64 KiB. Node queues the rest, and a process that exits loses it.
describeOnPosix('a log that is not read for a while', () => {
  const { O_RDWR, O_WRONLY, O_NONBLOCK } = constants
  let platform: GenesysEmulator
  let folder: string
  beforeEach(async () => {
    platform = await startGenesys()
    folder = mkdtempSync(join(tmpdir(), 'stdout-'))
  })
  afterEach(async () => {
    await platform.close()
    rmSync(folder, { recursive: true, force: true })
  })
  afterAll(cleanup)

  /** Calls `read` if it is to be read, and may answer the request itself. */
  type OnRequest = (read: () => void, response: ServerResponse) => boolean

  interface Options {
    readonly onRequest?: OnRequest
    /** Runs a bundle; without it, main runs. */
    readonly start?: (env: Record<string, string>) => Promise<RunResult>
  }

  const startMain = (env: Record<string, string>, inputs: Inputs = {}) =>
    main(platform, { ...GENESYS, ...inputs }, { env })

  /** Runs a step with a pipe as its log that has room for some bytes. It is read at the end, and as `onRequest` says. */
  async function run(room: number, { onRequest = () => false, start = startMain }: Options = {}) {
    const pipe = join(folder, 'log')
    execFileSync('mkfifo', [pipe])
    // Both ends are opened, because opening one end waits for the other.
    const log = openSync(pipe, O_RDWR | O_NONBLOCK)
    const filled = fill(log) - room
    drain(log)
    fill(log, filled)
    // Node makes a pipe block that a child inherits, but not one that the child opens in place of its stdout.
    const open = `import fs from 'node:fs'; fs.closeSync(1); fs.openSync(${JSON.stringify(pipe)}, ${O_WRONLY | O_NONBLOCK})`
    const preload = `data:text/javascript,${encodeURIComponent(open)}`
    let text = ''
    const read = () => {
      text += drain(log)
    }
    platform.intercept = (request, response) => request.method === 'POST' && onRequest(read, response)
    const ran = await start({ NODE_OPTIONS: `--import=${preload}` })
    read()
    closeSync(log)
    return { ran, text: normal(text.slice(filled), platform) }
  }

  test('read again within two seconds: the step waits, and nothing is lost', async () => {
    const onRequest: OnRequest = read => {
      setTimeout(read, 700)
      return false
    }
    const { ran, text } = await run(50, { onRequest })
    expect([ran.exitCode, ran.stderr]).toEqual([0, ''])
    expect(ran.outputs['token']).toBe([...platform.tokens.keys()][0])
    expect(text).toBe(published(EXCHANGES.login).stdout)
  })

  test('read too late: a mask may be lost, so nothing is published, and the token is revoked', async () => {
    const { ran, text } = await run(5)
    expect([ran.exitCode, ran.stderr]).toEqual([1, ''])
    expect(ran.outputs).toEqual({ 'error-code': 'internal-error' })
    expect([ran.files.env, ran.state['token-1']]).toEqual(['', ''])
    expect(ran.summary).toContain('The runner did not accept the masks of the token within 2 seconds.')
    expect(text).toBe('')
    expect([...platform.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  })

  test('read too late by rotate: nothing is stored, and the token is revoked', async () => {
    const { genesys, github, rotate, stored, close } = await startServers()
    try {
      const { ran } = await run(5, { start: env => rotate({}, { env }) })
      expect([ran.exitCode, ran.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'internal-error' }])
      expect([stored(), github.requests.filter(({ method }) => method === 'PUT')]).toEqual([undefined, []])
      expect([...genesys.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
    } finally {
      await close()
    }
  })

  test('a line that did not fit is completed before the next one', async () => {
    const secret = 'x-'.repeat(4000)
    // The log is read before the response, so that there is room for the error.
    const onRequest: OnRequest = (read, response) => {
      read()
      response.writeHead(401).end()
      return true
    }
    const { ran, text } = await run(6000, {
      onRequest,
      start: env => startMain(env, { 'client-secret': secret })
    })
    expect(ran.exitCode).toBe(1)
    expect(text.split('\n').slice(0, 2)).toEqual([`::add-mask::${secret}`, head(EXCHANGES.login)[2]])
    expect(text).toContain('\n::error::[credentials-rejected] ')
  })
})

function fill(pipe: number, most = Number.POSITIVE_INFINITY): number {
  let count = 0
  try {
    while (count < most) count += writeSync(pipe, Buffer.alloc(Math.min(4096, most - count), 'x'))
  } catch {
    // The pipe is full.
  }
  return count
}

function drain(pipe: number): string {
  const buffer = Buffer.alloc(65_536)
  let text = ''
  try {
    for (;;) text += buffer.toString('utf8', 0, readSync(pipe, buffer))
  } catch {
    // The pipe is empty.
  }
  return text
}
