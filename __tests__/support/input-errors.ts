import { quotedAs } from './read-inputs.js'

/** Returns what `refusal` returns for an input with a value that is not allowed. */
export function notAllowed(name: string, value: string): string {
  return `invalid-input: Input ${name} is ${quotedAs(value)}, which is not allowed.`
}

/** Returns what `refusal` returns for an input that does not apply. */
export function notApplicable(name: string, reason: string): string {
  return `invalid-input: Input ${name} is given, but ${reason}.`
}
