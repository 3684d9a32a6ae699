/** Reads requests as strictly as the platforms do. Each function returns undefined for what a platform would refuse. */
import { timingSafeEqual } from 'node:crypto'

/** @typedef {import('./server.mjs').RecordedRequest} RecordedRequest */

/**
 * Returns the media type in lower case, empty if there is none. The only parameter allowed is a charset of UTF-8.
 *
 * @param {RecordedRequest} request
 */
export function mediaType(request) {
  const match = /^([^;\s]+)(?:;\s*charset="?utf-8"?)?$/i.exec(request.headers['content-type'] ?? '')
  return (match?.[1] ?? '').toLowerCase()
}

/**
 * Returns the id and secret of a Basic header.
 *
 * @param {RecordedRequest} request
 */
export function basicCredentials(request) {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') !== encoded) return undefined
  const text = bytes.toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * Returns the token of a Bearer header.
 *
 * @param {RecordedRequest} request
 */
export function bearerToken(request) {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/**
 * Returns the fields of a form body. Every reserved character must be encoded, so an access key that ends in a
 * plain `====` is refused. A repeated field is refused too.
 *
 * @param {string} body
 */
export function parseForm(body) {
  /** @type {Record<string, string>} */
  const fields = Object.create(null)
  for (const pair of body.split('&')) {
    const [, name, value = ''] = /^([\w.~*-]+)=((?:[\w.~*!'()+-]|%[0-9A-Fa-f]{2})*)$/.exec(pair) ?? []
    if (name === undefined || name in fields) return undefined
    try {
      fields[name] = decodeURIComponent(value.replaceAll('+', ' '))
    } catch {
      return undefined
    }
  }
  return fields
}

/**
 * Returns the members of a JSON body that is one flat object of strings.
 *
 * @param {string} body
 * @returns {Record<string, string> | undefined}
 */
export function parseJson(body) {
  try {
    const value = JSON.parse(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && Object.values(value).every(member => typeof member === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns whether the fields are the required ones and no others than the optional ones.
 *
 * @param {Record<string, string>} fields
 * @param {string[]} required
 * @param {string[]} [optional]
 */
export function hasExactly(fields, required, optional = []) {
  return (
    required.every(name => name in fields) &&
    Object.keys(fields).every(name => required.includes(name) || optional.includes(name))
  )
}

/**
 * @param {string} given
 * @param {string} known
 */
export function sameSecret(given, known) {
  const [a, b] = [Buffer.from(given), Buffer.from(known)]
  return a.length === b.length && timingSafeEqual(a, b)
}
