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
  main,
  normal,
  POST,
  post,
  record,
  TEXTS,
  written
} from '../support/lifecycle.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult, runAction } from '../support/runner.mjs'

afterAll(cleanup)

describe('a platform that fails when the job ends: ten seconds at most, and the job does not fail', () => {
  /** Answers as the platform does, but for revocations. */
  const onRevocation =
    (fault: Intercept): Intercept =>
    (request, response, socket) =>
      request.method === 'DELETE' && fault(request, response, socket)
  const answer = (status: number, headers: Record<string, string> = {}) =>
    onRevocation((request, response) => {
      request.status = status
      response.writeHead(status, headers).end('<html>an error page</html>')
      return true
    })
  /** The last attempt on a busy machine may have no time left. */
  const LATE = 'failed: no complete response within \\d+ ms'
  const SILENT = RegExp(`${LATE}, \\d attempts; no time is left of the timeout of 9 s`)
  const faults: Record<string, { fault: Intercept | 'down'; reason: RegExp; statuses: RegExp }> = {
    down: {
      fault: 'down',
      reason: RegExp(`(?:failed: the connection was refused \\(ECONNREFUSED\\)|${LATE}), \\d+ attempts?`),
      statuses: /^$/
    },
    'no answer': { fault: onRevocation(() => true), reason: SILENT, statuses: /^0( 0)*$/ },
    'headers and then nothing': {
      fault: onRevocation((_, response) => {
        response.writeHead(200, { 'Content-Length': '10' }).flushHeaders()
        return true
      }),
      reason: SILENT,
      statuses: /^200( 200)*$/
    },
    'a body that never ends': {
      fault: onRevocation((_, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write('.'), 300).unref()
        response.on('close', () => clearInterval(drip))
        return true
      }),
      reason: SILENT,
      statuses: /^200( 200)*$/
    },
    'connection reset': {
      fault: onRevocation((_, __, socket) => {
        socket.resetAndDestroy()
        return true
      }),
      reason: RegExp(`(?:failed: the connection was reset \\(ECONNRESET\\)|${LATE}), \\d+ attempts`),
      statuses: /^0( 0)*$/
    },
    '503 forever': {
      fault: answer(503),
      reason: RegExp(`(?:answered 503|${LATE}), \\d+ attempts`),
      statuses: /^503( 503)*$/
    },
    '429 with a wait beyond the limit': {
      fault: answer(429, { 'Retry-After': '60' }),
      reason:
        /answered 429, 1 attempt; the server asks to wait 1 min, longer than the remaining \d s of the timeout of 9 s/,
      statuses: /^429$/
    },
    'a redirect': {
      fault: answer(302, { Location: 'https://elsewhere.example/' }),
      reason: /answered 302, a redirect to elsewhere\.example, 1 attempt/,
      statuses: /^302$/
    }
  }

  const ended = new Map<string, { run: RunResult; platform: GenesysEmulator; at: number }>()
  const resultOf = (name: string) => {
    const result = ended.get(name)
    if (result === undefined) throw new Error(`${name} did not run`)
    const deletes = result.platform.requests.filter(({ method }) => method === 'DELETE')
    return { ...result, deletes }
  }
  let count = 0
  const once: Intercept = (...parts) => parts[0].method === 'DELETE' && count++ === 0 && answer(503)(...parts)
  beforeAll(async () => {
    const all = Object.entries(faults).map(([name, { fault }]) => ({ name, fault }))
    await Promise.all(
      [...all, { name: '503 once', fault: once }].map(async ({ name, fault }) => {
        const platform = await startGenesys(fault === 'down' ? {} : { intercept: fault })
        try {
          const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
          if (fault === 'down') await platform.close()
          ended.set(name, { run: await post(ran), platform, at: Date.now() })
        } finally {
          if (fault !== 'down') await platform.close()
        }
      })
    )
  }, 60_000)

  test.each(Object.entries(faults))('%s', (name, { reason, statuses }) => {
    const { run, platform, deletes, at } = resultOf(name)
    expect(deletes.map(({ status }) => status).join(' ')).toMatch(statuses)
    expect(written(run, platform)).toEqual({
      ...cleanUp('', [1]),
      stdout: expect.stringMatching(
        new RegExp(
          '^::add-mask::\\{token 1\\}\\n::warning::Clean-up: access token not revoked \\(DELETE ' +
            `\\{origin\\}/api/v2/tokens/me ${reason.source}[^\\n]*\\); it expires at \\{time\\}; token file removed\\.\\n$`
        )
      )
    })
    expect([run.leftovers(), run.timedOut]).toEqual([[], false])
    // Counted from the first request: a busy machine may take long to start the process.
    expect(at - (deletes[0]?.at ?? at)).toBeLessThan(10_000)
  })

  test('a fault that passes: another attempt, one line', () => {
    const { run, platform } = resultOf('503 once')
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

describeOnPosix('a clean-up that is cancelled', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: ends at once with exit code 0, and leaves no file',
    async signal => {
      const platform = await startGenesys()
      const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
      const received = new Promise<void>(resolve => {
        platform.intercept = () => {
          resolve()
          return true
        }
      })
      const ended = await post(ran, { signalAfter: received, signal })
      await platform.close()
      expect(written(ended, platform)).toEqual(cleanUp('Clean-up was cancelled.', [1]))
      expect(ended.leftovers()).toEqual([])
    }
  )

  test('after its line: no second line', async () => {
    const platform = await startGenesys()
    const ran = await main(platform, GENESYS)
    const { env } = instrument({ at: 'line', n: 2, send: 'SIGINT' })
    const ended = await post(ran, { env })
    await platform.close()
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
  })
})

describe('state that main did not save', () => {
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
  const saved = (token: object) => ({ 'token-1': JSON.stringify(token) })
  const TOKEN = { value: 'a-token-of-another-time', kind: 'access', provider: 'genesys' }

  test.each<[string, Record<string, string>]>([
    ['nothing, because the job did not reach the step', {}],
    ['empty', { 'token-1': '', 'token-2': '', 'token-folder': '', published: '' }],
    ['not JSON', { 'token-1': '{', 'token-2': 'nonsense' }],
    ['only a policy', { published: 'true' }],
    ['null', { 'token-1': 'null' }],
    ['a number', { 'token-1': '5' }],
    ['a string', { 'token-1': '"a-text-in-the-place-of-a-token"' }],
    ['a list', { 'token-1': '[]' }],
    ['no value', saved({ ...TOKEN, value: undefined, revocationBaseUrl: 'http://127.0.0.1:1' })],
    ['a value that is not text', saved({ ...TOKEN, value: 5, revocationBaseUrl: 'http://127.0.0.1:1' })],
    ['an empty value', saved({ ...TOKEN, value: '', revocationBaseUrl: 'http://127.0.0.1:1' })],
    ['no provider', saved({ ...TOKEN, provider: undefined, revocationBaseUrl: 'http://127.0.0.1:1' })],
    ['no base URL', saved(TOKEN)]
  ])('%s: nothing to do', async (_, state) => {
    expect(written(await run(state), platform)).toEqual(cleanUp(TEXTS.nothingToDo, []))
  })

  test.each([
    ['an expiry that is not a number', '"expiresAtMs":"soon"'],
    ['an expiry beyond the calendar', '"expiresAtMs":1e20'],
    ['a base URL that is not a URL', '"revocationBaseUrl":"nowhere"'],
    ['an unknown kind', '"kind":"odd"'],
    ['an unknown provider', '"provider":"odd"']
  ])('%s: exit code 0, one line, and the file is removed', async (_, odd) => {
    const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
    const state = { ...ran.state }
    const [name] = odd.split(':')
    const text = state['token-1'] ?? ''
    state['token-1'] = text.replace(new RegExp(`${name}:("[^"]*"|\\d+)`), odd)
    expect(state['token-1']).not.toBe(text)
    platform.intercept = (request, response) => {
      request.status = 400
      response.writeHead(400).end()
      return true
    }
    const ended = await post({ ...ran, state }, { timeoutMs: 15_000 })
    platform.intercept = undefined
    expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
    expect(normal(ended.stdout, platform)).toMatch(
      /^::add-mask::\{token \d+\}\n::warning::Clean-up: access token not revoked \([^\n]*\); it expires [^\n]*; token file removed\.\n$/
    )
    expect(ended.leftovers()).toEqual([])
  })

  test('a second token is revoked, whatever is saved as the first', async () => {
    const ran = await main(platform, { ...LONG_LIVED, revoke: 'true' })
    const ended = await post({ ...ran, state: { ...ran.state, 'token-1': '{}' } })
    expect(ended.exitCode).toBe(0)
    expect(normal(ended.stdout, platform)).toMatch(/\nClean-up: long-lived token revoked\.\n$/)
  })

  test.each([
    ['the root', () => '/'],
    ['another folder', () => elsewhere],
    ['a file in it', () => join(elsewhere, 'precious')],
    ['almost the name', () => join(elsewhere, `cc-token-${'a'.repeat(35)}`)],
    ['the name and more', () => join(elsewhere, `cc-token-${randomUUID()}`, '..', 'precious')],
    ['the name of nothing', () => join(elsewhere, `cc-token-${randomUUID()}`)],
    ['a relative path', () => '.']
  ])('a folder to remove: %s', async (_, folder) => {
    const ended = await run({ 'token-folder': folder() })
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: token file already gone.', []))
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true)
    expect(existsSync(join(elsewhere, `cc-token-${'a'.repeat(35)}`))).toBe(true)
  })

  test('the post step needs no file of the runner', async () => {
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

  test('step debugging shows the request, and no secret', async () => {
    const ran = await main(platform, GENESYS)
    const ended = await post(ran, { debug: true })
    expect(normal(ended.stdout, platform).replace(/token \d+/, 'token n')).toMatch(
      /^::add-mask::\{token n\}\n::debug::DELETE \{origin\}\/api\/v2\/tokens\/me: 200, new connection, \d+ ms\nClean-up: access token revoked\.\n$/
    )
  })
})
