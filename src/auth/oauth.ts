import { type Credential, type InputReader, invalidInput } from '../lib/input-reader.js'
import { formEncode, type Secret } from '../lib/secret.js'
import type { ExchangeEvents } from './provider.js'

export const FORM_TYPE = 'application/x-www-form-urlencoded'
export const JSON_TYPE = 'application/json'

/** Returns the input `scope`, if given. Throws `invalid-input` unless it has the form of RFC 6749, section 3.3. */
export function readScope(reader: InputReader): { readonly scope?: string } {
  const scope = reader.text('scope')
  if (scope === '') return {}
  const isScope = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope)
  if (!isScope || scope.length > 2000)
    throw invalidInput('scope', scope, 'Allowed: names separated by single spaces.')
  return { scope }
}

/** Returns the Basic header of a client; its value is reported to `onSecret` first. */
export function basicAuthorization(client: Credential, { onSecret }: ExchangeEvents): Secret {
  const credentials = basicCredentials(client)
  onSecret(credentials)
  return credentials.map(text => `Basic ${text}`)
}

export function bearerAuthorization(token: Secret): Secret {
  return token.map(text => `Bearer ${text}`)
}

/** Returns every spelling of the credentials that a server could echo in place of a token. */
export function spellingsOf({
  client,
  accessKey
}: {
  readonly client?: Credential
  readonly accessKey?: Credential
}): Secret[] {
  const secrets = [
    ...(client === undefined ? [] : [client.secret, basicCredentials(client)]),
    ...(accessKey === undefined ? [] : [accessKey.secret])
  ]
  return secrets.flatMap(secret => [secret, ...secret.otherSpellings()])
}

/** Returns a form without a secret in it. Undefined fields are left out. */
export function formBody(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${formEncode(value)}`]))
    .join('&')
}

/** Returns a form whose last field is a secret. */
export function secretFormBody(
  fields: Readonly<Record<string, string | undefined>>,
  [name, secret]: readonly [name: string, secret: Secret]
): Secret {
  return secret.map(text => `${formBody(fields)}&${name}=${formEncode(text)}`)
}

/** Returns a JSON object whose last member is a secret. */
export function secretJsonBody(
  fields: Readonly<Record<string, string>>,
  [name, secret]: readonly [name: string, secret: Secret]
): Secret {
  return secret.map(text => JSON.stringify({ ...fields, [name]: text }))
}

function basicCredentials({ id, secret }: Credential): Secret {
  return secret.map(text => Buffer.from(`${id}:${text}`).toString('base64'))
}
