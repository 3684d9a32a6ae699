import { accessSync, constants, existsSync, statSync, truncateSync } from 'node:fs'
import { ActionError } from '../lib/action-error.js'
import type { Context } from './context.js'

type Env = Context['env']

/**
 * Throws `internal-error` unless the runner's files and folders exist and can be written. Without them a token could not
 * be published, and the toolkit would print it, as for very old runners.
 */
export function requireWritable(
  env: Env,
  { files, folders = [] }: { readonly files: readonly string[]; readonly folders?: readonly string[] }
): void {
  const missing =
    files.find(name => !isWritable(env[name], 'file')) ??
    folders.find(name => !isWritable(env[name], 'folder'))
  if (missing === undefined) return
  throw new ActionError(
    'internal-error',
    `The path in ${missing} does not exist or cannot be written. Nothing was sent.`,
    'Run the action in a workflow, on a runner of version 2.327.1 or newer. On a self-hosted runner, check the disk.'
  )
}

/** Returns a function that truncates the runner's files to the length that they have now. */
export function rememberLengths(env: Env, names: readonly string[]): () => void {
  const lengths = names
    .map(name => env[name] ?? '')
    .filter(path => existsSync(path))
    .map(path => ({ path, length: statSync(path).size }))
  return () => {
    for (const { path, length } of lengths) truncateSync(path, length)
  }
}

function isWritable(path = '', kind: 'file' | 'folder'): boolean {
  try {
    accessSync(path, constants.W_OK)
    return statSync(path).isDirectory() === (kind === 'folder')
  } catch {
    return false
  }
}
