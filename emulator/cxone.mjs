/**
 * NICE CXone as its hosts show it: issuer, UserHub and realm behind one origin.
 * Bodies and headers follow the platform; what it refuses is refused here.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { startServer } from './server.mjs'
import { basicCredentials, hasExactly, mediaType, parseForm, parseJson, sameSecret } from './strict.mjs'

/**
 * @typedef {import('./server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./server.mjs').Answer} Answer
 *
 * @typedef {{id: string, secret: string}} CxoneClient  a back-end application, or a realm's client
 * @typedef {{id: string, secret: string, tenantId: string, active: boolean}} CxoneAccessKey
 * @typedef {{id: string, name: string, area: string, domain: string}} CxoneTenant
 *
 * @typedef {object} CxoneToken
 * @property {'A' | 'B' | 'C'} exchange
 * @property {string | undefined} tenantId
 * @property {number} issuedAt  milliseconds, by the emulator's clock
 * @property {number} expiresAt
 *
 * @typedef {object} CxoneOptions
 * @property {string} [issuer]  an origin; what discovery says of itself
 * @property {string} [tokenEndpoint]  what discovery names, in place of the issuer's own
 * @property {CxoneClient[]} [applications]  back-end applications, for exchange A
 * @property {CxoneAccessKey[]} [accessKeys]  for A and B
 * @property {CxoneClient[]} [realmClients]  for C
 * @property {CxoneTenant[]} [tenants]
 * @property {number} [lifetimeSeconds]
 * @property {() => number} [clock]
 *
 * @typedef {import('./server.mjs').EmulatorServer & {tokens: Map<string, CxoneToken>, alsoIssued: string[]}} CxoneEmulator
 *   `alsoIssued`: the refresh and id tokens that came along, secrets as well
 */

