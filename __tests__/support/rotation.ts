import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL, type GitHub, type GitHubOptions } from '../../emulator/github/index.mjs'
import type { Scope } from '../../emulator/github/state.mjs'
import type { RecordedRequest } from '../../emulator/server.mjs'
import type { Clock } from '../../src/lib/clock.js'
import { rotate } from '../../src/rotate.js'
import { parseCommandFile } from './command-files.mjs'
import { runStep } from './in-process.js'
import { GENESYS, type Inputs, normal, type Platform } from './lifecycle.js'
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
export interface Servers {
  readonly genesys: GenesysEmulator
  readonly github: GitHub
  /** Runs the bundle for the secret `NAME` of the repository `octo-org/app`, with a client of Genesys Cloud. */
  rotate(inputs?: Inputs, options?: RunOptions): Promise<RunResult>
  /** Returns the plain text of the secret. */
  stored(scope?: Scope): string | undefined
  /** Stores a new token of the platform, dated a day ago. Returns it. */
  storeOldToken(scope?: Scope): Promise<string>
  /** Returns the requests to both servers in order of arrival: method, path, status. */
  requests(): string[]
  forgetRequests(): void
  close(): Promise<void>
}

export interface ServersOptions {
  readonly genesys?: Parameters<typeof startGenesys>[0]
  readonly github?: GitHubOptions
}

export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const genesys = await startGenesys(options.genesys)
  const github = await startCheckedGithub(options.github)
  return {
    genesys,
    github,
    rotate: (inputs, runOptions) =>
      rotateWith(github, { ...GENESYS, 'base-url': genesys.origin, ...inputs }, runOptions),
    stored: (scope = REPOSITORY) => github.stored(NAME, scope),
    async storeOldToken(scope = REPOSITORY) {
      const token = await issueToken(genesys)
      github.putSecret(NAME, scope, token, { updatedAt: github.clock() - DAY_MS })
      return token
    },
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

/** Runs the bundle against an emulator of GitHub. The inputs choose the platform. */
export function rotateWith(
  github: GitHub,
  inputs: Inputs,
  { env, ...options }: RunOptions = {}
): Promise<RunResult> {
  return runAction({
    main: ROTATE,
    action: ACTION,
    inputs: { ...STORE, ...inputs },
    ...options,
    env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app', ...env }
  })
}

/** Runs the post step of the bundle with what the rotation saved, and without inputs. */
export function postOf(run: RunResult, options: RunOptions = {}): Promise<RunResult> {
  return runPost(run, { post: POST, action: ACTION, ...options })
}

/** What a rotation in this process left behind. */
export interface RotationResult {
  readonly exitCode: 0 | 1
  /** The error code; undefined after success. */
  readonly code: string | undefined
  readonly stdout: string
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** The raw text of the runner's files, without the state. */
  readonly files: string
}

/** Runs the rotation in this process; waits take no time. */
export async function rotateInProcess(
  { genesys, github }: { genesys: { origin: string }; github: { url: string } },
  inputs: Inputs = {},
  { clock }: { readonly clock?: Clock } = {}
): Promise<RotationResult> {
  const { exitCode, code, stdout, output, env, state, summary } = await runStep(rotate, {
    ...(clock === undefined ? {} : { clock }),
    inputs: { ...GENESYS, 'base-url': genesys.origin, ...STORE, ...inputs },
    env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app' }
  })
  return {
    exitCode,
    code,
    stdout,
    outputs: parseCommandFile(output),
    state: parseCommandFile(state),
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

/** Returns everything that a step wrote, with placeholders for what differs between runs. */
export function writtenBy(run: RunResult, platform: Platform, github: GitHub): Record<string, unknown> {
  const normalize = (text: string) =>
    normal(
      text.replaceAll(github.url, '{github}').replaceAll(GITHUB_TOKEN_FOR_ALL, '{github token}'),
      platform,
      run
    )
      .replace(/request id [\w:]+/g, 'request id {id}')
      .replace(/(Correlation id<\/strong><\/td><td><code>)[0-9a-f-]{36}/, '$1{uuid}')
      .replace(/retrying in \d+\.\d s/g, 'retrying in {wait} s')
  const normalizeAll = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, normalize(value)]))
  return {
    exitCode: run.exitCode,
    stdout: normalize(run.stdout),
    stderr: normalize(run.stderr),
    outputs: normalizeAll(run.outputs),
    state: normalizeAll(run.state),
    env: run.files.env,
    summary: normalize(run.files.summary)
  }
}

