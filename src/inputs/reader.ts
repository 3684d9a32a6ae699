import { ActionError } from '../lib/action-error.js'
import { listed, oneLine } from '../lib/text.js'

/** The inputs that choose and guard an exchange, which both actions declare, with their defaults. */
const EXCHANGE_INPUTS = {
  provider: '',
  region: '',
  'client-id': '',
  'client-secret': '',
  'access-key-id': '',
  'access-key-secret': '',
  'token-kind': 'access',
  'service-account-id': '',
  'token-endpoint': 'login',
  scope: '',
  'base-url': '',
  verify: 'false',
  'allowed-organization-ids': '',
  'min-lifetime': '',
  timeout: '120s',
  'attempt-timeout': '15s',
  'max-attempts': '5'
}

/** Every input that action.yml declares. */
export const MAIN_INPUTS = {
  ...EXCHANGE_INPUTS,
  'export-env': '',
  'tool-env': 'false',
  'token-file': 'false',
  revoke: 'auto',
  summary: 'true'
}

/** Every input that rotate/action.yml declares. A token is proved before it takes the place of one that works. */
export const ROTATE_INPUTS = {
  ...EXCHANGE_INPUTS,
  verify: 'true',
  'secret-name': '',
  'github-token': '',
  repository: '',
  environment: '',
  organization: '',
  visibility: '',
  'selected-repository-ids': '',
  'rotate-after': '0s',
  'previous-token': '',
  'expiry-variable': '',
  'dry-run': 'false'
}

export type InputName = keyof typeof MAIN_INPUTS | keyof typeof ROTATE_INPUTS

export type Environment = Readonly<Record<string, string | undefined>>

/** The inputs of one action as the workflow's author gave them, without the white space around them. */
export class Inputs {
  readonly #env: Environment
  readonly #defaults: Readonly<Partial<Record<InputName, string>>>

  constructor(env: Environment, defaults: Readonly<Partial<Record<InputName, string>>>) {
    this.#env = env
    this.#defaults = defaults
  }

  /** Returns the input, or its default where it is empty. */
  text(name: InputName): string {
    // The runner's own spelling: upper case, hyphens kept.
    return (this.#env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || this.#default(name)
  }

  isGiven(name: InputName): boolean {
    return this.text(name).toLowerCase() !== this.#default(name).toLowerCase()
  }

  /** Returns the parts of an input that commas or line breaks separate, without empty ones. */
  list(name: InputName): string[] {
    return this.text(name)
      .split(/[,\r\n]/)
      .map(part => part.trim())
      .filter(part => part !== '')
  }

  /** Returns which of the choices is given, whatever its case; throws `invalid-input`. */
  choice<T extends string>(name: InputName, choices: readonly T[]): T {
    const text = this.text(name)
    const chosen = choices.find(choice => choice === text.toLowerCase())
    if (chosen === undefined) throw invalidInput(name, text, `Allowed: ${listed(choices)}.`)
    return chosen
  }

  /** Returns a boolean by the YAML 1.2 core schema, as the toolkit reads them; throws `invalid-input`. */
  flag(name: InputName): boolean {
    const text = this.text(name)
    if (/^(true|True|TRUE)$/.test(text)) return true
    if (/^(false|False|FALSE)$/.test(text)) return false
    throw invalidInput(name, text, 'Allowed: true or false.')
  }

  /** Throws `invalid-input` for the first of the inputs that is given although nothing can come of it. */
  refuse(names: readonly InputName[], why: string): void {
    const given = names.find(name => this.isGiven(name))
    if (given !== undefined) {
      throw new ActionError(
        'invalid-input',
        `Input ${given} is given, and ${why}.`,
        `Leave ${given} out, or correct provider and the inputs that choose the exchange.`
      )
    }
  }

  #default(name: InputName): string {
    return this.#defaults[name] ?? ''
  }
}

/** Returns the error for an input whose value is not allowed; never for one that holds a secret. */
export function invalidInput(name: InputName, got: string, allowed: string, from = ''): ActionError {
  const what = got === '' ? 'empty' : `${quoted(got)}, which is not allowed`
  return new ActionError('invalid-input', `Input ${name}${from} is ${what}.`, allowed)
}

/**
 * Returns a short and clean text in quotes, and of any other its length alone: a piece of a text could be a piece of
 * a secret, as a user in an address is, that was pasted into the wrong input, and nobody would know it again to hide it.
 */
export function quoted(text: string): string {
  if (text.length > 80 || /:\/\/[^/]*@/.test(text)) return `a text of ${text.length} characters`
  return oneLine(text, 80) === text
    ? `“${text}”`
    : `a text of ${text.length} characters, some of them blanks or invisible`
}
