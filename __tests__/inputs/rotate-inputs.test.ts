import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { PROVIDERS } from '../../src/auth/providers.js'
import {
  type CommandTarget,
  type GitHubTarget,
  type RotateInputs,
  readRotateInputs
} from '../../src/inputs/rotate-inputs.js'
import { ActionError } from '../../src/lib/action-error.js'
import { ROTATE_INPUTS } from '../../src/lib/inputs.js'
import { Secret } from '../../src/lib/secret.js'
import { readActionFile } from '../support/action-file.mjs'
import { notAllowed, notApplicable } from '../support/input-errors.js'
import { describeOnPosix } from '../support/posix.js'
import { MADE_UP_CXONE_CLIENT, MADE_UP_CXONE_KEY, MADE_UP_GENESYS } from '../support/read-inputs.js'

const REQUIRED = { ...MADE_UP_GENESYS, 'secret-name': 'CC_TOKEN', 'github-token': 'github_pat_given' }
const ENV = { GITHUB_REPOSITORY: 'octo-org/app' }

type Inputs = Readonly<Record<string, string>>

interface ReadRotateInputs {
  readonly inputs?: RotateInputs
  readonly error?: ActionError
  readonly masked: readonly string[]
}

/** Reads the required inputs and those given. Returns what was read, or the error; and the secrets masked by then. */
function read(given: Inputs, env: Inputs = ENV): ReadRotateInputs {
  const masked: string[] = []
  const variables = Object.entries({ ...REQUIRED, ...given }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value
  ])
  const log = { mask: (secret: Secret) => void masked.push(secret.reveal()), hideInQuotes: () => {} }
  try {
    return { inputs: readRotateInputs({ ...env, ...Object.fromEntries(variables) }, PROVIDERS, log), masked }
  } catch (error) {
    if (error instanceof ActionError) return { error, masked }
    throw error
  }
}

/** Returns the inputs; fails with the message of the error. */
function accepted(given: Inputs, env?: Inputs): RotateInputs {
  const { inputs, error } = read(given, env)
  expect(error?.message).toBeUndefined()
  return inputs as RotateInputs
}

/** Returns where the token is stored; fails with the message of the error. */
const gitHubTarget = (given: Inputs, env?: Inputs) => accepted(given, env).target as GitHubTarget

function refusal(given: Inputs, env?: Inputs): string {
  const { error, inputs } = read(given, env)
  return error === undefined ? `accepted: ${JSON.stringify(inputs)}` : `${error.code}: ${error.message}`
}

test('only the required inputs', () => {
  const { target, ...inputs } = accepted({})
  expect(inputs).toMatchObject({
    dryRun: false,
    guards: { verify: true, allowedOrganizationIds: [] },
    limits: { timeoutMs: 120_000, attemptTimeoutMs: 15_000, maxAttempts: 5 },
    summary: true,
    variables: [],
    warnings: []
  })
  expect(target).toEqual({
    kind: 'github',
    apiUrl: 'https://api.github.com',
    githubToken: new Secret('github_pat_given'),
    scope: { kind: 'repository', repository: 'octo-org/app' },
    secretName: 'CC_TOKEN',
    rotateAfterSeconds: 0
  })
  expect((target as GitHubTarget).githubToken.reveal()).toBe('github_pat_given')
})

test('the inputs and their defaults are those that rotate/action.yml declares', () => {
  const file = fileURLToPath(new URL('../../rotate/action.yml', import.meta.url))
  const declared = Object.entries(readActionFile(file).inputs).map(([name, input]) => [name, input.default])
  expect(Object.fromEntries(declared)).toEqual(ROTATE_INPUTS)
})

test('every secret is masked, even if the inputs are refused', () => {
  expect(read({ 'previous-token': 'previous-token-given' }).masked).toEqual(
    expect.arrayContaining(['my-client-secret', 'github_pat_given', 'previous-token-given'])
  )
  const { error, masked } = read({ 'previous-token': 'previous-token-given', provider: 'neither' })
  expect([error?.code, masked]).toEqual([
    'invalid-input',
    ['my-client-secret', 'github_pat_given', 'previous-token-given']
  ])
})

