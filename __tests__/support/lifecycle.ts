/** Runs the token action's bundles against the emulators, and says what they must write. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT
} from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT } from '../../emulator/genesys.mjs'
import type { EmulatorServer } from '../../emulator/server.mjs'
import { parseCommandFile } from './command-files.mjs'
import type { StepResult } from './in-process.js'
import type { Plan } from './instrument.mjs'
import { type RunOptions, type RunResult, runAction, runPost } from './runner.mjs'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
export const MAIN = at('dist/main/index.js')
export const POST = at('dist/post/index.js')
const ACTION = at('action.yml')

export type Values = Readonly<Record<string, string>>
export type Inputs = Values

/** An emulator, as far as these helpers need it. */
export type Platform = EmulatorServer & {
  readonly tokens: ReadonlyMap<string, object>
  /** CXone: refresh tokens and id tokens. */
  readonly alsoIssued?: readonly string[]
}

// --- inputs -----------------------------------------------------------------------------------------------------

export const GENESYS: Inputs = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': GENESYS_CLIENT.id,
  'client-secret': GENESYS_CLIENT.secret
}
export const LONG_LIVED: Inputs = {
  ...GENESYS,
  'token-kind': 'long-lived',
  'service-account-id': GENESYS_SERVICE_ACCOUNT.id
}
export const CXONE_APPLICATION_INPUTS: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_APPLICATION.id,
  'client-secret': CXONE_APPLICATION.secret,
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_ACCESS_KEY_INPUTS: Inputs = {
  provider: 'cxone',
  region: 'na1',
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_CLIENT_INPUTS: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_REALM_CLIENT.id,
  'client-secret': CXONE_REALM_CLIENT.secret
}

// --- runs -------------------------------------------------------------------------------------------------------

/** Runs the bundle's main against a platform. */
export function main(platform: Platform, inputs: Inputs, options: RunOptions = {}): Promise<RunResult> {
  return runAction({
    main: MAIN,
    action: ACTION,
    inputs: { 'base-url': platform.origin, ...inputs },
    ...options
  })
}

/** Runs the bundle's post with what main saved, and no inputs, as in a composite action. */
export function post(ran: RunResult, options: RunOptions = {}): Promise<RunResult> {
  return runPost(ran, { post: POST, ...options })
}

/** One event that the instrument recorded in a process. */
export interface Point {
  readonly kind: 'write' | 'response' | 'line' | 'planted'
  readonly what?: string
  readonly path?: string
  readonly mode?: string
  readonly size?: number
  readonly sent?: string
  readonly full?: true
}

/** Returns the environment that loads the instrument, and a function that returns what it recorded. */
export function instrument(plan: Omit<Plan, 'journal'>): { env: Record<string, string>; seen(): Point[] } {
  const folder = mkdtempSync(join(tmpdir(), 'instrument-'))
  const journal = join(folder, 'journal')
  const preload = pathToFileURL(at('__tests__/support/instrument.mjs')).href
  return {
    env: { NODE_OPTIONS: `--import=${preload}`, INSTRUMENT: JSON.stringify({ ...plan, journal }) },
    seen() {
      const text = existsSync(journal) ? readFileSync(journal, 'utf8') : ''
      rmSync(folder, { recursive: true, force: true })
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Point)
    }
  }
}

/** Runs the jobs, at most `atOnce` at the same time. Returns the results in the order of the jobs. */
export async function runConcurrently<T, R>(
  jobs: readonly T[],
  atOnce: number,
  run: (job: T) => Promise<R>
): Promise<R[]> {
  const results: R[] = []
  const waiting = jobs.entries()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, job] of waiting) results[index] = await run(job)
    })
  )
  return results
}

// --- what was written -------------------------------------------------------------------------------------------

