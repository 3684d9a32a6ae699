import { Redactor } from '../../src/lib/redactor.js'
import { Secret } from '../../src/lib/secret.js'

/** An error as a step reports it. */
export interface ReportedError {
  /** Undefined if the work succeeded or threw something unexpected. */
  readonly code: string | undefined
  readonly message: string
  readonly hint: string
}

/**
 * Waits until the work fails. Returns its error without the secrets, cleaned and cut as `reportFailure` does. Secrets
 * may be added to the lists while the work goes on.
 */
export async function reportedError(
  work: Promise<unknown>,
  known: readonly Secret[],
  reported: readonly string[] = []
): Promise<ReportedError> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    reason => reason
  )
  const redactor = new Redactor()
  for (const secret of [...known, ...reported.map(text => new Secret(text))]) redactor.add(secret)
  const { code, message, hint = '' } = error as { code?: string; message: string; hint?: string }
  return { code, message: redactor.clean(message, 1100), hint: redactor.clean(hint, 650) }
}
