import { appendFileSync, existsSync } from 'node:fs'
import { ActionError } from '../lib/action-error.js'
import { oneLine } from '../lib/text.js'
import type { Logger } from './logger.js'

/** The runner cuts annotations at 4,096 characters; a message is read to its end at half of that. */
const LONGEST_MESSAGE = 2000

/** Ends a step in failure: one message with its code and hint, and the output `error-code`. Never throws. */
export function fail(error: unknown, console: Logger): void {
  const known = asActionError(error)
  const happened = oneLine(console.hide(known.message), 1100)
  const hint = oneLine(console.hide(known.hint), 650)
  console.error(
    `[${known.code}] ${happened}\n${hint}\nMore: ${sectionOf(known.code)}`.slice(0, LONGEST_MESSAGE)
  )
  try {
    // One of our own words: it needs no delimiter, nor the randomness that the toolkit makes one of.
    const file = process.env['GITHUB_OUTPUT'] ?? ''
    if (existsSync(file)) appendFileSync(file, `error-code=${known.code}\n`)
  } catch {
    console.warn('The output error-code could not be written; the message above holds it.')
  }
}

/** Returns where the documents say more: in the action's own repository, at the version that runs. */
function sectionOf(code: string): string {
  const section = `docs/troubleshooting.md#${code}`
  const {
    GITHUB_SERVER_URL: server = '',
    GITHUB_ACTION_REPOSITORY: repository = '',
    GITHUB_ACTION_REF: ref = ''
  } = process.env
  const page = `${server}/${repository}/blob/${ref}/${section}`
  return /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/blob\/[\w.-]{1,80}\/docs/.test(page) ? page : section
}

/** An error that nobody foresaw is a defect of ours: its text may hold anything, so only its kind is told. */
function asActionError(error: unknown): ActionError {
  if (error instanceof ActionError) return error
  const kind = error instanceof Error ? kindOf(error) : ''
  return new ActionError(
    'internal-error',
    `The step met an error that it does not know${kind === '' ? '' : ` (${kind})`}.`,
    'Nothing was published. Check that the runner can write its own files (disk full, read-only?), run again with ' +
      'step debugging on, and report it with that log: it holds no secret.',
    { cause: error }
  )
}

function kindOf(error: Error & { code?: unknown }): string {
  return [error.name, error.code]
    .filter(part => typeof part === 'string' && /^\w{1,60}$/.test(part))
    .join(' ')
}