// --- faults ---------------------------------------------------------------------------------------------------

/** One request of a rotation to either server. */
export interface Intercepted {
  /** From 0, over both servers, in order of arrival. */
  readonly n: number
  readonly server: 'github' | 'genesys'
  readonly request: RecordedRequest
  readonly response: ServerResponse
  readonly socket: Socket
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
  const numbers = new WeakMap<object, number>()
  const numberOf = (request: object) => {
    const known = numbers.get(request)
    if (known !== undefined) return known
    numbers.set(request, count)
    return count++
  }
  const hook =
    (server: Intercepted['server'], isApplied: boolean) =>
    (request: object, response: unknown, socket: Socket) =>
      interceptor({
        n: numberOf(request),
        server,
        request: request as RecordedRequest,
        response: response as ServerResponse,
        socket,
        isApplied
      })
  github.intercept = hook('github', false)
  github.interceptAfter = hook('github', true)
  const before = hook('genesys', false)
  const after = hook('genesys', true)
  genesys.intercept = async (request, response, socket) => {
    if (request.headers[INNER_REQUEST] !== undefined) return false
    if (await before(request, response, socket)) return true
    const { status, headers, body } = await applyRequest(genesys.origin, request)
    // Only the outer request counts.
    genesys.requests.splice(
      genesys.requests.findIndex(one => one.headers[INNER_REQUEST] !== undefined),
      1
    )
    if (await after(request, response, socket)) return true
    request.status = status
    response.writeHead(status, headers).end(body)
    return true
  }
}

const INNER_REQUEST = 'x-inner-request'

/** Lets the platform carry a request out, although its response may never reach the client. */
function applyRequest(
  origin: string,
  { method, path, headers, body }: RecordedRequest
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, ...others } = headers
    const inner = httpRequest(
      `${origin}${path}`,
      { method, headers: { ...others, [INNER_REQUEST]: '1' }, agent: false },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const { connection: _, 'keep-alive': __, ...received } = response.headers
          resolve({
            status: response.statusCode ?? 0,
            headers: received,
            body: Buffer.concat(chunks).toString('utf8')
          })
        })
      }
    )
    inner.on('error', reject)
    inner.end(body)
  })
}

/** Responds in place of the server. */
export function respond(
  { request, response }: Pick<Intercepted, 'request' | 'response'>,
  status: number,
  json: unknown = { message: `made-up ${status}` },
  headers: Record<string, string> = {}
): true {
  request.status = status
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(json))
  return true
}

/** Ends the connection without a response. */
export function reset({ socket }: Pick<Intercepted, 'socket'>): true {
  socket.destroy()
  return true
}

/** A fault, before or after the request is carried out. */
export interface Fault {
  readonly name: string
  readonly isApplied: boolean
  cause(intercepted: Intercepted): true
}

const status = (code: number, headers: Record<string, string> = {}, json?: unknown): Fault['cause'] => {
  return intercepted => respond(intercepted, code, json, headers)
}
const RATE_LIMIT = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }
const silence: Fault['cause'] = () => true
const cutShort: Fault['cause'] = ({ response, socket }) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '900' })
  response.write('{"a":', () => socket.destroy())
  return true
}

export const FAULTS: readonly Fault[] = [
  { name: '401', isApplied: false, cause: status(401) },
  { name: '403', isApplied: false, cause: status(403) },
  { name: '404', isApplied: false, cause: status(404) },
  { name: '422', isApplied: false, cause: status(422) },
  { name: '429', isApplied: false, cause: status(429, { 'Retry-After': '900' }, RATE_LIMIT) },
  { name: '500', isApplied: false, cause: status(500) },
  { name: 'reset', isApplied: false, cause: reset },
  { name: 'silence', isApplied: false, cause: silence },
  { name: 'applied, 502', isApplied: true, cause: status(502) },
  { name: 'applied, reset', isApplied: true, cause: reset },
  { name: 'applied, cut short', isApplied: true, cause: cutShort },
  { name: 'applied, silence', isApplied: true, cause: silence }
]

/** Returns an interceptor that causes a fault at the n-th request only. */
export function faultAt(n: number, { isApplied, cause }: Fault): Interceptor {
  return intercepted => intercepted.n === n && intercepted.isApplied === isApplied && cause(intercepted)
}
