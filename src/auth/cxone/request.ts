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
import {
  CXONE_ISSUERS,
  DEFAULT_ISSUER,
  DEFAULT_REALM,
  issuerOfArea,
  nearestCxoneArea,
  type Parsed,
  parseCxoneArea,
  parseCxoneIssuer,
  parseCxoneRealm
} from './hosts.js'

interface Common {
  /** Replaces all hosts of the platform. */
  readonly baseUrl: BaseUrl | undefined
  readonly scope?: string
}

/** A, documented: a back-end application and an access key; the token endpoint comes from discovery. */
export interface CxoneApplication extends Common {
  readonly exchange: 'cxone-application'
  readonly issuer: string
  readonly client: Credential
  readonly accessKey: Credential
}

/** B, documented: an access key without a client. */
export interface CxoneAccessKey extends Common {
  readonly exchange: 'cxone-access-key'
  /** Issuer of the area; its public configuration tells the address of the API. */
  readonly issuer: string
  readonly area: string
  readonly accessKey: Credential
}

/** C, undocumented: a client without an access key. */
export interface CxoneClient extends Common {
  readonly exchange: 'cxone-client'
  readonly realm: string
  readonly client: Credential
}

export type CxoneRequest = CxoneApplication | CxoneAccessKey | CxoneClient

export const REGION_VARIABLES = ['CXONE_REALM', 'CXONE_REGION']
export const CLIENT: CredentialSource = {
  id: 'client-id',
  secret: 'client-secret',
  variables: [{ id: 'CXONE_CLIENT_ID', secret: 'CXONE_CLIENT_SECRET' }]
}
export const ACCESS_KEY: CredentialSource = {
  id: 'access-key-id',
  secret: 'access-key-secret',
  variables: [{ id: 'CXONE_ACCESS_KEY_ID', secret: 'CXONE_ACCESS_KEY_SECRET' }]
}

const ISSUER_RULE =
  `With a client and an access key, region is an area (two letters and digits: na1) or the domain of an issuer: ${joinWords(CXONE_ISSUERS)}. ` +
  `The default is ${DEFAULT_ISSUER}.`
const AREA_RULE =
  'With an access key and no client, region is required: the area of the tenant, two letters and digits, such as na1 or eu1.'
const REALM_RULE = `With a client and no access key, region is a realm: one DNS label, by default ${DEFAULT_REALM}.`

/** Returns the request that the inputs describe; the credentials decide which exchange it is. Throws ActionError. */
export function readCxoneRequest(reader: InputReader): CxoneRequest {
  const client = reader.credential(CLIENT)
  const accessKey = reader.credential(ACCESS_KEY)
  reader.refuse(
    ['token-kind', 'service-account-id', 'token-endpoint', 'login-base-url'],
    'it applies to Genesys Cloud only'
  )
  const region = reader.textOrVariable('region', REGION_VARIABLES)
  const base = { baseUrl: readBaseUrl(reader) }
  if (client && accessKey) {
    const issuer =
      region === '' ? DEFAULT_ISSUER : accept(reader, parseCxoneIssuer(region), { region, rule: ISSUER_RULE })
    return { exchange: 'cxone-application', issuer, client, accessKey, ...readScope(reader), ...base }
  }
  if (accessKey) {
    reader.refuse(['scope'], 'the request for an access key has no scope')
    const area = accept(reader, parseCxoneArea(region), { region, rule: AREA_RULE })
    return { exchange: 'cxone-access-key', area, issuer: issuerOfArea(area), accessKey, ...base }
  }
  if (client) {
    const realm = parseCxoneRealm(region || DEFAULT_REALM)
    if (realm === undefined)
      throw invalidInput(reader.withOrigin('region', REGION_VARIABLES), region, REALM_RULE)
    return { exchange: 'cxone-client', realm, client, ...readScope(reader), ...base }
  }
  throw missingCredential([CLIENT, ACCESS_KEY])
}

function accept(
  reader: InputReader,
  parsed: Parsed | undefined,
  { region, rule }: { region: string; rule: string }
): string {
  if (parsed === undefined) {
    const near = region === '' ? '' : `The nearest known area is ${nearestCxoneArea(region)}. `
    throw invalidInput(reader.withOrigin('region', REGION_VARIABLES), region, `${near}${rule}`)
  }
  if (parsed.warning !== undefined) reader.warn(parsed.warning)
  return parsed.name
}