/** Returns a text with everything that differs from run to run replaced by a name. */
export function normal(
  text: string,
  platform: Platform,
  ...runs: readonly { readonly tempDir: string }[]
): string {
  const values: [string, string][] = [
    ...[...platform.tokens.keys()].map((token, index): [string, string] => [token, `{token ${index + 1}}`]),
    ...(platform.alsoIssued ?? []).map((token, index): [string, string] => [
      token,
      `{also issued ${index + 1}}`
    ]),
    [platform.origin, '{origin}'],
    [GENESYS_CLIENT.secret, '{client secret}'],
    ...runs.map((run): [string, string] => [run.tempDir, '{temp}'])
  ]
  return values
    .reduce((rest, [value, name]) => rest.replaceAll(value, name), text)
    .replace(/ghadelimiter_[0-9a-f-]{36}/g, '{eof}')
    .replace(/cc-token-[0-9a-f-]{36}/g, 'cc-token-{uuid}')
    .replace(/(correlation id |<strong>Correlation id<\/strong><\/td><td><code>)[0-9a-f-]{36}/g, '$1{uuid}')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '{time}')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '{minute}')
    .replace(/"expiresAtMs":\d{13}/g, '"expiresAtMs":{ms}')
    .replace(/, \d+ ms$/gm, ', {n} ms')
    .replace(/::add-mask::[A-Za-z0-9+/=%]{60,}$/gm, '::add-mask::{derived}')
}

/** Returns the requests that a platform received: method, path, type of the credential or its token, status. */
export function record(platform: Platform): string[] {
  const names = [...platform.tokens.keys()]
  return platform.requests.map(({ method, path, headers, status }) => {
    const { authorization = '' } = headers
    const bearer = names.findIndex(token => authorization === `Bearer ${token}`)
    const credential = bearer >= 0 ? `token ${bearer + 1}` : (authorization.split(' ')[0] ?? '')
    return [method, path, ...(credential === '' ? [] : [credential]), status].join(' ')
  })
}

/** Everything that a step wrote, in the spelling of `normal`. */
export interface Written {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Values
  readonly env: Values
  /** The raw file, so that entries which were replaced show. */
  readonly state: string
  readonly summary: string
}

/** Returns everything that a bundle wrote. */
export function written(run: RunResult, platform: Platform): Written {
  const { output, env, state } = run.files
  return { ...writtenInProcess({ ...run, output, env, state }, platform), stderr: run.stderr }
}

/** Returns everything that a step in this process wrote. */
export function writtenInProcess(
  step: Omit<StepResult, 'exitCode' | 'code'> & Pick<Written, 'exitCode'>,
  platform: Platform
): Written {
  const plain = (text: string) => normal(text, platform, step)
  const values = (file: string) =>
    Object.fromEntries(Object.entries(parseCommandFile(file)).map(([name, value]) => [name, plain(value)]))
  return {
    exitCode: step.exitCode,
    stdout: plain(step.stdout),
    stderr: '',
    outputs: knownOutputs(values(step.output)),
    env: values(step.env),
    state: plain(step.state),
    summary: plain(step.summary)
  }
}

/** Returns the outputs without those that action.yml declares and `OUTPUTS` lacks: action-yml.test.ts reports them. */
export function knownOutputs(outputs: Values): Values {
  const known = [...Object.keys(OUTPUTS), 'error-code']
  const isNew = (name: string) => DECLARED_OUTPUTS.includes(name) && !known.includes(name)
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !isNew(name)))
}

/** Returns lines as a log or a file contains them. */
export function lines(...texts: readonly string[]): string {
  return texts.map(line => `${line}\n`).join('')
}

/** Returns the entry of a command file, as the toolkit writes it and `normal` leaves it. */
export function entry(name: string, value: string): string {
  return `${name}<<{eof}\n${value}\n{eof}\n`
}

// --- what must be written ---------------------------------------------------------------------------------------
// All in the spelling of `normal`. If a text or an output of the action changes, change it here.

/** Names of the outputs that action.yml declares. */
export const DECLARED_OUTPUTS: readonly string[] = Object.keys(
  (parse(readFileSync(ACTION, 'utf8')) as { outputs: object }).outputs
)

