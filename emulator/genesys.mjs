/**
 * Genesys Cloud in one region: the login host and the API host at one address.
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
import { createThrottle } from './throttle.mjs'

/**
 * @typedef {import('./server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./server.mjs').Answer} Answer
 * @typedef {(request: RecordedRequest, query: string) => Answer} Handler
 *
 * @typedef {object} GenesysClient
 * @property {string} id
 * @property {string} secret
 * @property {string} name
 * @property {{id: string, name: string}} organization
 * @property {string} region  code of the only region that knows this client
 * @property {string[]} permissions
 * @property {number} lifetimeSeconds  of its tokens
 *
 * @typedef {object} IssuedToken
 * @property {string} clientId
 * @property {'access' | 'long-lived'} kind
 * @property {{id: string, name: string}} organization
 * @property {string[]} scope
 * @property {number} issuedAt  milliseconds, by the emulator's clock
 * @property {number} expiresAt
 * @property {number} [usedAt]  absent until it is used
 * @property {boolean} revoked
 *
 * @typedef {object} GenesysOptions
 * @property {string} [region]  code; default: eu-west-1
 * @property {Partial<GenesysClient>[]} [clients]  what is missing comes from `GENESYS_CLIENT`
 * @property {{id: string, active: boolean}[]} [serviceAccounts]
 * @property {boolean} [generateOffered]  false: the two undocumented paths answer 404
 * @property {400 | 401} [invalidClientStatus]  sources differ; default: 400
 * @property {import('./throttle.mjs').ThrottleOptions | null} [throttle]  of token requests
 * @property {{count: number, retryAfterSeconds?: number}} [throttleFirst]  refuses this many token requests; with
 *   `retryAfterSeconds` as a gateway does (429, Retry-After)
 * @property {number} [idleTimeoutSeconds]  a token that is not used for so long is dead
 * @property {string} [loginPath]  of a gateway: stands before every path of the login host, such as `/login`
 * @property {string} [apiPath]  of a gateway: stands before every path of the API host
 * @property {() => number} [clock]  milliseconds
 *
 * @typedef {import('./server.mjs').EmulatorServer
 *   & {region: string, clients: GenesysClient[], tokens: Map<string, IssuedToken>}} GenesysEmulator
 */

const YEAR_SECONDS = 31_536_000

/** The default client. These credentials are made up and work nowhere else. */
export const GENESYS_CLIENT = Object.freeze({
  id: '6a1f8c52-0d3e-4b7a-9c15-2e84d7b0f963',
  secret: 'emulated-Genesys_secret/7Qm+Zk2vXw9',
  name: 'Deploy pipeline',
  organization: Object.freeze({ id: '0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48', name: 'Example Contact Centre' }),
  region: 'eu-west-1',
  permissions: ['admin:api_token'],
  lifetimeSeconds: 86_400
})

const USER_ID = '5d4b1c9e-2f60-47a8-b3d1-8e7c0a96f412'

/** The default service account. */
export const GENESYS_SERVICE_ACCOUNT = Object.freeze({
  id: 'b7d90e14-52c6-4f8b-8a3d-6f1c04e9a275',
  active: true
})

/**
 * Starts one region.
 *
 * @param {GenesysOptions & import('./server.mjs').ServerOptions} [options]
 * @returns {Promise<GenesysEmulator>}
 */
