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

/** The line before was left half written. */
let isCut = false
let isLost = false
let isMaskGone = false

/** Whether a mask did not reach the runner whole: what it was for must not be handed on. */
export const isMaskLost = (): boolean => isMaskGone

function write(text: string, written?: () => void): true {
  const line = Buffer.from(isCut ? `\n${text}` : text)
  // Where one line was given up, the next ones are not waited for.
  const deadline = Date.now() + (isLost ? 0 : PATIENCE_MS)
  let rest = line
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // A pipe that is full for now says so; one that nobody reads any more is no reason to fail.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) break
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
  isLost = rest.length > 0
  if (rest.length < line.length) isCut = isLost
  isMaskGone ||= isLost && text.startsWith('::add-mask::')
  written?.()
  return true
}
