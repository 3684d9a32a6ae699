import { hostIn, isLabel, isUnder } from '../../lib/hostname.js'
import { nearest } from '../../lib/text.js'

/** An issuer of CXone tokens, and the domains under which what its discovery names must lie. */
interface Issuer {
  readonly host: string
  readonly domains: readonly string[]
  /** Seen, but confirmed by no artefact of the vendor's. */
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
  { host: 'nicecxone-fed.com', domains: ['nicecxone-fed.com'], provisional: true },
  { host: 'nicecxone-sov1.uk', domains: ['nicecxone-sov1.uk'], provisional: true }
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

/** Areas that were seen to exist; na3 is served, though no list leads it to an issuer. */
const SEEN_AREAS = [...Object.keys(ISSUER_OF_AREA), 'na3']

const AREA = /^[a-z]{2}[0-9]{1,3}$/

/** The issuer where no region is given. */
export const DEFAULT_ISSUER = COMMERCIAL

/** The realm where no region is given, as in the tutorial. */
export const DEFAULT_REALM = 'us-22'

export const CXONE_ISSUERS: readonly string[] = ISSUERS.map(({ host }) => host)

/** A host that was found, and a reason to doubt it. */
export interface Found {
  readonly name: string
  readonly doubt?: string
}

/** Returns the issuer for an area or an issuer's own domain; `undefined` if it is neither. */
export function cxoneIssuer(text: string): Found | undefined {
  const given = text.toLowerCase()
  if (AREA.test(given)) {
    const name = ISSUER_OF_AREA[given]
    if (name !== undefined) return { name }
    return {
      name: DEFAULT_ISSUER,
      doubt: `CXone area ${given} is not in the list; asking the issuer ${DEFAULT_ISSUER}.`
    }
  }
  const host = hostIn(given)
  const issuer = ISSUERS.find(one => one.host === host)
  if (issuer === undefined) return undefined
  if (!issuer.provisional) return { name: issuer.host }
  return {
    name: issuer.host,
    doubt: `The CXone issuer ${issuer.host} is not confirmed by any artefact of the vendor.`
  }
}

/** Returns the area, in lower case; `undefined` if the text has not the form of one. */
export function cxoneArea(text: string): Found | undefined {
  const name = text.toLowerCase()
  if (!AREA.test(name)) return undefined
  return SEEN_AREAS.includes(name)
    ? { name }
    : { name, doubt: `CXone area ${name} is not in the list of areas seen so far.` }
}

/** Returns the known area that is spelled most like the text. */
export function nearestCxoneArea(text: string): string {
  return nearest(text.toLowerCase(), SEEN_AREAS, area => area)
}

/** Returns the realm, in lower case; `undefined` if it is not one DNS label. */
export function cxoneRealm(text: string): string | undefined {
  const name = text.toLowerCase()
  return isLabel(name) ? name : undefined
}

/** An origin on port 443 and a path of plain segments: nothing that a parser would repair, resolve or climb with. */
const ENDPOINT =
  /^https:\/\/[A-Za-z0-9.-]{1,253}(?::443)?((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}){0,10}\/?)$/

/**
 * Returns the endpoint that discovery named, if it is https on port 443 and lies under the issuer's own
 * domains; otherwise `undefined`, and no credential goes there.
 */
export function trustedEndpoint(issuer: string, text: unknown): URL | undefined {
  const path = typeof text === 'string' ? ENDPOINT.exec(text)?.[1] : undefined
  if (path === undefined || !URL.canParse(String(text))) return undefined
  const url = new URL(String(text))
  const domains = ISSUERS.find(({ host }) => host === issuer)?.domains ?? []
  const isOurs = url.pathname === (path || '/') && domains.some(domain => isUnder(url.hostname, domain))
  return isOurs ? url : undefined
}
