import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { CXONE_ACCESS_KEY, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT } from '../../emulator/genesys.mjs'
import {
  type CommandRotation,
  systemProcesses,
  waitUntil,
  withCommandRotation
} from '../support/command-rotation.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

type Inputs = Readonly<Record<string, string>>

afterAll(cleanup)

/** Long enough for three reads within eight seconds, on a busy machine. */
const TIMEOUT_MS = 60_000

const UNKNOWN = 'It is unknown whether the new token is stored.'
const NOT_STORED = 'The stored token is unchanged; the new one was revoked.'

/** A rotation whose store is one file, which contains a token of the platform. */
interface FileStore extends CommandRotation {
  readonly old: string
  /** Inputs: commands that store and read the token. */
  readonly commands: { readonly 'store-command': string; readonly 'read-command': string }
  /** Returns what is stored. */
  stored(): string
  /** Returns the token that the rotation requested. */
  newToken(): string
}

function withFileStore(
  action: (store: FileStore) => Promise<void>,
  options?: Parameters<typeof withCommandRotation>[1]
): () => Promise<void> {
  return () =>
    withCommandRotation(async rotation => {
      const { path, text, issueToken, genesys } = rotation
      const old = await issueToken()
      genesys.forget()
      writeFileSync(path('store'), old)
      await action({
        ...rotation,
        old,
        commands: {
          'store-command': `cat > ${path('new')} && mv ${path('new')} ${path('store')}`,
          'read-command': `cat ${path('store')}`
        },
        stored: () => text('store') ?? '',
        newToken: () => [...genesys.tokens.keys()].findLast(token => token !== old) ?? ''
      })
    }, options)
}

/** What must be true after a rotation that stored its token. */
async function requireStored(run: RunResult, store: FileStore): Promise<void> {
  expect([run.exitCode, run.log]).toEqual([0, expect.stringContaining('contains a new access token')])
  expect(store.stored()).toBe(store.newToken())
  expect(store.liveTokens()).toContain(store.stored())
  expect(run.outputs).toMatchObject({ rotated: 'true', 'updated-at': '', 'next-rotation-at': '' })
  expect(run.outputs['expires-at']).toMatch(/^20/)
  await requireNoTrace(run, store)
}

/** A new token that lives is in no file of the runner, in the log only as a mask, and the post step has nothing to do. */
async function requireNoTrace(
  run: RunResult,
  { newToken, liveTokens, post, genesys }: FileStore
): Promise<void> {
  const { output, env, summary, state } = run.files
  const { stdout, stderr } = run
  const printed = stdout.split('\n').filter(line => !line.startsWith('::add-mask::'))
  for (const text of [output, env, summary, ...printed, stderr]) expect(text).not.toContain(newToken())
  if (liveTokens().includes(newToken())) expect(state).not.toContain(newToken())
  genesys.forget()
  expect((await post(run)).log).toBe('Clean-up: nothing to do.\n')
  expect(genesys.requests).toEqual([])
}

/** What must be true if the new token may be stored. */
async function requireUnknown(run: RunResult, store: FileStore): Promise<void> {
  expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'store-failed' }])
  expect(run.log).toContain(UNKNOWN)
  expect(run.log).toContain(
    'Neither the new token nor the old one was revoked, because either may be stored.'
  )
  expect(store.liveTokens()).toEqual([store.old, store.newToken()])
  await requireNoTrace(run, store)
}

/** What must be true if the new token is certainly not stored. */
async function requireNotStored(run: RunResult, store: FileStore): Promise<void> {
  expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'store-failed' }])
  expect(run.log).toContain(NOT_STORED)
  expect(run.log).not.toContain(UNKNOWN)
  expect(store.liveTokens()).toEqual([store.old])
  expect(store.stored()).toBe(store.old)
}

