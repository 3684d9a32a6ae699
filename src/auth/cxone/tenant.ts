import type { HttpResponse } from '../../http/types.js'
import { parseJsonObject } from '../../lib/json.js'
import { Secret } from '../../lib/secret.js'
import { badResponse } from '../token-response.js'

/**
 * Returns the tenant that a login response names: in its access token, otherwise in its `id_token`. Throws `bad-response`
 * if the two differ.
 */
export function readTenant(response: HttpResponse, accessToken: Secret): string | undefined {
  const idToken = parseJsonObject(response.body)?.['id_token']
  const tenants = [accessToken, new Secret(typeof idToken === 'string' ? idToken : '')].map(tenantOf)
  const [fromAccessToken, fromIdToken] = tenants
  if (fromAccessToken !== undefined && fromIdToken !== undefined && fromAccessToken !== fromIdToken)
    throw badResponse(response, 'its access_token and its id_token name different tenants')
  return fromAccessToken ?? fromIdToken
}

/** The token came over TLS from its issuer a moment ago, so it is decoded without checking its signature. */
function tenantOf(token: Secret): string | undefined {
  return token.inspect(jwt => {
    const claims = parseJsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const tenantId = claims?.['tenantId']
    return typeof tenantId === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(tenantId) ? tenantId : undefined
  })
}
