import type { HttpResponse } from '../http/types.js'
import { jsonObject } from './token-response.js'

/**
 * Whether the answer says that too many tokens were asked for. Genesys Cloud's token endpoint does so with HTTP
 * 400, as the official Terraform provider reads it; 429 is what everybody else says.
 */
export function isThrottled({ status, body }: Pick<HttpResponse, 'status' | 'body'>): boolean {
  if (status !== 400) return status === 429
  const json = jsonObject(body)
  return [json?.['description'], json?.['error_description']].some(
    words => typeof words === 'string' && /^rate limit exceeded/i.test(words)
  )
}
