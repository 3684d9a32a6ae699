import { ActionError } from '../lib/action-error.js'
import { type InputReader, invalidInput } from '../lib/input-reader.js'

/** The address of a gateway or an emulator that replaces hosts of the platform. Its path comes before every request's own. */
export interface BaseUrl {
  readonly input: 'base-url' | 'login-base-url'
  /** Origin and path, without a slash at the end. */
  readonly url: string
}

const ALLOWED =
  'Allowed: an https URL, or http on loopback, with an optional path: https://gateway.example.com, http://127.0.0.1:8080/genesys. ' +
  'No user, query or fragment, and no “..”, “//”, “%” or backslash in the path.'

/** Returns the base URL in an input, if one is given. Throws `invalid-input`. */
export function readBaseUrl(reader: InputReader, input: BaseUrl['input'] = 'base-url'): BaseUrl | undefined {
  const text = reader.text(input)
  if (text === '') return undefined
  const url = parseBaseUrl(text)
  if (url !== undefined) return { input, url }
  // A user or a query can contain a credential: do not repeat such a value.
  if (/[@?#]/.test(text)) {
    throw new ActionError('invalid-input', `Input ${input} contains a user, a query or a fragment.`, ALLOWED)
  }
  throw invalidInput(input, text, ALLOWED)
}

/** Returns the URL of a request: at the platform's host, or at the base URL that replaces it. */
export function endpointUrl(origin: string, path: string, baseUrl: BaseUrl | undefined): URL {
  const url = new URL(baseUrl?.url ?? origin)
  // Set, not resolved: resolving a path that begins with `//` would change the host.
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`
  return url
}

/** Returns the base URL of an API, without a slash at its end. */
export function apiBaseUrl(origin: string, baseUrl: BaseUrl | undefined): string {
  return baseUrl?.url ?? origin
}

/** Rejects anything that `new URL` would silently correct (a backslash, a tab, a user, `..`). */
function parseBaseUrl(text: string): string | undefined {
  const [, origin = '', path = ''] =
    /^(https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)((?:\/[\w.~!$&'()*+,;=:-]+)*)\/?$/i.exec(
      text
    ) ?? []
  if (!URL.canParse(origin) || path.split('/').some(segment => /^\.{1,2}$/.test(segment))) return undefined
  const url = new URL(origin)
  return url.protocol === 'https:' || isLoopback(url.hostname) ? `${url.origin}${path}` : undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
