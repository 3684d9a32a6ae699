import { counted } from '../text.js'
import { Connections, type Reply } from './client.js'
import { redirected, unanswered } from './failures.js'
import { Fault } from './fault.js'
import { type Answer, named, type WireRequest } from './request.js'

/** Time as the wire sees it; a test hands in its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

/** Bounds on what is done on the network, in milliseconds. */
export interface Limits {
  readonly timeoutMs: number
  readonly attemptTimeoutMs: number
}

/** What the wire needs of its surroundings. */
export interface WireSurroundings {
  readonly limits: Limits
  readonly clock: Clock
  /** Takes every known secret out of a text that came from the other side. */
  readonly hide: (text: string) => string
  /** One line on each request, for whoever has step debugging on. */
  readonly debug: (line: string) => void
}

/** The way to the platforms: requests go in, whole answers come out, and nothing takes longer than allowed. */
export class Wire {
  readonly #connections = new Connections()
  readonly #surroundings: WireSurroundings
  readonly #deadline: number
  #sent = 0

  constructor(surroundings: WireSurroundings) {
    this.#surroundings = surroundings
    this.#deadline = surroundings.clock.now() + surroundings.limits.timeoutMs
  }

  /** How many requests were sent so far, counting every attempt. */
  get sent(): number {
    return this.#sent
  }

  /** Returns the text without any secret known so far. */
  hide(text: string): string {
    return this.#surroundings.hide(text)
  }

  /**
   * Sends the request. Returns the answer, whatever its status short of a redirect.
   * Throws `timeout`, `network`, `tls`, `redirected` or `bad-response`.
   */
  async send(request: WireRequest): Promise<Answer> {
    const { clock, limits } = this.#surroundings
    const sentAt = new Date(clock.now())
    const timeoutMs = Math.max(1, Math.min(limits.attemptTimeoutMs, this.#deadline - sentAt.getTime()))
    this.#sent += 1
    try {
      const reply = await this.#connections.attempt(request, timeoutMs)
      this.#tell(request, sentAt, `${reply.status}`, reply)
      const answer: Answer = { request, ...reply, sentAt, attempts: 1 }
      if (answer.status >= 300 && answer.status < 400) throw redirected(answer, this.#surroundings.hide)
      return answer
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#tell(request, sentAt, error.systemCode || error.kind)
      throw unanswered(request, error, 1)
    }
  }

  /** Closes the connections that were kept for the next request. */
  close(): void {
    this.#connections.close()
  }

  #tell(request: WireRequest, sentAt: Date, outcome: string, reply?: Reply): void {
    const { clock, debug, hide } = this.#surroundings
    const connection = reply === undefined ? '' : `, ${reply.reused ? 'kept' : 'new'} connection`
    const took = clock.now() - sentAt.getTime()
    debug(
      hide(`${named(request)}: ${outcome}, ${took} ms${connection}, ${counted(this.#sent, 'request')} so far`)
    )
  }
}