test('printing the inputs shows no secret', () => {
  const inputs = accepted({ 'previous-token': 'previous-token-given' })
  const { githubToken, previousToken } = inputs.target as GitHubTarget
  const printed = `${JSON.stringify(inputs)}${githubToken}${previousToken}`
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
    expect(gitHubTarget({ 'secret-name': given, 'expiry-variable': given })).toMatchObject({
      secretName: name,
      expiryVariable: name
    })
  })

  test.each(['9A', 'A-B', 'A B', 'Ä', 'A\nB', 'GITHUB_', 'github_token', 'a'.repeat(256), 'A/B'])(
    '%j is refused',
    given => {
      for (const input of ['secret-name', 'expiry-variable'])
        expect(refusal({ [input]: given })).toBe(notAllowed(input, given))
    }
  )

  test('secret-name is required, expiry-variable is not', () => {
    expect(refusal({ 'secret-name': ' ' })).toBe(
      'invalid-input: The inputs secret-name and store-command are empty.'
    )
    expect(gitHubTarget({ 'expiry-variable': '' })).not.toHaveProperty('expiryVariable')
  })
})

describe('the GitHub token', () => {
  test('is required', () => {
    const { error } = read({ 'github-token': '' })
    expect(`${error?.code}: ${error?.message}`).toBe('missing-credential: Input github-token is empty.')
    expect(error?.hint).toContain('GITHUB_TOKEN cannot')
    expect(error?.hint).toContain('forks and from Dependabot')
  })

  test.each(['x'.repeat(15), 'in two\nlines-of-text', 'with a space inside', 'with-an-ümlaut-inside'])(
    '%j is refused and not shown',
    given => {
      const { error } = read({ 'github-token': given })
      expect(error?.message).toBe(
        `The value of github-token is not allowed; it has ${given.length} characters.`
      )
      expect(error?.hint).not.toContain(given)
    }
  )
})

describe('the previous token', () => {
  test.each(['!~'.repeat(8), 'x'.repeat(32 * 1024)])('%.20s is accepted', token =>
    expect(gitHubTarget({ 'previous-token': token }).previousToken?.reveal()).toBe(token)
  )

  test.each(['x'.repeat(15), 'a placeholder in its place', 'line\nbreak-inside', '***'])(
    '%j is not a token: a warning that does not show it',
    given => {
      const inputs = accepted({ 'previous-token': given })
      expect(inputs.target).not.toHaveProperty('previousToken')
      expect(inputs.warnings).toEqual(['The value of previous-token is not a token, so it is not revoked.'])
    }
  )

  test.each(['', '  \n'])('%j: no token and no warning', given => {
    const inputs = accepted({ 'previous-token': given })
    expect(inputs.target).not.toHaveProperty('previousToken')
    expect(inputs.warnings).toEqual([])
  })

  test.each<Inputs>([
    { 'previous-token': 'my-client-secret' },
    { 'previous-token': 'github_pat_given' },
    { ...MADE_UP_GENESYS, 'client-id': '', 'client-secret': '', 'previous-token': 'secret-in-variable' }
  ])('is refused if it repeats another secret: %j', given =>
    expect(
      refusal(given, {
        ...ENV,
        GENESYS_CLOUD_CLIENT_ID: 'my-client',
        GENESYS_CLOUD_CLIENT_SECRET: 'secret-in-variable'
      })
    ).toBe('invalid-input: Input previous-token has the same value as another secret of this step.')
  )

  test.each<Inputs>([
    { ...MADE_UP_CXONE_KEY, 'client-id': '', 'client-secret': '' },
    { ...MADE_UP_CXONE_CLIENT, region: '' }
  ])('is refused on NICE CXone: %j', credentials =>
    expect(refusal({ ...credentials, 'previous-token': 'previous-token-given' })).toBe(
      notApplicable('previous-token', 'NICE CXone has no request that revokes a token')
    )
  )
})

