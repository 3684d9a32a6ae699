import type { HttpSession } from '../http/session.js'
import type { ExchangeInputs } from '../inputs/main-inputs.js'
import { requireLifetime, requireOrganization } from './guards.js'
import { exchange, identify } from './index.js'
import type { ExchangeEvents, ExchangeResult, Organization } from './provider.js'

/** A token that has passed every check that was asked for; whose it is, where that was asked. */
export interface Obtained {
  readonly grant: ExchangeResult
  readonly organization: Organization | undefined
}

/** Exchanges, and checks what came of it; throws an `ActionError`. What was issued by then, the events knows. */
export async function obtain(
  { request, guards }: ExchangeInputs,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<Obtained> {
  const grant = await exchange(request, wire, events)
  requireLifetime(grant.token, guards, request)
  if (!guards.verify) return { grant, organization: undefined }
  const organization = await identify(request, grant, wire)
  requireOrganization(organization, guards)
  return { grant, organization }
}
