import { describe, expect, test } from '@jest/globals'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  quotedAs,
  readInputs,
  refusal
} from '../support/read-inputs.js'

const names = (text: string, inputs: Record<string, string> = GENESYS) =>
  readInputs({ ...inputs, 'export-env': text }).inputs?.output.exportEnv

const invalidName = (quoted: string) => `invalid-input: Input export-env names ${quoted}, which`

describe('export-env', () => {
  test.each([
    ['', []],
    [' , \n,', []],
    ['CC_TOKEN', ['CC_TOKEN']],
    [' CC_TOKEN\n', ['CC_TOKEN']],
    ['A,B', ['A', 'B']],
    ['A, B ,C', ['A', 'B', 'C']],
    ['A\nB\r\nC\rD', ['A', 'B', 'C', 'D']],
    ['A,\n  B,\n', ['A', 'B']],
    ['A,A\nB,A', ['A', 'B']],
    ['_a1,__,a', ['_a1', '__', 'a']],
    ['token', ['token']],
    [`A${'b'.repeat(254)}`, [`A${'b'.repeat(254)}`]]
  ])('%j', (text, expected) => expect(names(text)).toEqual(expected))

  test.each([
    'A B',
    'A;B',
    '1A',
    'A-B',
    'A.B',
    'A=B',
    'A<<EOF',
    '$A',
    'Ä',
    'A\u0000',
    'A\tB',
    'A\u2028B',
    '%PATH%',
    '😀',
    `A${'b'.repeat(255)}`
  ])('%j is not a name', text => {
    const read = readInputs({ ...GENESYS, 'export-env': `GOOD,${text}` })
    expect(refusal(read)).toBe(
      `${invalidName(quotedAs(text))} is not a valid name: use letters, digits and underscores, and no digit first.`
    )
    expect(read.error?.message).not.toMatch(/[\p{Cc}\p{Zl}]/u)
    expect(read.error?.message.length).toBeLessThan(300)
  })

  const reserved = [
    'PATH',
    'HOME',
    'SHELL',
    'TEMP',
    'TMP',
    'TMPDIR',
    'CI',
    'ENV',
    'IFS',
    'USER',
    'BASH_ENV',
    'PATHEXT',
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_EXTRA_CA_CERTS',
    'PYTHONPATH',
    'PERL5LIB',
    'RUBYOPT',
    'JAVA_TOOL_OPTIONS',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'ALL_PROXY',
    'GITHUB_TOKEN',
    'GITHUB_ENV',
    'GITHUB_',
    'RUNNER_TEMP',
    'RUNNER_DEBUG',
    'ACTIONS_RUNTIME_TOKEN',
    'ACTIONS_STEP_DEBUG',
    'INPUT_REGION',
    'STATE_token',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DYLD_INSERT_LIBRARIES',
    'GIT_SSH_COMMAND',
    'NPM_CONFIG_REGISTRY'
  ]
  const anyCase = (name: string) => [
    name,
    name.toLowerCase(),
    [...name].map((letter, at) => (at % 2 ? letter.toLowerCase() : letter.toUpperCase())).join('')
  ]
  test.each(reserved.flatMap(anyCase))('%s is reserved', name => {
    expect(refusal(readInputs({ ...GENESYS, 'export-env': `GOOD\n${name}` }))).toBe(
      `${invalidName(`“${name}”`)} belongs to the runner, the shell or a language’s loader.`
    )
  })
  test.each([
    'MY_PATH',
    'PATHS',
    'GITHUBTOKEN',
    'MY_GITHUB_TOKEN',
    'INPUT',
    'LDAP_TOKEN',
    'STATEFUL',
    'CI_TOKEN',
    'RUNNERS'
  ])('%s is not reserved', name => expect(names(name)).toEqual([name]))
})

describe('tool-env', () => {
  const GENESYS_VARIABLES = ['GENESYSCLOUD_ACCESS_TOKEN', 'GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION']
  const CXONE_VARIABLES = ['CXONE_ACCESS_TOKEN', 'CXONE_API_URL']

  test.each<[string, Record<string, string>, string[]]>([
    ['genesys-login', GENESYS, GENESYS_VARIABLES],
    ['genesys-api', { ...GENESYS, 'token-endpoint': 'api' }, GENESYS_VARIABLES],
    [
      'genesys-long-lived',
      { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'x' },
      GENESYS_VARIABLES
    ],
    ['cxone-application', CXONE_APPLICATION, CXONE_VARIABLES],
    ['cxone-access-key', CXONE_KEY, CXONE_VARIABLES],
    ['cxone-client', CXONE_CLIENT, CXONE_VARIABLES]
  ])('%s: export-env may name only the variable for the token', (exchange, inputs, variables) => {
    const withTools = { ...inputs, 'tool-env': 'true' }
    const read = readInputs(withTools)
    expect(read.inputs?.request.exchange).toBe(exchange)
    expect(read.inputs?.output.exportEnv).toEqual([])
    expect(read.inputs?.output.toolVariables.map(({ name }) => name)).toEqual(variables)
    expect(readInputs(inputs).inputs?.output.toolVariables).toEqual([])
    const [token = '', ...others] = variables
    for (const name of others.flatMap(one => [one, one.toLowerCase()])) {
      expect(refusal(readInputs({ ...withTools, 'export-env': `A,${name}` }))).toBe(
        `${invalidName(`“${name}”`)} is set to another value by tool-env.`
      )
      expect(names(name, inputs)).toEqual([name])
    }
    expect(names(token, withTools)).toEqual([token])
  })
  test('the variables of the other platform are free', () => {
    expect(names('CXONE_API_URL', { ...GENESYS, 'tool-env': 'true' })).toEqual(['CXONE_API_URL'])
    expect(names('GENESYSCLOUD_REGION', { ...CXONE_CLIENT, 'tool-env': 'true' })).toEqual([
      'GENESYSCLOUD_REGION'
    ])
  })
})
