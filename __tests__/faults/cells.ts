/** The requests of every exchange, what a fault at one of them leads to, and what the contract says about that. */
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
import type { ExchangeResult } from '../../src/auth/provider.js'
import { ActionError } from '../../src/lib/action-error.js'
import type { Clock } from '../../src/lib/clock.js'
import { Redactor } from '../../src/lib/redactor.js'
import { Secret } from '../../src/lib/secret.js'
import { type AnyRequest, exchange } from '../support/requests.js'
import { openSession, StillClock } from '../support/session.js'
import { type Fault, POISON, type Retries, type Target } from './faults.js'
import { type Front, type FrontOptions, startFront } from './front.js'

export const MAX_ATTEMPTS = 3

/** Long enough for a busy machine, short enough for a test. */
const SHORT_ATTEMPT_MS = 500
const LONG_ATTEMPT_MS = 8000
const HANGS_AFTER_MS = 10_000

export const TARGETS: readonly Target[] = [
  target('genesys-login', 'token', 'POST /oauth/token', 0),
  target('genesys-api', 'token', 'POST /api/v2/oauth/token', 0, { isUndocumented: true }),
  target('genesys-long-lived', 'token', 'POST /oauth/token', 0),
  target('genesys-long-lived', 'generate', 'POST /api/v2/oauth/token/generate', 1, { isUndocumented: true }),
  target('cxone-application', 'discovery', 'GET /.well-known/openid-configuration', 0),
  target('cxone-application', 'token', 'POST /auth/token', 1),
  target('cxone-application', 'configuration', 'GET /.well-known/cxone-configuration', 2),
  target('cxone-access-key', 'token', 'POST /authentication/v1/token/access-key', 0),
  target('cxone-access-key', 'configuration', 'GET /.well-known/cxone-configuration', 1, {
    isOptional: true
  }),
  target('cxone-client', 'token', 'POST /oauth/token', 0, { isUndocumented: true })
]

function target(
  exchange: string,
  kind: Target['kind'],
  request: string,
  before: number,
  properties: Partial<Target> = {}
): Target {
  const [method, path] = request.split(' ') as ['GET' | 'POST', string]
  return { exchange, kind, method, path, before, isUndocumented: false, isOptional: false, ...properties }
}

export function nameOf({ exchange, kind }: Target): string {
  return `${exchange}: ${kind}`
}

export function targetOf(exchange: string, kind: Target['kind']): Target {
  const found = TARGETS.find(one => one.exchange === exchange && one.kind === kind)
  if (found === undefined) throw new Error(`${exchange} has no request of the kind ${kind}`)
  return found
}

/** What a fault leads to. */
export interface Outcome {
  /** `granted`, or the code of the error. */
  readonly code: string
  /** How many requests met the fault (connections, if it comes before the request). */
  readonly attempts: number
  /** What was logged or sent, and should not have been. */
  readonly problems: readonly string[]
}

export interface Cell extends Outcome {
  readonly message: string
  readonly waits: readonly number[]
  /** How many attempts did not meet the fault. */
  readonly otherAttempts: number
  /** Of the token that was granted. */
  readonly expiresInSeconds: number | 'unknown'
}

/** A clock with the highest random numbers, so that the waits are the longest and the number of attempts is fixed. */
function highClock(): Clock & Pick<StillClock, 'waits'> {
  const { waits, now, sleep } = new StillClock()
  return { waits, now, sleep, random: () => 0.999999 }
}

/** Both platforms, to place faults in front of. */
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

  /** Runs an exchange with a fault at one request, always or so many times. */
  async run(
    at: Target,
    fault: Fault | undefined,
    options: Pick<FrontOptions, 'times' | 'tls'> = {},
    attemptTimeoutMs?: number
  ): Promise<Cell> {
    const clock = highClock()
    const front = await startFront({
      platform: await this.platformOf(at),
      target: at,
      now: clock.now,
      ...(fault ? { fault } : {}),
      ...options
    })
    const { session, events, secrets, infos, debugs, warnings } = openSession({
      clock,
      known: SECRETS.map(secret => new Secret(secret)),
      attemptTimeoutMs: attemptTimeoutMs ?? (fault?.slow ? SHORT_ATTEMPT_MS : LONG_ATTEMPT_MS),
      maxAttempts: MAX_ATTEMPTS
    })
    let result: ExchangeResult | undefined
    let error: unknown
    try {
      result = await orHang(exchange(requestFor(at.exchange, front.origin), session, events))
    } catch (caught) {
      error = caught
    }
    session.close()
    await front.close()
    const attempts = fault?.at === 'nowhere' ? session.attemptCount - at.before : front.played
    // As it is reported: the error itself quotes the platform unchanged.
    const message =
      error instanceof ActionError ? redactorOf([...SECRETS, ...secrets]).clean(error.message, 1100) : ''
    return {
      code: result ? 'granted' : error instanceof ActionError ? error.code : inspect(error),
      attempts,
      otherAttempts: session.attemptCount - attempts,
      message,
      waits: clock.waits,
      problems: [
        ...misdirected(front, result, secrets),
        ...leaks([...infos, ...debugs, ...warnings, message, ...ownWords(error)], secrets)
      ],
      expiresInSeconds: result?.token.expiresInSeconds ?? 'unknown'
    }
  }
}

