import { isSubdomain, parseHost } from '../../lib/hostname.js'
import { findNearest } from '../../lib/text.js'

/** A region of Genesys Cloud. Its hosts are `login.` and `api.` before the domain. */
export interface GenesysRegion {
  /** Undefined if the domain is not in the list. */
  readonly code?: string
  readonly domain: string
}

/** Source: the official JavaScript SDK and the official Terraform provider. */
export const GENESYS_REGIONS: readonly Required<GenesysRegion>[] = [
  { code: 'us-east-1', domain: 'mypurecloud.com' },
  { code: 'us-east-2', domain: 'use2.us-gov-pure.cloud' },
  { code: 'us-west-2', domain: 'usw2.pure.cloud' },
  { code: 'ca-central-1', domain: 'cac1.pure.cloud' },
  { code: 'sa-east-1', domain: 'sae1.pure.cloud' },
  { code: 'mx-central-1', domain: 'mxc1.pure.cloud' },
  { code: 'eu-west-1', domain: 'mypurecloud.ie' },
  { code: 'eu-west-2', domain: 'euw2.pure.cloud' },
  { code: 'eu-central-1', domain: 'mypurecloud.de' },
  { code: 'eu-central-2', domain: 'euc2.pure.cloud' },
  { code: 'eusc-de-east-1', domain: 'edee1.eusc-pure.cloud' },
  { code: 'me-central-1', domain: 'mec1.pure.cloud' },
  { code: 'ap-south-1', domain: 'aps1.pure.cloud' },
  { code: 'ap-southeast-1', domain: 'apse1.pure.cloud' },
  { code: 'ap-southeast-2', domain: 'mypurecloud.com.au' },
  { code: 'ap-northeast-1', domain: 'mypurecloud.jp' },
  { code: 'ap-northeast-2', domain: 'apne2.pure.cloud' },
  { code: 'ap-northeast-3', domain: 'apne3.pure.cloud' }
]

/** New regions appear below these domains. An unknown subdomain is accepted with a warning. */
const PARENT_DOMAINS = ['pure.cloud', 'us-gov-pure.cloud', 'eusc-pure.cloud']

/** Hosts that every region has; they are not names of regions. */
const SERVICE_NAMES = new Set(['login', 'api', 'apps', 'www'])

/**
 * Returns the region of a code, a domain or a URL, in any case; undefined for anything else. A region without a code
 * is not in the list.
 */
export function parseGenesysRegion(text: string): GenesysRegion | undefined {
  const given = text.toLowerCase()
  const byCode = GENESYS_REGIONS.find(({ code }) => code === given)
  if (byCode) return byCode
  const host = parseHost(given)
  if (host === undefined) return undefined
  return GENESYS_REGIONS.find(({ domain }) => isSubdomain(host, domain)) ?? unlistedRegion(host)
}

/** Returns the known region whose code or domain is spelled most like the text. */
export function nearestGenesysRegion(text: string): Required<GenesysRegion> {
  const given = text.toLowerCase().slice(0, 64)
  const spellings = GENESYS_REGIONS.flatMap(region => [
    { region, spelling: region.code },
    { region, spelling: region.domain }
  ])
  return findNearest(given, spellings, ({ spelling }) => spelling).region
}

function unlistedRegion(host: string): GenesysRegion | undefined {
  const parent = PARENT_DOMAINS.find(domain => host.endsWith(`.${domain}`))
  if (parent === undefined) return undefined
  const name = host
    .slice(0, -parent.length - 1)
    .split('.')
    .at(-1)
  return name === undefined || SERVICE_NAMES.has(name) ? undefined : { domain: `${name}.${parent}` }
}
