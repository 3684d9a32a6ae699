import { responseTrail, responseWithStatus } from '../http/errors.js'
import type { HttpResponse } from '../http/types.js'
import { ActionError } from '../lib/action-error.js'
import { type Json, parseJsonObject } from '../lib/json.js'
import { MIN_SECRET_LENGTH, Secret } from '../lib/secret.js'
import { isToken } from '../lib/token.js'
import type { ExchangeEvents, IssuedToken } from './provider.js'

/** A token has one line. A hostile response may have any number, and each costs a mask. */
const MAX_MASKED_LINES = 100

/** A longer lifetime is taken for an error of the platform. */
const MAX_LIFETIME_SECONDS = 10 * 366 * 86_400

/** Returns the response's body as a JSON object. Throws `bad-response`. */
export function requireJson(response: HttpResponse): Json {
  const json = parseJsonObject(response.body)
  if (json === undefined) throw badResponse(response, 'its body is not a JSON object')
  return json
}

/** Returns the error for a response that arrived complete but cannot be used. It quotes nothing of the body. */
export function badResponse(response: HttpResponse, problem: string): ActionError {
  return new ActionError(
    'bad-response',
    `${responseWithStatus(response)}, but ${problem}${responseTrail(response)}.`,
    'Nothing was published. The login page of a proxy or gateway often causes this: check base-url and the network ' +
      'path to the platform. If it persists, show this message to the support of the platform.'
  )
}

/**
 * Reports every token in a response to `onSecret`, whatever the status, so that an error that quotes the response
 * cannot show one. Each line is masked separately, as the log would show it.
 */
export function maskTokens(response: HttpResponse, { onSecret }: ExchangeEvents): void {
  const json = parseJsonObject(response.body) ?? {}
  for (const name of ['access_token', 'refresh_token', 'id_token']) {
    const text = json[name]
    const lines = typeof text === 'string' ? text.split(/[\p{Cc}\p{Zl}\p{Zp}]+/u, MAX_MASKED_LINES) : []
    for (const line of lines) if (line.length >= MIN_SECRET_LENGTH) onSecret(new Secret(line))
  }
}

/**
 * Returns the token in a response; call `maskTokens` first. Throws `bad-response` if there is none, if it cannot be
 * sent in a header, or if it contains one of the `credentials` (a server that echoes its request).
 */
export function readToken(
  response: HttpResponse,
  { kind, credentials }: Pick<IssuedToken, 'kind'> & { readonly credentials: readonly Secret[] }
): IssuedToken {
  const { access_token: text, expires_in: expiresIn } = requireJson(response)
  if (typeof text !== 'string') throw badResponse(response, 'there is no access_token in it')
  if (credentials.some(credential => credential.redact(text) !== text))
    throw badResponse(response, 'its access_token contains one of the credentials')
  if (!isToken(text))
    throw badResponse(response, 'its access_token is not 16 characters to 32 KiB of visible ASCII')
  return { value: new Secret(text), kind, ...readLifetime(expiresIn, response.sentAt) }
}

/** Returns nothing unless the value is a sensible number of seconds. */
function readLifetime(value: unknown, sentAt: Date): Pick<IssuedToken, 'expiresInSeconds' | 'expiresAt'> {
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS)) return {}
  const expiresInSeconds = Math.floor(seconds)
  return { expiresInSeconds, expiresAt: new Date(sentAt.getTime() + expiresInSeconds * 1000) }
}
