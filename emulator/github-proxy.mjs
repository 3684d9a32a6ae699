/**
 * GitHub's API as a step on a real runner reaches it. The runner sets GITHUB_API_URL itself and lets no workflow
 * change it, so the stand-in takes the place of that very host: behind a forward proxy, with a certificate of an
 * authority of our own.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, request as send } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GITHUB_TOKEN_FOR_ALL, startGithub } from './github/index.mjs'

/** A token that may read and not write, for the failure that people meet first. */
const TOKEN_THAT_READS = 'github_pat_emulated_22ReadOnly0aBcDeFgHiJkL'

/**
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<{addresses: Record<string, string>, close: () => Promise<void>}>}
 */
export async function startGithubBehindProxy(env) {
  const { hostname, port, pathname } = new URL(env['GITHUB_API_URL'] || 'https://api.github.com')
  const repository = env['GITHUB_REPOSITORY'] || 'octo-org/app'
  const github = await startGithub({
    repositories: [{ name: repository, environments: ['production'] }],
    organizations: [repository.split('/')[0] ?? ''],
    tokens: [
      {
        token: GITHUB_TOKEN_FOR_ALL,
        permissions: {
          ...{ secrets: 'write', actions_variables: 'write', environments: 'write' },
          ...{ organization_secrets: 'write', organization_actions_variables: 'write' }
        }
      },
      { token: TOKEN_THAT_READS, permissions: { secrets: 'read', actions_variables: 'read' } }
    ],
    basePath: pathname.replace(/\/$/, '')
  })
  const authority = certify(hostname)
  const front = createHttpsServer(authority.tls, (request, response) => {
    const { method, url, headers } = request
    const onward = send(new URL(url ?? '/', github.url), { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  const proxy = createHttpServer((_request, response) => response.writeHead(405).end())
  const frontPort = await listening(front)
  proxy.on('connect', ({ url }, client) => {
    client.on('error', () => {})
    if (url !== `${hostname}:${port || 443}`) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const target = connect(frontPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    target.on('error', () => client.destroy())
    client.on('close', () => target.destroy())
    client.pipe(target).pipe(client)
  })
  const proxyPort = await listening(proxy)
  return {
    addresses: {
      'github-url': github.url,
      'github-proxy': `http://127.0.0.1:${proxyPort}`,
      'github-authority': authority.file,
      'github-repository': repository,
      'github-token': GITHUB_TOKEN_FOR_ALL,
      'github-token-that-reads': TOKEN_THAT_READS
    },
    close: async () => {
      for (const server of [proxy, front]) {
        server.closeAllConnections()
        server.close()
      }
      await github.close()
      authority.remove()
    }
  }
}

/**
 * A certificate for the host that vouches for itself; only whoever is given its file trusts it. No more is asked
 * of openssl than LibreSSL can do as well, which macOS has under that name.
 *
 * @param {string} hostname
 */
function certify(hostname) {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-emulator-'))
  const file = join(folder, 'authority.pem')
  const keyFile = join(folder, 'authority.key')
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=cc-token-action emulator'
      ],
      ...['-addext', `subjectAltName=DNS:${hostname}`, '-keyout', keyFile, '-out', file]
    ],
    { stdio: 'ignore' }
  )
  return {
    tls: { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8') },
    file,
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {import('node:net').Server} server
 * @returns {Promise<number>}
 */
function listening(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'))
      else resolve(address.port)
    })
  })
}