/** What is known when nothing else is given; these credentials open nothing outside this folder. */
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
 * Starts CXone on loopback.
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
    clock = Date.now
  } = options
  /** @type {Map<string, CxoneToken>} */
  const tokens = new Map()
  /** @type {string[]} */
  const alsoIssued = []

  /** @type {Record<string, (request: RecordedRequest, query: string) => Answer>} */
  const routes = {
    'GET /.well-known/openid-configuration': discovery,
    'POST /auth/token': passwordGrant,
    'GET /.well-known/cxone-configuration': tenantConfiguration,
    'POST /authentication/v1/token/access-key': accessKeyGrant,
    'POST /oauth/token': clientCredentialsGrant
  }

  const server = await startServer(request => {
    const [path = '', query = ''] = request.path.split(/\?(.*)/s)
    const handler = routes[`${request.method} ${path}`]
    if (handler) return handler(request, query)
    const known = Object.keys(routes).some(route => route.endsWith(` ${path}`))
    return known
      ? answer(405, { message: 'Method Not Allowed' })
      : answer(404, { message: 'no Route matched with those values' })
  }, options)
  return Object.assign(server, { tokens, alsoIssued })

  /**
   * @param {RecordedRequest} request
   * @returns {Answer}
   */
  function discovery(request) {
    // Public documents: whoever sends a credential along has given it away for nothing.
    if (request.headers.authorization !== undefined)
      return answer(400, { message: 'No authorization expected' })
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

  /**
   * Exchange A: a back-end application vouches, an access key logs in.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function passwordGrant(request, query) {
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
    if (!knows(applications, application)) {
      return oauthError(401, 'invalid_client', 'Client authentication failed.')
    }
    const key = findAccessKey(form['username'], form['password'])
    if (!key) return oauthError(400, 'invalid_grant', 'Invalid user credentials.')
    return answer(200, issueForTenant(key, 'A'))
  }

  /**
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function tenantConfiguration(request, query) {
    if (request.headers.authorization !== undefined)
      return answer(400, { message: 'No authorization expected' })
    const tenantId = parseForm(query)?.['tenantId']
    if (!tenantId) return answer(400, { message: 'tenantId is required' })
    const tenant = tenants.find(({ id }) => id === tenantId)
    if (!tenant) return answer(404, { message: 'Tenant not found' })
    const { area, domain } = tenant
    return answer(200, {
      area,
      domain,
      tenantId,
      api_endpoint: `https://api-${area}.${domain}`,
      auth_endpoint: `${issuer}/auth`
    })
  }

  /**
   * Exchange B: UserHub takes the access key alone.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function accessKeyGrant(request, query) {
    if (mediaType(request) !== 'application/json') return answer(415, { message: 'Unsupported Media Type' })
    const fields = parseJson(request.body)
    const exact = fields && query === '' && hasExactly(fields, ['accessKeyId', 'accessKeySecret'])
    if (!exact || request.headers.authorization !== undefined) {
      return answer(400, { message: 'Expected JSON of accessKeyId and accessKeySecret' })
    }
    const key = findAccessKey(fields['accessKeyId'], fields['accessKeySecret'])
    if (!key) return answer(401, { message: 'Invalid access key' })
    return answer(200, issueForTenant(key, 'B'))
  }

  /**
   * Exchange C: the tutorial's client credentials in a form, at a realm.
   *
   * @param {RecordedRequest} request
   * @param {string} query
   * @returns {Answer}
   */
  function clientCredentialsGrant(request, query) {
    const form = formFields(request, query)
    if (!form || request.headers.authorization !== undefined) {
      return realmError(400, 'invalid_request', 'The request must be a form.')
    }
    if (form['grant_type'] !== 'client_credentials') {
      return realmError(400, 'unsupported_grant_type', 'The grant type is not supported.')
    }
    if (!hasExactly(form, ['grant_type', 'client_id', 'client_secret'], ['scope'])) {
      return realmError(400, 'invalid_request', 'Expected client_id and client_secret.')
    }
    const client = { id: form['client_id'] ?? '', secret: form['client_secret'] ?? '' }
    if (!knows(realmClients, client))
      return realmError(401, 'invalid_client', 'Client authentication failed.')
    const token = remember(randomBytes(48).toString('base64url'), 'C', undefined)
    return answer(200, { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds })
  }

  /**
   * @param {string | undefined} id
   * @param {string | undefined} secret
   * @returns {CxoneAccessKey | undefined}
   */
  function findAccessKey(id = '', secret = '') {
    const key = accessKeys.find(candidate => candidate.id === id)
    return key?.active && sameSecret(secret, key.secret) ? key : undefined
  }

  /**
   * @param {CxoneAccessKey} key
   * @param {'A' | 'B'} exchange
   */
  function issueForTenant(key, exchange) {
    const iat = Math.floor(clock() / 1000)
    const claims = {
      sub: `user:${key.id}`,
      iss: issuer,
      tenantId: key.tenantId,
      iat,
      exp: iat + lifetimeSeconds
    }
    const refreshToken = randomBytes(48).toString('base64url')
    const idToken = jwt({ ...claims, aud: 'emulated', jti: randomUUID() })
    alsoIssued.push(refreshToken, idToken)
    return {
      access_token: remember(jwt({ ...claims, jti: randomUUID() }), exchange, key.tenantId),
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
      refresh_token: refreshToken,
      refresh_token_expires_in: 7200,
      id_token: idToken
    }
  }

  /**
   * @param {string} token
   * @param {CxoneToken['exchange']} exchange
   * @param {string | undefined} tenantId
   * @returns {string}
   */
  function remember(token, exchange, tenantId) {
    const issuedAt = clock()
    tokens.set(token, { exchange, tenantId, issuedAt, expiresAt: issuedAt + lifetimeSeconds * 1000 })
    return token
  }
}

/**
 * @param {CxoneClient[]} clients
 * @param {CxoneClient} given
 * @returns {boolean}
 */
function knows(clients, given) {
  const client = clients.find(({ id }) => id === given.id)
  return client !== undefined && sameSecret(given.secret, client.secret)
}

/**
 * @param {RecordedRequest} request
 * @param {string} query
 * @returns {Record<string, string> | undefined}
 */
function formFields(request, query) {
  const isForm = query === '' && mediaType(request) === 'application/x-www-form-urlencoded'
  return isForm ? parseForm(request.body) : undefined
}

/**
 * Three base64url parts; the signature is noise, because nobody who gets one here can check it.
 *
 * @param {object} claims
 * @returns {string}
 */
function jwt(claims) {
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'emulated' })
  return `${header}.${encode(claims)}.${randomBytes(256).toString('base64url')}`
}

/**
 * @param {number} status
 * @param {string} error
 * @param {string} description
 * @returns {Answer}
 */
function oauthError(status, error, description) {
  return answer(status, { error, error_description: description })
}

/**
 * @param {number} status
 * @param {string} error
 * @param {string} description
 * @returns {Answer}
 */
function realmError(status, error, description) {
  return answer(status, { error, errorDescription: description })
}

/**
 * @param {number} status
 * @param {unknown} json
 * @returns {Answer}
 */
function answer(status, json) {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': randomUUID()
  }
  return { status, headers, json }
}