/** The outputs of a successful step, in the order of action.yml, with their values for a Genesys Cloud access token. */
export const OUTPUTS = {
  token: '{token 1}',
  'token-type': 'Bearer',
  'expires-in': '86400',
  'expires-at': '{time}',
  'idles-at': '',
  'api-url': '{origin}',
  region: 'eu-west-1',
  domain: 'mypurecloud.ie',
  'organization-id': '',
  'organization-name': '',
  'token-file': ''
} as const satisfies Values

export const ORGANIZATION = GENESYS_CLIENT.organization

/** The path of a token file, and the state that the post step finds it by. */
export const TOKEN_FILE = '{temp}/cc-token-{uuid}/token'
const SAVED_FOLDER = entry('token-folder', '{temp}/cc-token-{uuid}')

export const TEXTS = {
  baseUrl: 'base-url: all requests, with their secrets, go to {origin}.',
  notPublished: 'The token was not published; it was revoked.',
  notRevokedYet:
    '::warning::The token was not published; it could not be revoked yet. The post step tries again when the job ends.',
  cancelled: 'Cancelled. The post step cleans up when the job ends.',
  revokedLater: 'The token is revoked when the job ends.',
  keptByPolicy: 'The token is not revoked when the job ends.',
  outlivesJob: 'The token outlives the job; the initial token is revoked when the job ends.',
  notRevocable: 'NICE CXone tokens cannot be revoked; this one expires at {minute}.',
  nothingToDo: 'Clean-up: nothing to do.'
} as const

/** One way to get a token, and what the step writes about it. */
export interface Exchange {
  readonly platform: string
  readonly kind: 'access' | 'long-lived'
  readonly place: string
  readonly credentials: string
  /** Secret inputs, as they are masked. */
  readonly inputSecrets: readonly string[]
  /** Secrets that the exchange itself masks, the platform's tokens last. */
  readonly secrets: readonly string[]
  readonly lifetime: string
  readonly requests: number
  readonly cleanUp: string
  readonly outputs: Values
  readonly state: string
  /** Rows of the summary: where the token is valid. */
  readonly rows: Values
  /** What an auditor needs, in the log and in the summary. */
  readonly ids: Values
}

const GENESYS_SECRETS = ['{client secret}', 'emulated-Genesys_secret%252F7Qm%252BZk2vXw9']
const APPLICATION_SECRETS = [
  'emulated-CXone_application:9fT/w+4Lr',
  'emulated-CXone_application%253A9fT%252Fw%252B4Lr'
]
const ACCESS_KEY_SECRETS = ['EMULATEDSECRET2K7YQ4ZVTJ6RNWB3XHMDGLCAPO5FUSEI====', '{derived}']
const JWT_SECRETS = ['{token 1}', '{also issued 1}', '{also issued 2}']

const genesysExchange = {
  platform: 'Genesys Cloud',
  kind: 'access',
  place: 'region eu-west-1 (mypurecloud.ie)',
  inputSecrets: GENESYS_SECRETS,
  secrets: ['{derived}', '{token 1}'],
  lifetime: '24 h',
  requests: 1,
  cleanUp: TEXTS.revokedLater,
  outputs: OUTPUTS,
  state: savedToken(1),
  rows: { Region: `${code('eu-west-1')} ${code('mypurecloud.ie')}`, API: code('{origin}') },
  ids: { 'OAuth client': GENESYS_CLIENT.id, 'Correlation id': '{uuid}' }
} as const

const cxoneExchange = {
  platform: 'NICE CXone',
  kind: 'access',
  lifetime: '1 h',
  cleanUp: TEXTS.notRevocable,
  state: ''
} as const
const CXONE_OUTPUTS = { ...OUTPUTS, 'expires-in': '3600', region: '', domain: '' }

