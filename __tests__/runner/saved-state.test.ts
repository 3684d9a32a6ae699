import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/lib/secret.js'
import { readSavedState, type SavedToken, serializeToken, stateName } from '../../src/runner/saved-state.js'
import { saveTokenFolder, TokenState } from '../../src/runner/token-state.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { type Runner, withRunner } from '../support/in-process.js'

const TOKEN: SavedToken = {
  value: new Secret('a-token-to-be-saved "with" odd\\letters'),
  kind: 'long-lived',
  provider: 'genesys',
  revocationBaseUrl: 'https://api.mypurecloud.ie'
}

const withText = (text: string): SavedToken => ({ ...TOKEN, value: new Secret(text) })

/** For comparisons: `toEqual` does not see the text of a secret. */
const textsOf = (tokens: readonly SavedToken[]) => tokens.map(({ value }) => value.reveal())

describe('tokens', () => {
  test.each<SavedToken>([
    TOKEN,
    { ...TOKEN, kind: 'access', provider: 'other', expiresAtMs: 1_800_000_000_000 },
    { ...TOKEN, expiresAtMs: 0, isRejected: true }
  ])('are read as they were saved: %j', token => {
    const { tokens } = readSavedState({ [`STATE_${stateName(0)}`]: serializeToken(token) })
    expect(tokens).toEqual([token])
    expect(textsOf(tokens)).toEqual([token.value.reveal()])
  })

  test('are read in the order of issue', () => {
    const state = {
      'STATE_token-2': serializeToken(withText('the-second-token')),
      'STATE_token-1': serializeToken(withText('the-first-token'))
    }
    expect(textsOf(readSavedState(state).tokens)).toEqual(['the-first-token', 'the-second-token'])
  })

  test.each([1e20, -1e20, '1800000000000', null])(
    'an expiry that is not a date is ignored: %p',
    expiresAtMs => {
      const text = JSON.stringify({ ...JSON.parse(serializeToken(TOKEN)), expiresAtMs })
      expect(readSavedState({ 'STATE_token-1': text }).tokens).toEqual([TOKEN])
    }
  )

  test.each([
    undefined,
    '{',
    'null',
    '[]',
    '{"value":5,"provider":"genesys","revocationBaseUrl":"https://api.mypurecloud.ie"}',
    '{"value":"","provider":"genesys","revocationBaseUrl":"https://api.mypurecloud.ie"}',
    '{"value":"a-token-without-an-address","provider":"genesys"}',
    '{"value":"a-token-without-a-platform","revocationBaseUrl":"https://api.mypurecloud.ie"}'
  ])('what no step saves is ignored: %p', text =>
    expect(readSavedState({ 'STATE_token-1': text })).toEqual({ tokens: [] })
  )
})

describe('policy and token folder', () => {
  test.each(['auto', 'true', 'false'])('%s', policy => {
    expect(readSavedState({ STATE_published: policy })).toEqual({ tokens: [], published: policy })
  })
  test.each(['', 'True', 'none', undefined])('%p is not a policy', policy => {
    expect(readSavedState({ STATE_published: policy })).toEqual({ tokens: [] })
  })
  test('the folder may be missing', () => {
    expect(readSavedState({ 'STATE_token-folder': '/tmp/x' })).toEqual({ tokens: [], tokenFolder: '/tmp/x' })
    expect(readSavedState({ 'STATE_token-folder': '' })).toEqual({ tokens: [] })
  })
})

/** Returns the state as the post step gets it. */
function savedIn(runner: Runner): ReturnType<typeof readSavedState> {
  const state = Object.entries(parseCommandFile(runner.text('GITHUB_STATE')))
  return readSavedState(Object.fromEntries(state.map(([name, value]) => [`STATE_${name}`, value])))
}

describe('TokenState', () => {
  const { value, kind, revocationBaseUrl = '' } = TOKEN
  const expiresAt = new Date('2026-11-23T09:05:07.123Z')

  test('saves each token as it is issued, removes and restores one at a time', () =>
    withRunner(runner => {
      const state = new TokenState('genesys')
      state.add({ value, kind: 'access', expiresAt, revocationBaseUrl })
      state.add({ value, kind, revocationBaseUrl, isRejected: true })
      const [first, second] = state.tokens as [SavedToken, SavedToken]
      expect(savedIn(runner)).toEqual({
        tokens: [
          { ...TOKEN, kind: 'access', expiresAtMs: expiresAt.getTime() },
          { ...TOKEN, isRejected: true }
        ]
      })
      state.remove(second)
      expect(savedIn(runner).tokens).toEqual([first])
      state.restore(second)
      state.remove(first)
      expect(savedIn(runner).tokens).toEqual([second])
      expect(state.tokens).toHaveLength(2)
    }))

  test('saves at most 20 tokens', () =>
    withRunner(runner => {
      const state = new TokenState('genesys')
      for (let index = 0; index <= 20; index++)
        state.add({ value: new Secret(`token-number-${index}`), kind, revocationBaseUrl })
      const first20 = Array.from({ length: 20 }, (_, index) => `token-number-${index}`)
      expect([savedIn(runner).tokens, state.tokens].map(textsOf)).toEqual([first20, first20])
    }))

  test('saves the policy while the tokens are published, and the token folder', () =>
    withRunner(runner => {
      const state = new TokenState('genesys')
      state.add({ value, kind, revocationBaseUrl })
      saveTokenFolder('/tmp/x')
      state.markPublished('false')
      expect(savedIn(runner)).toEqual({ tokens: [TOKEN], published: 'false', tokenFolder: '/tmp/x' })
      state.unmarkPublished()
      expect(savedIn(runner)).toEqual({ tokens: [TOKEN], tokenFolder: '/tmp/x' })
    }))

  test('saves nothing of a token that the platform cannot revoke', () =>
    withRunner(runner => {
      const state = new TokenState('cxone')
      state.add({ value, kind })
      state.markPublished('auto')
      expect([state.tokens, runner.text('GITHUB_STATE')]).toEqual([[], ''])
    }))
})
