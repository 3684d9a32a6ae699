import { inWords } from '../lib/text.js'
import { Connections, type Reply } from './client.js'
import { AttemptError } from './errors.js'
import { redirected, unanswered } from './failures.js'
import { requireReadableProxy } from './proxy.js'
import { type Decision, decide, type Outcome, retryAfterMs, SHORTEST_ATTEMPT } from './retry.js'
import { type HttpRequest, type HttpResponse, named } from './types.js'

/** Time and chance as the wire sees them; a test hands in its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  /** From 0 to below 1. */
  random(): number
}

/** Bounds on what is done on the network. */
export interface Limits {
  /** On everything together, waits included. */
  readonly timeoutMs: number
  /** On one request. */
  readonly attemptTimeoutMs: number
  /** On attempts that meet a fault; throttling is bounded by time alone. */
  readonly maxAttempts: number
}

/** What the wire needs of its surroundings. */
export interface HttpSessionOptions {
  readonly limits: Limits
  readonly clock: Clock
  /** Takes every known secret out of a text that came from the other side. */
  readonly hide: (text: string) => string
  /** One line on each wait. */
  readonly say: (line: string) => void
  /** One line on each request, for whoever has step debugging on. */
  readonly debug: (line: string) => void
}

/** What an attempt brought, and what it came to. */
interface Attempt {
  readonly reply: Reply | AttemptError
  readonly outcome: Outcome
}

/** The way to the platforms: requests go in, whole answers come out, and nothing takes longer than allowed. */
export class HttpSession {
  readonly #connections = new Connections()
  readonly #surroundings: HttpSessionOptions
  readonly #deadlineMs: number
  #requests = 0
  #sent = 0

  /** The time that `limits.timeoutMs` allows starts now. */
  constructor(surroundings: HttpSessionOptions) {
    this.#surroundings = surroundings
    this.#deadlineMs = surroundings.clock.now() + surroundings.limits.timeoutMs
  }

  /** How many requests were made so far, each counted once. */
  get requests(): number {
    return this.#requests
  }

  /** How often anything was sent so far: every attempt counts. */
  get sent(): number {
    return this.#sent
  }

  /** Returns the text without any secret known so far. */
  hide(text: string): string {
    return this.#surroundings.hide(text)
  }

  /**
   * Sends the request, again where that may help. Returns the last answer, whatever its status short of a
   * redirect. Throws `timeout`, `network`, `tls`, `redirected` or `bad-response`.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    requireReadableProxy(request)
    this.#requireTime(request)
    this.#requests += 1
    const { clock, limits } = this.#surroundings
    const tally = { throttles: 0, faults: 0 }
    let untouched = true
    for (let attempts = 1; ; attempts++) {
      const sentAt = new Date(clock.now())
      const { reply, outcome } = await this.#attempt(request, sentAt)
      const isOnlyOutcome = untouched
      const throttled = outcome.kind === 'answer' && outcome.throttled
      untouched &&= throttled || (reply instanceof AttemptError && reply.neverSent)
      tally[throttled ? 'throttles' : 'faults'] += 1
      const decision = decide(
        outcome,
        request.repeat ?? 'always',
        tally,
        limits.maxAttempts,
        this.#timeLeftMs(),
        clock.random
      )
      if (decision.again) {
        const bound = tally.faults === attempts ? ' of' : `, failure ${tally.faults} of`
        const counted = `attempt ${attempts}${throttled ? '' : `${bound} ${limits.maxAttempts}`}`
        this.#announce(request, reply, throttled, counted, decision.waitMs)
        if (untouched) request.whileUntouched?.()
        await clock.sleep(decision.waitMs)
        request.beforeNext?.()
        continue
      }
      const givenUp = this.#reason(decision, outcome)
      if (reply instanceof AttemptError) {
        throw Object.assign(unanswered(request, reply, attempts, givenUp), { untouched })
      }
      const answer = { request, ...reply, throttled, sentAt, attempts, isOnlyOutcome, givenUp }
      if (answer.status >= 300 && answer.status < 400) throw redirected(answer, this.#surroundings.hide)
      return answer
    }
  }

  /** Closes the connections that were kept for the next request. */
  close(): void {
    this.#connections.close()
  }

  #timeLeftMs(): number {
    return this.#deadlineMs - this.#surroundings.clock.now()
  }

  /** A request that makes something is not started where nobody could wait for its answer. */
  #requireTime(request: HttpRequest): void {
    const { timeoutMs } = this.#surroundings.limits
    const writes = request.method === 'PUT' ? Math.min(5 * SHORTEST_ATTEMPT, timeoutMs / 4) : 1
    const needed = request.repeat === 'if-not-carried-out' ? SHORTEST_ATTEMPT : writes
    if (this.#timeLeftMs() >= needed) return
    const error = unanswered(
      request,
      new AttemptError(
        'timeout',
        `it was not sent, for the timeout of ${inWords(timeoutMs / 1000)} is used up`
      ),
      0,
      ''
    )
    throw Object.assign(error, { untouched: true })
  }

  async #attempt(request: HttpRequest, sentAt: Date): Promise<Attempt> {
    const timeoutMs = Math.max(1, Math.min(this.#surroundings.limits.attemptTimeoutMs, this.#timeLeftMs()))
    this.#sent += 1
    try {
      const reply = await this.#connections.attempt(request, timeoutMs)
      this.#trace(request, sentAt, `${reply.status}, ${reply.reused ? 'kept' : 'new'} connection`)
      const throttled = (request.isThrottled ?? (({ status }) => status === 429))(reply)
      const waitAsked =
        request.waitAskedMs ?? (({ headers }, now) => retryAfterMs(headers['retry-after'], now))
      const wait = waitAsked(reply, this.#surroundings.clock.now())
      const asksToWait = wait !== undefined && (throttled || reply.status === 503)
      return {
        reply,
        outcome: {
          kind: 'answer',
          status: reply.status,
          throttled,
          ...(asksToWait ? { retryAfterMs: wait } : {})
        }
      }
    } catch (error) {
      const fault = AttemptError.from(error)
      this.#trace(request, sentAt, fault.systemCode || fault.kind)
      return { reply: fault, outcome: { kind: 'fault', fault: fault.kind, neverSent: fault.neverSent } }
    }
  }

  #trace(request: HttpRequest, sentAt: Date, what: string): void {
    const { clock, debug, hide } = this.#surroundings
    debug(hide(`${named(request)}: ${what}, ${clock.now() - sentAt.getTime()} ms`))
  }

  #announce(
    { url }: HttpRequest,
    reply: Reply | AttemptError,
    throttled: boolean,
    counted: string,
    waitMs: number
  ): void {
    const what = reply instanceof AttemptError ? reply.summary : `it answered ${reply.status}`
    const why = throttled ? `${what}, which says that too much is asked for` : what
    const seconds = (waitMs / 1000).toFixed(1)
    this.#surroundings.say(`${url.host}: ${why}, ${counted}; waiting ${seconds} s before the next attempt.`)
  }

  #reason(decision: Decision & { again: false }, outcome: Outcome): string {
    const bound = `timeout of ${inWords(this.#surroundings.limits.timeoutMs / 1000)}`
    switch (decision.because) {
      case 'retry-after': {
        const asked = outcome.kind === 'answer' ? Math.ceil((outcome.retryAfterMs ?? 0) / 1000) : 0
        return `, asking to wait ${inWords(asked)}, which reaches past the ${bound}`
      }
      case 'time':
        return `, with no time left of the ${bound}`
      default:
        return ''
    }
  }
}
