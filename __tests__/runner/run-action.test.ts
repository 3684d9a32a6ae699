import { describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import type { Logger } from '../../src/runner/logger.js'
import { type Ending, runToEnd } from '../../src/runner/run-action.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { type Surroundings, surrounded } from '../support/surroundings.js'

type Event = Parameters<Ending['on']>[0]

/** A process that ends nothing: it remembers, and hands events on when the test says so. */
class FakeProcess implements Ending {
  noDeprecation = false
  readonly exits: number[] = []
  readonly order: string[] = []
  readonly #listeners = new Map<Event, (reason: unknown) => unknown>()
  readonly exited: Promise<void>
  #exit = (): void => {}
  readonly #flush: (written: () => void) => void

  /** @param flush what becomes of the callback that waits for stdout */
  constructor(flush: (written: () => void) => void = written => setImmediate(written)) {
    this.#flush = flush
    this.exited = new Promise(resolve => {
      this.#exit = resolve
    })
  }

  on(event: Event, listener: (reason: unknown) => unknown): this {
    this.#listeners.set(event, listener)
    return this
  }

  emit(event: Event, reason: unknown = event): unknown {
    const listener = this.#listeners.get(event)
    if (listener === undefined) throw new Error(`nobody listens to ${event}`)
    return listener(reason)
  }

  exit(code: number): void {
    this.exits.push(code)
    this.order.push(`exit ${code}`)
    this.#exit()
  }

  readonly stdout = {
    write: (text: string, written: () => void): boolean => {
      if (text !== '') throw new Error('the log is not written here')
      this.order.push('flush')
      this.#flush(() => {
        this.order.push('flushed')
        written()
      })
      return true
    }
  }
}

/** One line, said once. */
const CANCELLED = /^Cancelled\. What can be cleaned up is, when the job ends\.\n$/

const nothing = () => {}
const never = () => new Promise<() => void>(nothing)
const failure = new ActionError('forbidden', 'It is not allowed.', 'Ask for it.')
const FORBIDDEN =
  '::error::[forbidden] It is not allowed.%0AAsk for it.%0AMore: docs/troubleshooting.md#forbidden\n'

function run(
  step: (console: Logger, process: FakeProcess) => Promise<() => void>,
  { process = new FakeProcess(), ...options }: { process?: FakeProcess; neverFails?: boolean } = {}
) {
  const done = runToEnd(console => step(console, process), process, options)
  return { process, done }
}

const errorCode = (around: Surroundings) => parseCommandFile(around.text('GITHUB_OUTPUT'))['error-code']

describe('a step that ends by itself', () => {
  test('well: 0, once stdout has taken everything, and nothing is taken back', () =>
    surrounded(async around => {
      let takenBack = 0
      const { process, done } = run(async console => {
        console.info('done')
        return () => takenBack++
      })
      await done
      expect(process.order).toEqual(['flush', 'flushed', 'exit 0'])
      expect([takenBack, around.log(), around.text('GITHUB_OUTPUT')]).toEqual([0, 'done\n', ''])
    }))

  test('in failure: 1, one message, and error-code', () =>
    surrounded(async around => {
      const { process, done } = run(() => Promise.reject(failure))
      await done
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect(around.log()).toBe(FORBIDDEN)
      expect(errorCode(around)).toBe('forbidden')
    }))

  test('by throwing before it gives a promise: the same', () =>
    surrounded(async around => {
      const { process, done } = run(() => {
        throw failure
      })
      await done
      expect([process.exits, errorCode(around)]).toEqual([[1], 'forbidden'])
    }))

  test('by an error that nobody foresaw: clean, whatever it is', () =>
    surrounded(async around => {
      const { process, done } = run(async console => {
        console.mask(new Secret('top-secret-value'))
        throw new TypeError('cannot read top-secret-value of other-secret-value')
      })
      await done
      expect([process.exits, errorCode(around)]).toEqual([[1], 'internal-error'])
      expect(around.log()).toMatch(
        /^::add-mask::top-secret-value\n::error::\[internal-error\] .*\(TypeError\)/
      )
      expect(around.log()).not.toContain('other-secret-value')
    }))

  test('the toolkit’s deprecations are no news for a job’s log', () =>
    surrounded(async () => {
      const { process, done } = run(async () => nothing)
      await done
      expect(process.noDeprecation).toBe(true)
    }))
})

