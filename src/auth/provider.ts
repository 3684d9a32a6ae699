import type { HttpSession } from '../http/session.js'
import type { InputReader } from '../lib/input-reader.js'
import type { Secret } from '../lib/secret.js'
import type { BaseUrl } from './base-url.js'

/** A token as it was issued. What the response did not include is undefined. */
export interface IssuedToken {
  readonly value: Secret
  readonly kind: 'access' | 'long-lived'
  readonly expiresInSeconds?: number
  /** Never later than the real expiry: counted from before the request was sent. */
  readonly expiresAt?: Date
  /** Base URL to send the revocation to. Undefined if the platform cannot revoke the token. */
  readonly revocationBaseUrl?: string
  /** It came in a response that the step does not accept, so it is never published, and always revoked. */
  readonly isRejected?: true
}

/** A token and where to use it. */
export interface ExchangeResult {
  readonly token: IssuedToken
  /** Base URL of the API, without a slash at its end. */
  readonly apiUrl?: string
  /** Genesys Cloud: the region code. NICE CXone: the area. */
  readonly region?: string
  readonly domain?: string
  /** The owner of the token, if the login response tells it. */
  readonly ownerId?: string
  /** The platform's id of the request that issued the token, for its support and for audits. */
  readonly correlationId?: string
}

/** What the platform tells about a token. `name` comes from the platform and can contain anything. */
export interface Identity {
  readonly id: string
  readonly name?: string
  /** The OAuth client that the token was issued to, if the platform says so. */
  readonly clientId?: string
  /** When the token becomes invalid if nothing uses it, if the organisation has an idle timeout. */
  readonly idlesAt?: Date
}

/** Called during an exchange, each before the next request is sent. */
export interface ExchangeEvents {
  /** A secret exists: a header that contains a credential, or a token of any kind. */
  onSecret(secret: Secret): void
  /** A token was issued; `onSecret` was called for it before. */
  onToken(token: IssuedToken): void
  onWarning(message: string): void
}

/** A request in words, for log and summary. */
export interface RequestDescription {
  /** What is exchanged: `client credentials at the login host`. */
  readonly credentials: string
  /** Where: `Region`, `eu-west-1`, `mypurecloud.ie`. */
  readonly location: { readonly label: string; readonly values: readonly string[] }
  /** The id of the client or access key. */
  readonly credentialId: { readonly label: string; readonly value: string }
  /** Base URLs that receive requests, secrets included, in place of the platform's hosts, by input. */
  readonly baseUrls: readonly BaseUrl[]
}

/** An environment variable that the platform's own tools read. */
export interface ToolVariable {
  readonly name: string
  /** Returns the value; undefined if the exchange did not tell. */
  value(result: ExchangeResult): Secret | string | undefined
}

/** The platform deleted the token, or it did not accept the token any more (HTTP 401). */
export type RevocationOutcome = 'revoked' | 'already-invalid'

/** What happens to the tokens when the job ends: `auto` revokes access tokens, `true` all tokens, `false` none. */
export type RevokePolicy = 'auto' | 'true' | 'false'

/** A platform. `Request` is what the provider reads from the inputs; only the provider itself looks into it. */
export interface Provider<Request = unknown> {
  /** For log, summary and errors: `Genesys Cloud`. */
  readonly name: string
  /** What the input `provider` accepts. The first one is saved for the post step. */
  readonly aliases: readonly [string, ...string[]]
  /** Environment variables that can hold credentials of the platform. */
  readonly credentialVariables: readonly string[]
  /** What the platform calls an organisation. */
  readonly ownerNoun: string
  /** What the platform calls the output `region`. */
  readonly regionNoun: string
  /** Environment variables for `tool-env`. The first one holds the token. */
  readonly toolVariables: readonly ToolVariable[]
  /** For a platform that cannot revoke tokens: what to do instead. */
  readonly noRevocationAdvice?: string
  /** Completes "the token lives until it expires" if a response did not say when. */
  readonly unknownExpiry: string

  /** Returns the request that the inputs describe. Throws `invalid-input` or `missing-credential`. */
  readInputs(reader: InputReader): Request
  describe(request: Request): RequestDescription
  /** Returns a sentence about how long tokens live, for `lifetime-too-short`. */
  lifetimeAdvice(request: Request): string
  /** Exchanges credentials for a token. Throws ActionError. */
  exchange(request: Request, session: HttpSession, events: ExchangeEvents): Promise<ExchangeResult>
  /** Returns the owner of a token. Throws ActionError if it cannot be found out. */
  identify(result: ExchangeResult, session: HttpSession): Promise<Identity>
  /** Revokes a token. Throws ActionError if the platform does not confirm it. Absent if the platform has no revocation. */
  revoke?(token: Secret, revocationBaseUrl: string, session: HttpSession): Promise<RevocationOutcome>
}
