/**
 * GitHub's API as a step on a real runner reaches it. A workflow cannot change GITHUB_API_URL. So the emulator takes
 * the place of that host, behind a proxy.
 */
import { startHostProxy } from '../proxy.mjs'
import { ALL_PERMISSIONS, GITHUB_TOKEN_FOR_ALL, startGithub } from './index.mjs'

/** A token that may read but not write. */
const READ_ONLY_TOKEN = 'github_pat_emulated_22ReadOnly0aBcDeFgHiJkL'

/**
 * Starts GitHub's API and, if `openssl` is installed, the proxy in front of it.
 * `github-proxy` is for HTTPS_PROXY and `github-authority` for NODE_EXTRA_CA_CERTS of a step that uses `rotate`.
 *
 * @param {Record<string, string | undefined>} env  of the runner
 * @param {{port?: number, proxyPort?: number}} [options]  default: free ports
 * @returns {Promise<{addresses: Record<string, string>, close: () => Promise<void>}>}
 */
export async function startGithubBehindProxy(env, { port = 0, proxyPort = 0 } = {}) {
  const { hostname, port: apiPort, pathname } = new URL(env['GITHUB_API_URL'] || 'https://api.github.com')
  const repository = env['GITHUB_REPOSITORY'] || 'octo-org/app'
  const github = await startGithub({
    port,
    repositories: [{ name: repository, environments: ['production'] }],
    organizations: [repository.split('/')[0] ?? ''],
    tokens: [
      { token: GITHUB_TOKEN_FOR_ALL, permissions: ALL_PERMISSIONS },
      { token: READ_ONLY_TOKEN, permissions: { secrets: 'read', actions_variables: 'read' } }
    ],
    basePath: pathname.replace(/\/$/, '')
  })
  const addresses = {
    'github-url': github.url,
    'github-repository': repository,
    'github-token': GITHUB_TOKEN_FOR_ALL,
    'github-token-that-reads': READ_ONLY_TOKEN
  }
  const proxy = await startHostProxy({ [`${hostname}:${apiPort || 443}`]: github.url }, { port: proxyPort })
  if (!proxy) return { addresses, close: github.close }
  return {
    addresses: { ...addresses, 'github-proxy': proxy.url, 'github-authority': proxy.authority },
    close: async () => void (await Promise.all([proxy.close(), github.close()]))
  }
}
