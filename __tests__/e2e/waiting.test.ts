/** How long a step waits: for servers that never answer, or late, and for its turn in a crowd. */
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { startGenesys } from '../../emulator/genesys.mjs'
import { basicCredentials } from '../../emulator/strict.mjs'
import { MAIN, main, POST } from '../support/bundles.js'
import { GENESYS } from '../support/inputs.js'
import { startServers } from '../support/rotation.js'
import { cleanup, runAction, runPost } from '../support/runner.mjs'

// Only a process in a mount namespace of its own can have another /etc/resolv.conf, which needs Linux and root.
const allowed =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/resolv.conf', '/etc/resolv.conf']).status === 0
const unshare = ['/usr/bin/unshare', '/bin/unshare'].find(path => existsSync(path))
const reason = allowed ? '' : ' (skipped: this process may not make a mount namespace)'
const testWithNameServer = allowed ? test.concurrent : test.skip

const JOBS = 6

/** A busy machine may need this long to start a process. */
const START_UP_MS = 4000

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

const closers: (() => unknown)[] = [cleanup]
afterAll(() => {
  for (const close of closers) close()
})

let servers = 0

/** Starts a name server that answers with 127.0.0.1 after this time; without one, never. */
async function startNameServer(answerAfterMs?: number) {
  servers += 1
  const address = `127.0.0.${70 + servers}`
  const server = createSocket('udp4')
  const queried = new Promise<void>(resolve => {
    server.on('message', (question, from) => {
      resolve()
      if (answerAfterMs !== undefined)
        setTimeout(() => server.send(addressFor(question), from.port, from.address), answerAfterMs)
    })
  })
  await new Promise<void>(resolve => server.bind(53, address, resolve))
  const folder = mkdtempSync(join(tmpdir(), 'dns-'))
  closers.push(() => server.close())
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'resolv.conf')
  writeFileSync(file, `nameserver ${address}\n`)
  // Not through a shell, which would drop variables such as INPUT_CLIENT-ID.
  const inside = join(folder, 'inside.mjs')
  writeFileSync(
    inside,
    `import { execFileSync } from 'node:child_process'
execFileSync('mount', ['--bind', ${JSON.stringify(file)}, '/etc/resolv.conf'])
process.execve(process.execPath, [process.execPath, ...process.argv.slice(2)])`
  )
  const nodePath = join(folder, 'node.cjs')
  writeFileSync(
    nodePath,
    `#!${process.execPath}
process.execve(${JSON.stringify(unshare)}, ['unshare', '--mount', process.execPath, ${JSON.stringify(inside)}, ...process.argv.slice(2)])`
  )
  chmodSync(nodePath, 0o755)
  const runMain = (inputs: Record<string, string>, options = {}) =>
    runAction({
      main: MAIN,
      nodePath,
      inputs: { ...GENESYS, 'max-attempts': '1', ...inputs },
      ...options
    })
  return { queried, nodePath, runMain }
}

test.concurrent('rotate ends within ten seconds after its timeout, although neither GitHub nor the platform answers any more', async () => {
  const servers = await startServers()
  try {
    let isSilent = false
    servers.github.intercept = request => {
      if (request.method === 'PUT') isSilent = true
      return isSilent
    }
    servers.genesys.intercept = request => request.method === 'DELETE'
    const run = await servers.rotate({ timeout: '4s', 'attempt-timeout': '3s', 'max-attempts': '1' })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('It is unknown whether the new token is stored.')
    expect(run.durationMs).toBeLessThan(14_000 + START_UP_MS)
  } finally {
    await servers.close()
  }
}, 30_000)

testWithNameServer(
  `slow name server${reason}: the clean-up ends within 13 seconds (a lookup cannot be ended), and its log names the token that is left`,
  async () => {
    const { nodePath, runMain } = await startNameServer()
    const refused = await runMain({ 'client-secret': '' })
    const token = {
      value: 'a-token-that-was-issued',
      kind: 'access',
      provider: 'genesys',
      revocationBaseUrl: 'https://api.mypurecloud.ie'
    }
    const state = { 'token-1': JSON.stringify(token) }
    const post = await runPost({ ...refused, state }, { post: POST, nodePath })
    expect(post.exitCode).toBe(0)
    expect(post.log).toContain('access token not revoked')
    expect(post.durationMs).toBeLessThan(13_000 + START_UP_MS)
  }
)

testWithNameServer(
  `slow name server${reason}: without an answer, the step ends soon after its timeout`,
  async () => {
    const { queried, runMain } = await startNameServer()
    const run = await runMain({ timeout: '3s' })
    await queried
    expect(run.exitCode).toBe(1)
    expect(run.log).toMatch(/\[(network|timeout)\] POST https:\/\/login\.mypurecloud\.ie/)
    expect(run.durationMs).toBeLessThan(7000 + START_UP_MS)
  }
)

testWithNameServer(`slow name server${reason}: an answer after three seconds is used`, async () => {
  const { runMain } = await startNameServer(3000)
  const run = await runMain({ timeout: '12s' })
  // Nothing listens there, so the name was resolved.
  expect(run.log).toContain('the connection was refused (ECONNREFUSED)')
})

testWithNameServer(`slow name server${reason}: RES_OPTIONS of the workflow is kept`, async () => {
  const { runMain } = await startNameServer(1500)
  const run = await runMain({ timeout: '6s' }, { env: { RES_OPTIONS: 'timeout:1 attempts:1' } })
  expect(run.log).toContain('DNS did not answer (EAI_AGAIN)')
})

testWithNameServer(`slow name server${reason}: a cancelled step ends within seven seconds`, async () => {
  const { queried, runMain } = await startNameServer()
  let cancelledAt = 0
  const signalAfter = queried.then(() => {
    cancelledAt = Date.now()
  })
  const run = await runMain({}, { signalAfter })
  expect([run.exitCode, run.signal]).toEqual([1, null])
  expect(Date.now() - cancelledAt).toBeLessThan(7000)
})

// Half of the jobs fit into a window, and a window is shorter than the shortest first wait of 5 s. So a job that is
// refused once gets its token on the second request, after 15 s at most.
test.concurrent.each(['fixed-window', 'bucket'] as const)(
  'six jobs at one moment, throttled by %s: each gets a token, with two requests at most',
  async kind => {
    const clients = Array.from({ length: JOBS }, (_, index) => ({ id: `crowd-${index}` }))
    const throttle = { kind, perWindow: JOBS, windowMs: 4000, takenByOthers: 0.5 }
    // The first requests come at the same moment: time stands still for them, and no response is sent before all jobs have
    // started, which takes a while.
    let requestCount = 0
    const clock = () => (requestCount <= JOBS ? 0 : Date.now())
    const genesys = await startGenesys({ clients, throttle, clock })
    const haveAllStarted = new Promise<void>(resolve => {
      genesys.intercept = async () => {
        requestCount += 1
        if (requestCount >= JOBS) resolve()
        await haveAllStarted
        return false
      }
    })
    try {
      const limits = { timeout: '60s', 'attempt-timeout': '60s' }
      const runs = clients.map(({ id }) => main(genesys, { ...GENESYS, 'client-id': id, ...limits }))
      for (const { exitCode, outputs } of await Promise.all(runs))
        expect([exitCode, outputs['error-code']]).toEqual([0, undefined])
      const ids = genesys.requests.map(request => basicCredentials(request)?.id)
      const counts = clients.map(({ id }) => ids.filter(other => other === id).length)
      expect(counts.sort()).toEqual(clients.map((_, index) => (index < JOBS / 2 ? 1 : 2)))
    } finally {
      await genesys.close()
    }
  }
)
