import { checkBypass, getProxyUrl } from '@actions/http-client/lib/proxy'
import { ActionError } from '../lib/action-error.js'
import { type HttpRequest, named } from './types.js'

/** Returns the proxy's host and port for a request there; `undefined` where none is used. Never its credentials. */
export function proxyFor(url: URL): string | undefined {
  return getProxyUrl(url)?.host || undefined
}

/**
 * Throws `network` where a proxy is to be used and the variable that names it cannot be read. The client would go
 * around it without a word, which is not for it to decide.
 */
export function requireReadableProxy(request: HttpRequest): void {
  const { url } = request
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
  const name = names.find(variable => process.env[variable])
  if (name === undefined || checkBypass(url)) return
  let proxy: URL | undefined
  try {
    proxy = getProxyUrl(url)
  } catch {
    // told below
  }
  if (proxy?.host && /^https?:$/.test(proxy.protocol)) return
  throw new ActionError(
    'network',
    `${named(request)} was not sent: the proxy that ${name} names cannot be used, for its value is no http or https URL, 0 attempts.`,
    'Write it as http://host:port or http://user:password@host:port, with special characters percent-encoded (% is %25, # is %23).'
  )
}
