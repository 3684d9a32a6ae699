/**
 * GitHub's REST API for the secrets and variables of Actions. It needs nothing installed. `checked.mjs` adds what
 * needs packages: the check against GitHub's description, and the key that opens sealed values.
 */
import { startServer } from '../server.mjs'
import { createToken } from './access.mjs'
import { createLimits } from './limits.mjs'
import { API_VERSION, locate, respond } from './respond.mjs'
import { createWorld } from './state.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./state.mjs').Scope} Scope
 * @typedef {import('./state.mjs').Secret} Secret
 * @typedef {import('./state.mjs').Variable} Variable
 * @typedef {import('./respond.mjs').Violation} Violation
 *
 * @typedef {import('../server.mjs').RecordedRequest & {operation?: string}} GitHubRequest
 *   `operation` is GitHub's name for it, such as `actions/get-repo-secret`
 *
 * @typedef {(request: GitHubRequest, response: import('node:http').ServerResponse,
 *   socket: import('node:net').Socket) => boolean | Promise<boolean>} Hook
 *   returns true if it has dealt with the request
 *
 * @typedef {object} GitHubOptions
 * @property {import('./state.mjs').RepositoryOptions[]} [repositories]  default: `octo-org/app` with the environment
 *   `production`
 * @property {string[]} [organizations]  default: `octo-org`
 * @property {import('./access.mjs').TokenOptions[]} [tokens]  default: `GITHUB_TOKEN_FOR_ALL`, with all permissions
 * @property {number} [port]  default: a free one
 * @property {string} [basePath]  of GitHub Enterprise Server: `/api/v3`
 * @property {import('./check.mjs').Check} [check]
 * @property {import('./entries.mjs').Seal} [seal]
 * @property {() => number} [clock]  milliseconds since 1970
 * @property {number} [requestsPerHour]  of each token
 * @property {Hook} [intercept]
 * @property {Hook} [interceptAfter]
 *
 * @typedef {object} GitHub
 * @property {string} url  for GITHUB_API_URL
 * @property {GitHubRequest[]} requests  in order of arrival
 * @property {Violation[]} violations
 * @property {number} connections  TCP connections accepted so far
 * @property {() => number} clock  may be replaced at any time
 * @property {Hook | undefined} intercept  sees a request before it is carried out
 * @property {Hook | undefined} interceptAfter  sees it after it was carried out, before the answer
 * @property {import('./access.mjs').Token[]} tokens  may be changed at any time
 * @property {import('./state.mjs').World} world  to rename a repository or change a key
 * @property {(name: string, scope: Scope) => string | undefined} stored  plain text of a secret; undefined if there is
 *   no such secret, or if nothing here can open it
 * @property {(name: string, scope: Scope) => Secret | undefined} secret
 * @property {(name: string, scope: Scope) => Variable | undefined} variable
 * @property {(name: string, scope: Scope, value: string,
 *   options?: {updatedAt?: number} & import('./state.mjs').Sharing) => void} putSecret  without a request
 * @property {(name: string, scope: Scope, value: string) => void} putVariable  without a request
 * @property {(throttle: import('./limits.mjs').Throttle) => void} throttle  refuses the next requests
 * @property {() => void} forget  clears `requests`, `violations` and `connections`
 * @property {() => Promise<void>} close  ends every connection at once
 */

/** A made-up token that may do everything. */
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
    basePath = '',
    port = 0
  } = options

  /** @type {WeakMap<GitHubRequest, Answer>} */
  const answers = new WeakMap()
  const server = await startServer(request => answers.get(request) ?? { status: 500 }, {
    intercept: answerBetweenHooks,
    port
  })
  const clock = () => github.clock()
  const world = createWorld(repositories, organizations)
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
      const entry = {
        name: name.toUpperCase(),
        createdAt: updatedAt,
        updatedAt,
        ...sharingIn(scope),
        ...sharing
      }
      const bytes = Buffer.byteLength(value)
      holderOf(scope).secrets.set(entry.name, { ...entry, value, bytes, sealed: undefined })
    },
    putVariable(name, scope, value) {
      const entry = { name: name.toUpperCase(), createdAt: clock(), updatedAt: clock(), ...sharingIn(scope) }
      holderOf(scope).variables.set(entry.name, { ...entry, value })
    },
    throttle: limits.throttle,
    forget() {
      server.forget()
      github.violations.length = 0
    },
    close: server.close
  }

  /**
   * Calls the hooks before and after the request is carried out, so that a fault can be on either side of the change.
   *
   * @param {GitHubRequest} request
   * @param {import('node:http').ServerResponse} response
   * @param {import('node:net').Socket} socket
   */
  async function answerBetweenHooks(request, response, socket) {
    const { check, seal } = options
    const report = (/** @type {Violation} */ violation) => void github.violations.push(violation)
    const { url, tokens } = github
    const service = { world, limits, clock, basePath, url, tokens, check, seal, report }
    const found = locate(service, request)
    if (found) request.operation = found.route.id
    if (await github.intercept?.(request, response, socket)) return true

    const number = (0x1f00000 + server.requests.length).toString(16).toUpperCase()
    const requestId = `C0DE:2A3B4C:${number}:5D6E7F:68FA11CE`
    const answer = respond(service, request, found, requestId)
    answers.set(request, {
      ...answer,
      headers: {
        Date: new Date(clock()).toUTCString(),
        Server: 'github.com',
        ...(answer.json !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
        'X-GitHub-Media-Type': 'github.v3; format=json',
        'X-GitHub-Api-Version-Selected': API_VERSION,
        'X-GitHub-Request-Id': requestId,
        ...answer.headers
      }
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

/** @param {Scope} scope @returns {import('./state.mjs').Sharing} */
const sharingIn = scope => ('organization' in scope ? { visibility: 'private' } : {})
