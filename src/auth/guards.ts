import { ActionError } from '../lib/action-error.js'
import { formatDuration, formatMinute } from '../lib/text.js'
import type { Identity, IssuedToken } from './provider.js'

/** What must be true of a token before it is published. */
export interface Guards {
  /** Ask the platform who the token belongs to. */
  readonly verify: boolean
  /** In lower case. Empty: any organisation. */
  readonly allowedOrganizationIds: readonly string[]
  readonly minLifetimeSeconds?: number
}

/** Throws `lifetime-too-short` unless the token is known to live at least as long as `min-lifetime`. */
export function requireLifetime(
  { expiresInSeconds }: IssuedToken,
  { minLifetimeSeconds }: Guards,
  advice: string
): void {
  if (minLifetimeSeconds === undefined) return
  if (expiresInSeconds !== undefined && expiresInSeconds >= minLifetimeSeconds) return
  const lives =
    expiresInSeconds === undefined
      ? 'The platform did not say how long the token lives'
      : `The token lives for ${formatDuration(expiresInSeconds)} (${expiresInSeconds} s)`
  throw new ActionError(
    'lifetime-too-short',
    `${lives}, but min-lifetime requires ${formatDuration(minLifetimeSeconds)} (${minLifetimeSeconds} s).`,
    advice
  )
}

/** Returns a sentence about a token that becomes invalid before it expires if nothing uses it; undefined if it does not. */
export function describeIdleTime({ expiresAt }: IssuedToken, { idlesAt }: Identity): string | undefined {
  if (idlesAt === undefined || (expiresAt !== undefined && idlesAt >= expiresAt)) return undefined
  return `The organisation has an idle timeout: if nothing uses the token, it becomes invalid at ${formatMinute(idlesAt)}`
}

/**
 * Throws `lifetime-too-short` if the idle timeout of the organisation is shorter than `min-lifetime`: a stored token waits
 * unused.
 */
export function requireIdleTime({ idlesAt }: Identity, { minLifetimeSeconds }: Guards, nowMs: number): void {
  if (idlesAt === undefined || minLifetimeSeconds === undefined) return
  if (idlesAt.getTime() >= nowMs + minLifetimeSeconds * 1000) return
  throw new ActionError(
    'lifetime-too-short',
    `If nothing uses the token, it becomes invalid at ${formatMinute(idlesAt)}, but min-lifetime requires ${formatDuration(minLifetimeSeconds)} (${minLifetimeSeconds} s).`,
    'The organisation has an idle timeout. Request a token in each job instead of storing one, or rotate more often than ' +
      'the idle timeout.'
  )
}

/** Throws `organization-not-allowed` unless the token belongs to one of the allowed organisations. */
export function requireOrganization(
  { id, name }: Identity,
  { allowedOrganizationIds }: Guards,
  ownerNoun: string
): void {
  if (allowedOrganizationIds.length === 0 || allowedOrganizationIds.includes(id.toLowerCase())) return
  throw new ActionError(
    'organization-not-allowed',
    `The token belongs to ${ownerNoun} ${name === undefined ? id : `${name} (${id})`}, which is not in allowed-organization-ids.`,
    `The credentials belong to another ${ownerNoun} than expected: check which secret this job uses. Nothing was published.`
  )
}
