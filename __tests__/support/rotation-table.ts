import nock from 'nock'
import { ActionError } from '../../src/lib/action-error.js'
import type { Seen } from './hosts.js'

export const API = 'https://api.github.com'

/** One answer to one request; a path is below `API` unless it is a whole address. */
export interface Laid {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly text?: string
  /** An error of the system's in place of an answer. */
  readonly error?: string
}

/** Plays GitHub and the platforms under their real names, in this process: what is laid out is answered, once, in order. */
export class Table {
  readonly seen: Seen[] = []

  constructor() {
    if (!nock.isActive()) nock.activate()
    nock.disableNetConnect()
  }

  lay(...answers: readonly Laid[]): this {
    for (const { method, path, status = 200, headers = {}, json, text, error } of answers) {
      const { origin, pathname, search } = new URL(path, API)
      const laid = nock(origin).intercept(`${pathname}${search}`, method)
      if (error !== undefined) {
        laid.replyWithError(Object.assign(new Error(error), { code: error }))
        continue
      }
      laid.reply(async (request: Request) => {
        this.seen.push({
          method: request.method,
          url: request.url,
          headers: Object.fromEntries(request.headers),
          body: await request.text()
        })
        return [status, text ?? (json === undefined ? '' : JSON.stringify(json)), headers]
      })
    }
    return this
  }

  /** The answers that nobody asked for. */
  get unasked(): string[] {
    return nock.pendingMocks()
  }

  clear(): void {
    this.seen.length = 0
    nock.cleanAll()
  }

  release(): void {
    nock.cleanAll()
    nock.enableNetConnect()
    nock.restore()
  }
}

/** Returns the error of a promise that must fail with one of ours. */
export async function failing(work: Promise<unknown>): Promise<ActionError> {
  const got = await work.then(
    () => 'it did not fail',
    (error: unknown) => error
  )
  if (got instanceof ActionError) return got
  throw got instanceof Error ? got : new Error(String(got))
}
