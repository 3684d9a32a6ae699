import type { HttpSession } from '../../http/session.js'
import type { HttpResponse } from '../../http/types.js'
import { type Advice, rejection } from '../errors.js'
import type {
  AccessKey,
  Client,
  CxoneAccessKey,
  CxoneApplication,
  CxoneClient,
  ExchangeEvents,
  ExchangeResult,
  Token
} from '../provider.js'
import { basic, credentialsOf, FORM, form, JSON_TYPE, json, place } from '../request-body.js'
import { isThrottled } from '../throttling.js'
import { badResponse, jsonObject, keepTokens, readToken, requireJson } from '../token-response.js'
import { nearestCxoneArea, trustedEndpoint } from './hosts.js'

type CxoneRequest = CxoneApplication | CxoneAccessKey | CxoneClient

/** Returns a token of NICE CXone, with the API's origin where the exchange tells it; throws an `ActionError`. */
export function exchangeCxone(
  request: CxoneRequest,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  switch (request.exchange) {
    case 'cxone-application':
      return byApplication(request, wire, events)
    case 'cxone-access-key':
      return byAccessKey(request, wire, events)
    case 'cxone-client':
      return byClient(request, wire, events)
  }
}

/**
 * A: discovery, the password grant with an access key, and the tenant's configuration: three requests.
 * Documented in the vendor's developer portal ("Getting Started", back-end applications).
 */
async function byApplication(
  request: CxoneApplication,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { client, accessKey, scope } = request
  // Made first, and so known as a secret already when discovery is answered: its issuer has seen it in earlier runs.
  const authorization = basic(client, events)
  const tokenEndpoint = await discover(request, wire, events)
  const answer = await wire.send({
    isThrottled,
    method: 'POST',
    url: tokenEndpoint,
    headers: { Authorization: authorization, 'Content-Type': FORM },
    body: form({ grant_type: 'password', username: accessKey.id, scope }, 'password', accessKey.secret)
  })
  const token = tokenIn(answer, request, APPLICATION_ADVICE, wire, events)
  const tenantId = tenantOf(token, wire)
  if (tenantId === undefined) throw badResponse(answer, wire, 'with an access_token that names no tenant')
  return { token, ...(await configuration(request, tenantId, wire, events)) }
}

/** B: an access key alone, at its area's UserHub; documented in the vendor's developer portal. */
async function byAccessKey(
  request: CxoneAccessKey,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { accessKey, area, baseUrl } = request
  const answer = await wire.send({
    isThrottled,
    whenHostUnknown: `No area seems to be called ${area}; the nearest known one is ${nearestCxoneArea(area)}.`,
    method: 'POST',
    url: place(`https://${area}.nice-incontact.com`, '/authentication/v1/token/access-key', baseUrl),
    headers: { 'Content-Type': JSON_TYPE },
    body: json({ accessKeyId: accessKey.id }, 'accessKeySecret', accessKey.secret)
  })
  const token = tokenIn(answer, request, ACCESS_KEY_ADVICE, wire, events)
  return { token, region: area, apiUrl: place(`https://api-${area}.niceincontact.com`, '/', baseUrl).origin }
}

/** C: the tutorial's client credentials at a realm; no artefact of the vendor's shows it. */
async function byClient(
  request: CxoneClient,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const { client, realm, scope, baseUrl } = request
  const answer = await wire.send({
    isThrottled,
    whenHostUnknown: `No realm seems to be called ${realm}.`,
    method: 'POST',
    url: place(`https://${realm}.api.niceincontact.com`, '/oauth/token', baseUrl),
    headers: { 'Content-Type': FORM },
    body: form(
      { grant_type: 'client_credentials', client_id: client.id, scope },
      'client_secret',
      client.secret
    )
  })
  return { token: tokenIn(answer, request, CLIENT_ADVICE, wire, events) }
}

/** Returns the token endpoint that the issuer's discovery names; throws `bad-response` if it is not on the list. */
async function discover(request: CxoneApplication, wire: HttpSession, events: ExchangeEvents): Promise<URL> {
  const answer = await wire.send({
    method: 'GET',
    url: place(`https://${request.issuer}`, '/.well-known/openid-configuration', request.baseUrl),
    headers: {}
  })
  return endpointIn(answer, 'token_endpoint', request, wire, events)
}

