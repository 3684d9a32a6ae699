/** Opens what was sealed for GitHub, with the library that GitHub's documentation seals with. */
import sodium from 'libsodium-wrappers'

/**
 * @returns {Promise<import('./operations.mjs').Seal>}
 */
export async function createSeal() {
  await sodium.ready
  return {
    open(box, publicKey, privateKey) {
      try {
        return sodium.to_string(sodium.crypto_box_seal_open(box, publicKey, privateKey))
      } catch {
        return undefined
      }
    }
  }
}
