import { appendFileSync } from 'node:fs'
import { describeIdleTime } from '../auth/guards.js'
import type { ExchangeResult, Identity, Provider, RevokePolicy } from '../auth/provider.js'
import type { HttpSession } from '../http/session.js'
import type { ExchangeInputs } from '../inputs/exchange-inputs.js'
import { capitalize, formatDuration, formatMinute } from '../lib/text.js'
import type { Context } from './context.js'
import type { Logger } from './logger.js'
import { describeCleanUp, describeEffort } from './messages.js'

/** Text, or text set as code. */
export type Cell = string | { readonly code: string }

export type Row = readonly [name: string, ...cells: Cell[]]

/** Returns the job summary of a published token as HTML, without a secret. */
export function tokenSummary(
  published: {
    readonly inputs: ExchangeInputs
    readonly result: ExchangeResult
    readonly owner: Identity | undefined
    readonly revoke: RevokePolicy
    readonly session: HttpSession
    readonly receivedAt: Date
  },
  log: Logger
): string {
  const { inputs, result, owner, revoke, session, receivedAt } = published
  const { provider, request } = inputs
  const { region, apiUrl, token } = result
  const { credentials, location } = provider.describe(request)
  const isRegionNew = region !== undefined && !location.values.includes(region)
  const rows: Row[] = [
    ...ownerRows(owner, provider),
    ...(isRegionNew ? [[capitalize(provider.regionNoun), code(region)] as const] : []),
    [location.label, ...location.values.map(code)],
    ...(apiUrl === undefined ? [] : [['API', code(apiUrl)] as const]),
    ['Login', capitalize(credentials)],
    ['Received', `${formatMinute(receivedAt)}, after ${describeEffort(session)}`],
    ...tokenRows(inputs, result, owner),
    ['Clean-up', describeCleanUp({ token, provider, revoke })]
  ]
  return renderSummary(`${provider.name} ${token.kind} token`, rows, log)
}

/** Returns the rows about a token: what an auditor needs, expiry, idle time. */
export function tokenRows(
  { provider, request }: ExchangeInputs,
  { token, correlationId }: ExchangeResult,
  owner: Identity | undefined
): Row[] {
  const { expiresAt, expiresInSeconds } = token
  const { credentialId } = provider.describe(request)
  const idleTime = owner && describeIdleTime(token, owner)
  return [
    [credentialId.label, code(credentialId.value)],
    ...(correlationId === undefined ? [] : [['Correlation id', code(correlationId)] as const]),
    [
      'Expires',
      expiresAt === undefined || expiresInSeconds === undefined
        ? 'The platform did not say'
        : `${formatMinute(expiresAt)}, in ${formatDuration(expiresInSeconds)}`
    ],
    ...(idleTime === undefined ? [] : [['Idle timeout', idleTime] as const])
  ]
}

/** Returns the job summary as HTML: a title and a table of rows. */
export function renderSummary(title: string, rows: readonly Row[], log: Logger): string {
  // Redacted before it is escaped, which would change what is searched for.
  const html = (cell: Cell): string =>
    typeof cell === 'string' ? escapeHtml(log.redact(cell)) : `<code>${html(cell.code)}</code>`
  const lines = rows.map(
    ([name, ...cells]) =>
      `<tr><td><strong>${html(name)}</strong></td><td>${cells.map(html).join(' ')}</td></tr>`
  )
  return `<h3>${html(title)}</h3>\n<table>${lines.join('')}</table>\n`
}

/** Appends to the job summary. A summary that cannot be written does not fail the step. */
export function writeSummary(html: string, { env, log }: Pick<Context, 'env' | 'log'>): void {
  try {
    appendFileSync(env['GITHUB_STEP_SUMMARY'] ?? '', html)
  } catch {
    log.debug('The job summary could not be written.')
  }
}

export function code(text: string): Cell {
  return { code: text }
}

/** Returns a row with the owner of the token, if it was verified. */
export function ownerRows(owner: Identity | undefined, { ownerNoun }: Provider): Row[] {
  if (owner === undefined) return []
  const { id, name } = owner
  return [[capitalize(ownerNoun), ...(name === undefined ? [] : [name]), code(id)]]
}

/** Names come from outside. Within the table, which is one line, neither tags nor Markdown can result from them. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
