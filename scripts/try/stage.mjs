/**
 * Runs one step of the action as GitHub's runner does: main, then the steps after it, then post at the end of the job.
 * `openStage` puts emulated platforms behind it. The demo and `npm run try` use this; nothing has to be installed.
 */
import { fileURLToPath } from 'node:url'
import { runAction, runPost } from '../../__tests__/support/runner.mjs'
import { ALL_PERMISSIONS, GITHUB_TOKEN_FOR_ALL, startGithub } from '../../emulator/github/index.mjs'
import * as emulator from '../../emulator/index.mjs'

/**
 * @typedef {Record<string, string>} Values
 * @typedef {'token' | 'rotate'} Action
 * @typedef {import('../../__tests__/support/runner.mjs').RunResult} RunResult
 * @typedef {import('../../emulator/server.mjs').EmulatorServer
 *   & {tokens: Map<string, {expiresAt: number, revoked?: boolean, kind?: string}>, alsoIssued?: string[]}} Platform
 *
 * @typedef {object} StepOptions
 * @property {(line: string) => void} onLine  gets each line of main's log at once
 * @property {Promise<unknown>} [canceled]  cancels main, as the runner does
 * @property {(result: RunResult) => void | Promise<void>} [afterMain]  what the job does next
 */

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const POST = at('dist/post/index.js')
const REPOSITORY = 'example/deploy'
const { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, CXONE_APPLICATION, CXONE_ACCESS_KEY } = emulator

export const ACTION_FILES = { token: at('action.yml'), rotate: at('rotate/action.yml') }
const MAINS = { token: at('dist/main/index.js'), rotate: at('dist/rotate/index.js') }

const CLIENT = ['client-id', 'client-secret']
const ACCESS_KEY = ['access-key-id', 'access-key-secret']
export const CREDENTIAL_INPUTS = [...CLIENT, ...ACCESS_KEY]
export const SECRET_INPUTS = ['client-secret', 'access-key-secret', 'github-token', 'previous-token']

/** What can go wrong, or be otherwise, with what is said about it. */
export const MODES = {
  throttled: 'the platform first answers 429 with Retry-After: 2',
  'wrong-region': 'the platform does not know the credentials, because they belong to another region',
  'wrong-secret': 'the secret is not the right one',
  'missing-secret': 'the secret is empty, as in a workflow from a fork',
  'idle-timeout': 'the organisation has an idle timeout of 15 minutes (Genesys Cloud)',
  gateway: 'an API gateway has one path for login and another for the API (Genesys Cloud)',
  rotate: 'run the rotate action; the emulated GitHub has a token that is 30 days old',
  'access-key-only': 'NICE CXone with an access key and no client',
  'client-only': 'NICE CXone with a client and no access key'
}
/** @typedef {keyof typeof MODES} Mode */

/**
 * Runs main and post. Post runs whatever main did, and no Ctrl-C reaches it.
 *
 * @param {Action} action
 * @param {StepOptions & {inputs: Values, env: Values}} options
 */
export async function runStep(action, { inputs, env, onLine, canceled, afterMain = () => {} }) {
  const options = { action: ACTION_FILES[action], inputs, env, onLine, timeoutMs: 24 * 3_600_000 }
  const result = await runAction({
    main: MAINS[action],
    ...options,
    ...(canceled && { signalAfter: canceled })
  })
  try {
    await afterMain(result)
  } finally {
    const end = await runPost(result, { post: POST, env, detached: process.platform !== 'win32' })
    Object.assign(result, { end })
  }
  return /** @type {RunResult & {end: RunResult}} */ (result)
}

/** @param {Values} inputs */
export const isCxone = inputs => /cxone/i.test(inputs['provider'] ?? '')

/**
 * Returns the emulator's values: what an input is given if the person or the workflow does not say.
 *
 * @param {Values} given  inputs; their names tell which credentials CXone gets
 * @param {Set<string>} [modes]
 * @returns {Values}
 */
