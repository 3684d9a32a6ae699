import type { AuthRequest } from '../auth/provider.js'
import type { Limits } from '../http/session.js'
import type { Secret } from '../lib/secret.js'
import { keepSecrets, readCredentials } from './credentials.js'
import { Fallbacks } from './environment.js'
import { type Guards, type RevokePolicy, readGuards, readRevokePolicy } from './guards.js'
import { readLimits } from './limits.js'
import { type OutputOptions, readHandOver } from './output-options.js'
import { type Environment, Inputs, invalidInput, MAIN_INPUTS } from './reader.js'
import { cxoneRequest, genesysRequest } from './request.js'

/** An exchange that was asked for, checked: what to exchange, within which bounds, and what must hold of the token. */
export interface ExchangeInputs {
  readonly request: AuthRequest
  readonly limits: Limits
  readonly guards: Guards
  /** Variables of the environment that stood in for inputs. */
  readonly variables: readonly string[]
  /** What is doubtful and still allowed. */
  readonly doubts: readonly string[]
}

/** All that the main step was asked for. */
export interface MainInputs extends ExchangeInputs {
  readonly handOver: OutputOptions
  readonly revoke: RevokePolicy
}

/**
 * Returns what the inputs and the environment ask the main step for. Each credential is told to `keep` as soon
 * as it is read. Throws `invalid-input` or `missing-credential`; nothing was sent by then.
 */
export function readInputs(env: Environment, keep: (secret: Secret) => void): MainInputs {
  const inputs = new Inputs(env, MAIN_INPUTS)
  const exchange = readExchange(inputs, env, keep)
  return {
    ...exchange,
    handOver: readHandOver(inputs, exchange.request),
    revoke: readRevokePolicy(inputs, exchange.request)
  }
}

/** Returns the exchange that either action is asked for; as `readInputs`. */
export function readExchange(
  inputs: Inputs,
  env: Environment,
  keep: (secret: Secret) => void
): ExchangeInputs {
  const fallbacks = new Fallbacks(env)
  const doubts: string[] = []
  keepSecrets(inputs, keep)
  const provider = readProvider(inputs)
  const credentials = readCredentials(inputs, provider, fallbacks, keep)
  const reading = { inputs, fallbacks, credentials, warn: (doubt: string) => doubts.push(doubt) }
  const request = provider === 'genesys' ? genesysRequest(reading) : cxoneRequest(reading)
  return {
    request,
    limits: readLimits(inputs),
    guards: readGuards(inputs),
    variables: fallbacks.used,
    doubts
  }
}

function readProvider(inputs: Inputs): 'genesys' | 'cxone' {
  const text = inputs.text('provider').toLowerCase()
  if (text === 'genesys' || text === 'genesys-cloud') return 'genesys'
  if (text === 'cxone' || text === 'nice-cxone') return 'cxone'
  throw invalidInput('provider', text, 'Allowed: genesys (or genesys-cloud), or cxone (or nice-cxone).')
}
