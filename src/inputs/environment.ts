import type { Environment, InputName } from './reader.js'

/** Variables of the environment that belong together: an id and its secret are never taken from two families. */
type Family = Readonly<Partial<Record<InputName, string>>>

export const REGION_VARIABLES = {
  genesys: ['GENESYS_CLOUD_REGION', 'GENESYSCLOUD_REGION'],
  cxone: ['CXONE_REALM', 'CXONE_REGION']
} as const

export const SERVICE_ACCOUNT_VARIABLE = 'GENESYS_CLOUD_SERVICE_ACCOUNT_ID'

export const CLIENT_FAMILIES: Readonly<Record<'genesys' | 'cxone', readonly Family[]>> = {
  genesys: [
    { 'client-id': 'GENESYS_CLOUD_CLIENT_ID', 'client-secret': 'GENESYS_CLOUD_CLIENT_SECRET' },
    { 'client-id': 'GENESYSCLOUD_OAUTHCLIENT_ID', 'client-secret': 'GENESYSCLOUD_OAUTHCLIENT_SECRET' }
  ],
  cxone: [{ 'client-id': 'CXONE_CLIENT_ID', 'client-secret': 'CXONE_CLIENT_SECRET' }]
}

export const ACCESS_KEY_FAMILIES: Readonly<Record<'genesys' | 'cxone', readonly Family[]>> = {
  genesys: [],
  cxone: [{ 'access-key-id': 'CXONE_ACCESS_KEY_ID', 'access-key-secret': 'CXONE_ACCESS_KEY_SECRET' }]
}

/** What is taken from the environment, and a record of what was. */
export class Fallbacks {
  readonly used: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** Returns the first variable that is set; an empty one counts as not set, for that is what a missing secret is. */
  first(variables: readonly string[]): string {
    const name = variables.find(variable => this.#peek(variable) !== '')
    return name === undefined ? '' : this.#use(name)
  }

  /** Returns ` (from VARIABLE)` where the variables are what a value was taken from, for the words of an error. */
  origin(variables: readonly string[]): string {
    const name = this.used.find(used => variables.includes(used))
    return name === undefined ? '' : ` (from ${name})`
  }

  /** Returns an id and its secret from the first family that has both, else from the first that has either. */
  pair(families: readonly Family[], id: InputName, secret: InputName): { id: string; secret: string } {
    const has = (family: Family, name: InputName) => this.#peek(family[name] ?? '') !== ''
    const family =
      families.find(one => has(one, id) && has(one, secret)) ??
      families.find(one => has(one, id) || has(one, secret))
    return { id: this.#use(family?.[id] ?? ''), secret: this.#use(family?.[secret] ?? '') }
  }

  #peek(variable: string): string {
    return (this.#env[variable] ?? '').trim()
  }

  #use(variable: string): string {
    const value = this.#peek(variable)
    if (value !== '') this.used.push(variable)
    return value
  }
}
