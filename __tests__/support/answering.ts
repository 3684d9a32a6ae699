import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server says, whatever it was asked. */
export interface Said {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Whether the connection ends in the middle of the body. */
  readonly cut?: boolean
}

/** A request as it came. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real server on loopback that answers what it is told to: the n-th request with the n-th answer, then with the last. */
export class Answering {
  readonly asked: Asked[] = []
  #answers: readonly Said[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer(
      // A token of 32 KiB must fit into a header.
      { maxHeaderSize: 128 * 1024 },
      (request, response) => void this.#serve(request, response)
    )
    this.#server.keepAliveTimeout = 60_000
  }

  static async open(): Promise<Answering> {
    const server = new Answering()
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What is said from now on; what was asked is forgotten. */
  says(answers: readonly Said[]): void {
    this.#answers = answers
    this.asked.length = 0
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = this.#answers[Math.min(this.asked.length, this.#answers.length - 1)] ?? { status: 404 }
    const { method = '', url = '', headers } = request
    this.asked.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') })
    const body = Buffer.from(answer.body ?? '')
    if (answer.cut) {
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': body.length + 10 })
      response.write(body, () => response.destroy())
    } else {
      response.writeHead(answer.status, { ...answer.headers })
      response.end(body)
    }
  }
}
