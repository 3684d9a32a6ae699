import { existsSync } from 'node:fs'
import type { AuthRequest, Organization } from '../auth/provider.js'
import type { MainInputs } from '../inputs/main-inputs.js'
import { inWords } from '../lib/text.js'
import * as toolkit from '../step/toolkit/files.js'
import type { Logger } from './logger.js'
import { CREDENTIALS, effortOf, endOf, minute } from './messages.js'
import type { Granted } from './outputs.js'

/** A text for the summary's HTML: a string is plain, `code` is set as code. */
type Piece = string | { readonly code: string }

/** What a row says: its name, and the pieces beside it; one that is not known is left out. */
type Row = readonly [name: string, ...pieces: (Piece | undefined)[]]

/**
 * Writes the job summary through the toolkit: whose token it is, where it is of use, how it came about, and how
 * it ends. It holds no secret, and a step does not fail for want of it.
 */
export function summarise(granted: Granted, asked: MainInputs, console: Logger): void {
  const file = process.env['GITHUB_STEP_SUMMARY'] ?? ''
  if (!asked.handOver.summary || !existsSync(file)) return
  // Hidden before it is escaped, which would change what is looked for.
  const html = (piece: Piece): string =>
    typeof piece === 'string' ? plain(console.hide(piece)) : `<code>${html(piece.code)}</code>`
  // A cell of its own for the name, and not the table's head, which GitHub centres.
  const rows = rowsOf(granted, asked).map(([name, ...pieces]) => {
    const known = pieces.filter(piece => piece !== undefined)
    return `<tr><td><strong>${html(name)}</strong></td><td>${known.map(html).join(' ')}</td></tr>`
  })
  try {
    // In one piece with what was published before it, so that no signal is heard in between.
    toolkit.addToSummary(`<h3>${titleOf(granted, asked)}</h3>\n<table>${rows.join('')}</table>`)
  } catch {
    console.debug('The job summary could not be written.')
  }
}

function titleOf({ grant }: Granted, { request }: MainInputs): string {
  const platform = request.exchange.startsWith('cxone') ? 'NICE CXone' : 'Genesys Cloud'
  return `${platform} ${grant.token.kind === 'access' ? 'access' : 'long-lived'} token`
}

function rowsOf(granted: Granted, asked: MainInputs): Row[] {
  const { grant, organization, at } = granted
  const { kind, expiresAt, expiresInSeconds } = grant.token
  const { request } = asked
  return [
    ...(organization === undefined ? [] : [ownerOf(organization, request)]),
    placeOf(request, grant.region),
    ...(grant.apiUrl === undefined ? [] : [['API', { code: grant.apiUrl }] satisfies Row]),
    ['Exchange', capitalised(CREDENTIALS[request.exchange])],
    ['Granted', `${minute(at)}, after ${effortOf(granted)}`],
    [
      'Expires',
      expiresAt === undefined || expiresInSeconds === undefined
        ? 'The platform did not say'
        : `${minute(expiresAt)}, in ${inWords(expiresInSeconds)}`
    ],
    ['Clean-up', capitalised(endOf(kind, asked).replace(/^It (?:is )?|\.$/g, ''))]
  ]
}

function ownerOf({ id, name }: Organization, { exchange }: AuthRequest): Row {
  return [exchange.startsWith('cxone') ? 'Tenant' : 'Organisation', name, { code: id }]
}

/** Returns where on its platform the token is of use, as far as the request or the platform says it. */
function placeOf(request: AuthRequest, area: string | undefined): Row {
  switch (request.exchange) {
    case 'cxone-application': {
      const issuer = { code: request.issuer }
      return area === undefined ? ['Issuer', issuer] : ['Area', { code: area }, 'of', issuer]
    }
    case 'cxone-access-key':
      return ['Area', { code: request.area }]
    case 'cxone-client':
      return ['Realm', { code: request.realm }]
    default: {
      const { code, domain } = request.region
      return ['Region', code === undefined ? undefined : { code }, { code: domain }]
    }
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Names are data from outside: within the table's HTML, which is one line, no tag and no Markdown comes of them. */
function plain(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
