import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL, type GitHubOptions } from '../../emulator/github/index.mjs'
import type { Scope } from '../../emulator/github/state.mjs'
import type { Intercept, RecordedRequest } from '../../emulator/server.mjs'
import type { Clock } from '../../src/lib/clock.js'
import { rotate } from '../../src/rotate.js'
import { TestClock } from './clock.js'
import { parseCommandFile } from './command-files.mjs'
import { runStep } from './in-process.js'
import { GENESYS, type Inputs } from './inputs.js'
import type { Call } from './respond.js'
import { type RunOptions, type RunResult, runAction, runPost } from './runner.mjs'

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const ROTATE = pathOf('dist/rotate/index.js')
const POST = pathOf('dist/post/index.js')
const ACTION = pathOf('rotate/action.yml')

export const DAY_MS = 86_400_000

export const NAME = 'CC_TOKEN'
export const VARIABLE = 'CC_TOKEN_EXPIRY'
export const REPOSITORY: Scope = { repository: 'octo-org/app' }

/** Inputs of every rotation, beside those of the platform. */
const STORE: Inputs = { 'secret-name': NAME, 'github-token': GITHUB_TOKEN_FOR_ALL }

/** The emulators of Genesys Cloud and GitHub for one rotation. */
export type Servers = Awaited<ReturnType<typeof startServers>>

export async function startServers(options: GitHubOptions = {}) {
  const genesys = await startGenesys()
  const github = await startCheckedGithub(options)
  return {
    genesys,
    github,
    /** Runs the bundle for the secret `NAME` of the repository `octo-org/app`, with a client of Genesys Cloud. */
    rotate: (inputs: Inputs = {}, runOptions: RunOptions = {}): Promise<RunResult> =>
      runAction({
        main: ROTATE,
        action: ACTION,
        inputs: { ...GENESYS, 'base-url': genesys.origin, ...STORE, ...inputs },
        ...runOptions,
        env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app', ...runOptions.env }
      }),
    /** Returns the plain text of the secret. */
    stored: (scope = REPOSITORY) => github.stored(NAME, scope),
    /** Stores a new token of the platform, dated a day ago. Returns it. */
    async storeOldToken(): Promise<string> {
      const token = await issueToken(genesys)
      github.putSecret(NAME, REPOSITORY, token, { updatedAt: github.clock() - DAY_MS })
      return token
    },
    /** Returns the requests to both servers in order of arrival: method, path, status. */
    requests: () =>
      [...genesys.requests, ...github.requests]
        .map((request, index) => ({ request, index }))
        .sort((one, other) => one.request.at - other.request.at || one.index - other.index)
        .map(({ request: { method, path, status } }) => `${method} ${path} ${status}`),
    forgetRequests() {
      genesys.forget()
      github.forget()
    },
    async close() {
      await Promise.all([genesys.close(), github.close()])
    }
  }
}

/** Runs the post step of the bundle with what the rotation saved, and without inputs. */
export function postOf(run: RunResult, options: RunOptions = {}): Promise<RunResult> {
  return runPost(run, { post: POST, ...options })
}

/** What a rotation in this process left behind. */
export type RotationResult = Awaited<ReturnType<typeof rotateInProcess>>

/** Runs the rotation in this process; waits take no time. */
export async function rotateInProcess(
  { genesys, github }: { genesys: { origin: string }; github: { url: string } },
  inputs: Inputs = {},
  clock: Clock = new TestClock({ runs: true })
) {
  const result = await runStep(rotate, {
    clock,
    inputs: { ...GENESYS, 'base-url': genesys.origin, ...STORE, ...inputs },
    env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app' }
  })
  const { output, env, state, summary } = result
  return {
    ...result,
    outputs: parseCommandFile(output),
    state: parseCommandFile(state),
    /** The raw text of the runner's files, without the state. */
    files: output + env + summary
  }
}

/** Requests a token, as an earlier run did. */
export async function issueToken(
  { origin }: { origin: string },
  { id, secret }: { id: string; secret: string } = GENESYS_CLIENT
): Promise<string> {
  const response = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'Content-Type': 'application/x-www-form-urlencoded'
    },
    body: 'grant_type=client_credentials'
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

/** Returns the tokens that the platform accepts now. */
export function liveTokens({ tokens }: Pick<GenesysEmulator, 'tokens'>): string[] {
  return [...tokens].flatMap(([token, { revoked, expiresAt }]) =>
    revoked || expiresAt <= Date.now() ? [] : [token]
  )
}

// --- faults ---------------------------------------------------------------------------------------------------

/** One request of a rotation to either server. */
export interface Intercepted extends Call {
  /** From 0, over both servers, in order of arrival. */
  readonly n: number
  readonly server: 'github' | 'genesys'
  /** Whether the request was carried out already. */
  readonly isApplied: boolean
}

