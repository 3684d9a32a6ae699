import { afterAll, expect, test } from '@jest/globals'
import { runConcurrently } from '../support/concurrently.js'
import { describeOnPosix } from '../support/posix.js'
import { reset, respond } from '../support/respond.js'
import {
  asProcess,
  type Intercepted,
  interceptAll,
  isPut,
  liveTokens,
  postOf,
  rotateWithFault,
  startServers
} from '../support/rotation.js'
import { cleanup } from '../support/runner.mjs'

// Every fault at every request: ../rotate-faults.test.ts, without child processes.

const UNSTORED = '1 unstored token live'

afterAll(cleanup)

/** Rotates, and cancels the job when the interceptor calls `cancel`. Returns the outcome. */
async function cancelled(interceptor: (call: Intercepted, cancel: () => void) => boolean): Promise<string> {
  let cancel = () => {}
  let cancelledAt = 0
  const signalAfter = new Promise<void>(resolve => {
    cancel = () => {
      cancelledAt = Date.now()
      resolve()
    }
  })
  const { outcome } = await rotateWithFault(call => interceptor(call, cancel), asProcess({ signalAfter }))
  expect(Date.now() - cancelledAt).toBeLessThan(7000)
  return outcome
}

describeOnPosix('a job that is cancelled', () => {
  /** The requests of a rotation in order; those that change something also after they are carried out. */
  const MOMENTS: readonly (readonly [number, string, string])[] = [
    [0, 'public key', 'cancelled'],
    [1, 'date', 'cancelled'],
    [2, 'variable', 'cancelled'],
    [3, 'check variable', 'cancelled'],
    [3, 'check variable, applied', 'cancelled'],
    [4, 'exchange', 'cancelled'],
    [4, 'exchange, applied', `cancelled; ${UNSTORED}`],
    [5, 'verify', 'cancelled; left to the post step'],
    // From here on GitHub may have the token, so it must not be revoked.
    [6, 'store', `cancelled; ${UNSTORED}`],
    [6, 'store, applied', 'cancelled; but stored; previous token live'],
    [7, 'set variable', 'cancelled; but stored; previous token live'],
    [7, 'set variable, applied', 'cancelled; but stored; previous token live'],
    [8, 'previous owner', 'cancelled; but stored; previous token live'],
    [9, 'revoke previous', 'cancelled; but stored; previous token live'],
    [9, 'revoke previous, applied', 'cancelled; but stored'],
    [10, 'new date', 'cancelled; but stored']
  ]

  test('at any request: the post step cleans up', async () => {
    const outcomes = await runConcurrently(MOMENTS, 3, async ([n, moment]) => {
      const isApplied = moment.endsWith('applied')
      const outcome = await cancelled((call, cancel) => {
        if (call.n !== n || call.isApplied !== isApplied) return false
        cancel()
        return true
      })
      return [n, moment, outcome]
    })
    expect(outcomes).toEqual(MOMENTS)
  })

  test('while it revokes a token that GitHub refused: the post step revokes it', async () => {
    const outcome = await cancelled((call, cancel) => {
      if (isPut(call) && !call.isApplied) return respond(call, 403)
      if (call.request.method !== 'DELETE') return false
      cancel()
      return true
    })
    expect(outcome).toBe('cancelled; left to the post step')
  })

  test('while it waits because GitHub limits the requests: the post step revokes the token', async () => {
    const outcome = await cancelled((call, cancel) => {
      if (!isPut(call) || call.isApplied) return false
      setTimeout(cancel, 300)
      return respond(call, 429, undefined, { 'Retry-After': '30' })
    })
    expect(outcome).toBe('cancelled; left to the post step')
  })
})

test('a token that cannot be revoked at once is left to the post step', async () => {
  const { rotation, outcome } = await rotateWithFault(call => {
    const isRefused = isPut(call) || call.request.method === 'DELETE'
    return isRefused && !call.isApplied && respond(call, 403)
  }, asProcess())
  expect(outcome).toBe('github-forbidden; left to the post step')
  expect(rotation.log).toContain(
    'Warning: The stored token is unchanged; the new one could not be revoked yet.'
  )
})

test('while it is unknown whether the token is stored, both stay valid; the next rotation succeeds', async () => {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    interceptAll(servers, call => isPut(call) && !call.isApplied && reset(call))
    const run = await servers.rotate({ 'max-attempts': '1', 'previous-token': previous })
    expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'network' }])
    expect(run.log).toContain('It is unknown whether the new token is stored.')
    expect((await postOf(run)).log).toBe('Clean-up: nothing to do.\n')
    expect([servers.stored(), liveTokens(servers.genesys).length]).toEqual([previous, 2])

    interceptAll(servers, () => false)
    expect((await servers.rotate()).exitCode).toBe(0)
    expect(liveTokens(servers.genesys)).toContain(servers.stored())
  } finally {
    await servers.close()
  }
})
