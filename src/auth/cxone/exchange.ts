import type { HttpSession } from '../../http/session.js'
import type { HttpResponse } from '../../http/types.js'
import type { Credential } from '../../lib/input-reader.js'
import { parseJsonObject } from '../../lib/json.js'
import { apiBaseUrl, endpointUrl } from '../base-url.js'
import { type Hints, isThrottled, rejection } from '../errors.js'
import {
  basicAuthorization,
  FORM_TYPE,
  JSON_TYPE,
  secretFormBody,
  secretJsonBody,
  spellingsOf
} from '../oauth.js'
import type { ExchangeEvents, ExchangeResult } from '../provider.js'
import {
  badResponse,
  type ExpectedToken,
  maskTokens,
  readToken,
  reportTokens,
  requireJson
} from '../token-response.js'
import { nearestCxoneArea, trustedEndpoint } from './hosts.js'
import type { CxoneAccessKey, CxoneApplication, CxoneClient, CxoneRequest } from './request.js'
import { readTenant } from './tenant.js'

interface Connection {
  readonly session: HttpSession
  readonly events: ExchangeEvents
}

/** Returns a NICE CXone token. Throws ActionError. */
export function exchangeCxone(
  request: CxoneRequest,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  switch (request.exchange) {
    case 'cxone-application':
      return loginByApplication(request, session, events)
    case 'cxone-access-key':
      return loginByAccessKey(request, session, events)
    case 'cxone-client':
      return loginByClient(request, session, events)
  }
}

/**
 * A, documented: discovery, password grant, tenant configuration. Source: NICE's developer portal, "Getting Started",
 * back-end applications.
 */
async function loginByApplication(
  request: CxoneApplication,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { client, accessKey, scope } = request
  // Before discovery: its response must not be able to show the header of an earlier run.
  const authorization = basicAuthorization(client, events)
  const discovery = await session.send({
    method: 'GET',
    url: endpointUrl(`https://${request.issuer}`, '/.well-known/openid-configuration', request.baseUrl),
    headers: {},
    onResponse: found => maskTokens(found, events)
  })
  const expected = expectedToken(request)
  const response = await session.send({
    method: 'POST',
    url: readEndpoint(discovery, 'token_endpoint', request),
    headers: { Authorization: authorization, 'Content-Type': FORM_TYPE },
    body: secretFormBody({ grant_type: 'password', username: accessKey.id, scope }, [
      'password',
      accessKey.secret
    ]),
    isThrottled,
    onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events })
  })
  const result = acceptToken(response, expected, APPLICATION_HINTS)
  const { ownerId } = result
  if (ownerId === undefined) throw badResponse(response, 'its tokens do not name a tenant')
  const configuration = await requestConfiguration(request, ownerId, { session, events })
  return { ...result, ...readConfiguration(configuration, request) }
}

/** B, documented: an access key without a client. Source: NICE's developer portal. */
async function loginByAccessKey(
  request: CxoneAccessKey,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { accessKey, area, baseUrl } = request
  const expected = expectedToken(request)
  const response = await session.send({
    method: 'POST',
    url: endpointUrl(`https://${area}.nice-incontact.com`, '/authentication/v1/token/access-key', baseUrl),
    headers: { 'Content-Type': JSON_TYPE },
    body: secretJsonBody({ accessKeyId: accessKey.id }, ['accessKeySecret', accessKey.secret]),
    isThrottled,
    onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
    hintIfHostUnknown: `There seems to be no CXone area ${area}. The nearest known area is ${nearestCxoneArea(area)}.`
  })
  const result = acceptToken(response, expected, ACCESS_KEY_HINTS)
  return { ...result, region: area, apiUrl: await findApiUrl(request, result.ownerId, { session, events }) }
}

/**
 * Returns the address of the API from the tenant's configuration. Falls back to the address that is usual for the area,
 * with a warning. Throws `bad-response` if the configuration names an endpoint that is not trusted.
 */
async function findApiUrl(
  request: CxoneAccessKey,
  tenantId: string | undefined,
  connection: Connection
): Promise<string> {
  const fallback = apiBaseUrl(`https://api-${request.area}.niceincontact.com`, request.baseUrl)
  const warn = (problem: string) => {
    connection.events.onWarning(
      `${problem}, so the address of the API is a guess from the area: ${fallback}.`
    )
    return fallback
  }
  if (tenantId === undefined) return warn('The token does not name its tenant')
  const response = await requestConfiguration(request, tenantId, connection).catch(() => undefined)
  const json = response?.status === 200 ? parseJsonObject(response.body) : undefined
  if (response === undefined || typeof json?.['api_endpoint'] !== 'string')
    return warn('The configuration of the tenant could not be read')
  return readConfiguration(response, request).apiUrl
}

