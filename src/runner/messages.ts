import type { AuthRequest, Token } from '../auth/provider.js'
import type { ExchangeInputs, MainInputs } from '../inputs/main-inputs.js'
import { counted, inWords, listed } from '../lib/text.js'
import type { Logger } from './logger.js'
import type { Granted } from './outputs.js'
import { variablesOf, variablesWithout } from './variables.js'

/** Says what is about to be exchanged where, and on whose word. */
export function started({ request, variables, doubts }: ExchangeInputs, console: Logger): void {
  console.info(`${platformOf(request)}: exchanging ${CREDENTIALS[request.exchange]}.`)
  if (variables.length > 0) console.info(`Taken from the environment: ${listed(variables, 'and')}.`)
  if (request.baseUrl)
    console.info(`base-url: every request, with its secrets, goes to ${request.baseUrl.origin}.`)
  for (const doubt of doubts) console.warn(doubt)
}

/** Says what was granted, whose it is, where later steps find it, and how it ends. */
export function handedOn(granted: Granted, asked: MainInputs, console: Logger): void {
  const { grant, organization } = granted
  const { token } = grant
  const { expiresInSeconds, expiresAt } = token
  const whose = organization === undefined ? '' : ` of ${organization.name ?? 'tenant'} (${organization.id})`
  const life =
    expiresInSeconds === undefined || expiresAt === undefined
      ? 'for a time that the platform did not say'
      : `for ${inWords(expiresInSeconds)}, until ${minute(expiresAt)}`
  const variables = variablesOf(grant, asked).map(([name]) => name)
  const places = ['the output token', ...(asked.handOver.tokenFile ? ['a file'] : []), ...variables]
  console.info(
    `Granted a${token.kind === 'access' ? 'n access' : ' long-lived'} token${whose} ${life} (${effortOf(granted)}).`
  )
  for (const name of variablesWithout(grant, asked)) {
    console.warn(`${name} is not set: the exchange does not tell what belongs there.`)
  }
  console.info(`Handed on as ${listed(places, 'and')}. ${endOf(token.kind, asked)}`)
}

/** Returns what becomes of the token when the job ends, as a sentence. */
export function endOf(
  kind: Token['kind'],
  { request, revoke }: Pick<MainInputs, 'request' | 'revoke'>
): string {
  if (request.exchange.startsWith('cxone')) return 'It lives until it expires.'
  if (revoke === 'false') return 'It is left alone when the job ends.'
  if (kind === 'access' || revoke === 'true') return 'It is revoked when the job ends.'
  return 'It outlives the job; the initial token is revoked when the job ends.'
}

/** Returns how many requests it took, and how many attempts where that is another number. */
export function effortOf({ requests, attempts }: Pick<Granted, 'requests' | 'attempts'>): string {
  return `${counted(requests, 'request')}${attempts === requests ? '' : `, ${counted(attempts, 'attempt')}`}`
}

/** Returns a moment to the minute, rounded so that it is never later than the truth: `2026-11-22 09:05 UTC`. */
export function minute(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** What is exchanged, in words. */
export const CREDENTIALS: Readonly<Record<AuthRequest['exchange'], string>> = {
  'genesys-login': 'client credentials at the login host',
  'genesys-api': 'client credentials at the API host (the tutorial’s request)',
  'genesys-long-lived': 'client credentials for a long-lived token (the tutorial’s request)',
  'cxone-application': 'a back-end application’s client and an access key',
  'cxone-access-key': 'an access key',
  'cxone-client': 'a client alone (the tutorial’s request)'
}

/** Returns the platform and where on it. */
function platformOf(request: AuthRequest): string {
  switch (request.exchange) {
    case 'cxone-application':
      return `NICE CXone, issuer ${request.issuer}`
    case 'cxone-access-key':
      return `NICE CXone, area ${request.area}`
    case 'cxone-client':
      return `NICE CXone, realm ${request.realm}`
    default: {
      const { code, domain } = request.region
      return `Genesys Cloud ${code === undefined ? domain : `${code} (${domain})`}`
    }
  }
}
