import type { ToolVariable } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { type InputReader, quote } from '../lib/input-reader.js'

/** Where the token goes, besides the outputs. */
export interface OutputOptions {
  /** Names of environment variables that get the token. */
  readonly exportEnv: readonly string[]
  /** Variables that the platform's own tools read; empty without `tool-env`. */
  readonly toolVariables: readonly ToolVariable[]
  readonly tokenFile: boolean
}

/** Names that control the runner, the shell or a language's loader. A token there would break or subvert later steps. */
const RESERVED =
  /^(PATH|PATHEXT|HOME|USER|SHELL|TEMP|TMP|TMPDIR|CI|ENV|IFS|COMSPEC|SYSTEMROOT|WINDIR|USERPROFILE|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS4|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|RES_OPTIONS|OPENSSL_CONF|SSL_CERT_(FILE|DIR)|PYTHON(PATH|HOME|STARTUP)|DOTNET_STARTUP_HOOKS|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|(HTTP|HTTPS|ALL|NO)_PROXY|(GITHUB|RUNNER|ACTIONS|INPUT|STATE|LD|DYLD|GIT|NPM_CONFIG)_.*)$/i

/** Returns where the token goes. Throws `invalid-input` for the name of a variable that must not be set. */
export function readOutputOptions(
  reader: InputReader,
  toolVariables: readonly ToolVariable[]
): OutputOptions {
  const names = reader.list('export-env')
  const toolEnv = reader.flag('tool-env')
  // The first tool variable holds the token, like those of export-env.
  const otherValues = toolEnv ? toolVariables.slice(1).map(({ name }) => name.toUpperCase()) : []
  for (const name of names) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name))
      throw invalidName(name, 'is not a valid name: use letters, digits and underscores, and no digit first')
    if (RESERVED.test(name))
      throw invalidName(name, 'belongs to the runner, the shell or a language’s loader')
    if (otherValues.includes(name.toUpperCase()))
      throw invalidName(name, 'is set to another value by tool-env')
  }
  return {
    exportEnv: [...new Set(names)],
    toolVariables: toolEnv ? toolVariables : [],
    tokenFile: reader.flag('token-file')
  }
}

function invalidName(name: string, problem: string): ActionError {
  return new ActionError(
    'invalid-input',
    `Input export-env names ${quote(name)}, which ${problem}.`,
    'Choose another name, such as CC_TOKEN; separate several names by commas or line breaks.'
  )
}
