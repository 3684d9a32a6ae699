import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { startCxone, startGenesys } from '../../emulator/index.mjs'
import { CXONE_A, CXONE_B, CXONE_C, GENESYS, type Inputs, LONG_LIVED, main } from '../support/lifecycle.js'
import { cleanup } from '../support/runner.mjs'

let genesys: Awaited<ReturnType<typeof startGenesys>>
let cxone: Awaited<ReturnType<typeof startCxone>>
beforeAll(async () => {
  genesys = await startGenesys()
  cxone = await startCxone()
})
beforeEach(() => [genesys, cxone].forEach(server => void server.forget()))
afterAll(async () => {
  await Promise.all([genesys.close(), cxone.close()])
  cleanup()
})

// The request for a long-lived token has a connection of its own.
test.each<[string, Inputs, { requests: number; connections: number }]>([
  ['Genesys Cloud', GENESYS, { requests: 1, connections: 1 }],
  ['Genesys Cloud with verify', { ...GENESYS, verify: 'true' }, { requests: 2, connections: 1 }],
  ['Genesys Cloud, long-lived', LONG_LIVED, { requests: 2, connections: 2 }],
  ['CXone A', CXONE_A, { requests: 3, connections: 1 }],
  ['CXone B', CXONE_B, { requests: 2, connections: 1 }],
  ['CXone C', CXONE_C, { requests: 1, connections: 1 }]
])('%s: what an exchange costs', async (_, inputs, cost) => {
  const platform = inputs['provider'] === 'genesys' ? genesys : cxone
  const { exitCode } = await main(platform, inputs)
  expect(exitCode).toBe(0)
  expect({ requests: platform.requests.length, connections: platform.connections }).toEqual(cost)
})