/** C, undocumented: client credentials at a realm. */
async function loginByClient(
  request: CxoneClient,
  session: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { client, realm, scope, baseUrl } = request
  const expected = expectedToken(request)
  const response = await session.send({
    method: 'POST',
    url: endpointUrl(`https://${realm}.api.niceincontact.com`, '/oauth/token', baseUrl),
    headers: { 'Content-Type': FORM_TYPE },
    body: secretFormBody({ grant_type: 'client_credentials', client_id: client.id, scope }, [
      'client_secret',
      client.secret
    ]),
    isThrottled,
    onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
    hintIfHostUnknown: `There seems to be no CXone realm ${realm}.`
  })
  return acceptToken(response, expected, CLIENT_HINTS)
}

/** Requests where the API of a tenant is. The request needs no credentials. B sends it once: it can do without. */
function requestConfiguration(
  request: CxoneApplication | CxoneAccessKey,
  tenantId: string,
  { session, events }: Connection
): Promise<HttpResponse> {
  const url = endpointUrl(`https://${request.issuer}`, '/.well-known/cxone-configuration', request.baseUrl)
  url.searchParams.set('tenantId', tenantId)
  return session.send({
    method: 'GET',
    url,
    headers: {},
    retry: request.exchange === 'cxone-access-key' ? 'never' : 'always',
    onResponse: found => maskTokens(found, events)
  })
}

function readConfiguration(
  response: HttpResponse,
  request: CxoneApplication | CxoneAccessKey
): { readonly apiUrl: string; readonly region?: string; readonly domain?: string } {
  const { origin } = readEndpoint(response, 'api_endpoint', request)
  const { area, domain } = requireJson(response)
  return {
    apiUrl: apiBaseUrl(origin, request.baseUrl),
    ...(isName(area) ? { region: area } : {}),
    ...(isName(domain) ? { domain } : {})
  }
}

/** Returns an endpoint that an issuer names, at the base URL if one is given. Throws ActionError if it is not trusted. */
function readEndpoint(response: HttpResponse, name: string, request: CxoneApplication | CxoneAccessKey): URL {
  if (response.status !== 200) throw rejection(response, DISCOVERY_HINTS)
  const endpoint = trustedEndpoint(request.issuer, requireJson(response)[name])
  if (endpoint === undefined)
    throw badResponse(
      response,
      `its ${name} is not a plain https address on port 443 under the domains of ${request.issuer}`
    )
  return endpointUrl(endpoint.origin, endpoint.pathname, request.baseUrl)
}

function expectedToken(request: {
  readonly client?: Credential
  readonly accessKey?: Credential
}): ExpectedToken {
  return { kind: 'access', acceptedStatus: [200], credentials: spellingsOf(request) }
}

/** Returns the token in the response. Throws ActionError. */
function acceptToken(response: HttpResponse, expected: ExpectedToken, hints: Hints): ExchangeResult {
  if (response.status !== 200) throw rejection(response, hints)
  const token = readToken(response, expected)
  const ownerId = readTenant(response, token.value)
  return ownerId === undefined ? { token } : { token, ownerId }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9.-]{1,100}$/i.test(value)
}

/** NICE answers `invalid_grant` if it does not accept the access key, and `invalid_client` for the client. */
const ACCESS_KEY_REJECTED =
  'Check access-key-id and access-key-secret (it ends in ====). The access key may be inactive, or its employee ' +
  'deactivated, or locked after days without a login.'

const APPLICATION_HINTS: Hints = {
  credentialsRejected: words =>
    words.startsWith('invalid_grant')
      ? ACCESS_KEY_REJECTED
      : `Check client-id and client-secret, and that region leads to the issuer where they were created. ${ACCESS_KEY_REJECTED}`
}

const DISCOVERY_HINTS: Hints = {
  credentialsRejected:
    'This document is public, and the request had no credentials: a proxy or gateway asks for them. Check base-url and ' +
    'the network path to the platform.'
}

const ACCESS_KEY_HINTS: Hints = {
  credentialsRejected: `Check that region is the area of the tenant. ${ACCESS_KEY_REJECTED}`
}

const CLIENT_HINTS: Hints = {
  credentialsRejected: 'Check client-id and client-secret, and that region is their realm.',
  notOffered:
    'NICE does not document this request, and your tenant may not support it. Add the access key of a user ' +
    '(access-key-id, access-key-secret), or use the access key without the client: both are documented.'
}
