import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { seeded } from '../../scripts/seeded.mjs'
import { seed } from '../support/properties.js'
import { alive, NAME, openStage, postOf, type Stage, VARIABLE } from '../support/rotation.js'
import { cleanup } from '../support/runner.mjs'

afterAll(cleanup)

/** What a rotation asks for, in order. */
const REQUESTS = [
  'nothing',
  'public key',
  'age of the secret',
  'variable',
  'variable, to test writing',
  'token',
  'owner of the token',
  'storing',
  'variable, after storing',
  'owner of the previous token',
  'revoking the previous token',
  'age of the secret again'
]

/** Only a kill after one of these requests may leave a new token that is stored nowhere. */
const MAY_LEAVE_A_TOKEN = ['token', 'owner of the token', 'storing']

/** A server takes up to this long before and after it carries out a request. */
const LONGEST_PAUSE_MS = 25
const LANES = 3
const KILLS_PER_LANE = 7

/** What a killed run left. */
interface Left {
  readonly lastRequest: string
  readonly secretWorks: boolean
  /** New tokens that live and are stored nowhere. */
  readonly lostTokens: number
  /** Whether the next run succeeded and the secret holds another token that works. */
  readonly setRight: boolean
  readonly violations: readonly unknown[]
}

async function killAtRandomMoments(random: () => number): Promise<Left[]> {
  const stage = await openStage()
  const pause = async () => {
    await sleep(random() * LONGEST_PAUSE_MS)
    return false
  }
  stage.genesys.intercept = pause
  stage.github.intercept = pause
  stage.github.interceptAfter = pause
  const rotate: Stage['rotate'] = (_, options) =>
    stage.rotate({ 'expiry-variable': VARIABLE, 'previous-token': stage.stored() ?? '' }, options)
  const works = () => alive(stage.genesys).includes(stage.stored() ?? '')
  const all: Left[] = []
  try {
    // After two runs, the variable and the previous token exist, as in all runs that follow.
    await rotate()
    let { durationMs } = await rotate()
    for (let kill = 0; kill < KILLS_PER_LANE; kill += 1) {
      const before = stage.stored()
      stage.forget()
      const killed = await rotate({}, { signal: 'SIGKILL', signalAfter: random() * 1.1 * durationMs })
      const lastRequest = REQUESTS[stage.asked().length] ?? 'too many requests'
      // The servers still carry out what reached them.
      await sleep(3 * LONGEST_PAUSE_MS)
      if (random() < 0.5) await postOf(killed)

      const secretWorks = works()
      const orphans = alive(stage.genesys).filter(token => token !== stage.stored())
      const between = stage.stored()
      for (const token of orphans) Object.assign(stage.genesys.tokens.get(token) ?? {}, { revoked: true })
      const next = await rotate()
      durationMs = next.durationMs
      all.push({
        lastRequest,
        secretWorks,
        lostTokens: orphans.filter(token => token !== before).length,
        setRight: next.exitCode === 0 && works() && stage.stored() !== between,
        violations: [...stage.github.violations]
      })
    }
  } finally {
    await stage.close()
  }
  return all
}

test(`killed at a random moment, the secret ${NAME} holds a token that works, and the next run sets it right`, async () => {
  const lanes = Array.from({ length: LANES }, (_, lane) => killAtRandomMoments(seeded(seed + lane)))
  const all = (await Promise.all(lanes)).flat()
  const wrong = all.filter(
    ({ secretWorks, setRight, lostTokens, lastRequest, violations }) =>
      !secretWorks ||
      !setRight ||
      violations.length > 0 ||
      lostTokens > (MAY_LEAVE_A_TOKEN.includes(lastRequest) ? 1 : 0)
  )
  expect({ seed, wrong }).toEqual({ seed, wrong: [] })
  expect(all).toHaveLength(LANES * KILLS_PER_LANE)
}, 60_000)
