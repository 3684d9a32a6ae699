/** A job of two steps, each a real run of the committed bundle, against platforms under their real names. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction } from '../../__tests__/support/runner.mjs'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  GENESYS_CLIENT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'
import { leadTo } from './proxy.mjs'

const main = fileURLToPath(new URL('../../dist/main/index.js', import.meta.url))

/**
 * Runs it, with a step for each platform. Needs `openssl`.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}  what each of them wrote for its summary
 */
export async function runJob(folder) {
  const tls = certificate(folder)
  const genesys = await startGenesys({ tls })
  const cxone = await startCxone({ tls })
  const proxy = await leadTo(host => (host.includes('niceincontact') ? cxone.port : genesys.port))
  const env = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') }
  try {
    const steps = [
      {
        provider: 'genesys',
        region: 'eu-west-1',
        'client-id': GENESYS_CLIENT.id,
        'client-secret': GENESYS_CLIENT.secret,
        'allowed-organization-ids': GENESYS_CLIENT.organization.id
      },
      {
        provider: 'cxone',
        region: 'na1',
        'client-id': CXONE_APPLICATION.id,
        'client-secret': CXONE_APPLICATION.secret,
        'access-key-id': CXONE_ACCESS_KEY.id,
        'access-key-secret': CXONE_ACCESS_KEY.secret,
        verify: 'true'
      }
    ]
    const summaries = []
    for (const inputs of steps) {
      const result = await runAction({ main, inputs, env })
      if (result.exitCode !== 0 || result.summary === '') throw new Error(`the step failed:\n${result.log}`)
      summaries.push(result.summary)
    }
    return summaries
  } finally {
    cleanup()
    await Promise.all([proxy, genesys, cxone].map(server => server.close()))
  }
}

/** @param {string} folder */
function certificate(folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['*.mypurecloud.ie', 'cxone.niceincontact.com'].map(name => `DNS:${name}`).join(',')
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const words = ['-subj', '/CN=emulated platforms', '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', ['req', ...kind, ...words, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}
