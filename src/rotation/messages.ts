import * as core from '@actions/core'
import { describeIdleTime } from '../auth/guards.js'
import type { CheckedResult } from '../exchange.js'
import { formatMinute } from '../lib/text.js'
import { describeAudit, describeToken } from '../runner/messages.js'
import { ownerRows, type Row, renderSummary, tokenRows, writeSummary } from '../runner/summary.js'
import type { Rotation, StoreDates } from './token-store.js'

/** Logs that the token is stored, and warns if it becomes invalid before it expires. */
export function logStored(
  { result, owner }: CheckedResult,
  { store: { name }, inputs, context: { log } }: Rotation
): void {
  const { token } = result
  log.info(`${name} contains a new ${describeToken(token, owner, inputs.provider)}.`)
  log.info(`For audits: ${describeAudit(inputs, result)}.`)
  const idleTime = owner && describeIdleTime(token, owner)
  if (idleTime !== undefined) log.warn(`${idleTime}, although it is stored for later use.`)
}

/** Sets the outputs and writes the summary. The token is never an output. `result`: what happened, for the summary. */
export function reportRotation(
  {
    result,
    checked,
    dates
  }: { readonly result: string; readonly checked?: CheckedResult; readonly dates: StoreDates },
  { store: { name }, inputs, context }: Rotation
): void {
  const { updatedAt, nextRotationAt } = dates
  core.setOutput('rotated', String(checked !== undefined))
  core.setOutput('expires-at', checked?.result.token.expiresAt?.toISOString() ?? '')
  core.setOutput('idles-at', checked?.owner?.idlesAt?.toISOString() ?? '')
  core.setOutput('updated-at', updatedAt?.toISOString() ?? '')
  core.setOutput('next-rotation-at', nextRotationAt?.toISOString() ?? '')
  if (!inputs.summary) return
  const rows: Row[] = [
    ['Store', name],
    ['Result', result],
    ...ownerRows(checked?.owner, inputs.provider),
    ...(checked === undefined ? [] : tokenRows(inputs, checked.result, checked.owner)),
    ...(nextRotationAt === undefined
      ? []
      : [['Next rotation', `from ${formatMinute(nextRotationAt)}`] as const])
  ]
  writeSummary(renderSummary(`${inputs.provider.name} token rotation`, rows, context.log), context)
}

/** Sets `rotated` in a step that fails. */
export function reportNotRotated(): void {
  try {
    core.setOutput('rotated', 'false')
  } catch {
    // The failure that led here is reported; a missing output must not hide it.
  }
}
