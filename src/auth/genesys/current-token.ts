import type { HttpSession } from '../../http/session.js'
import { asJsonObject, parseJsonObject } from '../../lib/json.js'
import type { Secret } from '../../lib/secret.js'
import { type Hints, rejection } from '../errors.js'
import { bearerAuthorization } from '../oauth.js'
import type { Identity, RevocationOutcome } from '../provider.js'
import { badResponse, requireJson } from '../token-response.js'

const HINTS: Hints = {
  credentialsRejected:
    'The API rejected a token that was issued a moment ago. Check that base-url leads to one platform only.'
}

/** Longer names are ignored. */
const MAX_NAME_LENGTH = 1000

/**
 * Returns the owner of a Genesys Cloud token: `GET /api/v2/tokens/me` (source: official SDKs). It needs no permission;
 * `preserveIdleTTL` keeps the request from counting as use of the token. Throws ActionError.
 */
export async function identify(token: Secret, apiUrl: string, session: HttpSession): Promise<Identity> {
  const url = new URL(`${apiUrl}/api/v2/tokens/me?preserveIdleTTL=true`)
  const response = await session.send({
    method: 'GET',
    url,
    headers: { Authorization: bearerAuthorization(token) }
  })
  if (response.status !== 200) throw rejection(response, HINTS)
  const json = requireJson(response)
  const organization = asJsonObject(json['organization'])
  const id = organization?.['id']
  if (!isId(id)) throw badResponse(response, 'there is no organization in it')
  const name = organization?.['name']
  const clientId = asJsonObject(json['OAuthClient'])?.['id']
  return {
    id,
    ...(typeof name === 'string' && name.length <= MAX_NAME_LENGTH ? { name } : {}),
    ...(isId(clientId) ? { clientId } : {}),
    ...readIdleTime(json['dateTokenIdles'])
  }
}

/**
 * Revokes a Genesys Cloud token: `DELETE /api/v2/tokens/me` deletes the token that makes the request (source: official
 * SDKs). Throws ActionError unless the platform confirms that the token is gone.
 */
export async function revoke(
  token: Secret,
  revocationBaseUrl: string,
  session: HttpSession
): Promise<RevocationOutcome> {
  const url = new URL(`${revocationBaseUrl}/api/v2/tokens/me`)
  const response = await session.send({
    method: 'DELETE',
    url,
    headers: { Authorization: bearerAuthorization(token) }
  })
  // A page of a gateway is not an answer of the platform.
  const isAnswer = response.body.trim() === '' || parseJsonObject(response.body) !== undefined
  if (isAnswer && (response.status === 200 || response.status === 204)) return 'revoked'
  if (isAnswer && response.status === 401) return 'already-invalid'
  throw rejection(response, HINTS)
}

/** Returns when an unused token becomes invalid; nothing if the organisation has no idle timeout. */
function readIdleTime(value: unknown): Pick<Identity, 'idlesAt'> {
  const idlesAt = new Date(typeof value === 'string' && value.length <= 40 ? value : '')
  return Number.isNaN(idlesAt.getTime()) ? {} : { idlesAt }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value)
}
