/**
 * What the demonstration plays: each exchange once, and the two failures that people meet first.
 * A scenario is data. To add one, add an entry; what it claims is checked in `checks.mjs`.
 */
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'

/**
 * @typedef {import('../../emulator/server.mjs').EmulatorServer
 *   & {tokens: Map<string, {expiresAt: number, revoked?: boolean, kind?: string}>, alsoIssued?: string[]}} Platform
 *
 * @typedef {object} ExpectedRequest
 * @property {string} line  method and path
 * @property {'Basic' | 'Bearer' | 'none'} authorization
 * @property {string} [type]  of the body; without one there is no body
 * @property {string} [body]  byte for byte
 *
 * @typedef {object} TokenOutcome
 * @property {number} lifetimeSeconds
 * @property {(origin: string) => Record<string, string>} outputs  beside the token and its times
 * @property {(origin: string, token: string) => Record<string, string>} exported
 * @property {(origin: string) => string} nextStep  what the following step has to say
 *
 * @typedef {object} FailureOutcome
 * @property {string} errorCode
 * @property {string[]} words  that the message must contain
 *
 * @typedef {object} Scenario
 * @property {string} title
 * @property {string} about
 * @property {() => Promise<Platform>} start
 * @property {Record<string, string>} inputs  `base-url` is added
 * @property {string[]} secrets  in every spelling that may not be seen
 * @property {ExpectedRequest[]} requests
 * @property {TokenOutcome | FailureOutcome} outcome
 * @property {string} end  what the clean-up says when the job ends
 * @property {boolean} [showsSummary]
 */

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const WRONG_SECRET = 'emulated-secret-of-last-year'

/** @param {{id: string, secret: string}} client */
const spellings = ({ id, secret }) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(`${id}:${secret}`).toString('base64')
]

const genesysInputs = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret
}
const accessKeyInputs = {
  provider: 'cxone',
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}

/** @type {ExpectedRequest} */
const loginRequest = {
  line: 'POST /oauth/token',
  authorization: 'Basic',
  type: FORM,
  body: 'grant_type=client_credentials'
}

/** @param {string} origin */
const genesysOutputs = origin => ({ 'api-url': origin, region: 'eu-west-1', domain: 'mypurecloud.ie' })

/** @param {string} origin */
const genesysVerified = origin => ({
  ...genesysOutputs(origin),
  'organization-id': GENESYS_CLIENT.organization.id,
  'organization-name': GENESYS_CLIENT.organization.name
})

/**
 * @param {string} origin
 * @param {string} token
 */
const genesysVariables = (origin, token) => ({
  GENESYSCLOUD_ACCESS_TOKEN: token,
  GENESYSCLOUD_REGION: 'eu-west-1',
  GENESYSCLOUD_API_REGION: origin
})

const genesysNextStep = () => `GET /api/v2/tokens/me → 200 ${GENESYS_CLIENT.organization.name}`

/** @param {string} origin */
const cxoneNextStep = origin => `a token of tenant ${CXONE_TENANT.id} at ${origin}`

const nothing = () => ({})

