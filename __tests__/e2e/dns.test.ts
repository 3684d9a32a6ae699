import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { GENESYS_CLIENT } from '../../emulator/index.mjs'
import { cleanup, runAction, runPost } from '../support/runner.mjs'

// A name server that never answers, or late. Only a process in a mount namespace of its own can have another
// /etc/resolv.conf, which needs Linux and root.
const SERVER = '127.0.0.77'
const allowed =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/resolv.conf', '/etc/resolv.conf']).status === 0
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find(path => existsSync(path))
const describeSilent = allowed ? describe : describe.skip

const GENESYS = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret
}

/** Returns the DNS answer to a question: 127.0.0.1 for type A, no address for other types. */
function addressFor(question: Buffer): Buffer {
  const header = Buffer.from(question.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  let end = 12
  while ((question[end] ?? 0) !== 0) end += (question[end] ?? 0) + 1
  const isTypeA = question.readUInt16BE(end + 1) === 1
  header.writeUInt16BE(isTypeA ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1])
  return Buffer.concat([header, question.subarray(12, end + 5), ...(isTypeA ? [address] : [])])
}

/** A busy machine may need this long to start a process. */
const START_UP_MS = 4000

describeSilent(
  `a slow name server${allowed ? '' : ' (skipped: this process may not make a mount namespace)'}`,
  () => {
    const server = createSocket('udp4')
    let queries = 0
    /** A query is answered with 127.0.0.1 after this time; 0: never. */
    let answerAfterMs = 0
    let folder: string
    let nodePath: string

    beforeAll(async () => {
      server.on('message', (question, { port, address }) => {
        queries += 1
        if (answerAfterMs === 0) return
        setTimeout(() => server.send(addressFor(question), port, address), answerAfterMs)
      })
      await new Promise<void>(resolve => server.bind(53, SERVER, resolve))
      folder = mkdtempSync(join(tmpdir(), 'dns-'))
      const file = join(folder, 'resolv.conf')
      writeFileSync(file, `nameserver ${SERVER}\n`)
      // Not through a shell, which would drop variables such as INPUT_CLIENT-ID.
      const inside = join(folder, 'inside.mjs')
      writeFileSync(
        inside,
        `import { execFileSync } from 'node:child_process'
execFileSync('mount', ['--bind', ${JSON.stringify(file)}, '/etc/resolv.conf'])
process.execve(process.execPath, [process.execPath, ...process.argv.slice(2)])`
      )
      nodePath = join(folder, 'node.cjs')
      writeFileSync(
        nodePath,
        `#!${process.execPath}
process.execve(${JSON.stringify(unshare)}, ['unshare', '--mount', process.execPath, ${JSON.stringify(inside)}, ...process.argv.slice(2)])`
      )
      chmodSync(nodePath, 0o755)
    })
    afterAll(() => {
      server.close()
      rmSync(folder, { recursive: true, force: true })
      cleanup()
    })

    const main = (options: Partial<Parameters<typeof runAction>[0]>) =>
      runAction({
        main: 'dist/main/index.js',
        nodePath,
        inputs: { ...GENESYS, timeout: '3s' },
        ...options
      })

    test('without an answer, the step ends soon after its timeout', async () => {
      const run = await main({})
      expect(queries).toBeGreaterThan(0)
      expect(run.exitCode).toBe(1)
      expect(run.log).toMatch(
        /login\.mypurecloud\.ie.*\[(network|timeout)\]|\[(network|timeout)\].*login\.mypurecloud\.ie/
      )
      expect(run.durationMs).toBeLessThan(7000 + START_UP_MS)
    })

    test('an answer after three seconds is used', async () => {
      answerAfterMs = 3000
      const run = await main({ inputs: { ...GENESYS, timeout: '12s', 'max-attempts': '1' } })
      answerAfterMs = 0
      // Nothing listens there, so the name was resolved.
      expect(run.log).toContain('the connection was refused (ECONNREFUSED)')
    })

    test('RES_OPTIONS of the workflow is kept', async () => {
      answerAfterMs = 1500
      const env = { RES_OPTIONS: 'timeout:1 attempts:1' }
      const run = await main({ inputs: { ...GENESYS, timeout: '6s', 'max-attempts': '1' }, env })
      answerAfterMs = 0
      expect(run.log).toContain('DNS did not answer (EAI_AGAIN)')
    })

    test('a cancelled step ends within seven seconds', async () => {
      let cancelledAt = 0
      const signalAfter = new Promise<void>(resolve => {
        server.once('message', () => {
          cancelledAt = Date.now()
          resolve()
        })
      })
      const run = await main({ signalAfter })
      expect([run.exitCode, run.signal]).toEqual([1, null])
      expect(Date.now() - cancelledAt).toBeLessThan(7000)
    })

    test('the clean-up ends within 13 seconds (a lookup cannot be ended), and its log names the token that is left', async () => {
      const refused = await main({ inputs: {} })
      const state = {
        'token-1': JSON.stringify({
          value: 'a-token-that-was-issued',
          kind: 'access',
          provider: 'genesys',
          revocationBaseUrl: 'https://api.mypurecloud.ie'
        })
      }
      const post = await runPost({ ...refused, state }, { post: 'dist/post/index.js', nodePath })
      expect(post.exitCode).toBe(0)
      expect(post.log).toContain('access token not revoked')
      expect(post.durationMs).toBeLessThan(13_000 + START_UP_MS)
    })
  }
)
