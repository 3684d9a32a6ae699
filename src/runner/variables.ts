import type { ExchangeResult } from '../auth/provider.js'
import type { MainInputs } from '../inputs/main-inputs.js'
import { toolVariables } from '../inputs/output-options.js'

/** Returns the environment variables that later steps get; one that would have no value is left as it is. */
export function variablesOf(grant: ExchangeResult, asked: MainInputs): [name: string, value: string][] {
  return allVariables(grant, asked).filter(([, value]) => value !== '')
}

/** Returns the names of variables that were asked for and have no value, for the platform did not say it. */
export function variablesWithout(grant: ExchangeResult, asked: MainInputs): string[] {
  return allVariables(grant, asked).flatMap(([name, value]) => (value === '' ? [name] : []))
}

function allVariables(
  { token, apiUrl, region }: ExchangeResult,
  { request, handOver }: MainInputs
): [string, string][] {
  const value = token.value.reveal()
  const variables: [string, string][] = handOver.exportEnv.map(name => [name, value])
  if (handOver.toolEnv) {
    const { token: name, otherwise } = toolVariables(request.exchange)
    const values = otherwise.length === 1 ? [apiUrl] : [region, apiUrl]
    variables.push(
      [name, value],
      ...otherwise.map((other, at): [string, string] => [other, values[at] ?? ''])
    )
  }
  return [...new Map(variables)]
}
