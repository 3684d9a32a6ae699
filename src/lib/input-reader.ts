import { ActionError } from './action-error.js'
import type { InputName } from './inputs.js'
import type { Secret } from './secret.js'
import { joinWords, toOneLine } from './text.js'

/** An id with its secret: an OAuth client or an access key. */
export interface Credential {
  readonly id: string
  readonly secret: Secret
}

/** The environment variables of an id and its secret. The two always come from the same pair. */
export interface CredentialVariables {
  readonly id: string
  readonly secret: string
}

/** The inputs that hold one credential, and the variables that stand in for them; the first pair that is set wins. */
export interface CredentialSource {
  readonly id: 'client-id' | 'access-key-id'
  readonly secret: 'client-secret' | 'access-key-secret'
  readonly variables: readonly CredentialVariables[]
}

/** Returns the names of all variables that can hold one of the credentials. */
export function variablesOf(sources: readonly CredentialSource[]): string[] {
  return sources.flatMap(source => source.variables.flatMap(({ id, secret }) => [id, secret]))
}

/** How a provider reads the inputs of the step. Every secret that is read is masked first. */
export interface InputReader {
  /** Returns the input without surrounding white space, or its default. */
  text(name: InputName): string
  /** Returns the input; if it is empty, the first of the environment variables that is set. */
  textOrVariable(name: InputName, variables: readonly string[]): string
  /** Returns the parts of an input that commas or line breaks separate, without empty parts. */
  list(name: InputName): string[]
  /** Returns one of the choices, in any case. Throws `invalid-input`. */
  choice<T extends string>(name: InputName, choices: readonly T[]): T
  /** Returns a boolean of the YAML 1.2 core schema. Throws `invalid-input`. */
  flag(name: InputName): boolean
  /** Returns whether the input differs from its default. */
  isGiven(name: InputName): boolean
  /**
   * Returns the credential from the inputs, or from the environment if no credential input is set. Undefined if
   * neither its id nor its secret is set. Throws `missing-credential` or `invalid-input`.
   */
  credential(source: CredentialSource): Credential | undefined
  /** Returns `name (from VARIABLE)` if one of the variables was read in place of the input, otherwise the name. */
  withOrigin<T extends InputName>(name: T, variables: readonly string[]): T | `${T} (${string})`
  /** Throws `invalid-input` for the first of the inputs that is given. `reason` completes "Input X is given, but …". */
  refuse(names: readonly InputName[], reason: string): void
  /** Adds a warning to the log of the step. */
  warn(message: string): void
}

/**
 * Returns the error for an input with a value that is not allowed. `name` may end in its origin: `region (from VARIABLE)`.
 * Never use it for a secret.
 */
export function invalidInput(
  name: InputName | `${InputName} (${string})`,
  value: string,
  allowed: string
): ActionError {
  const problem = value === '' ? 'empty' : `${quote(value)}, which is not allowed`
  return new ActionError('invalid-input', `Input ${name} is ${problem}.`, allowed)
}

const WHY_EMPTY =
  'Workflows from forks and from Dependabot get no secrets (Dependabot has its own store). Secrets of an ' +
  'environment need environment: on the job. Also check the name of the secret: an unknown name gives an empty value.'

/** Returns the error for credentials that are set neither as inputs nor in the environment. */
export function missingCredential(sources: readonly CredentialSource[]): ActionError {
  const inputs = sources.flatMap(({ id, secret }) => [id, secret])
  const variables = variablesOf(sources)
  return new ActionError(
    'missing-credential',
    `The inputs ${joinWords(inputs, 'and')} are empty. The environment variables ${joinWords(variables, 'and')} are not set either.`,
    WHY_EMPTY
  )
}

/** Returns the error for one half of a credential that is empty. `variables`: those that could have held it. */
export function missingHalf(
  name: InputName,
  variables: readonly string[],
  otherInputsAreSet: boolean
): ActionError {
  const message = otherInputsAreSet
    ? `Input ${name} is empty. ${joinWords(variables, 'and')} ${variables.length === 1 ? 'is' : 'are'} not read because other credential inputs are set.`
    : `Input ${name} is empty, and ${joinWords(variables, 'and')} ${variables.length === 1 ? 'is' : 'are'} not set.`
  return new ActionError('missing-credential', message, WHY_EMPTY)
}

/**
 * Returns a short, clean text in quotes; of any other text only its length. A long or odd text may be a secret in
 * the wrong input, which no redactor would recognise.
 */
export function quote(text: string): string {
  if (text.length > 80 || /:\/\/[^/]*@/.test(text)) return `a text of ${text.length} characters`
  return toOneLine(text) === text
    ? `“${text}”`
    : `a text of ${text.length} characters with blanks or invisible characters`
}
