import { checkBypass, getProxyUrl } from '@actions/http-client/lib/proxy'
import { ActionError } from '../lib/action-error.js'
import { MIN_SECRET_LENGTH, Secret } from '../lib/secret.js'
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
  if (proxy?.hostname.startsWith('[')) {
    throw new ActionError(
      'network',
      `${describeRequest(request)} was not sent: the proxy in ${name} is an IPv6 address, which is not supported.`,
      'Use the name of the proxy, or its IPv4 address.'
    )
  }
  if (proxy?.host && /^https?:$/.test(proxy.protocol)) return
  throw new ActionError(
    'network',
    `${describeRequest(request)} was not sent: the value of ${name} is not an http or https URL.`,
    'Write it as http://host:port or http://user:password@host:port, with special characters percent-encoded (% is %25, # is %23).'
  )
}

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY']

/** Returns the passwords of the proxies in the environment, as they are written, decoded, and in a Basic header. */
export function proxySecrets(env: Readonly<Record<string, string | undefined>>): Secret[] {
  const secrets = PROXY_VARIABLES.flatMap(name => {
    const [, user = '', password = ''] = /^(?:[a-z]+:\/\/)?([^:@/]*):(.+)@/i.exec(env[name] ?? '') ?? []
    if (password === '') return []
    const [plainUser, plainPassword] = [decode(user), decode(password)]
    return [password, plainPassword, Buffer.from(`${plainUser}:${plainPassword}`).toString('base64')]
  })
  return [...new Set(secrets)].filter(text => text.length >= MIN_SECRET_LENGTH).map(text => new Secret(text))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
