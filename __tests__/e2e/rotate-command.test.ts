import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import {
  type CommandRotation,
  systemProcesses,
  waitUntil,
  withCommandRotation
} from '../support/command-rotation.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult } from '../support/runner.mjs'

type Inputs = Readonly<Record<string, string>>

afterAll(cleanup)

/** A rotation whose store is one file, which contains a token of the platform. */
interface FileStore extends CommandRotation {
  /** Inputs: commands that store and read the token. */
  readonly commands: { readonly 'store-command': string; readonly 'read-command': string }
  /** Returns what is stored. */
  stored(): string
  /** Returns the token that the rotation requested. */
  newToken(): string
}

function withFileStore(action: (store: FileStore) => Promise<void>): () => Promise<void> {
  return () =>
    withCommandRotation(async rotation => {
      const { path, text, old, genesys } = rotation
      writeFileSync(path('store'), old)
      await action({
        ...rotation,
        commands: {
          'store-command': `cat > ${path('new')} && mv ${path('new')} ${path('store')}`,
          'read-command': `cat ${path('store')}`
        },
        stored: () => text('store') ?? '',
        newToken: () => [...genesys.tokens.keys()].findLast(token => token !== old) ?? ''
      })
    })
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

/** A command that starts a process in the background and writes its id to the file `pid`. */
const background = ({ path }: FileStore) => `sleep 300 & echo $! > ${path('pid')}`

/** Whether the process with the id in this file runs. */
function isRunning({ text }: FileStore, file = 'pid'): boolean {
  try {
    return process.kill(Number(text(file)), 0)
  } catch {
    return false
  }
}

const newJobFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'job-')))

const CANCELLED = 'Warning: The rotation was cancelled while it stored the new token.'

/** Runs a rotation, and cancels it as soon as a command says that it has started. */
async function cancelled(store: FileStore, inputs: Inputs): Promise<RunResult> {
  const run = await store.rotate(inputs, {
    signalAfter: waitUntil(() => store.text('started') !== undefined)
  })
  expect([run.exitCode, run.signal]).toEqual([1, null])
  expect(run.durationMs).toBeLessThan(15_000)
  expect(run.log).toContain('Cancelled. The post step cleans up when the job ends.')
  await waitUntil(() => !isRunning(store))
  return run
}
const hang = (store: FileStore) => `touch ${store.path('started')}; ${background(store)}; wait`

