import type { AuthRequest } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { type Inputs, quoted } from './reader.js'

/** Where the token goes beside the outputs. */
export interface OutputOptions {
  /** Names of environment variables that get the token. */
  readonly exportEnv: readonly string[]
  /** Whether to export what the platform's own tools read. */
  readonly toolEnv: boolean
  /** Whether to write it to a file too. */
  readonly tokenFile: boolean
  readonly summary: boolean
}

/** Names that steer the runner, the shell or a language's loader; a token there would break or subvert later steps. */
const RESERVED =
  /^(PATH|PATHEXT|HOME|USER|SHELL|TEMP|TMP|TMPDIR|CI|ENV|IFS|COMSPEC|SYSTEMROOT|WINDIR|USERPROFILE|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS4|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|RES_OPTIONS|OPENSSL_CONF|SSL_CERT_(FILE|DIR)|PYTHON(PATH|HOME|STARTUP)|DOTNET_STARTUP_HOOKS|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|(HTTP|HTTPS|ALL|NO)_PROXY|(GITHUB|RUNNER|ACTIONS|INPUT|STATE|LD|DYLD|GIT|NPM_CONFIG)_.*)$/i

/** Returns where the token is to go; throws `invalid-input` for a name that must not be taken. */
export function readHandOver(inputs: Inputs, request: AuthRequest): OutputOptions {
  const names = inputs.list('export-env')
  const toolEnv = inputs.flag('tool-env')
  const taken = toolEnv ? toolVariables(request.exchange).otherwise : []
  for (const name of names) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)) {
      throw refused(
        name,
        'is no name of an environment variable: letters, digits and underscores, no digit first'
      )
    }
    if (RESERVED.test(name)) throw refused(name, 'belongs to the runner, the shell or a language’s loader')
    if (taken.some(other => other.toUpperCase() === name.toUpperCase()))
      throw refused(name, 'is set by tool-env to something else')
  }
  return {
    exportEnv: [...new Set(names)],
    toolEnv,
    tokenFile: inputs.flag('token-file'),
    summary: inputs.flag('summary')
  }
}

/** Returns the variables that the platform's own tools read: the one for the token, and those for where it is of use. */
export function toolVariables(exchange: AuthRequest['exchange']): { token: string; otherwise: string[] } {
  return exchange.startsWith('genesys')
    ? { token: 'GENESYSCLOUD_ACCESS_TOKEN', otherwise: ['GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION'] }
    : { token: 'CXONE_ACCESS_TOKEN', otherwise: ['CXONE_API_URL'] }
}

function refused(name: string, why: string): ActionError {
  return new ActionError(
    'invalid-input',
    `Input export-env names ${quoted(name)}, which ${why}.`,
    'Give names of your own, separated by commas or line breaks, such as CC_TOKEN.'
  )
}
