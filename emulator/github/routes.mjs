/** Which of GitHub's operations a request asks for, and the permission that it needs. */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Operation  of GitHub's OpenAPI description
 * @property {string} operationId  such as `actions/get-repo-secret`
 * @property {{url: string}} externalDocs
 * @property {{name: string, in: 'path' | 'query', required?: boolean, schema: object}[]} parameters
 * @property {object} [requestBody]
 * @property {Record<string, {content?: object}>} responses
 *
 * @typedef {object} Route
 * @property {string} id  such as `actions/get-repo-secret`
 * @property {string} method
 * @property {string} template
 * @property {RegExp} pattern
 * @property {string[]} names  of the parameters in the path
 * @property {string} permission  as the header `X-Accepted-GitHub-Permissions` spells it
 * @property {'read' | 'write'} level
 * @property {string} documentation  address for error messages
 *
 * @typedef {object} Found
 * @property {Route} route
 * @property {Record<string, string>} params  decoded
 * @property {URLSearchParams} query
 */

/**
 * GitHub's description of the operations that the emulator has. `paths`: by template, then by method in lower case.
 *
 * @type {{paths: Record<string, Record<string, Operation>>}}
 */
export const description = JSON.parse(readFileSync(new URL('description.json', import.meta.url), 'utf8'))

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
// `…/secrets/public-key` also matches `…/secrets/{secret_name}`: the route with fewer parameters wins.
ROUTES.sort((a, b) => a.names.length - b.names.length)

/**
 * Returns the permission as GitHub documents it. Secrets and variables of an environment need *Environments* alone.
 *
 * @param {string} template
 */
function permissionFor(template) {
  if (template.includes('/environments/')) return 'environments'
  const permission = template.includes('/actions/variables') ? 'actions_variables' : 'secrets'
  return template.startsWith('/orgs/') ? `organization_${permission}` : permission
}

/**
 * @param {string} method
 * @param {string} target  path and query, below the API's base path
 * @returns {Found | undefined}
 */
export function findRoute(method, target) {
  const [path = '', query = ''] = target.split('?', 2)
  for (const route of ROUTES) {
    const match = route.method === method ? route.pattern.exec(path) : null
    if (!match) continue
    try {
      const params = route.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')])
      return { route, params: Object.fromEntries(params), query: new URLSearchParams(query) }
    } catch {
      // A percent sign that encodes nothing: GitHub finds no route either.
    }
  }
  return undefined
}