/** @type {Scenario[]} */
export const scenarios = [
  {
    title: 'Genesys Cloud · client credentials',
    about: 'The documented request at the login host; verified, with tool-env for Terraform and gc.',
    showsSummary: true,
    start: startGenesys,
    inputs: { ...genesysInputs, 'tool-env': 'true', verify: 'true' },
    secrets: spellings(GENESYS_CLIENT),
    requests: [loginRequest, { line: 'GET /api/v2/tokens/me?preserveIdleTTL=true', authorization: 'Bearer' }],
    end: 'Clean-up: access token revoked.',
    outcome: {
      lifetimeSeconds: 86_400,
      outputs: genesysVerified,
      exported: genesysVariables,
      nextStep: genesysNextStep
    }
  },
  {
    title: 'Genesys Cloud · JSON at the API host',
    about: 'The tutorial’s request, by token-endpoint: api.',
    start: startGenesys,
    inputs: { ...genesysInputs, 'token-endpoint': 'api' },
    secrets: spellings(GENESYS_CLIENT),
    requests: [
      {
        line: 'POST /api/v2/oauth/token',
        authorization: 'none',
        type: JSON_TYPE,
        body: JSON.stringify({
          grant_type: 'client_credentials',
          client_id: GENESYS_CLIENT.id,
          client_secret: GENESYS_CLIENT.secret
        })
      }
    ],
    end: 'Clean-up: access token revoked.',
    outcome: {
      lifetimeSeconds: 86_400,
      outputs: genesysOutputs,
      exported: nothing,
      nextStep: genesysNextStep
    }
  },
  {
    title: 'Genesys Cloud · long-lived token',
    about: 'An initial token, then the tutorial’s generate request for a service account: one year.',
    start: startGenesys,
    inputs: {
      ...genesysInputs,
      'token-kind': 'long-lived',
      'service-account-id': GENESYS_SERVICE_ACCOUNT.id,
      'tool-env': 'true'
    },
    secrets: spellings(GENESYS_CLIENT),
    requests: [
      loginRequest,
      {
        line: 'POST /api/v2/oauth/token/generate',
        authorization: 'Bearer',
        type: JSON_TYPE,
        body: JSON.stringify({ grant_type: 'client_credentials', resource_owner: GENESYS_SERVICE_ACCOUNT.id })
      }
    ],
    end: 'Clean-up: long-lived token left alone, for it is made to outlive the job; access token revoked.',
    outcome: {
      lifetimeSeconds: 31_536_000,
      outputs: genesysOutputs,
      exported: genesysVariables,
      nextStep: genesysNextStep
    }
  },
  {
    title: 'NICE CXone A · back-end application and access key',
    about: 'Discovery, password grant, tenant configuration: the API’s address comes from the platform.',
    start: startCxone,
    inputs: {
      ...accessKeyInputs,
      'client-id': CXONE_APPLICATION.id,
      'client-secret': CXONE_APPLICATION.secret,
      'tool-env': 'true'
    },
    secrets: [...spellings(CXONE_APPLICATION), ...spellings(CXONE_ACCESS_KEY)],
    requests: [
      { line: 'GET /.well-known/openid-configuration', authorization: 'none' },
      {
        line: 'POST /auth/token',
        authorization: 'Basic',
        type: FORM,
        body: `grant_type=password&username=${encodeURIComponent(CXONE_ACCESS_KEY.id)}&password=${encodeURIComponent(CXONE_ACCESS_KEY.secret)}`
      },
      { line: `GET /.well-known/cxone-configuration?tenantId=${CXONE_TENANT.id}`, authorization: 'none' }
    ],
    end: 'Clean-up: nothing to do.',
    outcome: {
      lifetimeSeconds: 3600,
      outputs: origin => ({ 'api-url': origin, region: CXONE_TENANT.area, domain: CXONE_TENANT.domain }),
      exported: (origin, token) => ({ CXONE_ACCESS_TOKEN: token, CXONE_API_URL: origin }),
      nextStep: cxoneNextStep
    }
  },
  {
    title: 'NICE CXone B · access key alone',
    about: 'One request to the area’s UserHub.',
    start: startCxone,
    inputs: { ...accessKeyInputs, region: 'na1' },
    secrets: spellings(CXONE_ACCESS_KEY),
    requests: [
      {
        line: 'POST /authentication/v1/token/access-key',
        authorization: 'none',
        type: JSON_TYPE,
        body: JSON.stringify({ accessKeyId: CXONE_ACCESS_KEY.id, accessKeySecret: CXONE_ACCESS_KEY.secret })
      }
    ],
    end: 'Clean-up: nothing to do.',
    outcome: {
      lifetimeSeconds: 3600,
      outputs: origin => ({ 'api-url': origin, region: 'na1' }),
      exported: nothing,
      nextStep: cxoneNextStep
    }
  },
  {
    title: 'NICE CXone C · client credentials at a realm',
    about: 'The tutorial’s request; realm us-22 unless told otherwise. It tells no API address.',
    start: startCxone,
    inputs: {
      provider: 'cxone',
      'client-id': CXONE_REALM_CLIENT.id,
      'client-secret': CXONE_REALM_CLIENT.secret
    },
    secrets: spellings(CXONE_REALM_CLIENT),
    requests: [
      {
        line: 'POST /oauth/token',
        authorization: 'none',
        type: FORM,
        body: `grant_type=client_credentials&client_id=${encodeURIComponent(CXONE_REALM_CLIENT.id)}&client_secret=${encodeURIComponent(CXONE_REALM_CLIENT.secret)}`
      }
    ],
    end: 'Clean-up: nothing to do.',
    outcome: {
      lifetimeSeconds: 3600,
      outputs: () => ({ 'api-url': '' }),
      exported: nothing,
      nextStep: () => 'an opaque token of 64 characters'
    }
  },
  {
    title: 'Failure · wrong secret',
    about: 'Last year’s secret: one request, no second try, no token.',
    start: startGenesys,
    inputs: { ...genesysInputs, 'client-secret': WRONG_SECRET, 'tool-env': 'true' },
    secrets: spellings({ id: GENESYS_CLIENT.id, secret: WRONG_SECRET }),
    requests: [loginRequest],
    end: 'Clean-up: nothing to do.',
    outcome: {
      errorCode: 'credentials-rejected',
      words: ['POST', '/oauth/token', '400', 'invalid_client', 'authentication failed', '1 attempt']
    }
  },
  {
    title: 'Failure · wrong region',
    about: 'Right credentials of a client that lives in us-east-1, sent to eu-west-1.',
    start: () => startGenesys({ clients: [{ region: 'us-east-1' }] }),
    inputs: { ...genesysInputs },
    secrets: spellings(GENESYS_CLIENT),
    requests: [loginRequest],
    end: 'Clean-up: nothing to do.',
    outcome: {
      errorCode: 'credentials-rejected',
      words: ['POST', '/oauth/token', '400', 'invalid_client', 'client not found', 'eu-west-1', 'region']
    }
  }
]