/** Returns true if it has dealt with the response itself. */
export type Interceptor = (intercepted: Intercepted) => boolean | Promise<boolean>

/** Calls the interceptor twice for each request: before it is carried out, and after that, before the response. */
export function interceptAll(
  { genesys, github }: Pick<Servers, 'genesys' | 'github'>,
  interceptor: Interceptor
): void {
  let count = 0
  const numbers = new WeakMap<RecordedRequest, number>()
  const hook =
    (server: Intercepted['server'], isApplied: boolean): Intercept =>
    (request, response, socket) => {
      if (!isApplied) numbers.set(request, count++)
      return interceptor({ n: numbers.get(request) ?? -1, server, request, response, socket, isApplied })
    }
  github.intercept = hook('github', false)
  github.interceptAfter = hook('github', true)
  genesys.intercept = hook('genesys', false)
  genesys.interceptAfter = hook('genesys', true)
}

export const isPut = ({ request }: Intercepted) => request.method === 'PUT'

/** A rotation, as a process or in this process. */
interface Rotation extends Pick<RunResult, 'exitCode' | 'outputs' | 'log' | 'stderr'> {
  /** The runner's files without the state. */
  readonly files: string
  readonly state: Readonly<Record<string, string>>
  /** The post step, if it ran. */
  readonly post?: RunResult
}

const hasState = ({ state }: Pick<RunResult, 'state'>) => Object.values(state).some(value => value !== '')

type Rotate = (servers: Servers, inputs: Inputs) => Promise<Rotation>

export const asProcess =
  (options: RunOptions = {}): Rotate =>
  async (servers, inputs) => {
    const run = await servers.rotate(inputs, options)
    interceptAll(servers, () => false)
    const { output, env, summary } = run.files
    return { ...run, files: output + env + summary, ...(hasState(run) ? { post: await postOf(run) } : {}) }
  }

/** Ten times as fast as a process. There is no post step. */
export const inProcess =
  (clock = new TestClock({ runs: true })): Rotate =>
  async (servers, inputs) => {
    const result = await rotateInProcess(servers, inputs, clock)
    const log = result.stdout.replace(/^::add-mask::.*$/gm, '').replaceAll('::warning::', 'Warning: ')
    return { ...result, log, stderr: '' }
  }

/** Rotates with all inputs, on servers of its own, and checks what must hold for every rotation. */
export async function rotateWithFault(
  interceptor: Interceptor,
  rotate: Rotate,
  inputs: Inputs = {}
): Promise<{ readonly rotation: Rotation; readonly outcome: string }> {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, 'the old value')
    servers.forgetRequests()
    interceptAll(servers, interceptor)
    const all = { 'previous-token': previous, 'expiry-variable': VARIABLE, ...inputs }
    const rotation = await rotate(servers, all)
    return { rotation, outcome: outcomeOf(rotation, servers, previous) }
  } finally {
    await servers.close()
  }
}

/** Returns the outcome in a few words. What must never happen is in capitals. */
function outcomeOf(rotation: Rotation, { genesys, github, stored }: Servers, previous: string): string {
  const { exitCode, outputs, log, files, post } = rotation
  const storedToken = stored() ?? ''
  const live = liveTokens(genesys)
  const unstored = live.filter(token => token !== storedToken && token !== previous)
  for (const token of genesys.tokens.keys()) expect(files + log + (post?.log ?? '')).not.toContain(token)
  // A cancelled step sets no outputs.
  if (exitCode !== 0) {
    const code = outputs['error-code']
    expect(outputs).toEqual(code === undefined ? {} : { rotated: 'false', 'error-code': code })
  }
  expect(github.violations).toEqual([])
  const isStored = storedToken !== previous
  return [
    exitCode === 0 ? `rotated${log.includes('Warning: ') ? ', warned' : ''}` : failureOf(rotation),
    ...(exitCode === 0 && !isStored ? ['NOT STORED'] : []),
    ...(exitCode !== 0 && isStored ? ['but stored'] : []),
    ...(live.includes(storedToken) ? [] : ['STORED TOKEN INVALID']),
    ...(isStored && live.includes(previous) ? ['previous token live'] : []),
    ...(unstored.length > 0 ? [`${unstored.length} unstored token live`] : []),
    ...(hasState(rotation) ? ['left to the post step'] : [])
  ].join('; ')
}

function failureOf({ outputs, exitCode, log, stderr }: Rotation): string {
  const cancelled = exitCode === 1 && /^Cancelled\. /m.test(log) ? 'cancelled' : undefined
  return outputs['error-code'] ?? cancelled ?? `CRASHED (${exitCode}: ${stderr.slice(0, 200)})`
}