export const EXCHANGES = {
  login: { ...genesysExchange, credentials: 'client credentials at the login host' },
  api: {
    ...genesysExchange,
    credentials: 'client credentials at the API host (undocumented request)',
    secrets: ['{token 1}']
  },
  longLived: {
    ...genesysExchange,
    kind: 'long-lived',
    credentials: 'client credentials for a long-lived token (undocumented request)',
    secrets: ['{derived}', '{token 1}', '{token 2}'],
    lifetime: '365 d',
    requests: 2,
    cleanUp: TEXTS.outlivesJob,
    outputs: { ...OUTPUTS, token: '{token 2}', 'expires-in': '31536000' },
    state: savedToken(1) + savedToken(2, 'long-lived')
  },
  application: {
    ...cxoneExchange,
    place: 'issuer cxone.niceincontact.com',
    credentials: 'client credentials and an access key',
    inputSecrets: [...APPLICATION_SECRETS, ...ACCESS_KEY_SECRETS],
    secrets: ['{derived}', ...JWT_SECRETS],
    requests: 3,
    outputs: { ...CXONE_OUTPUTS, region: CXONE_TENANT.area, domain: CXONE_TENANT.domain },
    rows: { Area: code('na1'), Issuer: code('cxone.niceincontact.com'), API: code('{origin}') },
    ids: { Client: CXONE_APPLICATION.id }
  },
  accessKey: {
    ...cxoneExchange,
    place: 'area na1',
    credentials: 'an access key',
    inputSecrets: ACCESS_KEY_SECRETS,
    secrets: JWT_SECRETS,
    requests: 2,
    outputs: { ...CXONE_OUTPUTS, region: 'na1' },
    rows: { Area: code('na1'), API: code('{origin}') },
    ids: { 'Access key': CXONE_ACCESS_KEY.id }
  },
  client: {
    ...cxoneExchange,
    place: 'realm us-22',
    credentials: 'client credentials (undocumented request)',
    inputSecrets: [
      'emulated-CXone_realm&client=5uY/k+2Q',
      'emulated-CXone_realm%2526client%253D5uY%252Fk%252B2Q'
    ],
    secrets: ['{token 1}'],
    requests: 1,
    outputs: { ...CXONE_OUTPUTS, 'api-url': '' },
    rows: { Realm: code('us-22') },
    ids: { Client: CXONE_REALM_CLIENT.id }
  }
} as const satisfies Record<string, Exchange>

/** Returns the commands that mask these values. */
export function masks(values: readonly string[]): string[] {
  return values.map(value => `::add-mask::${value}`)
}

/** Returns the lines before the first request, without masks. */
export function start({ platform, place, credentials }: Exchange): string[] {
  return [`${platform}, ${place}: exchanging ${credentials}.`, TEXTS.baseUrl]
}

/** Returns the log of a step until its last token is masked. */
export function head(exchange: Exchange): string[] {
  return [...masks(exchange.inputSecrets), ...start(exchange), ...masks(exchange.secrets)]
}

export interface Published {
  /** The log until the last token is masked. */
  readonly log?: readonly string[]
  /** The owner as the log names it: `organisation Example Contact Centre (id)`. */
  readonly owner?: string
  readonly requests?: number
  /** Lines between those that every step logs. */
  readonly more?: readonly string[]
  /** Where the token is, besides the output. */
  readonly places?: readonly string[]
  readonly cleanUp?: string
  /** Outputs that differ from those of the exchange. */
  readonly outputs?: Values
  readonly env?: Values
  /** Present if the exchange saves state. */
  readonly policy?: string
  /** The rows of the owner in the summary; absent if no summary is expected. */
  readonly summary?: Values
}