describeOnPosix('the outcome is: stored', () => {
  test.concurrent(
    'exit code 0, without read-command',
    withFileStore(async store => {
      const { 'store-command': storeCommand } = store.commands
      await requireStored(await store.rotate({ 'store-command': storeCommand }), store)
      expect(store.liveTokens()).toContain(store.old)
    })
  )

  test.concurrent(
    'exit code 0, and read-command prints the new token',
    withFileStore(async store => {
      const run = await store.rotate(store.commands)
      await requireStored(run, store)
      expect(run.log).not.toContain('Warning')
      expect(run.summary).toContain('The token store')
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
    })
  )

  test.concurrent(
    'another exit code, but read-command prints the new token: with a warning',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'store-command': `cat > ${store.path('store')}; exit 4`
      })
      await requireStored(run, store)
      expect(run.log).toContain(
        'Warning: store-command ended with exit code 4, but the store contains the new token.'
      )
    })
  )

  test.concurrent(
    'too slow, but read-command prints the new token: with a warning',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'store-command': `cat > ${store.path('store')}; sleep 60`,
        'command-timeout': '1s'
      })
      await requireStored(run, store)
      expect(run.log).toContain(
        'Warning: store-command was ended, because it took longer than command-timeout'
      )
    })
  )

  test.concurrent(
    'another exit code, and the new token is there four seconds later',
    withFileStore(async store => {
      const { path } = store
      const run = await store.rotate({
        'store-command': `cat > ${path('late')}; exit 4`,
        // The first read is before the exchange, the second directly after store-command.
        'read-command': `echo >> ${path('reads')}; if [ "$(wc -l < ${path('reads')})" = 3 ]; then
          mv ${path('late')} ${path('store')}; fi; cat ${path('store')}`
      })
      await requireStored(run, store)
      expect(run.log).toContain('Warning: store-command ended with exit code 4')
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'a long-lived token: the initial one is revoked at the end of the job',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'token-kind': 'long-lived',
        'service-account-id': GENESYS_SERVICE_ACCOUNT.id
      })
      expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
      expect(store.stored()).toBe(store.newToken())
      expect(run.files.state).not.toContain(store.newToken())
      await store.post(run)
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
    })
  )

  test.concurrent(
    'CXone: a token that cannot be revoked',
    withFileStore(async store => {
      const cxone = await startCxone()
      try {
        const inputs = {
          provider: 'cxone',
          region: 'na1',
          'client-id': '',
          'client-secret': '',
          'access-key-id': CXONE_ACCESS_KEY.id,
          'access-key-secret': CXONE_ACCESS_KEY.secret,
          'base-url': cxone.origin
        }
        const run = await store.rotate({ ...store.commands, ...inputs })
        expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
        expect([...cxone.tokens.keys()]).toEqual([store.stored()])
        expect(Object.values(run.state).join('')).toBe('')
      } finally {
        await cxone.close()
      }
    })
  )
})

describeOnPosix('the outcome is: not stored', () => {
  test.concurrent(
    'another exit code, and three reads within eight seconds print the old value',
    withFileStore(async store => {
      const { path } = store
      const now = (file: string) => `date +%s%3N >> ${path(file)}`
      const run = await store.rotate({
        'store-command': `echo the key is wrong >&2; ${now('ended')}; exit 3`,
        'read-command': `${now('reads')}; cat ${path('store')}`
      })
      await requireNotStored(run, store)
      expect(run.log).toContain('| the key is wrong')
      expect(run.log).toContain(
        'Error: [store-failed] store-command ended with exit code 3; read-command then still printed the old value.'
      )
      const [endedAtMs = 0] = (store.text('ended') ?? '').trim().split('\n').map(Number)
      const readsAtMs = (store.text('reads') ?? '').trim().split('\n').map(Number)
      const afterMs = readsAtMs.slice(1).map(ms => ms - endedAtMs)
      expect(afterMs).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)])
      for (const [index, expectedMs] of [0, 4_000, 8_000].entries()) {
        expect(afterMs[index]).toBeGreaterThanOrEqual(expectedMs)
        expect(afterMs[index]).toBeLessThan(expectedMs + 3_000)
      }
      await requireNoTrace(run, store)
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'there is no bash',
    withFileStore(async store => {
      const run = await store.rotate(
        { 'store-command': store.commands['store-command'] },
        { env: { PATH: '/nonexistent' } }
      )
      await requireNotStored(run, store)
      expect(run.log).toContain(
        'store-command could not be started: bash or the workspace folder is missing.'
      )
      await requireNoTrace(run, store)
    })
  )

  test.concurrent(
    'the new token cannot be revoked: the post step does it',
    withFileStore(async store => {
      store.genesys.intercept = ({ method }, response) => {
        if (method !== 'DELETE') return false
        response.writeHead(400).end()
        return true
      }
      const run = await store.rotate({ ...store.commands, 'store-command': 'exit 3' })
      expect([run.exitCode, run.outputs['error-code']]).toEqual([1, 'store-failed'])
      expect(run.log).toContain('could not be revoked yet')
      store.genesys.intercept = undefined
      await store.post(run)
      expect(store.liveTokens()).toEqual([store.old])
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'a guard refuses the new token before store-command starts',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'allowed-organization-ids': '7d1c0b12-0000-4aaa-8bbb-000000000001'
      })
      expect([run.exitCode, run.outputs['error-code']]).toEqual([1, 'organization-not-allowed'])
      expect(run.log).toContain(NOT_STORED)
      expect([store.stored(), store.liveTokens()]).toEqual([store.old, [store.old]])
    })
  )
})

