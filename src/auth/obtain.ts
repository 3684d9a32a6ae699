import type { Wire } from '../http/session.js'
import type { ExchangeAsked } from '../inputs/main-inputs.js'
import { requireLifetime, requireOrganization } from './guards.js'
import { exchange, identify } from './index.js'
import type { Grant, Organization, Witness } from './provider.js'

/** A token that has passed every check that was asked for; whose it is, where that was asked. */
export interface Obtained {
  readonly grant: Grant
  readonly organization: Organization | undefined
}

/** Exchanges, and checks what came of it; throws an `ActionError`. What was issued by then, the witness knows. */
export async function obtain(
  { request, guards }: ExchangeAsked,
  wire: Wire,
  witness: Witness
): Promise<Obtained> {
  const grant = await exchange(request, wire, witness)
  requireLifetime(grant.token, guards, request)
  if (!guards.verify) return { grant, organization: undefined }
  const organization = await identify(request, grant, wire)
  requireOrganization(organization, guards)
  return { grant, organization }
}
