import { checkBypass, getProxyUrl } from '@actions/http-client/lib/proxy'
import { ActionError } from '../lib/action-error.js'
import { describeRequest, type HttpRequest } from './types.js'

/** Returns host and port of the proxy for this URL, without its credentials; undefined if there is none. */
export function proxyHost(url: URL): string | undefined {
  return getProxyUrl(url)?.host || undefined
}

/**
 * Throws `network` if a proxy is set but its variable cannot be read. The HTTP client would silently bypass the proxy.
 * Reads `process.env`, as the client does.
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
    // Not a URL: reported below.
  }
  if (proxy?.host && /^https?:$/.test(proxy.protocol)) return
  throw new ActionError(
    'network',
    `${describeRequest(request)} was not sent: the value of ${name} is not an http or https URL, 0 attempts.`,
    'Write it as http://host:port or http://user:password@host:port, with special characters percent-encoded (% is %25, # is %23).'
  )
}
