/**
 * `npm run docs`: writes what the documentation takes from the source, between the marks in the texts: the tables of
 * inputs and outputs in README.md and rotate/README.md, and those of the hosts in docs/hosts.md. With `--check` it writes
 * nothing and fails if a page differs or a mark is missing. Needs `npm ci` and Node 22.18 or newer.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import './lib/source.mjs'
import { table } from './lib/table.mjs'

const { GENESYS_REGIONS, parseGenesysRegion } = await import('../src/auth/genesys/regions.ts')
const cxone = await import('../src/auth/cxone/hosts.ts')

/** @typedef {Record<string, {description: string, required?: boolean, default?: string}>} Entries */

/** The inputs of each table, by its heading. The page of rotate has those that the token action does not describe. */
const GROUPS = {
  'action.yml': {
    'Log in':
      'provider region client-id client-secret access-key-id access-key-secret scope token-kind service-account-id ' +
      'token-endpoint',
    'Check the token': 'verify allowed-organization-ids min-lifetime',
    'Use the token, and end it': 'export-env tool-env token-file revoke summary',
    'Network: time limits and gateways': 'timeout attempt-timeout max-attempts base-url login-base-url'
  },
  'rotate/action.yml': {
    'A secret of GitHub Actions':
      'secret-name github-token repository environment organization visibility selected-repository-ids rotate-after ' +
      'previous-token expiry-variable',
    'Any other store': 'store-command read-command revoke-previous command-timeout',
    Both: 'dry-run verify allowed-organization-ids'
  }
}

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url))
/** @type {(file: string) => {inputs: Entries, outputs: Entries}} */
const readAction = file => parse(readFileSync(at(file), 'utf8'))
const main = readAction('action.yml')
const rotate = readAction('rotate/action.yml')
const differing = Object.entries(rotate.inputs).filter(
  ([name, input]) => JSON.stringify(input) !== JSON.stringify(main.inputs[name])
)
update('README.md', tablesOf('action.yml', main))
update(
  'rotate/README.md',
  tablesOf('rotate/action.yml', { ...rotate, inputs: Object.fromEntries(differing) })
)
update('docs/hosts.md', tablesOfHosts())

/** Writes a page. @param {string} page @param {Record<string, string>} contents  by the mark around them */
function update(page, contents) {
  const before = readFileSync(at(page), 'utf8')
  let text = before
  for (const [name, content] of Object.entries(contents)) {
    const mark = `<!-- ${name} -->`
    const [start, , end, ...rest] = text.split(mark)
    if (end === undefined || rest.length > 0) throw new Error(`There must be two of this mark: ${mark}`)
    text = `${start}${mark}\n\n${content}\n\n${mark}${end}`
  }
  if (!process.argv.includes('--check')) writeFileSync(at(page), text)
  else if (text !== before) {
    console.error(`${page} is not what the source says. Run: npm run docs`)
    process.exitCode = 1
  }
}

/** @param {keyof typeof GROUPS} source @param {{inputs: Entries, outputs: Entries}} action */
function tablesOf(source, { inputs, outputs }) {
  const listed = Object.values(GROUPS[source]).flatMap(group => group.split(' '))
  const names = Object.keys(inputs)
  const wrong = [...names, ...listed].filter(name => !names.includes(name) || !listed.includes(name))
  if (wrong.length > 0) {
    console.error(
      `Not in GROUPS of scripts/docs.mjs, or not in ${source}: ${wrong}. Correct that, then run: npm run docs`
    )
    process.exit(1)
  }
  const groups = Object.entries(GROUPS[source]).map(([heading, group]) => {
    const rows = group.split(' ').map(name => {
      const { description = '', required, default: value = '' } = inputs[name] ?? {}
      return [`\`${name}\``, required ? 'required' : value && `\`${value}\``, description]
    })
    return `**${heading}**\n\n${table(['input', 'default', 'meaning'], rows)}`
  })
  const described = Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description])
  return {
    [`action-docs-inputs source="${source}"`]: groups.join('\n\n'),
    [`action-docs-outputs source="${source}"`]: table(['output', 'meaning'], described)
  }
}

function tablesOfHosts() {
  const { CXONE_ISSUERS, KNOWN_AREAS, parseCxoneIssuer } = cxone
  const regions = GENESYS_REGIONS.map(({ code, domain }) => [
    code,
    domain,
    `login.${domain}`,
    `api.${domain}`
  ])
  const issuers = CXONE_ISSUERS.map(issuer => {
    const isConfirmed = parseCxoneIssuer(issuer)?.warning === undefined
    return [issuer, endpointDomains(issuer), isConfirmed ? 'yes' : 'no, accepted with a warning']
  })
  const areas = [...KNOWN_AREAS, 'uk3'].map(area => {
    const host = KNOWN_AREAS.includes(area) ? `${area}.nice-incontact.com` : 'not known'
    return [area, parseCxoneIssuer(area)?.name ?? '', host]
  })
  return {
    'genesys regions': codeTable(['region', 'domain', 'login host', 'API host'], regions),
    'genesys parent domains': parentDomains()
      .map(domain => `\`${domain}\``)
      .join(' '),
    'cxone issuers': codeTable(['issuer', 'its endpoints are under', 'confirmed by NICE'], issuers),
    'cxone areas': codeTable(['area', 'issuer', 'host for an access key only'], areas)
  }
}

/** Returns a table with hosts, areas and regions as code. @param {string[]} head @param {string[][]} rows */
function codeTable(head, rows) {
  const cells = rows.map(row => row.map(cell => (/[.\d]/.test(cell) ? cell.replace(/\S+/g, '`$&`') : cell)))
  return table(head, cells)
}

/** Returns the domains below which an unknown region is accepted. */
function parentDomains() {
  const parents = GENESYS_REGIONS.map(({ domain }) => domain.slice(domain.indexOf('.') + 1))
  const accepted = [...new Set(parents)].filter(parent => parseGenesysRegion(`new1.${parent}`) !== undefined)
  return accepted.sort()
}

/** @param {string} issuer */
function endpointDomains(issuer) {
  const domains = ['niceincontact.com', 'nice-incontact.com', issuer]
  const trusted = domains.filter(domain => cxone.trustedEndpoint(issuer, `https://api.${domain}/`))
  return (trusted.length > 1 ? trusted.filter(domain => domain !== issuer) : trusted).join(' ')
}
