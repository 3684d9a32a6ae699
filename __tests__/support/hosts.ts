import nock from 'nock'

export const GITHUB_API = 'https://api.github.com'

/** A request as it was sent: header names in lower case, the body as text. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Returns the complete GET request of an exchange: it has no other header. */
export function sentGet(url: string): SentRequest {
  const headers = { connection: 'keep-alive', host: new URL(url).host, 'user-agent': 'cc-token-action/1.0.0' }
  return { method: 'GET', url, headers, body: '' }
}

/** Returns the complete POST request of an exchange with a form. */
export function sentForm(url: string, body: string, more: Record<string, string> = {}): SentRequest {
  return sentPost(url, body, { 'content-type': 'application/x-www-form-urlencoded', ...more })
}

/** Returns the complete POST request of an exchange with JSON. */
export function sentJson(url: string, body: string, more: Record<string, string> = {}): SentRequest {
  return sentPost(url, body, { 'content-type': 'application/json', ...more })
}

function sentPost(url: string, body: string, more: Record<string, string>): SentRequest {
  const length = String(Buffer.byteLength(body))
  return {
    method: 'POST',
    url,
    headers: { ...sentGet(url).headers, 'content-length': length, ...more },
    body
  }
}

export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is, instead of `json`. */
  readonly text?: string
  /** The code of a network error, instead of a response. */
  readonly error?: string
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Plays the platforms and GitHub under their real names, in this process. Each reply serves one request. A request
 * without a reply fails, whatever its host.
 */
export class Hosts {
  readonly requests: SentRequest[] = []

  constructor() {
    if (!nock.isActive()) nock.activate()
    nock.disableNetConnect()
  }

  /** Adds a reply. A URL without a host is GitHub's. `meanwhile` runs when the request has arrived. */
  reply(method: Method, url: string, reply: Reply = {}, meanwhile: () => void = () => {}): this {
    const { origin, pathname, search } = new URL(url, GITHUB_API)
    const { status = 200, headers, json, error } = reply
    const interceptor = nock(origin).intercept(`${pathname}${search}`, method)
    if (error !== undefined) {
      interceptor.replyWithError(Object.assign(new Error(error), { code: error }))
      return this
    }
    interceptor.reply(async (request: Request) => {
      const sent = Object.fromEntries(request.headers)
      this.requests.push({
        method: request.method,
        url: request.url,
        headers: sent,
        body: await request.text()
      })
      meanwhile()
      const type = json === undefined ? {} : { 'Content-Type': 'application/json' }
      const text = reply.text ?? (json === undefined ? '' : JSON.stringify(json))
      return [status, text, { ...type, ...headers }]
    })
    return this
  }

  fail(method: Method, url: string, code: string): this {
    return this.reply(method, url, { error: code })
  }

  /** The replies that no request used. */
  get unusedReplies(): string[] {
    return nock.pendingMocks()
  }

  clear(): void {
    this.requests.length = 0
    nock.cleanAll()
  }

  /** Gives the network back: nock changes it for all tests of this worker. */
  static release(): void {
    nock.cleanAll()
    nock.enableNetConnect()
    nock.restore()
  }
}