/** No process has the new token as an argument or in its environment, and no file of the job contains it. */
function requireHidden({ path, newToken }: FileStore, jobDir: string, command: string): void {
  const processes = systemProcesses()
  // The shell of the command must be among them.
  expect(processes.filter(one => one.commandLine.includes(path(`${command}-may-end`)))).not.toEqual([])
  expect(processes.filter(one => one.environment.includes(`MARK=${path('')}`))).not.toEqual([])
  for (const { commandLine, environment } of processes) {
    expect(commandLine.includes(newToken())).toBe(false)
    expect(environment.includes(newToken())).toBe(false)
  }
  const entries = readdirSync(jobDir, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  expect(files.map(({ name }) => name.split('_')[0])).toContain('state')
  for (const { parentPath, name } of files)
    expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain(newToken())
}

const testOnLinux = process.platform === 'linux' ? test.concurrent : test.skip

// All in one group: concurrent tests wait for those of an earlier group.
describeOnPosix('a rotation with commands', () => {
  test.concurrent(
    'stored: only the new token lives; what commands print is logged without it, and starts no workflow command',
    withFileStore(async store => {
      const { path } = store
      const run = await store.rotate({
        'store-command': `printf '::error::boom\\ntext ##[add-mask]true\\n'; tee ${path('store')}; echo; seq 99999`,
        'read-command': `echo "it is $(cat ${path('store')})" >&2; cat ${path('store')}`,
        'revoke-previous': 'true'
      })
      await requireStored(run, store)
      expect(store.liveTokens()).toEqual([store.newToken()])
      expect(run.summary).toContain('The token store')
      expect(run.stdout).toContain('\n| ::error::boom\n| text # #[add-mask]true\n| ***\n| 1\n')
      expect(run.stdout).toContain('\n| (the rest of the output is not shown)\n| it is ***\n')
      expect(run.commands.filter(({ name }) => name !== 'add-mask')).toEqual([])
      expect(run.masks).toEqual(expect.arrayContaining([store.old, store.newToken()]))
      expect(run.masks).not.toContain('true')
    })
  )

  test.concurrent(
    'not stored, after three reads within eight seconds: if it cannot be revoked, the post step does it',
    withFileStore(async store => {
      store.genesys.intercept = ({ method }, response) => {
        if (method !== 'DELETE') return false
        response.writeHead(400).end()
        return true
      }
      const reads = store.path('reads')
      const run = await store.rotate({
        'store-command': 'echo the key is wrong >&2; exit 3',
        'read-command': `echo >> ${reads}; ${store.commands['read-command']}`
      })
      expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'store-failed' }])
      expect(run.log).toContain('| the key is wrong')
      expect(run.log).toContain(
        'Error: [store-failed] store-command ended with exit code 3; read-command then still printed the old value.'
      )
      expect(run.log).toContain('could not be revoked yet')
      // One read is before the exchange.
      expect(store.text('reads')).toBe('\n'.repeat(4))
      expect(run.durationMs).toBeGreaterThan(8_000)
      store.genesys.intercept = undefined
      await store.post(run)
      expect([store.stored(), store.liveTokens()]).toEqual([store.old, [store.old]])
    })
  )

  test.concurrent(
    'unknown, because it took too long: the whole process group is ended, also what ignores SIGTERM',
    withFileStore(async store => {
      const run = await store.rotate({
        'store-command': `trap '' TERM; (trap '' TERM; ${background(store)}; wait) & wait; sleep 300`,
        'command-timeout': '1s'
      })
      expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'store-failed' }])
      expect(run.log).toContain(
        'Error: [store-failed] store-command was ended, because it took longer than command-timeout. ' +
          'It is unknown whether the new token is stored.'
      )
      expect(run.durationMs).toBeLessThan(15_000)
      await waitUntil(() => !isRunning(store))
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
      await requireNoTrace(run, store)
    })
  )

  test.concurrent(
    'cancelled during the first read: nothing was requested',
    withFileStore(async store => {
      const run = await cancelled(store, { ...store.commands, 'read-command': hang(store) })
      expect(run.log).not.toContain(CANCELLED)
      expect(store.genesys.requests).toEqual([])
    })
  )

  test.concurrent.each<[string, (store: FileStore) => Inputs]>([
    [
      'during store-command',
      store => ({
        ...store.commands,
        'store-command': `cat > ${store.path('store')}; ${hang(store)}`
      })
    ],
    [
      'during the read that follows',
      store => ({
        'store-command': `cat > ${store.path('store')}; touch ${store.path('stored')}`,
        'read-command': `if [ -e ${store.path('stored')} ]; then ${hang(store)}; fi; cat ${store.path('store')}`
      })
    ],
    [
      'between two reads',
      ({ path }) => ({
        'store-command': `touch ${path('failed')}; exit 3`,
        'read-command': `cat ${path('store')}; if [ -e ${path('failed')} ]; then touch ${path('started')}; fi`
      })
    ]
  ])('cancelled %s: both tokens live, and the log says what to do', (_, inputs) =>
    withFileStore(async store => {
      const run = await cancelled(store, inputs(store))
      expect(run.log).toContain(CANCELLED)
      expect(run.log).toContain('The store may contain the old or the new token; neither was revoked.')
      expect(store.liveTokens()).toEqual([store.old, store.newToken()])
      expect(store.liveTokens()).toContain(store.stored())
      await requireNoTrace(run, store)
    })()
  )

  test.concurrent(
    'a command gets the token on standard input, an environment without credentials, and no file of the account',
    withFileStore(async store => {
      const { path, text, commands } = store
      const jobDir = newJobFolder()
      mkdirSync(join(jobDir, 'home'))
      for (const file of ['.bashrc', '.bash_profile', '.profile'])
        writeFileSync(join(jobDir, 'home', file), 'echo from the account; exit 9\n')
      const env = {
        GENESYS_CLOUD_CLIENT_ID: GENESYS_CLIENT.id,
        GENESYS_CLOUD_CLIENT_SECRET: GENESYS_CLIENT.secret,
        AWS_ACCESS_KEY_ID: 'of an earlier step'
      }
      const run = await store.rotate(
        {
          'client-id': '',
          'client-secret': '',
          'store-command': `env > ${path('store-env')}\n# a comment\ncp /dev/stdin '${path('store')}'`,
          'read-command': `env > ${path('read-env')}; ${commands['read-command']}`
        },
        { jobDir, env }
      )
      await requireStored(run, store)
      expect(run.log).not.toContain('from the account')
      for (const file of ['store-env', 'read-env']) {
        const seen = text(file)
        expect(seen).toContain('AWS_ACCESS_KEY_ID=of an earlier step\n')
        for (const name of ['PATH', 'HOME', 'GITHUB_REPOSITORY', 'GITHUB_OUTPUT', 'RUNNER_TEMP'])
          expect(seen).toMatch(new RegExp(`^${name}=`, 'm'))
        expect(seen).toContain(`PWD=${join(jobDir, 'workspace')}\n`)
        expect(seen).not.toMatch(/^(INPUT_|STATE_|GITHUB_STATE=|RES_OPTIONS=|GENESYS_)/m)
        expect(seen).not.toContain(GENESYS_CLIENT.secret)
      }
    })
  )

  testOnLinux(
    'store-command does not start if the step is killed before it wrote the token',
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

  test.concurrent(
    'what a command leaves behind is ended; a process that left its group goes on, and does not hold up the step',
    withFileStore(async store => {
      const daemon = `set -m; sleep 300 & echo $! > ${store.path('daemon')}; set +m;`
      try {
        const run = await store.rotate({
          ...store.commands,
          'store-command': `${background(store)}; ${daemon} ${store.commands['store-command']}`
        })
        expect(run.durationMs).toBeLessThan(15_000)
        expect([run.timedOut, isRunning(store, 'daemon')]).toEqual([false, true])
        await waitUntil(() => !isRunning(store))
        await requireStored(run, store)
      } finally {
        process.kill(Number(store.text('daemon')), 'SIGKILL')
      }
    })
  )

  testOnLinux(
    'while a command runs, the token is in no argument list, no environment and no file of the job',
    withFileStore(async store => {
      const { path, text } = store
      const jobDir = newJobFolder()
      const wait = (command: string) =>
        `touch ${path(`${command}-runs`)}; until [ -e ${path(`${command}-may-end`)} ]; do sleep 0.05; done`
      const running = store.rotate(
        {
          'store-command': `token=$(cat); ${wait('store')}; printf %s "$token" > ${path('store')}`,
          'read-command': `token=$(cat ${path('store')}); if [ -e ${path('store-may-end')} ]; then ${wait('read')}; fi; printf %s "$token"`
        },
        { jobDir, env: { MARK: path('') } }
      )
      try {
        for (const command of ['store', 'read']) {
          await waitUntil(() => text(`${command}-runs`) !== undefined)
          requireHidden(store, jobDir, command)
          writeFileSync(path(`${command}-may-end`), '')
        }
      } finally {
        for (const command of ['store', 'read']) writeFileSync(path(`${command}-may-end`), '')
        await requireStored(await running, store)
      }
    })
  )
})
