import type { Provider, RevokePolicy } from '../auth/provider.js'
import { MAIN_INPUTS } from '../lib/inputs.js'
import { type ExchangeInputs, readExchangeInputs } from './exchange-inputs.js'
import { readRevokePolicy } from './guards.js'
import { type OutputOptions, readOutputOptions } from './output-options.js'
import { type Environment, EnvironmentReader, type InputLog } from './reader.js'

/** All inputs of the token action. */
export interface MainInputs extends ExchangeInputs {
  readonly output: OutputOptions
  readonly revoke: RevokePolicy
}

/**
 * Returns the inputs of the token action. Masks every credential as it is read. Throws `invalid-input` or
 * `missing-credential`.
 */
export function readMainInputs(env: Environment, providers: readonly Provider[], log: InputLog): MainInputs {
  const reader = new EnvironmentReader(env, MAIN_INPUTS, log)
  const inputs = readExchangeInputs(reader, providers)
  return {
    ...inputs,
    output: readOutputOptions(reader, inputs.provider.toolVariables),
    revoke: readRevokePolicy(reader, inputs.provider)
  }
}
