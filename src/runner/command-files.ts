import { accessSync, constants, statSync } from 'node:fs'
import type { Environment } from '../inputs/reader.js'
import { ActionError } from '../lib/action-error.js'

/**
 * Throws `internal-error` unless the runner's files are there and may be written: without them a token that was
 * obtained could not be handed on, and the toolkit would print it, as it did for runners of old.
 */
export function requireRunner(
  env: Environment,
  files: readonly string[],
  folders: readonly string[] = []
): void {
  const missing = [...files, ...folders].find(name => !isWritable(env[name] ?? '', folders.includes(name)))
  if (missing === undefined) return
  throw new ActionError(
    'internal-error',
    `What the runner names in ${missing} is not there or cannot be written, so nothing could be handed on. Nothing was sent.`,
    'Run the action in a workflow, on a runner of version 2.327.1 or newer; on a self-hosted one check its disk.'
  )
}

function isWritable(path: string, isFolder: boolean): boolean {
  try {
    accessSync(path, constants.W_OK)
    return statSync(path).isDirectory() === isFolder
  } catch {
    return false
  }
}
