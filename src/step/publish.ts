import { existsSync, statSync, truncateSync } from 'node:fs'
import type { Grant, Organization } from '../auth/request.js'
import { ActionError } from '../errors.js'
import type { Console } from './console.js'
import type { Custody } from './custody.js'
import { toolVariables } from './inputs/hand-over.js'
import type { StepAsked } from './inputs/index.js'
import { chooseFolder, removeTokenFile, writeTokenFile } from './token-file.js'
import * as toolkit from './toolkit.js'

/** A token that has passed every check. */
export interface Granted {
  readonly grant: Grant
  /** Present where it was verified. */
  readonly organization: Organization | undefined
  /** Requests that it took, every attempt counted. */
  readonly requests: number
  readonly at: Date
}

/** Takes back what was published. */
export type Undo = () => void

/**
 * Writes the outputs, the variables and the file that were asked for; all of it in one piece, for no signal is
 * heard in between. Returns how to take it back. If anything cannot be written, what was is taken back before
 * it throws.
 */
export function publish(granted: Granted, asked: StepAsked, custody: Custody, console: Console): Undo {
  const { handOver } = asked
  const variables = variablesOf(granted.grant, asked)
  const folder = handOver.tokenFile ? chooseFolder(runnerTemp()) : undefined
  const cutBack = remember(
    ['GITHUB_OUTPUT', ...(variables.length > 0 ? ['GITHUB_ENV'] : [])],
    ['GITHUB_STEP_SUMMARY']
  )
  const undo = () => {
    cutBack()
    if (folder !== undefined) removeTokenFile(folder)
    custody.takeBack()
  }
  try {
    if (folder !== undefined) custody.takeFolder(folder)
    const file = folder === undefined ? '' : writeTokenFile(folder, granted.grant.token.value)
    for (const [name, value] of outputsOf(granted, file)) toolkit.setOutput(name, value)
    for (const [name, value] of variables) {
      const before = process.env[name] ?? ''
      if (before !== '' && before !== value) {
        console.warn(`The variable ${name} had another value; later steps get the one of this step.`)
      }
      toolkit.exportVariable(name, value)
    }
    custody.handOn(asked.revoke)
  } catch (error) {
    undo()
    throw error
  }
  return undo
}

/** Returns what later steps read, in order. What the platform did not say is empty. */
function outputsOf({ grant, organization }: Granted, file: string): [string, string][] {
  const { token, apiUrl, region, domain } = grant
  return [
    ['token', token.value.reveal()],
    ['token-type', 'Bearer'],
    ['expires-in', token.expiresInSeconds?.toString() ?? ''],
    ['expires-at', token.expiresAt?.toISOString() ?? ''],
    ['api-url', apiUrl ?? ''],
    ['region', region ?? ''],
    ['domain', domain ?? ''],
    ['organization-id', organization?.id ?? ''],
    ['organization-name', organization?.name ?? ''],
    ['token-file', file]
  ]
}

/** Returns the environment variables to set; one that would have no value is left as it is. */
function variablesOf({ token, apiUrl, region }: Grant, { request, handOver }: StepAsked): [string, string][] {
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
function remember(required: readonly string[], optional: readonly string[]): Undo {
  const missing = required.find(variable => !existsSync(process.env[variable] ?? ''))
  if (missing !== undefined) throw notARunner(missing)
  const lengths = [...required, ...optional]
    .map(variable => process.env[variable] ?? '')
    .filter(existsSync)
    .map(file => ({ file, length: statSync(file).size }))
  return () => {
    for (const { file, length } of lengths) truncateSync(file, length)
  }
}

function runnerTemp(): string {
  const folder = process.env['RUNNER_TEMP'] ?? ''
  if (!existsSync(folder)) throw notARunner('RUNNER_TEMP')
  return folder
}

/** Without its files the toolkit would print a token to the log, as it did for runners of old. */
function notARunner(variable: string): ActionError {
  return new ActionError(
    'internal-error',
    `What the runner names in ${variable} is not there, so the token cannot be handed on.`,
    'Run the action in a workflow, on a runner of version 2.297 or newer. Nothing was published.'
  )
}
