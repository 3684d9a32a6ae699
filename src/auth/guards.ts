import { ActionError } from '../lib/action-error.js'
import { formatDuration } from '../lib/text.js'
import type { IssuedToken, Organization } from './provider.js'

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

/** Throws `organization-not-allowed` unless the token belongs to one of the allowed organisations. */
export function requireOrganization({ id, name }: Organization, { allowedOrganizationIds }: Guards): void {
  if (allowedOrganizationIds.length === 0 || allowedOrganizationIds.includes(id.toLowerCase())) return
  throw new ActionError(
    'organization-not-allowed',
    `The token belongs to organisation ${name === undefined ? id : `${name} (${id})`}, which is not in allowed-organization-ids.`,
    'The credentials belong to another organisation than expected: check which secret this job uses. Nothing was published.'
  )
}
