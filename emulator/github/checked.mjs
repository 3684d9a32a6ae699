/**
 * GitHub's API as the tests use it: it checks each request against GitHub's description and opens what is sealed.
 * Needs `npm ci`.
 */
import sodium from 'libsodium-wrappers'
import { createCheck } from './check.mjs'
import { startGithub } from './index.mjs'

const check = createCheck()

/** @type {import('./entries.mjs').Seal} */
const seal = {
  open(box, publicKey, privateKey) {
    try {
      return sodium.to_string(sodium.crypto_box_seal_open(box, publicKey, privateKey))
    } catch {
      return undefined
    }
  }
}

/**
 * @param {import('./index.mjs').GitHubOptions} [options]
 * @returns {Promise<import('./index.mjs').GitHub>}
 */
export async function startCheckedGithub(options = {}) {
  await sodium.ready
  return startGithub({ check, seal, ...options })
}
