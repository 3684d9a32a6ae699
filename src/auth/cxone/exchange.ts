import type { HttpSession } from '../../http/session.js'
import type { HttpResponse, RawResponse } from '../../http/types.js'
import type { Credential } from '../../lib/input-reader.js'
import { endpointUrl } from '../base-url.js'
import { type Hints, isThrottled, rejection } from '../errors.js'
import {
  basicAuthorization,
  FORM_TYPE,
  JSON_TYPE,
  secretFormBody,
  secretJsonBody,
  spellingsOf
} from '../oauth.js'
import type { ExchangeEvents, ExchangeResult, IssuedToken } from '../provider.js'
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
import { tenantOf } from './tenant.js'

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
  const token = acceptToken(response, expected, APPLICATION_HINTS)
  const tenantId = tenantOf(token.value)
  if (tenantId === undefined) throw badResponse(response, 'its access_token does not name a tenant')
  return { token, ...(await readConfiguration(request, tenantId, session, events)) }
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
  const token = acceptToken(response, expected, ACCESS_KEY_HINTS)
  const apiUrl = endpointUrl(`https://api-${area}.niceincontact.com`, '/', baseUrl).origin
  return { token, region: area, apiUrl }
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
  return { token: acceptToken(response, expected, CLIENT_HINTS) }
}

/** Returns where the API of a tenant is. The request needs no credentials. */
async function readConfiguration(
  request: CxoneApplication,
  tenantId: string,
  session: HttpSession,
  events: ExchangeEvents
): Promise<Pick<ExchangeResult, 'apiUrl' | 'region' | 'domain'>> {
  const url = endpointUrl(`https://${request.issuer}`, '/.well-known/cxone-configuration', request.baseUrl)
  url.searchParams.set('tenantId', tenantId)
  const onResponse = (found: RawResponse) => maskTokens(found, events)
  const response = await session.send({ method: 'GET', url, headers: {}, onResponse })
  const { origin } = readEndpoint(response, 'api_endpoint', request)
  const { area, domain } = requireJson(response)
  return {
    apiUrl: origin,
    ...(isName(area) ? { region: area } : {}),
    ...(isName(domain) ? { domain } : {})
  }
}

/** Returns an endpoint that an issuer names, at the base URL if one is given. Throws ActionError if it is not trusted. */
function readEndpoint(response: HttpResponse, name: string, request: CxoneApplication): URL {
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
function acceptToken(response: HttpResponse, expected: ExpectedToken, hints: Hints): IssuedToken {
  if (response.status !== 200) throw rejection(response, hints)
  return readToken(response, expected)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9.-]{1,100}$/i.test(value)
}

const APPLICATION_HINTS: Hints = {
  credentialsRejected:
    'Check client-id and client-secret, then access-key-id and access-key-secret (it ends in ====), and that region ' +
    'leads to the issuer where they were created.'
}

const DISCOVERY_HINTS: Hints = {
  credentialsRejected:
    'This document is public, and the request had no credentials: a proxy or gateway asks for them. Check base-url and ' +
    'the network path to the platform.'
}

const ACCESS_KEY_HINTS: Hints = {
  credentialsRejected:
    'Check access-key-id and access-key-secret (it ends in ====), that the key is active, and that region is the area ' +
    'of its tenant.'
}

const CLIENT_HINTS: Hints = {
  credentialsRejected: 'Check client-id and client-secret, and that region is their realm.',
  notOffered:
    'NICE does not document this request, and your tenant may not support it. Add the access key of a user ' +
    '(access-key-id, access-key-secret), or use the access key without the client: both are documented.'
}
