import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/index.mjs'
import { describeOnPosix } from '../support/posix.js'

// Whoever reads the log may be slow, and a pipe that does not block holds 64 KiB.
describeOnPosix('a log that nobody reads for a while', () => {
  let platform: Awaited<ReturnType<typeof startGenesys>>
  let folder: string
  beforeAll(async () => {
    platform = await startGenesys({ clients: [{}] })
    folder = mkdtempSync(join(tmpdir(), 'stdout-'))
  })
  afterAll(async () => {
    await platform.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs main with a pipe for its log that is full but for so many bytes, and is read after so long. */
  async function run(room: number, readAfterMs: number, secret: string = GENESYS_CLIENT.secret) {
    const pipe = join(folder, `log-${room}-${readAfterMs}`)
    execFileSync('mkfifo', [pipe])
    // Read and write, so that opening it does not wait for the other end.
    const log = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    let filled = 0
    const files = ['output', 'env', 'state', 'summary'].map(name =>
      join(folder, `${name}-${room}-${readAfterMs}`)
    )
    for (const file of files) writeFileSync(file, '')
    const [output = '', env = '', state = '', summary = ''] = files
    const capacity = fill(log)
    filled = capacity - room
    drain(log, capacity)
    fill(log, filled)
    // A pipe that is handed to a child is made to block; one that it opens itself, in place of its stdout, is not.
    const open = `import fs from 'node:fs'; fs.closeSync(1); fs.openSync(${JSON.stringify(pipe)}, ${constants.O_WRONLY | constants.O_NONBLOCK})`
    const preload = `data:text/javascript,${encodeURIComponent(open)}`
    const child = spawn(process.execPath, ['--import', preload, 'dist/main/index.js'], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: output,
        GITHUB_ENV: env,
        GITHUB_STATE: state,
        GITHUB_STEP_SUMMARY: summary,
        INPUT_PROVIDER: 'genesys',
        INPUT_REGION: 'eu-west-1',
        'INPUT_CLIENT-ID': GENESYS_CLIENT.id,
        'INPUT_CLIENT-SECRET': secret,
        'INPUT_BASE-URL': platform.origin
      }
    })
    const ended = new Promise<number | null>(resolve => child.on('close', resolve))
    let text = ''
    const reader = setTimeout(() => {
      text += drain(log)
    }, readAfterMs)
    const exitCode = await ended
    clearTimeout(reader)
    text += drain(log)
    closeSync(log)
    return { exitCode, text: text.slice(filled), output: readFileSync(output, 'utf8') }
  }

  function fill(pipe: number, most = Number.POSITIVE_INFINITY): number {
    let written = 0
    try {
      while (written < most) written += writeChunk(pipe, Math.min(4096, most - written))
    } catch {
      // full
    }
    return written
  }

  test('is waited for: nothing is lost', async () => {
    const { exitCode, text, output } = await run(50, 700)
    expect(exitCode).toBe(0)
    expect(output).toContain('token<<')
    expect(text).toMatch(/^::add-mask::/)
    expect(text).toMatch(/It is revoked when the job ends\.\n$/)
  })

  test('for longer than that: a mask is lost, so nothing is handed on', async () => {
    const { exitCode, text, output } = await run(5, 60_000)
    expect(exitCode).toBe(1)
    expect(output).toContain('internal-error')
    expect(output).not.toContain('token<<')
    expect(text).toBe('')
  })

  test('a line that was cut stays apart from the next', async () => {
    // The answer comes when the log is read again, so that the error finds room.
    platform.intercept = (request, response) => {
      request.status = 401
      setTimeout(() => response.writeHead(401).end(), 4000)
      return true
    }
    const { exitCode, text } = await run(6000, 4000, 'x'.repeat(8000))
    expect(exitCode).toBe(1)
    expect(text).toMatch(/^::add-mask::x+\n[^x]/)
    expect(text).toContain('[credentials-rejected]')
  })
})

function writeChunk(pipe: number, size: number): number {
  return writeSync(pipe, Buffer.alloc(size, 'x'))
}

function drain(pipe: number, most = Number.POSITIVE_INFINITY): string {
  const buffer = Buffer.alloc(65_536)
  let text = ''
  try {
    while (text.length < most) {
      const size = readSync(pipe, buffer, 0, Math.min(buffer.length, most - text.length), null)
      if (size === 0) break
      text += buffer.toString('utf8', 0, size)
    }
  } catch {
    // empty
  }
  return text
}
