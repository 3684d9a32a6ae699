/**
 * Both platforms and GitHub's secrets API on loopback, for whoever wants to try the action without an account,
 * and for the integration workflow. Needs Node 20 or newer, and openssl for the rotate action's part.
 *
 *     node emulator/cli.mjs                runs until Ctrl-C; prints the addresses and the credentials
 *     node emulator/cli.mjs --background   returns as soon as all answer; the process goes on for an hour
 *
 * In a workflow the addresses and credentials become outputs of the step (GITHUB_OUTPUT). They are constants
 * that open nothing outside this repository.
 */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apiOf } from './api.mjs'
import { startGithubBehindProxy } from './github-proxy.mjs'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from './index.mjs'

/** @typedef {Record<string, string>} Addresses */

/**
 * Starts everything. Each address is an origin; `github-proxy` and `github-authority` are for HTTPS_PROXY and
 * NODE_EXTRA_CA_CERTS of the step that uses the rotate action.
 *
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<{addresses: Addresses, close: () => Promise<void>}>}
 */
export async function startEmulator(env = process.env) {
  const [genesys, withoutTutorial, cxone, github] = await Promise.all([
    startGenesys(),
    startGenesys({ generateOffered: false }),
    startCxone(),
    startGithubBehindProxy(env)
  ])
  genesys.intercept = apiOf(genesys.tokens)
  cxone.intercept = apiOf(cxone.tokens)
  return {
    addresses: {
      'genesys-url': genesys.origin,
      'genesys-url-without-tutorial': withoutTutorial.origin,
      'genesys-region': genesys.region,
      'genesys-client-id': GENESYS_CLIENT.id,
      'genesys-client-secret': GENESYS_CLIENT.secret,
      'genesys-organization-id': GENESYS_CLIENT.organization.id,
      'genesys-service-account-id': GENESYS_SERVICE_ACCOUNT.id,
      'cxone-url': cxone.origin,
      'cxone-area': CXONE_TENANT.area,
      'cxone-tenant-id': CXONE_TENANT.id,
      'cxone-client-id': CXONE_APPLICATION.id,
      'cxone-client-secret': CXONE_APPLICATION.secret,
      'cxone-access-key-id': CXONE_ACCESS_KEY.id,
      'cxone-access-key-secret': CXONE_ACCESS_KEY.secret,
      'cxone-realm-client-id': CXONE_REALM_CLIENT.id,
      'cxone-realm-client-secret': CXONE_REALM_CLIENT.secret,
      ...github.addresses
    },
    close: async () => {
      await Promise.all([genesys, withoutTutorial, cxone, github].map(server => server.close()))
    }
  }
}

/** @param {Addresses} addresses */
function tell(addresses) {
  const lines = Object.entries(addresses).map(([name, value]) => `${name}=${value}\n`)
  process.stdout.write(lines.join(''))
  if (process.env['GITHUB_OUTPUT']) appendFileSync(process.env['GITHUB_OUTPUT'], lines.join(''))
}

/** Starts another process that holds the servers, waits until it is ready, and lets it go. */
function startInBackground() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    detached: true,
    windowsHide: true,
    // Nothing of ours: whoever waits for the end of our output would wait for the child's.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  child.once('message', message => {
    tell({ .../** @type {Addresses} */ (message), pid: String(child.pid) })
    child.disconnect()
    child.unref()
  })
  child.once('exit', code => {
    console.error('The emulator did not start; run it without --background to see why.')
    process.exitCode = code || 1
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--background')) startInBackground()
  else {
    const { addresses, close } = await startEmulator()
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => void close().then(() => process.exit()))
    if (process.send) {
      process.send(addresses)
      // Whoever forgets it is rid of it, too.
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 3_600_000)
    } else tell(addresses)
  }
}
