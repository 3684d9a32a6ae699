import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { NAME, REPOSITORY, type Servers, startServers } from '../support/rotation.js'
import { cleanup } from '../support/runner.mjs'

const INPUTS = { timeout: '8s', 'attempt-timeout': '1s', 'max-attempts': '2' }

let servers: Servers
beforeEach(async () => {
  servers = await startServers()
})
afterEach(() => servers.close())
afterAll(cleanup)

/** Returns for each token whether it is revoked, in the order of issue. */
const revoked = () => [...servers.genesys.tokens.values()].map(token => token.revoked)

test('a token that was certainly not sent to GitHub is revoked, although GitHub is down', async () => {
  const { genesys, github } = servers
  // Each request has a connection of its own: the PUT must not be sent on one that is about to be closed.
  github.intercept = (_, response) => {
    response.setHeader('Connection', 'close')
    return false
  }
  genesys.intercept = async ({ path }) => {
    // From here on, every connection to GitHub is refused.
    if (path.startsWith('/api/v2/tokens/me')) await github.close()
    return false
  }
  const run = await servers.rotate(INPUTS)
  expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'network' }])
  expect(revoked()).toEqual([true])
  expect(run.log).toContain('The stored token is unchanged; the new one was revoked.')
}, 30_000)

test('a token that GitHub stores after the last attempt timed out is not revoked', async () => {
  const { github } = servers
  await servers.storeOldToken()
  let puts = 0
  github.intercept = ({ method }) => {
    if (method !== 'PUT') return false
    puts += 1
    // Neither attempt gets a response. GitHub carries the last one out when it is no longer awaited.
    if (puts === 2) setTimeout(() => github.putSecret(NAME, REPOSITORY, 'stored late'), 2500)
    return true
  }
  const run = await servers.rotate(INPUTS)
  expect([run.exitCode, run.outputs['rotated'], puts]).toEqual([0, 'true', 2])
  expect(revoked()).toEqual([false, false])
}, 30_000)
