/** Tokens: what each can see and what it may do. */
import { authenticationRequired, badCredentials, moved, notAccessible, notFound } from './answers.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 * @typedef {import('./routes.mjs').Found} Found
 * @typedef {import('./state.mjs').World} World
 *
 * @typedef {object} Token
 * @property {string} token
 * @property {'fine-grained' | 'classic' | 'installation' | 'workflow'} kind  `workflow` is GITHUB_TOKEN: no workflow
 *   can give it a permission for secrets, environments or variables, so its `permissions` are ignored
 * @property {Record<string, 'read' | 'write'>} permissions  `secrets`, `actions_variables`, `environments`,
 *   `organization_secrets`, `organization_actions_variables`; for a classic token, what its scopes amount to
 * @property {'all' | string[]} repositories  `owner/name`
 * @property {'all' | string[]} organizations
 *
 * @typedef {Partial<Token> & {token: string}} TokenOptions
 */

/**
 * @param {TokenOptions} options
 * @returns {Token}
 */
export function createToken({ token, kind = 'fine-grained', permissions = {}, ...seen }) {
  const { repositories = 'all', organizations = 'all' } = seen
  return { token, kind, permissions: kind === 'workflow' ? {} : permissions, repositories, organizations }
}

/**
 * Returns no token if the request has no Authorization header.
 *
 * @param {string | undefined} authorization  `Bearer` and `token` mean the same
 * @param {Token[]} tokens
 * @returns {{token: Token | undefined} | {refusal: Answer}}
 */
export function authenticate(authorization, tokens) {
  if (authorization === undefined) return { token: undefined }
  const given = /^(?:bearer|token) +(\S+)$/i.exec(authorization)?.[1]
  const token = tokens.find(candidate => candidate.token === given)
  return token ? { token } : { refusal: badCredentials() }
}

/**
 * Returns why the request is refused, undefined if it may go on.
 *
 * @param {Found} found
 * @param {Token | undefined} token
 * @param {World} world
 * @param {string} url  base address of the API
 * @returns {Answer | undefined}
 */
export function refuse({ route, params }, token, world, url) {
  const { org, owner, repo, environment_name: environment } = params
  const fullName = `${owner}/${repo}`
  const hidden = org === undefined ? refuseRepository() : refuseOrganization(org)
  if (hidden) return hidden
  if (!token) return authenticationRequired(route.documentation)
  if (!isPermitted(token)) {
    // A classic token without the scope gets 404 [D].
    if (token.kind === 'classic') return notFound(route.documentation)
    return notAccessible(token.kind !== 'fine-grained', route.documentation)
  }
  // A token needs the permission to learn whether an environment exists [I].
  const exists = environment === undefined || world.holder({ repository: fullName, environment })
  return exists ? undefined : notFound(route.documentation)

  /** @returns {Answer | undefined} */
  function refuseRepository() {
    const former = world.formerly(fullName)
    const repository = world.repository(fullName) ?? former
    const isSeen =
      repository &&
      (!repository.private || includes(token?.repositories, `${repository.owner}/${repository.name}`))
    if (!isSeen) return notFound(route.documentation)
    if (repository !== former) return undefined
    const rest = route.template.replace('/repos/{owner}/{repo}', '')
    const filled = rest.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ''))
    return moved(route.method, `${url}/repositories/${repository.id}${filled}`)
  }

  /**
   * Organizations are public. A token that does not belong to one gets 404 [I]: sources say 404 or 403.
   *
   * @param {string} login
   * @returns {Answer | undefined}
   */
  function refuseOrganization(login) {
    const isSeen = world.organization(login) && includes(token?.organizations ?? 'all', login)
    return isSeen ? undefined : notFound(route.documentation)
  }

  /** @param {Token} given */
  function isPermitted({ permissions, repositories }) {
    const level = permissions[route.permission]
    const isEnough = level === 'write' || (level === 'read' && route.level === 'read')
    // A token can see a public repository without having been given access to it.
    return isEnough && (org !== undefined || includes(repositories, fullName))
  }
}

/**
 * @param {'all' | string[] | undefined} list
 * @param {string} name
 */
function includes(list, name) {
  if (list === undefined || list === 'all') return list === 'all'
  return list.some(item => item.toLowerCase() === name.toLowerCase())
}
