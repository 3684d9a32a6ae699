import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, type describe, expect, test } from '@jest/globals'
import { seeded } from '../../scripts/seeded.mjs'
import {
  type CommandRotation,
  systemProcesses,
  waitUntil,
  withCommandRotation
} from '../support/command-rotation.js'
import { describeUnless, isInstalled } from '../support/programs.js'
import { seed } from '../support/properties.js'
import { age, aws, newAgeRecipient, pass, type RealStore, type StoreKind } from '../support/real-stores.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

afterAll(cleanup)

/** The AWS CLI takes half a second and more for each call, and several tests run at once. */
const TIMEOUT_MS = 120_000
const KILLS = 20
const LANES = 2

/** A rotation of a token in a real store. */
interface StoreRotation extends CommandRotation {
  /** The token that is stored at the beginning. */
  readonly old: string
  readonly store: RealStore
  /** Rotates, with other commands if given. The previous token is revoked if that is possible. */
  rotateStore(inputs?: Readonly<Record<string, string>>, options?: RunOptions): Promise<RunResult>
}

function withStore(kind: StoreKind, action: (rotation: StoreRotation) => Promise<void>): () => Promise<void> {
  return () =>
    withCommandRotation(async rotation => {
      const old = await rotation.issueToken()
      const folder = rotation.path('real')
      mkdirSync(folder)
      const store = await kind.create(folder, old)
      await action({
        ...rotation,
        old,
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

/** Tests that every kind of store passes. `failing`: a store-command that changes nothing. */
function testStore(kind: StoreKind, { failing }: { readonly failing?: string }): void {
  test.concurrent(
    'a token is rotated and read back, and the previous one is revoked',
    withStore(kind, async rotation => {
      await requireRotated(await rotation.rotateStore(), rotation)
    }),
    TIMEOUT_MS
  )

  if (failing !== undefined)
    test.concurrent(
      'a store that fails is unchanged, and the new token is revoked',
      withStore(kind, async rotation => {
        await requireNotStored(await rotation.rotateStore({ 'store-command': failing }), rotation)
      }),
      TIMEOUT_MS
    )

  test.concurrent(
    'a store that hangs: both tokens stay valid',
    withStore(kind, async rotation => {
      const { store, old } = rotation
      const run = await rotation.rotateStore({
        'store-command': `{ cat; sleep 60; } | { ${store.commands['store-command']}; }`,
        'command-timeout': '8s'
      })
      expect(run.log).toContain('store-command was ended, because it took longer than command-timeout')
      expect(await store.get()).toBe(old)
      await requireBothLive(run, rotation)
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'a store that stores and then fails: a warning, and the token is rotated',
    withStore(kind, async rotation => {
      const run = await rotation.rotateStore({
        'store-command': `${rotation.store.commands['store-command']}; exit 4`
      })
      await requireRotated(run, rotation)
      expect(run.log).toContain('Warning: store-command ended with exit code 4')
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'a job that is cancelled while it stores: both tokens stay valid, and the next rotation succeeds',
    withStore(kind, async rotation => {
      const { store, old, path, text } = rotation
      const run = await rotation.rotateStore(
        {
          'store-command': `{ cat; touch ${path('started')}; sleep 60; } | { ${store.commands['store-command']}; }`
        },
        { signalAfter: waitUntil(() => text('started') !== undefined) }
      )
      expect(run.log).toContain('Warning: The rotation was cancelled while it stored the new token.')
      expect(await store.get()).toBe(old)
      await requireBothLive(run, rotation)
      const next = await rotation.rotateStore()
      expect([next.exitCode, next.outputs['rotated']]).toEqual([0, 'true'])
    }),
    TIMEOUT_MS
  )

  for (let lane = 0; lane < LANES; lane++) {
    const random = seeded(seed + lane)
    const kills = KILLS / LANES
    test.concurrent(
      `killed ${kills} times at random moments (seed ${seed}, lane ${lane + 1}), it contains a valid token each time`,
      withStore(kind, rotation => killAtRandomMoments(rotation, { kills, random })),
      TIMEOUT_MS
    )
  }
}

/**
 * Kills rotations at a random moment after read-command or store-command has started: the step alone, or the step and
 * its commands at once, as if the machine ended.
 */
async function killAtRandomMoments(
  { store, path, text, rotateStore, liveTokens, post }: StoreRotation,
  { kills, random }: { readonly kills: number; readonly random: () => number }
): Promise<void> {
  const env = { MARK: path('') }
  const processes = () => systemProcesses().filter(one => one.environment.includes(`MARK=${path('')}`))
  const choose = <T>(one: T, other: T) => (random() < 0.5 ? one : other)
  /** How long a rotation takes after that. Never made longer: a load that ends must not make all later kills late. */
  const restMs = { 'read-command': Number.POSITIVE_INFINITY, 'store-command': Number.POSITIVE_INFINITY }
  let count = 0
  /** Runs a rotation, and calls `onStart` as soon as the command has started. */
  const rotate = async (command: keyof typeof restMs, onStart = async () => {}) => {
    const marker = `started-${++count}`
    const inputs = { [command]: `touch ${path(marker)}; ${store.commands[command]}` }
    const running = rotateStore(inputs, { env })
    await waitUntil(() => text(marker) !== undefined)
    const startedAtMs = performance.now()
    await onStart()
    const result = await running
    if (result.signal === null) restMs[command] = Math.min(restMs[command], performance.now() - startedAtMs)
    return result
  }

  for (const command of ['read-command', 'store-command'] as const)
    expect((await rotate(command)).exitCode).toBe(0)
  let killed = 0
  for (let run = 1; run <= kills; run++) {
    const command = choose('read-command', 'store-command')
    const isKilled = choose('dist/rotate', '')
    const result = await rotate(command, async () => {
      await sleep(random() * restMs[command])
      for (const { pid, commandLine } of processes()) if (commandLine.includes(isKilled)) kill(pid)
    })
    if (result.signal === 'SIGKILL') killed++
    // What a killed step has started goes on.
    await waitUntil(() => processes().length === 0, 100)
    if (choose(true, false)) await post(result)
    expect([run, liveTokens().includes(await store.get())]).toEqual([run, true])
  }
  // Some come too late on a busy machine.
  expect(killed).toBeGreaterThanOrEqual(kills / 5)
  expect((await rotateStore()).exitCode).toBe(0)
  expect(liveTokens()).toContain(await store.get())
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Skips the tests by name where a program is missing. Processes are looked up in /proc. */
function describeStore(kind: StoreKind): typeof describe.skip {
  const missing = kind.programs.filter(program => !isInstalled(program))
  return describeUnless(process.platform === 'linux' ? missing : [...missing, 'Linux'])
}

const ageStore = age()
describeStore(ageStore)('a file that age encrypts', () => {
  testStore(ageStore, { failing: 'age -r age1wrong -o "$FILE.new" && mv "$FILE.new" "$FILE"' })

  test.concurrent(
    'encrypted with the key of somebody else, it cannot be read back: both tokens stay valid',
    withStore(ageStore, async rotation => {
      const run = await rotation.rotateStore(
        {},
        { env: { RECIPIENT: newAgeRecipient(rotation.path('other-key')) } }
      )
      expect(run.log).toContain(
        'store-command ended with exit code 0; read-command then ended with exit code 1.'
      )
      await requireBothLive(run, rotation)
    })
  )
})

const passStore = pass()
describeStore(passStore)('pass, with GnuPG', () => {
  afterAll(() => passStore.close())
  testStore(passStore, {
    failing:
      'PASSWORD_STORE_KEY=unknown@example.com pass insert -m -f cc-token.new && pass mv -f cc-token.new cc-token'
  })
})

const awsStore = aws()
describeStore(awsStore)('AWS Secrets Manager, with the CLI of AWS', () => {
  afterAll(() => awsStore.close())
  testStore(awsStore, {})

  // Not concurrent: from here on, the service refuses the other tests.
  test(
    'a user who can only read: the secret is unchanged, and the new token is revoked',
    withStore(awsStore, async rotation => {
      const { store } = rotation
      const env = await awsStore.readOnly()
      const run = await rotation.rotateStore({}, { env })
      expect(run.log).toContain('not authorized to perform: secretsmanager:PutSecretValue')
      const get = async () => (await rotation.rotateStore({ 'dry-run': 'true' }, { env })).masks.at(-1) ?? ''
      await requireNotStored(run, { ...rotation, store: { ...store, get } })
    }),
    TIMEOUT_MS
  )
})
