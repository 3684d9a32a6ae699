import { describeIdleTime } from '../auth/guards.js'
import type { ExchangeResult, Identity, IssuedToken, Provider, RevokePolicy } from '../auth/provider.js'
import type { HttpSession } from '../http/session.js'
import type { ExchangeInputs } from '../inputs/exchange-inputs.js'
import { capitalize, formatDuration, formatMinute, joinWords, pluralize } from '../lib/text.js'
import type { Logger } from './logger.js'

/** Logs what is about to be exchanged, where, and what was read from the environment. */
export function logStart({ provider, request, variables, warnings }: ExchangeInputs, log: Logger): void {
  const { credentials, location, baseUrls } = provider.describe(request)
  const [value = '', ...others] = location.values
  const details = others.length === 0 ? '' : ` (${others.join(', ')})`
  log.info(`${provider.name}, ${location.label.toLowerCase()} ${value}${details}: exchanging ${credentials}.`)
  if (variables.length > 0) log.info(`Read from the environment: ${joinWords(variables, 'and')}.`)
  for (const { input, url } of baseUrls) {
    const requests = input === 'base-url' ? 'all requests' : 'login requests'
    log.info(`${input}: ${requests}, with their secrets, go to ${url}.`)
  }
  for (const warning of warnings) log.warn(warning)
}

/** Returns the token in words: kind, owner, expiry. */
export function describeToken(
  { kind, expiresInSeconds, expiresAt }: IssuedToken,
  owner: Identity | undefined,
  provider: Provider
): string {
  const whose = owner === undefined ? '' : ` of ${provider.ownerNoun} ${describeOwner(owner)}`
  const expiry =
    expiresInSeconds === undefined || expiresAt === undefined
      ? 'the platform did not say when it expires'
      : `valid for ${formatDuration(expiresInSeconds)}, until ${formatMinute(expiresAt)}`
  return `${kind} token${whose}, ${expiry}`
}

/** Returns `Example Ltd (id)`, or the id. */
export function describeOwner({ id, name }: Identity): string {
  return name === undefined ? id : `${name} (${id})`
}

/** Returns what happens to the token when the job ends, as a sentence. */
export function describeCleanUp({
  token: { kind, expiresAt },
  provider,
  revoke
}: {
  readonly token: IssuedToken
  readonly provider: Provider
  readonly revoke: RevokePolicy
}): string {
  if (provider.revoke === undefined) {
    const expiry = expiresAt === undefined ? '' : `; this one expires at ${formatMinute(expiresAt)}`
    return `${provider.name} tokens cannot be revoked${expiry}.`
  }
  if (revoke === 'false') return 'The token is not revoked when the job ends.'
  if (kind === 'access' || revoke === 'true') return 'The token is revoked when the job ends.'
  return 'The token outlives the job; the initial token is revoked when the job ends.'
}

/** Returns what an auditor needs: the id of the client or access key, and the platform's id of the request. */
export function describeAudit(
  { provider, request }: ExchangeInputs,
  { correlationId }: ExchangeResult
): string {
  const { label, value } = provider.describe(request).credentialId
  const correlation = correlationId === undefined ? '' : `, correlation id ${correlationId}`
  return `${label} ${value}${correlation}`
}

/** Returns how many requests were made, and how many attempts if that is another number. */
export function describeEffort({ requestCount, attemptCount }: HttpSession): string {
  const attempts = attemptCount === requestCount ? '' : ` in ${pluralize(attemptCount, 'attempt')}`
  return `${pluralize(requestCount, 'request')}${attempts}`
}

/** Logs what was published, and where later steps find it. */
export function logPublished(
  published: {
    readonly result: ExchangeResult
    readonly owner: Identity | undefined
    readonly inputs: ExchangeInputs
    readonly revoke: RevokePolicy
    readonly session: HttpSession
    readonly hasTokenFile: boolean
    readonly variables: readonly string[]
    readonly variablesWithoutValue: readonly string[]
  },
  log: Logger
): void {
  const { result, owner, inputs, revoke, session, hasTokenFile, variables } = published
  const { provider } = inputs
  log.info(`Received: ${describeToken(result.token, owner, provider)} (${describeEffort(session)}).`)
  log.info(`For audits: ${describeAudit(inputs, result)}.`)
  const idleTime = owner && describeIdleTime(result.token, owner)
  if (idleTime !== undefined) log.info(`${idleTime}.`)
  for (const name of published.variablesWithoutValue) {
    log.warn(`${name} is not set, because this login method does not tell its value.`)
  }
  const places = ['output token', ...(hasTokenFile ? ['a file'] : []), ...variables]
  log.info(
    `Available as ${joinWords(places, 'and')}. ${capitalize(describeCleanUp({ token: result.token, provider, revoke }))}`
  )
}
