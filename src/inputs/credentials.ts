import type { AccessKey, Client } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { Secret, SHORTEST_SECRET } from '../lib/secret.js'
import { listed } from '../lib/text.js'
import { ACCESS_KEY_FAMILIES, CLIENT_FAMILIES, type Fallbacks } from './environment.js'
import type { InputName, Inputs } from './reader.js'

export type Provider = 'genesys' | 'cxone'

/** The credentials that are there; which of them are, decides the exchange on CXone. */
export interface Credentials {
  readonly client?: Client
  readonly accessKey?: AccessKey
}

/** Inputs that hold a credential: if any of them is given, none is taken from the environment. */
const CREDENTIAL_INPUTS = ['client-id', 'client-secret', 'access-key-id', 'access-key-secret'] as const

/** Tells every secret among the inputs to `keep`, before anything at all is said of the inputs. */
export function keepSecrets(inputs: Inputs, keep: (secret: Secret) => void): void {
  for (const name of ['client-secret', 'access-key-secret', 'github-token', 'previous-token'] as const) {
    keepUsable(inputs.text(name), keep)
  }
}

/**
 * Returns the credentials from the inputs or, where no input holds any, from the environment. Every secret is
 * told to `keep`. Throws `missing-credential` or `invalid-input`.
 */
export function readCredentials(
  inputs: Inputs,
  provider: Provider,
  fallbacks: Fallbacks,
  keep: (secret: Secret) => void
): Credentials {
  const fromInputs = CREDENTIAL_INPUTS.some(name => inputs.isGiven(name))
  const pair = (id: InputName, secret: InputName, families: typeof CLIENT_FAMILIES) =>
    fromInputs
      ? { id: inputs.text(id), secret: inputs.text(secret) }
      : fallbacks.pair(families[provider], id, secret)
  const client = pair('client-id', 'client-secret', CLIENT_FAMILIES)
  const accessKey = pair('access-key-id', 'access-key-secret', ACCESS_KEY_FAMILIES)
  for (const { secret } of [client, accessKey]) keepUsable(secret, keep)
  const missing = (name: InputName) =>
    fromInputs ? emptyInput(provider, name) : missingCredential(provider, [name])
  const from = (name: InputName) => fallbacks.origin(variablesFor(provider, [name]))
  return {
    ...holder('client', 'client-id', 'client-secret', client, missing, from),
    // Genesys Cloud knows no access keys: one that is given is refused by name, whole or not.
    ...(provider === 'cxone'
      ? holder('accessKey', 'access-key-id', 'access-key-secret', accessKey, missing, from)
      : {})
  }
}

const WHY_EMPTY =
  'Workflows from forks and from Dependabot get no secrets (Dependabot has its own store). Secrets of an ' +
  'environment need environment: on the job. Check the spelling of the secret’s name too: an unknown one is empty.'

/** Returns the error for credentials that are neither among the inputs nor in the environment. */
export function missingCredential(provider: Provider, missing: readonly InputName[]): ActionError {
  const variables = variablesFor(provider, missing)
  return new ActionError(
    'missing-credential',
    `Input ${listed(missing, 'and')} ${missing.length === 1 ? 'is' : 'are'} empty, and so is ${listed(variables)} in the environment.`,
    WHY_EMPTY
  )
}

function variablesFor(provider: Provider, names: readonly InputName[]): string[] {
  const families = [...CLIENT_FAMILIES[provider], ...ACCESS_KEY_FAMILIES[provider]]
  return names.flatMap(name => families.flatMap(family => family[name] ?? []))
}

/** Returns the error for one half of a pair: with the other half given, the environment is not asked. */
function emptyInput(provider: Provider, name: InputName): ActionError {
  return new ActionError(
    'missing-credential',
    `Input ${name} is empty; since another credential input is given, ${listed(variablesFor(provider, [name]))} of the environment is not asked.`,
    WHY_EMPTY
  )
}

function holder<Key extends keyof Credentials>(
  key: Key,
  idInput: InputName,
  secretInput: InputName,
  { id, secret }: { id: string; secret: string },
  missing: (name: InputName) => ActionError,
  from: (name: InputName) => string
): Credentials {
  if (id === '' && secret === '') return {}
  if (id === '') throw missing(idInput)
  if (secret === '') throw missing(secretInput)
  checkCredential(
    `${idInput}${from(idInput)}`,
    id,
    id.length <= 256 && !id.includes(':'),
    'An id has at most 256 characters and no colon'
  )
  checkCredential(
    `${secretInput}${from(secretInput)}`,
    secret,
    secret.length >= SHORTEST_SECRET,
    `A secret has at least ${SHORTEST_SECRET} characters`
  )
  return { [key]: { id, secret: new Secret(secret) } }
}

/** A credential stands in a header, and each line of it would be masked by itself: one clean line, or nothing. */
function checkCredential(name: string, text: string, fits: boolean, rule: string): void {
  if (fits && isOneLine(text)) return
  throw new ActionError(
    'invalid-input',
    `The value for ${name} is not allowed; it has ${text.length} characters.`,
    `${rule}, and no line break, control or invisible character inside. Paste it again: a break in the middle often comes from a mail or a PDF.`
  )
}

function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)
}

/** What will be refused is not kept: a short mask, or one of many lines, would damage the whole log. */
function keepUsable(secret: string, keep: (secret: Secret) => void): void {
  if (secret.length >= SHORTEST_SECRET && isOneLine(secret)) keep(new Secret(secret))
}
