/** The requests of every exchange, and how a fault at one of them is played and judged. */
import { inspect } from 'node:util'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'
import { exchange } from '../../src/auth/index.js'
import type { AuthRequest, ExchangeResult } from '../../src/auth/provider.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Redactor, Secret } from '../../src/lib/secret.js'
import { openWire, StillClock } from '../support/wire.js'
import { type Again, type AttemptError, POISON, type Target } from './faults.js'
import { type Front, type FrontOptions, startFront } from './front.js'

export const MAX_ATTEMPTS = 3

/** Long enough for a busy machine, short enough for a test. */
const SHORT_ATTEMPT_MS = 500
const LONG_ATTEMPT_MS = 8000
const HANGS_AFTER_MS = 10_000

export const TARGETS: readonly Target[] = [
  target('genesys-login', 'token', 'POST /oauth/token', 0),
  target('genesys-api', 'token', 'POST /api/v2/oauth/token', 0, true),
  target('genesys-long-lived', 'token', 'POST /oauth/token', 0),
  target('genesys-long-lived', 'generate', 'POST /api/v2/oauth/token/generate', 1, true),
  target('cxone-application', 'discovery', 'GET /.well-known/openid-configuration', 0),
  target('cxone-application', 'token', 'POST /auth/token', 1),
  target('cxone-application', 'configuration', 'GET /.well-known/cxone-configuration', 2),
  target('cxone-access-key', 'token', 'POST /authentication/v1/token/access-key', 0),
  target('cxone-client', 'token', 'POST /oauth/token', 0, true)
]

function target(
  exchange: string,
  kind: Target['kind'],
  request: string,
  before: number,
  tutorial = false
): Target {
  const [method, path] = request.split(' ') as ['GET' | 'POST', string]
  return { exchange, kind, method, path, before, tutorial }
}

export function nameOf({ exchange, kind }: Target): string {
  return `${exchange}: ${kind}`
}

/** What came of a fault. */
export interface Outcome {
  readonly code: string
  /** How many requests (connections, where it comes before the request) met the fault. */
  readonly tries: number
  /** What was said or sent that should not have been. */
  readonly wrong: readonly string[]
  readonly expiresInSeconds?: number | 'not said'
}

export interface Cell extends Outcome {
  readonly message: string
  readonly waits: readonly number[]
  /** How many requests were sent that did not meet the fault, before it or after it. */
  readonly sentBefore: number
}

/** Chance at its highest: each wait is as long as it can be, so that the number of tries is always the same. */
class HighClock extends StillClock {
  override readonly random = (): number => 0.999999
}

/** Both platforms, and what plays faults before them. */
export class Bench {
  readonly #platforms: Promise<{
    genesys: Awaited<ReturnType<typeof startGenesys>>
    cxone: Awaited<ReturnType<typeof startCxone>>
  }>

  constructor() {
    this.#platforms = Promise.all([startGenesys(), startCxone()]).then(([genesys, cxone]) => ({
      genesys,
      cxone
    }))
  }

  async platformOf({ exchange }: Pick<Target, 'exchange'>): Promise<string> {
    const { genesys, cxone } = await this.#platforms
    return (exchange.startsWith('genesys') ? genesys : cxone).origin
  }

  async close(): Promise<void> {
    const { genesys, cxone } = await this.#platforms
    await Promise.all([genesys.close(), cxone.close()])
  }

  /** Plays a fault at one request, for ever unless told how often, and tells what came of it. */
  async play(
    at: Target,
    fault: AttemptError | undefined,
    more: Pick<FrontOptions, 'times' | 'tls'> = {},
    attemptTimeoutMs?: number
  ): Promise<Cell> {
    const clock = new HighClock()
    const front = await startFront({
      platform: await this.platformOf(at),
      target: at,
      now: clock.now,
      ...(fault ? { fault } : {}),
      ...more
    })
    const { wire, events, told, said, debugged } = openWire({
      clock,
      secrets: SECRETS.map(secret => new Secret(secret)),
      timeoutMs: 120_000,
      attemptTimeoutMs: attemptTimeoutMs ?? (fault?.slow ? SHORT_ATTEMPT_MS : LONG_ATTEMPT_MS),
      maxAttempts: MAX_ATTEMPTS
    })
    let grant: ExchangeResult | undefined
    let error: unknown
    try {
      grant = await orHang(exchange(requestFor(at.exchange, new URL(front.origin)), wire, events))
    } catch (caught) {
      error = caught
    }
    wire.close()
    await front.close()
    const tries = fault?.at === 'nowhere' ? wire.sent - at.before : front.played
    const seconds = grant?.token.expiresInSeconds
    return {
      code: grant ? 'granted' : error instanceof ActionError ? error.code : inspect(error),
      tries,
      sentBefore: wire.sent - tries,
      message: error instanceof Error ? error.message : '',
      waits: clock.waits,
      wrong: [...wrongly(front, grant, told), ...leaks([...said, ...debugged, ...words(error)], told)],
      ...(grant ? { expiresInSeconds: seconds ?? 'not said' } : {})
    }
  }
}

/** Returns what the contract says must come of a fault that never ends. */
export function expected(fault: AttemptError, at: Target): Outcome & { expiresInSeconds?: unknown } {
  const code = typeof fault.code === 'function' ? fault.code(at) : fault.code
  return { code, tries: triesOf(againOf(fault, at), at), wrong: [] }
}

export function againOf({ again }: AttemptError, at: Target): Again {
  return typeof again === 'function' ? again(at) : again
}

