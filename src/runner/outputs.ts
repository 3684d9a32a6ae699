import * as core from '@actions/core'
import type { ExchangeResult, Identity, RevokePolicy } from '../auth/provider.js'
import type { OutputOptions } from '../inputs/output-options.js'
import { ActionError } from '../lib/action-error.js'
import { Secret } from '../lib/secret.js'
import { rememberLengths } from './command-files.js'
import type { Context } from './context.js'
import { flush, type Logger } from './logger.js'
import { writeSummary } from './summary.js'
import { newTokenFolder, removeTokenFolder, tokenFilePath, writeTokenFile } from './token-file.js'
import { saveTokenFolder, type TokenState } from './token-state.js'

/** Everything that a successful step writes. */
export interface Outputs {
  readonly token: Secret
  /** In the order of action.yml. What the platform did not tell is empty. */
  readonly outputs: readonly (readonly [name: string, value: string | Secret])[]
  /** Environment variables for later steps. */
  readonly variables: ReadonlyMap<string, string | Secret>
  /** Variables that were asked for but have no value. */
  readonly variablesWithoutValue: readonly string[]
  /** Folder for the token file, if asked for. */
  readonly tokenFolder?: string
}

/** Returns the outputs of a token. Throws `bad-response` if one, other than the token, contains a secret. */
export function buildOutputs(
  result: ExchangeResult,
  owner: Identity | undefined,
  { options, env, log }: { readonly options: OutputOptions } & Pick<Context, 'env' | 'log'>
): Outputs {
  const { token, apiUrl = '', region = '', domain = '' } = result
  const tokenFolder = options.tokenFile ? newTokenFolder(env['RUNNER_TEMP'] ?? '') : undefined
  const outputs: Outputs['outputs'] = [
    ['token', token.value],
    ['token-type', 'Bearer'],
    ['expires-in', token.expiresInSeconds?.toString() ?? ''],
    ['expires-at', token.expiresAt?.toISOString() ?? ''],
    ['idles-at', owner?.idlesAt?.toISOString() ?? ''],
    ['api-url', apiUrl],
    ['region', region],
    ['domain', domain],
    ['organization-id', owner?.id ?? ''],
    ['organization-name', owner?.name ?? ''],
    ['token-file', tokenFolder === undefined ? '' : tokenFilePath(tokenFolder)]
  ]
  const all = new Map([
    ...options.exportEnv.map(name => [name, token.value] as const),
    ...options.toolVariables.map(({ name, value }) => [name, value(result) ?? ''] as const)
  ])
  const isEmpty = (value: string | Secret) => value === ''
  requireNoSecret(outputs, log)
  return {
    token: token.value,
    outputs,
    variables: new Map([...all].filter(([, value]) => !isEmpty(value))),
    variablesWithoutValue: [...all].flatMap(([name, value]) => (isEmpty(value) ? [name] : [])),
    ...(tokenFolder === undefined ? {} : { tokenFolder })
  }
}

/** Throws `internal-error` unless the runner took all masks: a token without its mask must not be published. */
export async function requireMasksWritten(stdout: NodeJS.WriteStream): Promise<void> {
  const written = await flush({ write: (text, done) => stdout.write(text, done) })
  if (written) return
  throw new ActionError(
    'internal-error',
    'The runner did not accept the masks of the token within 2 seconds.',
    'Nothing was published. Run the job again, on a runner with less load.'
  )
}

/**
 * Writes everything. Synchronous, so that no signal handler runs between the outputs and the summary. What is written is
 * registered with the rollback first.
 */
export function publish(
  { token, outputs, variables, tokenFolder }: Outputs,
  {
    context: { env, log, rollback },
    tokens,
    revoke,
    summary
  }: {
    readonly context: Context
    readonly tokens: TokenState
    readonly revoke: RevokePolicy
    /** HTML for the job summary, if wanted. */
    readonly summary: string | undefined
  }
): void {
  rollback.add(() => tokens.unmarkPublished())
  if (tokenFolder !== undefined) {
    rollback.add(() => void removeTokenFolder(tokenFolder))
    saveTokenFolder(tokenFolder)
    writeTokenFile(tokenFolder, token)
  }
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'])
    rollback.add(rememberLengths(env, [name]))
  for (const [name, value] of outputs) core.setOutput(name, reveal(value))
  for (const [name, value] of variables) {
    const previous = Object.hasOwn(env, name) ? (env[name] ?? '') : ''
    if (previous !== '' && previous !== reveal(value))
      log.info(`The variable ${name} had another value; later steps get the value of this step.`)
    core.exportVariable(name, reveal(value))
  }
  tokens.markPublished(revoke)
  if (summary !== undefined) writeSummary(summary, { env, log })
}

function requireNoSecret(outputs: Outputs['outputs'], log: Logger): void {
  const leak = outputs.find(([, value]) => typeof value === 'string' && log.containsSecret(value))
  if (leak === undefined) return
  throw new ActionError(
    'bad-response',
    `A response of the platform repeats a secret of this step, in what would be the output ${leak[0]}.`,
    'Nothing was published. Check base-url, and what is between the runner and the platform.'
  )
}

function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}
