import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { Logger } from '../../src/runner/logger.js'
import { fail } from '../../src/runner/report-failure.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { surrounded } from '../support/surroundings.js'

/** The log of a failure, and the outputs it left. */
const failed = (error: unknown, ...secrets: string[]) =>
  surrounded(around => {
    const console = new Logger()
    for (const secret of secrets) console.mask(new Secret(secret))
    fail(error, console)
    const log = around.log().replace(/^::add-mask::.*\n/gm, '')
    return { log, outputs: parseCommandFile(around.text('GITHUB_OUTPUT')) }
  })

const message = (log: string) =>
  log
    .replace(/^::error::/, '')
    .trimEnd()
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%25', '%')

const MORE = '\nMore: docs/troubleshooting.md#tls'

describe('a failure is one message: its code, what happened, what to do', () => {
  test('in this shape, and as the output error-code', async () => {
    expect(await failed(new ActionError('bad-request', 'It happened.', 'Do that.'))).toEqual({
      log: '::error::[bad-request] It happened.%0ADo that.%0AMore: docs/troubleshooting.md#bad-request\n',
      outputs: { 'error-code': 'bad-request' }
    })
  })

  test('each of both one line without control characters', async () => {
    const { log } = await failed(
      new ActionError('tls', 'a\r\n::error::b\u0007\u202e%0A', 'c\n::set-output name=x::d\u2028')
    )
    expect(message(log)).toBe(`[tls] a ::error::b %0A\nc ::set-output name=x::d${MORE}`)
    expect(log.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}]/u)
  })

  test('without a secret in any spelling or case, in neither of both', async () => {
    const { log } = await failed(
      new ActionError('tls', 'is key====1 KEY====1', 'or key%3D%3D%3D%3D1 perhaps'),
      'key====1'
    )
    expect(message(log)).toBe(`[tls] is *** ***\nor *** perhaps${MORE}`)
  })

  test('without an old command of the runner’s', async () => {
    const { log } = await failed(new ActionError('tls', 'x ##[add-mask]y', '##[error]z'))
    expect(log).not.toContain('##[')
  })

  test.each([
    ['letters', 'x'],
    ['emoji', '😀'],
    ['words', 'word '],
    ['percent signs', '%']
  ])('of at most 2,000 characters, the hint among them: %s', async (_, letter) => {
    for (const [happened, hint] of [
      [3000, 10],
      [10, 3000],
      [3000, 3000]
    ] as const) {
      const { log } = await failed(
        new ActionError('tls', letter.repeat(happened), `DO ${letter.repeat(hint)}`)
      )
      const text = message(log)
      expect(text.length).toBeLessThanOrEqual(2000)
      expect(text.startsWith('[tls] ')).toBe(true)
      expect(text).toContain('\nDO ')
      expect(text.endsWith(MORE)).toBe(true)
      expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
    }
  })
})

describe('where more is said', () => {
  const at = (server: string, repository: string, ref: string) =>
    surrounded(around => {
      Object.assign(process.env, {
        GITHUB_SERVER_URL: server,
        GITHUB_ACTION_REPOSITORY: repository,
        GITHUB_ACTION_REF: ref
      })
      fail(new ActionError('tls', 'a', 'b'), new Logger())
      return message(around.log()).split('\nMore: ')[1]
    })
  test.each([
    ['https://github.com', 'owner/cc-token-action', 'v1'],
    ['https://github.com', 'owner/cc-token-action', '0123456789abcdef0123456789abcdef01234567'],
    ['https://ghe.example.com', 'the-owner/a.copy_of-it', 'v1.2.3']
  ])(
    'in the action’s own repository, at the version that runs: %s %s %s',
    async (server, repository, ref) => {
      expect(await at(server, repository, ref)).toBe(
        `${server}/${repository}/blob/${ref}/docs/troubleshooting.md#tls`
      )
    }
  )
  test.each([
    ['', '', ''],
    ['https://github.com', '', 'v1'],
    ['https://github.com', 'owner/cc-token-action', ''],
    ['http://github.com', 'owner/cc-token-action', 'v1'],
    ['https://user@github.com', 'owner/cc-token-action', 'v1'],
    ['https://github.com', 'owner', 'v1'],
    ['https://github.com', 'owner/action/folder', 'v1'],
    ['https://github.com', 'owner/cc-token-action', 'v1\n::error::x'],
    ['https://github.com', 'owner/cc-token-action', 'x'.repeat(81)],
    ['https://github.com?x=', 'owner/cc-token-action', 'v1']
  ])('by its path alone where that is not told: %j %j %j', async (server, repository, ref) => {
    expect(await at(server, repository, ref)).toBe('docs/troubleshooting.md#tls')
  })
})

describe('an error that nobody foresaw', () => {
  test.each<[string, unknown, string]>([
    ['an Error', new Error('with its hidden-text'), ' (Error)'],
    ['a TypeError', new TypeError('hidden-text'), ' (TypeError)'],
    ['one with a code', Object.assign(new Error('hidden-text'), { code: 'ENOSPC' }), ' (Error ENOSPC)'],
    ['one with a strange name', Object.assign(new Error('x'), { name: 'hidden-text is here' }), ''],
    ['one with a strange code', Object.assign(new Error('x'), { code: 'hidden-text\n' }), ' (Error)'],
    ['one with a number for a code', Object.assign(new Error('x'), { code: 42 }), ' (Error)'],
    ['an endless name', { name: 'N'.repeat(61) }, ''],
    ['a text', 'hidden-text', ''],
    ['null', null, ''],
    ['undefined', undefined, ''],
    ['a number', 7, ''],
    ['an object without a prototype', Object.create(null), '']
  ])('%s: only its kind is told', async (_, error, kind) => {
    const { log, outputs } = await failed(error)
    expect(log).toContain(`[internal-error] The step met an error that it does not know${kind}.%0A`)
    expect(log).not.toContain('hidden-text')
    expect(outputs).toEqual({ 'error-code': 'internal-error' })
  })
})

describe('without the runner’s file', () => {
  const error = new ActionError('tls', 'a', 'b')
  test.each<[string, (path: string) => void]>([
    ['the variable is not set', () => delete process.env['GITHUB_OUTPUT']],
    [
      'it is empty',
      () => {
        process.env['GITHUB_OUTPUT'] = ''
      }
    ],
    ['the file is gone', path => rmSync(path)]
  ])('%s: the message is there, and no output goes to the log', (_, spoil) =>
    surrounded(around => {
      spoil(around.path('GITHUB_OUTPUT'))
      fail(error, new Logger())
      expect(around.log()).toBe('::error::[tls] a%0Ab%0AMore: docs/troubleshooting.md#tls\n')
    })
  )
  test('it cannot be written: a warning says so', () =>
    surrounded(around => {
      rmSync(around.path('GITHUB_OUTPUT'))
      mkdirSync(around.path('GITHUB_OUTPUT'))
      fail(error, new Logger())
      expect(around.log()).toMatch(
        /^::error::\[tls\] a%0Ab%0AMore: docs\/troubleshooting\.md#tls\n::warning::The output error-code could not be written/
      )
    }))
})
