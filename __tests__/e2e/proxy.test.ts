import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/index.mjs'
import { systemClock } from '../../src/lib/clock.js'
import { type Certified, certify } from '../support/certificates.js'
import { describeWith, isInstalled } from '../support/programs.js'
import { type ForwardProxy, type ProxyUser, startOpenProxy, startTinyproxy } from '../support/proxy.js'
import { cleanup, runAction, runPost } from '../support/runner.mjs'
import { openSession } from '../support/session.js'
import { freePort, startSocketServer } from '../support/sockets.js'

/**
 * An address of this machine for which the HTTP client uses a proxy. It uses none for `localhost`, `127.…` and `[::1]`,
 * and its tunnel cannot connect to an IPv6 literal.
 */
const HOST = '0.0.0.0'
const MAIN = fileURLToPath(new URL('../../dist/main/index.js', import.meta.url))
const POST = fileURLToPath(new URL('../../dist/post/index.js', import.meta.url))
const USER: ProxyUser = { name: 'proxy-user.7', password: 'proxy_Pass-w0rd.42' }

const without = ['tinyproxy', 'openssl'].filter(program => !isInstalled(program))
const reason = without.length > 0 ? ` (skipped: ${without.join(' and ')} not on PATH)` : ''
const describeProxied = describeWith('tinyproxy', 'openssl')
const describeTls = describeWith('openssl')

type Platform = Awaited<ReturnType<typeof startGenesys>>
type Run = Awaited<ReturnType<typeof runAction>>

let authority: Certified
let platform: Platform
const proxies: Pick<ForwardProxy, 'close'>[] = []

const opened = <T extends Pick<ForwardProxy, 'close'>>(proxy: T): T => {
  proxies.push(proxy)
  return proxy
}

beforeAll(async () => {
  if (without.includes('openssl')) return
  authority = certify(`IP:${HOST}`)
  platform = await startGenesys({ tls: authority.good })
})
afterEach(async () => {
  platform?.forget()
  for (const proxy of proxies.splice(0)) await proxy.close()
})
afterAll(async () => {
  await platform?.close()
  authority?.remove()
  cleanup()
})

