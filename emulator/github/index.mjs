/**
 * GitHub's REST API for Actions secrets and variables, on loopback and with a memory.
 * Needs nothing installed; with `createCheck()` of `check.mjs` every request and every answer is held
 * against GitHub's own description, and with `createSeal()` of `seal.mjs` sealed values are opened.
 */
import { startServer } from '../server.mjs'
import { createToken } from './access.mjs'
import { createLimits } from './limits.mjs'
import { locate, respond } from './respond.mjs'
import { createWorld } from './state.mjs'
import { API_VERSION } from './violations.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./state.mjs').Scope} Scope
 * @typedef {import('./state.mjs').Secret} Secret
 * @typedef {import('./state.mjs').Variable} Variable
 * @typedef {import('./violations.mjs').Violation} Violation
 *
 * @typedef {import('../server.mjs').RecordedRequest & {operation?: string}} GitHubRequest
 *   `operation` is GitHub's name for it, as in `actions/get-repo-secret`
 *
 * @typedef {(request: GitHubRequest, response: import('node:http').ServerResponse,
 *   socket: import('node:net').Socket) => boolean | Promise<boolean>} Hook
 *   true: nothing more is to be answered
 *
 * @typedef {object} GitHubOptions
 * @property {import('./state.mjs').RepositoryOptions[]} [repositories]  `octo-org/app` with the environment
 *   `production` unless told otherwise
 * @property {string[]} [organizations]  `octo-org` unless told otherwise
 * @property {import('./access.mjs').TokenOptions[]} [tokens]  one that may do everything, `GITHUB_TOKEN_FOR_ALL`,
 *   unless told otherwise
 * @property {number} [port]  default: a free one
 * @property {string} [basePath]  `/api/v3` is what a GitHub Enterprise Server has
 * @property {import('./check.mjs').Check} [check]
 * @property {import('./operations.mjs').Seal} [seal]
 * @property {() => number} [clock]  milliseconds since 1970
 * @property {number} [requestsPerHour]  of each token
 * @property {Hook} [intercept]
 * @property {Hook} [interceptAfter]
 *
 * @typedef {object} GitHub
 * @property {string} url  what `GITHUB_API_URL` is set to
 * @property {GitHubRequest[]} requests  all of them, in the order of arrival
 * @property {Violation[]} violations
 * @property {number} connections  TCP connections accepted so far
 * @property {() => number} clock  may be replaced at any time
 * @property {Hook | undefined} intercept  sees a request before anything is done
 * @property {Hook | undefined} interceptAfter  sees it when it is carried out and not yet answered
 * @property {import('./access.mjs').Token[]} tokens  may be changed at any time
 * @property {import('./state.mjs').World} world  to rename a repository, to change a key
 * @property {(name: string, scope: Scope) => string | undefined} stored  a secret's plain text; undefined
 *   when there is no such secret, or nothing to open its seal with
 * @property {(name: string, scope: Scope) => Secret | undefined} secret
 * @property {(name: string, scope: Scope) => Variable | undefined} variable
 * @property {(name: string, scope: Scope, value: string,
 *   options?: {updatedAt?: number} & import('./state.mjs').Sharing) => void} putSecret  without a request
 * @property {(name: string, scope: Scope, value: string) => void} putVariable  without a request
 * @property {(throttle: import('./limits.mjs').Throttle) => void} throttle  turns the next requests away
 * @property {() => void} forget  empties the record of requests and violations
 * @property {() => Promise<void>} close  ends every socket at once
 */

/** May write everything there is; it opens nothing outside this folder. */
export const GITHUB_TOKEN_FOR_ALL = 'github_pat_emulated_11ABCDEFG0aBcDeFgHiJkL'

/** @type {Record<string, 'read' | 'write'>} */
export const ALL_PERMISSIONS = {
  secrets: 'write',
  actions_variables: 'write',
  environments: 'write',
  organization_secrets: 'write',
  organization_actions_variables: 'write'
}

/**
 * @param {GitHubOptions} [options]
 * @returns {Promise<GitHub>}
 */
