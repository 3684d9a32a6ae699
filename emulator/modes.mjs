/** Situations that can be chosen by name: on the command line of the emulator and of `npm run try`, and in the demo. */
import { CXONE_ACCESS_KEY, CXONE_APPLICATION, CXONE_REALM_CLIENT } from './cxone.mjs'

/** @typedef {Iterable<string>} Modes  names of `MODES`; other names are ignored */

export const MODES = {
  throttled: 'the platform answers the first token request with 429 and Retry-After: 2',
  'wrong-region': 'the platform does not know the credentials, because they belong to another region',
  'idle-timeout': 'the organisation has an idle timeout of 15 minutes (Genesys Cloud)',
  gateway: 'an API gateway has one path for login and another for the API (Genesys Cloud)'
}
export const GATEWAY = { loginPath: '/genesys-login', apiPath: '/genesys-api' }

const throttleFirst = { count: 1, retryAfterSeconds: 2 }

/** Returns options for `startGenesys`. Tokens live for the longest time that Genesys Cloud allows. @param {Modes} modes */
export function genesysOptions(modes) {
  const chosen = new Set(modes)
  return {
    clients: [{ region: chosen.has('wrong-region') ? 'us-east-1' : 'eu-west-1', lifetimeSeconds: 172_800 }],
    ...(chosen.has('throttled') && { throttleFirst }),
    ...(chosen.has('idle-timeout') && { idleTimeoutSeconds: 900 }),
    ...(chosen.has('gateway') && GATEWAY)
  }
}

/** Returns options for `startCxone`. @param {Modes} modes */
export function cxoneOptions(modes) {
  const chosen = new Set(modes)
  const knows = !chosen.has('wrong-region')
  return {
    applications: knows ? [CXONE_APPLICATION] : [],
    accessKeys: knows ? [CXONE_ACCESS_KEY] : [],
    realmClients: knows ? [CXONE_REALM_CLIENT] : [],
    ...(chosen.has('throttled') && { throttleFirst })
  }
}
