import type { AuthRequest } from '../../auth/request.js'
import type { Limits } from '../../http/wire.js'
import type { Secret } from '../../secret.js'
import { keepSecrets, readCredentials } from './credentials.js'
import { type Environment, Inputs, invalidInput } from './declared.js'
import { Fallbacks } from './environment.js'
import { type Guards, type RevokePolicy, readGuards, readRevokePolicy } from './guards.js'
import { type HandOver, readHandOver } from './hand-over.js'
import { readLimits } from './limits.js'
import { cxoneRequest, genesysRequest } from './request.js'

/** All that a step was asked for, checked: what to exchange, within which bounds, and where the token goes. */
export interface StepRequest {
  readonly request: AuthRequest
  readonly handOver: HandOver
  readonly limits: Limits
  readonly guards: Guards
  readonly revoke: RevokePolicy
  /** Variables of the environment that stood in for inputs. */
  readonly variables: readonly string[]
  /** What is doubtful and still allowed. */
  readonly doubts: readonly string[]
}

/**
 * Returns what the inputs and the environment ask for. Each credential is told to `keep` as soon as it is
 * read. Throws `invalid-input` or `missing-credential`; nothing was sent by then.
 */
export function readInputs(env: Environment, keep: (secret: Secret) => void): StepRequest {
  const inputs = new Inputs(env)
  const fallbacks = new Fallbacks(env)
  const doubts: string[] = []
  keepSecrets(inputs, keep)
  const provider = readProvider(inputs)
  const credentials = readCredentials(inputs, provider, fallbacks, keep)
  const reading = { inputs, fallbacks, credentials, warn: (doubt: string) => doubts.push(doubt) }
  const request = provider === 'genesys' ? genesysRequest(reading) : cxoneRequest(reading)
  return {
    request,
    handOver: readHandOver(inputs, request),
    limits: readLimits(inputs),
    guards: readGuards(inputs),
    revoke: readRevokePolicy(inputs, request),
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
