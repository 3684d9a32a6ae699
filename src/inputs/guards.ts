import type { AuthRequest } from '../auth/provider.js'
import { ActionError } from '../lib/action-error.js'
import { readSeconds } from './limits.js'
import { type Inputs, invalidInput } from './reader.js'

/** What must hold of a token before it is handed on. */
export interface Guards {
  /** Ask whose token it is. */
  readonly verify: boolean
  /** In lower case; none means that any will do. */
  readonly allowedOrganizationIds: readonly string[]
  readonly minLifetimeSeconds?: number
}

/** When the job ends: `auto` revokes access tokens, `true` all, `false` none. */
export type RevokePolicy = 'auto' | 'true' | 'false'

/** Returns what is asked of the token; throws `invalid-input`. */
export function readGuards(inputs: Inputs): Guards {
  const allowedOrganizationIds = readAllowed(inputs)
  const minLifetime = inputs.isGiven('min-lifetime')
    ? { minLifetimeSeconds: readSeconds(inputs, 'min-lifetime') }
    : {}
  return {
    verify: inputs.flag('verify') || allowedOrganizationIds.length > 0,
    allowedOrganizationIds,
    ...minLifetime
  }
}

/** Returns what happens to the token when the job ends; throws `invalid-input`. */
export function readRevokePolicy(inputs: Inputs, request: AuthRequest): RevokePolicy {
  const policy = inputs.choice('revoke', ['auto', 'true', 'false'])
  if (policy === 'true' && request.exchange.startsWith('cxone')) {
    throw new ActionError(
      'invalid-input',
      'Input revoke is true, and NICE CXone has no request that revokes a token.',
      'Leave revoke out: the token lives for an hour. To end it sooner, deactivate the access key.'
    )
  }
  return policy
}

function readAllowed(inputs: Inputs): string[] {
  const text = inputs.text('allowed-organization-ids')
  const ids = inputs.list('allowed-organization-ids').map(id => id.toLowerCase())
  // A guard that was asked for and names nobody must not let everybody pass.
  if ((text !== '' && ids.length === 0) || ids.some(id => !/^[\w-]{1,64}$/.test(id))) {
    throw invalidInput(
      'allowed-organization-ids',
      text,
      'Allowed: ids of organisations (CXone: tenants), separated by commas or line breaks.'
    )
  }
  return ids
}
