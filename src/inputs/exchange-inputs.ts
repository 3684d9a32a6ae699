import type { Guards } from '../auth/guards.js'
import type { Provider } from '../auth/provider.js'
import type { Limits } from '../http/session.js'
import { invalidInput } from '../lib/input-reader.js'
import { joinWords } from '../lib/text.js'
import { readGuards } from './guards.js'
import { readLimits } from './limits.js'
import type { EnvironmentReader } from './reader.js'

/** The inputs that both actions share. */
export interface ExchangeInputs {
  readonly provider: Provider
  /** Only the provider looks into it. */
  readonly request: unknown
  readonly limits: Limits
  readonly guards: Guards
  /** Whether to write a job summary. */
  readonly summary: boolean
  /** Environment variables that were read in place of inputs. */
  readonly variables: readonly string[]
  readonly warnings: readonly string[]
}

/** Returns the inputs that both actions share. Throws `invalid-input` or `missing-credential`. */
export function readExchangeInputs(
  reader: EnvironmentReader,
  providers: readonly Provider[]
): ExchangeInputs {
  const provider = readProvider(reader, providers)
  return {
    provider,
    request: provider.readInputs(reader),
    limits: readLimits(reader),
    guards: readGuards(reader),
    summary: reader.flag('summary'),
    variables: reader.variables,
    warnings: reader.warnings
  }
}

function readProvider(reader: EnvironmentReader, providers: readonly Provider[]): Provider {
  const text = reader.text('provider')
  const provider = providers.find(({ aliases }) => aliases.includes(text.toLowerCase()))
  if (provider !== undefined) return provider
  throw invalidInput('provider', text, `Allowed: ${joinWords(providers.flatMap(({ aliases }) => aliases))}.`)
}
