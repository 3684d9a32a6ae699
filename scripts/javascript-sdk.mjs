/**
 * Checks the emulator of Genesys Cloud with the official JavaScript SDK: it logs in through a gateway, reads its token
 * and deletes it. Not part of `npm cit`, because the SDK is large; it is installed into a temporary folder.
 *
 *     node scripts/javascript-sdk.mjs
 */
import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GENESYS_CLIENT, startGenesys } from '../emulator/genesys.mjs'

const SDK = 'purecloud-platform-client-v2@262.0.0'

const folder = mkdtempSync(join(tmpdir(), 'javascript-sdk-'))
const genesys = await startGenesys({ loginPath: '/login', apiPath: '/api-gateway' })
try {
  const install = ['install', '--silent', '--no-audit', '--prefix', folder, SDK]
  execFileSync('npm', install, { stdio: 'inherit', timeout: 300_000 })
  const sdk = createRequire(join(folder, 'package.json'))('purecloud-platform-client-v2')
  const client = sdk.ApiClient.instance
  const paths = { path_params_login: 'login', path_params_api: 'api-gateway' }
  client.setGateway({ host: '127.0.0.1', protocol: 'http', port: genesys.port, ...paths })
  await client.loginClientCredentialsGrant(GENESYS_CLIENT.id, GENESYS_CLIENT.secret)
  const token = await new sdk.TokensApi().getTokensMe({ preserveIdleTTL: true })
  assert.equal(token.organization.name, GENESYS_CLIENT.organization.name)
  await new sdk.TokensApi().deleteTokensMe()
  const requests = genesys.requests.map(({ method, path, status }) => `${method} ${path} ${status}`)
  assert.deepEqual(requests, [
    'POST /login/oauth/token 200',
    'GET /api-gateway/api/v2/tokens/me?preserveIdleTTL=true 200',
    'DELETE /api-gateway/api/v2/tokens/me 200'
  ])
  assert.ok([...genesys.tokens.values()].every(({ revoked }) => revoked))
  console.log(`${SDK} logged in, read its token and deleted it.`)
} finally {
  await genesys.close()
  rmSync(folder, { recursive: true, force: true })
}
