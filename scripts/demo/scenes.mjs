/** The scenes of the demo. */
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT } from '../../emulator/index.mjs'

/**
 * @typedef {object} Played
 * @property {import('../try/stage.mjs').RunResult} result  of main
 * @property {string[]} requests  of main
 * @property {string[]} previous  tokens from before the scene
 * @property {Awaited<ReturnType<typeof import('../try/stage.mjs').openStage>>} stage
 *
 * @typedef {object} Scene
 * @property {string} name
 * @property {string} title
 * @property {string} about
 * @property {import('../try/stage.mjs').Action} [action]  default: `token`
 * @property {Record<string, string>} inputs  the emulator's credentials are added
 * @property {import('../try/stage.mjs').Mode[]} [modes]
 * @property {string} [errorCode]  absent: the step succeeds
 * @property {(played: Played) => Record<string, boolean>} [check]  what else must be true
 */

const genesys = { provider: 'genesys' }
const cxone = { provider: 'cxone' }

/** @type {Scene[]} */
export const scenes = [
  {
    name: 'genesys',
    title: 'Genesys Cloud: client credentials',
    about: 'The documented request; tool-env sets the variables that Terraform and gc read.',
    inputs: { ...genesys, verify: 'true', 'tool-env': 'true' }
  },
  {
    name: 'cxone',
    title: 'NICE CXone: client and access key',
    about: 'Discovery, password grant, tenant configuration: the address of the API comes from the platform.',
    inputs: cxone
  },
  {
    name: 'guard',
    title: 'The credentials belong to another organisation',
    about: 'The step fails, and revokes the token before any step can use it.',
    inputs: { ...genesys, 'allowed-organization-ids': '9d2b7c40-1e5f-4a86-b3c7-5f08a1e6d294' },
    errorCode: 'organization-not-allowed',
    check: ({ stage }) => ({
      'the token is revoked': isRevoked(stage, [...stage.platform.tokens.keys()].at(-1))
    })
  },
  {
    name: 'throttled',
    title: 'Many jobs at once: the platform is throttling',
    about: 'The platform answers 429 with Retry-After: 2. The step waits and goes on.',
    inputs: genesys,
    modes: ['throttled'],
    check: ({ requests, result }) => ({
      'the first request is refused, the second is not': /^429 POST .* 200 POST /.test(requests.join(' ')),
      'it waits for as long as the platform asks': result.durationMs > 2000
    })
  },
  {
    name: 'wrong-secret',
    title: 'A wrong secret',
    about: 'One request, no second try, no token.',
    inputs: genesys,
    modes: ['wrong-secret'],
    errorCode: 'credentials-rejected',
    check: ({ requests }) => ({ 'it is tried once': requests.length === 1 })
  },
  {
    name: 'rotation',
    title: 'rotate replaces a token that is stored in a secret',
    about: 'The new token is verified, sealed and stored; then the previous one is revoked.',
    action: 'rotate',
    inputs: genesys,
    check: ({ stage, result, previous }) => {
      const { platform, github } = stage
      const token = [...platform.tokens.keys()].at(-1) ?? ''
      const secret = github.secret('API_TOKEN', { repository: 'example/deploy' })
      return {
        'it rotated': result.outputs['rotated'] === 'true',
        'GitHub has a sealed value of the right length':
          secret?.sealed !== undefined && secret.bytes === token.length,
        'the new token lives': !isRevoked(stage, token),
        'the previous token is revoked': isRevoked(stage, previous[0])
      }
    }
  },
  {
    name: 'wrong-region',
    title: 'A wrong region',
    about: 'The client belongs to us-east-1 and is sent to eu-west-1.',
    inputs: genesys,
    modes: ['wrong-region'],
    errorCode: 'credentials-rejected'
  },
  {
    name: 'missing-secret',
    title: 'An empty secret',
    about: 'As in a workflow from a fork, or without environment: on the job. Nothing is sent.',
    inputs: genesys,
    modes: ['missing-secret'],
    errorCode: 'missing-credential',
    check: ({ requests }) => ({ 'nothing is sent': requests.length === 0 })
  },
  {
    name: 'idle-timeout',
    title: 'An organisation with an idle timeout',
    about: 'A token that nothing uses for 15 minutes becomes invalid; idles-at says when.',
    inputs: { ...genesys, 'min-lifetime': '1h' },
    modes: ['idle-timeout'],
    check: ({ result }) => ({
      'idles-at is before expires-at':
        (result.outputs['idles-at'] || 'none') < (result.outputs['expires-at'] ?? '')
    })
  },
  {
    name: 'gateway',
    title: 'An API gateway in front of the platform',
    about: 'base-url replaces the API host and login-base-url the login host; both may have a path.',
    inputs: { ...genesys, verify: 'true', 'tool-env': 'true' },
    modes: ['gateway'],
    check: ({ requests }) => ({
      'each request has the path of the gateway':
        /^200 POST \/genesys-login\/.* 200 GET \/genesys-api\/\S*$/.test(requests.join(' '))
    })
  },
  {
    name: 'long-lived',
    title: 'Genesys Cloud: a long-lived token',
    about: 'Undocumented request: a token of a service account, for one year. It outlives the job.',
    inputs: { ...genesys, 'token-kind': 'long-lived', 'service-account-id': GENESYS_SERVICE_ACCOUNT.id },
    check: ({ stage, result }) => ({ 'it lives': !isRevoked(stage, result.outputs['token']) })
  },
  {
    name: 'genesys-api',
    title: 'Genesys Cloud: JSON at the API host',
    about: 'Undocumented request, chosen by token-endpoint: api.',
    inputs: { ...genesys, region: GENESYS_CLIENT.region, 'token-endpoint': 'api' }
  },
  {
    name: 'access-key',
    title: 'NICE CXone: access key only',
    about: 'The access key at the UserHub of the area.',
    inputs: { ...cxone, 'tool-env': 'true' },
    modes: ['access-key-only']
  },
  {
    name: 'client-only',
    title: 'NICE CXone: client only',
    about: 'Undocumented request at a realm. The platform does not tell the address of its API.',
    inputs: cxone,
    modes: ['client-only']
  }
]

/** @param {Played['stage']} stage  @param {string | undefined} token */
const isRevoked = ({ platform }, token = '') => platform.tokens.get(token)?.revoked === true
