import { describe, expect, test } from '@jest/globals'
import { notAllowed } from '../support/input-errors.js'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  MADE_UP_GENESYS,
  readInputs,
  refusal
} from '../support/read-inputs.js'

const guardsOf = (inputs: Record<string, string>) =>
  readInputs({ ...MADE_UP_GENESYS, ...inputs }).inputs?.guards

describe('verify and allowed-organization-ids', () => {
  test.each<[Record<string, string>, boolean, string[]]>([
    [{}, false, []],
    [{ verify: 'true' }, true, []],
    [{ 'allowed-organization-ids': 'One, two\n\nTHREE' }, true, ['one', 'two', 'three']],
    [{ 'allowed-organization-ids': 'a_b-9', verify: 'false' }, true, ['a_b-9']],
    [{ 'allowed-organization-ids': 'x'.repeat(64) }, true, ['x'.repeat(64)]]
  ])('%j', (inputs, verify, allowedOrganizationIds) =>
    expect(guardsOf(inputs)).toEqual({ verify, allowedOrganizationIds })
  )

  test.each([',', ', \n,', 'one,t wo', 'one,two;three', 'ö', 'x'.repeat(65), '*'])(
    '%j is refused: it must not allow every organisation',
    ids => {
      const read = readInputs({ ...MADE_UP_GENESYS, 'allowed-organization-ids': ids })
      expect(refusal(read)).toBe(notAllowed('allowed-organization-ids', ids))
      expect(read.error?.hint).toContain('separated by commas or line breaks')
    }
  )
})

describe('revoke', () => {
  const policyOf = (inputs: Record<string, string>) => readInputs(inputs).inputs?.revoke

  test.each(['auto', 'true', 'false'])('%s on Genesys Cloud, in any case', revoke => {
    for (const text of [revoke, revoke.toUpperCase()])
      expect(policyOf({ ...MADE_UP_GENESYS, revoke: text })).toBe(revoke)
  })
  test.each(['auto', 'false'])('%s on CXone', revoke =>
    expect(policyOf({ ...MADE_UP_CXONE_CLIENT, revoke })).toBe(revoke)
  )
  test.each([MADE_UP_CXONE_APPLICATION, MADE_UP_CXONE_KEY, MADE_UP_CXONE_CLIENT])(
    'true on CXone is refused: the platform cannot do it (%j)',
    inputs => {
      const read = readInputs({ ...inputs, revoke: 'TRUE' })
      expect(refusal(read)).toBe(
        'invalid-input: Input revoke is true, but NICE CXone has no request that revokes a token.'
      )
      expect(read.error?.hint).toBe(
        'Remove revoke. The token expires after an hour. To end it sooner, deactivate the access key.'
      )
    }
  )
})