describe('the scope', () => {
  test('an environment of a repository', () => {
    expect(gitHubTarget({ repository: 'o/r.x_-1', environment: ' Prod / EU 50% ' }).scope).toEqual({
      kind: 'environment',
      repository: 'o/r.x_-1',
      environment: 'Prod / EU 50%'
    })
  })

  test('an organisation', () => {
    for (const organization of ['Octo-Org', 'o'.repeat(100)]) {
      const target = gitHubTarget({ organization })
      expect(target.scope).toEqual({ kind: 'organization', organization })
      expect(target).not.toHaveProperty('visibility')
    }
  })

  test.each([
    ['repository', ['app', 'a/b/c', '../app', 'octo-org/.', './..', 'octo org/app', `o/${'r'.repeat(101)}`]],
    ['environment', ['.', '..', 'a\u0000b', 'a\nb', 'a\ud800', 'x'.repeat(256)]],
    ['organization', ['octo/org', '..', '-octo', 'ö', 'o'.repeat(101)]]
  ])('names of a %s that are refused', (input, names) => {
    for (const given of names) expect(refusal({ [input]: given })).toBe(notAllowed(input, given))
  })

  test('there is no repository', () => {
    expect(refusal({}, {})).toBe('invalid-input: Input repository is empty.')
  })

  test.each(['repository', 'environment'])('the secret of an organisation has no %s', input => {
    expect(refusal({ organization: 'octo-org', [input]: 'a/b' })).toBe(
      notApplicable(input, 'the secret of an organisation has neither a repository nor an environment')
    )
  })
})

describe('visibility', () => {
  const organization = 'octo-org'
  const ORGANIZATIONS_ONLY = 'it applies to the secrets of organisations only'

  test.each(['all', 'private', 'ALL'])('%s', visibility => {
    expect(gitHubTarget({ organization, visibility }).visibility).toEqual({
      visibility: visibility.toLowerCase()
    })
  })

  test('selected repositories', () => {
    const ids = '12, 345\n\n999999999999999'
    expect(
      gitHubTarget({ organization, visibility: 'selected', 'selected-repository-ids': ids }).visibility
    ).toEqual({
      visibility: 'selected',
      repositoryIds: [12, 345, 999_999_999_999_999]
    })
  })

  test.each(['', ',', '0', '-1', '1.5', 'octo-org/app', '1 2', '1234567890123456', '12,bad,345'])(
    'ids %j are refused',
    ids => {
      expect(refusal({ organization, visibility: 'selected', 'selected-repository-ids': ids })).toMatch(
        /^invalid-input: Input selected-repository-ids is /
      )
    }
  )

  test.each([
    [{ organization, visibility: 'public' }, notAllowed('visibility', 'public')],
    [
      { organization, visibility: 'all', 'selected-repository-ids': '1' },
      notApplicable('selected-repository-ids', 'visibility is not selected')
    ],
    [
      { organization, 'selected-repository-ids': '1' },
      notApplicable('selected-repository-ids', 'visibility is not selected')
    ],
    [{ visibility: 'all' }, notApplicable('visibility', ORGANIZATIONS_ONLY)],
    [{ 'selected-repository-ids': '1' }, notApplicable('selected-repository-ids', ORGANIZATIONS_ONLY)]
  ] as [Inputs, string][])('%j is refused', (inputs, message) => expect(refusal(inputs)).toBe(message))
})

describe('GITHUB_API_URL', () => {
  test.each([
    'https://api.github.com',
    'https://github.example.com/api/v3',
    'https://github.example.com:8443/api/v3/',
    'http://127.0.0.1:8080/api/v3',
    'http://localhost:3000'
  ])('%s', url => {
    expect(gitHubTarget({}, { ...ENV, GITHUB_API_URL: url }).apiUrl).toBe(url)
  })

  test.each([
    'http://api.github.com',
    'https://user:pass@api.github.com',
    'https://api.github.com?x=1',
    'api.github.com',
    'http://127.0.0.1.example.com',
    'https://',
    'xhttps://api.github.com',
    'x https://api.github.com',
    'xhttp://127.0.0.1:8080',
    'https://evil.com/?http://localhost:3000'
  ])('%s is refused', url => {
    expect(refusal({}, { ...ENV, GITHUB_API_URL: url })).toBe(
      'invalid-input: GITHUB_API_URL is not an https URL.'
    )
  })
})

