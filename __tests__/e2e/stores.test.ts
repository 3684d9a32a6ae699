import { mkdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from '@jest/globals'
import { seeded } from '../../scripts/lib/seeded.mjs'
import {
  type CommandRotation,
  systemProcesses,
  waitUntil,
  withCommandRotation
} from '../support/command-rotation.js'
import { describeUnless, isInstalled } from '../support/programs.js'
import { seed } from '../support/properties.js'
import { age, aws, pass, type RealStore, type StoreKind } from '../support/real-stores.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

/** The AWS CLI takes half a second and more for each call, and several tests run at once. */
const TIMEOUT_MS = 120_000
const KILLS = 20

/** A rotation of a token in a real store. */
interface StoreRotation extends CommandRotation {
  readonly store: RealStore
  /** Rotates, with other commands if given. The previous token is revoked if that is possible. */
  rotateStore(inputs?: Readonly<Record<string, string>>, options?: RunOptions): Promise<RunResult>
}

function withStore(kind: StoreKind, action: (rotation: StoreRotation) => Promise<void>): () => Promise<void> {
  return () =>
    withCommandRotation(async rotation => {
      const folder = rotation.path('real')
      mkdirSync(folder)
      const store = await kind.create(folder, rotation.old)
      await action({
        ...rotation,
        store,
        rotateStore: (inputs, { env, ...options } = {}) =>
          rotation.rotate(
            { ...store.commands, 'revoke-previous': 'true', ...inputs },
            { ...options, env: { ...store.env, ...env } }
          )
      })
    })
}

/** The store contains the only token that is valid, and it is not the old one. */
async function requireRotated(run: RunResult, { store, old, liveTokens }: StoreRotation): Promise<void> {
  expect([run.exitCode, run.log]).toEqual([0, expect.stringContaining('contains a new access token')])
  const stored = await store.get()
  expect(stored).not.toBe(old)
  expect(liveTokens()).toEqual([stored])
  expect(run.log).not.toContain(stored)
}

/** The store contains the old token, and the new one is revoked. */
async function requireNotStored(run: RunResult, { store, old, liveTokens }: StoreRotation): Promise<void> {
  expect([run.exitCode, run.outputs['error-code']]).toEqual([1, 'store-failed'])
  expect(run.log).toContain('The stored token is unchanged; the new one was revoked.')
  expect(await store.get()).toBe(old)
  expect(liveTokens()).toEqual([old])
}

/** The old and the new token are valid, now and after the post step. */
async function requireBothLive(run: RunResult, { old, liveTokens, post }: StoreRotation): Promise<void> {
  expect(run.exitCode).toBe(1)
  await post(run)
  expect(liveTokens()).toEqual([old, expect.any(String)])
}

const KINDS = { aws: aws(), pass: pass(), age: age() }

afterAll(async () => {
  for (const kind of Object.values(KINDS)) await kind.close()
  cleanup()
})

/** Skips a test by name where a program is missing. Processes are looked up in /proc. */
function testStore(kind: StoreKind, name: string, action: (rotation: StoreRotation) => Promise<void>): void {
  const missing = kind.programs.filter(program => !isInstalled(program))
  const isUsable = describeUnless(process.platform === 'linux' ? missing : [...missing, 'Linux']) === describe
  // Without groups: concurrent tests wait for those of an earlier group.
  const testHere = isUsable ? test.concurrent : test.skip
  testHere(`${kind.name}: ${name}`, withStore(kind, action), TIMEOUT_MS)
}

for (const kind of Object.values(KINDS)) {
  testStore(
    kind,
    `rotated, killed ${KILLS} times at random moments (seed ${seed}) and rotated again, it contains a valid token each time`,
    killAtRandomMoments
  )

  testStore(kind, 'if it fails, it is unchanged, and the new token is revoked', async rotation => {
    const run = await rotation.rotateStore({}, { env: rotation.store.refusingEnv })
    await requireNotStored(run, rotation)
  })

  /** The store-command, with a writer that hangs before the end of its input. */
  const hanging = ({ store, path }: StoreRotation) =>
    `{ cat; touch ${path('started')}; sleep 60; } | { ${store.commands['store-command']}; }`

  testStore(kind, 'if it hangs until command-timeout, both tokens stay valid', async rotation => {
    // Long enough for read-command on a busy machine.
    const inputs = { 'store-command': hanging(rotation), 'command-timeout': '5s' }
    const run = await rotation.rotateStore(inputs)
    expect(run.log).toContain('store-command was ended, because it took longer than command-timeout')
    expect(await rotation.store.get()).toBe(rotation.old)
    await requireBothLive(run, rotation)
  })

  testStore(kind, 'if the job is cancelled while it stores, both tokens stay valid', async rotation => {
    const run = await rotation.rotateStore(
      { 'store-command': hanging(rotation) },
      { signalAfter: waitUntil(() => rotation.text('started') !== undefined) }
    )
    expect(run.log).toContain('Warning: The rotation was cancelled while it stored the new token.')
    expect(await rotation.store.get()).toBe(rotation.old)
    await requireBothLive(run, rotation)
  })
}

/**
 * Kills rotations at a random moment after read-command or store-command has started: the step alone, or the step and
 * its commands at once, as if the machine ended.
 */
async function killAtRandomMoments(rotation: StoreRotation): Promise<void> {
  const { store, path, text, rotateStore, liveTokens, post } = rotation
  const random = seeded(seed)
  const choose = <T>(one: T, other: T) => (random() < 0.5 ? one : other)
  const processes = () => systemProcesses().filter(one => one.environment.includes(`MARK=${path('')}`))
  /** Starts a rotation. `started` waits for a command, and returns how long that took. */
  const start = ({ ending = '' } = {}) => {
    for (const command of ['read', 'store']) rmSync(path(command), { force: true })
    const { 'read-command': read, 'store-command': put } = store.commands
    const commands = {
      'read-command': `touch ${path('read')}; ${read}`,
      'store-command': `touch ${path('store')}; ${put}${ending}`
    }
    const startedAtMs = performance.now()
    const ended = rotateStore(commands, { env: { MARK: path('') } })
    const started = async (command: 'read' | 'store') => {
      await waitUntil(() => text(command) !== undefined)
      return performance.now() - startedAtMs
    }
    return { ended, started }
  }

  const first = start()
  const startMs = { read: await first.started('read'), store: await first.started('store') }
  const rotated = await first.ended
  await requireRotated(rotated, rotation)
  /** How long a rotation goes on after a command has started. */
  const restMs = { read: rotated.durationMs - startMs.read, store: rotated.durationMs - startMs.store }

  let killed = 0
  for (let run = 1; run <= KILLS; run++) {
    const command = choose('read', 'store')
    const isKilled = choose('dist/rotate', '')
    const { ended, started } = start()
    const commandStartMs = await started(command)
    await sleep(random() * restMs[command])
    for (const { pid, commandLine } of processes()) if (commandLine.includes(isKilled)) kill(pid)
    const result = await ended
    if (result.signal === 'SIGKILL') killed++
    // The machine was busier before: the next kill must come earlier.
    else restMs[command] = Math.max(0, Math.min(restMs[command], result.durationMs - commandStartMs))
    // What a killed step has started goes on.
    await waitUntil(() => processes().length === 0, 100)
    if (choose(true, false)) await post(result)
    const isValid = liveTokens().includes(await store.get())
    expect([run, isValid]).toEqual([run, true])
  }
  // Some come too late on a busy machine.
  expect(killed).toBeGreaterThan(KILLS / 5)

  const last = await start({ ending: '; exit 4' }).ended
  expect([last.exitCode, last.outputs['rotated']]).toEqual([0, 'true'])
  expect(last.log).toContain('Warning: store-command ended with exit code 4, but the store contains the new')
  expect(liveTokens()).toContain(await store.get())
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
