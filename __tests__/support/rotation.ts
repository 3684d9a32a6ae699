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
import { runStep, type StepResult } from './in-process.js'
import { GENESYS, type Inputs, normal, type Platform } from './lifecycle.js'
import { type RunOptions, type RunResult, runAction, runPost } from './runner.mjs'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const ROTATE = at('dist/rotate/index.js')
const POST = at('dist/post/index.js')
const ACTION = at('rotate/action.yml')

export const DAY_MS = 86_400_000

export const NAME = 'CC_TOKEN'
export const VARIABLE = 'CC_TOKEN_EXPIRY'
export const REPOSITORY: Scope = { repository: 'octo-org/app' }

/** What every rotation is asked for unless a test says otherwise. */
export const ASKED: Inputs = { 'secret-name': NAME, 'github-token': GITHUB_TOKEN_FOR_ALL }

/** Both sides of a rotation, with what a test asks of them. */
export interface Stage {
  readonly genesys: GenesysEmulator
  readonly github: GitHub
  /** Runs the bundle's main with `ASKED` and a Genesys Cloud client, in the repository `octo-org/app`. */
  rotate(inputs?: Inputs, options?: RunOptions): Promise<RunResult>
  /** What the secret holds now, opened. */
  stored(scope?: Scope): string | undefined
  /** Puts a token of the platform's into the secret, a day ago. Returns it. */
  put(scope?: Scope): Promise<string>
  /** What both were asked, in order of arrival: method, path, status. */
  asked(): string[]
  forget(): void
  close(): Promise<void>
}

export interface StageOptions {
  readonly genesys?: Parameters<typeof startGenesys>[0]
  readonly github?: GitHubOptions
}

/** Starts Genesys Cloud and GitHub. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const genesys = await startGenesys(options.genesys)
  const github = await startCheckedGithub(options.github)
  return {
    genesys,
    github,
    rotate: (inputs = {}, { env, ...run } = {}) =>
      rotateWith(github, { ...GENESYS, 'base-url': genesys.origin, ...inputs }, { ...run, env: env ?? {} }),
    stored: (scope = REPOSITORY) => github.stored(NAME, scope),
    async put(scope = REPOSITORY) {
      const token = await issue(genesys)
      github.putSecret(NAME, scope, token, { updatedAt: github.clock() - DAY_MS })
      return token
    },
    asked: () =>
      [...genesys.requests, ...github.requests]
        .map((request, index) => ({ request, index }))
        .sort((one, other) => one.request.at - other.request.at || one.index - other.index)
        .map(({ request: { method, path, status } }) => `${method} ${path} ${status}`),
    forget() {
      genesys.forget()
      github.forget()
    },
    async close() {
      await Promise.all([genesys.close(), github.close()])
    }
  }
}

/** Runs the bundle's main against a stand-in for GitHub; which platform, the inputs say. */
export function rotateWith(github: GitHub, inputs: Inputs, options: RunOptions = {}): Promise<RunResult> {
  const { env, ...run } = options
  return runAction({
    main: ROTATE,
    action: ACTION,
    inputs: { ...ASKED, ...inputs },
    ...run,
    env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app', ...env }
  })
}

/** Runs the bundle's post with what the rotation saved, and no inputs. */
export function postOf(ran: RunResult, options: RunOptions = {}): Promise<RunResult> {
  return runPost(ran, { post: POST, action: ACTION, ...options })
}

/** Has a client make a token, as somebody did before this run. */
export async function issue(
  { origin }: { origin: string },
  { id, secret }: { id: string; secret: string } = GENESYS_CLIENT
): Promise<string> {
  const answer = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'Content-Type': 'application/x-www-form-urlencoded'
    },
    body: 'grant_type=client_credentials'
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}

/** Returns the tokens that the platform would accept now. */
export function alive({ tokens }: Pick<GenesysEmulator, 'tokens'>): string[] {
  return [...tokens].flatMap(([token, { revoked, expiresAt }]) =>
    revoked || expiresAt <= Date.now() ? [] : [token]
  )
}

/** Returns a text with everything that differs from run to run replaced by its name. */
export function plain(text: string, platform: Platform, github: GitHub, ...runs: RunResult[]): string {
  const known = text.replaceAll(github.url, '{github}').replaceAll(GITHUB_TOKEN_FOR_ALL, '{github token}')
  return normal(known, platform, ...runs)
    .replace(/request id [\w:]+/g, 'request id {id}')
    .replace(/retrying in \d+\.\d s/g, 'retrying in {wait} s')
}

/** Returns all that a step wrote, each file whole. */
export function wrote(run: RunResult, platform: Platform, github: GitHub): Record<string, unknown> {
  const said = (text: string) => plain(text, platform, github, run)
  return {
    exitCode: run.exitCode,
    stdout: said(run.stdout),
    stderr: said(run.stderr),
    outputs: Object.fromEntries(Object.entries(run.outputs).map(([name, value]) => [name, said(value)])),
    state: Object.fromEntries(Object.entries(run.state).map(([name, value]) => [name, said(value)])),
    env: run.files.env,
    summary: run.files.summary
  }
}

