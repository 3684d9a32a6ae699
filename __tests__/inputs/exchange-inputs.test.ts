import { describe, expect, test } from '@jest/globals'
import { notAllowed } from '../support/input-errors.js'
import { MADE_UP_CXONE_CLIENT, MADE_UP_GENESYS, readInputs, refusal } from '../support/read-inputs.js'

describe('provider', () => {
  test.each(['genesys', 'genesys-cloud', 'GENESYS', 'Genesys-Cloud', '  genesys \n'])('%j', provider =>
    expect(readInputs({ ...MADE_UP_GENESYS, provider }).inputs?.provider.name).toBe('Genesys Cloud')
  )
  test.each(['cxone', 'nice-cxone', 'CXone', 'NICE-CXone', '\tcxone\r\n'])('%j', provider =>
    expect(readInputs({ ...MADE_UP_CXONE_CLIENT, provider }).inputs?.provider.name).toBe('NICE CXone')
  )

  test.each(['checkmarx', 'genesys cloud', 'nice', 'genesyscxone', 'constructor'])(
    '%j is refused',
    provider => {
      const read = readInputs({ ...MADE_UP_GENESYS, provider })
      expect(refusal(read)).toBe(notAllowed('provider', provider))
      expect(read.error?.hint).toBe('Allowed: genesys, genesys-cloud, cxone or nice-cxone.')
    }
  )
  test('is required', () => {
    const read = readInputs({ ...MADE_UP_GENESYS, provider: ' \t\r\n ' })
    expect(refusal(read)).toBe('invalid-input: Input provider is empty.')
  })
})

test('the defaults of limits, guards, clean-up and summary', () => {
  expect(readInputs(MADE_UP_GENESYS).inputs).toMatchObject({
    limits: { timeoutMs: 120_000, attemptTimeoutMs: 15_000, maxAttempts: 5 },
    guards: { verify: false, allowedOrganizationIds: [] },
    revoke: 'auto',
    summary: true,
    variables: [],
    warnings: []
  })
})

test.each([
  ['true', true],
  ['FALSE', false]
])('summary %s', (text, summary) =>
  expect(readInputs({ ...MADE_UP_GENESYS, summary: text }).inputs?.summary).toBe(summary)
)
