import { ActionError } from '../lib/action-error.js'
import { type Inputs, invalidInput } from './reader.js'

const RULE =
  'One origin and nothing more: https://gateway.example.com, or http on loopback (http://127.0.0.1:8080).'

/** Returns the origin that stands in for all the platform's hosts, if one is given; throws `invalid-input`. */
export function readBaseUrl(inputs: Inputs): URL | undefined {
  const text = inputs.text('base-url')
  if (text === '') return undefined
  // Parsers repair what is wrong (a backslash, a tab, a user): only what needs no repair is taken.
  const plain = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?\/?$/i
  const url = plain.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (url.protocol === 'https:' || isLoopback(url.hostname))) return url
  // A user or a query may hold a credential: such an address is not repeated.
  throw /[@?#]/.test(text) ? notRepeated() : invalidInput('base-url', text, RULE)
}

function notRepeated(): ActionError {
  return new ActionError(
    'invalid-input',
    'Input base-url holds more than an origin: a user, a query or a fragment.',
    RULE
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
