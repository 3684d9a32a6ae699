/** One request from its headers to its answer, in the order in which GitHub looks at things. */
import { authenticate, refuse } from './access.mjs'
import {
  bodyNotObject,
  invalidRequest,
  jsonUnreadable,
  notFound,
  userAgentMissing,
  versionUnknown
} from './answers.mjs'
import { OPERATIONS } from './operations.mjs'
import { findRoute } from './routes.mjs'
import { API_VERSION, carelessHeaders } from './violations.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('../server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./routes.mjs').Found} Found
 * @typedef {import('./violations.mjs').Violation} Violation
 *
 * @typedef {object} Service  everything that an answer depends on
 * @property {import('./state.mjs').World} world
 * @property {import('./access.mjs').Token[]} tokens
 * @property {ReturnType<typeof import('./limits.mjs').createLimits>} limits
 * @property {import('./check.mjs').Check | undefined} check
 * @property {import('./operations.mjs').Seal | undefined} seal
 * @property {() => number} clock
 * @property {string} url  the API's base
 * @property {string} basePath
 * @property {(violation: Violation) => void} report
 */

/**
 * @param {Service} service
 * @param {RecordedRequest} request
 * @returns {Found | undefined}
 */
export function locate({ world, basePath }, { method, path }) {
  if (!path.startsWith(`${basePath}/`)) return undefined
  return findRoute(method, named(world, path.slice(basePath.length)))
}

/**
 * Carries a request out.
 *
 * @param {Service} service
 * @param {RecordedRequest} request
 * @param {Found | undefined} found
 * @param {string} requestId
 * @returns {Answer} with all of GitHub's headers but those of every answer
 */
export function respond(service, request, found, requestId) {
  const { world, tokens, limits, check, report, url } = service
  const { headers } = request
  const name = `${request.method} ${request.path}`
  /** @param {Violation['kind']} kind */
  const noting = kind => (/** @type {string} */ problem) => report({ kind, request: name, problem })

  if (!headers['user-agent']) return noted('header', userAgentMissing())
  carelessHeaders(headers, request.body).forEach(noting('header'))
  const version = headers['x-github-api-version'] ?? API_VERSION
  if (version !== API_VERSION) return noted('header', versionUnknown(String(version)))

  const identity = authenticate(headers.authorization, tokens)
  if ('refusal' in identity) return identity.refusal
  const { token } = identity
  const limit = limits.count(token, found?.route.id, requestId)
  /** @param {Answer} given */
  const withHeaders = given => ({ ...given, headers: { ...limit.headers, ...accepted(), ...given.headers } })
  if (limit.refusal) return withHeaders(limit.refusal)
  if (!found) return withHeaders(noted('route', notFound()))

  const given = refuse(found, token, world, url) ?? carryOut(found)
  check?.answer(found, given.status, given.json).forEach(noting('stand-in'))
  return withHeaders(given)

  /**
   * @param {Found} known
   * @returns {Answer}
   */
  function carryOut(known) {
    const { route, params, query } = known
    const documentation = route.documentation
    const body = parse(request.body)
    if ('refusal' in body) return noted('body', body.refusal)
    check?.address(known).forEach(noting('address'))
    const faults = check?.body(known, body.value) ?? []
    if (faults.length > 0) return noted('body', invalidRequest(faults, documentation))

    const holder = world.holder(scopeOf(params))
    if (!holder) return notFound(documentation)
    const now = service.clock()
    const call = { world, holder, params, query, body: body.value ?? {}, url, documentation, now }
    const done = OPERATIONS[route.id]?.({ ...call, seal: service.seal }) ?? notFound(documentation)
    return done.status === 422 ? noted('value', done) : done
  }

  /**
   * @param {Violation['kind']} kind
   * @param {Answer} refusal
   */
  function noted(kind, refusal) {
    noting(kind)(`${refusal.status} ${/** @type {{message: string}} */ (refusal.json).message}`)
    return refusal
  }

  /** @returns {Record<string, string>} which permission the operation takes; classic tokens have scopes instead */
  function accepted() {
    if (!found || token?.kind === 'classic') return {}
    return { 'X-Accepted-GitHub-Permissions': `${found.route.permission}=${found.route.level}` }
  }
}

/**
 * GitHub itself writes numbers in place of names, in redirections and in links to pages.
 *
 * @param {import('./state.mjs').World} world
 * @param {string} target
 * @returns {string}
 */
function named(world, target) {
  return target
    .replace(/^\/repositories\/(\d+)(?=[/?]|$)/, (all, id) => {
      const repository = world.repositoryById(Number(id))
      return repository ? `/repos/${repository.owner}/${repository.name}` : all
    })
    .replace(/^\/organizations\/(\d+)(?=[/?]|$)/, (all, id) => {
      const organization = world.organizationById(Number(id))
      return organization ? `/orgs/${organization.login}` : all
    })
}

/**
 * @param {Record<string, string>} params
 * @returns {import('./state.mjs').Scope}
 */
function scopeOf({ org, owner, repo, environment_name: environment }) {
  if (org !== undefined) return { organization: org }
  const repository = `${owner}/${repo}`
  return environment === undefined ? { repository } : { repository, environment }
}

/**
 * @param {string} text
 * @returns {{value: Record<string, any> | undefined} | {refusal: Answer}}
 */
function parse(text) {
  if (text === '') return { value: undefined }
  try {
    const value = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { value } : { refusal: bodyNotObject() }
  } catch {
    return { refusal: jsonUnreadable() }
  }
}
