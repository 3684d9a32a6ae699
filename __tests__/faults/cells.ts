/** The requests of every exchange, what a fault at one of them leads to, and what the contract says about that. */

import { inspect } from 'node:util'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  GENESYS_CLIENT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'
import type { RecordedRequest } from '../../emulator/server.mjs'
import { ActionError } from '../../src/lib/action-error.js'
import { Redactor } from '../../src/lib/redactor.js'
import { Secret } from '../../src/lib/secret.js'
import { TestClock } from '../support/clock.js'
import {
  CXONE_ACCESS_KEY_INPUTS,
  CXONE_APPLICATION_INPUTS,
  CXONE_CLIENT_INPUTS,
  GENESYS,
  type Inputs,
  LONG_LIVED
} from '../support/inputs.js'
import { readInputs } from '../support/read-inputs.js'
import { type AnyRequest, exchange } from '../support/requests.js'
import { openSession } from '../support/session.js'
import { startSocketServer } from '../support/sockets.js'
import type { Fault } from './faults.js'

const MAX_ATTEMPTS = 3

/** Long enough for a busy machine, short enough for a test. */
const SHORT_ATTEMPT_MS = 500
const LONG_ATTEMPT_MS = 8000

/** One request of one exchange. */
export interface Target {
  readonly name: string
  /** Of the exchange, without base-url. */
  readonly inputs: Inputs
  readonly method: string
  readonly path: string
  /** How many requests the exchange sends before it. */
  readonly before: number
  /** Whether the exchange can do without its response. It is not retried. */
  readonly isOptional: boolean
}

const target = (name: string, inputs: Inputs, request: string, before = 0, isOptional = false): Target => {
  const [method = '', path = ''] = request.split(' ')
  return { name, inputs, method, path, before, isOptional }
}

const GENERATE_PATH = '/api/v2/oauth/token/generate'
const CONFIGURATION = 'GET /.well-known/cxone-configuration'

/** A request that may be repeated. */
export const LOGIN = target('genesys-login', GENESYS, 'POST /oauth/token')
/** The only request that must not be repeated. It has a connection of its own. */
export const GENERATE = target('generate', LONG_LIVED, `POST ${GENERATE_PATH}`, 1)
export const DOCUMENTS = [
  target('discovery', CXONE_APPLICATION_INPUTS, 'GET /.well-known/openid-configuration'),
  target('configuration', CXONE_APPLICATION_INPUTS, CONFIGURATION, 2)
]
export const TARGETS: readonly Target[] = [
  LOGIN,
  GENERATE,
  ...DOCUMENTS,
  target('genesys-api', { ...GENESYS, 'token-endpoint': 'api' }, 'POST /api/v2/oauth/token'),
  target('initial token', LONG_LIVED, 'POST /oauth/token'),
  target('cxone-application', CXONE_APPLICATION_INPUTS, 'POST /auth/token', 1),
  target('cxone-access-key', CXONE_ACCESS_KEY_INPUTS, 'POST /authentication/v1/token/access-key'),
  target('configuration of an access key', CXONE_ACCESS_KEY_INPUTS, CONFIGURATION, 1, true),
  target('cxone-client', CXONE_CLIENT_INPUTS, 'POST /oauth/token')
]

const SECRETS = [GENESYS_CLIENT, CXONE_APPLICATION, CXONE_REALM_CLIENT, CXONE_ACCESS_KEY].flatMap(
  ({ id, secret }) => [secret, Buffer.from(`${id}:${secret}`).toString('base64')]
)

/** A platform with a fault at one request. */
interface FaultyPlatform {
  readonly origin: string
  readonly requests: readonly RecordedRequest[]
  /** How often the fault happened. */
  readonly played: number
  /** How many connections the foreign server received. */
  readonly foreignConnections: number
  close(): Promise<void>
}

/** Starts the platform of a request with a fault at it, always or so many times. */
export async function startFaulty(
  at: Target,
  fault: Fault | undefined,
  { times = Number.POSITIVE_INFINITY, now = Date.now } = {}
): Promise<FaultyPlatform> {
  const platform = await (at.inputs['provider'] === 'genesys' ? startGenesys() : startCxone())
  let played = 0
  let foreignConnections = 0
  const foreign = await startSocketServer(socket => {
    foreignConnections += 1
    socket.destroy()
  })
  const { onConnection, onRequest } = fault ?? {}
  const isUnreachable = fault !== undefined && !onConnection && !onRequest
  /** Connections on which no request is answered. */
  const spoiled = new Set<object>()
  platform.interceptConnection = socket => {
    const answered = platform.requests.filter(({ status }) => status === 200).length
    if (!onConnection || answered < at.before || played >= times) return
    played += 1
    spoiled.add(socket)
    onConnection(socket)
  }
  platform.intercept = (request, response, socket) => {
    if (spoiled.has(socket)) return true
    if (isUnreachable) response.on('finish', () => void platform.close())
    const isTarget = request.method === at.method && request.path.split('?')[0] === at.path
    if (!isTarget || !onRequest || played >= times) return false
    played += 1
    onRequest({ request, response, socket, foreign: foreign.host, now })
    return true
  }
  if (isUnreachable && at.before === 0) await platform.close()
  return {
    origin: platform.origin,
    requests: platform.requests,
    get played() {
      return played
    },
    get foreignConnections() {
      return foreignConnections
    },
    close: async () => void (await Promise.all([platform.close(), foreign.close()]))
  }
}

