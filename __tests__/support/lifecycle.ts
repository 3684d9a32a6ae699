import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CXONE_ACCESS_KEY, CXONE_APPLICATION, CXONE_REALM_CLIENT } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT } from '../../emulator/genesys.mjs'
import type { EmulatorServer } from '../../emulator/server.mjs'
import type { Plan } from './instrument.mjs'
import { type RunOptions, type RunResult, runAction, runPost } from './runner.mjs'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
export const MAIN = at('dist/main/index.js')
export const POST = at('dist/post/index.js')
const ACTION = at('action.yml')

export type Inputs = Readonly<Record<string, string>>

/** A platform as far as a life's record needs it. */
export type Platform = EmulatorServer & { readonly tokens: ReadonlyMap<string, object> }

/** What the instrument saw of a process. */
export interface Point {
  readonly kind: 'write' | 'response' | 'line' | 'planted'
  readonly n?: number
  readonly what: string
  readonly path?: string
  readonly mode?: string
  readonly size?: number
  readonly sent?: string
  readonly full?: true
}

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
export const CXONE_A: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_APPLICATION.id,
  'client-secret': CXONE_APPLICATION.secret,
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_B: Inputs = {
  provider: 'cxone',
  region: 'na1',
  'access-key-id': CXONE_ACCESS_KEY.id,
  'access-key-secret': CXONE_ACCESS_KEY.secret
}
export const CXONE_C: Inputs = {
  provider: 'cxone',
  'client-id': CXONE_REALM_CLIENT.id,
  'client-secret': CXONE_REALM_CLIENT.secret
}

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

/** Returns the environment that loads the instrument, and a reader of what it saw. */
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

/** Returns a text with everything that differs from run to run replaced by its name. */
export function normal(text: string, platform: Platform, ...runs: readonly RunResult[]): string {
  const values: [string, string][] = [
    ...[...platform.tokens.keys()].map((token, index): [string, string] => [token, `{token ${index + 1}}`]),
    ...('alsoIssued' in platform ? (platform.alsoIssued as string[]) : []).map(
      (token, index): [string, string] => [token, `{also issued ${index + 1}}`]
    ),
    [platform.origin, '{origin}'],
    [GENESYS_CLIENT.secret, '{client secret}'],
    ...runs.map((run): [string, string] => [run.tempDir, '{temp}'])
  ]
  return values
    .reduce((rest, [value, name]) => rest.replaceAll(value, name), text)
    .replace(/ghadelimiter_[0-9a-f-]{36}/g, '{eof}')
    .replace(/cc-token-[0-9a-f-]{36}/g, 'cc-token-{uuid}')
    .replace(/correlation id [0-9a-f-]{36}/g, 'correlation id {uuid}')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '{time}')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '{minute}')
    .replace(/"expiresAtMs":\d{13}/g, '"expiresAtMs":{ms}')
    .replace(/::add-mask::[A-Za-z0-9+/=%]{60,}$/gm, '::add-mask::{derived}')
}

/** Returns what a platform was asked since the record was emptied: method, path, whose credential, status. */
export function record(platform: Platform): string[] {
  const names = [...platform.tokens.keys()]
  return platform.requests.map(({ method, path, headers, status }) => {
    const { authorization = '' } = headers
    const bearer = names.findIndex(token => authorization === `Bearer ${token}`)
    const who = bearer >= 0 ? `token ${bearer + 1}` : (authorization.split(' ')[0] ?? '')
    return [method, path, ...(who === '' ? [] : [who]), status].join(' ')
  })
}

/** Returns the entry of a command file, as the toolkit writes it and `normal` leaves it. */
export function entry(name: string, value: string): string {
  return `${name}<<{eof}\n${value}\n{eof}\n`
}

/** Runs the jobs, a few at a time. Returns what came of them, in order. */
export async function few<T, R>(
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

/** Returns lines as they stand in a log or a record. */
export function lines(...said: readonly string[]): string {
  return said.map(line => `${line}\n`).join('')
}

/** Returns all that a step wrote, each file whole, in the spelling of `normal`. */
export function written(run: RunResult, platform: Platform): Record<string, unknown> {
  const { output, env, state, summary } = run.files
  const plain = (text: string) => normal(text, platform, run)
  return {
    exitCode: run.exitCode,
    stdout: plain(run.stdout),
    stderr: plain(run.stderr),
    output: plain(output),
    env: plain(env),
    state: plain(state),
    summary: plain(summary)
  }
}

/** Returns what a post step wrote that said one line, after masking so many tokens. */
export function cleanUp(line: string, tokens: readonly number[]): Record<string, unknown> {
  const masks = tokens.map(token => `::add-mask::{token ${token}}`)
  return {
    exitCode: 0,
    stdout: lines(...masks, line),
    stderr: '',
    output: '',
    env: '',
    state: '',
    summary: ''
  }
}

/** How a step on Genesys Cloud begins to speak, up to its first token. */
export const GENESYS_HEAD: readonly string[] = [
  '::add-mask::{client secret}',
  '::add-mask::emulated-Genesys_secret%252F7Qm%252BZk2vXw9',
  'Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials at the login host.',
  'base-url: every request, with its secrets, goes to {origin}.',
  '::add-mask::{derived}',
  '::add-mask::{token 1}'
]

/** The outputs of a Genesys access token, with what is said in addition. */
export function genesysOutputs(more: Readonly<Record<string, string>> = {}, token = '{token 1}'): string {
  const values = {
    token,
    'token-type': 'Bearer',
    'expires-in': '86400',
    'expires-at': '{time}',
    'api-url': '{origin}',
    region: 'eu-west-1',
    domain: 'mypurecloud.ie',
    'organization-id': '',
    'organization-name': '',
    'token-file': '',
    ...more
  }
  return Object.entries(values)
    .map(([name, value]) => entry(name, value))
    .join('')
}

/** What main saves of a Genesys token. */
export function savedToken(number: number, kind: 'access' | 'long-lived' = 'access'): string {
  return entry(
    `token-${number}`,
    `{"value":"{token ${number}}","kind":"${kind}","revocationBaseUrl":"{origin}","expiresAtMs":{ms}}`
  )
}

/** A job summary, in the order of its rows. */
export function summaryOf(title: string, rows: Readonly<Record<string, string>>): string {
  const cells = Object.entries(rows).map(
    ([name, value]) => `<tr><td><strong>${name}</strong></td><td>${value}</td></tr>`
  )
  return `<h3>${title}</h3>\n<table>${cells.join('')}</table>\n`
}

/** The output of a step that failed, which is written without the toolkit. */
export function errorCode(code: string): string {
  return `error-code=${code}\n`
}

/** How the one error of a step that failed ends, where the runner does not say whose action it is. */
export function more(code: string): string {
  return `%0AMore: docs/troubleshooting.md#${code}`
}
