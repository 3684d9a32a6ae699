import { type EmulatorServer, type RecordedRequest, startServer } from '../../emulator/server.mjs'

/** A response, whatever the request was. */
export interface Said {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Whether the connection ends in the middle of the body. */
  readonly cut?: boolean
}

export interface Asked extends RecordedRequest {
  readonly url: string
}

/** The emulator's HTTP server with fixed responses: the first for the first request and so on, then the last again. */
export class Answering {
  readonly asked: Asked[] = []
  #answers: readonly Said[] = []
  readonly #server: EmulatorServer

  private constructor(server: EmulatorServer) {
    this.#server = server
    server.intercept = (request, response) => {
      const {
        status,
        headers,
        body = '',
        cut
      } = this.#answers[Math.min(this.asked.length, this.#answers.length - 1)] ?? { status: 404 }
      this.asked.push({ ...request, url: request.path })
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

  static async open(): Promise<Answering> {
    return new Answering(await startServer(() => ({ status: 404 })))
  }

  get origin(): string {
    return this.#server.origin
  }

  /** Sets the responses and forgets the requests so far. */
  says(answers: readonly Said[]): void {
    this.#answers = answers
    this.asked.length = 0
  }

  close(): Promise<void> {
    return this.#server.close()
  }
}