describe('a pipe that takes nothing', () => {
  test('is waited for two seconds, after success and after failure', () =>
    surrounded(async () => {
      const started = Date.now()
      const ends: [() => Promise<() => void>, number][] = [
        [async () => nothing, 0],
        [() => Promise.reject(failure), 1]
      ]
      await Promise.all(
        ends.map(async ([step, code]) => {
          const { process, done } = run(step, { process: new FakeProcess(nothing) })
          await done
          expect(process.order).toEqual(['flush', `exit ${code}`])
          expect(Date.now() - started).toBeGreaterThan(1900)
          expect(Date.now() - started).toBeLessThan(4000)
        })
      )
    }))
})

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', signal => {
  test('while the step works: it stops at once, publishes nothing, exits 1', () =>
    surrounded(async around => {
      const { process } = run(never)
      process.emit(signal)
      await process.exited
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect(around.log()).toMatch(CANCELLED)
      expect(around.text('GITHUB_OUTPUT')).toBe('')
    }))

  test('right after publishing: what was published is taken back', () =>
    surrounded(async around => {
      const order: string[] = []
      const { process, done } = run(async (_, process) => {
        order.push('published')
        setImmediate(() => process.emit(signal))
        return () => order.push('taken back')
      })
      await process.exited
      await done
      expect([order, process.exits]).toEqual([['published', 'taken back'], [1]])
      expect(around.log()).toMatch(CANCELLED)
    }))

  test('in the same turn as the end of the step: heard all the same', () =>
    surrounded(async () => {
      let takenBack = 0
      const { process, done } = run((_, process) => {
        const ended = Promise.resolve(() => takenBack++)
        setTimeout(() => process.emit(signal), 0)
        return ended
      })
      await process.exited
      await done
      expect(process.exits).toHaveLength(1)
      expect([takenBack, process.exits[0]]).toEqual(process.exits[0] === 1 ? [1, 1] : [0, 0])
    }))

  test('twice, and a late success or failure of the step: one end', async () => {
    for (const late of ['success', 'failure']) {
      await surrounded(async around => {
        let finish = nothing
        const { process, done } = run(
          () =>
            new Promise((resolve, reject) => {
              finish = late === 'success' ? () => resolve(nothing) : () => reject(failure)
            })
        )
        process.emit(signal)
        process.emit(signal)
        process.emit(signal === 'SIGINT' ? 'SIGTERM' : 'SIGINT')
        finish()
        await process.exited
        await done
        expect([process.exits, process.order.filter(one => one === 'flush')]).toEqual([[1], ['flush']])
        expect(around.log()).toMatch(CANCELLED)
        expect(around.text('GITHUB_OUTPUT')).toBe('')
      })
    }
  })

  test('during the flush after a failure changes nothing', () =>
    surrounded(async around => {
      let flush = nothing
      const process = new FakeProcess(written => {
        flush = written
      })
      const { done } = run(() => Promise.reject(failure), { process })
      await new Promise(resolve => setTimeout(resolve, 5))
      process.emit(signal)
      flush()
      await done
      expect([process.exits, errorCode(around)]).toEqual([[1], 'forbidden'])
      expect(around.log()).not.toContain('Cancelled')
    }))
})

describe.each(['uncaughtException', 'unhandledRejection'] as const)('%s', event => {
  test.each<[string, unknown, string, RegExp | string]>([
    ['of ours', failure, 'forbidden', FORBIDDEN],
    [
      'of Node’s',
      Object.assign(new Error('read ECONNRESET hidden-text'), { code: 'ECONNRESET' }),
      'internal-error',
      /\(Error ECONNRESET\)/
    ],
    ['that is no error', 'hidden-text', 'internal-error', /^::error::\[internal-error\]/],
    ['that is nothing', undefined, 'internal-error', /^::error::\[internal-error\]/]
  ])('%s ends the step in one clean message', (_, reason, code, log) =>
    surrounded(async around => {
      const { process } = run(never)
      process.emit(event, reason)
      process.emit(event, new Error('another'))
      await process.exited
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect(errorCode(around)).toBe(code)
      if (typeof log === 'string') expect(around.log()).toBe(log)
      else expect(around.log()).toMatch(log)
      expect(around.log().match(/^::error::/gm)).toHaveLength(1)
      expect(around.log()).not.toContain('hidden-text')
    })
  )

  test('after publishing, before the end: exits 1 and hands nothing on', () =>
    surrounded(async () => {
      let takenBack = 0
      const { process, done } = run(async (_, process) => {
        setImmediate(() => process.emit(event, failure))
        return () => takenBack++
      })
      await process.exited
      await done
      expect([process.exits, takenBack]).toEqual([[1], 1])
    }))
})

