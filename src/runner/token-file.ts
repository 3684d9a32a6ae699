import { randomUUID } from 'node:crypto'
import { closeSync, lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Secret } from '../lib/secret.js'

/** Returns the folder that the token's file will have to itself; nothing is made yet, so it can be saved first. */
export function chooseFolder(runnerTemp: string): string {
  return join(runnerTemp, `cc-token-${randomUUID()}`)
}

/**
 * Writes the token, and nothing else, to a new file and returns its path. Folder and file are made exclusively,
 * the one with mode 0700, the other with 0600 from its first byte: a link planted at their place makes it fail.
 */
export function writeTokenFile(folder: string, token: Secret): string {
  mkdirSync(folder, { mode: 0o700 })
  const path = join(folder, 'token')
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, token.reveal())
  } finally {
    closeSync(file)
  }
  return path
}

/** Removes the folder with the file. Returns whether it was still there; never follows a link out of it. */
export function removeTokenFile(folder: string): boolean {
  const isOurs = /^cc-token-[0-9a-f-]{36}$/.test(basename(folder))
  if (!isOurs || lstatSync(folder, { throwIfNoEntry: false }) === undefined) return false
  rmSync(folder, { recursive: true, force: true })
  return true
}
