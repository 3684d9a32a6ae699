import { PROVIDERS } from '../../src/auth/providers.js'
import { type MainInputs, readMainInputs } from '../../src/inputs/main-inputs.js'
import { ActionError } from '../../src/lib/action-error.js'
import { quote } from '../../src/lib/input-reader.js'
import type { AnyRequest } from './requests.js'

/** The inputs, or the error; and the secrets that were masked by then. */
export interface ReadInputs {
  readonly inputs?: Omit<MainInputs, 'request'> & { readonly request: AnyRequest }
  readonly error?: ActionError
  readonly masked: readonly string[]
}

/** Reads inputs as the runner passes them, with an environment that contains nothing else. */
export function readInputs(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = {}
): ReadInputs {
  const masked: string[] = []
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  try {
    const read = readMainInputs({ ...env, ...Object.fromEntries(variables) }, PROVIDERS, {
      mask: secret => void masked.push(secret.reveal()),
      hideInQuotes: () => {}
    })
    return { inputs: { ...read, request: read.request as AnyRequest }, masked }
  } catch (error) {
    if (error instanceof ActionError) return { error, masked }
    throw error
  }
}

/** Returns code and message; if the inputs were accepted, what was read, so that a failed comparison shows it. */
export function refusal({ error, inputs }: ReadInputs): string {
  return error === undefined ? `accepted: ${JSON.stringify(inputs)}` : `${error.code}: ${error.message}`
}

/** Returns how an error names a value; what that is, `inputs/reader.test.ts` tests. */
export function quotedAs(given: string): string {
  return quote(given.trim())
}

// No emulator knows these credentials.

export const MADE_UP_GENESYS = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': 'my-client',
  'client-secret': 'my-client-secret'
} as const

export const MADE_UP_CXONE_CLIENT = {
  provider: 'cxone',
  'client-id': 'my-client',
  'client-secret': 'my-client-secret'
} as const

export const MADE_UP_CXONE_KEY = {
  provider: 'cxone',
  region: 'na1',
  'access-key-id': 'MYKEYID',
  'access-key-secret': 'my-access-key===='
} as const

export const MADE_UP_CXONE_APPLICATION = { ...MADE_UP_CXONE_KEY, ...MADE_UP_CXONE_CLIENT } as const
