import {
  CXONE_ISSUERS,
  cxoneArea,
  cxoneIssuer,
  cxoneRealm,
  DEFAULT_ISSUER,
  DEFAULT_REALM,
  type Found,
  nearestCxoneArea
} from '../auth/cxone/hosts.js'
import { type GenesysRegion, genesysRegion, nearestGenesysRegion } from '../auth/genesys/regions.js'
import type { AuthRequest, GenesysApi, GenesysLogin } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { listed } from '../lib/text.js'
import { readBaseUrl } from './base-url.js'
import { type Credentials, missingCredential } from './credentials.js'
import { type Fallbacks, REGION_VARIABLES, SERVICE_ACCOUNT_VARIABLE } from './environment.js'
import { type Inputs, invalidInput } from './reader.js'

/** What reading a request needs, and where it says what is doubtful. */
export interface Reading {
  readonly inputs: Inputs
  readonly fallbacks: Fallbacks
  readonly credentials: Credentials
  readonly warn: (doubt: string) => void
}

/** Returns the request for Genesys Cloud that the inputs describe; throws `invalid-input` or `missing-credential`. */
export function genesysRequest(reading: Reading): AuthRequest {
  const { inputs, credentials } = reading
  const kind = inputs.choice('token-kind', ['access', 'long-lived'])
  const endpoint = inputs.choice('token-endpoint', ['login', 'api'])
  inputs.refuse(['access-key-id', 'access-key-secret'], 'Genesys Cloud knows no access keys')
  if (kind === 'access')
    inputs.refuse(['service-account-id'], 'only a long-lived token belongs to a service account')
  if (endpoint === 'api') inputs.refuse(['scope'], 'the JSON request at the API host has no place for it')
  const { client } = credentials
  if (client === undefined) throw missingCredential('genesys', ['client-id', 'client-secret'])
  const region = genesysRegionOf(reading)
  const common = baseUrlOf(inputs)
  const access: GenesysLogin | GenesysApi =
    endpoint === 'api'
      ? { exchange: 'genesys-api', region, client, ...common }
      : { exchange: 'genesys-login', region, client, ...scopeOf(inputs), ...common }
  if (kind === 'access') return access
  return {
    exchange: 'genesys-long-lived',
    region,
    initial: access,
    serviceAccountId: serviceAccountOf(reading),
    ...common
  }
}

/** Returns the request for NICE CXone; which exchange it is follows from the credentials that are there. */
export function cxoneRequest(reading: Reading): AuthRequest {
  const { inputs, credentials } = reading
  const { client, accessKey } = credentials
  inputs.refuse(['token-kind', 'service-account-id', 'token-endpoint'], 'it is of use on Genesys Cloud alone')
  const region = inputs.text('region') || reading.fallbacks.first(REGION_VARIABLES.cxone)
  const common = baseUrlOf(inputs)
  if (client && accessKey) {
    const issuer = region === '' ? DEFAULT_ISSUER : sure(reading, region, cxoneIssuer(region), ISSUER_FORM)
    return { exchange: 'cxone-application', issuer, client, accessKey, ...scopeOf(inputs), ...common }
  }
  if (accessKey) {
    inputs.refuse(['scope'], 'the JSON request for an access key has no place for it')
    const area = sure(reading, region, cxoneArea(region), AREA_FORM)
    return { exchange: 'cxone-access-key', area, accessKey, ...common }
  }
  if (client) {
    const realm = cxoneRealm(region || DEFAULT_REALM)
    if (realm === undefined)
      throw invalidInput('region', region, REALM_FORM, reading.fallbacks.origin(REGION_VARIABLES.cxone))
    return { exchange: 'cxone-client', realm, client, ...scopeOf(inputs), ...common }
  }
  throw missingCredential('cxone', ['client-id', 'client-secret', 'access-key-id', 'access-key-secret'])
}

const ISSUER_FORM =
  `With a client and an access key, region is an area (two letters and digits: na1) or an issuer’s domain: ${listed(CXONE_ISSUERS)}. ` +
  `Without it, ${DEFAULT_ISSUER} is asked.`
const AREA_FORM =
  'With an access key alone, region is required and is the tenant’s area: two letters and digits, such as na1 or eu1.'
const REALM_FORM = `With a client alone, region is a realm: one DNS label, such as ${DEFAULT_REALM}, which is the default.`

function sure({ fallbacks, warn }: Reading, region: string, found: Found | undefined, form: string): string {
  if (found === undefined) {
    const near = region === '' ? '' : `The nearest known area is ${nearestCxoneArea(region)}. `
    throw invalidInput('region', region, `${near}${form}`, fallbacks.origin(REGION_VARIABLES.cxone))
  }
  if (found.doubt !== undefined) warn(found.doubt)
  return found.name
}

function genesysRegionOf({ inputs, fallbacks, warn }: Reading): GenesysRegion {
  const text = inputs.text('region') || fallbacks.first(REGION_VARIABLES.genesys)
  const forms = 'Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region.'
  if (text === '') {
    throw new ActionError(
      'invalid-input',
      `Input region is empty, and so is ${listed(REGION_VARIABLES.genesys)} in the environment.`,
      forms
    )
  }
  const region = genesysRegion(text)
  if (region === undefined) {
    const near = nearestGenesysRegion(text)
    throw invalidInput(
      'region',
      text,
      `The nearest known region is ${near.code} (${near.domain}). ${forms}`,
      fallbacks.origin(REGION_VARIABLES.genesys)
    )
  }
  if (region.code === undefined)
    warn(`Genesys Cloud region ${region.domain} is not in the list; its code is unknown.`)
  return region
}

function serviceAccountOf({ inputs, fallbacks }: Reading): string {
  const id = inputs.text('service-account-id') || fallbacks.first([SERVICE_ACCOUNT_VARIABLE])
  if (!/^[\x21-\x7e]{1,256}$/.test(id)) {
    throw invalidInput(
      'service-account-id',
      id,
      `A long-lived token needs the id of its service account, here or in ${SERVICE_ACCOUNT_VARIABLE}.`
    )
  }
  return id
}

function scopeOf(inputs: Inputs): { scope?: string } {
  const scope = inputs.text('scope')
  if (scope === '') return {}
  // RFC 6749, section 3.3: visible ASCII without quote and backslash, separated by single spaces.
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope) || scope.length > 2000) {
    throw invalidInput('scope', scope, 'A scope is a list of names separated by single spaces.')
  }
  return { scope }
}

function baseUrlOf(inputs: Inputs): { baseUrl?: URL } {
  const baseUrl = readBaseUrl(inputs)
  return baseUrl === undefined ? {} : { baseUrl }
}
