import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { runCrowd } from '../../scripts/crowd/jobs.mjs'
import { cleanup } from '../support/runner.mjs'

const MAIN = fileURLToPath(new URL('../../dist/main/index.js', import.meta.url))
const JOBS = 12

afterAll(cleanup)

/**
 * Half of the crowd fits a window, and the window is shorter than the shortest first wait of 5 s: whoever is turned
 * away once is let in on the second try, at the latest after 15 s.
 */
test.concurrent.each(['fixed-window', 'bucket'] as const)(
  'a small crowd at one moment, throttled by %s: all end with a token, and nobody asks a third time',
  async kind => {
    const throttle = { kind, perWindow: JOBS, windowMs: 4000, takenByOthers: 0.5 }
    const { ends } = await runCrowd({ main: MAIN, jobs: JOBS, timeoutSeconds: 60, throttle })
    expect(ends.map(({ granted, errorCode }) => ({ granted, errorCode }))).toEqual(
      ends.map(() => ({ granted: true, errorCode: '' }))
    )
    const requests = ends.map(end => end.requests)
    expect(requests.filter(count => count === 1)).toHaveLength(JOBS / 2)
    expect(requests.filter(count => count === 2)).toHaveLength(JOBS / 2)
  },
  60_000
)
