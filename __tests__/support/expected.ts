/**
 * What a step must write, in the spelling of `normal` in written.ts. If a text or an output of the action changes, change
 * it here.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT
} from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import type { Values, Written } from './written.js'

/** Names of the outputs that action.yml declares. */
export const DECLARED_OUTPUTS: readonly string[] = Object.keys(
  (parse(readFileSync('action.yml', 'utf8')) as { outputs: object }).outputs
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

/** Returns lines as a log or a file contains them. */
export function lines(...texts: readonly string[]): string {
  return texts.map(line => `${line}\n`).join('')
}

/** Returns the entry of a command file, as the toolkit writes it and `normal` leaves it. */
export function entry(name: string, value: string): string {
  return `${name}<<{eof}\n${value}\n{eof}\n`
}
