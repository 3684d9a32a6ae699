import { existsSync, statSync, truncateSync } from 'node:fs'
import type { ExchangeResult, Organization } from '../auth/provider.js'
import type { MainInputs } from '../inputs/main-inputs.js'
import { ActionError } from '../lib/action-error.js'
import { isMaskLost } from '../step/stdout.js'
import * as toolkit from '../step/toolkit/files.js'
import type { Logger } from './logger.js'
import { chooseFolder, removeTokenFile, writeTokenFile } from './token-file.js'
import type { TokenState } from './token-state.js'
import { variablesOf } from './variables.js'

/** A token that has passed every check. */
export interface Granted {
  readonly grant: ExchangeResult
  /** Present where it was verified. */
  readonly organization: Organization | undefined
  /** Requests that it took, each counted once. */
  readonly requests: number
  /** How often one of them was sent. */
  readonly attempts: number
  readonly at: Date
}

/** Takes back what was published. */
export type Undo = () => void

/**
 * Writes the outputs, the variables and the file that were asked for; all of it in one piece, for no signal is
 * heard in between. Returns how to take it back. If anything cannot be written, what was is taken back before
 * it throws.
 */
export function publish(granted: Granted, asked: MainInputs, tokenState: TokenState, console: Logger): Undo {
  if (console.isClosed) throw new Error('the step is ending')
  if (isMaskLost()) {
    throw new ActionError(
      'internal-error',
      'The token is not handed on, for the runner did not take all of the masks that hide it.',
      'Nothing was published. The log took nothing for two seconds: run the job again, on a runner with less to do.'
    )
  }
  const { handOver } = asked
  const variables = variablesOf(granted.grant, asked)
  const folder = handOver.tokenFile ? chooseFolder(process.env['RUNNER_TEMP'] ?? '') : undefined
  const cutBack = remember(['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'])
  const undo = () => {
    cutBack()
    if (folder !== undefined) attempt(() => removeTokenFile(folder))
    attempt(() => tokenState.takeBack())
  }
  try {
    if (folder !== undefined) tokenState.takeFolder(folder)
    const file = folder === undefined ? '' : writeTokenFile(folder, granted.grant.token.value)
    for (const [name, value] of outputsOf(granted, file)) toolkit.setOutput(name, value)
    for (const [name, value] of variables) {
      const before = Object.hasOwn(process.env, name) ? (process.env[name] ?? '') : ''
      if (before !== '' && before !== value) {
        console.warn(`The variable ${name} had another value; later steps get the one of this step.`)
      }
      toolkit.exportVariable(name, value)
    }
    tokenState.handOn(asked.revoke)
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

/** Remembers how long the runner's files are, and returns a function that cuts them back to that. */
function remember(names: readonly string[]): Undo {
  const lengths = names
    .map(name => process.env[name] ?? '')
    .filter(existsSync)
    .map(file => ({ file, length: statSync(file).size }))
  return () => {
    for (const { file, length } of lengths) attempt(() => truncateSync(file, length))
  }
}

/** What is taken back is taken back whole: one part that cannot be does not keep the others. */
function attempt(part: () => void): void {
  try {
    part()
  } catch {
    // The step fails anyway, with the error that led here.
  }
}
