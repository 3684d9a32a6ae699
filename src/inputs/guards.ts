import type { Guards } from '../auth/guards.js'
import type { Provider, RevokePolicy } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { type InputReader, invalidInput } from '../lib/input-reader.js'
import { readSeconds } from './limits.js'

/** Returns what must be true of the token. Throws `invalid-input`. */
export function readGuards(reader: InputReader): Guards {
  const allowedOrganizationIds = readAllowedOrganizationIds(reader)
  return {
    verify: reader.flag('verify') || allowedOrganizationIds.length > 0,
    allowedOrganizationIds,
    ...(reader.isGiven('min-lifetime') ? { minLifetimeSeconds: readSeconds(reader, 'min-lifetime') } : {})
  }
}

/** Returns what happens to the tokens when the job ends. Throws `invalid-input`. */
export function readRevokePolicy(reader: InputReader, provider: Provider): RevokePolicy {
  const policy = reader.choice('revoke', ['auto', 'true', 'false'])
  if (policy === 'true' && provider.revoke === undefined) {
    throw new ActionError(
      'invalid-input',
      `Input revoke is true, but ${provider.name} has no request that revokes a token.`,
      `Remove revoke. ${provider.noRevocationAdvice ?? ''}`.trim()
    )
  }
  return policy
}

function readAllowedOrganizationIds(reader: InputReader): string[] {
  const text = reader.text('allowed-organization-ids')
  const ids = reader.list('allowed-organization-ids').map(id => id.toLowerCase())
  // A list that names no organisation must not allow every organisation.
  const isEmpty = text !== '' && ids.length === 0
  if (!isEmpty && ids.every(id => /^[\w-]{1,64}$/.test(id))) return ids
  throw invalidInput(
    'allowed-organization-ids',
    text,
    'Allowed: ids of organisations (CXone: tenants), separated by commas or line breaks.'
  )
}