describe('a step that never fails (clean-up)', () => {
  const neverFails = true
  test('ends with 0 after success', () =>
    surrounded(async () => {
      const { process, done } = run(async () => nothing, { neverFails })
      await done
      expect(process.exits).toEqual([0])
    }))
  test('and after a failure, with a warning instead of an error', () =>
    surrounded(async around => {
      const { process, done } = run(() => Promise.reject(failure), { neverFails })
      await done
      expect(process.exits).toEqual([0])
      expect(around.log()).toMatch(/^::warning::Clean-up met an error/)
      expect(around.text('GITHUB_OUTPUT')).toBe('')
    }))
  test('and when it is cancelled', () =>
    surrounded(async around => {
      const { process } = run(never, { neverFails })
      process.emit('SIGTERM')
      await process.exited
      expect([process.exits, around.log()]).toEqual([[0], 'Clean-up was cancelled.\n'])
    }))
})

describe.each<[string, boolean, (process: FakeProcess) => unknown]>([
  ['is cancelled', false, process => process.emit('SIGTERM')],
  ['meets a defect', false, process => process.emit('uncaughtException', failure)],
  ['is cancelled, and never fails', true, process => process.emit('SIGTERM')],
  ['meets a defect, and never fails', true, process => process.emit('uncaughtException', failure)]
])('a step that %s', (_, neverFails, end) => {
  test('is told so before anything of its end is waited for: nothing may be handed on', () =>
    surrounded(async () => {
      let closed: (() => boolean) | undefined
      const { process } = run(
        console => {
          closed = () => console.isClosed
          return never()
        },
        { neverFails }
      )
      expect(closed?.()).toBe(false)
      end(process)
      expect(closed?.()).toBe(true)
      await process.exited
      expect(process.exits).toEqual([neverFails ? 0 : 1])
    }))
  test('ends once and for one reason, whatever comes while stdout takes the log', () =>
    surrounded(async around => {
      let flush = nothing
      const process = new FakeProcess(written => {
        flush = written
      })
      let takenBack = 0
      let finish = nothing
      const { done } = run(
        () =>
          new Promise(resolve => {
            finish = () => resolve(() => takenBack++)
          }),
        { neverFails, process }
      )
      end(process)
      const told = around.log()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.emit(signal)
      process.emit('uncaughtException', new Error('another'))
      process.emit('unhandledRejection', new Error('another'))
      finish()
      await done
      flush()
      await process.exited
      expect(told).not.toBe('')
      expect([around.log(), process.exits, takenBack]).toEqual([told, [neverFails ? 0 : 1], 0])
    }))
})

test.each<[string, unknown]>([
  ['an error', new Error('the file is gone: hidden-text')],
  ['an error of the system', Object.assign(new Error('EACCES: hidden-text'), { code: 'EACCES' })],
  ['nothing', undefined],
  ['null', null],
  ['a text', 'hidden-text']
])('what was published cannot be taken back, for %s: it is said, and the step ends', (_, thrown) =>
  surrounded(async around => {
    const { process, done } = run(async (_, process) => {
      setImmediate(() => process.emit('SIGINT'))
      return () => {
        throw thrown
      }
    })
    await process.exited
    await done
    expect(process.exits).toEqual([1])
    const lines = around.log().trimEnd().split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^::error::What was published could not be taken back \((EACCES|undefined)\)\.$/),
      'Cancelled. What can be cleaned up is, when the job ends.'
    ])
  })
)

test('a step that cannot take back what it published still ends', () =>
  surrounded(async () => {
    const { process, done } = run(async (_, process) => {
      setImmediate(
        () =>
          void Promise.resolve(process.emit('SIGINT')).catch(error =>
            process.emit('unhandledRejection', error)
          )
      )
      return () => {
        throw new Error('the file is gone')
      }
    })
    await process.exited
    await done
    expect(process.exits).toEqual([1])
  }))
