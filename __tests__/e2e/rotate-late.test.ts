import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { GITHUB_TOKEN_FOR_ALL, startGithub } from '../../emulator/github/index.mjs'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/index.mjs'
import { cleanup, runAction } from '../support/runner.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const place = { repository: 'octo-org/app' }
const NAME = 'GENESYS_TOKEN'

const open: { close(): Promise<void> }[] = []

async function start() {
  const [platform, github] = await Promise.all([startGenesys(), startGithub()])
  open.push(platform, github)
  return { platform, github }
}

afterEach(() => Promise.all(open.splice(0).map(server => server.close())))
afterAll(cleanup)

function rotate(githubUrl: string, platformUrl: string) {
  return runAction({
    main: join(root, 'dist', 'rotate', 'index.js'),
    action: join(root, 'rotate', 'action.yml'),
    env: { GITHUB_API_URL: githubUrl, GITHUB_REPOSITORY: place.repository },
    inputs: {
      provider: 'genesys',
      region: 'eu-west-1',
      'client-id': GENESYS_CLIENT.id,
      'client-secret': GENESYS_CLIENT.secret,
      'base-url': platformUrl,
      'secret-name': NAME,
      'github-token': GITHUB_TOKEN_FOR_ALL,
      timeout: '8s',
      'attempt-timeout': '1s',
      'max-attempts': '2'
    }
  })
}

test('a token that never left for GitHub is revoked, although GitHub cannot be asked', async () => {
  const { platform, github } = await start()
  // Each request has a connection of its own: one that was kept could take the PUT before it is known to be closed.
  github.intercept = (_, response) => {
    response.setHeader('Connection', 'close')
    return false
  }
  platform.intercept = async ({ path }) => {
    // From here on nobody listens where GitHub was: the PUT cannot be sent, nor the secret's date be read.
    if (path.startsWith('/api/v2/tokens/me')) await github.close()
    return false
  }
  const ran = await rotate(github.url, platform.origin)
  expect([ran.exitCode, ran.outputs['error-code'], ran.outputs['rotated']]).toEqual([1, 'network', 'false'])
  expect([...platform.tokens.values()].map(({ revoked }) => revoked)).toEqual([true])
  expect(ran.log).toContain('The secret is as it was; the new token is revoked.')
}, 30_000)

test('a token that GitHub stores after the request was given up lives on', async () => {
  const { platform, github } = await start()
  github.putSecret(NAME, place, 'the-token-of-yesterday', { updatedAt: Date.now() - 86_400_000 })
  let puts = 0
  github.intercept = ({ method }) => {
    if (method !== 'PUT') return false
    puts += 1
    // Both attempts are left without an answer; what the last one asked for is done when nobody waits any more.
    if (puts === 2) setTimeout(() => github.putSecret(NAME, place, 'stored late'), 2500)
    return true
  }
  const ran = await rotate(github.url, platform.origin)
  expect([ran.exitCode, ran.outputs['rotated'], puts]).toEqual([0, 'true', 2])
  expect([...platform.tokens.values()].map(({ revoked }) => revoked)).toEqual([false])
}, 30_000)
