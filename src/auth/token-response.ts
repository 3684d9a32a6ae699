import type { HttpSession } from '../http/session.js'
import { type HttpResponse, named } from '../http/types.js'
import { ActionError } from '../lib/action-error.js'
import { Secret, SHORTEST_SECRET } from '../lib/secret.js'
import { counted, shown } from '../lib/text.js'
import type { ExchangeEvents, Token } from './provider.js'

/** Fewer or more characters than these are no token (a header must still hold it). */
const SHORTEST_TOKEN = 16
const LONGEST_TOKEN = 32 * 1024

/** No token has lines; an enemy's might have any number, and each costs a mask. */
const MOST_LINES = 100

/** Ten years: a longer life is no life but a broken clock. */
const LONGEST_LIFE_SECONDS = 10 * 366 * 86_400

export type Json = Readonly<Record<string, unknown>>

/** Returns the answer's body as a JSON object; `undefined` if it is none. */
export function jsonObject(body: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** Returns the body of a 200 as a JSON object; throws `bad-response` if it is none. */
export function requireJson(answer: HttpResponse, wire: HttpSession): Json {
  const json = jsonObject(answer.body)
  if (json === undefined) throw badResponse(answer, wire, 'whose body is not a JSON object')
  return json
}

/** Returns the error for an answer that came whole but cannot be used; nothing of its body is quoted. */
export function badResponse(answer: HttpResponse, wire: HttpSession, whatIsWrong: string): ActionError {
  return new ActionError(
    'bad-response',
    `${answered(answer, wire)}, ${whatIsWrong}${trail(answer, wire)}.`,
    'Nothing was published. A login page of a proxy or gateway often answers so; check base-url and the way to ' +
      'the platform. If it lasts, show the platform’s support this message.'
  )
}

/** Returns `POST https://… answered 400`. */
export function answered(answer: HttpResponse, wire: HttpSession): string {
  return `${shown(named(answer.request), text => wire.hide(text), 300)} answered ${answer.status}`
}

/** Returns the end of such a sentence: the platform's correlation id, if it sent one, and the attempts made. */
export function trail(answer: HttpResponse, wire: HttpSession): string {
  const id = wire.hide(answer.headers['inin-correlation-id'] ?? '')
  const correlation = /^[A-Za-z0-9*._-]{1,64}$/.test(id) ? `, correlation id ${id}` : ''
  return `${correlation}, ${counted(answer.attempts, 'attempt')}${answer.givenUp}`
}

/**
 * Tells the events every token in an answer's body, whatever its status: before anything is said of the answer, so
 * that its words cannot show one. Of use or not, whatever may be a token is masked, line by line as it would be shown.
 */
export function keepTokens(answer: HttpResponse, events: ExchangeEvents): void {
  const json = jsonObject(answer.body) ?? {}
  for (const name of ['access_token', 'refresh_token', 'id_token']) {
    const text = json[name]
    const lines = typeof text === 'string' ? text.split(/[\p{Cc}\p{Zl}\p{Zp}]+/u, MOST_LINES) : []
    // What is shorter would damage the log.
    for (const line of lines.filter(line => line.length >= SHORTEST_SECRET)) events.secret(new Secret(line))
  }
}

/**
 * Returns the token of an answer that should bring one; `keepTokens` has seen it. Throws `bad-response` where there is
 * none that could stand in a header.
 */
export function readToken(
  answer: HttpResponse,
  kind: Token['kind'],
  credentials: readonly Secret[],
  wire: HttpSession
): Token {
  const json = requireJson(answer, wire)
  const text = json['access_token']
  if (typeof text === 'string' && credentials.some(credential => credential.hideIn(text) !== text)) {
    throw badResponse(answer, wire, 'with an access_token that holds one of the credentials')
  }
  if (typeof text !== 'string') throw badResponse(answer, wire, 'with no access_token in it')
  if (!isToken(text)) {
    throw badResponse(
      answer,
      wire,
      'with an access_token that is not 16 characters to 32 KiB of visible ASCII'
    )
  }
  const value = new Secret(text)
  return { value, kind, ...lifetime(json['expires_in'], answer.sentAt) }
}

function isToken(text: string): boolean {
  return text.length >= SHORTEST_TOKEN && text.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(text)
}

/** A lifetime that is no sensible number of seconds is one that the platform did not say. */
function lifetime(expiresIn: unknown, from: Date): Pick<Token, 'expiresInSeconds' | 'expiresAt'> {
  const said = typeof expiresIn === 'string' && /^\d{1,12}$/.test(expiresIn) ? Number(expiresIn) : expiresIn
  if (typeof said !== 'number' || !(said >= 1 && said <= LONGEST_LIFE_SECONDS)) return {}
  const expiresInSeconds = Math.floor(said)
  return { expiresInSeconds, expiresAt: new Date(from.getTime() + expiresInSeconds * 1000) }
}