// --- faults ---------------------------------------------------------------------------------------------------

/** One request of a rotation, on whichever side it came in. */
export interface Met {
  /** From 0, over both sides, in order of arrival. */
  readonly n: number
  readonly side: 'github' | 'genesys'
  readonly request: RecordedRequest
  readonly response: ServerResponse
  readonly socket: Socket
  /** Whether it is carried out by now. */
  readonly done: boolean
}

/** Returns true where it has seen to the answer itself. */
export type Play = (met: Met) => boolean | Promise<boolean>

/** Has each request of both sides seen twice: before anything is done, and carried out but not yet answered. */
export function onEach({ genesys, github }: Pick<Stage, 'genesys' | 'github'>, play: Play): void {
  let count = 0
  const numbers = new WeakMap<object, number>()
  const number = (request: object) => {
    const known = numbers.get(request)
    if (known !== undefined) return known
    numbers.set(request, count)
    return count++
  }
  const seen = (side: Met['side'], done: boolean) => (request: object, response: unknown, socket: Socket) =>
    play({
      n: number(request),
      side,
      request: request as RecordedRequest,
      response: response as ServerResponse,
      socket,
      done
    })
  github.intercept = seen('github', false)
  github.interceptAfter = seen('github', true)
  const before = seen('genesys', false)
  const after = seen('genesys', true)
  genesys.intercept = async (request, response, socket) => {
    if (request.headers[CARRIED_OUT] !== undefined) return false
    if (await before(request, response, socket)) return true
    const { status, headers, body } = await carryOut(genesys.origin, request)
    // The record is the outer request's; the inner one is nobody's.
    genesys.requests.splice(
      genesys.requests.findIndex(one => one.headers[CARRIED_OUT] !== undefined),
      1
    )
    if (await after(request, response, socket)) return true
    request.status = status
    response.writeHead(status, headers).end(body)
    return true
  }
}

const CARRIED_OUT = 'x-carried-out'

/** Has the platform carry a request out whose answer may never reach the one who asked. */
function carryOut(
  origin: string,
  { method, path, headers, body }: RecordedRequest
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, ...rest } = headers
    const inner = httpRequest(
      `${origin}${path}`,
      { method, headers: { ...rest, [CARRIED_OUT]: '1' }, agent: false },
      response => {
        const pieces: Buffer[] = []
        response.on('data', piece => pieces.push(piece))
        response.on('end', () => {
          const { connection: _, 'keep-alive': __, ...sent } = response.headers
          resolve({
            status: response.statusCode ?? 0,
            headers: sent,
            body: Buffer.concat(pieces).toString('utf8')
          })
        })
      }
    )
    inner.on('error', reject)
    inner.end(body)
  })
}

/** Answers in the platform's place. */
export function answers(
  { request, response }: Pick<Met, 'request' | 'response'>,
  status: number,
  json: unknown = { message: `played ${status}` },
  headers: Record<string, string> = {}
): true {
  request.status = status
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(json))
  return true
}

/** A fault, and on which side of the change of state it strikes. */
export interface Mishap {
  readonly name: string
  readonly done: boolean
  play(met: Met): true
}

const answered = (status: number, headers: Record<string, string> = {}, json?: unknown): Mishap['play'] => {
  return met => answers(met, status, json, headers)
}
const SECONDARY = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }
const reset: Mishap['play'] = ({ socket }) => {
  socket.destroy()
  return true
}
const silence: Mishap['play'] = () => true
const cut: Mishap['play'] = ({ response, socket }) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '900' })
  response.write('{"a":', () => socket.destroy())
  return true
}

export const MISHAPS: readonly Mishap[] = [
  { name: '401', done: false, play: answered(401) },
  { name: '403', done: false, play: answered(403) },
  { name: '404', done: false, play: answered(404) },
  { name: '422', done: false, play: answered(422) },
  { name: '429', done: false, play: answered(429, { 'Retry-After': '900' }, SECONDARY) },
  { name: '500', done: false, play: answered(500) },
  { name: 'reset', done: false, play: reset },
  { name: 'silence', done: false, play: silence },
  { name: 'done, 502', done: true, play: answered(502) },
  { name: 'done, reset', done: true, play: reset },
  { name: 'done, cut', done: true, play: cut },
  { name: 'done, silence', done: true, play: silence }
]

/** Returns what plays a mishap at the n-th request, and at no other. */
export function mishapAt(n: number, { done, play }: Mishap): Play {
  return met => met.n === n && met.done === done && play(met)
}

/** Runs the rotation in this process; waits take no time. */
export function rotateInProcess(
  { genesys, github }: { genesys: { origin: string }; github: { url: string } },
  inputs: Inputs = {},
  options: { readonly clock?: Clock; readonly env?: Readonly<Record<string, string>> } = {}
): Promise<StepResult> {
  return runStep(rotate, {
    ...options,
    inputs: { ...GENESYS, 'base-url': genesys.origin, ...ASKED, ...inputs },
    env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app', ...options.env }
  })
}