export async function startGenesys(options = {}) {
  const {
    region = 'eu-west-1',
    serviceAccounts = [GENESYS_SERVICE_ACCOUNT],
    generateOffered = true,
    invalidClientStatus = 400,
    throttleFirst = { count: 0 },
    idleTimeoutSeconds,
    loginPath = '',
    apiPath = '',
    clock = Date.now
  } = options
  const clients = (options.clients ?? [{ region }]).map(client => ({ ...GENESYS_CLIENT, ...client }))
  const throttle = options.throttle ? createThrottle(options.throttle, clock) : undefined
  let refusalsLeft = throttleFirst.count
  /** @type {Map<string, IssuedToken>} */
  const tokens = new Map()

  /** The documented token request, at the login host. @type {Handler} */
  const loginToken = (request, query) => {
    const waitMs = throttledForMs()
    if (waitMs > 0 && throttleFirst.retryAfterSeconds !== undefined) return tooManyRequests(waitMs)
    if (waitMs > 0) {
      const limit = throttle?.limit ?? '300 per 60 seconds'
      return badRequest(`rate limit exceeded; token requests are limited to ${limit}`)
    }
    if (query !== '') return badRequest('query parameters are not allowed')
    if (mediaType(request) !== 'application/x-www-form-urlencoded') {
      return badRequest('content type must be application/x-www-form-urlencoded')
    }
    const form = parseForm(request.body)
    if (!form) return badRequest('the body must be a form in which every reserved character is encoded')
    if (!('grant_type' in form)) return badRequest('grant_type is required')
    if (form['grant_type'] !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', `grant type not supported: ${form['grant_type']}`)
    }
    if (!hasExactly(form, ['grant_type'], ['scope'])) {
      return badRequest('only grant_type and scope are allowed in the body')
    }
    const credentials = basicCredentials(request)
    if (!credentials) return badRequest('client credentials must be sent as Basic authorization')
    return issueAccessToken(credentials, form['scope'])
  }

  /** An undocumented token request, at the API host. @type {Handler} */
  const apiToken = (request, query) => {
    const waitMs = throttledForMs()
    if (waitMs > 0) return tooManyRequests(waitMs)
    if (request.headers.authorization !== undefined || query !== '') {
      return apiError(400, 'bad.request', 'Client credentials belong in the body.')
    }
    const fields = jsonFields(request, ['grant_type', 'client_id', 'client_secret'])
    if (!fields) {
      return apiError(400, 'bad.request', 'Expected JSON of grant_type, client_id and client_secret.')
    }
    return issueAccessToken({ id: fields['client_id'] ?? '', secret: fields['client_secret'] ?? '' })
  }

  /** The other undocumented request: a token for one year, owned by a service account. @type {Handler} */
  const generateToken = (request, query) => {
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
    return issue(client, 'long-lived', YEAR_SECONDS)
  }

  /** @type {Handler} */
  const describeToken = (request, query) => {
    const preservesIdleTime = query === 'preserveIdleTTL=true'
    if (query !== '' && !preservesIdleTime) return apiError(400, 'bad.request', 'Unknown parameter.')
    const found = authenticate(request, { countsAsUse: !preservesIdleTime })
    if ('refusal' in found) return found.refusal
    const { organization, clientId, scope } = found.token
    const name = clients.find(({ id }) => id === clientId)?.name ?? ''
    const idlesAt = idlesAtMs(found.token)
    return ok({
      organization,
      homeOrganization: organization,
      authorizedScope: scope,
      OAuthClient: { id: clientId, name, organization: { id: organization.id } },
      ...(idlesAt !== undefined && { dateTokenIdles: new Date(idlesAt).toISOString() })
    })
  }

  /** @type {Handler} */
  const deleteToken = (request, query) => {
    if (query !== '') return apiError(400, 'bad.request', 'Unknown parameter.')
    const found = authenticate(request)
    if ('refusal' in found) return found.refusal
    found.token.revoked = true
    return ok(undefined)
  }

  /**
   * Answers a request that only reads, if its token is valid.
   *
   * @param {(token: IssuedToken) => unknown} read  returns the JSON
   * @returns {Handler}
   */
  const reading = read => request => {
    const found = authenticate(request)
    return 'refusal' in found ? found.refusal : ok(read(found.token))
  }

  /** @type {Record<string, Record<string, Handler>>} */
  const routes = {
    [`${loginPath}/oauth/token`]: { POST: loginToken },
    [`${apiPath}/api/v2/tokens/me`]: { GET: describeToken, DELETE: deleteToken },
    // What curl, the gc CLI and CX as Code ask. CX as Code crashes without defaultCountryCode.
    [`${apiPath}/api/v2/organizations/me`]: {
      GET: reading(({ organization }) => ({ ...organization, state: 'active', defaultCountryCode: 'IE' }))
    },
    [`${apiPath}/api/v2/authorization/products`]: { GET: reading(() => list([])) },
    [`${apiPath}/api/v2/users`]: { GET: reading(() => list([{ id: USER_ID, name: 'Example Agent' }])) }
  }
  if (generateOffered) {
    routes[`${apiPath}/api/v2/oauth/token`] = { POST: apiToken }
    routes[`${apiPath}/api/v2/oauth/token/generate`] = { POST: generateToken }
  }

  const server = await startServer(request => {
    const [path = '', query = ''] = request.path.split(/\?(.*)/s)
    const methods = routes[path]
    if (!methods) return apiError(404, 'not.found', 'The requested resource was not found.')
    const handler = methods[request.method]
    if (handler) return handler(request, query)
    const message = 'The HTTP method is not allowed on this resource.'
    return apiError(405, 'method.not.allowed', message, { Allow: Object.keys(methods).join(', ') })
  }, options)
  return Object.assign(server, { region, clients, tokens })

  /** Returns 0 if a token request may pass. */
  function throttledForMs() {
    if (refusalsLeft === 0) return throttle?.admit() ?? 0
    refusalsLeft -= 1
    return (throttleFirst.retryAfterSeconds ?? 1) * 1000
  }

  /**
   * @param {{id: string, secret: string}} credentials
   * @param {string} [scope]
   */
  function issueAccessToken(credentials, scope) {
    // A region does not know the clients of another region.
    const client = clients.find(({ id, region: home }) => id === credentials.id && home === region)
    if (!client)
      return oauthError(invalidClientStatus, 'invalid_client', `client not found: ${credentials.id}`)
    if (!sameSecret(credentials.secret, client.secret)) {
      return oauthError(invalidClientStatus, 'invalid_client', 'authentication failed')
    }
    return issue(client, 'access', client.lifetimeSeconds, scope?.split(' '))
  }

  /**
   * @param {GenesysClient} client
   * @param {IssuedToken['kind']} kind
   * @param {number} lifetimeSeconds
   * @param {string[]} [scope]
   */
  function issue({ id, organization }, kind, lifetimeSeconds, scope = []) {
    const token = randomBytes(65).toString('base64url').slice(0, 86)
    const issuedAt = clock()
    const expiresAt = issuedAt + lifetimeSeconds * 1000
    tokens.set(token, { clientId: id, kind, organization, scope, issuedAt, expiresAt, revoked: false })
    return ok({ access_token: token, token_type: 'bearer', expires_in: lifetimeSeconds })
  }

  /**
   * @param {RecordedRequest} request
   * @param {{countsAsUse?: boolean}} [options]  false: the idle time goes on
   * @returns {{token: IssuedToken} | {refusal: Answer}}
   */
  function authenticate(request, { countsAsUse = true } = {}) {
    const bearer = bearerToken(request)
    if (bearer === undefined) {
      const message = 'No authentication bearer token specified in authorization header.'
      return { refusal: apiError(401, 'authentication.required', message) }
    }
    const token = tokens.get(bearer)
    const now = clock()
    if (!token || token.revoked || token.expiresAt <= now || (idlesAtMs(token) ?? now + 1) <= now) {
      return { refusal: apiError(401, 'bad.credentials', 'Invalid login credentials.') }
    }
    if (countsAsUse) token.usedAt = now
    return { token }
  }

  /** @param {IssuedToken} token */
  function idlesAtMs({ issuedAt, usedAt = issuedAt }) {
    return idleTimeoutSeconds === undefined ? undefined : usedAt + idleTimeoutSeconds * 1000
  }
}

