/**
 * `npm run docs`: writes docs/hosts.md, the hosts that the action talks to, from the compiled source in lib/. A test
 * compares the page with the source.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {typeof import('../src/auth/genesys/regions.ts')} Regions
 * @typedef {typeof import('../src/auth/cxone/hosts.ts')} CxoneHosts
 */

const PAGE = new URL('../docs/hosts.md', import.meta.url)

/**
 * Returns the page. Both arguments are modules of the source.
 *
 * @param {Regions} regions
 * @param {CxoneHosts} cxone
 */
export function hostsPage(regions, cxone) {
  return `# Hosts

The hosts that this action talks to, for firewalls, egress allow-lists and security reviews. Hosts of the platforms use HTTPS
on port 443. A job needs only the hosts of its own region or tenant. \`base-url\` and \`login-base-url\` replace them.

\`npm run docs\` writes this page from the source.

## Genesys Cloud

The login host receives client id and secret. With \`token-endpoint: api\`, the API host receives them instead. The API host
also receives the token: for \`verify\`, to request a long-lived token, and to revoke it.
[Where secrets go](security.md#where-secrets-go) has all of them.

${table(
  ['region', 'domain', 'login host', 'API host'],
  regions.GENESYS_REGIONS.map(({ code, domain }) => [code, domain, `login.${domain}`, `api.${domain}`])
)}

New regions appear below ${words(parentDomains(regions))}. A region that is
not in the list can be given by its domain, such as \`new1.pure.cloud\`; the log then has a warning.

## NICE CXone

| credentials | hosts |
|---|---|
| client and access key | the issuer, the token endpoint that the issuer names, and the issuer again for the tenant’s configuration |
| access key only | \`{area}.nice-incontact.com\`, and the issuer for the tenant’s configuration |
| client only | \`{realm}.api.niceincontact.com\`; the default realm is \`${cxone.DEFAULT_REALM}\`. A realm is any DNS label, without a list |

The default issuer is \`${cxone.DEFAULT_ISSUER}\`. Endpoints that an issuer names must be under its own domains:

${table(
  ['issuer', 'its endpoints are under', 'confirmed by NICE'],
  cxone.CXONE_ISSUERS.map(issuer => [
    issuer,
    endpointDomains(issuer, cxone).join(' '),
    cxone.parseCxoneIssuer(issuer)?.warning === undefined ? 'yes' : 'no, accepted with a warning'
  ])
)}

${table(
  ['area', 'issuer', 'host for an access key only'],
  [...cxone.KNOWN_AREAS, 'uk3'].map(area => [
    area,
    cxone.parseCxoneIssuer(area)?.name ?? '',
    cxone.KNOWN_AREAS.includes(area) ? `${area}.nice-incontact.com` : 'not known'
  ])
)}

An area that is not in the list uses the default issuer, with a warning. The address of the API comes from the tenant’s
configuration. With an access key only, it is \`api-{area}.niceincontact.com\` if the configuration cannot be read.

## GitHub

\`rotate\` with \`secret-name\` talks to the address in \`GITHUB_API_URL\`, which the runner sets: \`api.github.com\`,
\`api.{name}.ghe.com\` with data residency, or the server and port of GitHub Enterprise Server.
`
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const cells = rows.map(row => row.map(cell => (/[.\d]/.test(cell) ? cell.replace(/\S+/g, '`$&`') : cell)))
  return [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`).join('\n')
}

/** @param {string[]} names */
function words(names) {
  const quoted = names.map(name => `\`${name}\``)
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}

/** Returns the domains below which an unknown region is accepted. @param {Regions} regions */
function parentDomains({ GENESYS_REGIONS, parseGenesysRegion }) {
  const parents = GENESYS_REGIONS.map(({ domain }) => domain.slice(domain.indexOf('.') + 1))
  return [...new Set(parents)].filter(parent => parseGenesysRegion(`new1.${parent}`) !== undefined).sort()
}

/** @param {string} issuer @param {CxoneHosts} cxone */
function endpointDomains(issuer, { trustedEndpoint }) {
  const shared = ['niceincontact.com', 'nice-incontact.com'].filter(domain =>
    trustedEndpoint(issuer, `https://api.${domain}/`)
  )
  return shared.length > 0
    ? shared
    : [issuer].filter(domain => trustedEndpoint(issuer, `https://api.${domain}/`))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  /** @param {string} path */
  const load = path => import(new URL(`../lib/auth/${path}`, import.meta.url).href)
  writeFileSync(PAGE, hostsPage(await load('genesys/regions.js'), await load('cxone/hosts.js')))
}
