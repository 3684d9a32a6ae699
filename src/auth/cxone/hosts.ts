import { isDnsLabel, isSubdomain, parseHost } from '../../lib/hostname.js'
import { findNearest } from '../../lib/text.js'

/** An issuer of CXone tokens. Every endpoint that its discovery names must be under one of its domains. */
interface Issuer {
  readonly host: string
  readonly domains: readonly string[]
  /** Seen in use, but not confirmed by anything that NICE publishes. */
  readonly provisional?: true
}

const COMMERCIAL = 'cxone.niceincontact.com'
const GOVERNMENT = 'cxone-gov.niceincontact.com'
const NICE_DOMAINS = ['niceincontact.com', 'nice-incontact.com']

const ISSUERS: readonly Issuer[] = [
  { host: COMMERCIAL, domains: NICE_DOMAINS },
  { host: GOVERNMENT, domains: NICE_DOMAINS },
  { host: 'nicecxone-sov1.au', domains: ['nicecxone-sov1.au'] },
  { host: 'nicecxone-sov1.eu', domains: ['nicecxone-sov1.eu'] },
  { host: 'nicecxone-sov1.uk', domains: ['nicecxone-sov1.uk'] },
  { host: 'nicecxone-sov2.uk', domains: ['nicecxone-sov2.uk'], provisional: true },
  { host: 'nicecxone-fed.com', domains: ['nicecxone-fed.com'], provisional: true }
]

const ISSUER_OF_AREA: Readonly<Record<string, string>> = {
  na1: COMMERCIAL,
  eu1: COMMERCIAL,
  uk1: COMMERCIAL,
  au1: COMMERCIAL,
  ca1: COMMERCIAL,
  jp1: COMMERCIAL,
  na2: GOVERNMENT
}

/** No source says which issuer serves na3. */
export const KNOWN_AREAS = [...Object.keys(ISSUER_OF_AREA), 'na3']

const AREA = /^[a-z]{2}[0-9]{1,3}$/

/** Used if no region is given. */
export const DEFAULT_ISSUER = COMMERCIAL

/** Used if no region is given. */
export const DEFAULT_REALM = 'us-22'

export const CXONE_ISSUERS: readonly string[] = ISSUERS.map(({ host }) => host)

/** A host or area, with a warning if it is accepted without certainty. */
export interface Parsed {
  readonly name: string
  readonly warning?: string
}

/** Returns the issuer of an area, or the issuer with that domain; undefined for anything else. */
export function parseCxoneIssuer(text: string): Parsed | undefined {
  const given = text.toLowerCase()
  if (given === 'uk3') return parseCxoneIssuer('nicecxone-sov2.uk') // seen in one public integration
  if (AREA.test(given)) {
    const name = ISSUER_OF_AREA[given]
    if (name !== undefined) return { name }
    return {
      name: DEFAULT_ISSUER,
      warning: `The CXone area ${given} is not in the list; using the issuer ${DEFAULT_ISSUER}.`
    }
  }
  const host = parseHost(given)
  const issuer = ISSUERS.find(one => one.host === host)
  if (issuer === undefined) return undefined
  if (!issuer.provisional) return { name: issuer.host }
  return {
    name: issuer.host,
    warning: `The CXone issuer ${issuer.host} is not confirmed by anything that NICE publishes.`
  }
}

/** Returns the issuer of an area; the default issuer if the area is not in the list. */
export function issuerOfArea(area: string): string {
  return ISSUER_OF_AREA[area] ?? DEFAULT_ISSUER
}

/** Returns the area in lower case; undefined if the text does not have the form of an area. */
export function parseCxoneArea(text: string): Parsed | undefined {
  const name = text.toLowerCase()
  if (!AREA.test(name)) return undefined
  return KNOWN_AREAS.includes(name)
    ? { name }
    : { name, warning: `The CXone area ${name} is not in the list of known areas.` }
}

/** Returns the known area that is spelled most like the text. */
export function nearestCxoneArea(text: string): string {
  return findNearest(text.toLowerCase(), KNOWN_AREAS, area => area)
}

/** Returns the realm in lower case; undefined if it is not a DNS label. */
export function parseCxoneRealm(text: string): string | undefined {
  const name = text.toLowerCase()
  return isDnsLabel(name) ? name : undefined
}

/** Port 443 and a path of plain segments: nothing that `new URL` would correct or resolve. */
const ENDPOINT =
  /^https:\/\/[A-Za-z0-9.-]{1,253}(?::443)?((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}){0,10}\/?)$/

/**
 * Returns the endpoint that discovery named, if it is https on port 443 and under the issuer's own domains; otherwise
 * undefined, and no credential may be sent there.
 */
export function trustedEndpoint(issuer: string, text: unknown): URL | undefined {
  const path = typeof text === 'string' ? ENDPOINT.exec(text)?.[1] : undefined
  if (path === undefined || !URL.canParse(String(text))) return undefined
  const url = new URL(String(text))
  const domains = ISSUERS.find(({ host }) => host === issuer)?.domains ?? []
  const isTrusted =
    url.pathname === (path || '/') && domains.some(domain => isSubdomain(url.hostname, domain))
  return isTrusted ? url : undefined
}
