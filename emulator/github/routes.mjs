/** Which of GitHub's operations a request asks for, and which permission that needs. */
import { description } from './description.mjs'

/**
 * @typedef {object} Route
 * @property {string} id  the operation's, as in `actions/get-repo-secret`
 * @property {string} method
 * @property {string} template
 * @property {RegExp} pattern
 * @property {string[]} names  of the template's parameters, in turn
 * @property {string} permission  as the header `X-Accepted-GitHub-Permissions` spells it
 * @property {'read' | 'write'} level
 * @property {string} documentation  where an error points to
 *
 * @typedef {object} Found
 * @property {Route} route
 * @property {Record<string, string>} params  decoded
 * @property {URLSearchParams} query
 */

/** @type {Route[]} */
const ROUTES = Object.entries(description.paths).flatMap(([template, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    id: operation.operationId,
    method: method.toUpperCase(),
    template,
    pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`),
    names: [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
    permission: permissionFor(template),
    level: method === 'get' ? 'read' : 'write',
    documentation: operation.externalDocs.url
  }))
)
// `…/secrets/public-key` is a secret's address too: whole words win over parameters, as in GitHub's router.
ROUTES.sort((a, b) => a.names.length - b.names.length)

/**
 * The permissions by the names of GitHub's documentation ("Permissions required for fine-grained personal
 * access tokens"). An environment's secrets and variables both hang on *Environments*, and on it alone.
 *
 * @param {string} template
 * @returns {string}
 */
function permissionFor(template) {
  if (template.includes('/environments/')) return 'environments'
  const kind = /\/actions\/(secrets|variables)/.exec(template)?.[1]
  if (kind === undefined) return 'metadata'
  const permission = kind === 'variables' ? 'actions_variables' : 'secrets'
  return template.startsWith('/orgs/') ? `organization_${permission}` : permission
}

/**
 * @param {string} method
 * @param {string} target  path and query, below the API's base
 * @returns {Found | undefined}
 */
export function findRoute(method, target) {
  const [path = '', query = ''] = target.split('?', 2)
  for (const route of ROUTES) {
    const match = route.method === method ? route.pattern.exec(path) : null
    const params = match && decodeAll(route.names, match.slice(1))
    if (params) return { route, params, query: new URLSearchParams(query) }
  }
  return undefined
}

/**
 * @param {string[]} names
 * @param {string[]} values
 * @returns {Record<string, string> | undefined} undefined where a percent sign encodes nothing
 */
function decodeAll(names, values) {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]))
  } catch {
    return undefined
  }
}
