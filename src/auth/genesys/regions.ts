import { hostIn, isUnder } from '../../lib/hostname.js'
import { nearest } from '../../lib/text.js'

/** A region of Genesys Cloud. Its hosts are `login.` and `api.` before the domain. */
export interface GenesysRegion {
  /** Absent where the domain is not in the list: a code is never guessed. */
  readonly code?: string
  readonly domain: string
}

/** The regions as the official JavaScript SDK and the official Terraform provider list them. */
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

/** New regions appear under these: a name below them that is not in the list is taken, with a warning. */
const GROWING_DOMAINS = ['pure.cloud', 'us-gov-pure.cloud', 'eusc-pure.cloud']

/** Hosts of every region: a name that stands where a region's own name belongs is none. */
const SERVICE_NAMES = new Set(['login', 'api', 'apps', 'www'])

/**
 * Returns the region that a code, a domain or a URL of that region names, in any case; `undefined` if it
 * names none. A region without a code is one that the list does not know yet.
 */
export function genesysRegion(text: string): GenesysRegion | undefined {
  const given = text.toLowerCase()
  const byCode = GENESYS_REGIONS.find(({ code }) => code === given)
  if (byCode) return byCode
  const host = hostIn(given)
  if (host === undefined) return undefined
  return GENESYS_REGIONS.find(({ domain }) => isUnder(host, domain)) ?? newRegion(host)
}

/** Returns the known region whose code or domain is spelled most like the text. */
export function nearestGenesysRegion(text: string): Required<GenesysRegion> {
  const given = text.toLowerCase().slice(0, 64)
  const spellings = GENESYS_REGIONS.flatMap(region => [
    { region, spelling: region.code },
    { region, spelling: region.domain }
  ])
  return nearest(given, spellings, ({ spelling }) => spelling).region
}

function newRegion(host: string): GenesysRegion | undefined {
  const parent = GROWING_DOMAINS.find(domain => host.endsWith(`.${domain}`))
  if (parent === undefined) return undefined
  const name = host
    .slice(0, -parent.length - 1)
    .split('.')
    .at(-1)
  return name === undefined || SERVICE_NAMES.has(name) ? undefined : { domain: `${name}.${parent}` }
}
