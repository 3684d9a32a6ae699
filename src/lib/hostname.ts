const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const NAME = `${LABEL}(?:\\.${LABEL})*`

const DNS_LABEL = new RegExp(`^${LABEL}$`)
const HOST_OR_URL = new RegExp(`^(?:https?://(${NAME})(?::443)?(?:[/?#][\\x21-\\x7e]*)?|(${NAME}))$`)

/** Whether the text is one label of a host name, in lower case. */
export function isLabel(text: string): boolean {
  return DNS_LABEL.test(text)
}

/**
 * Returns the host of a bare host name or of an http(s) URL, both in lower case. No URL parser is asked, for
 * parsers repair: with a user, a backslash or a port other than 443 it is no host at all.
 */
export function hostIn(text: string): string | undefined {
  const match = text.length > 2048 ? null : HOST_OR_URL.exec(text)
  return match?.[1] ?? match?.[2]
}

/** Whether the host is the domain or stands below it, compared label by label. */
export function isUnder(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}
