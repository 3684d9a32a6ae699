/**
 * NICE CXone: the issuer, an area's UserHub and a realm at one address.
 * README.md lists which rules of the platform it enforces.
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

/**
 * @typedef {import('./server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./server.mjs').Answer} Answer
 * @typedef {(request: RecordedRequest, query: string) => Answer} Handler
 *
 * @typedef {{id: string, secret: string}} CxoneClient  a back-end application, or a client of a realm
 * @typedef {{id: string, secret: string, tenantId: string, active: boolean}} CxoneAccessKey
 * @typedef {{id: string, name: string, area: string, domain: string}} CxoneTenant
 *
 * @typedef {object} CxoneToken
 * @property {string | undefined} tenantId
 * @property {number} issuedAt  milliseconds, by the emulator's clock
 * @property {number} expiresAt
 *
 * @typedef {object} CxoneOptions
 * @property {string} [issuer]  origin that discovery states
 * @property {string} [tokenEndpoint]  that discovery names; default: of the issuer
 * @property {CxoneClient[]} [applications]  back-end applications, for client and access key
 * @property {CxoneAccessKey[]} [accessKeys]  also without a client
 * @property {CxoneClient[]} [realmClients]  for a client only
 * @property {CxoneTenant[]} [tenants]
 * @property {number} [lifetimeSeconds]
 * @property {{count: number, retryAfterSeconds: number}} [throttleFirst]  refuses this many token requests
 * @property {string} [basePath]  of a gateway: stands before every path
 * @property {() => number} [clock]  milliseconds
 *
 * @typedef {import('./server.mjs').EmulatorServer & {tokens: Map<string, CxoneToken>, alsoIssued: string[]}} CxoneEmulator
 *   `alsoIssued`: refresh and id tokens, which are secret too
 */

/** The defaults. These credentials are made up and work nowhere else. */
export const CXONE_TENANT = Object.freeze({
  id: '11ee7a64-3c1f-4d20-a5b8-0242ac110003',
  name: 'example_contact_centre',
  area: 'na1',
  domain: 'niceincontact.com'
})
export const CXONE_ACCESS_KEY = Object.freeze({
  id: 'EMULATEDKEY4T7QJ2ZLWM6VBXN3ACDRHGOFY5KPSUIE======',
  secret: 'EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI====',
  tenantId: CXONE_TENANT.id,
  active: true
})
export const CXONE_APPLICATION = Object.freeze({
  id: '3d5b9f70-backend-app',
  secret: 'emulated-CXone_application:9fT/w+4Lr'
})
export const CXONE_REALM_CLIENT = Object.freeze({
  id: '8c20e6b1-realm-client',
  secret: 'emulated-CXone_realm&client=5uY/k+2Q'
})

/**
 * Starts CXone.
 *
 * @param {CxoneOptions & import('./server.mjs').ServerOptions} [options]
 * @returns {Promise<CxoneEmulator>}
 */
