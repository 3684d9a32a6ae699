/** What GitHub holds names and values to, beyond what its description says. */
import { nameRefused, valueTooLarge } from './answers.mjs'

/**
 * @typedef {import('../server.mjs').Answer} Answer
 */

/** "48 KB" of the documentation, read as binary. */
export const MAX_VALUE_BYTES = 48 * 1024

/** What a sealed box is longer than its content: the sender's key (32 bytes) and the authenticator (16). */
export const SEAL_BYTES = 48

/**
 * @param {'Secret' | 'Variable'} what
 * @param {string} name
 * @param {string} documentation
 * @returns {Answer | undefined}
 */
export function refuseName(what, name, documentation) {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return nameRefused(what, 'characters', documentation)
  return /^GITHUB_/i.test(name) ? nameRefused(what, 'prefix', documentation) : undefined
}

/**
 * @param {'Secret' | 'Variable'} what
 * @param {number} bytes
 * @param {string} documentation
 * @returns {Answer | undefined}
 */
export function refuseSize(what, bytes, documentation) {
  return bytes > MAX_VALUE_BYTES ? valueTooLarge(what, documentation) : undefined
}
