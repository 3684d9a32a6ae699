import { readInputs } from '../../src/inputs/main-inputs.js'
import { ActionError } from '../../src/lib/action-error.js'
import type { Secret } from '../../src/lib/secret.js'

/** What reading the inputs came to: a request, or the error; and the secrets that were to be masked by then. */
export interface Read {
  readonly asked?: ReturnType<typeof readInputs>
  readonly error?: ActionError
  readonly kept: readonly string[]
}

/** Reads inputs as the runner passes them, with an environment that holds nothing else. */
export function read(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = {}
): Read {
  const kept: string[] = []
  const named = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  try {
    const asked = readInputs({ ...env, ...Object.fromEntries(named) }, (secret: Secret) => {
      kept.push(secret.reveal())
    })
    return { asked, kept }
  } catch (error) {
    if (error instanceof ActionError) return { error, kept }
    throw error
  }
}

/** Returns code and message, or what was read instead, so that a failed comparison shows it. */
export function refusal(got: Read): string {
  return got.error === undefined
    ? `not refused: ${JSON.stringify(got.asked)}`
    : `${got.error.code}: ${got.error.message}`
}

/** Returns how an error names a value: quoted if it is short and clean, and by its length alone if not. */
export function quotedAs(given: string): string {
  const text = given.trim()
  // A user in an address may be a credential: such an address is not repeated.
  if (text.length > 80 || /:\/\/[^/]*@/.test(text)) return `a text of ${text.length} characters`
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00a0]| {2}/u.test(text)
    ? `a text of ${text.length} characters, some of them blanks or invisible`
    : `“${text}”`
}

export const GENESYS = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': 'my-client',
  'client-secret': 'my-client-secret'
} as const

export const CXONE_CLIENT = {
  provider: 'cxone',
  'client-id': 'my-client',
  'client-secret': 'my-client-secret'
} as const

export const CXONE_KEY = {
  provider: 'cxone',
  region: 'na1',
  'access-key-id': 'MYKEYID',
  'access-key-secret': 'my-access-key===='
} as const

export const CXONE_APPLICATION = { ...CXONE_KEY, ...CXONE_CLIENT } as const
