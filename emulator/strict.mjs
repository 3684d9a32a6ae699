/** Readers of requests that accept what the platforms accept and nothing more. */
import { timingSafeEqual } from 'node:crypto'

/** @typedef {import('./server.mjs').RecordedRequest} RecordedRequest */

/**
 * The media type without parameters, lower case; a `charset` of UTF-8 is the only parameter tolerated.
 *
 * @param {RecordedRequest} request
 * @returns {string}  empty when there is none, or one with other parameters
 */
export function mediaType(request) {
  const match = /^([^;\s]+)(?:;\s*charset="?utf-8"?)?$/i.exec(request.headers['content-type'] ?? '')
  return (match?.[1] ?? '').toLowerCase()
}

/**
 * The id and secret of a Basic header in canonical base64.
 *
 * @param {RecordedRequest} request
 * @returns {{id: string, secret: string} | undefined}
 */
export function basicCredentials(request) {
  const blob = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.authorization ?? '')?.[1]
  if (blob === undefined) return undefined
  const bytes = Buffer.from(blob, 'base64')
  if (bytes.toString('base64') !== blob) return undefined
  const text = bytes.toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * The token of a Bearer header.
 *
 * @param {RecordedRequest} request
 * @returns {string | undefined}
 */
export function bearerToken(request) {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/**
 * The fields of a form body. Every reserved character has to be encoded: an access key that ends in a
 * bare `====` is refused here, as is a field given twice.
 *
 * @param {string} body
 * @returns {Record<string, string> | undefined}  undefined when it is no well-formed form
 */
export function parseForm(body) {
  /** @type {Record<string, string>} */
  const fields = Object.create(null)
  for (const pair of body.split('&')) {
    const match = /^([\w.~*-]+)=((?:[\w.~*!'()+-]|%[0-9A-Fa-f]{2})*)$/.exec(pair)
    const name = match?.[1]
    if (name === undefined || name in fields) return undefined
    try {
      fields[name] = decodeURIComponent((match?.[2] ?? '').replaceAll('+', ' '))
    } catch {
      return undefined
    }
  }
  return fields
}

/**
 * The members of a JSON body that is one flat object of strings.
 *
 * @param {string} body
 * @returns {Record<string, string> | undefined}
 */
export function parseJson(body) {
  try {
    const value = JSON.parse(body)
    const flat =
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(member => typeof member === 'string')
    return flat ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether an object has exactly these members, apart from optional ones.
 *
 * @param {Record<string, string>} fields
 * @param {string[]} required
 * @param {string[]} [optional]
 * @returns {boolean}
 */
export function hasExactly(fields, required, optional = []) {
  return (
    required.every(name => name in fields) &&
    Object.keys(fields).every(name => required.includes(name) || optional.includes(name))
  )
}

/**
 * Whether a credential is the one on file, byte for byte.
 *
 * @param {string} given
 * @param {string} known
 * @returns {boolean}
 */
export function sameSecret(given, known) {
  const [a, b] = [Buffer.from(given), Buffer.from(known)]
  return a.length === b.length && timingSafeEqual(a, b)
}
