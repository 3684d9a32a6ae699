import sodium from 'libsodium-wrappers'
import { Secret } from '../lib/secret.js'

/** Returns whether a value can be sealed with this key: base64 of 32 bytes that are a point of the curve. */
export function isUsableKey(publicKey: string): Promise<boolean> {
  return seal(new Secret('test value'), publicKey).then(
    () => true,
    () => false
  )
}

/**
 * Returns the value sealed with the public key, in base64. Source: GitHub's REST API documentation. Only GitHub can open
 * it, so the result is not secret.
 */
export async function seal(value: Secret, publicKey: string): Promise<string> {
  await sodium.ready
  const key = sodium.from_base64(publicKey, sodium.base64_variants.ORIGINAL)
  return value.inspect(text =>
    sodium.to_base64(sodium.crypto_box_seal(text, key), sodium.base64_variants.ORIGINAL)
  )
}
