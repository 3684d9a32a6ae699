import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { ROTATE_INPUTS } from '../../src/inputs/reader.js'
import { type RotateInputs, readRotation } from '../../src/inputs/rotate-inputs.js'
import { ActionError } from '../../src/lib/action-error.js'
import type { Secret } from '../../src/lib/secret.js'
import { readActionFile } from '../support/action-file.mjs'
import { CXONE_CLIENT, CXONE_KEY, GENESYS } from '../support/reading.js'

const GIVEN = { ...GENESYS, 'secret-name': 'CC_TOKEN', 'github-token': 'github_pat_given' }
const HERE = { GITHUB_REPOSITORY: 'octo-org/app' }

interface Read {
  readonly asked?: RotateInputs
  readonly error?: ActionError
  readonly kept: readonly string[]
}

function read(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = HERE
): Read {
  const kept: string[] = []
  const named = Object.entries({ ...GIVEN, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value
  ])
  const keep = (secret: Secret) => void kept.push(secret.reveal())
  try {
    return { asked: readRotation({ ...env, ...Object.fromEntries(named) }, keep), kept }
  } catch (error) {
    if (error instanceof ActionError) return { error, kept }
    throw error
  }
}

/** Returns what is asked; fails with the error's words. */
function asked(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>) {
  const got = read(inputs, env)
  expect(got.error?.message).toBeUndefined()
  return got.asked as RotateInputs
}

function refused(
  inputs: Readonly<Record<string, string>>,
  env?: Readonly<Record<string, string | undefined>>
) {
  const { error, asked } = read(inputs, env)
  return error === undefined ? `not refused: ${JSON.stringify(asked)}` : `${error.code}: ${error.message}`
}

test('with nothing but what is required', () => {
  const got = asked({})
  expect(got).toMatchObject({
    apiUrl: 'https://api.github.com',
    place: { kind: 'repository', repository: 'octo-org/app' },
    secretName: 'CC_TOKEN',
    rotateAfterSeconds: 0,
    dryRun: false,
    guards: { verify: true, allowedOrganizationIds: [] },
    limits: { timeoutMs: 120_000, attemptTimeoutMs: 15_000, maxAttempts: 5 },
    variables: [],
    doubts: []
  })
  expect(got.githubToken.reveal()).toBe('github_pat_given')
  for (const name of ['sharing', 'previousToken', 'expiryVariable']) expect(got).not.toHaveProperty(name)
})

test('the inputs and their defaults are those that rotate/action.yml declares', () => {
  const file = fileURLToPath(new URL('../../../rotate/action.yml', import.meta.url))
  const declared = Object.entries(readActionFile(file).inputs).map(([name, input]) => [name, input.default])
  expect(Object.fromEntries(declared)).toEqual(ROTATE_INPUTS)
})

test('every secret is kept, also where the inputs are refused', () => {
  expect(read({ 'previous-token': 'previous-token-given' }).kept).toEqual(
    expect.arrayContaining(['my-client-secret', 'github_pat_given', 'previous-token-given'])
  )
  const { error, kept } = read({ 'previous-token': 'previous-token-given', provider: 'neither' })
  expect([error?.code, kept]).toEqual([
    'invalid-input',
    ['my-client-secret', 'github_pat_given', 'previous-token-given']
  ])
})

test('no secret stands in what is asked, however it is printed', () => {
  const got = asked({ 'previous-token': 'previous-token-given' })
  const printed = `${JSON.stringify(got)}${String(got.githubToken)}${got.previousToken}`
  expect(printed).not.toMatch(/github_pat_given|previous-token-given|my-client-secret/)
})

