import { existsSync, statSync, truncateSync } from 'node:fs'
import type { AuthRequest, Grant } from '../auth/request.js'
import { ActionError } from '../errors.js'
import type { Console } from './console.js'
import { type HandOver, toolVariables } from './inputs/hand-over.js'
import * as toolkit from './toolkit.js'

/** Takes back what was published. */
export type Undo = () => void

/**
 * Writes the outputs and the variables that were asked for; all of it in one piece, for no signal is heard
 * in between. Returns how to take it back. If anything cannot be written, what was is taken back before it throws.
 */
export function publish(grant: Grant, request: AuthRequest, handOver: HandOver, console: Console): Undo {
  const outputs = outputsOf(grant)
  const variables = variablesOf(grant, request, handOver)
  const undo = remember(['GITHUB_OUTPUT', ...(variables.length > 0 ? ['GITHUB_ENV'] : [])])
  try {
    for (const [name, value] of outputs) toolkit.setOutput(name, value)
    for (const [name, value] of variables) {
      const before = process.env[name] ?? ''
      if (before !== '' && before !== value)
        console.warn(`The variable ${name} had another value; later steps get this token’s.`)
      toolkit.exportVariable(name, value)
    }
  } catch (error) {
    undo()
    throw error
  }
  return undo
}

/** Returns what later steps read, in order. What the platform did not say is empty. */
function outputsOf({ token, apiUrl, region, domain }: Grant): [string, string][] {
  return [
    ['token', token.value.reveal()],
    ['token-type', 'Bearer'],
    ['expires-in', token.expiresInSeconds?.toString() ?? ''],
    ['expires-at', token.expiresAt?.toISOString() ?? ''],
    ['api-url', apiUrl ?? ''],
    ['region', region ?? ''],
    ['domain', domain ?? '']
  ]
}

/** Returns the environment variables to set; one that would have no value is left as it is. */
function variablesOf(
  { token, apiUrl, region }: Grant,
  request: AuthRequest,
  handOver: HandOver
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
  return [...new Map(variables)].filter(([, text]) => text !== '')
}

/** Remembers how long the runner's files are, and returns a function that cuts them back to that. */
function remember(fileVariables: readonly string[]): Undo {
  const lengths = fileVariables.map(variable => {
    const file = process.env[variable] ?? ''
    if (!existsSync(file)) throw notARunner(variable)
    return { file, length: statSync(file).size }
  })
  return () => {
    for (const { file, length } of lengths) truncateSync(file, length)
  }
}

/** Without its file the toolkit would print a token to the log, as runners of old had it. */
function notARunner(variable: string): ActionError {
  return new ActionError(
    'internal-error',
    `The runner’s file ${variable} is not there, so the token cannot be handed on.`,
    'Run the action in a workflow, on a runner of version 2.297 or newer. Nothing was published.'
  )
}
