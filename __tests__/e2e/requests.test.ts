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

test.each<[string, number, Inputs]>([
  ['Genesys Cloud', 1, GENESYS],
  ['Genesys Cloud with verify', 2, { ...GENESYS, verify: 'true' }],
  ['Genesys Cloud, long-lived', 2, LONG_LIVED],
  ['CXone A', 3, CXONE_A],
  ['CXone B', 1, CXONE_B],
  ['CXone C', 1, CXONE_C]
])('%s: an exchange sends %i requests, over one connection', async (_, requests, inputs) => {
  const platform = inputs['provider'] === 'genesys' ? genesys : cxone
  const { exitCode } = await main(platform, inputs)
  expect(exitCode).toBe(0)
  expect(platform.requests).toHaveLength(requests)
  expect(platform.connections).toBe(1)
})