describe('names', () => {
  test.each([
    ['CC_TOKEN', 'CC_TOKEN'],
    ['cc_token', 'CC_TOKEN'],
    ['_x9', '_X9'],
    ['GITHUB', 'GITHUB'],
    [' A \n', 'A'],
    ['a'.repeat(255), 'A'.repeat(255)]
  ])('%j', (given, name) => {
    expect(asked({ 'secret-name': given, 'expiry-variable': given })).toMatchObject({
      secretName: name,
      expiryVariable: name
    })
  })

  test.each([
    '9A',
    'A-B',
    'A B',
    'A.B',
    'Ä',
    'A\nB',
    'GITHUB_',
    'github_token',
    'a'.repeat(256),
    '../X',
    'A/B',
    'A%20'
  ])('%j is refused', given => {
    expect(refused({ 'secret-name': given })).toMatch(/^invalid-input: Input secret-name is (“|a text of )/)
    expect(refused({ 'expiry-variable': given })).toMatch(
      /^invalid-input: Input expiry-variable is (“|a text of )/
    )
  })

  test('a secret needs one, a variable does not', () => {
    expect(refused({ 'secret-name': ' ' })).toBe('invalid-input: Input secret-name is empty.')
    expect(asked({ 'expiry-variable': '' })).not.toHaveProperty('expiryVariable')
  })
})

describe('the GitHub token', () => {
  test('is missing', () => {
    const { error } = read({ 'github-token': '' })
    expect(`${error?.code}: ${error?.message}`).toBe('missing-credential: Input github-token is empty.')
    expect(error?.hint).toContain('GITHUB_TOKEN cannot')
    expect(error?.hint).toContain('forks and from Dependabot')
  })

  test.each(['short', 'in two\nlines', 'with a space', 'with-ümlaut'])(
    '%j is refused, and not shown',
    given => {
      const { error } = read({ 'github-token': given })
      expect(error?.message).toBe(
        `The value for github-token is not allowed; it has ${given.length} characters.`
      )
      expect(error?.hint).not.toContain(given)
    }
  )
})

describe('the previous token', () => {
  test('may be any that could stand in a header', () => {
    const token = '!~'.repeat(20)
    expect(asked({ 'previous-token': token }).previousToken?.reveal()).toBe(token)
  })

  test.each(['short', 'a placeholder of somebody’s', 'line\nbreak-within', '***'])(
    '%j is no token: a doubt is told, without it, and there is none to revoke',
    given => {
      const got = asked({ 'previous-token': given })
      expect(got.previousToken).toBeUndefined()
      expect(got.doubts).toEqual(['previous-token holds no token, so there is none to revoke.'])
    }
  )

  test.each(['', '  \n'])('%j is none, and nothing is said of it', given => {
    const got = asked({ 'previous-token': given })
    expect([got.previousToken, got.doubts]).toEqual([undefined, []])
  })

  test.each([CXONE_KEY, CXONE_CLIENT])('is refused on NICE CXone', credentials => {
    const inputs = { ...credentials, 'previous-token': 'previous-token-given' }
    const region = 'region' in credentials ? {} : { region: '' }
    expect(
      refused({
        ...inputs,
        ...region,
        ...('client-id' in credentials ? {} : { 'client-id': '', 'client-secret': '' })
      })
    ).toContain(
      'invalid-input: Input previous-token is given, and NICE CXone has no request that revokes a token'
    )
  })
})

describe('the place', () => {
  test('an environment of a repository', () => {
    expect(asked({ repository: 'o/r.x_-1', environment: ' Prod / EU 50% ' }).place).toEqual({
      kind: 'environment',
      repository: 'o/r.x_-1',
      environment: 'Prod / EU 50%'
    })
  })

  test('an organisation', () => {
    const got = asked({ organization: 'Octo-Org' })
    expect(got.place).toEqual({ kind: 'organization', organization: 'Octo-Org' })
    expect(got).not.toHaveProperty('sharing')
  })

  test.each([
    ['repository', 'app'],
    ['repository', 'a/b/c'],
    ['repository', '../app'],
    ['repository', 'octo-org/.'],
    ['repository', './..'],
    ['repository', 'octo-org/ä'],
    ['repository', 'octo org/app'],
    ['repository', 'https://github.com/octo-org/app'],
    ['repository', `o/${'r'.repeat(101)}`],
    ['environment', '.'],
    ['environment', '..'],
    ['environment', 'a\u0000b'],
    ['environment', 'a\nb'],
    ['environment', 'a\ud800'],
    ['environment', 'x'.repeat(256)],
    ['organization', 'octo/org'],
    ['organization', '..'],
    ['organization', '-octo'],
    ['organization', 'ö']
  ])('%s %j is refused', (input, given) => {
    expect(refused({ [input]: given })).toMatch(
      new RegExp(`^invalid-input: Input ${input} is (“|a text of )`)
    )
  })

  test('no repository at all', () => {
    expect(refused({}, {})).toBe('invalid-input: Input repository is empty.')
  })

  test.each(['repository', 'environment'])('an organisation’s secret has no %s', input => {
    expect(refused({ organization: 'octo-org', [input]: 'a/b' })).toBe(
      `invalid-input: Input ${input} is given, and an organisation’s secret has neither repository nor environment.`
    )
  })
})

