import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { HttpClient, type HttpClientResponse } from '@actions/http-client'
import { Secret } from '../lib/secret.js'
import { VERSION } from '../lib/version.js'
import { AttemptError, SWITCHED_PROTOCOLS, toAttemptError } from './errors.js'
import type { HttpRequest, RawResponse } from './types.js'

/** No response of a platform is larger. */
export const MAX_BODY_BYTES = 1024 * 1024

const USER_AGENT = `cc-token-action/${VERSION}`

/** Time for one address of a host before the next one is tried. Node's default of 250 ms is too short for distant hosts. */
const ADDRESS_TIMEOUT_MS = 3000

/** Sends single attempts with the official HTTP client, one client per origin, so that connections are reused. */
export class Connections {
  readonly #clients = new Map<string, { client: HttpClient; aborter: Aborter }>()

  constructor() {
    // `0` would turn off certificate checks for the whole process. Node reads the variable at every connection, and the
    // client's proxy tunnel has no option that overrides it.
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    // A process cannot end while a name is looked up, and glibc waits ten seconds for a silent name server. glibc reads
    // this variable before the first lookup.
    process.env['RES_OPTIONS'] ??= 'timeout:4 attempts:1'
    setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_TIMEOUT_MS)
    subscribe(REQUEST_CHANNEL, rejectUpgrade)
  }

  /** Sends the request once. Returns any complete response; throws AttemptError if there is none within `timeoutMs`. */
  async attempt(request: HttpRequest, timeoutMs: number): Promise<RawResponse> {
    const { client, aborter } = request.isOnNewConnection ? newClient() : this.#clientFor(request.url.origin)
    const abort = new AbortController()
    aborter.signal = abort.signal
    let timer: NodeJS.Timeout | undefined
    // A timer of our own: if a proxy never answers CONNECT, neither the signal nor the client's timeout ends the promise.
    const timedOut = new Promise<never>((_, reject) => {
      const error = new AttemptError('timeout', `no complete response within ${timeoutMs} ms`)
      timer = setTimeout(() => reject(error), timeoutMs)
    })
    const response = send(client, request)
    response.catch(() => {}) // after a timeout, its later failure does not matter
    try {
      return await Promise.race([response, timedOut])
    } catch (error) {
      abort.abort()
      throw toAttemptError(error)
    } finally {
      clearTimeout(timer)
      if (request.isOnNewConnection) client.dispose()
    }
  }

  /** Closes all idle connections. */
  close(): void {
    for (const { client } of this.#clients.values()) client.dispose()
    this.#clients.clear()
  }

  #clientFor(origin: string): { client: HttpClient; aborter: Aborter } {
    const existing = this.#clients.get(origin)
    if (existing !== undefined) return existing
    const created = newClient()
    this.#clients.set(origin, created)
    return created
  }
}

function newClient(): { client: HttpClient; aborter: Aborter } {
  const aborter = new Aborter()
  const client = new HttpClient(USER_AGENT, [aborter], { keepAlive: true, allowRedirects: false })
  client.userAgent = USER_AGENT // without the id of the workflow run that the constructor appends
  return { client, aborter }
}

/** Node publishes every request here before it is sent. */
const REQUEST_CHANNEL = 'http.client.request.start'

/** Without a listener, Node closes the connection of a 101 response and leaves the request pending. */
function rejectUpgrade(message: unknown): void {
  const { request } = message as { request: ClientRequest }
  if (request.listenerCount('upgrade') > 0) return // another session is open
  request.once('upgrade', (_response, socket) => {
    socket.destroy()
    request.emit('error', Object.assign(new Error('HTTP 101'), { code: SWITCHED_PROTOCOLS }))
  })
}

/** Passes an abort signal to Node's `http`, and IPv6 literals without brackets: the client does neither. */
class Aborter {
  signal: AbortSignal | undefined

  prepareRequest(options: { signal?: AbortSignal | undefined; host?: string | null }): void {
    options.signal = this.signal
    options.host = options.host?.replace(/^\[(.*)\]$/, '$1') ?? null
  }

  canHandleAuthentication(): boolean {
    return false
  }

  handleAuthentication(): Promise<HttpClientResponse> {
    return Promise.reject(new Error('authentication is not supported'))
  }
}

async function send(client: HttpClient, request: HttpRequest): Promise<RawResponse> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, reveal(value)])
  )
  const body = request.body === undefined ? null : reveal(request.body)
  const { message } = await client.request(request.method, request.url.href, body as string, headers)
  return {
    status: message.statusCode ?? 0,
    headers: firstValues(message),
    body: (await readBody(message)).toString('utf8'),
    isReusedConnection:
      (message as IncomingMessage & { req?: { reusedSocket?: boolean } }).req?.reusedSocket === true
  }
}

function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}

function firstValues(message: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0]])
  )
}

/** Returns the complete body. The client's own `readBody` never settles if the body is cut short. */
function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const cutShort = () => reject(new AttemptError('cut-short', 'the body was cut short'))
    message.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_BODY_BYTES) {
        reject(new AttemptError('too-large', `the body is larger than ${MAX_BODY_BYTES} bytes`))
        message.destroy()
      } else chunks.push(chunk)
    })
    message.on('end', () => (message.complete ? resolve(Buffer.concat(chunks)) : cutShort()))
    message.on('error', cutShort)
    message.on('close', cutShort)
  })
}
