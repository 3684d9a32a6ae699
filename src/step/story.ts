import type { AuthRequest, Grant } from '../auth/request.js'
import { counted, inWords, listed } from '../text.js'
import type { Console } from './console.js'
import type { HandOver } from './inputs/hand-over.js'
import { toolVariables } from './inputs/hand-over.js'
import type { StepRequest } from './inputs/index.js'

/** Says what is about to be exchanged where, and on whose word. */
export function started({ request, variables, doubts }: StepRequest, console: Console): void {
  console.info(`${platformOf(request)}: exchanging ${CREDENTIALS[request.exchange]}.`)
  if (variables.length > 0) console.info(`Taken from the environment: ${listed(variables, 'and')}.`)
  if (request.baseUrl)
    console.info(`base-url: every request, with its secrets, goes to ${request.baseUrl.origin}.`)
  for (const doubt of doubts) console.warn(doubt)
}

/** Says what was granted, and where later steps find it. */
export function published(
  { token }: Grant,
  request: AuthRequest,
  handOver: HandOver,
  requests: number,
  console: Console
): void {
  const { expiresInSeconds, expiresAt } = token
  const life =
    expiresInSeconds === undefined || expiresAt === undefined
      ? 'for how long, the platform did not say'
      : `for ${inWords(expiresInSeconds)}, until ${expiresAt.toISOString()}`
  const variables = [...handOver.exportEnv, ...(handOver.toolEnv ? toolNames(request) : [])]
  const places = variables.length === 0 ? '' : `, and as ${listed(variables, 'and')}`
  console.info(
    `Granted ${token.kind === 'access' ? 'an access token' : 'a long-lived token'}, ${life} (${counted(requests, 'request')}).`
  )
  console.info(`Handed on as the output token${places}.`)
}

const CREDENTIALS: Readonly<Record<AuthRequest['exchange'], string>> = {
  'genesys-login': 'client credentials at the login host',
  'genesys-api': 'client credentials at the API host (the tutorial’s request)',
  'genesys-long-lived': 'client credentials for a long-lived token (the tutorial’s request)',
  'cxone-application': 'a back-end application’s client and an access key',
  'cxone-access-key': 'an access key',
  'cxone-client': 'a client alone (the tutorial’s request)'
}

/** Returns the platform and where on it, as the log and the summary name them. */
export function platformOf(request: AuthRequest): string {
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

function toolNames(request: AuthRequest): string[] {
  const { token, otherwise } = toolVariables(request.exchange)
  return [token, ...otherwise]
}
