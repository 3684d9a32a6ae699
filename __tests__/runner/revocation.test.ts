import { rmSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startServer } from '../../emulator/server.mjs'
import type { Provider } from '../../src/auth/provider.js'
import { PROVIDERS } from '../../src/auth/providers.js'
import { Secret } from '../../src/lib/secret.js'
import { revokeIssued, revokeTokens } from '../../src/runner/revocation.js'
import type { SavedToken } from '../../src/runner/saved-state.js'
import { TokenState } from '../../src/runner/token-state.js'
import { TestClock } from '../support/clock.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { newContext, type Runner, withRunner } from '../support/in-process.js'

/** The statuses for the requests with a token, in turn; then and otherwise 200. */
let statuses: Record<string, number[]> = {}
let requests: string[] = []
const server = await startServer(({ method, path, headers: { authorization = '' } }) => {
  requests.push(`${method} ${path} ${authorization}`)
  return { status: statuses[authorization.replace('Bearer ', '')]?.shift() ?? 200 }
})
afterAll(() => server.close())
beforeEach(() => {
  statuses = {}
  requests = []
})

const [ONE, TWO, THREE] = ['token-number-one', 'token-number-two', 'token-number-three'] as const
const revocationRequest = (token: string) => `DELETE /api/v2/tokens/me Bearer ${token}`

const token = (text: string, others: Partial<SavedToken> = {}): SavedToken => ({
  value: new Secret(text),
  kind: 'access',
  provider: 'genesys',
  revocationBaseUrl: server.origin,
  ...others
})

describe('revokeTokens', () => {
  test('returns the outcomes in the same order, whatever became of the others', () =>
    withRunner(async runner => {
      statuses = { [TWO]: [404], [THREE]: [401] }
      const tokens = [ONE, TWO, THREE].map(text => token(text))
      const outcomes = await revokeTokens(tokens, PROVIDERS, newContext())
      expect(outcomes).toMatchObject([
        { value: 'revoked' },
        { reason: { code: 'bad-request' } },
        { value: 'already-invalid' }
      ])
      expect(requests.sort()).toEqual([ONE, THREE, TWO].map(revocationRequest))
      expect(runner.log()).toBe('')
    }))

  test.each<[string, Partial<SavedToken>, string]>([
    ['a malformed address', { revocationBaseUrl: 'nowhere' }, 'Invalid URL'],
    ['an unknown platform', { provider: 'unknown' }, 'unknown cannot revoke tokens'],
    ['a platform without revocation', { provider: 'cxone' }, 'cxone cannot revoke tokens']
  ])('rejects %s, and does not throw', (_, others, message) =>
    withRunner(async () => {
      const outcomes = await revokeTokens([token(ONE, others), token(TWO)], PROVIDERS, newContext())
      expect(outcomes).toMatchObject([{ reason: { message } }, { value: 'revoked' }])
      expect(requests).toEqual([revocationRequest(TWO)])
    })
  )

  test('logs attempts only with step debugging, without the token', () =>
    withRunner(async runner => {
      const context = newContext(new TestClock({ runs: true }))
      context.log.mask(new Secret(ONE))
      const revoke = async () => {
        statuses = { [ONE]: [503] }
        const before = runner.log().length
        await revokeTokens([token(ONE)], PROVIDERS, context)
        return runner.log().slice(before)
      }
      expect(await revoke()).toBe('')
      process.env['RUNNER_DEBUG'] = '1'
      const log = await revoke()
      expect(log).toMatch(
        /^::debug::DELETE http:\/\/127\.0\.0\.1:\d+\/api\/v2\/tokens\/me: 503, .*, \d+ ms\n/
      )
      expect(log).toMatch(/::debug::127\.0\.0\.1:\d+: HTTP 503, attempt 1 of 10; retrying in 0\.5 s\.\n/)
      expect(log).not.toContain(ONE)
    }))
})

describe('revokeIssued', () => {
  const [genesys] = PROVIDERS as unknown as [Provider]
  const what = 'The new token'

  /** Returns a state with both tokens, as after an exchange for a long-lived token. */
  function issueTokens(): TokenState {
    const state = new TokenState('genesys')
    state.add(token(ONE))
    state.add(token(TWO, { kind: 'long-lived' }))
    return state
  }

  /** Returns the texts of the saved tokens. */
  function savedTokens(runner: Runner): string[] {
    const state = Object.values(parseCommandFile(runner.text('GITHUB_STATE')))
    return state.filter(text => text !== '').map(text => JSON.parse(text).value)
  }

  test.each<[string, Record<string, number[]>, string[], string]>([
    ['every token is revoked', {}, [], 'The new token was revoked.\n'],
    [
      'the platform no longer accepts one',
      { [ONE]: [401] },
      [],
      'The new token is invalid: the platform no longer accepts it.\n'
    ],
    [
      'one cannot be revoked: it is left to the post step',
      { [TWO]: [403] },
      [TWO],
      '::warning::The new token could not be revoked yet. The post step tries again when the job ends.\n'
    ]
  ])('%s', (_, answers, saved, log) =>
    withRunner(async runner => {
      statuses = answers
      await revokeIssued(issueTokens(), { what, provider: genesys }, newContext())
      expect(requests.sort()).toEqual([ONE, TWO].map(revocationRequest))
      expect([savedTokens(runner), runner.log()]).toEqual([saved, log])
    })
  )

  test('does not touch the tokens in keep', () =>
    withRunner(async runner => {
      const state = issueTokens()
      await revokeIssued(state, { what, provider: genesys, keep: state.tokens.slice(-1) }, newContext())
      expect([requests, savedTokens(runner)]).toEqual([[revocationRequest(ONE)], [TWO]])
    }))

  test('does nothing if no token was issued', () =>
    withRunner(async runner => {
      await revokeIssued(new TokenState('genesys'), { what, provider: genesys }, newContext())
      expect([requests, runner.log()]).toEqual([[], ''])
    }))

  test('does not throw if the state cannot be written', () =>
    withRunner(async runner => {
      const state = issueTokens()
      rmSync(runner.path('GITHUB_STATE'))
      await revokeIssued(state, { what, provider: genesys }, newContext())
      expect(runner.log()).toBe('The new token was revoked.\n')
    }))
})
