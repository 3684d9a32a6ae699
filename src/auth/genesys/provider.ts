import { variablesOf } from '../../lib/input-reader.js'
import type { Provider } from '../provider.js'
import * as currentToken from './current-token.js'
import { exchangeGenesys } from './exchange.js'
import { CLIENT, type GenesysRequest, readGenesysRequest } from './request.js'

const CREDENTIALS: Readonly<Record<GenesysRequest['exchange'], string>> = {
  'genesys-login': 'client credentials at the login host',
  'genesys-api': 'client credentials at the API host (undocumented request)',
  'genesys-long-lived': 'client credentials for a long-lived token (undocumented request)'
}

export const genesys: Provider<GenesysRequest> = {
  name: 'Genesys Cloud',
  aliases: ['genesys', 'genesys-cloud'],
  credentialVariables: variablesOf([CLIENT]),
  ownerNoun: 'organisation',
  regionNoun: 'region',
  // Read by CX as Code, the `gc` CLI (the first two) and the CI blueprint of Genesys.
  toolVariables: [
    { name: 'GENESYSCLOUD_ACCESS_TOKEN', value: ({ token }) => token.value },
    { name: 'GENESYSCLOUD_REGION', value: ({ region }) => region },
    { name: 'GENESYSCLOUD_API_REGION', value: ({ apiUrl }) => apiUrl }
  ],

  unknownExpiry:
    'as set on its OAuth client, after 48 hours at most (SCIM clients: 450 days; long-lived tokens: a year)',

  readInputs: readGenesysRequest,

  describe(request) {
    const { exchange, baseUrl } = request
    const { code, domain } = request.region
    const login = request.exchange === 'genesys-long-lived' ? request.initial : request
    const loginBaseUrl = login.exchange === 'genesys-login' ? login.loginBaseUrl : undefined
    return {
      credentials: CREDENTIALS[exchange],
      location: { label: 'Region', values: code === undefined ? [domain] : [code, domain] },
      credentialId: { label: 'OAuth client', value: login.client.id },
      baseUrls: [...new Set([baseUrl, loginBaseUrl])].filter(url => url !== undefined)
    }
  },

  lifetimeAdvice({ exchange }) {
    if (exchange === 'genesys-long-lived')
      return 'The lifetime of long-lived tokens is not documented. Remove min-lifetime, or use token-kind: access.'
    return 'The lifetime is set on the OAuth client, from 5 minutes to 48 hours: Admin, Integrations, OAuth, Token Duration.'
  },

  exchange: exchangeGenesys,

  // `exchangeGenesys` always returns an API address.
  identify: ({ token, apiUrl }, session) => currentToken.identify(token.value, apiUrl as string, session),

  revoke: currentToken.revoke
}