export function emulatedValues(given, modes = new Set()) {
  const rotation = { 'secret-name': 'API_TOKEN', 'github-token': GITHUB_TOKEN_FOR_ALL }
  if (!isCxone(given)) {
    return {
      provider: 'genesys',
      region: GENESYS_CLIENT.region,
      'client-id': GENESYS_CLIENT.id,
      'client-secret': GENESYS_CLIENT.secret,
      'service-account-id': GENESYS_SERVICE_ACCOUNT.id,
      'allowed-organization-ids': GENESYS_CLIENT.organization.id,
      'previous-token': 'emulated-token-of-the-last-rotation',
      ...rotation
    }
  }
  const has = (/** @type {string[]} */ pair) => pair.some(name => name in given)
  const isOnly = modes.has('access-key-only') || modes.has('client-only')
  const hasKey = isOnly ? modes.has('access-key-only') : has(ACCESS_KEY) || !has(CLIENT)
  const hasClient = isOnly ? modes.has('client-only') : has(CLIENT) || !has(ACCESS_KEY)
  const isRealm = hasClient && !hasKey
  const client = isRealm ? emulator.CXONE_REALM_CLIENT : CXONE_APPLICATION
  return {
    provider: 'cxone',
    ...(hasKey && { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }),
    ...(hasClient && { 'client-id': client.id, 'client-secret': client.secret }),
    region: isRealm ? 'us-22' : emulator.CXONE_TENANT.area,
    'allowed-organization-ids': emulator.CXONE_TENANT.id,
    ...rotation
  }
}

/**
 * Returns the inputs of a run with the emulator's credentials for those that are not given.
 *
 * @param {Action} action
 * @param {Values} given
 * @param {Set<string>} modes
 */
export function fillIn(action, given, modes) {
  const values = emulatedValues(given, modes)
  const isSilent = isCxone(given) && 'client-id' in values
  const names = [
    'provider',
    ...(isSilent ? [] : ['region']),
    ...CREDENTIAL_INPUTS,
    ...(given['token-kind'] === 'long-lived' ? ['service-account-id'] : []),
    ...(action === 'rotate' && !('store-command' in given)
      ? ['secret-name', 'github-token', 'previous-token']
      : [])
  ]
  const inputs = {
    ...Object.fromEntries(names.flatMap(name => (name in values ? [[name, values[name]]] : []))),
    ...given
  }
  const secret = 'client-secret' in inputs ? 'client-secret' : 'access-key-secret'
  if (modes.has('wrong-secret')) inputs[secret] = 'emulated-secret-of-last-year'
  if (modes.has('missing-secret')) inputs[secret] = ''
  if (modes.has('idle-timeout')) inputs['verify'] = 'true'
  return /** @type {Values} */ (inputs)
}

/**
 * Starts the platforms and GitHub's API for one step.
 *
 * @param {Action} action
 * @param {{inputs: Values, env?: Values, modes?: Set<string>, known?: Values}} options  `known`: values that the
 *   platforms know in place of the emulator's
 */
export async function openStage(action, { inputs: given, env = {}, modes = new Set(), known = {} }) {
  const values = { ...emulatedValues({ ...given, ...known }, modes), ...known }
  const platform = isCxone(given) ? await startCxone(values, modes) : await startGenesys(values, modes)
  const github = await startGithubFor(given, values)
  const paths = modes.has('gateway')
    ? { api: '/genesys-api', login: '/genesys-login' }
    : { api: '', login: '' }
  /** @type {Values} */
  const inputs = { ...given, 'base-url': platform.origin + paths.api }
  if (modes.has('gateway') || 'login-base-url' in given)
    inputs['login-base-url'] = platform.origin + paths.login

  return {
    inputs,
    platform,
    github,
    /** Everything that may not be seen. */
    secrets: () =>
      [
        ...SECRET_INPUTS.map(name => inputs[name] ?? ''),
        ...platform.tokens.keys(),
        ...(platform.alsoIssued ?? [])
      ].filter(secret => secret !== ''),
    /** The requests of main. */
    requests: () =>
      [...platform.requests, ...github.requests]
        .sort((a, b) => a.at - b.at)
        .map(({ method, path, status }) => `${status} ${method} ${path}`),
    /** @param {StepOptions} options */
    run: options =>
      runStep(action, {
        ...options,
        inputs,
        env: { ...env, GITHUB_API_URL: github.url, GITHUB_REPOSITORY: REPOSITORY }
      }),
    close: async () => void (await Promise.all([platform.close(), github.close()]))
  }
}

