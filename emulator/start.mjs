/** Starts both platforms and GitHub's API together. */
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  startCxone
} from './cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, startGenesys } from './genesys.mjs'
import { startGithubBehindProxy } from './github/proxy.mjs'
import { cxoneOptions, GATEWAY, genesysOptions } from './modes.mjs'

/** How many ports in a row `startEmulator` uses if it is given the first. */
export const PORT_COUNT = 5

/**
 * Returns addresses and credentials by name. Rejects if a port is taken.
 *
 * @param {object} [options]
 * @param {number} [options.port]  the first of five in a row; default: free ports
 * @param {string[]} [options.modes]  of the platforms; see `modes.mjs`
 * @param {Record<string, string | undefined>} [options.env]  of the runner
 * @returns {Promise<{addresses: Record<string, string>, close: () => Promise<void>}>}
 */
export async function startEmulator({ port, modes = [], env = process.env } = {}) {
  const portAt = (/** @type {number} */ index) => (port === undefined ? 0 : port + index)
  /** @type {(() => Promise<void>)[]} */
  const closers = []
  const close = async () => void (await Promise.all(closers.map(closeOne => closeOne())))
  try {
    const genesys = await startGenesys({ ...genesysOptions(modes), port: portAt(0) })
    closers.push(genesys.close)
    const cxone = await startCxone({ ...cxoneOptions(modes), port: portAt(1) })
    closers.push(cxone.close)
    const github = await startGithubBehindProxy(env, { port: portAt(2), proxyPort: portAt(3) })
    closers.push(github.close)
    const withoutGenerate = await startGenesys({
      ...genesysOptions([]),
      port: portAt(4),
      generateOffered: false
    })
    closers.push(withoutGenerate.close)
    const { apiPath, loginPath } = modes.includes('gateway') ? GATEWAY : { apiPath: '', loginPath: '' }
    const addresses = {
      'genesys-url': genesys.origin + apiPath,
      ...(loginPath && { 'genesys-login-url': genesys.origin + loginPath }),
      'genesys-url-without-generate': withoutGenerate.origin,
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
    }
    return { addresses, close }
  } catch (error) {
    await close()
    throw error
  }
}