/** Returns the request of an exchange at this origin. */
export function requestOf({ inputs }: Pick<Target, 'inputs'>, origin?: string): AnyRequest {
  const { inputs: read } = readInputs(origin === undefined ? inputs : { ...inputs, 'base-url': origin })
  if (read === undefined) throw new Error('the inputs are wrong')
  return read.request
}

/** What a fault leads to. */
export interface Cell {
  /** `granted`, or the code of the error. */
  readonly code: string
  /** How many requests met the fault (connections, if it comes before the request). */
  readonly attempts: number
  /** What was logged or sent, and should not have been. */
  readonly problems: readonly string[]
  readonly message: string
  readonly waits: readonly number[]
  readonly token: string | undefined
}

/** Runs an exchange with a fault at one request, always or so many times. */
export async function runCell(at: Target, fault?: Fault, times?: number, triesLeft = 3): Promise<Cell> {
  // With the highest random numbers the waits are the longest, and the number of attempts is fixed.
  const clock = new TestClock({ random: 0.999999 })
  const platform = await startFaulty(at, fault, { now: clock.now, ...(times ? { times } : {}) })
  const { session, events, secrets, infos, debugs, warnings } = openSession({
    clock,
    known: SECRETS.map(secret => new Secret(secret)),
    attemptTimeoutMs: fault?.isSlow ? SHORT_ATTEMPT_MS : LONG_ATTEMPT_MS,
    maxAttempts: MAX_ATTEMPTS
  })
  let token: string | undefined
  let error: unknown
  try {
    token = (await exchange(requestOf(at, platform.origin), session, events)).token.value.reveal()
  } catch (caught) {
    error = caught
  }
  session.close()
  await platform.close()
  const isUnreachable = fault !== undefined && !fault.onConnection && !fault.onRequest
  const attempts = isUnreachable ? session.attemptCount - at.before : platform.played
  // On a busy machine, a request before the fault may run out of its short time.
  const isDisturbed = token === undefined && session.attemptCount !== at.before + attempts
  if (isDisturbed && triesLeft > 1) return runCell(at, fault, times, triesLeft - 1)
  // As it is reported: the error itself quotes the platform unchanged.
  const redactor = redactorOf([...SECRETS, ...secrets])
  const message = error instanceof ActionError ? redactor.clean(error.message, 1100) : ''
  const texts = [...infos, ...debugs, ...warnings, message, ...ownWords(error)]
  return {
    code: token !== undefined ? 'granted' : error instanceof ActionError ? error.code : inspect(error),
    attempts,
    problems: [...misdirected(platform, secrets), ...texts.filter(text => redactor.matches(text))],
    message,
    waits: clock.waits,
    token
  }
}

/** Returns what the contract says about a fault that does not end. */
export function expected(fault: Fault, at: Target): Pick<Cell, 'code' | 'attempts' | 'problems'> {
  if (at.isOptional) return { code: 'granted', attempts: 1, problems: [] }
  const code = at === GENERATE ? (fault.codeOfGenerate ?? fault.code) : fault.code
  return { code, attempts: attemptsOf(fault, at), problems: [] }
}

function attemptsOf({ retries }: Fault, at: Target): number {
  switch (retries) {
    case 'none':
      return 1
    case 'transient':
      return at === GENERATE ? 1 : MAX_ATTEMPTS
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

/** Returns what was sent to the wrong place or with the wrong credentials. */
function misdirected(platform: FaultyPlatform, secrets: readonly string[]): string[] {
  const found: string[] = []
  if (platform.foreignConnections > 0) found.push('the foreign server received a connection')
  for (const { method, path, headers, body } of platform.requests) {
    // The documents of an issuer are public; the generate request has only the initial token.
    const forbidden = method === 'GET' ? [...SECRETS, ...secrets] : path === GENERATE_PATH ? SECRETS : []
    if (redactorOf(forbidden).matches([...Object.values(headers), path, body].join('\n')))
      found.push(`${method} ${path} has a credential`)
    if (headers.host !== new URL(platform.origin).host) found.push(`${method} ${path} names another host`)
  }
  return found
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
