import { describe, expect, test } from '@jest/globals'
import { toolVariables } from '../../src/inputs/output-options.js'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  quotedAs,
  read,
  refusal
} from '../support/reading.js'

const names = (text: string, inputs: Record<string, string> = GENESYS) =>
  read({ ...inputs, 'export-env': text }).asked?.handOver.exportEnv

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
  ])('%j is no name', text => {
    const got = read({ ...GENESYS, 'export-env': `GOOD,${text}` })
    expect(refusal(got)).toBe(
      `invalid-input: Input export-env names ${quotedAs(text)}, which is no name of an environment variable: ` +
        'letters, digits and underscores, no digit first.'
    )
    expect(got.error?.message).not.toMatch(/[\p{Cc}\p{Zl}]/u)
    expect(got.error?.message.length).toBeLessThan(300)
  })

  const reserved = [
    ...['PATH', 'HOME', 'SHELL', 'TEMP', 'TMP', 'TMPDIR', 'CI', 'ENV', 'IFS', 'USER', 'BASH_ENV', 'PATHEXT'],
    ...[
      'NODE_OPTIONS',
      'NODE_PATH',
      'NODE_EXTRA_CA_CERTS',
      'PYTHONPATH',
      'PERL5LIB',
      'RUBYOPT',
      'JAVA_TOOL_OPTIONS'
    ],
    ...[
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'NO_PROXY',
      'ALL_PROXY',
      'GITHUB_TOKEN',
      'GITHUB_ENV',
      'GITHUB_',
      'RUNNER_TEMP'
    ],
    ...[
      'RUNNER_DEBUG',
      'ACTIONS_RUNTIME_TOKEN',
      'ACTIONS_STEP_DEBUG',
      'INPUT_REGION',
      'STATE_token',
      'LD_PRELOAD'
    ],
    ...['LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'GIT_SSH_COMMAND', 'NPM_CONFIG_REGISTRY']
  ]
  const anyCase = (name: string) => [
    name,
    name.toLowerCase(),
    [...name].map((letter, at) => (at % 2 ? letter.toLowerCase() : letter.toUpperCase())).join('')
  ]
  test.each(reserved.flatMap(anyCase))('%s is not ours to take', name => {
    const got = read({ ...GENESYS, 'export-env': `GOOD\n${name}` })
    expect(refusal(got)).toBe(
      `invalid-input: Input export-env names “${name}”, which belongs to the runner, the shell or a language’s loader.`
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
  ])('%s is only like one', name => expect(names(name)).toEqual([name]))
})

describe('tool-env', () => {
  test.each<[string, Record<string, string>, string, string[]]>([
    [
      'genesys-login',
      GENESYS,
      'GENESYSCLOUD_ACCESS_TOKEN',
      ['GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION']
    ],
    [
      'genesys-api',
      { ...GENESYS, 'token-endpoint': 'api' },
      'GENESYSCLOUD_ACCESS_TOKEN',
      ['GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION']
    ],
    [
      'genesys-long-lived',
      { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'x' },
      'GENESYSCLOUD_ACCESS_TOKEN',
      ['GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION']
    ],
    ['cxone-application', CXONE_APPLICATION, 'CXONE_ACCESS_TOKEN', ['CXONE_API_URL']],
    ['cxone-access-key', CXONE_KEY, 'CXONE_ACCESS_TOKEN', ['CXONE_API_URL']],
    ['cxone-client', CXONE_CLIENT, 'CXONE_ACCESS_TOKEN', ['CXONE_API_URL']]
  ])(
    '%s: its variables, and no other variable may take their places',
    (exchange, inputs, token, otherwise) => {
      const { asked } = read({ ...inputs, 'tool-env': 'true' })
      expect(asked?.request.exchange).toBe(exchange)
      expect(asked?.handOver).toMatchObject({ exportEnv: [], toolEnv: true })
      expect(asked && toolVariables(asked.request.exchange)).toEqual({ token, otherwise })
      for (const name of otherwise.flatMap(one => [one, one.toLowerCase()])) {
        expect(refusal(read({ ...inputs, 'tool-env': 'true', 'export-env': `A,${name}` }))).toBe(
          `invalid-input: Input export-env names “${name}”, which is set by tool-env to something else.`
        )
        expect(names(name, inputs)).toEqual([name])
      }
      expect(names(token, { ...inputs, 'tool-env': 'true' })).toEqual([token])
    }
  )
  test('the other platform’s names are free', () => {
    expect(names('CXONE_API_URL', { ...GENESYS, 'tool-env': 'true' })).toEqual(['CXONE_API_URL'])
    expect(names('GENESYSCLOUD_REGION', { ...CXONE_CLIENT, 'tool-env': 'true' })).toEqual([
      'GENESYSCLOUD_REGION'
    ])
  })
})
