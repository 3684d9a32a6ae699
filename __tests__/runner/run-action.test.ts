import { describe, expect, jest, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import type { Context } from '../../src/runner/context.js'
import { type ActionProcess, runAction } from '../../src/runner/run-action.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { type Runner, withRunner } from '../support/in-process.js'

type Event = Parameters<ActionProcess['on']>[0]

const nothing = () => {}
const never = () => new Promise<void>(nothing)

/** A process that never ends: it records what happens, and emits events when the test asks for it. */
class FakeProcess implements ActionProcess {
  readonly env = process.env
  noDeprecation = false
  readonly order: string[] = []
  readonly #listeners = new Map<Event, (reason: unknown) => unknown>()
  #exit = nothing
  readonly exited = new Promise<void>(resolve => {
    this.#exit = resolve
  })
  /** Tells the step that stdout took everything. */
  flush = nothing
  /** Whether stdout waits for `flush`. */
  isBlocked = false

  on(event: Event, listener: (reason: unknown) => unknown): this {
    this.#listeners.set(event, listener)
    return this
  }

  emit(event: Event, reason: unknown = event): void {
    const listener = this.#listeners.get(event)
    if (listener === undefined) throw new Error(`no listener for ${event}`)
    listener(reason)
  }

  exit(code: number): void {
    this.order.push(`exit ${code}`)
    this.#exit()
  }

  readonly stdout = {
    write: (text: string, written: () => void): void => {
      if (text !== '') throw new Error('only the logger may write text')
      this.order.push('flush')
      this.flush = () => {
        this.order.push('flushed')
        written()
      }
      if (!this.isBlocked) setImmediate(this.flush)
    }
  }
}

const failure = new ActionError('forbidden', 'It is not allowed.', 'Ask for it.')
const FORBIDDEN =
  '::error::[forbidden] It is not allowed.%0AAsk for it.%0AMore: docs/troubleshooting.md#forbidden\n'
const CANCELLED = 'Cancelled. The post step cleans up when the job ends.\n'
const CLEAN_UP_FAILED =
  '::warning::Clean-up: an unexpected error occurred. Tokens that were not revoked live until they expire.\n'
const EXIT_0 = ['flush', 'flushed', 'exit 0']
const EXIT_1 = ['flush', 'flushed', 'exit 1']

function run(
  step: (context: Context, process: FakeProcess) => Promise<void>,
  { process = new FakeProcess(), kind = 'main' }: { process?: FakeProcess; kind?: 'main' | 'post' } = {}
) {
  return { process, done: runAction(context => step(context, process), { process, kind }) }
}

const errorCode = (runner: Runner) => parseCommandFile(runner.text('GITHUB_OUTPUT'))['error-code']

describe('a step that ends by itself', () => {
  test('after success: exit 0 once stdout took everything, and no rollback', () =>
    withRunner(async runner => {
      let rollbacks = 0
      const { process, done } = run(async ({ log, rollback }) => {
        rollback.add(() => rollbacks++)
        log.info('done')
      })
      await done
      expect(process.order).toEqual(EXIT_0)
      expect([rollbacks, runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([0, 'done\n', ''])
    }))

  test.each<[string, () => Promise<void>]>([
    ['failure', () => Promise.reject(failure)],
    [
      'failure without a promise',
      () => {
        throw failure
      }
    ]
  ])('after a %s: rollback, one error, error-code, exit 1', (_, fail) =>
    withRunner(async runner => {
      let logged: string | undefined
      const { process, done } = run(({ rollback }) => {
        rollback.add(() => {
          logged = runner.log()
        })
        return fail()
      })
      await done
      expect(process.order).toEqual(EXIT_1)
      expect([logged, runner.log(), errorCode(runner)]).toEqual(['', FORBIDDEN, 'forbidden'])
    })
  )

  test('by an unexpected error: its text is not shown', () =>
    withRunner(async runner => {
      const { done } = run(async ({ log }) => {
        log.mask(new Secret('top-secret-value'))
        throw new TypeError('cannot read top-secret-value of other-secret-value')
      })
      await done
      expect(errorCode(runner)).toBe('internal-error')
      expect(runner.log()).toMatch(
        /^::add-mask::top-secret-value\n::error::\[internal-error\] .*\(TypeError\)/
      )
      expect(runner.log()).not.toContain('other-secret-value')
    }))

  test('a post step never fails the job: exit 0 also after a failure, and a warning', () =>
    withRunner(async runner => {
      const success = run(async () => {}, { kind: 'post' })
      await success.done
      const failed = run(() => Promise.reject(failure), { kind: 'post' })
      await failed.done
      expect([success.process.order, failed.process.order]).toEqual([EXIT_0, EXIT_0])
      expect([runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([CLEAN_UP_FAILED, ''])
    }))
})

test('before the step starts, the passwords of proxies are masked and deprecations are turned off', () =>
  withRunner(async runner => {
    process.env['HTTPS_PROXY'] = 'http://user:pass%20word@proxy.example.com:8080'
    let log = ''
    let isQuiet = false
    const { done } = run(async (_, { noDeprecation }) => {
      log = runner.log()
      isQuiet = noDeprecation
    })
    await done
    for (const secret of ['pass%2520word', 'pass word', btoa('user:pass word')])
      expect(log).toContain(`::add-mask::${secret}\n`)
    expect(isQuiet).toBe(true)
  }))

test('if stdout accepts nothing, the step ends after two seconds', () =>
  withRunner(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick'] })
    try {
      const process = new FakeProcess()
      process.isBlocked = true
      run(() => Promise.reject(failure), { process })
      await jest.advanceTimersByTimeAsync(1999)
      expect(process.order).toEqual(['flush'])
      await jest.advanceTimersByTimeAsync(1)
      expect(process.order).toEqual(['flush', 'exit 1'])
    } finally {
      jest.useRealTimers()
    }
  }))

describe.each<['main' | 'post', Event, string, string | undefined]>([
  ['main', 'SIGINT', CANCELLED, undefined],
  ['main', 'SIGTERM', CANCELLED, undefined],
  ['main', 'uncaughtException', FORBIDDEN, 'forbidden'],
  ['main', 'unhandledRejection', FORBIDDEN, 'forbidden'],
  ['post', 'SIGTERM', 'Clean-up was cancelled.\n', undefined],
  ['post', 'uncaughtException', CLEAN_UP_FAILED, undefined]
])('a %s step that is ended by %s', (kind, event, log, code) => {
  const exit = kind === 'post' ? EXIT_0 : EXIT_1

  test('ends at once, and cannot publish any more, even while the log is flushed', () =>
    withRunner(async runner => {
      let publish = nothing
      const { process } = run(
        ({ rollback }) => {
          publish = () => rollback.requireNotRun()
          return never()
        },
        { kind }
      )
      expect(publish).not.toThrow()
      process.emit(event, failure)
      expect(publish).toThrow('the step is ending')
      await process.exited
      expect([process.order, runner.log(), errorCode(runner)]).toEqual([exit, log, code])
    }))

  test.each(['success', 'failure'])(
    'ends once and for one reason, whatever happens while the log is flushed, also a late %s',
    late =>
      withRunner(async runner => {
        let rollbacks = 0
        let finish = nothing
        const { process, done } = run(
          ({ rollback }) => {
            rollback.add(() => rollbacks++)
            return new Promise((resolve, reject) => {
              finish = late === 'success' ? resolve : () => reject(new Error('another'))
            })
          },
          { kind }
        )
        process.isBlocked = true
        process.emit(event, failure)
        for (const another of ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection'] as const)
          process.emit(another, new Error('another'))
        finish()
        await done
        process.flush()
        await process.exited
        expect([process.order, runner.log(), errorCode(runner)]).toEqual([exit, log, code])
        expect(rollbacks).toBe(1)
      })
  )
})

// Signals are delivered between two turns of the event loop.
test.each<[Event, number]>([
  ['SIGINT', 1],
  ['SIGINT', 2],
  ['SIGTERM', 2],
  ['uncaughtException', 1],
  ['unhandledRejection', 1]
])('%s in turn %i after publishing: what was published is rolled back', (event, turns) =>
  withRunner(async () => {
    const order: string[] = []
    const { process, done } = run(async ({ rollback }, process) => {
      rollback.add(() => order.push('rolled back'))
      order.push('published')
      const emitIn = (turn: number): unknown =>
        turn === 0 ? process.emit(event, failure) : setImmediate(() => emitIn(turn - 1))
      emitIn(turns)
    })
    await process.exited
    await done
    expect([order, process.order]).toEqual([['published', 'rolled back'], EXIT_1])
  })
)

test('a signal while the log is flushed after a failure changes nothing', () =>
  withRunner(async runner => {
    const process = new FakeProcess()
    process.isBlocked = true
    const { done } = run(() => Promise.reject(failure), { process })
    await new Promise(resolve => setTimeout(resolve, 5))
    process.emit('SIGTERM')
    process.flush()
    await done
    expect([process.order, runner.log(), errorCode(runner)]).toEqual([EXIT_1, FORBIDDEN, 'forbidden'])
  }))

test('a rollback that throws is reported, and does not keep the step from ending', () =>
  withRunner(async runner => {
    const { process, done } = run(async ({ rollback }, process) => {
      rollback.add(() => {
        throw new Error('hidden-text')
      })
      setImmediate(() => process.emit('SIGINT'))
    })
    await process.exited
    await done
    const failed =
      '::error::Not everything that the step wrote could be removed. Do not use the outputs of this step.\n'
    expect([process.order, runner.log()]).toEqual([EXIT_1, failed + CANCELLED])
  }))
