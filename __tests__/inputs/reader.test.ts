import { describe, expect, test } from '@jest/globals'
import { PROVIDERS } from '../../src/auth/providers.js'
import { readMainInputs } from '../../src/inputs/main-inputs.js'
import { EnvironmentReader } from '../../src/inputs/reader.js'
import { type InputName, MAIN_INPUTS, ROTATE_INPUTS } from '../../src/lib/inputs.js'
import { notAllowed } from '../support/input-errors.js'
import { MADE_UP_CXONE_APPLICATION, MADE_UP_GENESYS, readInputs, refusal } from '../support/read-inputs.js'

describe.each([
  ['the token action', MAIN_INPUTS],
  ['the rotation action', ROTATE_INPUTS]
])('every input of %s', (_, defaults) => {
  const declared = Object.entries(defaults) as [InputName, string][]
  const log = { mask: () => {}, hideInQuotes: () => {} }
  const read = (name: InputName, text: string | undefined) => {
    const reader = new EnvironmentReader({ [`INPUT_${name.toUpperCase()}`]: text }, defaults, log)
    return [name, reader.text(name), reader.isGiven(name)]
  }

  test('is read by the name that the runner uses, without surrounding white space', () => {
    for (const [name] of declared)
      expect(read(name, ' \t\r\n\u00a0its value\ufeff\n ')).toEqual([name, 'its value', true])
  })

  test('has its default if it is absent or white space', () => {
    for (const [name, standard] of declared) {
      for (const text of [undefined, '', ' \n']) expect(read(name, text)).toEqual([name, standard, false])
    }
  })

  test('is not given if it repeats its default, in any case', () => {
    for (const [name, standard] of declared) {
      for (const text of [standard, standard.toUpperCase()])
        expect(read(name, text)).toEqual([name, text, false])
    }
  })
})

test('the ids of credentials are hidden in quoted words', () => {
  const hidden: string[][] = []
  const env = Object.entries(MADE_UP_CXONE_APPLICATION).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value
  ])
  readMainInputs(Object.fromEntries(env), PROVIDERS, {
    mask: () => {},
    hideInQuotes: (...hide) => void hidden.push(hide)
  })
  expect(hidden).toEqual([
    ['client-id', 'my-client'],
    ['access-key-id', 'MYKEYID']
  ])
})

describe('choices', () => {
  test.each([
    ['token-kind', ' \n', 'genesys-login'],
    ['token-kind', ' Long-Lived', 'genesys-long-lived'],
    ['token-endpoint', 'LOGIN', 'genesys-login'],
    ['token-endpoint', ' API\n', 'genesys-api']
  ])('%s: %j', (name, value, exchange) => {
    const account = value.includes('Long') ? { 'service-account-id': 'someone' } : {}
    expect(readInputs({ ...MADE_UP_GENESYS, ...account, [name]: value }).inputs?.request.exchange).toBe(
      exchange
    )
  })

  test.each([
    ['token-kind', 'longlived', 'access or long-lived'],
    ['token-kind', 'long-lived,access', 'access or long-lived'],
    ['token-endpoint', 'https://api.mypurecloud.ie', 'login or api'],
    ['revoke', 'always', 'auto, true or false']
  ])('%s: %j is refused', (name, value, allowed) => {
    const read = readInputs({ ...MADE_UP_GENESYS, [name]: value })
    expect(refusal(read)).toBe(notAllowed(name, value))
    expect(read.error?.hint).toBe(`Allowed: ${allowed}.`)
  })
})

describe('booleans of the YAML 1.2 core schema', () => {
  const tokenFile = (value: string) => readInputs({ ...MADE_UP_GENESYS, 'token-file': value })
  test.each(['true', 'True', 'TRUE', ' true\n'])('%j is true', value =>
    expect(tokenFile(value).inputs?.output.tokenFile).toBe(true)
  )
  test.each(['false', 'False', 'FALSE', '\tfalse', ''])('%j is false', value =>
    expect(tokenFile(value).inputs?.output.tokenFile).toBe(false)
  )
  test.each([
    'yes',
    'no',
    '1',
    '0',
    'tRUE',
    'fALSE',
    'true false',
    'untrue',
    'is false',
    'falsely',
    '"true"'
  ])('%j is refused', value => {
    const read = tokenFile(value)
    expect(refusal(read)).toBe(notAllowed('token-file', value))
    expect(read.error?.hint).toBe('Allowed: true or false.')
  })
})

describe('an error quotes a value only if it is short and clean', () => {
  test.each([
    ['two words', '“two words”'],
    ['x'.repeat(80), `“${'x'.repeat(80)}”`],
    ['x'.repeat(81), 'a text of 81 characters'],
    ['https://user:password@host', 'a text of 26 characters'],
    ['two  words', 'a text of 10 characters with blanks or invisible characters'],
    ['a\u200bb', 'a text of 3 characters with blanks or invisible characters'],
    ['::error::a\r\nb', 'a text of 13 characters with blanks or invisible characters'],
    ['a\u001b[31mb', 'a text of 7 characters with blanks or invisible characters']
  ])('%j', (provider, quoted) => {
    const { error } = readInputs({ ...MADE_UP_GENESYS, provider })
    expect(error?.message).toBe(`Input provider is ${quoted}, which is not allowed.`)
  })
})
