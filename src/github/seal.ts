import sodium from 'libsodium-wrappers'
import { Secret } from '../lib/secret.js'

/** Whether a value can be sealed with this key: it is base64 of 32 bytes that make a point of the curve. */
export async function isUsable(publicKey: string): Promise<boolean> {
  return seal(new Secret('a trial'), publicKey).then(
    () => true,
    () => false
  )
}

/**
 * Returns the value as GitHub stores it: sealed with the place's public key, in base64, as its REST API
 * documentation shows. Nobody but GitHub can open it, so it is no secret any more.
 */
export async function seal(value: Secret, publicKey: string): Promise<string> {
  await sodium.ready
  const key = sodium.from_base64(publicKey, sodium.base64_variants.ORIGINAL)
  return value.inspect(text =>
    sodium.to_base64(sodium.crypto_box_seal(text, key), sodium.base64_variants.ORIGINAL)
  )
}
