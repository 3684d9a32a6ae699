import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { startCxone } from '../../emulator/cxone.mjs'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { startHostProxy } from '../../emulator/proxy.mjs'
import { CXONE_ISSUERS } from '../../src/auth/cxone/hosts.js'
import { GENESYS_REGIONS } from '../../src/auth/genesys/regions.js'
import { describeWith } from '../support/programs.js'

describeWith('openssl')('scripts/canary.mjs', () => {
  let folder: string
  let genesys: GenesysEmulator
  let issuers: Awaited<ReturnType<typeof startCxone>>[]
  let github: Server
  let issues: { number: number; title: string; body: string }[]
  let requests: string[]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'canary-'))
    genesys = await startGenesys({ clients: [] })
    issuers = await Promise.all(CXONE_ISSUERS.map(host => startCxone({ issuer: `https://${host}` })))
    github = createServer(async (request, response) => {
      requests.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`)
      const chunks = await request.toArray()
      const content = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {}
      if (request.headers.authorization !== 'Bearer made-up-token') response.statusCode = 401
      else if (request.method === 'POST') issues.push({ number: issues.length + 1, ...content })
      else if (request.method === 'PATCH') Object.assign(issues.at(-1) ?? {}, content)
      response.end(JSON.stringify(request.method === 'GET' ? issues : issues.at(-1)))
    }).listen(0, '127.0.0.1')
    await once(github, 'listening')
  })
  beforeEach(() => {
    genesys.forget()
    issues = [{ number: 1, title: 'Something else', body: '' }]
    requests = []
  })
  afterAll(async () => {
    github.close()
    for (const server of [genesys, ...issuers]) await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the script where these hosts do not exist and the SDK has this list. Returns what it printed. */
  async function run(sdk: readonly { code: string; domain: string }[], missing: readonly string[] = []) {
    const hosts = [
      ...GENESYS_REGIONS.map(({ domain }) => [`login.${domain}:443`, genesys.origin]),
      ...CXONE_ISSUERS.map((host, index) => [`${host}:443`, issuers[index]?.origin ?? ''])
    ].filter(([host = '']) => !missing.includes(host.replace(':443', '')))
    const proxy = await startHostProxy(Object.fromEntries(hosts))
    const file = join(folder, 'PureCloudRegionHosts.js')
    const lines = sdk.map(({ code, domain }) => `\t${code.replaceAll('-', '_')}: '${domain}',`)
    writeFileSync(file, ['export default {', ...lines, '};', ''].join('\n'))
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'scripts/canary.mjs', file],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env['PATH'],
          HTTPS_PROXY: proxy?.url,
          NODE_EXTRA_CA_CERTS: proxy?.authority,
          GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
          GITHUB_SERVER_URL: 'https://github.com',
          GITHUB_REPOSITORY: 'org/cc-token-action',
          GITHUB_RUN_ID: '42',
          GITHUB_TOKEN: 'made-up-token'
        }
      }
    )
    const output = (await child.stdout.setEncoding('utf8').toArray()).join('')
    await proxy?.close()
    return output
  }

  test('asks every host once, and writes no issue if all answer as expected', async () => {
    expect(await run(GENESYS_REGIONS)).toBe('Everything is as expected.\n')
    expect(genesys.requests.map(({ path }) => path)).toEqual(GENESYS_REGIONS.map(() => '/oauth/token'))
    for (const { requests } of issuers) {
      expect(requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/auth/token'])
    }
    expect(requests).toEqual([])
  }, 60_000)

  test('opens one issue about what differs, and replaces its text the next time', async () => {
    const sdk = [...GENESYS_REGIONS.slice(1), { code: 'af-south-1', domain: 'afs1.pure.cloud' }]
    genesys.intercept = ({ headers }, response) => {
      if (headers.host !== 'login.mypurecloud.de') return false
      response.writeHead(401, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ error: 'unauthorized_client', error_description: 'no' }))
      return true
    }
    const output = await run(sdk, ['login.mypurecloud.ie', CXONE_ISSUERS[0] ?? ''])
    genesys.intercept = undefined
    const differences = [
      /^Region af-south-1: the SDK has afs1\.pure\.cloud, this action none\.$/m,
      /^Region us-east-1: the SDK has none, this action mypurecloud\.com\.$/m,
      /^cxone\.niceincontact\.com: expected credentials-rejected , got network\. .*403/m,
      /^login\.mypurecloud\.de: expected credentials-rejected invalid_client, got /m,
      /^login\.mypurecloud\.ie: expected credentials-rejected invalid_client, got network\. .*403/m
    ]
    for (const difference of differences) expect(output).toMatch(difference)
    expect(output.trim().split('\n')).toHaveLength(differences.length)
    expect(issues).toHaveLength(2)
    expect(issues[1]?.body).toContain('- Region af-south-1: the SDK has afs1.pure.cloud')
    expect(issues[1]?.body).toContain('https://github.com/org/cc-token-action/actions/runs/42')

    await run(GENESYS_REGIONS.slice(1))
    expect(issues).toHaveLength(2)
    expect(issues[1]?.body).toMatch(/found:\n\n- Region us-east-1: .*\n\n\[Log/)
  }, 60_000)
})
