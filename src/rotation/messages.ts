import type { ExchangeResult, Organization, Token } from '../auth/provider.js'
import { placeInWords } from '../github/scope.js'
import type { Store } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { inWords } from '../lib/text.js'
import type { Logger } from '../runner/logger.js'
import { minute } from '../runner/messages.js'
import * as toolkit from '../step/toolkit/files.js'

/** Says that the secret is young enough, and when that ends. */
export function leftAlone(store: Store, asked: RotateInputs, console: Logger): void {
  console.info(
    `${secretOf(asked)} ${ageOf(store)}; it is left alone for ${inWords(asked.rotateAfterSeconds)} after an update.`
  )
  write(false, undefined, store.secret?.updatedAt, asked)
}

/** Says what a dry run would have done. */
export function wouldRotate(store: Store, asked: RotateInputs, console: Logger): void {
  const steps = [
    'make a new token and prove it',
    'store it',
    ...(asked.expiryVariable === undefined ? [] : [`set the variable ${asked.expiryVariable}`]),
    ...(asked.previousToken === undefined ? [] : ['revoke the previous token'])
  ]
  console.info(`${secretOf(asked)} ${ageOf(store)}. A dry run does nothing; it would ${steps.join(', ')}.`)
  write(false, undefined, store.secret?.updatedAt, asked)
}

/** Says that a rotation begins. */
export function rotating(store: Store, asked: RotateInputs, console: Logger): void {
  console.info(`${secretOf(asked)} ${ageOf(store)}; rotating.`)
}

/** Says that the secret is stored. */
export function rotated(
  { token }: ExchangeResult,
  organization: Organization | undefined,
  asked: RotateInputs,
  console: Logger
): void {
  const whose = organization === undefined ? '' : ` of ${organization.name ?? 'tenant'} (${organization.id})`
  const life =
    token.expiresAt === undefined
      ? 'for a time that the platform did not say'
      : `until ${minute(token.expiresAt)}`
  console.info(
    `${secretOf(asked)} holds a new ${token.kind === 'access' ? 'access' : 'long-lived'} token${whose}, good ${life}.`
  )
}

/** Sets the outputs of a rotation; the token is never one of them. */
export function reportRotation(token: Token, updatedAt: Date | undefined, asked: RotateInputs): void {
  write(true, token.expiresAt, updatedAt, asked)
}

/** Says so in the outputs of a step that fails, which have nothing else to say. */
export function notRotated(): void {
  try {
    toolkit.setOutput('rotated', 'false')
  } catch {
    // The failure that led here is told all the same; it must not be lost for want of an output.
  }
}

function write(
  rotated: boolean,
  expiresAt: Date | undefined,
  updatedAt: Date | undefined,
  asked: RotateInputs
): void {
  const next = updatedAt && new Date(updatedAt.getTime() + asked.rotateAfterSeconds * 1000)
  toolkit.setOutput('rotated', String(rotated))
  toolkit.setOutput('expires-at', expiresAt?.toISOString() ?? '')
  toolkit.setOutput('updated-at', updatedAt?.toISOString() ?? '')
  toolkit.setOutput('next-rotation-at', next?.toISOString() ?? '')
}

function secretOf({ secretName, place }: RotateInputs): string {
  return `Secret ${secretName} of ${placeInWords(place)}`
}

function ageOf({ secret, now }: Store): string {
  if (secret === undefined) return 'does not exist yet'
  return `was updated ${inWords(Math.max(0, Math.floor((now.getTime() - secret.updatedAt.getTime()) / 1000)))} ago`
}
