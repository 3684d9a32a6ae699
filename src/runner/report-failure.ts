import { existsSync } from 'node:fs'
import * as core from '@actions/core'
import { ActionError } from '../lib/action-error.js'
import type { Context } from './context.js'
import type { Logger } from './logger.js'
import { type Row, renderSummary, writeSummary } from './summary.js'

/** The runner cuts annotations at 4,096 characters. */
const MAX_LENGTH = 2000
const MAX_MESSAGE_LENGTH = 1100
const MAX_HINT_LENGTH = 650

/** Reports a failed step: one error with code and hint, and the output `error-code`. Never throws. */
export function reportFailure(error: unknown, { env, log }: Pick<Context, 'env' | 'log'>): void {
  const known = toActionError(error)
  const { code } = known
  const message = log.cleanQuote(known.message, MAX_MESSAGE_LENGTH)
  const hint = log.clean(known.hint, MAX_HINT_LENGTH)
  const url = documentationUrl(code, env)
  log.error(`[${code}] ${message}\n${hint}\nMore: ${url}`.slice(0, MAX_LENGTH))
  // The inputs may not have been read, so this reads its own.
  if (!/^false$/i.test(env['INPUT_SUMMARY']?.trim() ?? '')) {
    const rows: Row[] = [
      ['Error', { code }],
      ['What happened', message],
      ['What to do', hint],
      ['More', url]
    ]
    writeSummary(renderSummary('The step failed', rows, log), { env, log })
  }
  try {
    if (existsSync(env['GITHUB_OUTPUT'] ?? '')) core.setOutput('error-code', code)
  } catch {
    log.warn(`The output error-code could not be written; it is ${code}.`)
  }
}

/** Returns an error in one line, for a warning. */
export function describeError(error: unknown, log: Logger): string {
  const { code, message, hint } = toActionError(error)
  return `[${code}] ${log.cleanQuote(message, MAX_MESSAGE_LENGTH)} ${log.clean(hint, MAX_HINT_LENGTH)}`
}

/** Returns the section of the documentation, in the repository and at the version of the running action. */
function documentationUrl(code: string, env: Context['env']): string {
  const section = `docs/troubleshooting.md#${code}`
  const {
    GITHUB_SERVER_URL: server = '',
    GITHUB_ACTION_REPOSITORY: repository = '',
    GITHUB_ACTION_REF: ref = ''
  } = env
  const url = `${server}/${repository}/blob/${ref}/${section}`
  return /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/blob\/[\w.-]{1,80}\/docs/.test(url) ? url : section
}

/** The text of an unexpected error may contain anything, so only its name and code are shown. */
function toActionError(error: unknown): ActionError {
  if (error instanceof ActionError) return error
  const { name, code } = error instanceof Error ? (error as Error & { code?: unknown }) : {}
  const kind = [name, code].filter(part => typeof part === 'string' && /^\w{1,60}$/.test(part)).join(' ')
  return new ActionError(
    'internal-error',
    `An unexpected error occurred${kind === '' ? '' : ` (${kind})`}.`,
    'Nothing was published. Check that the runner can write its files (disk full, read-only?), run again with step ' +
      'debugging, and report the log: it contains no secret.',
    { cause: error }
  )
}
