import { expect, test } from '@jest/globals'
import { TestClock } from '../support/clock.js'
import { newContext, withRunner } from '../support/in-process.js'

test('a clean-up has one session, whose ten seconds start with its first use', () =>
  withRunner(async () => {
    const clock = new TestClock()
    const { cleanUpSession } = newContext(clock)
    const send = () =>
      cleanUpSession().send({ method: 'GET', url: new URL('http://127.0.0.1:1/'), headers: {} })
    await clock.sleep(60_000)
    await expect(send()).rejects.toMatchObject({ code: 'network' })
    const usedMs = clock.waits.slice(1).reduce((sum, ms) => sum + ms, 0)
    expect(usedMs).toBeGreaterThan(5_000)
    expect(usedMs).toBeLessThanOrEqual(10_000)
    await clock.sleep(10_000 - usedMs)
    await expect(send()).rejects.toMatchObject({ code: 'timeout' })
  }))
