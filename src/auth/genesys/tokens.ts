import type { HttpSession } from '../../http/session.js'
import type { Secret } from '../../lib/secret.js'
import { shown } from '../../lib/text.js'
import { type Advice, rejection } from '../errors.js'
import type { Organization } from '../provider.js'
import { badResponse, type Json, requireJson } from '../token-response.js'

/**
 * Asks Genesys Cloud whose token it is: `GET /api/v2/tokens/me`, as in the official SDKs; it needs no permission,
 * and `preserveIdleTTL` keeps the question from counting as use. Throws an `ActionError`.
 */
export async function identifyGenesys(
  token: Secret,
  apiUrl: string,
  wire: HttpSession
): Promise<Organization> {
  const url = new URL('/api/v2/tokens/me?preserveIdleTTL=true', apiUrl)
  const answer = await wire.send({ method: 'GET', url, headers: { Authorization: bearer(token) } })
  if (answer.status !== 200) throw rejection(answer, ADVICE, wire)
  const json = requireJson(answer, wire)
  const { id, name } = objectIn(json, 'organization')
  if (!isId(id) || wire.hide(id) !== id) throw badResponse(answer, wire, 'with no organization in it')
  const { id: clientId } = objectIn(json, 'OAuthClient')
  return {
    id,
    ...(typeof name === 'string' ? { name: shown(name, text => wire.hide(text), 200) } : {}),
    ...(isId(clientId) ? { clientId } : {})
  }
}

/**
 * Ends a Genesys Cloud token: `DELETE /api/v2/tokens/me` deletes the token that makes the request, as in the
 * official SDKs. Returns whether it was still there; throws an `ActionError` if that stays open.
 */
export async function revokeGenesys(
  token: Secret,
  apiUrl: string,
  wire: HttpSession
): Promise<'revoked' | 'already gone'> {
  const url = new URL('/api/v2/tokens/me', apiUrl)
  const answer = await wire.send({ method: 'DELETE', url, headers: { Authorization: bearer(token) } })
  if (answer.status >= 200 && answer.status < 300) return 'revoked'
  if (answer.status === 401 || answer.status === 404) return 'already gone'
  throw rejection(answer, ADVICE, wire)
}

function objectIn(json: Json, name: string): Json {
  const value = json[name]
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value)
}

function bearer(token: Secret): Secret {
  return token.map(text => `Bearer ${text}`)
}

const ADVICE: Advice = {
  credentialsRejected:
    'The token that was issued a moment ago is refused by the API: check that base-url leads to one platform alone.'
}
