import type { Secret } from '../lib/secret.js'
import type { GenesysRegion } from './genesys/regions.js'

/** An OAuth client: what a platform's administrator made and handed over. */
export interface Client {
  readonly id: string
  readonly secret: Secret
}

/** A CXone access key: it stands for a user. */
export interface AccessKey {
  readonly id: string
  readonly secret: Secret
}

interface Common {
  /** One origin in place of all the platform's hosts. */
  readonly baseUrl?: URL
  /** OAuth `scope`, only where the exchange sends a form. */
  readonly scope?: string
}

/** Genesys Cloud, documented: client credentials at the login host. */
export interface GenesysLogin extends Common {
  readonly exchange: 'genesys-login'
  readonly region: GenesysRegion
  readonly client: Client
}

/** Genesys Cloud, the tutorial's: the same credentials as JSON at the API host. */
export interface GenesysApi extends Common {
  readonly exchange: 'genesys-api'
  readonly region: GenesysRegion
  readonly client: Client
}

/** Genesys Cloud, the tutorial's: an initial token by one of the two above makes a token that lives for a year. */
export interface GenesysLongLived extends Common {
  readonly exchange: 'genesys-long-lived'
  readonly region: GenesysRegion
  readonly initial: GenesysLogin | GenesysApi
  readonly serviceAccountId: string
}

/** CXone A, documented: a back-end application and an access key, found through discovery. */
export interface CxoneApplication extends Common {
  readonly exchange: 'cxone-application'
  readonly issuer: string
  readonly client: Client
  readonly accessKey: AccessKey
}

/** CXone B, documented: an access key alone, at its area's UserHub. */
export interface CxoneAccessKey extends Common {
  readonly exchange: 'cxone-access-key'
  readonly area: string
  readonly accessKey: AccessKey
}

/** CXone C, the tutorial's: a client alone, at its realm. */
export interface CxoneClient extends Common {
  readonly exchange: 'cxone-client'
  readonly realm: string
  readonly client: Client
}

/** What is asked for: one member an exchange, each with just what that exchange needs. */
export type AuthRequest =
  | GenesysLogin
  | GenesysApi
  | GenesysLongLived
  | CxoneApplication
  | CxoneAccessKey
  | CxoneClient

/** A token, and what the platform said of it. What it did not say is absent, never guessed. */
export interface Token {
  readonly value: Secret
  readonly kind: 'access' | 'long-lived'
  readonly expiresInSeconds?: number
  /** Never later than the truth: counted from before the request was sent. */
  readonly expiresAt?: Date
}

/** A token with the place where it is of use. */
export interface ExchangeResult {
  readonly token: Token
  /** The origin to call, without a slash at its end. */
  readonly apiUrl?: string
  /** Genesys: the region's code. CXone: the area. */
  readonly region?: string
  readonly domain?: string
}

/** A token that was just issued, and the origin where it can be revoked, where the platform revokes tokens. */
export interface Issued {
  readonly token: Token
  readonly revocationBaseUrl?: string
}

/** Whose token it is. The name is the platform's data and may hold anything. */
export interface Organization {
  readonly id: string
  readonly name?: string
  /** The OAuth client that the token was issued to, where the platform says it. */
  readonly clientId?: string
}

/**
 * What an exchange tells while it runs. Both are called as soon as there is something to tell, and before
 * the next request.
 */
export interface ExchangeEvents {
  /** A secret exists: a credential's header or body, or a token of any kind. */
  secret(secret: Secret): void
  /** A token was issued, and `secret` was told of it: whoever answers for its end must know it from now on. */
  issued(issued: Issued): void
}
