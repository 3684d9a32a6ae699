import { describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import type { Context } from '../../src/runner/context.js'
import { type ActionProcess, runAction } from '../../src/runner/run-action.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { type Runner, withRunner } from '../support/in-process.js'

type Event = Parameters<ActionProcess['on']>[0]

/** A process that never ends: it records what happens, and emits events when the test asks for it. */
class FakeProcess implements ActionProcess {
  readonly env = process.env
  noDeprecation = false
  readonly exits: number[] = []
  readonly order: string[] = []
  readonly #listeners = new Map<Event, (reason: unknown) => unknown>()
  readonly exited: Promise<void>
  #exit = (): void => {}
  readonly #flush: (written: () => void) => void

  /** @param flush gets the callback that waits for stdout */
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
    if (listener === undefined) throw new Error(`no listener for ${event}`)
    return listener(reason)
  }

  exit(code: number): void {
    this.exits.push(code)
    this.order.push(`exit ${code}`)
    this.#exit()
  }

  readonly stdout = {
    write: (text: string, written: () => void): boolean => {
      if (text !== '') throw new Error('only the logger may write text')
      this.order.push('flush')
      this.#flush(() => {
        this.order.push('flushed')
        written()
      })
      return true
    }
  }
}

const CANCELLED = 'Cancelled. The post step cleans up when the job ends.\n'
const FORBIDDEN =
  '::error::[forbidden] It is not allowed.%0AAsk for it.%0AMore: docs/troubleshooting.md#forbidden\n'

const nothing = () => {}
const never = () => new Promise<void>(nothing)
const failure = new ActionError('forbidden', 'It is not allowed.', 'Ask for it.')

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
      expect(process.order).toEqual(['flush', 'flushed', 'exit 0'])
      expect([rollbacks, runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([0, 'done\n', ''])
    }))

  test('after a failure: rollback, one error, error-code, exit 1', () =>
    withRunner(async runner => {
      let logged: string | undefined
      const { process, done } = run(({ rollback }) => {
        rollback.add(() => {
          logged = runner.log()
        })
        return Promise.reject(failure)
      })
      await done
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect([logged, runner.log(), errorCode(runner)]).toEqual(['', FORBIDDEN, 'forbidden'])
    }))

  test('by throwing before it returns a promise: the same', () =>
    withRunner(async runner => {
      const { process, done } = run(() => {
        throw failure
      })
      await done
      expect([process.exits, errorCode(runner)]).toEqual([[1], 'forbidden'])
    }))

  test('by an unexpected error: its text is not shown', () =>
    withRunner(async runner => {
      const { process, done } = run(async ({ log }) => {
        log.mask(new Secret('top-secret-value'))
        throw new TypeError('cannot read top-secret-value of other-secret-value')
      })
      await done
      expect([process.exits, errorCode(runner)]).toEqual([[1], 'internal-error'])
      expect(runner.log()).toMatch(
        /^::add-mask::top-secret-value\n::error::\[internal-error\] .*\(TypeError\)/
      )
      expect(runner.log()).not.toContain('other-secret-value')
    }))

  test('the passwords of proxies are masked before it starts', () =>
    withRunner(async runner => {
      process.env['HTTPS_PROXY'] = 'http://user:pass%20word@proxy.example.com:8080'
      let before = ''
      const { done } = run(async () => {
        before = runner.log()
      })
      await done
      for (const secret of ['pass%2520word', 'pass word', btoa('user:pass word')])
        expect(before).toContain(`::add-mask::${secret}\n`)
    }))

  test('the deprecations of the toolkit are not shown', () =>
    withRunner(async () => {
      const { process, done } = run(async () => {})
      await done
      expect(process.noDeprecation).toBe(true)
    }))
})

