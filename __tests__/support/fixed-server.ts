import { type EmulatorServer, type RecordedRequest, startServer } from '../../emulator/server.mjs'

/** A response, whatever the request was. */
export interface FixedResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Whether the connection ends in the middle of the body. */
  readonly cut?: boolean
}

/** The emulator's HTTP server with fixed responses: the first for the first request and so on, then the last again. */
export class FixedServer {
  readonly requests: RecordedRequest[] = []
  #responses: readonly FixedResponse[] = []
  readonly #server: EmulatorServer

  private constructor(server: EmulatorServer) {
    this.#server = server
    server.intercept = (request, response) => {
      const {
        status,
        headers,
        body = '',
        cut
      } = this.#responses[Math.min(this.requests.length, this.#responses.length - 1)] ?? { status: 404 }
      this.requests.push(request)
      if (cut) {
        response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) + 10 })
        response.write(body, () => response.destroy())
      } else {
        response.writeHead(status, { ...headers })
        response.end(body)
      }
      return true
    }
  }

  static async start(): Promise<FixedServer> {
    return new FixedServer(await startServer(() => ({ status: 404 })))
  }

  get origin(): string {
    return this.#server.origin
  }

  /** Sets the responses and forgets the requests so far. */
  respondWith(responses: readonly FixedResponse[]): void {
    this.#responses = responses
    this.requests.length = 0
  }

  close(): Promise<void> {
    return this.#server.close()
  }
}
