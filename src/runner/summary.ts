import type { ExchangeResult, Organization, RevokePolicy } from '../auth/provider.js'
import type { HttpSession } from '../http/session.js'
import type { ExchangeInputs } from '../inputs/exchange-inputs.js'
import { capitalize, formatDuration, formatMinute } from '../lib/text.js'
import type { Logger } from './logger.js'
import { describeCleanUp, describeEffort } from './messages.js'

/** Text, or text set as code. */
type Cell = string | { readonly code: string }

type Row = readonly [name: string, ...cells: Cell[]]

/** Returns the job summary as HTML, without a secret. */
export function buildSummary(
  { provider, request }: ExchangeInputs,
  published: {
    readonly result: ExchangeResult
    readonly owner: Organization | undefined
    readonly revoke: RevokePolicy
    readonly session: HttpSession
    readonly receivedAt: Date
  },
  log: Logger
): string {
  const { result, owner, revoke, session, receivedAt } = published
  const { token, region, apiUrl } = result
  const { credentials, location } = provider.describe(request)
  const rows: Row[] = [
    ...(owner === undefined ? [] : [ownerRow(owner, provider.ownerNoun)]),
    ...(region === undefined || location.values.includes(region)
      ? []
      : [[capitalize(provider.regionNoun), code(region)] as const]),
    [location.label, ...location.values.map(code)],
    ...(apiUrl === undefined ? [] : [['API', code(apiUrl)] as const]),
    ['Login', capitalize(credentials)],
    ['Received', `${formatMinute(receivedAt)}, after ${describeEffort(session)}`],
    [
      'Expires',
      token.expiresAt === undefined || token.expiresInSeconds === undefined
        ? 'The platform did not say'
        : `${formatMinute(token.expiresAt)}, in ${formatDuration(token.expiresInSeconds)}`
    ],
    ['Clean-up', describeCleanUp({ token, provider, revoke })]
  ]
  return renderTable(`${provider.name} ${token.kind} token`, rows, log)
}

function ownerRow({ id, name }: Organization, ownerNoun: string): Row {
  return [capitalize(ownerNoun), ...(name === undefined ? [] : [name]), code(id)]
}

function code(text: string): Cell {
  return { code: text }
}

function renderTable(title: string, rows: readonly Row[], log: Logger): string {
  // Redacted before it is escaped, which would change what is searched for.
  const html = (cell: Cell): string =>
    typeof cell === 'string' ? escapeHtml(log.redact(cell)) : `<code>${html(cell.code)}</code>`
  const lines = rows.map(
    ([name, ...cells]) =>
      `<tr><td><strong>${html(name)}</strong></td><td>${cells.map(html).join(' ')}</td></tr>`
  )
  return `<h3>${html(title)}</h3>\n<table>${lines.join('')}</table>\n`
}

/** Names come from outside. Within the table, which is one line, neither tags nor Markdown can result from them. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
