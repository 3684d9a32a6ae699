import { afterAll, expect, test } from '@jest/globals'
import { kills, tableOf } from '../../scripts/rotate-kills.mjs'
import { cleanup } from '../support/runner.mjs'

afterAll(cleanup)

/** Where a kill may leave a new token that nobody stored: it was issued, or is about to be stored. */
const MAY_ORPHAN = ['the token', 'whose it is', 'storing it']

test('killed at a random moment, the secret holds a token that works, and the next run sets it right', async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const all = await kills({ runs: 20, seed })
  const told = `seed ${seed}\n${tableOf(all)}`
  expect(all).toHaveLength(20)
  for (const one of all) {
    expect([told, one.secret === 'DEAD', one.setRight, one.problems]).toEqual([told, false, true, []])
    if (!MAY_ORPHAN.includes(one.phase)) expect([told, one.unstored]).toEqual([told, 0])
    expect(one.unstored).toBeLessThanOrEqual(1)
    expect(one.unretired).toBeLessThanOrEqual(1)
  }
}, 60_000)