describeOnPosix('the outcome is: unknown', () => {
  const storing = (store: FileStore) => `cat > ${store.path('store')}`
  /** A read-command that acts otherwise from its second run on. */
  const then = ({ path }: FileStore, later: string) =>
    `if [ -e ${path('read')} ]; then ${later}; else touch ${path('read')}; cat ${path('store')}; fi`

  const cases: Readonly<Record<string, readonly [problem: string, inputs: (store: FileStore) => Inputs]>> = {
    'another exit code, without read-command': [
      'store-command ended with exit code 4.',
      store => ({ 'store-command': `${storing(store)}; exit 4` })
    ],
    'too slow, without read-command': [
      'store-command was ended, because it took longer than command-timeout.',
      store => ({ 'store-command': `${storing(store)}; sleep 60`, 'command-timeout': '1s' })
    ],
    'exit code 0, but read-command prints the old value': [
      'store-command ended with exit code 0; read-command then still printed the old value.',
      store => ({ ...store.commands, 'store-command': 'cat > /dev/null' })
    ],
    'exit code 0, but read-command prints something else': [
      'store-command ended with exit code 0; read-command then printed neither the old value nor the new token.',
      store => ({ ...store.commands, 'store-command': `head -c 20 > ${store.path('store')}` })
    ],
    'exit code 0, but read-command fails': [
      'store-command ended with exit code 0; read-command then ended with exit code 7.',
      store => ({ 'store-command': storing(store), 'read-command': then(store, 'exit 7') })
    ],
    'exit code 0, but read-command prints two lines': [
      'store-command ended with exit code 0; read-command then printed more than one line.',
      store => ({
        'store-command': storing(store),
        'read-command': then(store, `cat ${store.path('store')}; echo; echo more`)
      })
    ],
    'exit code 0, but read-command is too slow': [
      'store-command ended with exit code 0; read-command then was ended, because it took longer than command-timeout.',
      store => ({
        'store-command': storing(store),
        'read-command': then(store, 'sleep 60'),
        'command-timeout': '2s'
      })
    ],
    'too slow, and read-command prints the old value': [
      'store-command was ended, because it took longer than command-timeout; read-command then still printed the old value.',
      store => ({ ...store.commands, 'store-command': 'sleep 60', 'command-timeout': '2s' })
    ],
    'another exit code, and read-command fails': [
      'store-command ended with exit code 1; read-command then ended with exit code 7.',
      store => ({ 'store-command': 'false', 'read-command': then(store, 'exit 7') })
    ],
    'another exit code, and read-command prints nothing, before and after': [
      'store-command ended with exit code 1; read-command then printed neither the old value nor the new token.',
      store => ({ 'store-command': `${storing(store)}; false`, 'read-command': 'false || true' })
    ],
    'another exit code, and the last of three reads prints something else': [
      'store-command ended with exit code 1; read-command then printed neither the old value nor the new token.',
      ({ path }) => ({
        'store-command': 'false',
        'read-command': `echo >> ${path('reads')}; cat ${path('store')}; [ "$(wc -l < ${path('reads')})" != 4 ] || echo -n x`
      })
    ]
  }
  for (const [name, [problem, inputs]] of Object.entries(cases)) {
    test.concurrent(
      name,
      withFileStore(async store => {
        const run = await store.rotate(inputs(store))
        expect(run.log).toContain(`Error: [store-failed] ${problem} ${UNKNOWN}`)
        await requireUnknown(run, store)
      }),
      TIMEOUT_MS
    )
  }
})

describeOnPosix('the first read', () => {
  test.concurrent.each([
    ['fails', 'exit 5', 'ended with exit code 5'],
    ['prints several lines', 'echo one; echo two', 'printed more than one line'],
    ['ends with two line breaks', 'echo one; echo', 'printed more than one line'],
    ['prints too much', 'yes', 'printed more than 64 KiB'],
    ['is too slow', 'sleep 60', 'was ended, because it took longer than command-timeout'],
    ['uses a program that is missing', 'no-such-program', 'ended with exit code 127'],
    ['fails in a pipe', 'false | cat', 'ended with exit code 1']
  ])('%s: nothing is requested', (_, readCommand, problem) =>
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'read-command': readCommand,
        'command-timeout': '2s'
      })
      expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'store-failed' }])
      expect(run.log).toContain(`Error: [store-failed] read-command ${problem}. Nothing was requested.`)
      expect([store.genesys.requests, store.stored()]).toEqual([[], store.old])
    })()
  )

  test.concurrent(
    'any value of one line is enough, also a short or an empty one',
    withFileStore(async store => {
      for (const value of ['x\r\n', '', 'a placeholder with spaces\n']) {
        writeFileSync(store.path('store'), value)
        await requireStored(await store.rotate(store.commands), store)
      }
    })
  )
})

