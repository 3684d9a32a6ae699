import { ActionError } from '../lib/action-error.js'
import {
  type Credential,
  type CredentialSource,
  type InputReader,
  invalidInput,
  missingHalf
} from '../lib/input-reader.js'
import type { InputName } from '../lib/inputs.js'
import { MIN_SECRET_LENGTH, Secret } from '../lib/secret.js'
import { joinWords } from '../lib/text.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the log must know about the inputs. */
export interface InputLog {
  /** Registers a secret with the runner. */
  mask(secret: Secret): void
  /** Hides an id in words that are quoted from a server: people swap ids and secrets. */
  hideInQuotes(name: string, id: string): void
}

/** If any of these is given, no credential comes from the environment. */
const CREDENTIAL_INPUTS = ['client-id', 'client-secret', 'access-key-id', 'access-key-secret'] as const

const SECRET_INPUTS = ['client-secret', 'access-key-secret', 'github-token', 'previous-token'] as const

/** Reads the inputs of one action from the environment of its process. */
export class EnvironmentReader implements InputReader {
  /** Environment variables that were read in place of inputs. */
  readonly variables: string[] = []
  readonly warnings: string[] = []
  readonly #env: Environment
  readonly #defaults: Readonly<Partial<Record<InputName, string>>>
  readonly #log: InputLog
  readonly #secrets: string[] = []

  /** Masks every secret input before any other input is looked at. */
  constructor(env: Environment, defaults: Readonly<Partial<Record<InputName, string>>>, log: InputLog) {
    this.#env = env
    this.#defaults = defaults
    this.#log = log
    for (const name of SECRET_INPUTS) this.#maskText(this.text(name))
    this.#secrets.push(this.text('github-token'))
  }

  text(name: InputName): string {
    // The runner upper-cases the name and keeps its hyphens.
    return (this.#env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || this.#default(name)
  }

  textOrVariable(name: InputName, variables: readonly string[]): string {
    return this.text(name) || this.#useVariable(variables.find(variable => this.#variable(variable) !== ''))
  }

  list(name: InputName): string[] {
    return this.text(name)
      .split(/[,\r\n]/)
      .map(part => part.trim())
      .filter(part => part !== '')
  }

  choice<T extends string>(name: InputName, choices: readonly T[]): T {
    const text = this.text(name)
    const chosen = choices.find(choice => choice === text.toLowerCase())
    if (chosen === undefined) throw invalidInput(name, text, `Allowed: ${joinWords(choices)}.`)
    return chosen
  }

  flag(name: InputName): boolean {
    const text = this.text(name)
    if (/^(true|True|TRUE)$/.test(text)) return true
    if (/^(false|False|FALSE)$/.test(text)) return false
    throw invalidInput(name, text, 'Allowed: true or false.')
  }

  isGiven(name: InputName): boolean {
    return this.text(name).toLowerCase() !== this.#default(name).toLowerCase()
  }

  credential(source: CredentialSource): Credential | undefined {
    const hasInputs = CREDENTIAL_INPUTS.some(name => this.isGiven(name))
    const { id, secret } = hasInputs
      ? { id: this.text(source.id), secret: this.text(source.secret) }
      : this.#credentialVariables(source)
    this.#maskText(secret)
    this.#secrets.push(secret)
    if (id === '' && secret === '') return undefined
    for (const half of ['id', 'secret'] as const) {
      const variables = source.variables.map(pair => pair[half])
      const unset = hasInputs ? variables : variables.filter(name => this.#variable(name) === '')
      if ({ id, secret }[half] === '') throw missingHalf(source[half], unset, hasInputs)
    }
    const name = (half: 'id' | 'secret') =>
      this.withOrigin(
        source[half],
        source.variables.map(pair => pair[half])
      )
    if (id.length > 256 || id.includes(':') || !isOneLine(id))
      throw invalidCredential(name('id'), id, 'An id has at most 256 characters and no colon')
    if (secret.length < MIN_SECRET_LENGTH || !isOneLine(secret))
      throw invalidCredential(name('secret'), secret, `A secret has at least ${MIN_SECRET_LENGTH} characters`)
    this.#log.hideInQuotes(source.id, id)
    return { id, secret: new Secret(secret) }
  }

  withOrigin<T extends InputName>(name: T, variables: readonly string[]): T | `${T} (${string})` {
    const variable = this.variables.find(used => variables.includes(used))
    return variable === undefined ? name : `${name} (from ${variable})`
  }

  refuse(names: readonly InputName[], reason: string): void {
    const given = names.find(name => this.isGiven(name))
    if (given === undefined) return
    throw new ActionError(
      'invalid-input',
      `Input ${given} is given, but ${reason}.`,
      `Remove ${given}, or correct the inputs that it depends on.`
    )
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  /** Returns whether the text is a credential or the GitHub token of this step. */
  isOtherSecret(text: string): boolean {
    return this.#secrets.includes(text)
  }

  /** Throws `invalid-input` if the input repeats another secret: it was probably pasted into the wrong input. */
  requireOwnSecret(name: 'previous-token'): void {
    const text = this.text(name)
    if (text === '' || !this.isOtherSecret(text)) return
    throw new ActionError(
      'invalid-input',
      `Input ${name} has the same value as another secret of this step.`,
      `Set ${name} to the token that is stored now, or remove it.`
    )
  }

  /** Returns the first pair that is set as a whole; if there is none, the first that is set in part. */
  #credentialVariables({ variables }: CredentialSource): { id: string; secret: string } {
    const isSet = (name: string) => this.#variable(name) !== ''
    const pair =
      variables.find(({ id, secret }) => isSet(id) && isSet(secret)) ??
      variables.find(({ id, secret }) => isSet(id) || isSet(secret))
    return { id: this.#useVariable(pair?.id), secret: this.#useVariable(pair?.secret) }
  }

  /** An empty variable counts as not set: that is what a missing secret looks like. */
  #variable(name: string): string {
    return (this.#env[name] ?? '').trim()
  }

  #useVariable(name: string | undefined): string {
    const value = name === undefined ? '' : this.#variable(name)
    if (name !== undefined && value !== '') this.variables.push(name)
    return value
  }

  #default(name: InputName): string {
    return this.#defaults[name] ?? ''
  }

  /** Values that will be refused are not masked: a short mask, or one of several lines, would damage the whole log. */
  #maskText(secret: string): void {
    if (secret.length >= MIN_SECRET_LENGTH && isOneLine(secret)) this.#log.mask(new Secret(secret))
  }
}

function invalidCredential(name: string, value: string, rule: string): ActionError {
  return new ActionError(
    'invalid-input',
    `The value of ${name} is not allowed; it has ${value.length} characters.`,
    `${rule}, and no line break, control or invisible character. Paste it again: a line break often comes from a mail or a PDF.`
  )
}

/** A credential is sent in a header, and the runner masks each line separately: it must be one clean line. */
function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)
}