/**
 * @param {Values} values
 * @param {Set<string>} modes
 * @returns {Promise<Platform>}
 */
async function startGenesys(values, modes) {
  const region = GENESYS_CLIENT.region
  const organization = { ...GENESYS_CLIENT.organization, id: firstOf(values['allowed-organization-ids']) }
  const client = { id: values['client-id'] ?? '', secret: values['client-secret'] ?? '', organization }
  const platform = await emulator.startGenesys({
    region,
    clients: [{ ...client, region: modes.has('wrong-region') ? 'us-east-1' : region }],
    serviceAccounts: [{ id: values['service-account-id'] ?? '', active: true }],
    ...(modes.has('throttled') && { throttleFirst: { count: 1, retryAfterSeconds: 2 } }),
    ...(modes.has('idle-timeout') && { idleTimeoutSeconds: 900 }),
    ...(modes.has('gateway') && { loginPath: '/genesys-login', apiPath: '/genesys-api' })
  })
  const times = { issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 }
  const token = {
    clientId: client.id,
    kind: /** @type {const} */ ('access'),
    organization,
    scope: [],
    ...times
  }
  platform.tokens.set(values['previous-token'] ?? '', { ...token, revoked: false })
  return platform
}

/**
 * @param {Values} values
 * @param {Set<string>} modes
 * @returns {Promise<Platform>}
 */
function startCxone(values, modes) {
  const client = { id: values['client-id'] ?? '', secret: values['client-secret'] ?? '' }
  const tenantId = firstOf(values['allowed-organization-ids'])
  const { id: keyId, secret: keySecret } = CXONE_ACCESS_KEY
  const key = {
    id: values['access-key-id'] ?? keyId,
    secret: values['access-key-secret'] ?? keySecret,
    tenantId,
    active: true
  }
  const isElsewhere = modes.has('wrong-region')
  return emulator.startCxone({
    tenants: [{ ...emulator.CXONE_TENANT, id: tenantId }],
    applications: isElsewhere ? [] : [client],
    realmClients: isElsewhere ? [] : [client],
    accessKeys: isElsewhere ? [] : [key],
    ...(modes.has('throttled') && { throttleFirst: { count: 1, retryAfterSeconds: 2 } })
  })
}

/**
 * Starts a GitHub that has what the inputs name, and the token of an earlier rotation.
 *
 * @param {Values} inputs
 * @param {Values} values
 */
async function startGithubFor({ repository: named = '', environment = '', organization = '' }, values) {
  const repository = named || REPOSITORY
  const github = await startGithub({
    repositories: [{ name: repository, ...(environment && { environments: [environment] }) }],
    organizations: [organization || (repository.split('/')[0] ?? '')],
    tokens: [{ token: values['github-token'] ?? '', permissions: ALL_PERMISSIONS }]
  })
  const scope = organization ? { organization } : { repository, ...(environment && { environment }) }
  const updatedAt = Date.now() - 30 * 86_400_000
  github.putSecret(values['secret-name'] ?? '', scope, values['previous-token'] ?? '', { updatedAt })
  return github
}

/** Returns the first of a list that is separated by commas or line breaks. */
const firstOf = (list = '') => list.split(/[,\s]+/).find(one => one !== '') ?? ''

/**
 * Uses the token as the next step of a job would. Returns what came of it, in one line.
 *
 * @param {RunResult} result  of a step that succeeded
 */
export async function useToken({ outputs, exported }) {
  const variables = Object.keys(exported).filter(name => /TOKEN/.test(name))
  const token = exported[variables[0] ?? ''] ?? outputs['token'] ?? ''
  const source = variables.length > 0 ? `with ${variables.join(', ')}` : 'with the output token'
  const { 'api-url': url = '', region } = outputs
  if (url === '') return `${source}: the platform does not tell the address of its API`
  const path = region?.includes('-') ? '/api/v2/organizations/me' : '/incontactapi/services/v31.0/agents'
  const signal = AbortSignal.timeout(10_000)
  const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${token}` }, signal })
  const { name, tenant, message } = /** @type {Values} */ (await answer.json())
  return `GET ${path} ${source} → ${answer.status} ${name ?? tenant ?? message}`
}
