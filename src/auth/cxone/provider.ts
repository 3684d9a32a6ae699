import { ActionError } from '../../lib/action-error.js'
import { variablesOf } from '../../lib/input-reader.js'
import type { Provider, RequestDescription } from '../provider.js'
import { exchangeCxone } from './exchange.js'
import { ACCESS_KEY, CLIENT, type CxoneRequest, readCxoneRequest } from './request.js'

const CREDENTIALS: Readonly<Record<CxoneRequest['exchange'], string>> = {
  'cxone-application': 'client credentials and an access key',
  'cxone-access-key': 'an access key',
  'cxone-client': 'client credentials (undocumented request)'
}

export const cxone: Provider<CxoneRequest> = {
  name: 'NICE CXone',
  aliases: ['cxone', 'nice-cxone'],
  credentialVariables: variablesOf([CLIENT, ACCESS_KEY]),
  ownerNoun: 'tenant',
  regionNoun: 'area',
  toolVariables: [
    { name: 'CXONE_ACCESS_TOKEN', value: ({ token }) => token.value },
    { name: 'CXONE_API_URL', value: ({ apiUrl }) => apiUrl }
  ],
  unknownExpiry: 'an hour after it was issued',
  noRevocationAdvice: 'The token expires after an hour. To end it sooner, deactivate the access key.',

  readInputs: readCxoneRequest,

  describe(request) {
    const { baseUrl } = request
    return {
      credentials: CREDENTIALS[request.exchange],
      location: locationOf(request),
      credentialId:
        'client' in request
          ? { label: 'Client', value: request.client.id }
          : { label: 'Access key', value: request.accessKey.id },
      baseUrls: baseUrl === undefined ? [] : [baseUrl]
    }
  },

  lifetimeAdvice() {
    return 'A NICE CXone token lives for one hour, and no setting extends it: request one in each job, close to its use.'
  },

  exchange: exchangeCxone,

  /** Sends no request: the login response names the tenant. */
  async identify({ ownerId }) {
    if (ownerId !== undefined) return { id: ownerId }
    throw new ActionError(
      'bad-response',
      'The token does not name a tenant, so its owner is unknown.',
      'Remove verify and allowed-organization-ids (in rotate: set verify: false), or use a client with an access key: its ' +
        'tokens name their tenant.'
    )
  }
}

function locationOf(request: CxoneRequest): RequestDescription['location'] {
  switch (request.exchange) {
    case 'cxone-application':
      return { label: 'Issuer', values: [request.issuer] }
    case 'cxone-access-key':
      return { label: 'Area', values: [request.area] }
    case 'cxone-client':
      return { label: 'Realm', values: [request.realm] }
  }
}
