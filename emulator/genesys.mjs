/**
 * Genesys Cloud as one region shows it: the login host and the API host behind one origin.
 * Bodies and headers follow the platform; what it refuses is refused here.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { startServer } from './server.mjs'
import {
  basicCredentials,
  bearerToken,
  hasExactly,
  mediaType,
  parseForm,
  parseJson,
  sameSecret
} from './strict.mjs'
import { createThrottle } from './throttle.mjs'

/**
 * @typedef {import('./server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./server.mjs').Answer} Answer
 *
 * @typedef {object} GenesysClient
 * @property {string} id
 * @property {string} secret
 * @property {string} name
 * @property {{id: string, name: string}} organization
 * @property {string} region  the code of the region that knows this client
 * @property {string[]} permissions
 * @property {number} lifetimeSeconds
 *
 * @typedef {object} IssuedToken
 * @property {string} clientId
 * @property {'access' | 'long-lived'} kind
 * @property {{id: string, name: string}} organization
 * @property {string[]} scope
 * @property {number} issuedAt  milliseconds, by the emulator's clock
 * @property {number} expiresAt
 * @property {boolean} revoked
 *
 * @typedef {object} GenesysOptions
 * @property {string} [region]  a code; `eu-west-1` unless told otherwise
 * @property {Partial<GenesysClient>[]} [clients]  each filled up from `GENESYS_CLIENT`
 * @property {{id: string, active: boolean}[]} [serviceAccounts]
 * @property {boolean} [generateOffered]  false: the tutorial's two paths do not exist
 * @property {400 | 401} [wrongSecretStatus]  sources differ; 401 unless told otherwise
 * @property {import('./throttle.mjs').ThrottleOptions | null} [throttle]  of token requests
 * @property {() => number} [clock]
 *
 * @typedef {import('./server.mjs').EmulatorServer
 *   & {region: string, clients: GenesysClient[], tokens: Map<string, IssuedToken>}} GenesysEmulator
 */

const YEAR_SECONDS = 31_536_000

/** The client that is known when no other is given; its credentials open nothing outside this folder. */
export const GENESYS_CLIENT = Object.freeze({
  id: '6a1f8c52-0d3e-4b7a-9c15-2e84d7b0f963',
  secret: 'emulated-Genesys_secret/7Qm+Zk2vXw9',
  name: 'Deploy pipeline',
  organization: Object.freeze({ id: '0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48', name: 'Example Contact Centre' }),
  region: 'eu-west-1',
  permissions: ['admin:api_token'],
  lifetimeSeconds: 86_400
})

/** The service account that is known when no other is given. */
export const GENESYS_SERVICE_ACCOUNT = Object.freeze({
  id: 'b7d90e14-52c6-4f8b-8a3d-6f1c04e9a275',
  active: true
})

/**
 * Starts one region of Genesys Cloud on loopback.
 *
 * @param {GenesysOptions & import('./server.mjs').ServerOptions} [options]
 * @returns {Promise<GenesysEmulator>}
 */
