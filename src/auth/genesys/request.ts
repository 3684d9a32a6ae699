import { ActionError } from '../../lib/action-error.js'
import {
  type Credential,
  type CredentialSource,
  type InputReader,
  invalidInput,
  missingCredential
} from '../../lib/input-reader.js'
import { joinWords } from '../../lib/text.js'
import { type BaseUrl, readBaseUrl } from '../base-url.js'
import { readScope } from '../oauth.js'
import { type GenesysRegion, nearestGenesysRegion, parseGenesysRegion } from './regions.js'

interface Common {
  readonly region: GenesysRegion
  /** Replaces all hosts of the platform. */
  readonly baseUrl: BaseUrl | undefined
}

/** Documented: client credentials at the login host. */
export interface GenesysLogin extends Common {
  readonly exchange: 'genesys-login'
  /** Replaces the login host; `baseUrl` unless it has an address of its own. */
  readonly loginBaseUrl: BaseUrl | undefined
  readonly client: Credential
  readonly scope?: string
}

/** Undocumented: client credentials as JSON at the API host. */
export interface GenesysApi extends Common {
  readonly exchange: 'genesys-api'
  readonly client: Credential
}

/** Undocumented: an initial token from one of the two above requests a token that is valid for a year. */
export interface GenesysLongLived extends Common {
  readonly exchange: 'genesys-long-lived'
  readonly initial: GenesysLogin | GenesysApi
  readonly serviceAccountId: string
}

export type GenesysRequest = GenesysLogin | GenesysApi | GenesysLongLived

export const REGION_VARIABLES = ['GENESYS_CLOUD_REGION', 'GENESYSCLOUD_REGION']
export const SERVICE_ACCOUNT_VARIABLE = 'GENESYS_CLOUD_SERVICE_ACCOUNT_ID'
export const CLIENT: CredentialSource = {
  id: 'client-id',
  secret: 'client-secret',
  variables: [
    { id: 'GENESYS_CLOUD_CLIENT_ID', secret: 'GENESYS_CLOUD_CLIENT_SECRET' },
    { id: 'GENESYSCLOUD_OAUTHCLIENT_ID', secret: 'GENESYSCLOUD_OAUTHCLIENT_SECRET' }
  ]
}

/** Returns the request that the inputs describe. Throws `invalid-input` or `missing-credential`. */
export function readGenesysRequest(reader: InputReader): GenesysRequest {
  const client = reader.credential(CLIENT)
  const kind = reader.choice('token-kind', ['access', 'long-lived'])
  const endpoint = reader.choice('token-endpoint', ['login', 'api'])
  reader.refuse(['access-key-id', 'access-key-secret'], 'Genesys Cloud has no access keys')
  if (kind === 'access')
    reader.refuse(['service-account-id'], 'only a long-lived token has a service account')
  if (endpoint === 'api') {
    reader.refuse(['scope'], 'the request at the API host has no scope')
    reader.refuse(['login-base-url'], 'token-endpoint: api sends nothing to the login host')
  }
  if (client === undefined) throw missingCredential([CLIENT])
  const common = { region: readRegion(reader), baseUrl: readBaseUrl(reader) }
  if (common.baseUrl === undefined) reader.refuse(['login-base-url'], 'base-url is not')
  const loginBaseUrl = readBaseUrl(reader, 'login-base-url') ?? common.baseUrl
  const access: GenesysLogin | GenesysApi =
    endpoint === 'api'
      ? { exchange: 'genesys-api', client, ...common }
      : { exchange: 'genesys-login', client, loginBaseUrl, ...readScope(reader), ...common }
  if (kind === 'access') return access
  return {
    exchange: 'genesys-long-lived',
    initial: access,
    serviceAccountId: readServiceAccountId(reader),
    ...common
  }
}

function readRegion(reader: InputReader): GenesysRegion {
  const text = reader.textOrVariable('region', REGION_VARIABLES)
  const allowed =
    'Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region.'
  if (text === '') {
    throw new ActionError(
      'invalid-input',
      `Input region is empty, and ${joinWords(REGION_VARIABLES, 'and')} are not set.`,
      allowed
    )
  }
  const region = parseGenesysRegion(text)
  if (region === undefined) {
    const { code, domain } = nearestGenesysRegion(text)
    const hint = `The nearest known region is ${code} (${domain}). ${allowed} If the region is newer than this list, use its domain.`
    throw invalidInput(reader.withOrigin('region', REGION_VARIABLES), text, hint)
  }
  if (region.code === undefined)
    reader.warn(`The Genesys Cloud region ${region.domain} is not in the list; its region code is unknown.`)
  return region
}

function readServiceAccountId(reader: InputReader): string {
  const id = reader.textOrVariable('service-account-id', [SERVICE_ACCOUNT_VARIABLE])
  if (/^[\x21-\x7e]{1,256}$/.test(id)) return id
  const allowed = `A long-lived token requires the id of its service account, here or in ${SERVICE_ACCOUNT_VARIABLE}.`
  throw invalidInput('service-account-id', id, allowed)
}