export function triesOf(again: Again, { kind }: Target): number {
  switch (again) {
    case 'no':
      return 1
    case 'yes':
      return kind === 'generate' ? 1 : MAX_ATTEMPTS
    case 'not-carried-out':
      return MAX_ATTEMPTS
    // At once, after 15 s, after a minute more, and just before the two minutes are over.
    case 'throttled':
      return 4
    // At once, and twice after the 50 s that were asked for (with jitter, 55); a third time would be too late.
    case 'asked':
      return 3
  }
}

const CLIENT = { id: GENESYS_CLIENT.id, secret: new Secret(GENESYS_CLIENT.secret) }
const APPLICATION = { id: CXONE_APPLICATION.id, secret: new Secret(CXONE_APPLICATION.secret) }
const REALM_CLIENT = { id: CXONE_REALM_CLIENT.id, secret: new Secret(CXONE_REALM_CLIENT.secret) }
const ACCESS_KEY = { id: CXONE_ACCESS_KEY.id, secret: new Secret(CXONE_ACCESS_KEY.secret) }
const REGION = { code: 'eu-west-1', domain: 'mypurecloud.ie' }

export const SECRETS: readonly string[] = [
  GENESYS_CLIENT,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_ACCESS_KEY
].flatMap(({ id, secret }) => [secret, Buffer.from(`${id}:${secret}`).toString('base64')])

export function requestFor(exchange: string, baseUrl?: URL): AuthRequest {
  const common = baseUrl ? { baseUrl } : {}
  const login = { exchange: 'genesys-login', region: REGION, client: CLIENT, ...common } as const
  switch (exchange) {
    case 'genesys-login':
      return login
    case 'genesys-api':
      return { ...login, exchange }
    case 'genesys-long-lived':
      return {
        exchange,
        region: REGION,
        initial: login,
        serviceAccountId: GENESYS_SERVICE_ACCOUNT.id,
        ...common
      }
    case 'cxone-application':
      return {
        exchange,
        issuer: 'cxone.niceincontact.com',
        client: APPLICATION,
        accessKey: ACCESS_KEY,
        ...common
      }
    case 'cxone-access-key':
      return { exchange, area: 'na1', accessKey: ACCESS_KEY, ...common }
    case 'cxone-client':
      return { exchange, realm: 'us-22', client: REALM_CLIENT, ...common }
    default:
      throw new Error(`no exchange is called ${exchange}`)
  }
}

/** The inputs that lead to the same exchange. */
export function inputsFor(exchange: string, baseUrl?: string): Record<string, string> {
  const genesys = {
    provider: 'genesys',
    region: 'eu-west-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret
  }
  const key = { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }
  const inputs: Record<string, Record<string, string>> = {
    'genesys-login': genesys,
    'genesys-api': { ...genesys, 'token-endpoint': 'api' },
    'genesys-long-lived': {
      ...genesys,
      'token-kind': 'long-lived',
      'service-account-id': GENESYS_SERVICE_ACCOUNT.id
    },
    'cxone-application': {
      provider: 'cxone',
      'client-id': CXONE_APPLICATION.id,
      'client-secret': CXONE_APPLICATION.secret,
      ...key
    },
    'cxone-access-key': { provider: 'cxone', region: 'na1', ...key },
    'cxone-client': {
      provider: 'cxone',
      'client-id': CXONE_REALM_CLIENT.id,
      'client-secret': CXONE_REALM_CLIENT.secret
    }
  }
  return { ...inputs[exchange], ...(baseUrl === undefined ? {} : { 'base-url': baseUrl }) }
}

/** Whatever was sent where, or with what, it should not have been. */
export function wrongly(front: Front, grant: ExchangeResult | undefined, told: readonly string[]): string[] {
  const found: string[] = []
  if (front.foreignSaw > 0) found.push(`the foreign server saw ${front.foreignSaw} connections`)
  for (const { method, path, raw } of front.asked) {
    const isGenerate = path.endsWith('/generate')
    // The documents of an issuer are public, and the generate request brings the initial token alone.
    const secrets = method === 'GET' ? [...SECRETS, ...told] : isGenerate ? SECRETS : []
    if (hidden(raw, secrets) !== raw) found.push(`${method} ${path} carries a credential`)
    if (
      !raw.includes(`\r\nhost: ${new URL(front.origin).host}\r\n`) &&
      !raw.includes(`\r\nHost: ${new URL(front.origin).host}\r\n`)
    )
      found.push(`${method} ${path} names another host`)
  }
  if (grant?.token.value.reveal() === POISON || grant?.apiUrl?.includes('evil'))
    found.push('the poison was taken')
  return found
}

export function leaks(texts: readonly string[], told: readonly string[]): string[] {
  const secrets = [...SECRETS, ...told]
  return texts
    .filter(text => hidden(text, secrets) !== text)
    .map(text => `a secret is in: ${text.slice(0, 200)}`)
}

function words(error: unknown): string[] {
  if (error === undefined) return []
  const { hint = '' } = error as { hint?: string }
  return [String(error), hint, inspect(error, { depth: 6, showHidden: true })]
}

function hidden(text: string, secrets: readonly string[]): string {
  const known = new Redactor()
  for (const secret of secrets) known.add(new Secret(secret))
  return known.hideIn(text)
}

/** Nothing may hang; what does is told instead of waited for. */
async function orHang<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), HANGS_AFTER_MS)
  })
  try {
    return await Promise.race([promise, hung])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs the tasks, so many of them at a time, and returns what they return. */
export async function pooled<T>(tasks: readonly (() => Promise<T>)[], atOnce: number): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async () => {
    for (let at = next++; at < tasks.length; at = next++)
      results[at] = await (tasks[at] as () => Promise<T>)()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}
