/** Answers one request. The steps come in the order in which GitHub takes them. */
import { authenticate, refuse } from './access.mjs'
import {
  bodyNotObject,
  invalidRequest,
  jsonUnreadable,
  notFound,
  userAgentMissing,
  versionUnknown
} from './answers.mjs'
import { findRoute } from './routes.mjs'
import {
  getPublicKey,
  getSecret,
  listSelectedRepositories,
  putSecret,
  setSelectedRepositories
} from './secrets.mjs'
import { getVariable, patchVariable, postVariable } from './variables.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('../server.mjs').RecordedRequest} RecordedRequest
 * @typedef {import('./routes.mjs').Found} Found
 *
 * @typedef {object} Violation  a mistake of the client; tests assert that there is none
 * @property {'header' | 'route' | 'address' | 'body' | 'value' | 'emulator'} kind  `value`: well-formed, but answered
 *   422 (a name, a size, a seal); `emulator`: its own answer does not match GitHub's description
 * @property {string} request  method and path
 * @property {string} problem
 *
 * @typedef {object} Service  everything that an answer depends on
 * @property {import('./state.mjs').World} world
 * @property {import('./access.mjs').Token[]} tokens
 * @property {ReturnType<typeof import('./limits.mjs').createLimits>} limits
 * @property {import('./check.mjs').Check | undefined} check
 * @property {import('./entries.mjs').Seal | undefined} seal
 * @property {() => number} clock
 * @property {string} url  base address of the API
 * @property {string} basePath
 * @property {(violation: Violation) => void} report
 */

/** The version of the API that everything here is written for. */
export const API_VERSION = '2022-11-28'

/** @type {Record<string, (call: import('./entries.mjs').Call) => Answer>} */
const OPERATIONS = {
  'get-*-public-key': getPublicKey,
  'get-*-secret': getSecret,
  'create-or-update-*-secret': putSecret,
  'list-selected-repos-for-*-secret': listSelectedRepositories,
  'set-selected-repos-for-*-secret': setSelectedRepositories,
  'get-*-variable': getVariable,
  'create-*-variable': postVariable,
  'update-*-variable': patchVariable
}

/**
 * Returns the operation that a request asks for.
 *
 * @param {Pick<Service, 'world' | 'basePath'>} service
 * @param {RecordedRequest} request
 * @returns {Found | undefined}
 */
function locate({ world, basePath }, { method, path }) {
  if (!path.startsWith(`${basePath}/`)) return undefined
  return findRoute(method, withNames(world, path.slice(basePath.length)))
}

/**
 * Carries a request out. Returns the answer without the headers that every answer has.
 *
 * @param {Service} service
 * @param {RecordedRequest} request
 * @param {string} requestId
 * @returns {Answer}
 */
export function respond(service, request, requestId) {
  const { world, tokens, limits, check, url, clock, seal } = service
  const { headers } = request
  const found = locate(service, request)
  /** @param {Violation['kind']} kind @param {string[]} problems */
  const report = (kind, ...problems) => {
    for (const problem of problems) {
      service.report({ kind, request: `${request.method} ${request.path}`, problem })
    }
  }
  /** @param {Violation['kind']} kind @param {Answer} refusal */
  const reported = (kind, refusal) => {
    report(kind, `${refusal.status} ${/** @type {{message: string}} */ (refusal.json).message}`)
    return refusal
  }

  if (!headers['user-agent']) return reported('header', userAgentMissing())
  report('header', ...carelessHeaders(request))
  const version = headers['x-github-api-version'] ?? API_VERSION
  if (version !== API_VERSION) return reported('header', versionUnknown(String(version)))

  const identity = authenticate(headers.authorization, tokens)
  if ('refusal' in identity) return identity.refusal
  const { token } = identity
  const limit = limits.count(token, found?.route.id, requestId)
  // Classic tokens have scopes instead of permissions.
  const needed = found && token?.kind !== 'classic' && `${found.route.permission}=${found.route.level}`
  /** @param {Answer} answer @returns {Answer} */
  const withHeaders = answer => ({
    ...answer,
    headers: {
      ...limit.headers,
      ...(needed && { 'X-Accepted-GitHub-Permissions': needed }),
      ...answer.headers
    }
  })
  if (limit.refusal) return withHeaders(limit.refusal)
  if (!found) return withHeaders(reported('route', notFound()))
  const answer = refuse(found, token, world, url) ?? carryOut(found)
  report('emulator', ...(check?.answer(found, answer.status, answer.json) ?? []))
  return withHeaders(answer)

  /** @param {Found} known */
  function carryOut(known) {
    const { route, params, query } = known
    const { documentation } = route
    const body = parse(request.body)
    if ('refusal' in body) return reported('body', body.refusal)
    report('address', ...(check?.address(known) ?? []))
    const faults = check?.body(known, body.value) ?? []
    if (faults.length > 0) return reported('body', invalidRequest(faults, documentation))

    const holder = world.holder(scopeOf(params))
    const operation =
      OPERATIONS[route.id.replace(/^actions\//, '').replace(/-(repo|environment|org)-/, '-*-')]
    if (!holder || !operation) return notFound(documentation)
    const call = {
      world,
      holder,
      params,
      query,
      body: body.value ?? {},
      url,
      documentation,
      now: clock(),
      seal
    }
    const answer = operation(call)
    return answer.status === 422 ? reported('value', answer) : answer
  }
}

/**
 * Returns mistakes that GitHub accepts, with results that may change: without a version it chooses one itself, and
 * it reads any body as JSON.
 *
 * @param {RecordedRequest} request
 */
function carelessHeaders({ headers, body }) {
  const problems = []
  if (headers['x-github-api-version'] === undefined) problems.push('X-GitHub-Api-Version is missing')
  if (!/\bapplication\/(vnd\.github\+)?json\b/.test(headers.accept ?? '')) {
    problems.push('Accept is not application/vnd.github+json')
  }
  if (body !== '' && !/^application\/json\b/.test(headers['content-type'] ?? '')) {
    problems.push('Content-Type of a JSON body is not application/json')
  }
  return problems
}

/**
 * GitHub writes numbers instead of names in redirects and in links to pages. Returns the path with names.
 *
 * @param {import('./state.mjs').World} world
 * @param {string} target
 */
function withNames(world, target) {
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
  return { repository: `${owner}/${repo}`, ...(environment !== undefined && { environment }) }
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
