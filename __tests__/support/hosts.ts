import nock from 'nock'

/** A request as it was sent: header names in lower case, the body as text. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** Sent as JSON; `text` is sent as it is. */
  readonly json?: unknown
  readonly text?: string
}

/**
 * Plays the platforms under their real names, in this process. Each answer serves one request; a request that
 * none was laid out for fails, wherever it goes.
 */
export class Hosts {
  readonly seen: Seen[] = []

  constructor() {
    if (!nock.isActive()) nock.activate()
    nock.disableNetConnect()
  }

  /** Lays out one answer. `meanwhile` is called when the request has come and is not answered yet. */
  answer(method: 'GET' | 'POST', url: string, reply: Reply = {}, meanwhile: () => void = () => {}): this {
    const { origin, pathname, search } = new URL(url)
    nock(origin)
      .intercept(`${pathname}${search}`, method)
      .reply(async (request: Request) => {
        const headers = Object.fromEntries(request.headers)
        this.seen.push({ method: request.method, url: request.url, headers, body: await request.text() })
        meanwhile()
        const { status = 200, text = reply.json === undefined ? '' : JSON.stringify(reply.json) } = reply
        const type = reply.json === undefined ? {} : { 'Content-Type': 'application/json' }
        return [status, text, { ...type, ...reply.headers }]
      })
    return this
  }

  /** Lays out a fault of the network. */
  fail(method: 'GET' | 'POST', url: string, code: string): this {
    const { origin, pathname, search } = new URL(url)
    nock(origin)
      .intercept(`${pathname}${search}`, method)
      .replyWithError(Object.assign(new Error(code), { code }))
    return this
  }

  /** The answers that nobody asked for. */
  get unasked(): string[] {
    return nock.pendingMocks()
  }

  /** Clears the table for the next test. */
  clear(): void {
    this.seen.length = 0
    nock.cleanAll()
  }

  /** Gives the network back: nock patches it for the whole worker. */
  static release(): void {
    nock.cleanAll()
    nock.enableNetConnect()
    nock.restore()
  }
}
