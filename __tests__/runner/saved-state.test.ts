import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/lib/secret.js'
import { readSaved, savedText, tokenName } from '../../src/runner/saved-state.js'

const ORIGIN = 'https://api.mypurecloud.de'
const VALUE = new Secret('a-token-to-be-saved "with" odd\\letters')

describe('what is saved is read back', () => {
  test.each([
    [{ kind: 'long-lived' as const }, 'https://api.mypurecloud.ie'],
    [{ kind: 'access' as const, expiresAt: new Date(1_800_000_000_000) }, 'http://127.0.0.1:1']
  ])('%j %j', ({ kind, ...expiry }, revocationBaseUrl) => {
    const text = savedText({ token: { value: VALUE, kind, ...expiry }, revocationBaseUrl })
    const { tokens } = readSaved({ [`STATE_${tokenName(0)}`]: text })
    expect(tokens).toHaveLength(1)
    expect(tokens[0]?.value.reveal()).toBe(VALUE.reveal())
    expect(tokens[0]?.kind).toBe(kind)
    expect(tokens[0]?.revocationBaseUrl).toBe(revocationBaseUrl)
    expect(tokens[0]?.expiresAtMs).toBe('expiresAt' in expiry ? expiry.expiresAt.getTime() : undefined)
  })

  test('both tokens, in the order of their issue', () => {
    const saved = (text: string) =>
      savedText({ token: { value: new Secret(text), kind: 'access' }, revocationBaseUrl: ORIGIN })
    const state = { 'STATE_token-2': saved('the-second-token'), 'STATE_token-1': saved('the-first-token') }
    expect(readSaved(state).tokens.map(({ value }) => value.reveal())).toEqual([
      'the-first-token',
      'the-second-token'
    ])
  })

  test('each has a name of its own', () => {
    expect([0, 1, 2].map(tokenName)).toEqual(['token-1', 'token-2', 'token-3'])
  })
})

describe('policy and folder', () => {
  test.each(['auto', 'true', 'false'])('%s', policy => {
    expect(readSaved({ 'STATE_handed-on': policy })).toEqual({ tokens: [], handedOn: policy })
  })
  test.each(['', 'True', 'none', undefined])('%p is no policy', policy => {
    expect(readSaved({ 'STATE_handed-on': policy })).toEqual({ tokens: [] })
  })
  test('a folder, and none', () => {
    expect(readSaved({ STATE_folder: '/tmp/x' })).toEqual({ tokens: [], folder: '/tmp/x' })
    expect(readSaved({ STATE_folder: '' })).toEqual({ tokens: [] })
  })
})

test.each([
  undefined,
  '',
  '{',
  'nonsense',
  'null',
  '5',
  '"text"',
  '[]',
  '{}',
  '{"value":5}',
  '{"value":""}',
  '{"value":"a-token-of-nowhere"}'
])('what is not ours is left out: %p', text =>
  expect(readSaved({ 'STATE_token-1': text })).toEqual({ tokens: [] })
)

test('nothing at all', () => expect(readSaved({})).toEqual({ tokens: [] }))
