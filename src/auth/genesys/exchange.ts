import type { HttpSession } from '../../http/session.js'
import type { HttpResponse } from '../../http/types.js'
import type { Secret } from '../../lib/secret.js'
import { type Advice, rejection } from '../errors.js'
import type {
  ExchangeEvents,
  ExchangeResult,
  GenesysApi,
  GenesysLogin,
  GenesysLongLived,
  Token
} from '../provider.js'
import { basic, credentialsOf, FORM, formText, JSON_TYPE, json, place } from '../request-body.js'
import { isThrottled } from '../throttling.js'
import { keepTokens, readToken } from '../token-response.js'
import { type GenesysRegion, nearestGenesysRegion } from './regions.js'

type GenesysRequest = GenesysLogin | GenesysApi | GenesysLongLived

/**
 * Returns a token of Genesys Cloud with the API's origin; throws an `ActionError`. The long-lived one costs
 * two requests, the others one.
 */
export async function exchangeGenesys(
  request: GenesysRequest,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<ExchangeResult> {
  const token = await tokenFor(request, wire, events)
  const { region } = request
  return {
    token,
    apiUrl: apiUrl(request),
    domain: region.domain,
    ...(region.code === undefined ? {} : { region: region.code })
  }
}

function tokenFor(request: GenesysRequest, wire: HttpSession, events: ExchangeEvents): Promise<Token> {
  switch (request.exchange) {
    case 'genesys-login':
      return atLoginHost(request, wire, events)
    case 'genesys-api':
      return atApiHost(request, wire, events)
    case 'genesys-long-lived':
      return generate(request, wire, events)
  }
}

/** The documented request, as the official JavaScript, Go and Python SDKs and the official CLI send it. */
async function atLoginHost(request: GenesysLogin, wire: HttpSession, events: ExchangeEvents): Promise<Token> {
  const { client, region, scope, baseUrl } = request
  const answer = await wire.send({
    isThrottled,
    whenHostUnknown: whenHostUnknown(request.region),
    method: 'POST',
    url: place(`https://login.${region.domain}`, '/oauth/token', baseUrl),
    headers: { Authorization: basic(client, events), 'Content-Type': FORM },
    body: formText({ grant_type: 'client_credentials', scope })
  })
  return tokenIn(answer, request, { kind: 'access', advice: advice(request) }, wire, events)
}

/** The tutorial's request; no artefact of the vendor's shows it. */
async function atApiHost(request: GenesysApi, wire: HttpSession, events: ExchangeEvents): Promise<Token> {
  const { client, baseUrl } = request
  const answer = await wire.send({
    isThrottled,
    whenHostUnknown: whenHostUnknown(request.region),
    method: 'POST',
    url: place(apiHost(request), '/api/v2/oauth/token', baseUrl),
    headers: { 'Content-Type': JSON_TYPE },
    body: json({ grant_type: 'client_credentials', client_id: client.id }, 'client_secret', client.secret)
  })
  const notOffered =
    'This request is the tutorial’s and not documented by Genesys. Leave out token-endpoint: the documented ' +
    'request at the login host is the default.'
  return tokenIn(
    answer,
    request,
    { kind: 'access', advice: { ...advice(request), notOffered } },
    wire,
    events
  )
}

/** The tutorial's request for a token that lives for a year; no artefact of the vendor's shows it. */
async function generate(
  request: GenesysLongLived,
  wire: HttpSession,
  events: ExchangeEvents
): Promise<Token> {
  const initial = await tokenFor(request.initial, wire, events)
  const answer = await wire.send({
    isThrottled,
    whenHostUnknown: whenHostUnknown(request.region),
    repeat: 'if-not-carried-out', // it makes a token that lives for a year, and nobody would know of a second one
    method: 'POST',
    url: place(apiHost(request), '/api/v2/oauth/token/generate', request.baseUrl),
    headers: { Authorization: initial.value.map(token => `Bearer ${token}`), 'Content-Type': JSON_TYPE },
    body: JSON.stringify({ grant_type: 'client_credentials', resource_owner: request.serviceAccountId })
  })
  const sent = [initial.value]
  return tokenIn(answer, request, { kind: 'long-lived', advice: GENERATE_ADVICE, sent }, wire, events)
}

/** What is expected of an answer: which token, what to do where there is none, and what was sent beside the client. */
interface Expected {
  readonly kind: Token['kind']
  readonly advice: Advice
  readonly sent?: readonly Secret[]
}

function tokenIn(
  answer: HttpResponse,
  request: GenesysRequest,
  expected: Expected,
  wire: HttpSession,
  events: ExchangeEvents
): Token {
  const { kind, advice, sent = [] } = expected
  keepTokens(answer, events)
  const { client } = request.exchange === 'genesys-long-lived' ? request.initial : request
  const received = () => {
    const token = readToken(answer, kind, [...credentialsOf(client, undefined), ...sent], wire)
    events.issued({ token, revocationBaseUrl: apiUrl(request) })
    return token
  }
  // Nobody documents generate's answer, and 201 is the usual one where something is made: its token must not be lost.
  if (answer.status === 200 || (kind === 'long-lived' && answer.status === 201)) return received()
  try {
    // Another success is not understood, but a token that it brings all the same lives, and is to be ended.
    if (answer.status > 200 && answer.status < 300) received()
  } catch {
    // It brings none.
  }
  throw rejection(answer, advice, wire)
}

function apiHost({ region }: GenesysRequest): string {
  return `https://api.${region.domain}`
}

function apiUrl(request: GenesysRequest): string {
  return place(apiHost(request), '/', request.baseUrl).origin
}

function whenHostUnknown({ code, domain }: GenesysRegion): string {
  if (code !== undefined)
    return `${domain} is the domain of ${code}, so it is the runner’s DNS that does not know it.`
  const near = nearestGenesysRegion(domain)
  return `No region of Genesys Cloud seems to be at ${domain}; the nearest known one is ${near.code} (${near.domain}).`
}

function advice({ region }: GenesysRequest): Advice {
  const here = region.code ?? region.domain
  return {
    credentialsRejected:
      `Check that the client belongs to ${here}: a client of another region is unknown here and gets this very ` +
      'answer. Then check the secret for a missing piece, and that its grant type is Client Credentials.'
  }
}

const GENERATE_ADVICE: Advice = {
  credentialsRejected:
    'The initial token was refused, or service-account-id names a wrong or inactive service account. Check the ' +
    'id, and that the account is active in the same organisation as the client.',
  forbidden:
    'The client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, ' +
    'OAuth, the client’s Roles), in the division of the service account.',
  notOffered:
    'This organisation does not offer the request, which is the tutorial’s and not documented by Genesys. Use ' +
    'token-kind: access: an access token lives up to 48 hours (SCIM clients: 450 days) by a setting on its OAuth client.'
}
