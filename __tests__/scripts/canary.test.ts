import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startCxone } from '../../emulator/cxone.mjs'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { startHostProxy } from '../../emulator/proxy.mjs'
import { CXONE_ISSUERS } from '../../src/auth/cxone/hosts.js'
import { GENESYS_REGIONS } from '../../src/auth/genesys/regions.js'
import { describeWith } from '../support/programs.js'

describeWith('openssl')('scripts/canary.mjs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'canary-'))
  const issues = [{ number: 1, title: 'Something else', body: '' }]
  let genesys: GenesysEmulator
  let issuers: Awaited<ReturnType<typeof startCxone>>[]
  let github: Server

  beforeAll(async () => {
    genesys = await startGenesys({ clients: [] })
    issuers = await Promise.all(CXONE_ISSUERS.map(host => startCxone({ issuer: `https://${host}` })))
    github = createServer(async (request, response) => {
      const text = (await request.toArray()).join('')
      if (request.headers.authorization !== 'Bearer made-up-token') response.statusCode = 401
      else if (request.method === 'POST') issues.push({ number: 2, ...JSON.parse(text) })
      else if (request.method === 'PATCH') Object.assign(issues[1] ?? {}, JSON.parse(text))
      response.end(JSON.stringify(request.method === 'GET' ? issues : issues.at(-1)))
    }).listen(0, '127.0.0.1')
    await once(github, 'listening')
  })
  afterAll(async () => {
    github.close()
    for (const server of [genesys, ...issuers]) await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the script where these hosts do not exist and the SDK has this list. Returns what it printed. */
  async function run(sdk: readonly { code: string; domain: string }[], missing: readonly string[] = []) {
    const hosts = [
      ...GENESYS_REGIONS.map(({ domain }) => [`login.${domain}`, genesys.origin] as const),
      ...CXONE_ISSUERS.map((host, index) => [host, issuers[index]?.origin ?? ''] as const)
    ]
    const known = hosts.filter(([host]) => !missing.includes(host))
    const proxy = await startHostProxy(
      Object.fromEntries(known.map(([host, origin]) => [`${host}:443`, origin]))
    )
    const file = join(folder, 'PureCloudRegionHosts.js')
    const lines = sdk.map(({ code, domain }) => `\t${code.replaceAll('-', '_')}: '${domain}',\n`)
    writeFileSync(file, `export default {\n${lines.join('')}};\n`)
    const child = spawn(process.execPath, ['scripts/canary.mjs', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        NODE_NO_WARNINGS: '1',
        HTTPS_PROXY: proxy?.url,
        NODE_EXTRA_CA_CERTS: proxy?.authority,
        GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'org/cc-token-action',
        GITHUB_RUN_ID: '42',
        GITHUB_TOKEN: 'made-up-token'
      }
    })
    const output = (await child.stdout.setEncoding('utf8').toArray()).join('')
    await proxy?.close()
    return output
  }

  test('asks every host once, and writes no issue if all answer as expected', async () => {
    expect(await run(GENESYS_REGIONS)).toBe('Everything is as expected.\n')
    expect(genesys.requests.map(({ path }) => path)).toEqual(GENESYS_REGIONS.map(() => '/oauth/token'))
    for (const { requests } of issuers)
      expect(requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/auth/token'])
    expect(issues).toHaveLength(1)
  })

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
    expect(output.trim().split('\n')).toEqual([
      'Region af-south-1: the SDK has afs1.pure.cloud, this action none.',
      'Region us-east-1: the SDK has none, this action mypurecloud.com.',
      expect.stringMatching(
        /^cxone\.niceincontact\.com: expected credentials-rejected , got network\. .*403/
      ),
      expect.stringMatching(/^login\.mypurecloud\.de: expected credentials-rejected invalid_client, got /),
      expect.stringMatching(/^login\.mypurecloud\.ie: .* invalid_client, got network\. .*403/)
    ])
    const body = `The weekly check found:\n\n- ${output.trim().replaceAll('\n', '\n- ')}\n\n`
    const log = '[Log of the run](https://github.com/org/cc-token-action/actions/runs/42)'
    expect(issues.slice(1)).toMatchObject([{ body: body + log }])

    await run(GENESYS_REGIONS.slice(1))
    expect(issues.slice(1)).toMatchObject([
      { body: expect.stringMatching(/found:\n\n- Region us-east-1: .*\n\n\[Log/) }
    ])
  })
})
