import { correlationIdOf, RequestError } from '../../http/errors.js'
import type { HttpSession } from '../../http/session.js'
import type { HttpResponse, RawResponse } from '../../http/types.js'
import { ActionError } from '../../lib/action-error.js'
import { apiBaseUrl, endpointUrl } from '../base-url.js'
import { type Hints, isThrottled, rejection } from '../errors.js'
import {
  basicAuthorization,
  bearerAuthorization,
  FORM_TYPE,
  formBody,
  JSON_TYPE,
  secretJsonBody,
  spellingsOf
} from '../oauth.js'
import type { ExchangeEvents, ExchangeResult, IssuedToken } from '../provider.js'
import { type ExpectedToken, readToken, reportTokens } from '../token-response.js'
import { type GenesysRegion, nearestGenesysRegion } from './regions.js'
import type { GenesysApi, GenesysLogin, GenesysLongLived, GenesysRequest } from './request.js'

/** Returns a Genesys Cloud token: two requests for a long-lived token, otherwise one. Throws ActionError. */
export async function exchangeGenesys(
  request: GenesysRequest,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { token, correlationId } = await requestToken(request, session, events)
  const { code, domain } = request.region
  return {
    token,
    apiUrl: apiUrl(request),
    domain,
    ...(code === undefined ? {} : { region: code }),
    ...(correlationId === undefined ? {} : { correlationId })
  }
}

interface Received {
  readonly token: IssuedToken
  readonly correlationId: string | undefined
}

function requestToken(
  request: GenesysRequest,
  session: HttpSession,
  events: ExchangeEvents
): Promise<Received> {
  switch (request.exchange) {
    case 'genesys-login':
      return loginAtLoginHost(request, session, events)
    case 'genesys-api':
      return loginAtApiHost(request, session, events)
    case 'genesys-long-lived':
      return generateLongLived(request, session, events)
  }
}

/** Documented. Source: the official JavaScript, Go and Python SDKs and the official CLI. */
async function loginAtLoginHost(
  request: GenesysLogin,
  session: HttpSession,
  events: ExchangeEvents
): Promise<Received> {
  const { client, region, scope, loginBaseUrl } = request
  const expected = expectedToken(request, { acceptedStatus: [200], credentials: spellingsOf(request) })
  const response = await session.send({
    method: 'POST',
    url: endpointUrl(`https://login.${region.domain}`, '/oauth/token', loginBaseUrl),
    headers: { Authorization: basicAuthorization(client, events), 'Content-Type': FORM_TYPE },
    body: formBody({ grant_type: 'client_credentials', scope }),
    isThrottled,
    onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
    hintIfHostUnknown: hintIfHostUnknown(region)
  })
  return acceptToken(response, expected, loginHints(request))
}

/** Undocumented. */
async function loginAtApiHost(
  request: GenesysApi,
  session: HttpSession,
  events: ExchangeEvents
): Promise<Received> {
  const { client, region, baseUrl } = request
  const expected = expectedToken(request, { acceptedStatus: [200], credentials: spellingsOf(request) })
  const response = await session.send({
    method: 'POST',
    url: endpointUrl(apiOrigin(region), '/api/v2/oauth/token', baseUrl),
    headers: { 'Content-Type': JSON_TYPE },
    body: secretJsonBody({ grant_type: 'client_credentials', client_id: client.id }, [
      'client_secret',
      client.secret
    ]),
    isThrottled,
    onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
    hintIfHostUnknown: hintIfHostUnknown(region)
  })
  const notOffered =
    'Genesys does not document this request, and your organisation may not support it. Remove token-endpoint: the ' +
    'default is the documented request at the login host.'
  return acceptToken(response, expected, { ...loginHints(request), notOffered })
}