export async function startCxone(options = {}) {
  const {
    issuer = 'https://cxone.niceincontact.com',
    tokenEndpoint = `${issuer}/auth/token`,
    applications = [CXONE_APPLICATION],
    accessKeys = [CXONE_ACCESS_KEY],
    realmClients = [CXONE_REALM_CLIENT],
    tenants = [CXONE_TENANT],
    lifetimeSeconds = 3600,
    throttleFirst = { count: 0, retryAfterSeconds: 1 },
    basePath = '',
    clock = Date.now
  } = options
  let refusalsLeft = throttleFirst.count
  /** @type {Map<string, CxoneToken>} */
  const tokens = new Map()
  /** @type {string[]} */
  const alsoIssued = []

  /** @type {Handler} */
  const discovery = request => {
    // A public document. A client that sends credentials for it has leaked them.
    if (request.headers.authorization !== undefined) return problem(400, 'No authorization expected')
    return answer(200, {
      issuer,
      authorization_endpoint: `${issuer}/auth/authorize`,
      token_endpoint: tokenEndpoint,
      userinfo_endpoint: `${issuer}/auth/userinfo`,
      jwks_uri: `${issuer}/auth/jwks`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'password', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      id_token_signing_alg_values_supported: ['RS256']
    })
  }

  /** Client and access key: the client is a back-end application. @type {Handler} */
  const passwordGrant = (request, query) => {
    const form = formFields(request, query)
    if (!form) return oauthError(400, 'invalid_request', 'The request must be a form.')
    const application = basicCredentials(request)
    if (!application) return oauthError(401, 'invalid_client', 'Client authentication is required.')
    if (form['grant_type'] !== 'password') {
      return oauthError(400, 'unsupported_grant_type', 'The grant type is not supported.')
    }
    if (!hasExactly(form, ['grant_type', 'username', 'password'], ['scope'])) {
      return oauthError(400, 'invalid_request', 'Expected username and password.')
    }
    if (!isKnown(applications, application)) {
      return oauthError(401, 'invalid_client', 'Client authentication failed.')
    }
    const key = findAccessKey(form['username'], form['password'])
    if (!key) return oauthError(400, 'invalid_grant', 'Invalid user credentials.')
    return answer(200, issueForTenant(key))
  }

  /** @type {Handler} */
  const tenantConfiguration = (request, query) => {
    if (request.headers.authorization !== undefined) return problem(400, 'No authorization expected')
    const tenantId = parseForm(query)?.['tenantId']
    if (!tenantId) return problem(400, 'tenantId is required')
    const tenant = tenants.find(({ id }) => id === tenantId)
    if (!tenant) return problem(404, 'Tenant not found')
    const { area, domain } = tenant
    const endpoints = { api_endpoint: `https://api-${area}.${domain}`, auth_endpoint: `${issuer}/auth` }
    return answer(200, { area, domain, tenantId, ...endpoints })
  }

  /** Access key only. @type {Handler} */
  const accessKeyGrant = (request, query) => {
    if (mediaType(request) !== 'application/json') return problem(415, 'Unsupported Media Type')
    const fields = query === '' ? parseJson(request.body) : undefined
    const isExpected = fields && hasExactly(fields, ['accessKeyId', 'accessKeySecret'])
    if (!isExpected || request.headers.authorization !== undefined) {
      return problem(400, 'Expected JSON of accessKeyId and accessKeySecret')
    }
    const key = findAccessKey(fields['accessKeyId'], fields['accessKeySecret'])
    if (!key) return problem(401, 'Invalid access key')
    return answer(200, issueForTenant(key))
  }

  /** Client only: at a realm, undocumented. @type {Handler} */
  const clientCredentialsGrant = (request, query) => {
    const form = formFields(request, query)
    if (!form || request.headers.authorization !== undefined) {
      return realmError(
        400,
        'invalid_request',
        'The request must be a form, without an Authorization header.'
      )
    }
    if (form['grant_type'] !== 'client_credentials') {
      return realmError(400, 'unsupported_grant_type', 'The grant type is not supported.')
    }
    if (!hasExactly(form, ['grant_type', 'client_id', 'client_secret'], ['scope'])) {
      return realmError(400, 'invalid_request', 'Expected client_id and client_secret.')
    }
    const client = { id: form['client_id'] ?? '', secret: form['client_secret'] ?? '' }
    if (!isKnown(realmClients, client)) {
      return realmError(401, 'invalid_client', 'Client authentication failed.')
    }
    const token = remember(randomBytes(48).toString('base64url'))
    return answer(200, { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds })
  }

  /** One ordinary API request, so that a client can use its token for something. @type {Handler} */
  const listAgents = request => {
    const token = tokens.get(bearerToken(request) ?? '')
    if (!token || token.expiresAt <= clock()) return problem(401, 'Invalid login credentials.')
    return answer(200, { businessUnitId: 1, tenant: tenants.find(({ id }) => id === token.tenantId)?.name })
  }

  /** @type {Record<string, Handler>} */
  const tokenRoutes = {
    'POST /auth/token': passwordGrant,
    'POST /authentication/v1/token/access-key': accessKeyGrant,
    'POST /oauth/token': clientCredentialsGrant
  }
  /** @type {Record<string, Handler>} */
  const routes = {
    ...tokenRoutes,
    'GET /.well-known/openid-configuration': discovery,
    'GET /.well-known/cxone-configuration': tenantConfiguration
  }

  const server = await startServer(request => {
    const [fullPath = '', query = ''] = request.path.split(/\?(.*)/s)
    const path = fullPath.startsWith(basePath) ? fullPath.slice(basePath.length) : ''
    const route = `${request.method} ${path}`
    if (/^GET \/incontactapi\/services\/v\d+\.\d+\/agents$/.test(route)) return listAgents(request, query)
    if (route in tokenRoutes && refusalsLeft > 0) {
      refusalsLeft -= 1
      return answer(429, { message: 'Too Many Requests' }, throttleFirst.retryAfterSeconds)
    }
    const handler = routes[route]
    if (handler) return handler(request, query)
    const isKnownPath = Object.keys(routes).some(known => known.endsWith(` ${path}`))
    return isKnownPath
      ? problem(405, 'Method Not Allowed')
      : problem(404, 'no Route matched with those values')
  }, options)
  return Object.assign(server, { tokens, alsoIssued })

  /**
   * @param {string | undefined} id
   * @param {string | undefined} secret
   */
  function findAccessKey(id = '', secret = '') {
    const key = accessKeys.find(candidate => candidate.id === id)
    return key?.active && sameSecret(secret, key.secret) ? key : undefined
  }

  /** @param {CxoneAccessKey} key */
  function issueForTenant({ id, tenantId }) {
    const iat = Math.floor(clock() / 1000)
    const claims = { sub: `user:${id}`, iss: issuer, tenantId, iat, exp: iat + lifetimeSeconds }
    const refreshToken = randomBytes(48).toString('base64url')
    const idToken = jwt({ ...claims, aud: 'emulated', jti: randomUUID() })
    alsoIssued.push(refreshToken, idToken)
    return {
      access_token: remember(jwt({ ...claims, jti: randomUUID() }), tenantId),
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
      refresh_token: refreshToken,
      refresh_token_expires_in: 7200,
      id_token: idToken
    }
  }

  /**
   * @param {string} token
   * @param {string} [tenantId]
   */
  function remember(token, tenantId) {
    const issuedAt = clock()
    tokens.set(token, { tenantId, issuedAt, expiresAt: issuedAt + lifetimeSeconds * 1000 })
    return token
  }
}

