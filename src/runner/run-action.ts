import { proxySecrets } from '../http/proxy.js'
import { systemClock } from '../lib/clock.js'
import { type Context, createContext } from './context.js'
import { flush, Logger } from './logger.js'
import { reportFailure } from './report-failure.js'
import { Rollback } from './rollback.js'

/** The parts of Node's `process` that end a step; injected for tests. */
export interface ActionProcess {
  readonly env: Context['env']
  on(
    event: 'SIGINT' | 'SIGTERM' | 'uncaughtException' | 'unhandledRejection',
    listener: (reason: unknown) => void
  ): unknown
  exit(code: number): void
  noDeprecation?: boolean
  readonly stdout: { write(text: string, written: () => void): unknown }
}

/**
 * Runs a step and ends the process, even if sockets are still open: with 0 after success, with 1 after a failure or a
 * cancellation. Before it ends with 1, it rolls back what the step wrote. `kind: 'post'` never fails the job.
 */
export async function runAction(
  step: (context: Context) => Promise<void>,
  { process, kind }: { readonly process: ActionProcess; readonly kind: 'main' | 'post' }
): Promise<void> {
  const [log, rollback] = [new Logger(), new Rollback()]
  const context = createContext({ env: process.env, log, clock: systemClock, rollback })
  for (const secret of proxySecrets(process.env)) log.mask(secret)
  const isPost = kind === 'post'
  let isEnding = false
  const exit = async (code: 0 | 1) => {
    await flush({ write: (text, written) => process.stdout.write(text, written) })
    process.exit(isPost ? 0 : code)
  }
  /** Only the first reason to end the step counts. */
  const end = async (report: () => void) => {
    if (isEnding) return
    isEnding = true
    try {
      if (!rollback.run())
        log.error('Not everything that the step wrote could be removed. Do not use the outputs of this step.')
      report()
    } finally {
      await exit(1)
    }
  }
  const fail = (error: unknown) =>
    end(() => {
      if (isPost)
        log.warn(
          'Clean-up: an unexpected error occurred. Tokens that were not revoked live until they expire.'
        )
      else reportFailure(error, context)
    })
  const cancel = () =>
    end(() =>
      log.info(isPost ? 'Clean-up was cancelled.' : 'Cancelled. The post step cleans up when the job ends.')
    )
  // The HTTP client's proxy tunnel uses `new Buffer`; a warning about that does not help the reader of the log.
  process.noDeprecation = true
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  try {
    await step(context)
    // The post step has published nothing that a late signal would have to undo.
    if (!isPost) await pendingSignals()
    if (isEnding) return
    isEnding = true
    await exit(0)
  } catch (error) {
    await fail(error)
  }
}

/** Signal handlers run between two turns of the event loop; by the second turn, all pending ones have run. */
async function pendingSignals(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
}
