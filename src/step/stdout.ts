import { writeSync } from 'node:fs'

/** How long a log that takes nothing is waited for, and how often it is asked again. */
const PATIENCE_MS = 2000
const PAUSE_MS = 5

/**
 * Has the log written at once and by `fs` alone. Node's own `process.stdout` loads streams and sockets, a fifth of
 * the time that an empty script takes, and what they have not written yet is lost when the process exits.
 */
export function writeAtOnce(process: object): void {
  Object.defineProperty(process, 'stdout', { value: { write }, configurable: true })
}

function write(text: string, written?: () => void): true {
  let rest = Buffer.from(text)
  const deadline = Date.now() + PATIENCE_MS
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // A pipe that is full for now says so; one that nobody reads any more is no reason to fail.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) break
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
  written?.()
  return true
}