/**
 * Returns the fields of a JSON body with exactly these names and the grant type `client_credentials`.
 *
 * @param {RecordedRequest} request
 * @param {string[]} names
 */
function jsonFields(request, names) {
  const fields = mediaType(request) === 'application/json' ? parseJson(request.body) : undefined
  const isExpected = fields && hasExactly(fields, names) && fields['grant_type'] === 'client_credentials'
  return isExpected ? fields : undefined
}

/** @param {unknown} json */
const ok = json => answer(200, json, randomUUID())

/** @param {string} description */
const badRequest = description => oauthError(400, 'invalid_request', description)

/** An error of the login host. @param {number} status @param {string} error @param {string} description */
const oauthError = (status, error, description) =>
  answer(status, { error, description, error_description: description }, randomUUID())

/**
 * An error of the API host.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {Record<string, string>} [headers]
 */
function apiError(status, code, message, headers) {
  const contextId = randomUUID()
  return answer(status, { message, code, status, contextId, details: [], errors: [] }, contextId, headers)
}

/** @param {number} waitMs */
const tooManyRequests = waitMs =>
  apiError(429, 'too.many.requests.retry.after', 'Rate limit exceeded the maximum.', {
    'Retry-After': String(Math.ceil(waitMs / 1000))
  })

/**
 * @param {number} status
 * @param {unknown} json
 * @param {string} correlationId
 * @param {Record<string, string>} [headers]
 * @returns {Answer}
 */
function answer(status, json, correlationId, headers) {
  const standard = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'ININ-Correlation-Id': correlationId
  }
  return { status, headers: { ...standard, ...headers }, json }
}

/**
 * One page of a list, as the API host returns it.
 *
 * @param {object[]} entities
 */
function list(entities) {
  return { entities, pageSize: 25, pageNumber: 1, total: entities.length, pageCount: 1 }
}
