const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const NAME = `${LABEL}(?:\\.${LABEL})*`

const DNS_LABEL = new RegExp(`^${LABEL}$`)
const HOST_OR_URL = new RegExp(`^(?:https?://(${NAME})(?::443)?(?:[/?#][\\x21-\\x7e]*)?|(${NAME}))$`)

/** Returns whether the text is one label of a host name, in lower case. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text)
}

/**
 * Returns the host of a host name or an http(s) URL, both in lower case; undefined for anything else. Rejects what
 * `new URL` would silently correct: a user, a backslash, a port other than 443.
 */
export function parseHost(text: string): string | undefined {
  const match = text.length > 2048 ? null : HOST_OR_URL.exec(text)
  return match?.[1] ?? match?.[2]
}

/** Returns whether the host is the domain or a subdomain of it. */
export function isSubdomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}
