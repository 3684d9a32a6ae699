import * as core from '@actions/core'
import type { IssuedToken } from '../auth/provider.js'
import type { CheckedResult } from '../exchange.js'
import { describeScope } from '../github/scope.js'
import type { SecretStore } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { formatDuration } from '../lib/text.js'
import type { Logger } from '../runner/logger.js'
import { describeToken } from '../runner/messages.js'

/** Logs that the secret is young enough, and sets the outputs. */
export function reportYoung(store: SecretStore, inputs: RotateInputs, log: Logger): void {
  log.info(
    `${describeSecret(inputs)} ${describeAge(store)}. It is not rotated, because rotate-after is ${formatDuration(inputs.rotateAfterSeconds)}.`
  )
  setOutputs({ isRotated: false, updatedAt: store.secret?.updatedAt }, inputs)
}

/** Logs what a rotation would do, and sets the outputs. */
export function reportDryRun(store: SecretStore, inputs: RotateInputs, log: Logger): void {
  const steps = [
    'request and check a new token',
    'store it',
    ...(inputs.expiryVariable === undefined ? [] : [`set the variable ${inputs.expiryVariable}`]),
    ...(inputs.previousToken === undefined ? [] : ['revoke the previous token'])
  ]
  log.info(
    `${describeSecret(inputs)} ${describeAge(store)}. This is a dry run. A rotation would: ${steps.join(', ')}.`
  )
  setOutputs({ isRotated: false, updatedAt: store.secret?.updatedAt }, inputs)
}

export function logRotationStart(store: SecretStore, inputs: RotateInputs, log: Logger): void {
  log.info(`${describeSecret(inputs)} ${describeAge(store)}. Rotating it.`)
}

export function logStored({ result, owner }: CheckedResult, inputs: RotateInputs, log: Logger): void {
  log.info(`${describeSecret(inputs)} contains a new ${describeToken(result.token, owner, inputs.provider)}.`)
}

/** Sets the outputs of a rotation. The token is never an output. */
export function reportRotated(
  { expiresAt }: IssuedToken,
  updatedAt: Date | undefined,
  inputs: RotateInputs
): void {
  setOutputs({ isRotated: true, expiresAt, updatedAt }, inputs)
}

/** Sets `rotated` in a step that fails. */
export function reportNotRotated(): void {
  try {
    core.setOutput('rotated', 'false')
  } catch {
    // The failure that led here is reported; a missing output must not hide it.
  }
}

function setOutputs(
  {
    isRotated,
    expiresAt,
    updatedAt
  }: {
    readonly isRotated: boolean
    readonly expiresAt?: Date | undefined
    readonly updatedAt: Date | undefined
  },
  { rotateAfterSeconds }: RotateInputs
): void {
  const nextRotationAt = updatedAt && new Date(updatedAt.getTime() + rotateAfterSeconds * 1000)
  core.setOutput('rotated', String(isRotated))
  core.setOutput('expires-at', expiresAt?.toISOString() ?? '')
  core.setOutput('updated-at', updatedAt?.toISOString() ?? '')
  core.setOutput('next-rotation-at', nextRotationAt?.toISOString() ?? '')
}

function describeSecret({ secretName, scope }: RotateInputs): string {
  return `Secret ${secretName} of ${describeScope(scope)}`
}

function describeAge({ secret, now }: SecretStore): string {
  if (secret === undefined) return 'does not exist yet'
  const seconds = Math.max(0, Math.floor((now.getTime() - secret.updatedAt.getTime()) / 1000))
  return `was updated ${formatDuration(seconds)} ago`
}
