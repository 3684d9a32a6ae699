import * as core from '@actions/core'
import { describeIdleTime } from '../auth/guards.js'
import type { CheckedResult } from '../exchange.js'
import { describeScope } from '../github/scope.js'
import type { SecretStore } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { formatDuration, formatMinute } from '../lib/text.js'
import type { Context } from '../runner/context.js'
import type { Logger } from '../runner/logger.js'
import { describeAudit, describeToken } from '../runner/messages.js'
import { code, type Row, renderSummary, tokenRows, writeSummary } from '../runner/summary.js'

/** Reports that the secret is young enough: log, summary, outputs. */
export function reportYoung(store: SecretStore, inputs: RotateInputs, context: Context): void {
  const reason = `rotate-after is ${formatDuration(inputs.rotateAfterSeconds)}`
  context.log.info(`${describeSecret(inputs)} ${describeAge(store)}. It is not rotated, because ${reason}.`)
  report({ result: `Not rotated, because ${reason}`, updatedAt: store.secret?.updatedAt }, inputs, context)
}

/** Reports what a rotation would do: log, summary, outputs. */
export function reportDryRun(store: SecretStore, inputs: RotateInputs, context: Context): void {
  const steps = [
    'request and check a new token',
    'store it',
    ...(inputs.expiryVariable === undefined ? [] : [`set the variable ${inputs.expiryVariable}`]),
    ...(inputs.previousToken === undefined ? [] : ['revoke the previous token'])
  ]
  context.log.info(
    `${describeSecret(inputs)} ${describeAge(store)}. This is a dry run. A rotation would: ${steps.join(', ')}.`
  )
  report(
    { result: 'Not rotated, because this is a dry run', updatedAt: store.secret?.updatedAt },
    inputs,
    context
  )
}

export function logRotationStart(store: SecretStore, inputs: RotateInputs, log: Logger): void {
  log.info(`${describeSecret(inputs)} ${describeAge(store)}. Rotating it.`)
}

/** Logs that the token is stored, and warns if it becomes invalid before the next rotation. */
export function logStored({ result, owner }: CheckedResult, inputs: RotateInputs, log: Logger): void {
  const { token } = result
  log.info(`${describeSecret(inputs)} contains a new ${describeToken(token, owner, inputs.provider)}.`)
  log.info(`For audits: ${describeAudit(inputs, result)}.`)
  const idleTime = owner && describeIdleTime(token, owner)
  if (idleTime !== undefined) log.warn(`${idleTime}, although it is stored for later use.`)
  const { rotateAfterSeconds } = inputs
  if (token.expiresInSeconds === undefined || rotateAfterSeconds < token.expiresInSeconds) return
  log.warn(
    `rotate-after is ${formatDuration(rotateAfterSeconds)}, but the token lives only for ${formatDuration(token.expiresInSeconds)}. Make rotate-after shorter.`
  )
}

/** Reports a rotation: summary and outputs. The token is never an output. */
export function reportRotated(
  checked: CheckedResult,
  updatedAt: Date | undefined,
  inputs: RotateInputs,
  context: Context
): void {
  report({ result: 'Rotated', checked, updatedAt }, inputs, context)
}

/** Sets `rotated` in a step that fails. */
export function reportNotRotated(): void {
  try {
    core.setOutput('rotated', 'false')
  } catch {
    // The failure that led here is reported; a missing output must not hide it.
  }
}

function report(
  {
    result,
    checked,
    updatedAt
  }: {
    readonly result: string
    readonly checked?: CheckedResult
    readonly updatedAt: Date | undefined
  },
  inputs: RotateInputs,
  context: Context
): void {
  const nextRotationAt = updatedAt && new Date(updatedAt.getTime() + inputs.rotateAfterSeconds * 1000)
  core.setOutput('rotated', String(checked !== undefined))
  core.setOutput('expires-at', checked?.result.token.expiresAt?.toISOString() ?? '')
  core.setOutput('idles-at', checked?.owner?.idlesAt?.toISOString() ?? '')
  core.setOutput('updated-at', updatedAt?.toISOString() ?? '')
  core.setOutput('next-rotation-at', nextRotationAt?.toISOString() ?? '')
  if (!inputs.summary) return
  const rows: Row[] = [
    ['Secret', code(inputs.secretName), `of ${describeScope(inputs.scope)}`],
    ['Result', result],
    ...(checked === undefined ? [] : tokenRows({ inputs, ...checked })),
    ...(nextRotationAt === undefined
      ? []
      : [['Next rotation', `from ${formatMinute(nextRotationAt)}`] as const])
  ]
  writeSummary(renderSummary(`${inputs.provider.name} token rotation`, rows, context.log), context)
}

function describeSecret({ secretName, scope }: RotateInputs): string {
  return `Secret ${secretName} of ${describeScope(scope)}`
}

function describeAge({ secret, now }: SecretStore): string {
  if (secret === undefined) return 'does not exist yet'
  const seconds = Math.max(0, Math.floor((now.getTime() - secret.updatedAt.getTime()) / 1000))
  return `was updated ${formatDuration(seconds)} ago`
}
