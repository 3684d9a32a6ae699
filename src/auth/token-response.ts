import { responseTrail, responseWithStatus } from '../http/errors.js'
import type { HttpResponse, RawResponse } from '../http/types.js'
import { ActionError } from '../lib/action-error.js'
import { type Json, parseJsonObject } from '../lib/json.js'
import { Redactor } from '../lib/redactor.js'
import { MIN_SECRET_LENGTH, Secret } from '../lib/secret.js'
import { isToken, MAX_TOKEN_LENGTH } from '../lib/token.js'
import type { ExchangeEvents, IssuedToken } from './provider.js'

/** Masks for one response. A platform sends three tokens at most, of one line each; a hostile response may have more. */
const MAX_MASKS = 8

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

/** What a response to a token request should contain. */
export interface ExpectedToken extends Pick<IssuedToken, 'kind' | 'revocationBaseUrl'> {
  readonly acceptedStatus: readonly number[]
  /** Secrets of the request. A token that contains one comes from a server that echoes its request. */
  readonly credentials: readonly Secret[]
}

/**
 * Reports every token in a response to the events, whatever the status, so that an error that quotes the response cannot
 * show one, and so that a token is revoked even if the step does not accept the response.
 */
export function reportTokens(
  response: RawResponse,
  sentAt: Date,
  { expected, events }: { readonly expected: ExpectedToken; readonly events: ExchangeEvents }
): void {
  maskTokens(response, events)
  const json = parseJsonObject(response.body) ?? {}
  const token = parseToken(json, sentAt, expected)
  if (typeof token === 'string') return
  const isRejected = !expected.acceptedStatus.includes(response.status)
  events.onToken(isRejected ? { ...token, isRejected } : token)
}

/** Reports every token in a response to `onSecret`. The runner masks each line separately. */
export function maskTokens(response: RawResponse, { onSecret }: Pick<ExchangeEvents, 'onSecret'>): void {
  for (const line of tokenLines(response).slice(0, MAX_MASKS)) onSecret(new Secret(line))
}

/** Returns whether every token in the response is masked. Otherwise no error may quote it. */
export function areTokensMasked(response: RawResponse): boolean {
  return tokenLines(response).length <= MAX_MASKS
}

/** Returns the token in a response, as `reportTokens` reported it. Throws `bad-response`. */
export function readToken(response: HttpResponse, expected: ExpectedToken): IssuedToken {
  const token = parseToken(requireJson(response), response.sentAt, expected)
  if (typeof token === 'string') throw badResponse(response, token)
  return token
}

/** Returns the token, or why it cannot be used. */
function parseToken(json: Json, sentAt: Date, expected: ExpectedToken): IssuedToken | string {
  const { access_token: text, expires_in: expiresIn } = json
  if (typeof text !== 'string') return 'there is no access_token in it'
  if (!isToken(text)) return 'its access_token is not 16 characters to 32 KiB of visible ASCII'
  const { kind, credentials, revocationBaseUrl } = expected
  if (new Redactor(credentials).matches(text)) return 'its access_token contains one of the credentials'
  const lifetime = readLifetime(expiresIn, sentAt)
  const token = { value: new Secret(text), kind, ...lifetime }
  return revocationBaseUrl === undefined ? token : { ...token, revocationBaseUrl }
}

/** Returns the lines of all tokens in a response, without those too short to mask and too long to be a token. */
function tokenLines({ body }: RawResponse): string[] {
  const json = parseJsonObject(body) ?? {}
  return ['access_token', 'refresh_token', 'id_token'].flatMap(name => {
    const text = json[name]
    const lines = typeof text === 'string' ? text.split(/[\p{Cc}\p{Zl}\p{Zp}]+/u) : []
    return lines.filter(line => line.length >= MIN_SECRET_LENGTH && line.length <= MAX_TOKEN_LENGTH)
  })
}

/** Returns nothing unless the value is a sensible number of seconds. */
function readLifetime(value: unknown, sentAt: Date): Pick<IssuedToken, 'expiresInSeconds' | 'expiresAt'> {
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS)) return {}
  const expiresInSeconds = Math.floor(seconds)
  return { expiresInSeconds, expiresAt: new Date(sentAt.getTime() + expiresInSeconds * 1000) }
}
