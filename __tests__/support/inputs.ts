/** Inputs with the credentials that the emulators know. For made-up ones, see read-inputs.ts. */
import { CXONE_ACCESS_KEY, CXONE_APPLICATION, CXONE_REALM_CLIENT } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT } from '../../emulator/genesys.mjs'

export type Inputs = Readonly<Record<string, string>>

export const GENESYS: Inputs = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret
}
export const LONG_LIVED: Inputs = {
  ...GENESYS,
  'token-kind': 'long-lived',
  'service-account-id': GENESYS_SERVICE_ACCOUNT.id
}
export const CXONE_APPLICATION_INPUTS: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_APPLICATION.id,
  'client-secret': CXONE_APPLICATION.secret,
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_ACCESS_KEY_INPUTS: Inputs = {
  provider: 'cxone',
  region: 'na1',
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_CLIENT_INPUTS: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_REALM_CLIENT.id,
  'client-secret': CXONE_REALM_CLIENT.secret
}
