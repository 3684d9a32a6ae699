import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { HttpClient, type HttpClientResponse } from '@actions/http-client'
import { Secret } from '../lib/secret.js'
import { AttemptError } from './errors.js'
import type { HttpRequest } from './types.js'

/** A larger body is no answer to a token request. */
export const LARGEST_BODY_BYTES = 1024 * 1024

const USER_AGENT = 'cc-token-action'

/** What one attempt brought back. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  /** Whether the connection had been used before. */
  readonly reused: boolean
}

/**
 * Sends single attempts through the official client, which brings the proxy and `NO_PROXY`; one client an
 * origin, so that its connection is kept alive from one request to the next.
 */
export class Connections {
  readonly #clients = new Map<string, { client: HttpClient; aborter: Aborter }>()

  constructor() {
    // `0` there would turn the check of certificates off for the whole process, and credentials would go to anyone.
    // Node reads it anew at every connection; the client's tunnel takes no option that would stand above it.
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    // A process does not end while a name is being looked up, whatever is aborted, and glibc asks a silent server for
    // ten seconds. It reads this before its first look-up; what is asked again is decided here.
    process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:1'
  }

  /**
   * Sends the request once. Returns the whole reply, whatever its status; throws a `AttemptError` when there is
   * none within `timeoutMs`. The timer is a race of our own: behind a proxy that never answers CONNECT,
   * neither the signal nor the client's timeout ends the promise.
   */
  async attempt(request: HttpRequest, timeoutMs: number): Promise<Reply> {
    const { client, aborter } = this.#clientFor(request.url.origin)
    const abort = new AbortController()
    aborter.signal = abort.signal
    const watch = new Watch(request)
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            watch.isConnected
              ? new AttemptError('timeout', `no whole answer within ${timeoutMs} ms`)
              : new AttemptError('timeout', `no connection within ${timeoutMs} ms`, { neverSent: true })
          ),
        timeoutMs
      )
    })
    const answered = send(client, request)
    answered.catch(() => {}) // when the timer has won, the late failure is nobody's
    try {
      return await Promise.race([answered, timedOut])
    } catch (error) {
      abort.abort()
      throw AttemptError.from(error)
    } finally {
      clearTimeout(timer)
      watch.end()
    }
  }

  /** Closes every connection that was kept. */
  close(): void {
    for (const { client } of this.#clients.values()) client.dispose()
    this.#clients.clear()
  }

  #clientFor(origin: string): { client: HttpClient; aborter: Aborter } {
    let kept = this.#clients.get(origin)
    if (kept === undefined) {
      const aborter = new Aborter()
      const client = new HttpClient(USER_AGENT, [aborter], { keepAlive: true, allowRedirects: false })
      kept = { client, aborter }
      this.#clients.set(origin, kept)
    }
    return kept
  }
}

/** Node tells of each request here once it has a socket, be it connected or not; the client tells of none. */
const STARTED = 'http.client.request.start'

/** Watches how far one request comes: what was not even connected cannot have been carried out. */
class Watch {
  readonly #listener: (message: unknown) => void
  #started: ClientRequest | undefined

  constructor({ method, url }: HttpRequest) {
    this.#listener = message => {
      const { request } = message as { request: ClientRequest }
      if (request.method === method && request.path === url.pathname + url.search) this.#started = request
    }
    subscribe(STARTED, this.#listener)
  }

  /** Whether there is a connection, its TLS included, that the request may have gone through. */
  get isConnected(): boolean {
    const socket = this.#started?.socket as
      | (Socket & Partial<Pick<TLSSocket, 'authorized'>>)
      | null
      | undefined
    return socket != null && socket.connecting !== true && socket.authorized !== false
  }

  end(): void {
    unsubscribe(STARTED, this.#listener)
  }
}

/** Hands the abort signal of the coming request to Node's `http`; the client has no parameter for it. */
class Aborter {
  signal: AbortSignal | undefined

  prepareRequest(options: { signal?: AbortSignal | undefined }): void {
    options.signal = this.signal
  }

  canHandleAuthentication(): boolean {
    return false
  }

  handleAuthentication(): Promise<HttpClientResponse> {
    return Promise.reject(new Error('no authentication is handled here'))
  }
}

async function send(client: HttpClient, request: HttpRequest): Promise<Reply> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, plain(value)])
  )
  const body = request.body === undefined ? null : plain(request.body)
  const { message } = await client.request(request.method, request.url.href, body as string, headers)
  return {
    status: message.statusCode ?? 0,
    headers: firstValues(message),
    body: (await readWhole(message)).toString('utf8'),
    reused: (message as IncomingMessage & { req?: { reusedSocket?: boolean } }).req?.reusedSocket === true
  }
}

function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}

function firstValues(message: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0]])
  )
}

/** Reads the body to its end. The client's own `readBody` never settles when the body is cut short. */
function readWhole(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const cutShort = () => reject(new AttemptError('cut-short', 'the body was cut short'))
    message.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > LARGEST_BODY_BYTES) {
        reject(new AttemptError('too-large', `the body is larger than ${LARGEST_BODY_BYTES} bytes`))
        message.destroy()
      } else chunks.push(chunk)
    })
    message.on('end', () => (message.complete ? resolve(Buffer.concat(chunks)) : cutShort()))
    message.on('error', cutShort)
    message.on('close', cutShort)
  })
}