/** Returns where the tenant's API is; nothing but this configuration says it. */
async function configuration(
  request: CxoneApplication,
  tenantId: string,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<Pick<ExchangeResult, 'apiUrl' | 'region' | 'domain'>> {
  const url = place(`https://${request.issuer}`, '/.well-known/cxone-configuration', request.baseUrl)
  url.searchParams.set('tenantId', tenantId)
  const answer = await wire.send({ method: 'GET', url, headers: {} })
  const { origin } = endpointIn(answer, 'api_endpoint', request, wire, events)
  const { area, domain } = requireJson(answer, wire)
  return {
    apiUrl: origin,
    ...(isName(area, wire) ? { region: area } : {}),
    ...(isName(domain, wire) ? { domain } : {})
  }
}

/** Returns an endpoint out of an issuer's answer, with its origin replaced where a base URL is given. */
function endpointIn(
  answer: HttpResponse,
  name: string,
  request: CxoneApplication,
  wire: HttpSession,
  events: ExchangeEvents
): URL {
  keepTokens(answer, events)
  if (answer.status !== 200) throw rejection(answer, DISCOVERY_ADVICE, wire)
  const endpoint = trustedEndpoint(request.issuer, requireJson(answer, wire)[name])
  if (endpoint === undefined || wire.hide(endpoint.href) !== endpoint.href) {
    throw badResponse(
      answer,
      wire,
      `whose ${name} is not a plain https address on port 443 under ${request.issuer}’s own domains`
    )
  }
  return place(endpoint.origin, endpoint.pathname, request.baseUrl)
}

function tokenIn(
  answer: HttpResponse,
  { client, accessKey }: { readonly client?: Client; readonly accessKey?: AccessKey },
  advice: Advice,
  wire: HttpSession,
  events: ExchangeEvents
): Token {
  keepTokens(answer, events)
  if (answer.status !== 200) throw rejection(answer, advice, wire)
  const token = readToken(answer, 'access', credentialsOf(client, accessKey), wire)
  events.issued({ token }) // nothing revokes it: an access key is deactivated instead
  return token
}

/**
 * Returns the tenant that a CXone token names in its `tenantId` claim. The token is a JWT that came over TLS
 * from its issuer a moment ago, so nobody else can have written the claim: it is decoded, not verified.
 */
export function tenantOf(token: Token, wire: HttpSession): string | undefined {
  const said = token.value.inspect(jwt => {
    const claims = jsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return claims?.['tenantId']
  })
  // It goes into an address and an output: an identifier, and none that echoes a secret.
  const isOne = typeof said === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(said) && wire.hide(said) === said
  return isOne ? said : undefined
}

/** What the platform echoes of a secret is no name. */
function isName(value: unknown, wire: HttpSession): value is string {
  return typeof value === 'string' && /^[a-z0-9.-]{1,100}$/i.test(value) && wire.hide(value) === value
}

const APPLICATION_ADVICE: Advice = {
  credentialsRejected:
    'The host was asked for a back-end application with an access key: check client-id and client-secret, then ' +
    'access-key-id and access-key-secret (it ends in ====), and that region leads to the issuer that registered them.'
}

const DISCOVERY_ADVICE: Advice = {
  credentialsRejected:
    'This document is public and the request carried no credentials: something between the runner and the platform ' +
    'asks for them. Check base-url and the way to the platform.'
}

const ACCESS_KEY_ADVICE: Advice = {
  credentialsRejected:
    'Check access-key-id and access-key-secret (it ends in ====), that the key is active, and that region is the ' +
    'area of its tenant: in another area it is unknown.'
}

const CLIENT_ADVICE: Advice = {
  credentialsRejected:
    'Check client-id and client-secret, and that region is their realm: in another realm they are unknown.',
  notOffered:
    'This request is the tutorial’s and not documented by NICE. Give the access key of a user too (client-id, ' +
    'client-secret, access-key-id, access-key-secret), or the access key alone: both are documented.'
}
