import { ActionError } from '../lib/action-error.js'
import type { Clock } from '../lib/clock.js'
import { formatDuration } from '../lib/text.js'
import { Connections } from './client.js'
import { AttemptError, RequestError, redirectError, toAttemptError } from './errors.js'
import { requireReadableProxy } from './proxy.js'
import {
  type AttemptResult,
  type Decision,
  decide,
  describeWait,
  retryAfterMs,
  SHORTEST_ATTEMPT_MS
} from './retry.js'
import { describeRequest, type HttpRequest, type HttpResponse, type RawResponse } from './types.js'

/** Limits on network activity. */
export interface Limits {
  /** For everything together, waits included. */
  readonly timeoutMs: number
  /** For one attempt. */
  readonly attemptTimeoutMs: number
  /** For attempts that fail. Throttling is limited only by time. */
  readonly maxAttempts: number
}

/** The log, as far as the session needs it. */
export interface SessionLog {
  /** Returns whether the text contains a known secret. */
  containsSecret(text: string): boolean
  /** One line for each wait. */
  info(line: string): void
  /** One line for each attempt. */
  debug(line: string): void
}

export interface HttpSessionOptions {
  readonly limits: Limits
  readonly clock: Clock
  readonly log: SessionLog
}

/** Sends requests, with retries, within one deadline. */
export class HttpSession {
  readonly #connections = new Connections()
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #log: SessionLog
  #deadlineMs: number
  #requestCount = 0
  #attemptCount = 0

  /** `limits.timeoutMs` starts now. */
  constructor({ limits, clock, log }: HttpSessionOptions) {
    this.#limits = limits
    this.#clock = clock
    this.#log = log
    this.#deadlineMs = clock.now() + limits.timeoutMs
  }

  /** Requests so far; a retried request counts once. */
  get requestCount(): number {
    return this.#requestCount
  }

  /** Attempts so far, retries included. */
  get attemptCount(): number {
    return this.#attemptCount
  }

  /**
   * Sends the request, with retries where they can help. Returns the last response, whatever its status but a redirect.
   * Throws `timeout`, `network`, `tls`, `redirected` or `bad-response`.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    requireReadableProxy(request)
    this.#requireCleanUrl(request)
    this.#requireTime(request)
    this.#requestCount += 1
    const counts = { throttled: 0, failed: 0 }
    let mayHaveBeenApplied = false
    for (let attempts = 1; ; attempts++) {
      request.onAttempt?.('started')
      const sentAt = new Date(this.#clock.now())
      const { response, error, result } = await this.#attempt(request, sentAt)
      const isThrottled = result.kind === 'response' && result.isThrottled
      const earlierMayHaveBeenApplied = mayHaveBeenApplied
      mayHaveBeenApplied ||= !isThrottled && (error?.mayHaveBeenApplied ?? true)
      counts[isThrottled ? 'throttled' : 'failed'] += 1
      const decision = decide(result, {
        policy: request.retry ?? 'always',
        counts,
        maxAttempts: this.#limits.maxAttempts,
        timeLeftMs: this.#timeLeftMs(),
        random: this.#clock.random
      })
      if (decision.retry) {
        this.#log.info(
          describeWait(result, {
            host: request.url.host,
            error: error?.summary ?? '',
            attempts,
            failed: counts.failed,
            maxAttempts: this.#limits.maxAttempts,
            waitMs: decision.waitMs
          })
        )
        if (!mayHaveBeenApplied) request.onAttempt?.('not-applied')
        await this.#clock.sleep(decision.waitMs)
        continue
      }
      const whyNoRetry = this.#whyNoRetry(decision.reason, result)
      if (response === undefined) {
        throw new RequestError(request, error, { attempts, mayHaveBeenApplied, whyNoRetry })
      }
      const last = {
        ...response,
        request,
        isThrottled,
        sentAt,
        attempts,
        earlierMayHaveBeenApplied,
        whyNoRetry
      }
      if (last.status >= 300 && last.status < 400) throw redirectError(last)
      return last
    }
  }

  /** Moves the deadline, by time that does not count against `timeout`. */
  extendDeadline(ms: number): void {
    this.#deadlineMs += ms
  }