export async function startGithub(options = {}) {
  const {
    repositories = [{ name: 'octo-org/app', environments: ['production'] }],
    organizations = ['octo-org'],
    tokens = [{ token: GITHUB_TOKEN_FOR_ALL, permissions: ALL_PERMISSIONS }],
    basePath = ''
  } = options

  const server = await startServer(request => prepared.get(request) ?? { status: 500 }, {
    intercept: play,
    port: options.port ?? 0
  })
  /** @type {WeakMap<GitHubRequest, Answer>} */
  const prepared = new WeakMap()
  const clock = () => github.clock()
  const world = createWorld(repositories, organizations, options.clock ?? Date.now)
  const limits = createLimits(clock, options.requestsPerHour)

  /** @type {GitHub} */
  const github = {
    url: `${server.origin}${basePath}`,
    requests: server.requests,
    violations: [],
    get connections() {
      return server.connections
    },
    clock: options.clock ?? Date.now,
    intercept: options.intercept,
    interceptAfter: options.interceptAfter,
    tokens: tokens.map(createToken),
    world,
    stored: (name, scope) => github.secret(name, scope)?.value,
    secret: (name, scope) => world.holder(scope)?.secrets.get(name.toUpperCase()),
    variable: (name, scope) => world.holder(scope)?.variables.get(name.toUpperCase()),
    putSecret(name, scope, value, { updatedAt = clock(), ...sharing } = {}) {
      const kept = { name: name.toUpperCase(), createdAt: updatedAt, updatedAt }
      const content = { value, bytes: Buffer.byteLength(value), sealed: undefined }
      holderOf(scope).secrets.set(kept.name, { ...kept, ...content, ...shared(scope, sharing) })
    },
    putVariable(name, scope, value) {
      const kept = { name: name.toUpperCase(), createdAt: clock(), updatedAt: clock() }
      holderOf(scope).variables.set(kept.name, { ...kept, value, ...shared(scope, {}) })
    },
    throttle: limits.throttle,
    forget() {
      server.forget()
      github.violations.length = 0
    },
    close: server.close
  }

  /**
   * Stands between the server's record and its answer, so that a fault can be played on either side of
   * the change of state.
   *
   * @param {GitHubRequest} request
   * @param {import('node:http').ServerResponse} response
   * @param {import('node:net').Socket} socket
   */
  async function play(request, response, socket) {
    const service = {
      ...{ world, limits, clock, basePath, url: github.url, tokens: github.tokens },
      ...{ check: options.check, seal: options.seal },
      report: (/** @type {Violation} */ violation) => void github.violations.push(violation)
    }
    const found = locate(service, request)
    if (found) request.operation = found.route.id
    if (await github.intercept?.(request, response, socket)) return true

    const requestId = createRequestId(server.requests.length)
    const answer = respond(service, request, found, requestId)
    prepared.set(request, {
      ...answer,
      headers: { ...commonHeaders(clock(), requestId, answer), ...answer.headers }
    })
    return (await github.interceptAfter?.(request, response, socket)) ?? false
  }

  /** @param {Scope} scope */
  function holderOf(scope) {
    const holder = world.holder(scope)
    if (!holder) throw new Error(`GitHub has no ${JSON.stringify(scope)}`)
    return holder
  }

  return github
}

/**
 * @param {Scope} scope
 * @param {import('./state.mjs').Sharing} sharing
 * @returns {import('./state.mjs').Sharing}
 */
function shared(scope, sharing) {
  return 'organization' in scope ? { visibility: 'private', ...sharing } : {}
}

/**
 * @param {number} now
 * @param {string} requestId
 * @param {Answer} answer
 * @returns {Record<string, string>}
 */
function commonHeaders(now, requestId, { json }) {
  return {
    Date: new Date(now).toUTCString(),
    Server: 'github.com',
    ...(json !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
    'X-GitHub-Media-Type': 'github.v3; format=json',
    'X-GitHub-Api-Version-Selected': API_VERSION,
    'X-GitHub-Request-Id': requestId
  }
}

/** @param {number} count */
const createRequestId = count =>
  `C0DE:2A3B4C:${(0x1f00000 + count).toString(16).toUpperCase()}:5D6E7F:68FA11CE`
