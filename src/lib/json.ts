export type Json = Readonly<Record<string, unknown>>

/** Returns the text as a JSON object; undefined if it is anything else. */
export function parseJsonObject(text: string): Json | undefined {
  try {
    return asJsonObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Returns the value if it is a JSON object; undefined if it is anything else. */
export function asJsonObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