/** Returns what the contract says about a fault that does not end. */
export function expected(fault: Fault, at: Target): Outcome {
  const code = typeof fault.code === 'function' ? fault.code(at) : fault.code
  const isIgnored = at.isOptional && fault.namesEndpoint === undefined
  return { code: isIgnored ? 'granted' : code, attempts: attemptsOf(fault, at), problems: [] }
}

export function attemptsOf({ retries }: Pick<Fault, 'retries'>, at: Target): number {
  if (at.isOptional) return 1
  const kind: Retries = typeof retries === 'function' ? retries(at) : retries
  switch (kind) {
    case 'none':
      return 1
    case 'transient':
      return at.kind === 'generate' ? 1 : MAX_ATTEMPTS
    case 'not-sent':
      return MAX_ATTEMPTS
    // At once, after 15 s, after another minute, and just before the two minutes are over.
    case 'throttled':
      return 4
    // At once, and twice after 50 s (55 s with jitter). A third wait would be too long.
    case 'retry-after':
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

export function requestFor(exchange: string, origin?: string): AnyRequest {
  const baseUrl = origin === undefined ? undefined : ({ input: 'base-url', url: origin } as const)
  const genesys = { region: REGION, baseUrl }
  const login = { ...genesys, exchange: 'genesys-login', client: CLIENT, loginBaseUrl: baseUrl } as const
  const issuer = 'cxone.niceincontact.com'
  switch (exchange) {
    case 'genesys-login':
      return login
    case 'genesys-api':
      return { ...genesys, exchange, client: CLIENT }
    case 'genesys-long-lived':
      return { ...genesys, exchange, initial: login, serviceAccountId: GENESYS_SERVICE_ACCOUNT.id }
    case 'cxone-application':
      return { exchange, issuer, client: APPLICATION, accessKey: ACCESS_KEY, baseUrl }
    case 'cxone-access-key':
      return { exchange, issuer, area: 'na1', accessKey: ACCESS_KEY, baseUrl }
    case 'cxone-client':
      return { exchange, realm: 'us-22', client: REALM_CLIENT, baseUrl }
    default:
      throw new Error(`there is no exchange ${exchange}`)
  }
}

/** Returns the inputs for the same exchange. */
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

/** Returns what was sent to the wrong place or with the wrong credentials. */
export function misdirected(
  front: Front,
  result: ExchangeResult | undefined,
  secrets: readonly string[]
): string[] {
  const found: string[] = []
  if (front.foreignConnections > 0)
    found.push(`the foreign server received ${front.foreignConnections} connections`)
  for (const { method, path, raw } of front.requests) {
    const isGenerate = path.endsWith('/generate')
    // The documents of an issuer are public; the generate request has only the initial token.
    const forbidden = method === 'GET' ? [...SECRETS, ...secrets] : isGenerate ? SECRETS : []
    if (redactorOf(forbidden).matches(raw)) found.push(`${method} ${path} has a credential`)
    if (!raw.toLowerCase().includes(`\r\nhost: ${new URL(front.origin).host}\r\n`))
      found.push(`${method} ${path} names another host`)
  }
  if (result?.token.value.reveal() === POISON || result?.apiUrl?.includes('evil'))
    found.push('the second response was used')
  return found
}

/** Returns the texts that contain a secret. */
export function leaks(texts: readonly string[], secrets: readonly string[]): string[] {
  const redactor = redactorOf([...SECRETS, ...secrets])
  return texts.filter(text => redactor.matches(text)).map(text => `a secret is in: ${text.slice(0, 200)}`)
}

/** Returns what the error says itself. Its message quotes the platform; only the reporter redacts it. */
function ownWords(error: unknown): string[] {
  if (error === undefined) return []
  const { hint = '', cause } = error as { hint?: string; cause?: unknown }
  return [hint, inspect(cause, { depth: 6, showHidden: true })]
}

function redactorOf(secrets: readonly string[]): Redactor {
  return new Redactor(secrets.map(secret => new Secret(secret)))
}

/** Rejects if the promise is not settled in time. */
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

/** Runs the tasks, so many at a time. Returns their results in order. */
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