test('if stdout accepts nothing, the step waits two seconds, after success and after a failure', () =>
  withRunner(async () => {
    const startedAt = performance.now()
    const ends: [() => Promise<void>, number][] = [
      [async () => {}, 0],
      [() => Promise.reject(failure), 1]
    ]
    await Promise.all(
      ends.map(async ([step, code]) => {
        const { process, done } = run(step, { process: new FakeProcess(nothing) })
        await done
        expect(process.order).toEqual(['flush', `exit ${code}`])
        expect(performance.now() - startedAt).toBeGreaterThan(1900)
        expect(performance.now() - startedAt).toBeLessThan(4000)
      })
    )
  }))

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', signal => {
  test('while the step works: it stops at once and exits with 1', () =>
    withRunner(async runner => {
      const { process } = run(never)
      process.emit(signal)
      await process.exited
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect([runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([CANCELLED, ''])
    }))

  // Signals are delivered between two turns of the event loop.
  test.each([1, 2])('in turn %i after publishing: what was published is rolled back', turns =>
    withRunner(async runner => {
      const order: string[] = []
      const { process, done } = run(async ({ rollback }, process) => {
        rollback.add(() => order.push('rolled back'))
        order.push('published')
        const emitIn = (turn: number): unknown =>
          turn === 0 ? process.emit(signal) : setImmediate(() => emitIn(turn - 1))
        emitIn(turns)
      })
      await process.exited
      await done
      expect([order, process.exits]).toEqual([['published', 'rolled back'], [1]])
      expect(runner.log()).toBe(CANCELLED)
    })
  )

  test.each(['success', 'failure'])('several times, and a late %s of the step: the step ends once', late =>
    withRunner(async runner => {
      let finish = nothing
      const { process, done } = run(
        () =>
          new Promise((resolve, reject) => {
            finish = late === 'success' ? resolve : () => reject(failure)
          })
      )
      process.emit(signal)
      process.emit(signal)
      process.emit(signal === 'SIGINT' ? 'SIGTERM' : 'SIGINT')
      finish()
      await process.exited
      await done
      expect(process.order).toEqual(['flush', 'flushed', 'exit 1'])
      expect([runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([CANCELLED, ''])
    })
  )

  test('during the flush after a failure: it changes nothing', () =>
    withRunner(async runner => {
      let flush = nothing
      const process = new FakeProcess(written => {
        flush = written
      })
      const { done } = run(() => Promise.reject(failure), { process })
      await new Promise(resolve => setTimeout(resolve, 5))
      process.emit(signal)
      flush()
      await done
      expect([process.exits, errorCode(runner), runner.log()]).toEqual([[1], 'forbidden', FORBIDDEN])
    }))
})

describe.each(['uncaughtException', 'unhandledRejection'] as const)('%s', event => {
  test.each<[string, unknown, string, RegExp]>([
    ['an ActionError', failure, 'forbidden', /^::error::\[forbidden\] It is not allowed\.%0AAsk for it\./],
    [
      'an error of Node',
      Object.assign(new Error('read ECONNRESET hidden-text'), { code: 'ECONNRESET' }),
      'internal-error',
      /\(Error ECONNRESET\)/
    ],
    ['a text', 'hidden-text', 'internal-error', /^::error::\[internal-error\]/],
    ['undefined', undefined, 'internal-error', /^::error::\[internal-error\]/]
  ])('with %s ends the step with one error', (_, reason, code, log) =>
    withRunner(async runner => {
      const { process } = run(never)
      process.emit(event, reason)
      process.emit(event, new Error('another'))
      await process.exited
      expect([process.order, errorCode(runner)]).toEqual([['flush', 'flushed', 'exit 1'], code])
      expect(runner.log()).toMatch(log)
      expect(runner.log().match(/^::error::/gm)).toHaveLength(1)
      expect(runner.log()).not.toContain('hidden-text')
    })
  )

  test('after publishing: what was published is rolled back, and the step exits with 1', () =>
    withRunner(async () => {
      let rollbacks = 0
      const { process, done } = run(async ({ rollback }, process) => {
        rollback.add(() => rollbacks++)
        setImmediate(() => process.emit(event, failure))
      })
      await process.exited
      await done
      expect([process.exits, rollbacks]).toEqual([[1], 1])
    }))
})

describe('a post step never fails the job', () => {
  test('after success: exit 0', () =>
    withRunner(async () => {
      const { process, done } = run(async () => {}, { kind: 'post' })
      await done
      expect(process.exits).toEqual([0])
    }))
  test('after a failure: exit 0, and a warning instead of an error', () =>
    withRunner(async runner => {
      const { process, done } = run(() => Promise.reject(failure), { kind: 'post' })
      await done
      expect(process.exits).toEqual([0])
      expect([runner.log(), runner.text('GITHUB_OUTPUT')]).toEqual([
        '::warning::Clean-up: an unexpected error occurred. Tokens that were not revoked live until they expire.\n',
        ''
      ])
    }))
  test('cancelled: exit 0', () =>
    withRunner(async runner => {
      const { process } = run(never, { kind: 'post' })
      process.emit('SIGTERM')
      await process.exited
      expect([process.exits, runner.log()]).toEqual([[0], 'Clean-up was cancelled.\n'])
    }))
})

describe.each<[string, 'main' | 'post', (process: FakeProcess) => unknown]>([
  ['main step that is cancelled', 'main', process => process.emit('SIGTERM')],
  ['main step with an uncaught exception', 'main', process => process.emit('uncaughtException', failure)],
  ['post step that is cancelled', 'post', process => process.emit('SIGTERM')],
  ['post step with an uncaught exception', 'post', process => process.emit('uncaughtException', failure)]
])('a %s', (_, kind, end) => {
  test('cannot publish any more, even while the log is flushed', () =>
    withRunner(async () => {
      let publish = nothing
      const { process } = run(
        ({ rollback }) => {
          publish = () => rollback.requireNotRun()
          return never()
        },
        { kind }
      )
      expect(publish).not.toThrow()
      end(process)
      expect(publish).toThrow('the step is ending')
      await process.exited
      expect(process.exits).toEqual([kind === 'post' ? 0 : 1])
    }))

  test('ends once and for one reason, whatever happens while the log is flushed', () =>
    withRunner(async runner => {
      let flush = nothing
      const process = new FakeProcess(written => {
        flush = written
      })
      let rollbacks = 0
      let finish = nothing
      const { done } = run(
        ({ rollback }) => {
          rollback.add(() => rollbacks++)
          return new Promise(resolve => {
            finish = resolve
          })
        },
        { kind, process }
      )
      end(process)
      const log = runner.log()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.emit(signal)
      process.emit('uncaughtException', new Error('another'))
      process.emit('unhandledRejection', new Error('another'))
      finish()
      await done
      flush()
      await process.exited
      expect(log).not.toBe('')
      expect([runner.log(), process.exits, rollbacks]).toEqual([log, [kind === 'post' ? 0 : 1], 1])
    }))
})

test.each<[string, unknown]>([
  ['an error', new Error('hidden-text')],
  ['undefined', undefined],
  ['a text', 'hidden-text']
])('a rollback that throws %s is reported, and does not keep the step from ending', (_, thrown) =>
  withRunner(async runner => {
    const { process, done } = run(async ({ rollback }, process) => {
      rollback.add(() => {
        throw thrown
      })
      setImmediate(() => process.emit('SIGINT'))
    })
    await process.exited
    await done
    const failed =
      '::error::Not everything that the step wrote could be removed. Do not use the outputs of this step.\n'
    expect([process.exits, runner.log()]).toEqual([[1], failed + CANCELLED])
  })
)
