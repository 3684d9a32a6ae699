/** The scenes of the demo: each exchange once, and the two failures that most people meet first. */
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'

/**
 * @typedef {import('../../emulator/server.mjs').EmulatorServer
 *   & {tokens: Map<string, {expiresAt: number, revoked?: boolean, kind?: string}>, alsoIssued?: string[]}} Platform
 *
 * @typedef {object} Scene
 * @property {string} title
 * @property {string} about
 * @property {() => Promise<Platform>} start
 * @property {Record<string, string>} inputs  without `base-url`
 * @property {string} [errorCode]  absent: the step succeeds
 * @property {boolean} [showsSummary]
 */

const genesys = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret
}
const accessKey = {
  provider: 'cxone',
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}

/** @type {Scene[]} */
export const scenes = [
  {
    title: 'Genesys Cloud · client credentials',
    about: 'The documented request at the login host; verified, with tool-env for Terraform and gc.',
    start: startGenesys,
    inputs: { ...genesys, 'tool-env': 'true', verify: 'true' },
    showsSummary: true
  },
  {
    title: 'Genesys Cloud · JSON at the API host',
    about: 'An undocumented request, chosen by token-endpoint: api.',
    start: startGenesys,
    inputs: { ...genesys, 'token-endpoint': 'api' }
  },
  {
    title: 'Genesys Cloud · long-lived token',
    about: 'An initial token, then an undocumented request for a token of a service account: one year.',
    start: startGenesys,
    inputs: {
      ...genesys,
      'token-kind': 'long-lived',
      'service-account-id': GENESYS_SERVICE_ACCOUNT.id,
      'tool-env': 'true'
    }
  },
  {
    title: 'NICE CXone A · back-end application and access key',
    about: 'Discovery, password grant, tenant configuration: the API’s address comes from the platform.',
    start: startCxone,
    inputs: {
      ...accessKey,
      'client-id': CXONE_APPLICATION.id,
      'client-secret': CXONE_APPLICATION.secret,
      'tool-env': 'true'
    }
  },
  {
    title: 'NICE CXone B · access key alone',
    about: 'One request to the area’s UserHub.',
    start: startCxone,
    inputs: { ...accessKey, region: 'na1' }
  },
  {
    title: 'NICE CXone C · client credentials at a realm',
    about: 'An undocumented request; realm us-22 by default. It tells no API address.',
    start: startCxone,
    inputs: {
      provider: 'cxone',
      'client-id': CXONE_REALM_CLIENT.id,
      'client-secret': CXONE_REALM_CLIENT.secret
    }
  },
  {
    title: 'Failure · wrong secret',
    about: 'Last year’s secret: one request, no second try, no token.',
    start: startGenesys,
    inputs: { ...genesys, 'client-secret': 'emulated-secret-of-last-year' },
    errorCode: 'credentials-rejected'
  },
  {
    title: 'Failure · wrong region',
    about: 'Right credentials of a client in us-east-1, sent to eu-west-1.',
    start: () => startGenesys({ clients: [{ region: 'us-east-1' }] }),
    inputs: genesys,
    errorCode: 'credentials-rejected'
  }
]