export async function startGenesys(options = {}) {
  const {
    region = 'eu-west-1',
    serviceAccounts = [GENESYS_SERVICE_ACCOUNT],
    generateOffered = true,
    wrongSecretStatus = 401,
    clock = Date.now
  } = options
  const clients = (options.clients ?? [{ region }]).map(client => ({ ...GENESYS_CLIENT, ...client }))
  const throttle = options.throttle ? createThrottle(options.throttle, clock) : undefined
  /** @type {Map<string, IssuedToken>} */
  const tokens = new Map()

  /** @type {Record<string, Record<string, (request: RecordedRequest, query: string) => Answer>>} */
  const routes = {
    '/oauth/token': { POST: loginToken },
    '/api/v2/tokens/me': { GET: describeToken, DELETE: deleteToken }
  }
  if (generateOffered) {
    routes['/api/v2/oauth/token'] = { POST: apiToken }
    routes['/api/v2/oauth/token/generate'] = { POST: generateToken }
  }

  const server = await startServer(request => {
    const [path = '', query = ''] = request.path.split(/\?(.*)/s)
    const methods = routes[path]
    if (!methods) return apiError(404, 'not.found', 'The requested resource was not found.')
    const handler = methods[request.method]
    if (handler) return handler(request, query)
    const refusal = apiError(405, 'method.not.allowed', 'The HTTP method is not allowed on this resource.')
    return { ...refusal, headers: { ...refusal.headers, Allow: Object.keys(methods).join(', ') } }
  }, options)
  return Object.assign(server, { region, clients, tokens })

  /**
   * The documented request, on the login host.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function loginToken(request, query) {
    if (throttle && throttle.admit() > 0) {
      return oauthError(
        400,
        'invalid_request',
        `rate limit exceeded; token requests are limited to ${throttle.limit}`
      )
    }
    if (query !== '') return oauthError(400, 'invalid_request', 'query parameters are not allowed')
    if (mediaType(request) !== 'application/x-www-form-urlencoded') {
      return oauthError(400, 'invalid_request', 'content type must be application/x-www-form-urlencoded')
    }
    const form = parseForm(request.body)
    if (!form || !('grant_type' in form)) return oauthError(400, 'invalid_request', 'grant_type is required')
    if (form['grant_type'] !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', `grant type not supported: ${form['grant_type']}`)
    }
    if (!hasExactly(form, ['grant_type'], ['scope'])) {
      return oauthError(400, 'invalid_request', 'only grant_type and scope are allowed in the body')
    }
    const credentials = basicCredentials(request)
    if (!credentials)
      return oauthError(400, 'invalid_request', 'client credentials must be sent as Basic authorization')
    return grant(credentials, form['scope'])
  }

  /**
   * The tutorial's request, on the API host, which throttles in its own way.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function apiToken(request, query) {
    const waitMs = throttle?.admit() ?? 0
    if (waitMs > 0) {
      const refusal = apiError(429, 'too.many.requests.retry.after', 'Rate limit exceeded the maximum.')
      return { ...refusal, headers: { ...refusal.headers, 'Retry-After': String(Math.ceil(waitMs / 1000)) } }
    }
    if (request.headers.authorization !== undefined || query !== '') {
      return apiError(400, 'bad.request', 'Client credentials belong in the body.')
    }
    const fields = jsonFields(request, ['grant_type', 'client_id', 'client_secret'])
    if (!fields) {
      return apiError(400, 'bad.request', 'Expected JSON of grant_type, client_id and client_secret.')
    }
    return grant({ id: fields['client_id'] ?? '', secret: fields['client_secret'] ?? '' }, undefined)
  }

  /**
   * The tutorial's second request: a token for a year, owned by a service account.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function generateToken(request, query) {
    const initial = authenticate(request)
    if ('refusal' in initial) return initial.refusal
    const fields = query === '' ? jsonFields(request, ['grant_type', 'resource_owner']) : undefined
    if (!fields) return apiError(400, 'bad.request', 'Expected JSON of grant_type and resource_owner.')
    const client = clients.find(({ id }) => id === initial.token.clientId)
    if (!client?.permissions.includes('admin:api_token')) {
      const message =
        'Unable to perform the requested action. You are missing the following permission(s): admin:api_token'
      return apiError(403, 'missing.permissions', message)
    }
    if (!serviceAccounts.some(account => account.active && account.id === fields['resource_owner'])) {
      return apiError(401, 'invalid.resource.owner', 'The resource owner is unknown or inactive.')
    }
    return issue(client, 'long-lived', YEAR_SECONDS, [])
  }

  /**
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function describeToken(request, query) {
    if (query !== '' && query !== 'preserveIdleTTL=true')
      return apiError(400, 'bad.request', 'Unknown parameter.')
    const found = authenticate(request)
    if ('refusal' in found) return found.refusal
    const { organization, clientId, scope } = found.token
    const name = clients.find(({ id }) => id === clientId)?.name ?? ''
    return ok({
      organization,
      homeOrganization: organization,
      authorizedScope: scope,
      OAuthClient: { id: clientId, name, organization: { id: organization.id } }
    })
  }

  /**
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function deleteToken(request, query) {
    if (query !== '') return apiError(400, 'bad.request', 'Unknown parameter.')
    const found = authenticate(request)
    if ('refusal' in found) return found.refusal
    found.token.revoked = true
    return ok(undefined)
  }

  /**
   * @param {{id: string, secret: string}} credentials
   * @param {string | undefined} scope
   * @returns {Answer}
   */
  function grant(credentials, scope) {
    // A client of another region is as unknown here as one that never was.
    const client = clients.find(({ id, region: home }) => id === credentials.id && home === region)
    if (!client) return oauthError(400, 'invalid_client', `client not found: ${credentials.id}`)
    if (!sameSecret(credentials.secret, client.secret)) {
      return oauthError(wrongSecretStatus, 'invalid_client', 'authentication failed')
    }
    return issue(client, 'access', client.lifetimeSeconds, scope?.split(' ') ?? [])
  }

  /**
   * @param {GenesysClient} client
   * @param {IssuedToken['kind']} kind
   * @param {number} lifetimeSeconds
   * @param {string[]} scope
   * @returns {Answer}
   */
  function issue(client, kind, lifetimeSeconds, scope) {
    const token = randomBytes(65).toString('base64url').slice(0, 86)
    const issuedAt = clock()
    tokens.set(token, {
      clientId: client.id,
      kind,
      organization: client.organization,
      scope,
      issuedAt,
      expiresAt: issuedAt + lifetimeSeconds * 1000,
      revoked: false
    })
    return ok({ access_token: token, token_type: 'bearer', expires_in: lifetimeSeconds })
  }

  /**
   * @param {RecordedRequest} request
   * @returns {{token: IssuedToken} | {refusal: Answer}}
   */
  function authenticate(request) {
    const bearer = bearerToken(request)
    if (bearer === undefined) {
      const message = 'No authentication bearer token specified in authorization header.'
      return { refusal: apiError(401, 'authentication.required', message) }
    }
    const token = tokens.get(bearer)
    if (!token || token.revoked || token.expiresAt <= clock()) {
      return { refusal: apiError(401, 'bad.credentials', 'Invalid login credentials.') }
    }
    return { token }
  }
}

