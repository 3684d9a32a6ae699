import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import type { Intercept } from '../../emulator/server.mjs'
import {
  cleanUp,
  GENESYS,
  instrument,
  LONG_LIVED,
  lines,
  main,
  normal,
  POST,
  post,
  record,
  written
} from '../support/lifecycle.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult, runAction } from '../support/runner.mjs'

afterAll(cleanup)

describe('a platform in trouble when the job ends: ten seconds at the most, and the job is not failed', () => {
  /** Answers as the platform does, but for the requests that end a token. */
  const atTheEnd =
    (fault: Intercept): Intercept =>
    (request, response, socket) =>
      request.method === 'DELETE' && fault(request, response, socket)
  const never = () => true
  let times = 0
  const troubles: Record<string, Intercept | 'down'> = {
    down: 'down',
    'no answer': atTheEnd(never),
    'headers and then nothing': atTheEnd((_, response) => {
      response.writeHead(200, { 'Content-Length': '10' }).flushHeaders()
      return true
    }),
    'a drip for ever': atTheEnd((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 300).unref()
      response.on('close', () => clearInterval(drip))
      return true
    }),
    'reset by its peer': atTheEnd((_, __, socket) => {
      socket.resetAndDestroy()
      return true
    }),
    '503 for ever': atTheEnd((request, response) => {
      request.status = 503
      response.writeHead(503).end('<html>busy</html>')
      return true
    }),
    '429 beyond the bound': atTheEnd((request, response) => {
      request.status = 429
      response.writeHead(429, { 'Retry-After': '60' }).end()
      return true
    }),
    'a redirect': atTheEnd((request, response) => {
      request.status = 302
      response.writeHead(302, { Location: 'https://elsewhere.example/' }).end()
      return true
    }),
    '503 once': atTheEnd((request, response) => {
      if (times++ > 0) return false
      request.status = 503
      response.writeHead(503).end()
      return true
    })
  }
  /** What the last attempt of all may meet where a busy machine left it no time. */
  const LATE = 'failed: no (?:whole answer|connection) within \\d+ ms'
  const FAILED: Record<string, [code: RegExp, deletes: RegExp]> = {
    down: [RegExp(`(?:failed: the connection was refused \\(ECONNREFUSED\\)|${LATE}), \\d+ attempts?`), /^$/],
    'no answer': [
      /failed: no (?:whole answer|connection) within \d+ ms, \d attempts, with no time left/,
      /^0( 0)*$/
    ],
    'headers and then nothing': [
      /failed: no (?:whole answer|connection) within \d+ ms, \d attempts/,
      /^200( 200)*$/
    ],
    'a drip for ever': [/failed: no (?:whole answer|connection) within \d+ ms, \d attempts/, /^200( 200)*$/],
    'reset by its peer': [
      RegExp(`(?:failed: the connection was reset \\(ECONNRESET\\)|${LATE}), \\d+ attempts`),
      /^0( 0)*$/
    ],
    '503 for ever': [RegExp(`(?:answered 503|${LATE}), \\d+ attempts`), /^503( 503)*$/],
    '429 beyond the bound': [/answered 429, 1 attempt, asking to wait 1 min, which reaches past/, /^429$/],
    'a redirect': [/answered 302, a redirect to elsewhere\.example, 1 attempt/, /^302$/]
  }

  const ended = new Map<string, { run: RunResult; platform: GenesysEmulator; at: number }>()
  beforeAll(async () => {
    await Promise.all(
      Object.entries(troubles).map(async ([name, trouble]) => {
        const platform = await startGenesys(trouble === 'down' ? {} : { intercept: trouble })
        try {
          const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
          if (trouble === 'down') await platform.close()
          ended.set(name, { run: await post(ran), platform, at: Date.now() })
        } finally {
          if (trouble !== 'down') await platform.close()
        }
      })
    )
  }, 60_000)

  test.each(Object.entries(FAILED))('%s', (name, [why, statuses]) => {
    const { run, platform } = ended.get(name) ?? {}
    if (run === undefined || platform === undefined) throw new Error('it did not run')
    const deletes = platform.requests.filter(({ method }) => method === 'DELETE')
    expect(deletes.map(({ status }) => status).join(' ')).toMatch(statuses)
    expect(written(run, platform)).toEqual({
      ...cleanUp('', [1]),
      stdout: expect.stringMatching(
        new RegExp(
          '^::add-mask::\\{token 1\\}\\n::warning::Clean-up: access token not revoked \\(DELETE ' +
            `\\{origin\\}/api/v2/tokens/me ${why.source}[^\\n]*\\), and lives until \\{time\\}; token file removed\\.\\n$`
        )
      )
    })
    expect(run.leftovers()).toEqual([])
  })

  test.each(['no answer', 'headers and then nothing', 'a drip for ever'])('%s: within ten seconds', name => {
    const { run, platform, at = 0 } = ended.get(name) ?? {}
    expect(run?.timedOut).toBe(false)
    // What a busy machine takes to start a process is not its affair.
    const first = platform?.requests.find(({ method }) => method === 'DELETE')
    expect(at - (first?.at ?? 0)).toBeLessThan(10_000)
  })

  test('trouble that passes: tried again, and said in one line', () => {
    const { run, platform } = ended.get('503 once') ?? {}
    if (run === undefined || platform === undefined) throw new Error('it did not run')
    expect(written(run, platform)).toEqual(
      cleanUp('Clean-up: access token revoked; token file removed.', [1])
    )
    expect(record(platform)).toEqual([
      'POST /oauth/token Basic 200',
      'DELETE /api/v2/tokens/me token 1 503',
      'DELETE /api/v2/tokens/me token 1 200'
    ])
  })
})

