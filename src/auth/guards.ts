import type { Guards } from '../inputs/guards.js'
import { ActionError } from '../lib/action-error.js'
import { inWords } from '../lib/text.js'
import type { AuthRequest, Organization, Token } from './provider.js'

/** Throws `lifetime-too-short` unless the token is known to live as long as was asked. */
export function requireLifetime(token: Token, guards: Guards, request: AuthRequest): void {
  const asked = guards.minLifetimeSeconds
  const has = token.expiresInSeconds
  if (asked === undefined || (has !== undefined && has >= asked)) return
  const lives =
    has === undefined ? 'for a time that the platform did not say' : `for ${inWords(has)} (${has} s)`
  throw new ActionError(
    'lifetime-too-short',
    `The token lives ${lives}, and min-lifetime asks for ${inWords(asked)} (${asked} s).`,
    whereItIsSet(request.exchange)
  )
}

function whereItIsSet(exchange: AuthRequest['exchange']): string {
  switch (exchange) {
    case 'genesys-login':
    case 'genesys-api':
      return 'The lifetime is set on the OAuth client: Admin, Integrations, OAuth, Token Duration, from 5 minutes to 48 hours.'
    case 'genesys-long-lived':
      return 'How long such a token lives is not documented: leave min-lifetime out for it, or use token-kind: access.'
    default:
      return 'A token of NICE CXone lives for one hour, and nothing sets it longer: request one in each job, close to its use.'
  }
}

/** Throws `organization-not-allowed` unless the token belongs to one of the organisations, where any are named. */
export function requireOrganization({ id, name }: Organization, guards: Guards): void {
  const allowed = guards.allowedOrganizationIds
  if (allowed.length === 0 || allowed.includes(id.toLowerCase())) return
  throw new ActionError(
    'organization-not-allowed',
    `The token belongs to the organisation ${id}${name === undefined ? '' : ` (${name})`}, which allowed-organization-ids does not name.`,
    'The credentials are of another organisation than you meant: check which secret this job gets. Nothing was handed on.'
  )
}
