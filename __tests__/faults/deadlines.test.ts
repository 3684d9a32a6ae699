import { expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { systemClock } from '../../src/lib/clock.js'
import { exchange } from '../support/requests.js'
import { openSession } from '../support/session.js'
import { GENERATE, LOGIN, requestOf, startFaulty, TARGETS, type Target } from './cells.js'
import { FAULTS, type Fault, faultNamed } from './faults.js'

const TIMEOUT_MS = 1500
/** How late a deadline may be kept on a busy machine. */
const TOLERANCE_MS = 3000

/** Runs an exchange with the real clock. Returns the error code and how long it took. */
async function run(at: Target, fault: Fault, attemptTimeoutMs: number): Promise<[string, number]> {
  const platform = await startFaulty(at, fault)
  const limits = { timeoutMs: TIMEOUT_MS, attemptTimeoutMs, maxAttempts: 10 }
  const { session, events } = openSession({ clock: systemClock, ...limits })
  const started = performance.now()
  const code = await exchange(requestOf(at, platform.origin), session, events).then(
    () => 'granted',
    error => (error instanceof ActionError ? error.code : String(error))
  )
  const tookMs = performance.now() - started
  session.close()
  await platform.close()
  return [code, tookMs]
}

const ENDLESS = FAULTS.filter(({ isSlow }) => isSlow)
const LONG = 60_000

test.each<[string, [Target, Fault, number][], string]>([
  ['faults without an end: one attempt', ENDLESS.map(fault => [LOGIN, fault, LONG]), 'timeout'],
  ['faults without an end: short attempts', ENDLESS.map(fault => [LOGIN, fault, 300]), 'timeout'],
  ['faults without an end at generate', ENDLESS.map(fault => [GENERATE, fault, LONG]), 'timeout'],
  [
    'silence at any request',
    TARGETS.filter(({ isOptional }) => !isOptional).map(at => [
      at,
      faultNamed('silence after the request'),
      LONG
    ]),
    'timeout'
  ],
  ['waits after a failure', [[LOGIN, faultNamed('500'), LONG]], 'unavailable'],
  ['waits after throttling', [[LOGIN, faultNamed('429 without Retry-After'), LONG]], 'rate-limited']
])('No exchange takes longer than the timeout: %s', async (_, cells, code) => {
  const ended = await Promise.all(cells.map(cell => run(...cell)))
  expect(ended.map(([one]) => one)).toEqual(cells.map(() => code))
  for (const [, tookMs] of ended) expect(tookMs).toBeLessThan(TIMEOUT_MS + TOLERANCE_MS)
})
