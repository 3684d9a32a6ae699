/** Token length in characters. The upper bound keeps a token within common header limits. */
const MIN_LENGTH = 16
export const MAX_TOKEN_LENGTH = 32 * 1024

/** Returns whether the text can be a token: 16 characters to 32 KiB of visible ASCII. */
export function isToken(text: string): boolean {
  return text.length >= MIN_LENGTH && text.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text)
}
