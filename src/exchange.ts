import { requireLifetime, requireOrganization } from './auth/guards.js'
import type { ExchangeResult, Identity, IssuedToken } from './auth/provider.js'
import type { HttpSession } from './http/session.js'
import type { ExchangeInputs } from './inputs/exchange-inputs.js'
import type { Context } from './runner/context.js'
import type { Logger } from './runner/logger.js'

/** A token that passed all checks, and its owner if it was verified. */
export interface CheckedResult {
  readonly result: ExchangeResult
  readonly owner: Identity | undefined
}

interface ExchangeParts {
  readonly context: Pick<Context, 'log' | 'rollback'>
  readonly onToken: (token: IssuedToken) => void
}

/** The log has this if the step ends while it requests a token, for example because the job is cancelled. */
const MAY_HAVE_BEEN_ISSUED =
  'The step ended while it requested a token. If the platform issued one that this step did not receive, that token lives until it expires.'

/** Longer names are cut. */
const MAX_NAME_LENGTH = 200

/**
 * Exchanges the credentials and checks the token. Masks every secret and passes every token to `onToken` before the next
 * request, also if it throws. Throws ActionError.
 */
export async function exchangeAndCheck(
  { provider, request, guards }: ExchangeInputs,
  session: HttpSession,
  { context: { log, rollback }, onToken }: ExchangeParts
): Promise<CheckedResult> {
  const onWarning = (message: string) => log.warn(message)
  const removeWarning = rollback.add(() => log.warn(MAY_HAVE_BEEN_ISSUED))
  const result = await provider
    .exchange(request, session, { onSecret: log.mask, onToken, onWarning })
    .finally(removeWarning)
  requireLifetime(result.token, guards, provider.lifetimeAdvice(request))
  if (!guards.verify) return { result, owner: undefined }
  const owner = await provider.identify(result, session)
  const cleaned = cleanName(owner, log)
  requireOrganization(cleaned, guards, provider.ownerNoun)
  return { result, owner: cleaned }
}

/** Returns the owner with a name of one line, or without a name if nothing of it is left. */
function cleanName({ name: raw = '', ...owner }: Identity, log: Logger): Identity {
  const name = log.clean(raw, MAX_NAME_LENGTH)
  return name === '' ? owner : { ...owner, name }
}
