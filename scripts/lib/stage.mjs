/**
 * Runs one step of the action as GitHub's runner does: main, the steps after it, and post at the end of the job. The demo
 * and `npm run try` use this; nothing has to be installed.
 */
import { fileURLToPath } from 'node:url'
import { runAction, runPost } from '../../__tests__/support/runner.mjs'
import { ALL_PERMISSIONS, GITHUB_TOKEN_FOR_ALL, startGithub } from '../../emulator/github/index.mjs'
import * as emulator from '../../emulator/index.mjs'
import { cxoneOptions, GATEWAY, genesysOptions, MODES as PLATFORM_MODES } from '../../emulator/modes.mjs'

/**
 * @typedef {Record<string, string>} Values
 * @typedef {'token' | 'rotate'} Action
 * @typedef {import('../../__tests__/support/runner.mjs').RunResult} RunResult
 * @typedef {import('../../emulator/server.mjs').EmulatorServer
 *   & {tokens: Map<string, {expiresAt: number, revoked?: boolean, kind?: string}>, alsoIssued?: string[]}} Platform
 * @typedef {Awaited<ReturnType<typeof openStage>>} Stage
 *
 * @typedef {object} StepOptions
 * @property {(text: string) => void} [onLine]  gets each message of main's log at once
 * @property {Promise<unknown>} [canceled]  cancels main, as the runner does
 * @property {(result: RunResult) => void | Promise<void>} [afterMain]  what the job does next
 */

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const MAINS = { token: at('dist/main/index.js'), rotate: at('dist/rotate/index.js') }
export const ACTION_FILES = { token: at('action.yml'), rotate: at('rotate/action.yml') }

const LONGEST_RUN_MS = 24 * 3_600_000
const REPOSITORY = 'example/deploy'
/** What the emulated secret has before a rotation. */
export const PREVIOUS_TOKEN = 'emulated-token-of-the-last-rotation'
const { GENESYS_CLIENT, CXONE_ACCESS_KEY } = emulator

export const MODES = {
  ...PLATFORM_MODES,
  'wrong-secret': 'the secret is not the right one',
  'missing-secret': 'the secret is empty, as in a workflow from a fork',
  'access-key-only': 'NICE CXone with an access key and no client',
  'client-only': 'NICE CXone with a client and no access key',
  rotate: 'run the rotate action; the emulated GitHub has a token that is 30 days old'
}

/** @param {Values} inputs */
export const isCxone = inputs => /cxone/i.test(inputs['provider'] ?? '')

/**
 * Runs main and post. Post always runs, and Ctrl-C in a terminal does not reach it.
 *
 * @param {Action} action
 * @param {StepOptions & {inputs: Values, env: Values}} options
 * @returns {Promise<RunResult & {end: RunResult}>}
 */
export async function runStep(action, { canceled, afterMain = () => {}, ...options }) {
  const result = await runAction({
    main: MAINS[action],
    action: ACTION_FILES[action],
    timeoutMs: LONGEST_RUN_MS,
    ...options,
    ...(canceled && { signalAfter: canceled })
  })
  let end = result
  try {
    await afterMain(result)
  } finally {
    const detached = process.platform !== 'win32'
    end = await runPost(result, { post: at('dist/post/index.js'), env: options.env, detached })
  }
  return { ...result, end }
}

/**
 * Returns the emulator's values of inputs. For CXone, the modes, or else the ids in `given`, decide whether a client,
 * an access key or both are used.
 *
 * @param {Values} given
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
      'service-account-id': emulator.GENESYS_SERVICE_ACCOUNT.id,
      'allowed-organization-ids': GENESYS_CLIENT.organization.id,
      ...rotation,
      'previous-token': PREVIOUS_TOKEN
    }
  }
  const [givesClient, givesKey] = ['client-id' in given, 'access-key-id' in given]
  const isKeyOnly = modes.has('access-key-only') || (givesKey && !givesClient)
  const isClientOnly = modes.has('client-only') || (givesClient && !givesKey)
  const client = isClientOnly ? emulator.CXONE_REALM_CLIENT : emulator.CXONE_APPLICATION
  const accessKey = { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }
  return {
    provider: 'cxone',
    region: isClientOnly ? 'us-22' : emulator.CXONE_TENANT.area,
    ...(!isKeyOnly && { 'client-id': client.id, 'client-secret': client.secret }),
    ...(!isClientOnly && accessKey),
    'allowed-organization-ids': emulator.CXONE_TENANT.id,
    ...rotation
  }
}

/**
 * Returns the inputs that a run needs: those given, and the emulator's values for the rest.
 *
 * @param {Action} action
 * @param {Values} given
 * @param {Set<string>} [modes]
 * @returns {Values}
 */
