import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { GENESYS_CLIENT } from '../../emulator/index.mjs'
import { cleanup, runAction, runPost } from '../support/runner.mjs'

// A name server that takes questions and answers none. Only a process of its own mount namespace can have another
// /etc/resolv.conf, and that takes Linux and its administrator.
const SERVER = '127.0.0.77'
const allowed =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/resolv.conf', '/etc/resolv.conf']).status === 0
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find(path => existsSync(path))
const describeSilent = allowed ? describe : describe.skip

/** What a very busy machine may take to start a process. */
const START_UP_MS = 4000

describeSilent(
  `a silent name server${allowed ? '' : ' (skipped: no mount namespace may be made here)'}`,
  () => {
    const server = createSocket('udp4')
    let asked = 0
    let folder: string
    let nodePath: string

    beforeAll(async () => {
      server.on('message', () => (asked += 1))
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
        inputs: {
          provider: 'genesys',
          region: 'eu-west-1',
          'client-id': GENESYS_CLIENT.id,
          'client-secret': GENESYS_CLIENT.secret,
          timeout: '3s'
        },
        ...options
      })

    test('the step ends by its timeout', async () => {
      const run = await main({})
      expect(asked).toBeGreaterThan(0)
      expect(run.exitCode).toBe(1)
      expect(run.log).toMatch(
        /login\.mypurecloud\.ie.*\[(network|timeout)\]|\[(network|timeout)\].*login\.mypurecloud\.ie/
      )
      expect(run.durationMs).toBeLessThan(4000 + START_UP_MS)
    })

    test('a cancelled step ends at once', async () => {
      const run = await main({ signalAfter: 1000 })
      expect([run.exitCode, run.signal]).toEqual([1, null])
      expect(run.durationMs).toBeLessThan(2000 + START_UP_MS)
    })

    test('the end of the job takes ten seconds, and says what lives on', async () => {
      const refused = await main({ inputs: {} })
      const state = {
        'token-1': JSON.stringify({
          value: 'a-token-that-was-issued',
          kind: 'access',
          revocationBaseUrl: 'https://api.mypurecloud.ie'
        })
      }
      const post = await runPost({ ...refused, state }, { post: 'dist/post/index.js', nodePath })
      expect(post.exitCode).toBe(0)
      expect(post.log).toContain('access token not revoked')
      expect(post.durationMs).toBeLessThan(10_000 + START_UP_MS)
    })
  }
)
