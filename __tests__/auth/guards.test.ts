import { describe, expect, test } from '@jest/globals'
import { requireLifetime, requireOrganization } from '../../src/auth/guards.js'
import type { AuthRequest, Token } from '../../src/auth/provider.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'

const REQUEST = { exchange: 'genesys-login' } as AuthRequest
const CXONE = { exchange: 'cxone-access-key' } as AuthRequest
const token = (expiresInSeconds?: number): Token => ({
  value: new Secret('a-token-to-be-guarded'),
  kind: 'access',
  ...(expiresInSeconds === undefined ? {} : { expiresInSeconds })
})
const guards = (more: object) => ({ verify: true, allowedOrganizationIds: [], ...more })

function thrown(check: () => void): string {
  try {
    check()
    return 'passed'
  } catch (error) {
    return error instanceof ActionError ? `${error.code}: ${error.message} ${error.hint}` : String(error)
  }
}

describe('min-lifetime', () => {
  test.each([
    [undefined, undefined],
    [undefined, 60],
    [60, 60],
    [60, 61],
    [0, 1]
  ])('asked %p, has %p: passes', (minLifetimeSeconds, has) => {
    const asked = guards(minLifetimeSeconds === undefined ? {} : { minLifetimeSeconds })
    expect(thrown(() => requireLifetime(token(has), asked, REQUEST))).toBe('passed')
  })

  test('too short on Genesys Cloud: where the lifetime is set', () => {
    expect(thrown(() => requireLifetime(token(59), guards({ minLifetimeSeconds: 60 }), REQUEST))).toBe(
      'lifetime-too-short: The token lives for 59 s (59 s), and min-lifetime asks for 1 min (60 s). The lifetime is ' +
        'set on the OAuth client: Admin, Integrations, OAuth, Token Duration, from 5 minutes to 48 hours.'
    )
  })

  test('unknown fails closed; on CXone one hour is all there is', () => {
    expect(thrown(() => requireLifetime(token(), guards({ minLifetimeSeconds: 1 }), CXONE))).toBe(
      'lifetime-too-short: The token lives for a time that the platform did not say, and min-lifetime asks for 1 s ' +
        '(1 s). A token of NICE CXone lives for one hour, and nothing sets it longer: request one in each job, close to ' +
        'its use.'
    )
  })
})

describe('allowed-organization-ids', () => {
  test.each([
    [[], 'anybody'],
    [['one', 'two'], 'two'],
    [['abc-def'], 'ABC-DEF']
  ])('%j lets %s pass', (allowedOrganizationIds, id) =>
    expect(thrown(() => requireOrganization({ id }, guards({ allowedOrganizationIds })))).toBe('passed')
  )

  test.each([
    [{ id: 'three' }, 'three'],
    [{ id: 'three', name: 'The Third' }, 'three (The Third)'],
    [{ id: 'on' }, 'on'],
    [{ id: 'one,two' }, 'one,two']
  ])('%j is named and refused', (organization, named) =>
    expect(
      thrown(() => requireOrganization(organization, guards({ allowedOrganizationIds: ['one', 'two'] })))
    ).toBe(
      `organization-not-allowed: The token belongs to the organisation ${named}, which allowed-organization-ids does ` +
        'not name. The credentials are of another organisation than you meant: check which secret this job gets. ' +
        'Nothing was handed on.'
    )
  )
})
