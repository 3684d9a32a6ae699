/**
 * GitHub's REST API for the secrets and variables of Actions. It needs nothing installed. `checked.mjs` adds what
 * needs packages: the check against GitHub's description, and the key that opens sealed values.
 */
import { startServer } from '../server.mjs'
import { createToken } from './access.mjs'
import { createLimits } from './limits.mjs'
import { API_VERSION, respond } from './respond.mjs'
import { createWorld } from './state.mjs'

/**
 * @typedef {import('./state.mjs').Scope} Scope
 * @typedef {import('./state.mjs').Secret} Secret
 * @typedef {import('./state.mjs').Variable} Variable
 * @typedef {import('./respond.mjs').Violation} Violation
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
 *
 * @typedef {import('../server.mjs').EmulatorServer & GitHubState} GitHub
 *
 * @typedef {object} GitHubState
 * @property {string} url  for GITHUB_API_URL
 * @property {Violation[]} violations
 * @property {() => number} clock  may be replaced at any time
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

  const server = await startServer(answer, { port })
  const { forget } = server
  const clock = () => github.clock()
  const world = createWorld(repositories, organizations)
  const limits = createLimits(clock, options.requestsPerHour)

  /** @type {GitHubState} */
  const own = {
    url: `${server.origin}${basePath}`,
    violations: [],
    clock: options.clock ?? Date.now,
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
      forget()
      github.violations.length = 0
    }
  }
  const github = Object.assign(server, own)

  /** @param {import('../server.mjs').RecordedRequest} request */
  function answer(request) {
    const { check, seal } = options
    const report = (/** @type {Violation} */ violation) => void github.violations.push(violation)
    const { url, tokens } = github
    const service = { world, limits, clock, basePath, url, tokens, check, seal, report }
    const number = (0x1f00000 + server.requests.length).toString(16).toUpperCase()
    const requestId = `C0DE:2A3B4C:${number}:5D6E7F:68FA11CE`
    const carriedOut = respond(service, request, requestId)
    return {
      ...carriedOut,
      headers: {
        Date: new Date(clock()).toUTCString(),
        Server: 'github.com',
        ...(carriedOut.json !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
        'X-GitHub-Media-Type': 'github.v3; format=json',
        'X-GitHub-Api-Version-Selected': API_VERSION,
        'X-GitHub-Request-Id': requestId,
        ...carriedOut.headers
      }
    }
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
