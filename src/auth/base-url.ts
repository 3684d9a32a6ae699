import { ActionError } from '../lib/action-error.js'
import { type InputReader, invalidInput } from '../lib/input-reader.js'

const ALLOWED =
  'Allowed: an origin without a path, https://gateway.example.com, or http on loopback (http://127.0.0.1:8080).'

/** Returns the origin that replaces all hosts of the platform, if one is given. Throws `invalid-input`. */
export function readBaseUrl(reader: InputReader): { readonly baseUrl?: URL } {
  const text = reader.text('base-url')
  if (text === '') return {}
  // Reject anything that `new URL` would silently correct (a backslash, a tab, a user).
  const isPlain = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?\/?$/i.test(text)
  const url = isPlain && URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (url.protocol === 'https:' || isLoopback(url.hostname))) return { baseUrl: url }
  // A user or a query can contain a credential: do not repeat such a value.
  if (/[@?#]/.test(text)) {
    throw new ActionError('invalid-input', 'Input base-url contains a user, a query or a fragment.', ALLOWED)
  }
  throw invalidInput('base-url', text, ALLOWED)
}

/** Returns the URL of a request: at the platform's host, or at the base URL that replaces it. */
export function endpointUrl(origin: string, path: string, baseUrl: URL | undefined): URL {
  const url = new URL(baseUrl ?? origin)
  // Set, not resolved: resolving a path that begins with `//` would change the host.
  url.pathname = path
  return url
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
