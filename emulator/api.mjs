/** The few API requests that the examples make with a token, answered for whoever holds a valid one. */
import { CXONE_TENANT, GENESYS_CLIENT } from './index.mjs'

/**
 * @typedef {{expiresAt: number, revoked?: boolean}} Issued
 * @typedef {import('./server.mjs').Intercept} Intercept
 */

/** @type {[RegExp, unknown][]} */
const ANSWERS = [
  [/^\/api\/v2\/organizations\/me$/, { ...GENESYS_CLIENT.organization, state: 'active' }],
  [/^\/incontactapi\/services\/v\d+\.\d+\/agents(\?.*)?$/, { businessUnitId: 1, tenant: CXONE_TENANT.name }]
]

/**
 * @param {Map<string, Issued>} tokens  what the platform has issued
 * @returns {Intercept}
 */
export function apiOf(tokens) {
  return ({ method, path, headers }, response) => {
    const [, answer] = ANSWERS.find(([pattern]) => method === 'GET' && pattern.test(path)) ?? []
    if (answer === undefined) return false
    const token = tokens.get(headers.authorization?.replace(/^Bearer /, '') ?? '')
    const valid = token !== undefined && !token.revoked && token.expiresAt > Date.now()
    response.writeHead(valid ? 200 : 401, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(valid ? answer : { message: 'Invalid login credentials.' }))
    return true
  }
}
