import type { Secret } from '../lib/secret.js'
import type { Repeat } from './retry.js'

/** One HTTP request as a platform describes it. Secrets stay sealed until the moment they are sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string | Secret>>
  readonly body?: string | Secret
  /** `always` where nothing else is said. */
  readonly repeat?: Repeat
  /** Whether an answer says that too much was asked for in this time; 429 does where nothing else is said. */
  readonly isThrottled?: (answer: Pick<HttpResponse, 'status' | 'headers' | 'body'>) => boolean
  /** Milliseconds that an answer asks to wait; its `Retry-After` does where nothing else is said. */
  readonly waitAskedMs?: (
    answer: Pick<HttpResponse, 'status' | 'headers'>,
    nowMs: number
  ) => number | undefined
  /** Called when an attempt came to nothing for certain, as every one before it, and while another is waited for. */
  readonly whileUntouched?: () => void
  /** Called before each further attempt. */
  readonly beforeNext?: () => void
  /** What to do where DNS does not know the host. */
  readonly whenHostUnknown?: string
  /** What to do where the answer is a redirect. */
  readonly whenRedirected?: string
}

/** A whole answer: the body was read to its end and is within the limit. */
export interface HttpResponse {
  readonly request: HttpRequest
  readonly status: number
  /** Lower-case names; of a header sent more than once, the first value. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly throttled: boolean
  /** When the attempt that was answered was started: whatever the platform counts from here began no earlier. */
  readonly sentAt: Date
  readonly attempts: number
  /** No earlier attempt can have been carried out: each was refused or not sent, so that this answer tells all. */
  readonly isOnlyOutcome: boolean
  /** Why it was not tried again although it could have been: words for the end of a sentence, or nothing. */
  readonly givenUp: string
}

/** Returns the request as errors and log lines name it: method, origin and path, never the query. */
export function named(request: Pick<HttpRequest, 'method' | 'url'>): string {
  return `${request.method} ${request.url.origin}${request.url.pathname}`
}
