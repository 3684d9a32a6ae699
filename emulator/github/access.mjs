/** Whose token it is, what it sees, and what it may do. */
import { authenticationRequired, badCredentials, moved, notAccessible, notFound } from './answers.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./routes.mjs').Found} Found
 * @typedef {import('./state.mjs').World} World
 *
 * @typedef {'fine-grained' | 'classic' | 'installation' | 'workflow'} TokenKind
 *   `workflow` is a job's own GITHUB_TOKEN. No permission that a workflow can ask for opens secrets,
 *   environments or variables to it, so it has none here, whatever it is given.
 *   Of a classic token `permissions` says what its scopes amount to (`repo`: all of a repository's).
 *
 * @typedef {object} Token
 * @property {string} token
 * @property {TokenKind} kind
 * @property {Record<string, 'read' | 'write'>} permissions  `secrets`, `actions_variables`, `environments`,
 *   `organization_secrets`, `organization_actions_variables`; reading metadata is always included
 * @property {'all' | string[]} repositories  `owner/name`
 * @property {'all' | string[]} organizations
 *
 * @typedef {Partial<Token> & {token: string}} TokenOptions
 */

/**
 * @param {TokenOptions} options
 * @returns {Token}
 */
export function createToken(options) {
  const token = { kind: /** @type {TokenKind} */ ('fine-grained'), permissions: {}, ...options }
  return {
    ...token,
    permissions: token.kind === 'workflow' ? {} : token.permissions,
    repositories: token.repositories ?? 'all',
    organizations: token.organizations ?? 'all'
  }
}

/**
 * @param {string | undefined} authorization  the header; `Bearer` and `token` are the same to GitHub
 * @param {Token[]} tokens
 * @returns {{token: Token | undefined} | {refusal: Answer}} no token for a request without the header
 */
export function authenticate(authorization, tokens) {
  if (authorization === undefined) return { token: undefined }
  const given = /^(?:bearer|token) +(\S+)$/i.exec(authorization)?.[1]
  const token = tokens.find(candidate => candidate.token === given)
  return token ? { token } : { refusal: badCredentials() }
}

/**
 * @param {Found} found
 * @param {Token | undefined} token
 * @param {World} world
 * @param {string} url  the API's base
 * @returns {Answer | undefined} why not, or undefined when the request may go on
 */
export function refuse({ route, params }, token, world, url) {
  const seen = params['org'] === undefined ? seesRepository() : seesOrganization(params['org'])
  if (seen !== true) return seen
  if (route.permission === 'metadata') return undefined
  if (!token) return authenticationRequired(route.documentation)
  if (!mayUse(token)) return lacking(token)
  // Only who may look learns whether an environment is there [I].
  const environment = params['environment_name']
  const repository = `${params['owner']}/${params['repo']}`
  const there = environment === undefined || world.holder({ repository, environment }) !== undefined
  return there ? undefined : notFound(route.documentation)

  /** @returns {true | Answer} */
  function seesRepository() {
    const fullName = `${params['owner']}/${params['repo']}`
    const former = world.formerly(fullName)
    const repository = world.repository(fullName) ?? former
    if (!repository || !(includes(token?.repositories, nameOf(repository)) || !repository.private)) {
      return notFound(route.documentation)
    }
    if (former === repository) {
      const rest = route.template.replace('/repos/{owner}/{repo}', '')
      const filled = rest.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ''))
      return moved(route.method, `${url}/repositories/${repository.id}${filled}`)
    }
    return true
  }

  /**
   * Organisations are public; it is what they hold that is not. A token that has nothing to do with one
   * is told 404 [I]: sources differ between that and 403.
   *
   * @param {string} login
   * @returns {true | Answer}
   */
  function seesOrganization(login) {
    const known = world.organization(login) !== undefined
    return known && includes(token?.organizations ?? 'all', login) ? true : notFound(route.documentation)
  }

  /** @param {Token} holder */
  function mayUse(holder) {
    const granted = holder.permissions[route.permission]
    const enough = granted === 'write' || (granted === 'read' && route.level === 'read')
    // Seeing a public repository is not having been given it.
    const given =
      params['org'] !== undefined || includes(holder.repositories, `${params['owner']}/${params['repo']}`)
    return enough && given
  }

  /** @param {Token} holder */
  function lacking(holder) {
    // A classic token without the scope is told that there is nothing [D].
    if (holder.kind === 'classic') return notFound(route.documentation)
    return notAccessible(holder.kind !== 'fine-grained', route.documentation)
  }
}

/** @param {{owner: string, name: string}} repository */
const nameOf = repository => `${repository.owner}/${repository.name}`

/**
 * @param {'all' | string[] | undefined} list
 * @param {string} name
 */
function includes(list, name) {
  if (list === undefined || list === 'all') return list === 'all'
  return list.some(item => item.toLowerCase() === name.toLowerCase())
}