describeProxied(`through Tinyproxy${reason}`, () => {
  test.each([
    ['HTTPS_PROXY', 'http://'],
    ['https_proxy', 'http://'],
    ['HTTPS_PROXY', '']
  ])('%s=%s…: the exchange goes through the proxy', async (name, scheme) => {
    const proxy = opened(await startTinyproxy())
    expectGranted(await exchange({ [name]: `${scheme}${proxy.host}` }))
    expect(proxy.connects()).toEqual([target()])
  })

  test('credentials in the variable are sent by the exchange and by the post step, which revokes the token', async () => {
    const proxy = opened(await startTinyproxy(USER))
    const env = { HTTPS_PROXY: `http://${USER.name}:${USER.password}@${proxy.host}` }
    const run = await exchange(env)
    expectGranted(run)
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: authority.authorityFile }
    const post = await runPost(run, { post: POST, env: trusting })
    expect({ exitCode: post.exitCode, stderr: post.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(platform.tokens.get(run.outputs['token'] ?? '')?.revoked).toBe(true)
    expect(proxy.connects()).toEqual([target(), target()])
    for (const one of [run, post]) expectAbsent(one, [USER.name, USER.password, basic(USER)])
  })

  test.each([
    // Tinyproxy answers 401; most other proxies answer 407 again.
    ['wrong credentials', 401, { name: USER.name, password: 'not-the-proxy-password' }],
    ['no credentials', 407, undefined]
  ])(
    '%s: no retry after %i, and the message names the proxy without credentials',
    async (_, status, user) => {
      const proxy = opened(await startTinyproxy(USER))
      const credentials = user ? `${user.name}:${user.password}@` : ''
      const run = await exchange({ HTTPS_PROXY: `http://${credentials}${proxy.host}` })
      expectFailed(run, 'network')
      expect(run.log).toContain(
        `POST https://${target()}/oauth/token failed: the proxy answered ${status} to CONNECT, through the proxy ${proxy.host}, 1 attempt.`
      )
      expect(run.log).toContain('its user or password in that variable is wrong or missing')
      expect(proxy.connects()).toEqual([target()])
      expect(platform.connections).toBe(0)
      if (user) expectAbsent(run, [user.name, user.password, basic(user)])
    }
  )

  test.each([
    ['NO_PROXY', HOST],
    ['no_proxy', `example.com,${HOST}`],
    ['NO_PROXY', '*']
  ])('%s=%s bypasses the proxy', async (name, value) => {
    expectGranted(await exchange({ HTTPS_PROXY: `http://127.0.0.1:${await freePort()}`, [name]: value }))
    expect(platform.requests).toHaveLength(1)
  })

  test('HTTP_PROXY is not used for https', async () => {
    expectGranted(await exchange({ HTTP_PROXY: `http://127.0.0.1:${await freePort()}` }))
  })

  test('a certificate of an unknown authority is rejected, also with NODE_TLS_REJECT_UNAUTHORIZED=0, and the hint names the variable', async () => {
    const proxy = opened(await startTinyproxy())
    const env = { HTTPS_PROXY: `http://${proxy.host}`, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    const run = await exchange(env, { authority: false })
    expectFailed(run, 'tls')
    expect(run.log).toContain(
      `its certificate was issued by an authority that the runner does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE), through the proxy ${proxy.host}, 1 attempt.`
    )
    expect(run.log).toContain('NODE_EXTRA_CA_CERTS')
    expect(proxy.connects()).toEqual([target()])
    expect(platform.requests).toEqual([])
  })

  test.each(['HTTP_PROXY', 'http_proxy'])('%s is used for http', async name => {
    // In this process, because base-url allows http only on loopback, for which the client uses no proxy.
    const proxy = opened(await startTinyproxy(USER))
    const plain = await startGenesys()
    const { session } = openSession({ clock: systemClock })
    process.env[name] = `http://${USER.name}:${USER.password}@${proxy.host}`
    try {
      const url = new URL(`http://${HOST}:${plain.port}/api/v2/tokens/me`)
      expect((await session.send({ method: 'GET', url, headers: {} })).status).toBe(401)
      expect(proxy.connects()).toEqual([url.host])
    } finally {
      delete process.env[name]
      session.close()
      await plain.close()
    }
  })
})

describeTls(`proxies in trouble${without.includes('openssl') ? reason : ''}`, () => {
  test('special characters in credentials are decoded', async () => {
    const proxy = opened(await startOpenProxy())
    const user = { name: 'müller@example', password: 'p@ss:w/rd%?#&+ =' }
    const [name, password] = [encodeURIComponent(user.name), encodeURIComponent(user.password)]
    const run = await exchange({ HTTPS_PROXY: `http://${name}:${password}@${proxy.host}` })
    expectGranted(run)
    expect(proxy.authorizations).toEqual([`Basic ${basic(user)}`])
    expectAbsent(run, [user.name, user.password, basic(user), name, password])
  })

  test('a proxy that is down: retried, then named without its credentials', async () => {
    const host = `127.0.0.1:${await freePort()}`
    const run = await exchange(
      { HTTPS_PROXY: `http://${USER.name}:${USER.password}@${host}` },
      { inputs: { 'max-attempts': '2' } }
    )
    expectFailed(run, 'network')
    expect(run.log).toContain(
      `the proxy was not reached (ECONNREFUSED), through the proxy ${host}, 2 attempts.`
    )
    expect(platform.connections).toBe(0)
    expectAbsent(run, [USER.name, USER.password, basic(USER)])
  })

  test('a proxy that never answers does not keep the process alive', async () => {
    const proxy = opened(await startSocketServer(() => {}))
    const limits = { timeout: '1s', 'attempt-timeout': '1s' }
    const run = await exchange({ HTTPS_PROXY: `http://${proxy.host}` }, { inputs: limits })
    expectFailed(run, 'timeout')
    expect(run.log).toContain(`, through the proxy ${proxy.host}, `)
    expect(run.durationMs).toBeLessThan(8000)
  })
})

describeTls(`certificates without a proxy${without.includes('openssl') ? reason : ''}`, () => {
  test('NODE_TLS_REJECT_UNAUTHORIZED does not turn the check off', async () => {
    expectFailed(await exchange({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, { authority: false }), 'tls')
    expect(platform.requests).toEqual([])
  })

  test('nor does it in the post step', async () => {
    const run = await exchange({})
    expectGranted(run)
    const post = await runPost(run, { post: POST, env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
    expect({ exitCode: post.exitCode, stderr: post.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(post.log).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(platform.tokens.get(run.outputs['token'] ?? '')?.revoked).toBe(false)
  })
})

function exchange(
  env: Record<string, string>,
  { authority: trusted = true, inputs = {} }: { authority?: boolean; inputs?: Record<string, string> } = {}
): Promise<Run> {
  return runAction({
    main: MAIN,
    env: { ...env, ...(trusted ? { NODE_EXTRA_CA_CERTS: authority.authorityFile } : {}) },
    inputs: {
      provider: 'genesys',
      region: 'eu-west-1',
      'client-id': GENESYS_CLIENT.id,
      'client-secret': GENESYS_CLIENT.secret,
      'base-url': `https://${target()}`,
      ...inputs
    }
  })
}

function target(): string {
  return `${HOST}:${platform.port}`
}

/** Nothing may be on stderr, above all no deprecation warning, which the client's tunnel would cause. */
function expectGranted(run: Run): void {
  expect({ exitCode: run.exitCode, stderr: run.stderr, log: run.log }).toEqual({
    exitCode: 0,
    stderr: '',
    log: expect.stringContaining('Received: access token')
  })
  expect(platform.tokens.has(run.outputs['token'] ?? '')).toBe(true)
}

function expectFailed(run: Run, code: string): void {
  expect(run.outputs).toEqual({ 'error-code': code })
  expect(run.log).toContain(`[${code}]`)
  expect({ exitCode: run.exitCode, stderr: run.stderr }).toEqual({ exitCode: 1, stderr: '' })
  expectAbsent(run, [GENESYS_CLIENT.secret])
}

/** The secrets are in no stream and in no file of the job, except in masks. */
function expectAbsent(run: Run, secrets: readonly string[]): void {
  const lines = run.stdout
    .split('\n')
    .filter(line => !line.startsWith('::add-mask::'))
    .join('\n')
  const files = readdirSync(run.jobDir, { recursive: true })
    .map(file => join(run.jobDir, String(file)))
    .filter(file => statSync(file).isFile())
  const everything = [lines, run.stderr, run.log, ...files.map(file => readFileSync(file, 'utf8'))].join('\n')
  for (const secret of secrets) expect(everything).not.toContain(secret)
}

function basic({ name, password }: ProxyUser): string {
  return Buffer.from(`${name}:${password}`).toString('base64')
}
