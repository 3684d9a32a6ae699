import { describe, expect, test } from '@jest/globals'
import {
  describeIdleTime,
  requireIdleTime,
  requireLifetime,
  requireOrganization
} from '../../src/auth/guards.js'
import type { IssuedToken } from '../../src/auth/provider.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import {
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  MADE_UP_GENESYS,
  readInputs
} from '../support/read-inputs.js'

const token = (expiresInSeconds?: number): IssuedToken => ({
  value: new Secret('a-token-to-be-guarded'),
  kind: 'access',
  ...(expiresInSeconds === undefined ? {} : { expiresInSeconds })
})
const guards = (more: object) => ({ verify: true, allowedOrganizationIds: [], ...more })

function outcome(check: () => void): string {
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
  ])('required %p, actual %p: passes', (minLifetimeSeconds, actual) => {
    const required = guards(minLifetimeSeconds === undefined ? {} : { minLifetimeSeconds })
    expect(outcome(() => requireLifetime(token(actual), required, 'Advice.'))).toBe('passed')
  })

  test.each([
    [59, 60, 'The token lives for 59 s (59 s), but min-lifetime requires 1 min (60 s).'],
    [undefined, 1, 'The platform did not say how long the token lives, but min-lifetime requires 1 s (1 s).'],
    [undefined, 0, 'The platform did not say how long the token lives, but min-lifetime requires 0 s (0 s).']
  ])('actual %p, required %p: fails', (actual, minLifetimeSeconds, message) =>
    expect(outcome(() => requireLifetime(token(actual), guards({ minLifetimeSeconds }), 'Advice.'))).toBe(
      `lifetime-too-short: ${message} Advice.`
    )
  )

  const CXONE_ADVICE =
    'A NICE CXone token lives for one hour, and no setting extends it: request one in each job, close to its use.'
  test.each<[Record<string, string>, string]>([
    [
      MADE_UP_GENESYS,
      'The lifetime is set on the OAuth client, from 5 minutes to 48 hours: Admin, Integrations, OAuth, Token Duration.'
    ],
    [
      { ...MADE_UP_GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'x' },
      'The lifetime of long-lived tokens is not documented. Remove min-lifetime, or use token-kind: access.'
    ],
    [MADE_UP_CXONE_KEY, CXONE_ADVICE],
    [MADE_UP_CXONE_CLIENT, CXONE_ADVICE]
  ])('the advice for %j', (given, advice) => {
    const { inputs } = readInputs(given)
    expect(inputs?.provider.lifetimeAdvice(inputs.request)).toBe(advice)
  })
})

describe('the idle timeout', () => {
  const NOON = Date.parse('2026-03-01T12:00:00Z')
  const idlesAt = (minutes: number) => ({ id: 'one', idlesAt: new Date(NOON + minutes * 60_000) })

  test.each([
    ['no idle timeout', { id: 'one' }, 60],
    ['no min-lifetime', idlesAt(1), undefined],
    ['exactly long enough', idlesAt(60), 3600]
  ])('passes: %s', (_, identity, minLifetimeSeconds) => {
    const required = guards(minLifetimeSeconds === undefined ? {} : { minLifetimeSeconds })
    expect(outcome(() => requireIdleTime(identity, required, NOON))).toBe('passed')
  })

  test('fails a second before min-lifetime', () =>
    expect(outcome(() => requireIdleTime(idlesAt(30), guards({ minLifetimeSeconds: 1801 }), NOON))).toBe(
      'lifetime-too-short: If nothing uses the token, it becomes invalid at 2026-03-01 12:30 UTC, but min-lifetime ' +
        'requires 30 min 1 s (1801 s). The organisation has an idle timeout. Request a token in each job instead of ' +
        'storing one, or rotate more often than the idle timeout.'
    ))

  test.each([
    ['no idle timeout', {}, { id: 'one' }, false],
    ['after the expiry', { expiresAt: new Date(NOON) }, idlesAt(0), false],
    ['before the expiry', { expiresAt: new Date(NOON + 1) }, idlesAt(0), true],
    ['unknown expiry', {}, idlesAt(0), true]
  ])('in words: %s', (_, expiry, identity, isDescribed) =>
    expect(describeIdleTime({ ...token(), ...expiry }, identity)).toBe(
      isDescribed
        ? 'The organisation has an idle timeout: if nothing uses the token, it becomes invalid at 2026-03-01 12:00 UTC'
        : undefined
    )
  )
})

describe('allowed-organization-ids', () => {
  test.each([
    [[], 'any'],
    [['one', 'two'], 'two'],
    [['abc-def'], 'ABC-DEF']
  ])('%j allows %s', (allowedOrganizationIds, id) =>
    expect(outcome(() => requireOrganization({ id }, guards({ allowedOrganizationIds }), 'tenant'))).toBe(
      'passed'
    )
  )

  test.each([
    [{ id: 'three' }, 'three'],
    [{ id: 'three', name: 'The Third' }, 'The Third (three)'],
    [{ id: 'on' }, 'on'],
    [{ id: 'one,two' }, 'one,two']
  ])('%j is refused by name', (organization, described) =>
    expect(
      outcome(() =>
        requireOrganization(organization, guards({ allowedOrganizationIds: ['one', 'two'] }), 'tenant')
      )
    ).toBe(
      `organization-not-allowed: The token belongs to tenant ${described}, which is not in ` +
        'allowed-organization-ids. The credentials belong to another tenant than expected: check which secret this ' +
        'job uses. Nothing was published.'
    )
  )
})
