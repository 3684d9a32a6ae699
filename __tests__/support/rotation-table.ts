import { ActionError } from '../../src/lib/action-error.js'
import { GITHUB_API as API, Hosts, type Reply } from './hosts.js'

export { API }

/** A reply to one request; a path is GitHub's unless it is a whole URL. */
export interface Laid extends Reply {
  readonly method: Parameters<Hosts['answer']>[0]
  readonly path: string
}

/** `Hosts` for tests that add several replies at once. */
export class Table extends Hosts {
  lay(...replies: readonly Laid[]): this {
    for (const { method, path, ...reply } of replies) this.answer(method, path, reply)
    return this
  }

  release(): void {
    Hosts.release()
  }
}

/** Returns the error of a promise that must fail with an ActionError. */
export async function failing(work: Promise<unknown>): Promise<ActionError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason
  )
  if (error instanceof ActionError) return error
  throw error
}
