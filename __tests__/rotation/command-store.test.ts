import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { genesys as provider } from '../../src/auth/genesys/provider.js'
import type { Clock } from '../../src/lib/clock.js'
import { Secret } from '../../src/lib/secret.js'
import { rotate } from '../../src/rotate.js'
import { CommandStore } from '../../src/rotation/command-store.js'
import { TokenState } from '../../src/runner/token-state.js'
import { TestClock } from '../support/clock.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { waitUntil } from '../support/command-rotation.js'
import { newContext, runStep, type StepResult, withRunner } from '../support/in-process.js'
import { CXONE_ACCESS_KEY_INPUTS, GENESYS, LONG_LIVED } from '../support/inputs.js'
import { describeOnPosix } from '../support/posix.js'
import { issueToken, liveTokens } from '../support/rotation.js'
import { openSession } from '../support/session.js'

interface Commands {
  readonly store: string
  readonly read?: string
}

describeOnPosix('the outcome of storing', () => {
  interface Options {
    readonly timeoutMs?: number
    readonly env?: Readonly<Record<string, string>>
  }

  /**
   * Stores a token by commands that run in a folder of their own, whose file `store` contains the old value. `outcome`
   * also contains the message of the error. `waits`: between the reads.
   */
  async function put({ store, read }: Commands, { timeoutMs = 30_000, env = {} }: Options = {}) {
    const folder = mkdtempSync(join(process.env['RUNNER_TEMP'] ?? tmpdir(), 'store-'))
    writeFileSync(join(folder, 'store'), 'old value')
    const clock = new TestClock()
    const context = newContext(clock)
    const target = {
      kind: 'command' as const,
      storeCommand: store,
      ...(read === undefined ? {} : { readCommand: read }),
      revokePrevious: false,
      commandTimeoutMs: timeoutMs,
      isOtherSecret: () => false
    }
    const { session } = openSession()
    const commandEnv = { ...process.env, GITHUB_WORKSPACE: folder, ...env }
    const commandStore = new CommandStore(target, { provider, context, session, env: commandEnv })
    await commandStore.prepare()
    const running = commandStore.put(new Secret('a-new-token-of-the-platform'), new TokenState('genesys'))
    const ending = running.then(result =>
      'error' in result && result.error instanceof Error
        ? `${result.outcome}: ${result.error.message}`
        : result.outcome
    )
    return { folder, context, waits: clock.waits, ending }
  }

  const CAT = { store: 'cat > store', read: 'cat store' }
  /** A read-command that acts otherwise from its second run on. */
  const then = (later: string) => `if [ -e read ]; then ${later}; else touch read; cat store; fi`
  /** A read-command that does something in one of its runs. */
  const inRun = (number: number, action: string) =>
    `echo >> reads; [ "$(wc -l < reads)" -ne ${number} ] || ${action}; cat store`
  const NEITHER = 'printed neither the old value nor the new token'

  test.each<[name: string, Commands, warning: string]>([
    ['without read-command', { store: 'cat > store' }, ''],
    ['and read', CAT, ''],
    ['although store-command fails', { ...CAT, store: 'cat > store; exit 4' }, 'ended with exit code 4'],
    [
      'four seconds after store-command failed',
      { store: 'cat > late; exit 4', read: inRun(3, 'mv late store') },
      'ended with exit code 4'
    ]
  ])('stored %s', (_, commands, problem) =>
    withRunner(async ({ log }) => {
      const { ending } = await put(commands)
      expect(await ending).toBe('stored')
      const warning = `::warning::store-command ${problem}, but the store contains the new token.`
      expect(log().match(/^::warning::.*$/gm)).toEqual(problem === '' ? null : [warning])
    })
  )

  test.each<[outcome: string, exitCode: number, found: string, Commands]>([
    ['not-stored', 3, 'still printed the old value', { ...CAT, store: 'exit 3' }],
    ['unknown', 0, 'still printed the old value', { ...CAT, store: 'true' }],
    ['unknown', 0, NEITHER, { ...CAT, store: 'head -c 20 > store' }],
    ['unknown', 0, 'ended with exit code 7', { ...CAT, read: then('exit 7') }],
    ['unknown', 0, 'was ended by a signal', { ...CAT, read: then('kill -KILL $$') }],
    ['unknown', 0, 'printed more than one line', { ...CAT, read: then('cat store; echo; echo more') }],
    ['unknown', 1, 'ended with exit code 7', { store: 'false', read: then('exit 7') }],
    // Nothing, before and after.
    ['unknown', 1, NEITHER, { store: 'false', read: 'true' }],
    // In the last of three reads.
    ['unknown', 1, NEITHER, { store: 'false', read: inRun(4, 'echo other > store') }]
  ])(
    '%s: store-command ended with exit code %i; read-command then %s',
    (outcome, exitCode, found, commands) =>
      withRunner(async () => {
        const { ending } = await put(commands)
        expect(await ending).toBe(
          `${outcome}: store-command ended with exit code ${exitCode}; read-command then ${found}.`
        )
      })
  )

  test.each([
    ['unknown: store-command ended with exit code 4.', 'cat > store; exit 4', {}],
    ['unknown: store-command ended with exit code 137.', 'kill -KILL $$', {}],
    [
      'not-stored: store-command could not be started: bash or the workspace folder is missing.',
      'true',
      { PATH: '/nonexistent' }
    ]
  ])('%s', (outcome, store, env) =>
    withRunner(async () => {
      const { ending } = await put({ store }, { env })
      expect(await ending).toBe(outcome)
    })
  )

  test('of commands that are too slow', () =>
    withRunner(async ({ log }) => {
      const tooSlow = 'was ended, because it took longer than command-timeout'
      const outcomes: Readonly<Record<string, Commands>> = {
        stored: { ...CAT, store: 'cat > store; sleep 60' },
        [`unknown: store-command ${tooSlow}.`]: { store: 'cat > store; sleep 60' },
        [`unknown: store-command ${tooSlow}; read-command then still printed the old value.`]: {
          ...CAT,
          store: 'sleep 60'
        },
        [`unknown: store-command ended with exit code 0; read-command then ${tooSlow}.`]: {
          ...CAT,
          read: then('sleep 60')
        }
      }
      const runs = Object.values(outcomes).map(commands => put(commands, { timeoutMs: 2_000 }))
      const endings = (await Promise.all(runs)).map(({ ending }) => ending)
      expect(await Promise.all(endings)).toEqual(Object.keys(outcomes))
      expect(log()).toContain(`store-command ${tooSlow}, but the store contains the new token.`)
    }))

  test.each([
    ['after a failure directly, after four and after eight seconds', 'exit 3', [4_000, 4_000]],
    ['after exit code 0 only once', 'exit 0', []]
  ])('is read %s', (_, store, waits) =>
    withRunner(async () => {
      const running = await put({ store, read: 'echo >> reads; cat store' })
      await running.ending
      expect(running.waits).toEqual(waits)
      // One read is before store-command, one directly after it.
      expect(readFileSync(join(running.folder, 'reads'), 'utf8')).toBe('\n'.repeat(2 + waits.length))
    })
  )

  test('a step that ends meanwhile says so, and does not say that the token is not stored', () =>
    withRunner(async ({ log }) => {
      const { folder, context, ending } = await put({ ...CAT, store: 'touch started; sleep 60' })
      await waitUntil(() => existsSync(join(folder, 'started')))
      // It ends store-command, and nothing can be started after it.
      context.rollback.run()
      expect(await ending).toMatch(/^unknown: /)
      expect(log()).toContain('::warning::The rotation was cancelled while it stored the new token. ')
    }))
})