describe('who may read it', () => {
  const organization = 'octo-org'

  test.each(['all', 'private', 'ALL'])('%s', visibility => {
    expect(asked({ organization, visibility }).sharing).toEqual({ visibility: visibility.toLowerCase() })
  })

  test('selected repositories', () => {
    const ids = '12, 345\n\n999999999999999'
    expect(asked({ organization, visibility: 'selected', 'selected-repository-ids': ids }).sharing).toEqual({
      visibility: 'selected',
      repositoryIds: [12, 345, 999_999_999_999_999]
    })
  })

  test.each(['', ',', '0', '-1', '1.5', 'octo-org/app', '1 2', '1234567890123456'])(
    'ids %j are refused',
    ids => {
      expect(refused({ organization, visibility: 'selected', 'selected-repository-ids': ids })).toMatch(
        /^invalid-input: Input selected-repository-ids is /
      )
    }
  )

  test.each([
    [{ organization, visibility: 'public' }, 'Input visibility is “public”'],
    [
      { organization, visibility: 'all', 'selected-repository-ids': '1' },
      'selected-repository-ids is given, and visi'
    ],
    [
      { organization, 'selected-repository-ids': '1' },
      'selected-repository-ids is given, and visibility is not sel'
    ],
    [{ visibility: 'all' }, 'visibility is given, and only an organisation’s secret is shared'],
    [{ 'selected-repository-ids': '1' }, 'and only an organisation’s secret is shared among repositories']
  ] as [Record<string, string>, string][])('%j is refused', (inputs, words) => {
    expect(refused(inputs)).toContain(words)
  })
})

describe('GITHUB_API_URL', () => {
  test.each([
    'https://api.github.com',
    'https://api.octocorp.ghe.com',
    'https://github.example.com/api/v3',
    'https://github.example.com:8443/api/v3/',
    'http://127.0.0.1:8080/api/v3',
    'http://localhost:3000'
  ])('%s', url => {
    expect(asked({}, { ...HERE, GITHUB_API_URL: url }).apiUrl).toBe(url)
  })

  test.each([
    'http://api.github.com',
    'ftp://api.github.com',
    'https://user:pass@api.github.com',
    'https://api.github.com?x=1',
    'https://api.github.com#x',
    'api.github.com',
    'http://127.0.0.1.example.com',
    'https://'
  ])('%s is refused', url => {
    expect(refused({}, { ...HERE, GITHUB_API_URL: url })).toBe(
      'invalid-input: The runner’s GITHUB_API_URL is no https address.'
    )
  })
})

test.each([
  ['0s', 0],
  ['300d', 25_920_000],
  ['3660d', 316_224_000],
  ['2h', 7200],
  ['45', 45]
])('rotate-after %s', (text, seconds) => {
  expect(asked({ 'rotate-after': text }).rotateAfterSeconds).toBe(seconds)
})

test.each([
  ['rotate-after', 'never'],
  ['rotate-after', '3661d'],
  ['rotate-after', '999999999d'],
  ['dry-run', '1'],
  ['max-attempts', '0'],
  ['verify', 'no']
])('%s %s is refused', (input, text) => {
  expect(refused({ [input]: text })).toContain(`invalid-input: Input ${input} is “${text}”`)
})