test.each([
  ['0s', 0],
  ['300d', 25_920_000],
  ['3660d', 316_224_000],
  ['2h', 7200],
  ['2H', 7200],
  ['45', 45]
])('rotate-after %s', (text, seconds) => {
  expect(gitHubTarget({ 'rotate-after': text }).rotateAfterSeconds).toBe(seconds)
})

test.each([
  ['rotate-after', 'never'],
  ['rotate-after', '3661d'],
  ['rotate-after', '999999999d'],
  ['dry-run', '1'],
  ['max-attempts', '0'],
  ['verify', 'no']
])('%s %s is refused', (input, text) => {
  expect(refusal({ [input]: text })).toBe(notAllowed(input, text))
})

// On Windows, store-command is refused.
describeOnPosix('store-command', () => {
  const STORE = { 'secret-name': '', 'github-token': '', 'store-command': 'vault kv put …' }
  const commandTarget = (given: Inputs) => accepted({ ...STORE, ...given }, {}).target as CommandTarget

  test('alone; it needs neither a repository nor a GitHub token', () =>
    expect(commandTarget({})).toEqual({
      kind: 'command',
      storeCommand: 'vault kv put …',
      revokePrevious: false,
      commandTimeoutMs: 60_000,
      isOtherSecret: expect.any(Function)
    }))

  test('with all its inputs', () =>
    expect(
      commandTarget({
        'read-command': ' vault kv get …\n',
        'revoke-previous': 'true',
        'command-timeout': '2m'
      })
    ).toMatchObject({ readCommand: 'vault kv get …', revokePrevious: true, commandTimeoutMs: 120_000 }))

  test('knows the other secrets of the step', () => {
    const { isOtherSecret } = commandTarget({})
    expect(['my-client-secret', 'another-secret'].map(isOtherSecret)).toEqual([true, false])
  })

  test.each(['read-command', 'revoke-previous', 'command-timeout'])('%s with secret-name is refused', name =>
    expect(refusal({ [name]: name === 'revoke-previous' ? 'true' : '5s' })).toBe(
      notApplicable(name, 'it applies to other stores only, and secret-name is given')
    )
  )

  test('with secret-name is refused', () =>
    expect(refusal({ ...STORE, 'secret-name': 'CC_TOKEN' })).toBe(
      notApplicable('secret-name', 'store-command is given, too')
    ))

  test.each<Inputs>([
    { 'github-token': 'github_pat_given' },
    { repository: 'octo-org/app' },
    { environment: 'prod' },
    { organization: 'octo-org' },
    { visibility: 'all' },
    { 'selected-repository-ids': '1' },
    { 'rotate-after': '1d' },
    { 'expiry-variable': 'CC_EXPIRY' },
    { 'previous-token': 'previous-token-given' }
  ])('with %j is refused', given =>
    expect(refusal({ ...STORE, ...given })).toBe(
      notApplicable(
        Object.keys(given).join(),
        'it applies to secrets of GitHub only, and store-command is given'
      )
    )
  )

  test.each<[Inputs, string, string]>([
    [{ 'revoke-previous': 'true' }, 'revoke-previous', 'read-command is not'],
    [
      { ...MADE_UP_CXONE_CLIENT, region: '', 'revoke-previous': 'true', 'read-command': 'cat token' },
      'revoke-previous',
      'NICE CXone has no request that revokes a token'
    ]
  ])('%j is refused', (given, name, reason) =>
    expect(refusal({ ...STORE, ...given })).toBe(notApplicable(name, reason))
  )

  test.each([
    ['command-timeout', '0s'],
    ['command-timeout', '25h'],
    ['command-timeout', 'soon'],
    ['revoke-previous', 'yes']
  ])('%s %s is refused', (name, text) =>
    expect(refusal({ ...STORE, 'read-command': 'cat token', [name]: text })).toBe(notAllowed(name, text))
  )

  test('is refused on Windows', () => {
    const { platform } = process
    Object.defineProperty(process, 'platform', { value: 'win32' })
    const message = refusal(STORE)
    Object.defineProperty(process, 'platform', { value: platform })
    expect(message).toBe(notApplicable('store-command', 'it does not work on Windows'))
  })
})
