/** Inputs of both actions, with their defaults. */
const EXCHANGE_INPUTS = {
  provider: '',
  region: '',
  'client-id': '',
  'client-secret': '',
  'access-key-id': '',
  'access-key-secret': '',
  'token-kind': 'access',
  'service-account-id': '',
  'token-endpoint': 'login',
  scope: '',
  'base-url': '',
  'login-base-url': '',
  verify: 'false',
  'allowed-organization-ids': '',
  'min-lifetime': '',
  timeout: '120s',
  'attempt-timeout': '15s',
  'max-attempts': '5',
  summary: 'true'
}

/** Every input of action.yml, with its default. */
export const MAIN_INPUTS = {
  ...EXCHANGE_INPUTS,
  'export-env': '',
  'tool-env': 'false',
  'token-file': 'false',
  revoke: 'auto'
}

/** Every input of rotate/action.yml, with its default. `verify` is on: the new token replaces one that works. */
export const ROTATE_INPUTS = {
  ...EXCHANGE_INPUTS,
  verify: 'true',
  'secret-name': '',
  'github-token': '',
  repository: '',
  environment: '',
  organization: '',
  visibility: '',
  'selected-repository-ids': '',
  'rotate-after': '0s',
  'previous-token': '',
  'expiry-variable': '',
  'dry-run': 'false',
  'store-command': '',
  'read-command': '',
  'revoke-previous': 'false',
  'command-timeout': '60s'
}

export type InputName = keyof typeof MAIN_INPUTS | keyof typeof ROTATE_INPUTS
