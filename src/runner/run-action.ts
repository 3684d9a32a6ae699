import { Logger } from './logger.js'
import { fail } from './report-failure.js'

/** The parts of Node's `process` that end a step; a test hands in its own. */
export interface Ending {
  on(
    event: 'SIGINT' | 'SIGTERM' | 'uncaughtException' | 'unhandledRejection',
    listener: (reason: unknown) => void
  ): unknown
  exit(code: number): void
  noDeprecation?: boolean
  readonly stdout: { write(text: string, written: () => void): unknown }
}

/** How long the log may take to reach the runner once all is done. */
const FLUSH_MS = 2000

/**
 * Runs a step and ends the process, whatever sockets are still open: 0 when all is done, 1 after a failure or
 * a cancellation. A step returns how to take back what it published; that is done when the job is cancelled
 * before the process is gone.
 */
export async function runToEnd(
  step: (console: Logger) => Promise<() => void>,
  process: Ending,
  { neverFails = false } = {}
): Promise<void> {
  const console = new Logger()
  let undo = (): void => {}
  const takeBack = () => {
    try {
      undo()
    } catch (error) {
      console.error(
        `What was published could not be taken back (${String((error as { code?: unknown })?.code)}).`
      )
    }
  }
  let ending = false
  const end = async (code: 0 | 1) => {
    await flushed(process)
    process.exit(neverFails ? 0 : code)
  }
  /** Only the first reason to end counts, whatever happens while it is told. */
  const once = (tell: (reason: unknown) => void) => async (reason: unknown) => {
    if (ending) return
    ending = true
    console.close()
    try {
      takeBack()
      tell(reason)
    } finally {
      await end(1)
    }
  }
  const stop = once(error => {
    if (neverFails)
      console.warn('Clean-up met an error that it does not know; what was issued lives until it expires.')
    else fail(error, console)
  })
  const cancel = once(() => {
    console.info(
      neverFails ? 'Clean-up was cancelled.' : 'Cancelled. What can be cleaned up is, when the job ends.'
    )
  })
  // The toolkit's tunnel through a proxy still says `new Buffer`; the reader of a job's log can do nothing about it.
  process.noDeprecation = true
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  process.on('uncaughtException', stop)
  process.on('unhandledRejection', stop)
  try {
    undo = await step(console)
    if (!neverFails) await signalsHeard()
    if (ending) return
    ending = true
    await end(0)
  } catch (error) {
    await stop(error)
  }
}

/** Signals are heard between two turns of the event loop: a second turn starts only when all that came were. */
async function signalsHeard(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** `process.exit` drops what a pipe has not taken yet; a pipe that takes nothing is not waited for. */
function flushed({ stdout }: Ending): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, FLUSH_MS)
    stdout.write('', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