/**
 * The strings of a JSON body with exactly these members and the one grant type that there is.
 *
 * @param {RecordedRequest} request
 * @param {string[]} names
 * @returns {Record<string, string> | undefined}
 */
function jsonFields(request, names) {
  if (mediaType(request) !== 'application/json') return undefined
  const fields = parseJson(request.body)
  return fields && hasExactly(fields, names) && fields['grant_type'] === 'client_credentials'
    ? fields
    : undefined
}

/**
 * @param {unknown} json
 * @returns {Answer}
 */
function ok(json) {
  return { status: 200, headers: standardHeaders(randomUUID()), json }
}

/**
 * The login host's error body.
 *
 * @param {number} status
 * @param {string} error
 * @param {string} description
 * @returns {Answer}
 */
function oauthError(status, error, description) {
  const json = { error, description, error_description: description }
  return { status, headers: standardHeaders(randomUUID()), json }
}

/**
 * The API host's error body.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @returns {Answer}
 */
function apiError(status, code, message) {
  const contextId = randomUUID()
  const json = { message, code, status, contextId, details: [], errors: [] }
  return { status, headers: standardHeaders(contextId), json }
}

/** @param {string} correlationId */
function standardHeaders(correlationId) {
  return {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'ININ-Correlation-Id': correlationId
  }
}