export function fillIn(action, given, modes = new Set()) {
  const values = emulatedValues(given, modes)
  const unused = ['allowed-organization-ids']
  if (given['token-kind'] !== 'long-lived') unused.push('service-account-id')
  if (action === 'token' || 'store-command' in given)
    unused.push('secret-name', 'github-token', 'previous-token')
  // Only an access key alone needs an area.
  if (isCxone(given) && 'client-id' in values) unused.push('region')
  const filledIn = Object.fromEntries(Object.entries(values).filter(([name]) => !unused.includes(name)))
  const secret = 'client-secret' in filledIn ? 'client-secret' : 'access-key-secret'
  return {
    ...filledIn,
    ...given,
    ...(modes.has('wrong-secret') && { [secret]: 'emulated-secret-of-last-year' }),
    ...(modes.has('missing-secret') && { [secret]: '' }),
    ...(modes.has('idle-timeout') && { verify: 'true' })
  }
}

/**
 * Starts the platform and GitHub's API for one step. Both have what the inputs name.
 *
 * @param {Action} action
 * @param {{inputs: Values, env?: Values, modes?: Set<string>}} options
 */
export async function openStage(action, { inputs, env = {}, modes = new Set() }) {
  /** @type {Platform} */
  const platform = isCxone(inputs)
    ? await emulator.startCxone(cxoneOptions(modes))
    : await emulator.startGenesys(genesysOptions(modes))
  const github = await startGithubFor(inputs)
  if (action === 'rotate') platform.tokens.set(PREVIOUS_TOKEN, previousToken())
  const { apiPath, loginPath } = modes.has('gateway') ? GATEWAY : { apiPath: '', loginPath: '' }
  const addresses = {
    'base-url': platform.origin + apiPath,
    ...((loginPath || 'login-base-url' in inputs) && { 'login-base-url': platform.origin + loginPath })
  }
  const stepEnv = { ...env, GITHUB_API_URL: github.url, GITHUB_REPOSITORY: REPOSITORY }
  return {
    /** With the addresses of the emulator only for a gateway; in a workflow, nothing else needs them. */
    inputs: modes.has('gateway') ? { ...inputs, ...addresses } : inputs,
    platform,
    github,
    /** Returns the requests so far, in order. */
    requests: () =>
      [...platform.requests, ...github.requests]
        .sort((a, b) => a.at - b.at)
        .map(({ method, path, status }) => `${status} ${method} ${path}`),
    /** @param {StepOptions} options */
    run: options => runStep(action, { ...options, inputs: { ...inputs, ...addresses }, env: stepEnv }),
    close: async () => void (await Promise.all([platform.close(), github.close()]))
  }
}

/** A token of the same client and organisation. */
function previousToken() {
  const { id: clientId, organization } = GENESYS_CLIENT
  const now = Date.now()
  const times = { issuedAt: now, expiresAt: now + 3_600_000 }
  return { clientId, organization, kind: 'access', scope: [], ...times, revoked: false }
}

/** Starts a GitHub with the secret that the inputs name, stored 30 days ago. @param {Values} inputs */
async function startGithubFor(inputs) {
  const { organization, environment, 'secret-name': name } = inputs
  const repository = inputs['repository'] || REPOSITORY
  const github = await startGithub({
    repositories: [{ name: repository, ...(environment && { environments: [environment] }) }],
    organizations: [organization || (repository.split('/')[0] ?? '')],
    tokens: [{ token: inputs['github-token'] ?? '', permissions: ALL_PERMISSIONS }]
  })
  const scope = organization ? { organization } : { repository, ...(environment && { environment }) }
  const updatedAt = Date.now() - 30 * 86_400_000
  if (name) github.putSecret(name, scope, PREVIOUS_TOKEN, { updatedAt })
  return github
}

/**
 * Uses the token as the next step of a job would. Returns what came of it, in one line.
 *
 * @param {RunResult} result  of a step that succeeded
 */
export async function useToken({ outputs, exported }) {
  const variable = Object.keys(exported).find(name => name.endsWith('_ACCESS_TOKEN'))
  const token = variable ? exported[variable] : outputs['token']
  const source = variable ? `with ${variable}` : 'with the output token'
  const { 'api-url': url, region } = outputs
  if (!url) return `${source}: the platform does not tell the address of its API`
  const path = region?.includes('-') ? '/api/v2/organizations/me' : '/incontactapi/services/v31.0/agents'
  const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } })
  const { name, tenant, message } = /** @type {Values} */ (await answer.json())
  return `GET ${path} ${source} → ${answer.status} ${name ?? tenant ?? message}`
}
