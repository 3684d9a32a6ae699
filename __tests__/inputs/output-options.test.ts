import { describe, expect, test } from '@jest/globals'
import {
  MADE_UP_CXONE_CLIENT,
  MADE_UP_GENESYS,
  quotedAs,
  readInputs,
  refusal
} from '../support/read-inputs.js'

const names = (text: string, inputs: Record<string, string> = MADE_UP_GENESYS) =>
  readInputs({ ...inputs, 'export-env': text }).inputs?.output.exportEnv

const invalidName = (quoted: string) => `invalid-input: Input export-env names ${quoted}, which`

describe('export-env', () => {
  test.each([
    [' , \n,', []],
    [' CC_TOKEN\n', ['CC_TOKEN']],
    ['A, B ,C', ['A', 'B', 'C']],
    ['A\nB\r\nC\rD', ['A', 'B', 'C', 'D']],
    ['A,A\nB,A', ['A', 'B']],
    ['_a1,__,a', ['_a1', '__', 'a']],
    [`A${'b'.repeat(254)}`, [`A${'b'.repeat(254)}`]]
  ])('%j', (text, expected) => expect(names(text)).toEqual(expected))

  test.each(['A B', '1A', 'A-B', 'A=B', 'A<<EOF', '$A', 'Ä', 'A\u0000', 'A\u2028B', `A${'b'.repeat(255)}`])(
    '%j is not a name',
    text => {
      const read = readInputs({ ...MADE_UP_GENESYS, 'export-env': `GOOD,${text}` })
      expect(refusal(read)).toBe(
        `${invalidName(quotedAs(text))} is not a valid name: use letters, digits and underscores, and no digit first.`
      )
      expect(read.error?.message).not.toMatch(/[\p{Cc}\p{Zl}]/u)
    }
  )

  const RESERVED = `
    PATH PATHEXT HOME USER SHELL TEMP TMP TMPDIR CI ENV IFS COMSPEC SYSTEMROOT WINDIR USERPROFILE
    BASH_ENV SHELLOPTS BASHOPTS PROMPT_COMMAND PS4
    NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED
    RES_OPTIONS OPENSSL_CONF SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    PYTHONPATH PYTHONHOME PYTHONSTARTUP DOTNET_STARTUP_HOOKS PERL5OPT PERL5LIB RUBYOPT RUBYLIB
    JAVA_TOOL_OPTIONS _JAVA_OPTIONS
    GITHUB_TOKEN GITHUB_ RUNNER_TEMP ACTIONS_RUNTIME_TOKEN INPUT_REGION STATE_token
    LD_PRELOAD DYLD_INSERT_LIBRARIES GIT_SSH_COMMAND NPM_CONFIG_REGISTRY`
  test.each(RESERVED.trim().split(/\s+/))('%s is reserved, in any case', name => {
    for (const spelled of [name, name.toLowerCase()])
      expect(refusal(readInputs({ ...MADE_UP_GENESYS, 'export-env': `GOOD\n${spelled}` }))).toBe(
        `${invalidName(`“${spelled}”`)} belongs to the runner, the shell or a language’s loader.`
      )
  })
  test.each(['MY_PATH', 'PATHS', 'GITHUBTOKEN', 'MY_GITHUB_TOKEN', 'INPUT', 'LDAP_TOKEN', 'STATEFUL'])(
    '%s is not reserved',
    name => expect(names(name)).toEqual([name])
  )
})

describe('tool-env', () => {
  test.each<[string, Record<string, string>, string[]]>([
    [
      'Genesys Cloud',
      MADE_UP_GENESYS,
      ['GENESYSCLOUD_ACCESS_TOKEN', 'GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION']
    ],
    ['CXone', MADE_UP_CXONE_CLIENT, ['CXONE_ACCESS_TOKEN', 'CXONE_API_URL']]
  ])('on %s: export-env may name only the variable for the token', (_, inputs, variables) => {
    const withTools = { ...inputs, 'tool-env': 'true' }
    const read = readInputs(withTools)
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
    expect(names('CXONE_API_URL', { ...MADE_UP_GENESYS, 'tool-env': 'true' })).toEqual(['CXONE_API_URL'])
  })
})