describeOnPosix('refused inputs', () => {
  const commands = { 'store-command': 'cat', 'read-command': 'cat' }
  const onGitHub = { 'secret-name': 'CC_TOKEN', 'github-token': 'ghp_0123456789abcdef' }
  const cxone = {
    provider: 'cxone',
    region: 'na1',
    'client-id': '',
    'client-secret': '',
    'access-key-id': CXONE_ACCESS_KEY.id,
    'access-key-secret': CXONE_ACCESS_KEY.secret
  }
  const only = 'it applies to secrets of GitHub only, and store-command is given.'
  const other = 'it applies to other stores only, and secret-name is given.'
  const cases: readonly (readonly [inputs: Inputs, message: string])[] = [
    [{}, 'The inputs secret-name and store-command are empty.'],
    [{ 'read-command': 'cat' }, 'The inputs secret-name and store-command are empty.'],
    [{ ...commands, 'secret-name': 'X' }, 'Input secret-name is given, but store-command is given, too.'],
    [{ ...onGitHub, 'read-command': 'cat' }, `Input read-command is given, but ${other}`],
    [{ ...onGitHub, 'revoke-previous': 'true' }, `Input revoke-previous is given, but ${other}`],
    [{ ...onGitHub, 'command-timeout': '5s' }, `Input command-timeout is given, but ${other}`],
    ...[
      { 'github-token': 'ghp_0123456789abcdef' },
      { repository: 'octo-org/app' },
      { environment: 'production' },
      { organization: 'octo-org' },
      { visibility: 'all' },
      { 'selected-repository-ids': '1' },
      { 'rotate-after': '1d' },
      { 'expiry-variable': 'X' },
      { 'previous-token': 'a-token-of-20-characters' }
    ].map(
      input => [{ ...commands, ...input }, `Input ${Object.keys(input)[0]} is given, but ${only}`] as const
    ),
    [
      { 'store-command': 'cat', 'revoke-previous': 'true' },
      'Input revoke-previous is given, but read-command is not.'
    ],
    [
      { ...commands, ...cxone, 'revoke-previous': 'true' },
      'Input revoke-previous is given, but NICE CXone has no request that revokes a token.'
    ],
    [{ ...commands, 'revoke-previous': 'yes' }, 'revoke-previous'],
    [{ ...commands, 'command-timeout': '0s' }, 'command-timeout'],
    [{ ...commands, 'command-timeout': '25h' }, 'command-timeout']
  ]

  async function requireRefused(inputs: Inputs, message: string, options: RunOptions = {}): Promise<void> {
    await withCommandRotation(async ({ rotate, genesys }) => {
      const run = await rotate(inputs, options)
      expect([run.exitCode, run.outputs['error-code']?.trim()]).toEqual([1, 'invalid-input'])
      expect(run.log).toContain('Error: [invalid-input] ')
      expect(run.log).toContain(message)
      expect(genesys.requests).toEqual([])
    })
  }

  for (const [inputs, message] of cases) {
    const names = Object.keys(inputs)
      .filter(name => !(name in cxone))
      .join(' ')
    test.concurrent(`${names || 'none'}: ${message}`, () => requireRefused(inputs, message))
  }

  test.concurrent('store-command on Windows', () => {
    const code = "Object.defineProperty(process,'platform',{value:'win32'})"
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` }
    const message = 'Input store-command is given, but it does not work on Windows.'
    return requireRefused({ 'store-command': 'cat' }, message, { env })
  })
})

describeOnPosix('order and time', () => {
  test.concurrent(
    'requests and commands are in the documented order',
    withFileStore(async store => {
      const { path, commands, genesys } = store
      const log = path('order')
      genesys.intercept = ({ method, path, headers: { authorization = '' } }) => {
        const token = authorization.endsWith(store.old) ? ' (old token)' : ''
        appendFileSync(log, `${method} ${path.replace(/\?.*/, '')}${token}\n`)
        return false
      }
      const run = await store.rotate({
        'store-command': `echo store >> ${log}; ${commands['store-command']}`,
        'read-command': `echo read >> ${log}; ${commands['read-command']}`,
        'revoke-previous': 'true'
      })
      genesys.intercept = undefined
      expect((store.text('order') ?? '').trim().split('\n')).toEqual([
        'read',
        'POST /oauth/token',
        'GET /api/v2/tokens/me',
        'store',
        'read',
        'GET /api/v2/tokens/me (old token)',
        'DELETE /api/v2/tokens/me (old token)'
      ])
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.newToken()])
    })
  )

  test.concurrent(
    'commands do not count against timeout',
    withFileStore(async store => {
      const run = await store.rotate({
        'store-command': `sleep 2.5; ${store.commands['store-command']}`,
        'read-command': `sleep 2.5; ${store.commands['read-command']}`,
        'revoke-previous': 'true',
        timeout: '2s'
      })
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.newToken()])
    }),
    TIMEOUT_MS
  )

  test.concurrent(
    'a dry run runs read-command only',
    withFileStore(async store => {
      const touch = `touch ${store.path('touched')}; `
      const dry = { 'dry-run': 'true', 'store-command': `${touch}cat`, 'revoke-previous': 'true' }
      const run = await store.rotate({ ...dry, 'read-command': `${touch}cat ${store.path('store')}` })
      expect([run.exitCode, run.outputs]).toEqual([
        0,
        { rotated: 'false', 'expires-at': '', 'idles-at': '', 'updated-at': '', 'next-rotation-at': '' }
      ])
      expect(run.log).toContain(
        'A rotation would: request and check a new token, run store-command, run read-command, revoke the previous token.'
      )
      expect([store.text('touched'), store.genesys.requests, store.stored()]).toEqual(['', [], store.old])
      const without = await store.rotate({ 'dry-run': 'true', 'store-command': 'cat' })
      expect(without.log).toContain('request and check a new token, run store-command.')
      const failing = await store.rotate({ ...dry, 'read-command': 'false' })
      expect(failing.outputs).toEqual({ rotated: 'false', 'error-code': 'store-failed' })
    })
  )
})

describeOnPosix('a job that is cancelled', () => {
  const CANCELLED = 'Warning: The rotation was cancelled while it stored the new token.'

  /** Runs a rotation, and cancels it as soon as a command says that it has started. */
  async function cancelled(store: FileStore, inputs: Inputs): Promise<RunResult> {
    const run = await store.rotate(inputs, {
      signalAfter: waitUntil(() => store.text('started') !== undefined)
    })
    expect([run.exitCode, run.signal]).toEqual([1, null])
    expect(run.durationMs).toBeLessThan(15_000)
    expect(run.log).toContain('Cancelled. The post step cleans up when the job ends.')
    return run
  }
  const hang = ({ path }: FileStore) => `touch ${path('started')}; sleep 300 & echo $! > ${path('pid')}; wait`
  const isRunning = ({ text }: FileStore) => systemProcesses().some(({ pid }) => pid === Number(text('pid')))

  test.concurrent(
    'during the first read: nothing was requested',
    withFileStore(async store => {
      const run = await cancelled(store, { ...store.commands, 'read-command': hang(store) })
      expect(run.log).not.toContain(CANCELLED)
      expect(store.genesys.requests).toEqual([])
      await waitUntil(() => !isRunning(store))
    })
  )

  test.concurrent.each([
    ['before it stored', (store: FileStore) => hang(store)],
    ['after it stored', (store: FileStore) => `cat > ${store.path('store')}; ${hang(store)}`]
  ])('during store-command, %s: both tokens live, and the log says what to do', (_, command) =>
    withFileStore(async store => {
      const run = await cancelled(store, { ...store.commands, 'store-command': command(store) })
      expect(run.log).toContain(CANCELLED)
      expect(run.log).toContain('The store may contain the old or the new token; neither was revoked.')
      await waitUntil(() => !isRunning(store))
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
      expect(store.liveTokens()).toContain(store.stored())
      await requireNoTrace(run, store)
      await requireStored(await store.rotate(store.commands), store)
    })()
  )

  test.concurrent.each([
    ['that follows a success', 'true'],
    ['that follows a failure', 'false']
  ])('during the read %s: both tokens live, and the log says what to do', (_, ending) =>
    withFileStore(async store => {
      const { path } = store
      const run = await cancelled(store, {
        'store-command': `cat > ${path('store')}; touch ${path('stored')}; ${ending}`,
        'read-command': `if [ -e ${path('stored')} ]; then ${hang(store)}; else cat ${path('store')}; fi`
      })
      expect(run.log).toContain(CANCELLED)
      await waitUntil(() => !isRunning(store))
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
      await requireNoTrace(run, store)
    })()
  )

  test.concurrent(
    'between two reads: both tokens live, and the log says what to do',
    withFileStore(async store => {
      const { path } = store
      const run = await cancelled(store, {
        'store-command': `touch ${path('failed')}; exit 3`,
        'read-command': `cat ${path('store')}; if [ -e ${path('failed')} ]; then touch ${path('started')}; fi`
      })
      expect(run.log).toContain(CANCELLED)
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
      await requireNoTrace(run, store)
    })
  )
})

describeOnPosix('what a command leaves behind', () => {
  const background = ({ path }: FileStore) => `sleep 300 & echo $! > ${path('pid')}`
  const isRunning = ({ text }: FileStore) => systemProcesses().some(({ pid }) => pid === Number(text('pid')))

  test.concurrent(
    'command-timeout ends the whole process group, also what ignores SIGTERM',
    withFileStore(async store => {
      const run = await store.rotate({
        'store-command': `trap '' TERM; (trap '' TERM; ${background(store)}; wait) & wait; sleep 300`,
        'command-timeout': '1s'
      })
      await requireUnknown(run, store)
      expect(run.durationMs).toBeLessThan(15_000)
      await waitUntil(() => !isRunning(store))
    })
  )

  test.concurrent(
    'a process in the background is ended with its command',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'store-command': `${background(store)}; ${store.commands['store-command']}`
      })
      await requireStored(run, store)
      await waitUntil(() => !isRunning(store))
    })
  )

  test.concurrent(
    'a process that left the group and keeps the output open does not hold up the step',
    withFileStore(async store => {
      const daemon = `setsid bash -c 'echo $$ > ${store.path('pid')}; exec sleep 300' & `
      try {
        const run = await store.rotate({
          ...store.commands,
          'store-command': `${daemon} ${store.commands['store-command']}`
        })
        expect(run.durationMs).toBeLessThan(15_000)
        expect([run.timedOut, isRunning(store)]).toEqual([false, true])
        await requireStored(run, store)
      } finally {
        process.kill(Number(store.text('pid')), 'SIGKILL')
      }
    }),
    TIMEOUT_MS
  )
})

describeOnPosix('what a command gets', () => {
  const WITHHELD: Readonly<Record<string, string>> = {
    STATE_X: 'a',
    ACTIONS_RUNTIME_TOKEN: 'b',
    ACTIONS_RUNTIME_URL: 'c',
    ACTIONS_RESULTS_URL: 'd',
    ACTIONS_CACHE_URL: 'e',
    INPUT_X: 'f',
    GENESYS_CLOUD_CLIENT_ID: GENESYS_CLIENT.id,
    GENESYS_CLOUD_CLIENT_SECRET: GENESYS_CLIENT.secret,
    GENESYSCLOUD_OAUTHCLIENT_ID: 'other-client',
    GENESYSCLOUD_OAUTHCLIENT_SECRET: 'other-client-secret',
    CXONE_CLIENT_ID: 'cxone-client',
    CXONE_CLIENT_SECRET: 'cxone-client-secret',
    CXONE_ACCESS_KEY_ID: 'cxone-key',
    CXONE_ACCESS_KEY_SECRET: 'cxone-key-secret'
  }
  const GIVEN: Readonly<Record<string, string>> = {
    AWS_ACCESS_KEY_ID: 'of an earlier step',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'for OIDC',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example',
    HTTPS_PROXY: '',
    RUNNER_TRACKING_ID: 'github_x',
    input: 'lower case',
    WITH_LINES: 'one\ntwo'
  }
  const environment = (text = '') =>
    Object.fromEntries(text.split('\0').map(entry => entry.split(/=(.*)/s).slice(0, 2) as [string, string]))

  test.concurrent.each([
    ['', undefined],
    [', with a RES_OPTIONS of its own', 'timeout:9']
  ])('its environment is what the runner gave, less credentials and access to the job%s', (_, resOptions) =>
    withFileStore(async store => {
      const { path, commands } = store
      const given = { ...GIVEN, ...(resOptions === undefined ? {} : { RES_OPTIONS: resOptions }) }
      const run = await store.rotate(
        {
          'client-id': '',
          'client-secret': '',
          'store-command': `env -0 > ${path('store-env')}; ${commands['store-command']}`,
          'read-command': `env -0 > ${path('read-env')}; ${commands['read-command']}`
        },
        { env: { ...WITHHELD, ...given } }
      )
      await requireStored(run, store)
      for (const file of ['store-env', 'read-env']) {
        const { _, SHLVL, PWD, OLDPWD, ...seen } = environment(store.text(file))
        expect(seen).toMatchObject(given)
        expect(PWD).toBe(seen['GITHUB_WORKSPACE'])
        expect(Object.keys(seen).filter(name => /^(INPUT|STATE)_|^GITHUB_STATE$/.test(name))).toEqual([])
        expect(Object.keys(seen).filter(name => name in WITHHELD)).toEqual([])
        expect('RES_OPTIONS' in seen).toBe(resOptions !== undefined)
        for (const name of ['PATH', 'HOME', 'CI', 'GITHUB_REPOSITORY', 'GITHUB_OUTPUT', 'RUNNER_TEMP'])
          expect(seen[name]).toBeDefined()
        expect(Object.values(seen).join('\n')).not.toContain(GENESYS_CLIENT.secret)
      }
    })()
  )

  test.concurrent(
    'the token, on a standard input that programs can also open as /dev/stdin',
    withFileStore(async store => {
      const run = await store.rotate({
        ...store.commands,
        'store-command': `cp /dev/stdin ${store.path('store')}`
      })
      await requireStored(run, store)
    })
  )

  test.concurrent(
    'a standard input that it need not read',
    withFileStore(async store => {
      const run = await store.rotate({ 'store-command': 'exec <&-; exit 0' })
      expect([run.exitCode, run.outputs['rotated']]).toEqual([0, 'true'])
      expect(run.log).not.toContain('|')
    })
  )

  test.concurrent(
    'bash with -e and pipefail, and without the files of the account',
    withFileStore(async store => {
      const job = realpathSync(mkdtempSync(join(tmpdir(), 'job-')))
      mkdirSync(join(job, 'home'))
      for (const file of ['.bashrc', '.bash_profile', '.profile'])
        writeFileSync(join(job, 'home', file), 'echo from the account; exit 9\n')
      const run = await store.rotate(store.commands, { jobDir: job })
      await requireStored(run, store)
      expect(run.log).not.toContain('from the account')
      for (const failing of ['false; true', 'false | true']) {
        const failed = await store.rotate({ 'store-command': failing })
        expect(failed.log).toContain('store-command ended with exit code 1.')
      }
    })
  )

  test.concurrent(
    'a command of several lines, with every kind of quote',
    withFileStore(async store => {
      const { path } = store
      const run = await store.rotate({
        ...store.commands,
        'store-command': `# first a comment\nname="${path('store')}"\ncat > "$name"\ncat <<'END' > '${path('quoted')}'\n"$0" 'it'\nEND`
      })
      await requireStored(run, store)
      expect(store.text('quoted')).toBe(`"$0" 'it'\n`)
    })
  )

  test.concurrent(
    'nothing, if the step is killed before it wrote the token',
    withFileStore(async store => {
      // The process kills itself as soon as the second command, store-command, has started.
      const code = `import child from 'node:child_process'; import { syncBuiltinESMExports } from 'node:module'
        const { spawn } = child; let count = 0
        child.spawn = (...args) => {
          const started = spawn(...args)
          if (++count === 2) process.kill(process.pid, 'SIGKILL')
          return started
        }
        syncBuiltinESMExports()`
      const run = await store.rotate(
        {
          ...store.commands,
          'store-command': `touch ${store.path('started')}; cat > ${store.path('store')}`
        },
        { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` } }
      )
      expect(run.signal).toBe('SIGKILL')
      await waitUntil(
        () => !systemProcesses().some(({ commandLine }) => commandLine.includes(store.path('')))
      )
      expect([store.text('started'), store.stored()]).toEqual([undefined, store.old])
    })
  )
})

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip

describeOnLinux('while a command runs', () => {
  test.concurrent.each(['store-command', 'read-command'] as const)(
    '%s: the token is in no argument list, no environment and no file of the job',
    command =>
      withFileStore(async store => {
        const { path, commands } = store
        const wait = `touch ${path('started')}; while [ ! -e ${path('go')} ]; do sleep 0.05; done`
        const inputs =
          command === 'store-command'
            ? { ...commands, 'store-command': `token=$(cat); ${wait}; printf %s "$token" > ${path('store')}` }
            : {
                ...commands,
                'read-command': `token=$(cat ${path('store')}); if [ "$token" != ${store.old.slice(0, 8)}\${token:8} ]; then
                  ${wait}; fi; printf %s "$token"`
              }
        const jobDir = realpathSync(mkdtempSync(join(tmpdir(), 'job-')))
        const running = store.rotate(inputs, { jobDir, env: { MARK: path('') } })
        try {
          await waitUntil(() => store.text('started') !== undefined)
          const processes = systemProcesses()
          // The shell of the command must be among them.
          expect(processes.filter(one => one.commandLine.includes(path('go')))).not.toEqual([])
          expect(processes.filter(one => one.environment.includes(`MARK=${path('')}`))).not.toEqual([])
          for (const { commandLine, environment } of processes) {
            expect(commandLine.includes(store.newToken())).toBe(false)
            expect(environment.includes(store.newToken())).toBe(false)
          }
          const files = readdirSync(jobDir, { recursive: true, withFileTypes: true }).filter(one =>
            one.isFile()
          )
          expect(files.map(({ name }) => name.split('_')[0])).toContain('state')
          for (const { parentPath, name } of files)
            expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain(store.newToken())
        } finally {
          writeFileSync(path('go'), '')
          await requireStored(await running, store)
        }
      })()
  )
})

describeOnPosix('what a command prints', () => {
  test.concurrent(
    'is logged line by line, and starts no workflow command',
    withFileStore(async store => {
      const run = await store.rotate({
        'store-command': `cat > ${store.path('store')}
          printf '::error::boom\\n  ::set-output name=rotated::no\\n##[error]boom\\ncr\\r::add-mask::true\\n'
          printf 'text ##[add-mask]true\\nlast line' >&2`
      })
      await requireStored(run, store)
      const names = run.commands.map(({ name }) => name)
      expect(names.filter(name => name !== 'add-mask')).toEqual([])
      expect(run.masks).not.toContain('true')
      const logged = run.log.split('\n').filter(line => line.startsWith('|'))
      expect(logged.sort()).toEqual(
        [
          '| ::error::boom',
          '|   ::set-output name=rotated::no',
          '| # #[error]boom',
          '| cr',
          '| ::add-mask::true',
          '| text # #[add-mask]true',
          '| last line'
        ].sort()
      )
    })
  )

  test.concurrent(
    'is logged without the token, also if it is encoded',
    withFileStore(async store => {
      const { path } = store
      const run = await store.rotate({
        ...store.commands,
        'store-command': `tee ${path('store')}; echo; echo "in base64: $(base64 -w0 < ${path('store')})" >&2`
      })
      await requireStored(run, store)
      expect(run.stdout).toContain('\n| ***\n')
      expect(run.stdout).toMatch(/\n\| in base64: \*\*\*=?\n/)
      expect(run.stdout).not.toContain(Buffer.from(store.newToken()).toString('base64'))
    })
  )

  const REST = '| (the rest of the output is not shown)'

  test.concurrent.each([
    ['lines', 'seq -f "%060.0f" 9999', 'seq -f "%060.0f" 9999'],
    ['lines on both streams', 'seq -f "%060.0f" 9999 | tee >(cat >&2)', 'seq -f "%060.0f" 9999'],
    ['one line', "head -c 1000000 /dev/zero | tr '\\0' x", "head -c 1000000 /dev/zero | tr '\\0' x"]
  ])('is logged up to 64 KiB for each command, and does not end it: %s', (_, onStore, onRead) =>
    withFileStore(async store => {
      const { path, commands } = store
      const run = await store.rotate({
        'store-command': `${onStore}; ${commands['store-command']}`,
        'read-command': `{ ${onRead}; } >&2; cat ${path('store')}`
      })
      await requireStored(run, store)
      const logged = run.log.split('\n').filter(line => line.startsWith('|'))
      expect(logged.filter(line => line === REST)).toHaveLength(3)
      // Each line was printed with a line break, and is logged after two characters.
      const length = logged.filter(line => line !== REST).reduce((sum, line) => sum + line.length - 1, 0)
      expect(length).toBeLessThanOrEqual(3 * 65_536)
      expect(length).toBeGreaterThan(onStore.includes('zero') ? -1 : 3 * 65_000)
    })()
  )

  test.concurrent(
    'a line of more than 8,192 characters is not shown',
    withFileStore(async store => {
      const run = await store.rotate({
        'store-command': `cat > ${store.path('store')}; head -c 8193 /dev/zero | tr '\\0' x`
      })
      await requireStored(run, store)
      expect(run.log).toContain('| (a line of 8193 characters)')
    })
  )

  test.concurrent(
    'read-command: standard output is masked and never shown, standard error is shown after that',
    withFileStore(async store => {
      const { path, old } = store
      const run = await store.rotate({
        'store-command': `cat > ${path('store')}`,
        'read-command': `echo "it is $(cat ${path('store')})" >&2; cat ${path('store')}; echo`
      })
      expect(run.exitCode).toBe(0)
      const tokens = [old, store.newToken()]
      expect(run.masks).toEqual(expect.arrayContaining(tokens))
      expect(run.stdout.indexOf(`::add-mask::${old}\n`)).toBeLessThan(run.stdout.indexOf('| it is ***'))
      const shown = run.stdout.split('\n').filter(line => !line.startsWith('::add-mask::'))
      expect(shown.filter(line => line === '| it is ***')).toHaveLength(2)
      for (const token of tokens) expect(shown.join('\n')).not.toContain(token)
    })
  )

  test.concurrent(
    'read-command: the value is masked also if the command fails; a short value and several lines are not',
    withFileStore(async store => {
      for (const [value, isMasked] of [
        [store.old, true],
        ['12345678', true],
        ['1234567', false],
        ['first line\\nsecond line', false]
      ] as const) {
        const run = await store.rotate({
          ...store.commands,
          'read-command': `printf '${value}\\n'; echo done >&2; exit 3`
        })
        expect(run.outputs['error-code']).toBe('store-failed')
        expect([value, run.masks.includes(value)]).toEqual([value, isMasked])
        expect(run.log).toContain('| done')
      }
    })
  )
})

describeOnPosix('revoke-previous', () => {
  const OTHER_CLIENT = { id: 'other-client', secret: 'other-client-secret' }
  const revoking = (store: FileStore) => store.rotate({ ...store.commands, 'revoke-previous': 'true' })

  test.concurrent(
    'revokes a token of the same client',
    withFileStore(async store => {
      const run = await revoking(store)
      expect(run.log).toContain('The previous token was revoked.')
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.newToken()])
    })
  )

  test.concurrent(
    'works with verify: false, too',
    withFileStore(async store => {
      const run = await store.rotate({ ...store.commands, 'revoke-previous': 'true', verify: 'false' })
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.newToken()])
    })
  )

  test.concurrent(
    'does not revoke a token of another client',
    withFileStore(
      async store => {
        const other = await store.issueToken(OTHER_CLIENT)
        writeFileSync(store.path('store'), other)
        const run = await revoking(store)
        expect(run.log).toContain(
          'Warning: The previous token belongs to another organisation or OAuth client, so it is not revoked.'
        )
        await requireStored(run, store)
        expect(store.liveTokens()).toContain(other)
      },
      { clients: [{}, OTHER_CLIENT] }
    )
  )

  test.concurrent.each([
    ['a placeholder', 'none yet'],
    ['text with spaces', 'create the first token by hand'],
    ['nothing', ''],
    ['the secret of the client', GENESYS_CLIENT.secret]
  ])('%s is not a token: it is sent nowhere', (_, value) =>
    withFileStore(async store => {
      writeFileSync(store.path('store'), value)
      const run = await revoking(store)
      expect(run.log).toContain(
        'Warning: What read-command printed before the rotation is not a token, so it is not revoked.'
      )
      const bearers = store.genesys.requests.map(({ headers }) => headers.authorization)
      expect(bearers.filter(text => text?.startsWith('Bearer'))).toEqual([`Bearer ${store.newToken()}`])
      await requireStored(run, store)
    })()
  )

  test.concurrent(
    'a previous token that is already invalid is no problem',
    withFileStore(async store => {
      for (const token of store.genesys.tokens.values()) token.revoked = true
      const run = await revoking(store)
      expect(run.log).toContain('The previous token is already invalid.')
      expect(run.log).not.toContain('Warning')
      await requireStored(run, store)
    })
  )

  test.concurrent(
    'a revocation that fails is a warning',
    withFileStore(async store => {
      store.genesys.intercept = ({ method }, response) => {
        if (method !== 'DELETE') return false
        response.writeHead(403).end()
        return true
      }
      const run = await revoking(store)
      expect(run.log).toContain('Warning: The previous token was not revoked: ')
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
    })
  )

  test.concurrent.each([
    ['the outcome is unknown', 'exit 0', 2],
    ['nothing is stored', 'exit 3', 1]
  ])(
    'does nothing if %s',
    (_, command, live) =>
      withFileStore(async store => {
        const run = await store.rotate({
          ...store.commands,
          'store-command': command,
          'revoke-previous': 'true'
        })
        expect(run.outputs['error-code']).toBe('store-failed')
        expect(store.liveTokens()).toHaveLength(live)
        expect(store.liveTokens()).toContain(store.old)
      })(),
    TIMEOUT_MS
  )
})