describeOnPosix('a rotation', () => {
  let genesys: GenesysEmulator
  let folder: string
  let old: string
  beforeAll(async () => {
    genesys = await startGenesys()
  })
  afterAll(() => genesys.close())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-'))
    for (const token of genesys.tokens.values()) token.revoked = true
    old = await issueToken(genesys)
    genesys.forget()
    write(old)
  })
  afterEach(() => {
    genesys.intercept = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  /** Commands run in the folder of the store. */
  const COMMANDS = { 'store-command': 'cat > store', 'read-command': 'cat store' }
  const REVOKING = { ...COMMANDS, 'revoke-previous': 'true' }
  const write = (value: string) => writeFileSync(join(folder, 'store'), value)
  const text = (file: string) => readFileSync(join(folder, file), 'utf8')
  const newToken = () => [...genesys.tokens.keys()].at(-1) ?? ''
  const live = () => liveTokens(genesys)

  const run = (
    inputs: Readonly<Record<string, string>>,
    {
      env = {},
      clock = new TestClock({ runs: true })
    }: { env?: Readonly<Record<string, string>>; clock?: Clock } = {}
  ) =>
    runStep(rotate, {
      inputs: { ...GENESYS, 'base-url': genesys.origin, ...inputs },
      env: { GITHUB_WORKSPACE: folder, ...env },
      clock
    })
  const linesOf = ({ stdout }: StepResult) => stdout.split('\n')
  const unmasked = (step: StepResult) => linesOf(step).filter(line => !line.startsWith('::add-mask::'))

  /** The new token is stored, lives, and is nowhere but in a mask; the post step has nothing to do. */
  function expectStored(step: StepResult): void {
    const { code, stdout } = step
    expect([code, stdout]).toEqual([undefined, expect.stringContaining('contains a new access token')])
    expect(text('store')).toBe(newToken())
    expect(live()).toContain(newToken())
    const { 'expires-at': expiresAt, ...outputs } = parseCommandFile(step.output)
    expect(outputs).toMatchObject({ rotated: 'true', 'updated-at': '', 'next-rotation-at': '' })
    expect(expiresAt).toMatch(/^20/)
    expectNoTrace(step)
  }

  function expectNoTrace(step: StepResult): void {
    const { output, env, summary, state } = step
    const everything = [output, env, summary, state, ...unmasked(step)].join('\n')
    expect(everything).not.toContain(newToken())
    expect(Object.values(parseCommandFile(state)).join('')).toBe('')
  }

  function expectFailure({ code, stdout, output }: StepResult, message: string): void {
    expect([code, parseCommandFile(output)]).toEqual([
      'store-failed',
      { rotated: 'false', 'error-code': 'store-failed' }
    ])
    expect(stdout).toContain(message)
    expect(stdout).not.toContain('was cancelled')
  }

  test('stores the token, reads it back, and revokes the previous one, in this order', async () => {
    const order = join(folder, 'order')
    genesys.intercept = ({ method, path, headers: { authorization = '' } }) => {
      const token = authorization.endsWith(old) ? ' (old token)' : ''
      appendFileSync(order, `${method} ${path.replace(/\?.*/, '')}${token}\n`)
      return false
    }
    write(`${old}\n`)
    const step = await run({
      ...REVOKING,
      'store-command': 'echo store >> order; cat > store',
      'read-command': 'echo read >> order; cat store'
    })
    expectStored(step)
    expect(step.stdout).toContain('The previous token was revoked.')
    expect(step.stdout).not.toContain('::warning::')
    expect(step.summary).toContain('The token store')
    expect(live()).toEqual([newToken()])
    expect(text('order').trim().split('\n')).toEqual([
      'read',
      'POST /oauth/token',
      'GET /api/v2/tokens/me',
      'store',
      'read',
      'GET /api/v2/tokens/me (old token)',
      'DELETE /api/v2/tokens/me (old token)'
    ])
  })

  test.each(['x\r\n', '', 'a placeholder with spaces\n'])(
    'replaces any value of one line: %j',
    async value => {
      write(value)
      expectStored(await run(COMMANDS))
    }
  )

  test('revokes a token that is not stored', async () => {
    const step = await run({ ...REVOKING, 'store-command': 'exit 3' })
    expectFailure(step, 'The stored token is unchanged; the new one was revoked.')
    expect(step.stdout).not.toContain('It is unknown')
    expect([text('store'), live()]).toEqual([old, [old]])
  })

  test('leaves a token that is not stored to the post step, if it cannot be revoked', async () => {
    genesys.intercept = ({ method }, response) => {
      if (method !== 'DELETE') return false
      response.writeHead(400).end()
      return true
    }
    const step = await run({ ...COMMANDS, 'store-command': 'exit 3' })
    expectFailure(step, 'could not be revoked yet')
    expect(Object.values(parseCommandFile(step.state)).join('')).toContain(newToken())
  })

  test('revokes neither token if it is unknown whether the new one is stored', async () => {
    const step = await run({ ...REVOKING, 'store-command': 'exit 0' })
    expectFailure(step, 'It is unknown whether the new token is stored.')
    expect(step.stdout).toContain(
      'Neither the new token nor the old one was revoked, because either may be stored.'
    )
    expect(live()).toEqual([old, newToken()])
    expectNoTrace(step)
  })

  test('of a long-lived token leaves only the initial one to the post step', async () => {
    const step = await run({ ...COMMANDS, ...LONG_LIVED })
    expect([step.code, text('store')]).toEqual([undefined, newToken()])
    const [, initial] = live()
    const saved = Object.values(parseCommandFile(step.state)).join('')
    expect(saved).toContain(initial)
    expect(saved).not.toContain(newToken())
  })

  test('of CXone has a token that cannot be revoked', async () => {
    const cxone = await startCxone()
    try {
      const none = { 'client-id': '', 'client-secret': '' }
      const step = await run({ ...COMMANDS, ...none, ...CXONE_ACCESS_KEY_INPUTS, 'base-url': cxone.origin })
      expect([step.code, step.state]).toEqual([undefined, ''])
      expect([...cxone.tokens.keys()]).toEqual([text('store')])
    } finally {
      await cxone.close()
    }
  })

  test('has its timeout for requests only, not for commands', async () => {
    const clock = new TestClock({ runs: true })
    // Each command takes an hour.
    const hours = () => (existsSync(join(folder, 'hours')) ? text('hours').length : 0)
    const step = await run(
      {
        ...REVOKING,
        'store-command': 'printf h >> hours; cat > store',
        'read-command': 'printf h >> hours; cat store'
      },
      { clock: { ...clock, now: () => clock.now() + hours() * 3_600_000 } }
    )
    expect([step.code, hours(), live()]).toEqual([undefined, 3, [newToken()]])
  })

  test('that is a dry run runs read-command only', async () => {
    const step = await run({ ...REVOKING, 'store-command': 'touch started', 'dry-run': 'true' })
    expect([step.code, parseCommandFile(step.output)]).toEqual([
      undefined,
      { rotated: 'false', 'expires-at': '', 'idles-at': '', 'updated-at': '', 'next-rotation-at': '' }
    ])
    expect(step.stdout).toContain(
      'A rotation would: request and check a new token, run store-command, run read-command, revoke the previous token.'
    )
    expect([existsSync(join(folder, 'started')), genesys.requests, text('store')]).toEqual([false, [], old])
    const without = await run({ 'store-command': 'cat', 'dry-run': 'true' })
    expect(without.stdout).toContain('request and check a new token, run store-command.')
  })

  test.each([
    ['exit 5', 'ended with exit code 5'],
    ['echo one; echo two', 'printed more than one line'],
    ['echo one; echo', 'printed more than one line'],
    ['printf "one\\ntwo"', 'printed more than one line'],
    ['printf "one\\rtwo"', 'printed more than one line'],
    ['head -c 70000 /dev/zero; sleep 60', 'printed more than 64 KiB'],
    ['sleep 60', 'was ended, because it took longer than command-timeout'],
    ['no-such-program', 'ended with exit code 127'],
    ['false | cat', 'ended with exit code 1']
  ])('requests nothing if the first read fails: %s', async (command, problem) => {
    const step = await run({ ...COMMANDS, 'read-command': command, 'command-timeout': '1s' })
    expectFailure(step, `[store-failed] read-command ${problem}. Nothing was requested.`)
    expect([genesys.requests, text('store')]).toEqual([[], old])
  })

  describe('with what a command prints', () => {
    test('hides the token, also if it is encoded', async () => {
      const step = await run({
        ...COMMANDS,
        'store-command': `tee store; echo; echo "in base64: $(base64 < store | tr -d '\\n')"`
      })
      expectStored(step)
      expect(step.stdout).toMatch(/\n\| \*\*\*\n\| in base64: \*\*\*=?\n/)
      expect(step.stdout).not.toContain(Buffer.from(newToken()).toString('base64'))
    })

    test('masks what read-command prints to standard output, before it shows what is on standard error', async () => {
      const step = await run({
        ...COMMANDS,
        'read-command': 'echo "it is $(cat store)" >&2; cat store; echo'
      })
      expectStored(step)
      const lines = linesOf(step)
      expect(lines.indexOf(`::add-mask::${old}`)).toBeGreaterThanOrEqual(0)
      expect(lines.indexOf(`::add-mask::${old}`)).toBeLessThan(lines.indexOf('| it is ***'))
      expect(lines.filter(line => line === '| it is ***')).toHaveLength(2)
      expect(unmasked(step).join('\n')).not.toContain(old)
    })

    test.each([
      ['12345678', true],
      ['1234567', false],
      ['first line\\nsecond line', false]
    ])(
      'masks a value of one line with 8 characters, also if the command fails: %s',
      async (value, isMasked) => {
        const step = await run({
          ...COMMANDS,
          'read-command': `printf '${value}\\n'; echo done >&2; exit 3`
        })
        expect(step.code).toBe('store-failed')
        expect(linesOf(step).includes(`::add-mask::${value}`)).toBe(isMasked)
        expect(step.stdout).toContain('| done\n')
      }
    )
  })

  describe('gives its commands', () => {
    test('the folder of the job, if the runner sets no workspace', async () => {
      const step = await run({ 'store-command': `pwd > ${folder}/pwd` }, { env: { GITHUB_WORKSPACE: '' } })
      expect([step.code, text('pwd')]).toEqual([undefined, `${process.cwd()}\n`])
    })

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

    test.each<[string, Readonly<Record<string, string>>]>([
      ['', {}],
      [', with a RES_OPTIONS of its own', { RES_OPTIONS: 'timeout:9' }]
    ])('the environment less credentials and access to the job%s', async (_, more) => {
      const given = { ...GIVEN, ...more }
      const inputs = {
        'client-id': '',
        'client-secret': '',
        'store-command': 'env -0 > store-env; cat > store',
        'read-command': 'env -0 > read-env; cat store'
      }
      expectStored(await run(inputs, { env: { ...WITHHELD, ...given } }))
      for (const file of ['store-env', 'read-env']) {
        const seen = new Map(
          text(file)
            .split('\0')
            .map(entry => entry.split(/=(.*)/s) as [string, string])
        )
        expect(Object.fromEntries(seen)).toMatchObject(given)
        const hidden = /^(INPUT|STATE)_|^GITHUB_STATE$/
        expect([...seen.keys()].filter(name => hidden.test(name) || name in WITHHELD)).toEqual([])
        expect(seen.get('RES_OPTIONS')).toBe(given['RES_OPTIONS'])
        expect(text(file)).not.toContain(GENESYS_CLIENT.secret)
      }
    })
  })

  describe('with revoke-previous', () => {
    test.each(['', 'none yet', GENESYS_CLIENT.secret])('sends %j nowhere: it is not a token', async value => {
      write(value)
      const step = await run(REVOKING)
      expectStored(step)
      expect(step.stdout).toContain(
        '::warning::What read-command printed before the rotation is not a token, so it is not revoked.'
      )
      const bearers = genesys.requests.map(({ headers }) => headers.authorization)
      expect(bearers.filter(value => value?.startsWith('Bearer'))).toEqual([`Bearer ${newToken()}`])
    })

    test.each([
      ['identified', 'GET'],
      ['revoked', 'DELETE']
    ])('warns if the previous token cannot be %s', async (_, refused) => {
      genesys.intercept = ({ method, headers }, response) => {
        if (method !== refused || headers.authorization !== `Bearer ${old}`) return false
        response.writeHead(403).end('{}')
        return true
      }
      const step = await run(REVOKING)
      expectStored(step)
      expect(step.stdout).toContain('::warning::The previous token was not revoked: [forbidden]')
      expect(live()).toEqual([old, newToken()])
    })
  })
})
