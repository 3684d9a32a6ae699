/**
 * GitHub's API as a step on a real runner reaches it. A workflow cannot change GITHUB_API_URL. So the emulator takes
 * the place of that host: a forward proxy sends its connections to an HTTPS server with a certificate of our own.
 */
import { createServer as createHttpServer, request as send } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import { createCertificate } from '../certificate.mjs'
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
  const certificate = createCertificate(`DNS:${hostname}`)
  if (!certificate) return { addresses, close: github.close }

  const front = createHttpsServer(certificate.tls, (request, response) => {
    const { method, url, headers } = request
    const forwarded = send(new URL(url ?? '/', github.url), { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    request.pipe(forwarded)
  })
  const frontPort = await listen(front, 0)
  const proxy = createHttpServer((_request, response) => response.writeHead(405).end())
  proxy.on('connect', ({ url }, client) => {
    client.on('error', () => {})
    if (url !== `${hostname}:${apiPort || 443}`) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const target = connect(frontPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    target.on('error', () => client.destroy())
    client.on('close', () => target.destroy())
    client.pipe(target).pipe(client)
  })
  const proxyUrl = `http://127.0.0.1:${await listen(proxy, proxyPort)}`
  return {
    addresses: { ...addresses, 'github-proxy': proxyUrl, 'github-authority': certificate.file },
    close: async () => {
      for (const server of [proxy, front]) {
        server.closeAllConnections()
        server.close()
      }
      await github.close()
      certificate.remove()
    }
  }
}

/**
 * @param {import('node:net').Server} server
 * @param {number} port
 * @returns {Promise<number>}  the port
 */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
    })
  })
}
