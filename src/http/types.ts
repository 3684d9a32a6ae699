import type { Secret } from '../lib/secret.js'

/** When a request may be sent again. `if-not-applied`: only if no attempt can have been carried out. */
export type RetryPolicy = 'always' | 'if-not-applied' | 'never'

/** One HTTP request. Secrets are revealed only when it is sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string | Secret>>
  readonly body?: string | Secret
  /** Default: `always`. */
  readonly retry?: RetryPolicy
  /** Returns whether a response means "too many requests". Default: status 429. */
  readonly isThrottled?: (response: RawResponse) => boolean
  /** Returns how many milliseconds a response asks to wait. Default: its `Retry-After` header. */
  readonly retryAfterMs?: (response: RawResponse, nowMs: number) => number | undefined
  /**
   * Called with `started` before each attempt, and with `not-applied` before a wait if no attempt so far can have been
   * carried out.
   */
  readonly onAttempt?: (state: 'started' | 'not-applied') => void
  /** Called with each complete response, whatever its status, before anything is logged about it. */
  readonly onResponse?: (response: RawResponse, sentAt: Date) => void
  /** Send it on a connection of its own: on a reused one, the server may carry it out and close before it answers. */
  readonly isOnNewConnection?: boolean
  readonly hintIfHostUnknown?: string
  readonly hintIfRedirected?: string
}

/** A complete response of one attempt. */
export interface RawResponse {
  readonly status: number
  /** Lower-case names. If a header is repeated, its first value. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  /** Whether the connection had been used before. */
  readonly isReusedConnection: boolean
}

/** The last response to a request, after all retries. */
export interface HttpResponse extends RawResponse {
  readonly request: HttpRequest
  readonly isThrottled: boolean
  /** Start of the attempt. Lifetimes in the response are counted from here. */
  readonly sentAt: Date
  readonly attempts: number
  /** Whether an earlier attempt may have been carried out, so that this response does not tell the whole outcome. */
  readonly earlierMayHaveBeenApplied: boolean
  /** Why a possible retry did not happen: the end of a sentence, or empty. */
  readonly whyNoRetry: string
}

/** Returns method, origin and path. The query is left out. */
export function describeRequest({ method, url }: Pick<HttpRequest, 'method' | 'url'>): string {
  return `${method} ${url.origin}${url.pathname}`
}