  /** Closes all idle connections. */
  close(): void {
    this.#connections.close()
  }

  #timeLeftMs(): number {
    return this.#deadlineMs - this.#clock.now()
  }

  /** Addresses appear in logs of servers and proxies. A platform's response may try to put a secret into one. */
  #requireCleanUrl(request: HttpRequest): void {
    if (!this.#log.containsSecret(request.url.href)) return
    throw new ActionError(
      'bad-response',
      `${describeRequest(request)} was not sent: its address would contain a secret.`,
      'A response of the platform repeats a secret of this step. Check base-url, and what is between the runner and the platform.'
    )
  }

  /** A request that creates or stores something is not started if its response could not be awaited. */
  #requireTime(request: HttpRequest): void {
    const { timeoutMs } = this.#limits
    let neededMs = 1
    if (request.method === 'PUT') neededMs = Math.min(5 * SHORTEST_ATTEMPT_MS, timeoutMs / 4)
    if (request.retry === 'if-not-applied') neededMs = SHORTEST_ATTEMPT_MS
    if (this.#timeLeftMs() >= neededMs) return
    const error = new AttemptError(
      'timeout',
      `it was not sent because the timeout of ${formatDuration(timeoutMs / 1000)} is used up`
    )
    throw new RequestError(request, error, { attempts: 0, mayHaveBeenApplied: false })
  }

  async #attempt(
    request: HttpRequest,
    sentAt: Date
  ): Promise<
    { result: AttemptResult } & (
      | { response: RawResponse; error?: undefined }
      | { response?: undefined; error: AttemptError }
    )
  > {
    const timeoutMs = Math.max(1, Math.min(this.#limits.attemptTimeoutMs, this.#timeLeftMs()))
    this.#attemptCount += 1
    const trace = (what: string) =>
      this.#log.debug(`${describeRequest(request)}: ${what}, ${this.#clock.now() - sentAt.getTime()} ms`)
    let response: RawResponse
    try {
      response = await this.#connections.attempt(request, timeoutMs)
    } catch (thrown) {
      const error = toAttemptError(thrown)
      trace(error.systemCode || error.kind)
      const { kind, mayHaveBeenApplied } = error
      return { error, result: { kind: 'error', error: kind, mayHaveBeenApplied } }
    }
    request.onResponse?.(response, sentAt)
    trace(`${response.status}, ${response.isReusedConnection ? 'reused' : 'new'} connection`)
    const { status, headers } = response
    const isThrottled = request.isThrottled?.(response) ?? status === 429
    const now = this.#clock.now()
    const askedMs = request.retryAfterMs
      ? request.retryAfterMs(response, now)
      : retryAfterMs(headers['retry-after'], now)
    const asksToWait = askedMs !== undefined && (isThrottled || status === 503)
    const retryAfter = asksToWait ? { retryAfterMs: askedMs } : {}
    return { response, result: { kind: 'response', status, isThrottled, ...retryAfter } }
  }

  #whyNoRetry(reason: (Decision & { retry: false })['reason'], result: AttemptResult): string {
    const timeout = formatDuration(this.#limits.timeoutMs / 1000)
    if (reason === 'retry-after' && result.kind === 'response') {
      const asked = formatDuration(Math.ceil((result.retryAfterMs ?? 0) / 1000))
      const left = formatDuration(Math.max(0, Math.floor(this.#timeLeftMs() / 1000)))
      return `; the server asks to wait ${asked}, longer than the remaining ${left} of the timeout of ${timeout}`
    }
    return reason === 'time' ? `; no time is left of the timeout of ${timeout}` : ''
  }
}