/** Undocumented: requests a token that is valid for a year. */
async function generateLongLived(
  request: GenesysLongLived,
  session: HttpSession,
  events: ExchangeEvents
): Promise<Received> {
  const { initial, region, baseUrl, serviceAccountId } = request
  const initialToken = (await requestToken(initial, session, events)).token.value
  const expected = expectedToken(request, {
    acceptedStatus: [200, 201], // the response is undocumented; 201 is usual for something that is created
    credentials: [...spellingsOf(initial), initialToken]
  })
  let mayExistUnknown = false
  const onAttempt = () => {
    mayExistUnknown = true
  }
  const onResponse = (received: RawResponse, sentAt: Date) => {
    if (REFUSED_STATUS.has(received.status)) mayExistUnknown = false
    const onToken = (token: IssuedToken) => {
      mayExistUnknown = false
      events.onToken(token)
    }
    reportTokens(received, sentAt, { expected, events: { ...events, onToken } })
  }
  try {
    const response = await session.send({
      method: 'POST',
      url: endpointUrl(apiOrigin(region), '/api/v2/oauth/token/generate', baseUrl),
      headers: { Authorization: bearerAuthorization(initialToken), 'Content-Type': JSON_TYPE },
      body: JSON.stringify({ grant_type: 'client_credentials', resource_owner: serviceAccountId }),
      // A repeated request could make a second token that is valid for a year and that no step knows.
      retry: 'if-not-applied',
      isOnNewConnection: true,
      isThrottled,
      onAttempt,
      onResponse,
      hintIfHostUnknown: hintIfHostUnknown(region)
    })
    return acceptToken(response, expected, GENERATE_HINTS)
  } catch (error) {
    if (error instanceof RequestError && !error.mayHaveBeenApplied) mayExistUnknown = false
    throw mayExistUnknown ? tokenMayExist(error, serviceAccountId) : error
  }
}

/** Returns the error for a generate request that may have made a token which the step did not receive. */
function tokenMayExist(error: unknown, serviceAccountId: string): unknown {
  if (!(error instanceof ActionError)) return error
  return new ActionError(
    error.code,
    `${error.message} A long-lived token of the service account ${serviceAccountId} may exist that this step did not receive.`,
    `Ask a Genesys administrator to end it. ${error.hint}`,
    { cause: error }
  )
}

/** Responses to generate after which it is certain that no token was made. */
const REFUSED_STATUS = new Set([400, 401, 403, 404, 405, 409, 422, 429])

function expectedToken(
  request: GenesysRequest,
  expected: Pick<ExpectedToken, 'acceptedStatus' | 'credentials'>
): ExpectedToken {
  const kind = request.exchange === 'genesys-long-lived' ? 'long-lived' : 'access'
  return { ...expected, kind, revocationBaseUrl: apiUrl(request) }
}

/** Returns the token in the response. Throws ActionError. */
function acceptToken(response: HttpResponse, expected: ExpectedToken, hints: Hints): Received {
  if (!expected.acceptedStatus.includes(response.status)) throw rejection(response, hints)
  return { token: readToken(response, expected), correlationId: correlationIdOf(response) }
}

function apiOrigin({ domain }: GenesysRegion): string {
  return `https://api.${domain}`
}

function apiUrl({ region, baseUrl }: GenesysRequest): string {
  return apiBaseUrl(apiOrigin(region), baseUrl)
}

function hintIfHostUnknown({ code, domain }: GenesysRegion): string {
  if (code !== undefined)
    return `${domain} is the domain of ${code}: the DNS of the runner does not resolve it.`
  const near = nearestGenesysRegion(domain)
  return `There seems to be no Genesys Cloud region at ${domain}. The nearest known region is ${near.code} (${near.domain}).`
}

function loginHints({ region: { code, domain }, client }: GenesysLogin | GenesysApi): Hints {
  const region = `Check that the client belongs to ${code ?? domain}: Genesys gives the same error if it belongs to another region.`
  const id = 'Check client-id.'
  const secret = 'Check that client-secret is complete and belongs to this client.'
  const grant = 'The grant type of the client must be Client Credentials.'
  const isSwapped = client.secret.inspect(isUuid) && !isUuid(client.id)
  return {
    credentialsRejected(words) {
      if (isSwapped)
        return 'client-secret looks like a client id: client-id and client-secret may be swapped.'
      if (/client not found/i.test(words)) return `${region} ${id}`
      if (/authentication failed/i.test(words)) return `${secret} ${region} ${grant}`
      return `${region} ${id} ${secret} ${grant}`
    }
  }
}

/** Client ids of Genesys Cloud are UUIDs; secrets are not. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

const GENERATE_HINTS: Hints = {
  credentialsRejected:
    'Genesys rejected the initial token, or service-account-id names a wrong or inactive service account. Check the ' +
    'id, and that the account is active in the same organisation as the client.',
  forbidden:
    'The client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, ' +
    'OAuth, Roles of the client), in the division of the service account.',
  notOffered:
    'Genesys does not document this request, and your organisation may not support it. Use token-kind: access: an access ' +
    'token lives up to 48 hours (SCIM clients: 450 days), as set on its OAuth client.'
}
