import { randomUUID } from 'node:crypto'
import { closeSync, lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Secret } from '../lib/secret.js'

/** Returns the path of a new folder for the token file. It does not create it, so that the path can be saved first. */
export function newTokenFolder(runnerTemp: string): string {
  return join(runnerTemp, `cc-token-${randomUUID()}`)
}

/** Returns the path of the token file in its folder. */
export function tokenFilePath(folder: string): string {
  return join(folder, 'token')
}

/**
 * Creates the folder (mode 0700) and the file (mode 0600) with the token. Both must not exist yet, so a link at their
 * place makes it throw.
 */
export function writeTokenFile(folder: string, token: Secret): void {
  mkdirSync(folder, { mode: 0o700 })
  const file = openSync(tokenFilePath(folder), 'wx', 0o600)
  try {
    writeFileSync(file, token.reveal())
  } finally {
    closeSync(file)
  }
}

/** Removes the folder and its file. Returns whether it existed. Never follows a link. */
export function removeTokenFolder(folder: string): boolean {
  const path = resolve(folder) // without a slash at its end, which would make `lstat` follow a link
  const isTokenFolder = /^cc-token-[0-9a-f-]{36}$/.test(basename(path))
  if (!isTokenFolder || !lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return false
  rmSync(path, { recursive: true, force: true })
  return true
}
