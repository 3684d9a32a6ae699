import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { seeded } from '../../scripts/lib/seeded.mjs'
import { seed } from '../support/properties.js'
import { liveTokens, postOf, type Servers, startServers, VARIABLE } from '../support/rotation.js'
import { cleanup } from '../support/runner.mjs'

afterAll(cleanup)

/** Only a run that was killed at the exchange, at verify or while it stored may leave a token that is not stored. */
const MAY_LEAVE_A_TOKEN = [5, 6, 7]

/** A server takes up to this long before and after it carries out a request. */
const LONGEST_PAUSE_MS = 25
const LANES = 2
const KILLS_PER_LANE = 10

/** Returns what was wrong after each killed run; empty if nothing was. */
async function killAtRandomMoments(random: () => number): Promise<string[]> {
  const servers = await startServers()
  const pause = async () => {
    await sleep(random() * LONGEST_PAUSE_MS)
    return false
  }
  servers.genesys.intercept = pause
  servers.github.intercept = pause
  servers.github.interceptAfter = pause
  const rotate: Servers['rotate'] = (_, options) =>
    servers.rotate({ 'expiry-variable': VARIABLE, 'previous-token': servers.stored() ?? '' }, options)
  const isValid = () => liveTokens(servers.genesys).includes(servers.stored() ?? '')
  const wrong: string[] = []
  try {
    // Then the variable and the previous token exist, as in all runs that follow.
    let { durationMs } = await rotate()
    for (let kill = 0; kill < KILLS_PER_LANE; kill += 1) {
      const before = servers.stored()
      servers.forgetRequests()
      const killed = await rotate({}, { signal: 'SIGKILL', signalAfter: random() * 1.1 * durationMs })
      const requests = servers.requests().length
      // The servers still carry out what reached them.
      await sleep(3 * LONGEST_PAUSE_MS)
      if (random() < 0.5) await postOf(killed)

      const between = servers.stored()
      const unstored = liveTokens(servers.genesys).filter(token => ![before, between].includes(token))
      const isSecretValid = isValid()
      const next = await rotate()
      durationMs = next.durationMs
      const problems = [
        ...(isSecretValid ? [] : ['the secret is invalid']),
        ...(unstored.length > (MAY_LEAVE_A_TOKEN.includes(requests) ? 1 : 0) ? ['a token is left'] : []),
        ...(next.exitCode === 0 && isValid() && servers.stored() !== between ? [] : ['the next run failed']),
        ...servers.github.violations.map(violation => JSON.stringify(violation))
      ]
      wrong.push(...problems.map(problem => `killed after ${requests} requests: ${problem}`))
      for (const [token, state] of servers.genesys.tokens) state.revoked = token !== servers.stored()
    }
  } finally {
    await servers.close()
  }
  return wrong
}

test('killed at a random moment, the secret contains a valid token, and the next run replaces it', async () => {
  const lanes = Array.from({ length: LANES }, (_, lane) => killAtRandomMoments(seeded(seed + lane)))
  expect({ seed, wrong: (await Promise.all(lanes)).flat() }).toEqual({ seed, wrong: [] })
})
