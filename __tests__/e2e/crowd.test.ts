import { afterAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/genesys.mjs'
import { basicCredentials } from '../../emulator/strict.mjs'
import { GENESYS, MAIN } from '../support/lifecycle.js'
import { cleanup, runAction } from '../support/runner.mjs'

const JOBS = 12

afterAll(cleanup)

// Half of the jobs fit into a window, and a window is shorter than the shortest first wait of 5 s. So a job that is
// refused once gets its token on the second request, after 15 s at most.
test.concurrent.each(['fixed-window', 'bucket'] as const)(
  'twelve jobs at one moment, throttled by %s: each gets a token, with two requests at most',
  async kind => {
    const clients = Array.from({ length: JOBS }, (_, index) => ({ id: `crowd-${index}` }))
    const throttle = { kind, perWindow: JOBS, windowMs: 4000, takenByOthers: 0.5 }
    // The first requests come at the same moment: time stands still for them, and no response is sent before all jobs have
    // started, which takes a while.
    let requestCount = 0
    const clock = () => (requestCount <= JOBS ? 0 : Date.now())
    const genesys = await startGenesys({ clients, throttle, clock })
    const haveAllStarted = new Promise<void>(resolve => {
      genesys.intercept = async () => {
        requestCount += 1
        if (requestCount >= JOBS) resolve()
        await haveAllStarted
        return false
      }
    })
    try {
      const runs = await Promise.all(
        clients.map(({ id }) =>
          runAction({
            main: MAIN,
            inputs: {
              ...GENESYS,
              'client-id': id,
              'client-secret': GENESYS_CLIENT.secret,
              'base-url': genesys.origin,
              timeout: '60s',
              'attempt-timeout': '60s'
            }
          })
        )
      )
      expect(runs.map(({ exitCode, outputs }) => [exitCode, outputs['error-code']])).toEqual(
        clients.map(() => [0, undefined])
      )
      const ids = genesys.requests.map(request => basicCredentials(request)?.id)
      const counts = clients.map(({ id }) => ids.filter(other => other === id).length)
      expect(counts.sort()).toEqual(clients.map((_, index) => (index < JOBS / 2 ? 1 : 2)))
    } finally {
      await genesys.close()
    }
  },
  60_000
)