describeOnPosix('the clean-up cancelled while it waits', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: it ends at once, exit 0, and leaves no file',
    async signal => {
      const platform = await startGenesys()
      const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
      const asked = new Promise<void>(resolve => {
        platform.intercept = () => {
          resolve()
          return true
        }
      })
      const ended = await post(ran, { signalAfter: asked, signal })
      await platform.close()
      expect(written(ended, platform)).toMatchObject({
        exitCode: 0,
        stderr: '',
        output: '',
        env: '',
        state: ''
      })
      expect(normal(ended.stdout, platform)).toMatch(
        /^::add-mask::\{token 1\}\n(::warning::)?Clean-up [^\n]+\.\n$/
      )
      expect(ended.leftovers()).toEqual([])
    }
  )

  test('after its line is said: no second one', async () => {
    const platform = await startGenesys()
    const ran = await main(platform, GENESYS)
    const { env } = instrument({ at: 'line', n: 2, send: 'SIGINT' })
    const ended = await post(ran, { env })
    await platform.close()
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
  })
})

describe('state that is not ours', () => {
  let platform: GenesysEmulator
  let elsewhere: string
  beforeAll(async () => {
    platform = await startGenesys()
    elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
    writeFileSync(join(elsewhere, 'precious'), 'precious')
    mkdirSync(join(elsewhere, `cc-token-${'a'.repeat(35)}`))
  })
  afterAll(async () => {
    await platform.close()
    rmSync(elsewhere, { recursive: true, force: true })
  })
  const run = (state: Record<string, string>) => runAction({ main: POST, state, timeoutMs: 5000 })
  const NOTHING = lines('Clean-up: nothing to do.')

  test('none at all, as when the job never came to the step', async () => {
    const ended = await run({})
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: nothing to do.', []))
  })

  test.each([
    ['empty', { 'token-1': '', 'token-2': '', folder: '', 'handed-on': '' }],
    ['no JSON', { 'token-1': '{', 'token-2': 'nonsense' }],
    ['null', { 'token-1': 'null' }],
    ['nothing but a policy', { 'handed-on': 'true' }],
    ['a number', { 'token-1': '5' }],
    ['a text', { 'token-1': '"a-text-in-the-place-of-a-token"' }],
    ['a list', { 'token-1': '[]' }],
    ['no value', { 'token-1': '{}' }],
    ['a value that is no text', { 'token-1': '{"value":5}' }],
    ['a value that is empty', { 'token-1': '{"value":"","kind":"access"}' }]
  ])('%s', async (_, state) => {
    const ended = await run(state)
    expect([ended.exitCode, ended.stdout, ended.stderr]).toEqual([0, NOTHING, ''])
  })

  test.each([
    ['a moment that is none', '"expiresAtMs":"soon"'],
    ['a moment beyond the calendar', '"expiresAtMs":1e20'],
    ['an origin that is none', '"revocationBaseUrl":"nowhere"'],
    ['a kind that nobody knows', '"kind":"odd"']
  ])('%s: exit 0, one line, and the file is removed', async (_, odd) => {
    const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
    const state = { ...ran.state }
    const [name] = odd.split(':')
    state['token-1'] = (state['token-1'] ?? '').replace(new RegExp(`${name}:("[^"]*"|\\d+)`), odd)
    platform.intercept = (request, response) => {
      request.status = 400
      response.writeHead(400).end()
      return true
    }
    const ended = await post({ ...ran, state }, { timeoutMs: 15_000 })
    platform.intercept = undefined
    expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
    expect(normal(ended.stdout, platform)).toMatch(
      /^::add-mask::\{token \d+\}\n(::warning::)?Clean-up: [^\n]*token file removed\.\n$/
    )
    expect(ended.leftovers()).toEqual([])
  })

  test('a second token is revoked whatever stands in the place of the first', async () => {
    const ran = await main(platform, { ...LONG_LIVED, revoke: 'true' })
    const ended = await post({ ...ran, state: { ...ran.state, 'token-1': '{}' } })
    expect(ended.exitCode).toBe(0)
    expect(normal(ended.stdout, platform)).toMatch(/\nClean-up: long-lived token revoked\.\n$/)
  })

  test.each([
    ['the root', () => '/'],
    ['a folder that is not ours', () => elsewhere],
    ['a file in it', () => join(elsewhere, 'precious')],
    ['nearly our name', () => join(elsewhere, `cc-token-${'a'.repeat(35)}`)],
    ['our name and more', () => join(elsewhere, `cc-token-${randomUUID()}`, '..', 'precious')],
    ['nothing of ours', () => join(elsewhere, `cc-token-${randomUUID()}`)],
    ['a relative path', () => '.']
  ])('a folder to remove: %s', async (_, folder) => {
    const ended = await run({ folder: folder() })
    expect([ended.exitCode, ended.stdout, ended.stderr]).toEqual([
      0,
      lines('Clean-up: token file already gone.'),
      ''
    ])
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true)
    expect(existsSync(join(elsewhere, `cc-token-${'a'.repeat(35)}`))).toBe(true)
  })

  test('without any file of the runner’s the post step cleans all the same', async () => {
    const ran = await main(platform, GENESYS)
    const env = {
      GITHUB_OUTPUT: '',
      GITHUB_STATE: '',
      GITHUB_ENV: '',
      RUNNER_TEMP: '',
      GITHUB_STEP_SUMMARY: ''
    }
    const ended = await post(ran, { env })
    expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
    expect(normal(ended.stdout, platform)).toMatch(
      /^::add-mask::\{token \d+\}\nClean-up: access token revoked\.\n$/
    )
  })

  test('step debugging tells of the request, and of no secret', async () => {
    const ran = await main(platform, GENESYS)
    const ended = await post(ran, { debug: true })
    expect(normal(ended.stdout, platform).replace(/token \d+/, 'token n')).toMatch(
      /^::add-mask::\{token n\}\n::debug::DELETE \{origin\}\/api\/v2\/tokens\/me: 200, new connection, \d+ ms\nClean-up: access token revoked\.\n$/
    )
  })
})
