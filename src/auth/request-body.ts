import { formEncode, type Secret } from '../lib/secret.js'
import type { AccessKey, Client, ExchangeEvents } from './provider.js'

export const FORM = 'application/x-www-form-urlencoded'
export const JSON_TYPE = 'application/json'

/**
 * Returns where a request goes: to the platform's host, or to the one origin that stands in for all of them. The
 * path is set, never resolved: resolving one that begins with `//` would change the host.
 */
export function place(origin: string, path: string, baseUrl: URL | undefined): URL {
  const url = new URL(baseUrl ?? origin)
  url.pathname = path
  return url
}

/** Returns the Basic header of a client, already told to the events. */
export function basic(client: Client, events: ExchangeEvents): Secret {
  const blob = basicBlob(client)
  events.secret(blob)
  return blob.map(text => `Basic ${text}`)
}

/** Returns what no token may hold: a broken server that echoes its request would have it published. */
export function credentialsOf(client: Client | undefined, accessKey: AccessKey | undefined): Secret[] {
  const secrets = [
    ...(client === undefined ? [] : [client.secret, basicBlob(client)]),
    ...(accessKey === undefined ? [] : [accessKey.secret])
  ]
  return secrets.flatMap(secret => [secret, ...secret.otherSpellings()])
}

function basicBlob(client: Client): Secret {
  return client.secret.map(secret => Buffer.from(`${client.id}:${secret}`).toString('base64'))
}

/** Returns a form whose last field is a secret; each value in the spelling that forms demand. */
export function form(
  fields: Readonly<Record<string, string | undefined>>,
  name: string,
  secret: Secret
): Secret {
  return secret.map(text => `${formText(fields)}&${name}=${formEncode(text)}`)
}

/** Returns a form without a secret in it. */
export function formText(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${formEncode(value ?? '')}`)
    .join('&')
}

/** Returns a JSON object with one secret in it, as its last member. */
export function json(fields: Readonly<Record<string, string>>, name: string, secret: Secret): Secret {
  return secret.map(text => JSON.stringify({ ...fields, [name]: text }))
}
