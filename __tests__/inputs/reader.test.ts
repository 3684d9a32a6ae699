import { describe, expect, test } from '@jest/globals'
import { PROVIDERS } from '../../src/auth/providers.js'
import { readMainInputs } from '../../src/inputs/main-inputs.js'
import { EnvironmentReader } from '../../src/inputs/reader.js'
import { type InputName, MAIN_INPUTS, ROTATE_INPUTS } from '../../src/lib/inputs.js'
import { notAllowed } from '../support/input-errors.js'
import { CXONE_APPLICATION, GENESYS, readInputs, refusal } from '../support/read-inputs.js'

const ACTIONS = [MAIN_INPUTS, ROTATE_INPUTS].map(defaults => ({
  defaults,
  declared: Object.entries(defaults) as [InputName, string][]
}))

describe('every input', () => {
  const read = (
    text: string | undefined,
    name: InputName,
    defaults: Readonly<Partial<Record<InputName, string>>>
  ) => {
    const log = { mask: () => {}, hideInQuotes: () => {} }
    const reader = new EnvironmentReader({ [`INPUT_${name.toUpperCase()}`]: text }, defaults, log)
    return [name, reader.text(name), reader.isGiven(name)]
  }

  test('is read by the name that the runner uses, without surrounding white space', () => {
    for (const { defaults, declared } of ACTIONS) {
      for (const [name] of declared)
        expect(read(' \t\r\n\u00a0its value\ufeff\n ', name, defaults)).toEqual([name, 'its value', true])
    }
  })

  test('has its default if it is absent or white space', () => {
    for (const { defaults, declared } of ACTIONS) {
      for (const [name, standard] of declared) {
        for (const text of [undefined, '', ' \n'])
          expect(read(text, name, defaults)).toEqual([name, standard, false])
      }
    }
  })

  test('is not given if it repeats its default, in any case', () => {
    for (const { defaults, declared } of ACTIONS) {
      for (const [name, standard] of declared) {
        for (const text of [standard, standard.toUpperCase()])
          expect(read(text, name, defaults)).toEqual([name, text, false])
      }
    }
  })
})

describe('the ids of credentials are hidden in quoted words', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['Genesys', GENESYS, { 'client-id': 'my-client' }],
    ['CXone', CXONE_APPLICATION, { 'client-id': 'my-client', 'access-key-id': 'MYKEYID' }]
  ])('%s', (_, inputs, expected) => {
    const hidden: Record<string, string> = {}
    const env = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
    readMainInputs(Object.fromEntries(env), PROVIDERS, {
      mask: () => {},
      hideInQuotes: (name, id) => {
        hidden[name] = id
      }
    })
    expect(hidden).toEqual(expected)
  })
})

describe('choices', () => {
  const exchangeOf = (inputs: Record<string, string>) =>
    readInputs({ ...GENESYS, ...inputs }).inputs?.request.exchange

  test.each([
    ['token-kind', 'access', 'genesys-login'],
    ['token-kind', 'ACCESS', 'genesys-login'],
    ['token-kind', ' \n', 'genesys-login'],
    ['token-endpoint', 'login', 'genesys-login'],
    ['token-endpoint', ' API\n', 'genesys-api'],
    ['token-endpoint', '', 'genesys-login']
  ])('%s: %j', (name, value, exchange) => expect(exchangeOf({ [name]: value })).toBe(exchange))

  test('token-kind: " Long-Lived"', () =>
    expect(exchangeOf({ 'token-kind': ' Long-Lived', 'service-account-id': 'someone' })).toBe(
      'genesys-long-lived'
    ))

  test.each([
    ['token-kind', 'longlived', 'access or long-lived'],
    ['token-kind', 'long-lived,access', 'access or long-lived'],
    ['token-endpoint', 'https://api.mypurecloud.ie', 'login or api'],
    ['token-endpoint', 'both', 'login or api'],
    ['revoke', 'always', 'auto, true or false']
  ])('%s: %j is refused', (name, value, allowed) => {
    const read = readInputs({ ...GENESYS, [name]: value })
    expect(refusal(read)).toBe(notAllowed(name, value))
    expect(read.error?.hint).toBe(`Allowed: ${allowed}.`)
  })
})

describe('booleans of the YAML 1.2 core schema', () => {
  const tokenFile = (value: string) => readInputs({ ...GENESYS, 'token-file': value })
  test.each(['true', 'True', 'TRUE', ' true\n'])('%j is true', value =>
    expect(tokenFile(value).inputs?.output.tokenFile).toBe(true)
  )
  test.each(['false', 'False', 'FALSE', '\tfalse', ''])('%j is false', value =>
    expect(tokenFile(value).inputs?.output.tokenFile).toBe(false)
  )
  test.each(['yes', 'no', 'on', 'off', '1', '0', 'tRUE', 'fALSE', 'true false', 'null', 'y', '"true"'])(
    '%j is refused',
    value => {
      const read = tokenFile(value)
      expect(refusal(read)).toBe(notAllowed('token-file', value))
      expect(read.error?.hint).toBe('Allowed: true or false.')
    }
  )
})

describe('an error quotes a value only if it is short and clean', () => {
  test.each([
    ['nonsense', '“nonsense”'],
    ['two words', '“two words”'],
    ['x'.repeat(80), `“${'x'.repeat(80)}”`],
    ['x'.repeat(81), 'a text of 81 characters'],
    ['https://user:password@host', 'a text of 26 characters'],
    ['two  words', 'a text of 10 characters with blanks or invisible characters'],
    ['a\u200bb', 'a text of 3 characters with blanks or invisible characters'],
    ['::error::a\r\nb', 'a text of 13 characters with blanks or invisible characters'],
    ['a\u001b[31mb', 'a text of 7 characters with blanks or invisible characters'],
    [`::error::a\r\nb\u001b[31m${'x'.repeat(5000)}`, 'a text of 5018 characters']
  ])('%j', (provider, quoted) => {
    const { error } = readInputs({ ...GENESYS, provider })
    expect(error?.message).toBe(`Input provider is ${quoted}, which is not allowed.`)
  })
})