/** Returns what a step writes that publishes a token. A test gives what differs from the exchange alone. */
export function published(exchange: Exchange, expected: Published = {}): Written {
  const { platform, kind, credentials, lifetime, ids, rows } = exchange
  const { requests = exchange.requests, cleanUp = exchange.cleanUp, places = [], summary } = expected
  const { log = head(exchange), owner, outputs, env = {}, more = [], policy = 'auto' } = expected
  const count = `${requests} request${requests === 1 ? '' : 's'}`
  const whose = owner === undefined ? '' : ` of ${owner}`
  const all = ['output token', ...places]
  const list = all.length === 1 ? all : [all.slice(0, -1).join(', '), all.at(-1)]
  const folder = outputs?.['token-file'] === TOKEN_FILE ? SAVED_FOLDER : ''
  const audit = Object.entries(ids)
    .map(([label, id]) => `${label} ${id}`)
    .join(', ')
    .replace(', Correlation', ', correlation')
  const cells = {
    ...rows,
    Login: credentials.charAt(0).toUpperCase() + credentials.slice(1),
    Received: `{minute}, after ${count}`,
    ...Object.fromEntries(Object.entries(ids).map(([label, id]) => [label, code(id)])),
    Expires: `{minute}, in ${lifetime}`,
    'Clean-up': cleanUp
  }
  return {
    exitCode: 0,
    stdout: lines(
      ...log,
      logged(`Received: ${kind} token${whose}, valid for ${lifetime}, until {minute} (${count}).`),
      `For audits: ${audit}.`,
      ...more,
      `Available as ${list.join(' and ')}. ${cleanUp}`
    ),
    stderr: '',
    outputs: { ...exchange.outputs, ...outputs },
    env,
    state: exchange.state === '' ? folder : exchange.state + folder + entry('published', policy),
    summary: summary === undefined ? '' : summaryOf(`${platform} ${kind} token`, { ...summary, ...cells })
  }
}

/** Returns what a step writes that fails. `log`: the lines before the error. */
export function failed(
  errorCode: string,
  {
    log,
    message,
    hint,
    state = ''
  }: { log: readonly string[]; message: string; hint: string; state?: string }
): Written {
  return {
    exitCode: 1,
    stdout: lines(...log, errorLine(errorCode, message, hint)),
    stderr: '',
    outputs: { 'error-code': errorCode },
    env: {},
    state,
    summary: summaryOf('The step failed', {
      Error: code(errorCode),
      'What happened': escapeHtml(message),
      'What to do': escapeHtml(hint),
      More: `docs/troubleshooting.md#${errorCode}`
    })
  }
}

/** Returns the one error of a step that failed, as the workflow command. */
function errorLine(code: string, message: string, hint: string): string {
  const data = logged(`${message}\n${hint}`).replaceAll('%', '%25').replaceAll('\n', '%0A')
  return `::error::[${code}] ${data}${more(code)}`
}

/** Returns a line without the old form of a workflow command, which the runner obeys anywhere in a line. */
function logged(line: string): string {
  return line.replaceAll('##[', '# #[')
}

/** Returns the end of the error of a step that failed, if the runner does not say whose action it is. */
export function more(code: string): string {
  return `%0AMore: docs/troubleshooting.md#${code}`
}

/** Returns what a post step writes: masks of tokens, given by number, and one line. */
export function cleanUp(line: string, tokens: readonly number[]): Written {
  return {
    exitCode: 0,
    stdout: lines(...masks(tokens.map(token => `{token ${token}}`)), line),
    stderr: '',
    outputs: {},
    env: {},
    state: '',
    summary: ''
  }
}

/** Returns the state that main saves of a Genesys Cloud token. */
export function savedToken(number: number, kind: Exchange['kind'] = 'access'): string {
  return entry(
    `token-${number}`,
    `{"value":"{token ${number}}","kind":"${kind}","provider":"genesys","revocationBaseUrl":"{origin}","expiresAtMs":{ms}}`
  )
}

/** Returns a job summary with these rows. */
export function summaryOf(title: string, rows: Values): string {
  const cells = Object.entries(rows).map(
    ([name, value]) => `<tr><td><strong>${name}</strong></td><td>${value}</td></tr>`
  )
  return `<h3>${title}</h3>\n<table>${cells.join('')}</table>\n`
}

export function code(text: string): string {
  return `<code>${text}</code>`
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