/**
 * @param {CxoneClient[]} clients
 * @param {CxoneClient} given
 */
function isKnown(clients, given) {
  const client = clients.find(({ id }) => id === given.id)
  return client !== undefined && sameSecret(given.secret, client.secret)
}

/**
 * @param {RecordedRequest} request
 * @param {string} query
 */
function formFields(request, query) {
  const isForm = query === '' && mediaType(request) === 'application/x-www-form-urlencoded'
  return isForm ? parseForm(request.body) : undefined
}

/** Returns a JWT with random bytes as its signature: no client here verifies it. @param {object} claims */
function jwt(claims) {
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'emulated' })
  return `${header}.${encode(claims)}.${randomBytes(256).toString('base64url')}`
}

/** An error of the issuer. @param {number} status @param {string} error @param {string} description */
const oauthError = (status, error, description) => answer(status, { error, error_description: description })

/** An error of a realm. @param {number} status @param {string} error @param {string} description */
const realmError = (status, error, description) => answer(status, { error, errorDescription: description })

/** @param {number} status @param {string} message */
const problem = (status, message) => answer(status, { message })

/**
 * @param {number} status
 * @param {unknown} json
 * @param {number} [retryAfterSeconds]
 * @returns {Answer}
 */
function answer(status, json, retryAfterSeconds) {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': randomUUID(),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) })
  }
  return { status, headers, json }
}
