import { parseJsonObject } from '../../lib/json.js'
import type { Secret } from '../../lib/secret.js'

/**
 * Returns the tenant in the `tenantId` claim of a CXone token. The token came over TLS from its issuer a moment ago, so
 * it is decoded without checking its signature.
 */
export function tenantOf(token: Secret): string | undefined {
  return token.inspect(jwt => {
    const claims = parseJsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const tenantId = claims?.['tenantId']
    return typeof tenantId === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(tenantId) ? tenantId : undefined
  })
}
