/** Slow addresses, IPv6 literals, slow name servers, and the time that a clean-up takes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { testOnPosix } from '../support/posix.js'
import { startServers } from '../support/rotation.js'
import { cleanup, runAction } from '../support/runner.mjs'

afterAll(cleanup)

const GENESYS = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': 'my-client',
  'client-secret': 'my-client-secret'
}
const TOKEN = JSON.stringify({ access_token: 'made-up-token-0123456789', expires_in: 600 })
const main = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  runAction({ main: 'dist/main/index.js', inputs: { ...GENESYS, 'max-attempts': '1', ...inputs }, env })

test('base-url can be an IPv6 literal', async () => {
  const hosts: unknown[] = []
  const server = createServer((request, response) => {
    hosts.push(request.headers.host)
    response.setHeader('Content-Type', 'application/json')
    response.end(TOKEN)
  })
  await new Promise<void>(resolve => server.listen(0, '::1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const { exitCode, outputs } = await main({ 'base-url': `http://[::1]:${port}` })
    expect([exitCode, outputs['api-url']]).toEqual([0, `http://[::1]:${port}`])
    expect(hosts).toEqual([`[::1]:${port}`])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test.each(['HTTPS_PROXY', 'https_proxy'])('%s as an IPv6 literal is refused by name', async name => {
  const { exitCode, log } = await main({}, { [name]: 'http://user:secret-password@[::1]:3128' })
  expect(exitCode).toBe(1)
  expect(log).toContain(`the proxy in ${name} is an IPv6 address, which is not supported.`)
  expect(log).not.toContain('secret-password')
})

// A stopped process whose backlog is full takes no connection, until it goes on and the client's system tries again.
testOnPosix(
  'an address that connects after a second is waited for, although there is another one',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slow-'))
    const script = join(folder, 'server.mjs')
    const preload = join(folder, 'lookup.mjs')
    writeFileSync(
      script,
      `import { createServer } from 'node:http'
const server = createServer((_, response) => response.end(${JSON.stringify(TOKEN)}))
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)))`
    )
    // The name has two addresses: the slow one, and one that nothing listens at.
    writeFileSync(
      preload,
      `import dns from 'node:dns'
const lookup = dns.lookup
dns.lookup = (host, options, done) => host === 'localhost'
  ? done(null, [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }])
  : lookup(host, options, done)`
    )
    const server = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const fillers: Socket[] = []
    try {
      const port = Number(await new Promise(resolve => server.stdout.once('data', resolve)))
      server.kill('SIGSTOP')
      for (let count = 0; count < 4; count++)
        fillers.push(connect({ port, host: '127.0.0.1' }).on('error', () => {}))
      await sleep(200)
      const started = Date.now()
      const run = main(
        { 'base-url': `http://localhost:${port}` },
        { NODE_OPTIONS: `--import=${pathToFileURL(preload)}` }
      )
      await sleep(600)
      server.kill('SIGCONT')
      for (const filler of fillers) filler.destroy()
      const { exitCode, log } = await run
      expect([exitCode, log]).toEqual([0, expect.stringContaining('Received: access token')])
      expect(Date.now() - started).toBeGreaterThan(700)
    } finally {
      for (const filler of fillers) filler.destroy()
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  }
)

test('rotate ends within ten seconds after its timeout, although neither GitHub nor the platform answers any more', async () => {
  const servers = await startServers()
  try {
    let isSilent = false
    servers.github.intercept = request => {
      if (request.method === 'PUT') isSilent = true
      return isSilent
    }
    servers.genesys.intercept = request => request.method === 'DELETE'
    const run = await servers.rotate({ timeout: '5s', 'attempt-timeout': '4s', 'max-attempts': '1' })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('It is unknown whether the new token is stored.')
    expect(run.durationMs).toBeLessThan(15_000 + 1500)
  } finally {
    await servers.close()
  }
}, 30_000)

test('a rotation that is cancelled while GitHub is silent ends at once', async () => {
  const servers = await startServers()
  try {
    let reached = () => {}
    const put = new Promise<void>(resolve => {
      reached = resolve
    })
    servers.github.intercept = request => {
      if (request.method === 'PUT') reached()
      return request.method === 'PUT'
    }
    const startedAt = Date.now()
    let cancelledAt = 0
    const signalAfter = put.then(() => {
      cancelledAt = Date.now()
    })
    const run = await servers.rotate({}, { signalAfter })
    expect([run.exitCode, cancelledAt > startedAt]).toEqual([1, true])
    expect(Date.now() - cancelledAt).toBeLessThan(7000)
  } finally {
    await servers.close()
  }
})

test('an older date of the secret does not prove that the token is stored', async () => {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    let isPut = false
    servers.github.intercept = (request, response, socket) => {
      if (request.method === 'PUT') {
        isPut = true
        socket.destroy()
        return true
      }
      if (!isPut || !request.path.endsWith('/secrets/CC_TOKEN')) return false
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ name: 'CC_TOKEN', updated_at: '2021-01-01T00:00:00Z' }))
      return true
    }
    const run = await servers.rotate({ 'previous-token': previous, 'max-attempts': '1' })
    expect([run.exitCode, run.outputs['rotated']]).toEqual([1, 'false'])
    expect(run.log).toContain('It is unknown whether the new token is stored.')
    expect(servers.genesys.tokens.get(previous)?.revoked).toBe(false)
  } finally {
    await servers.close()
  }
})
