import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { describeError, reportFailure } from '../../src/runner/report-failure.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { newContext, withRunner } from '../support/in-process.js'

/** Returns the log of a failure, and its outputs. */
const report = (error: unknown, ...secrets: string[]) =>
  withRunner(runner => {
    const context = newContext()
    for (const secret of secrets) context.log.mask(new Secret(secret))
    reportFailure(error, context)
    const log = runner.log().replace(/^::add-mask::.*\n/gm, '')
    return { log, outputs: parseCommandFile(runner.text('GITHUB_OUTPUT')) }
  })

const message = (log: string) =>
  log
    .replace(/^::error::/, '')
    .trimEnd()
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%25', '%')

const MORE = '\nMore: docs/troubleshooting.md#tls'

describe('a failure is one annotation: code, what happened, what to do', () => {
  test('in this form; the code is the output error-code', async () => {
    expect(await report(new ActionError('bad-request', 'It happened.', 'Do that.'))).toEqual({
      log: '::error::[bad-request] It happened.%0ADo that.%0AMore: docs/troubleshooting.md#bad-request\n',
      outputs: { 'error-code': 'bad-request' }
    })
  })

  test('message and hint are one line each, without control characters', async () => {
    const { log } = await report(
      new ActionError('tls', 'a\r\n::error::b\u0007\u202e%0A', 'c\n::set-output name=x::d\u2028')
    )
    expect(message(log)).toBe(`[tls] a ::error::b %0A\nc ::set-output name=x::d${MORE}`)
    expect(log.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}]/u)
  })

  test('no secret is in it, in no spelling or case', async () => {
    const { log } = await report(
      new ActionError('tls', 'is key====1 KEY====1', 'or key%3D%3D%3D%3D1 perhaps'),
      'key====1'
    )
    expect(message(log)).toBe(`[tls] is *** ***\nor *** perhaps${MORE}`)
  })

  test('no secret that was split by invisible characters is in it', async () => {
    const { log } = await report(new ActionError('tls', 'key\u200b====1', 'key====\u00ad1'), 'key====1')
    expect(message(log)).toBe(`[tls] ***\n***${MORE}`)
  })

  test('no old command of the runner is in it', async () => {
    const { log } = await report(new ActionError('tls', 'x ##[add-mask]y', '##[error]z'))
    expect(log).not.toContain('##[')
  })

  test.each([
    ['letters', 'x'],
    ['emoji', '😀'],
    ['words', 'word '],
    ['percent signs', '%']
  ])('at most 2,000 characters, the hint included: %s', async (_, letter) => {
    for (const [messageLength, hintLength] of [
      [3000, 10],
      [10, 3000],
      [3000, 3000]
    ] as const) {
      const { log } = await report(
        new ActionError('tls', letter.repeat(messageLength), `DO ${letter.repeat(hintLength)}`)
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

test('ids of credentials that the message quotes are replaced by their names', () =>
  withRunner(runner => {
    const context = newContext()
    context.log.hideInQuotes('client-id', 'the-id-of-the-client')
    reportFailure(new ActionError('tls', 'no THE-ID-OF-THE-CLIENT', 'b'), context)
    expect(message(runner.log())).toBe(`[tls] no <client-id>\nb${MORE}`)
  }))

describe('the job summary of a failed step', () => {
  const summaryOf = (value: string | undefined) =>
    withRunner(runner => {
      if (value !== undefined) process.env['INPUT_SUMMARY'] = value
      const context = newContext()
      context.log.mask(new Secret('key====1'))
      reportFailure(new ActionError('tls', 'key====1 <b>\n', 'Do that.'), context)
      return runner.text('GITHUB_STEP_SUMMARY')
    })
  test.each([undefined, '', 'true', 'invalid'])('is written if summary is %j', async value => {
    const row = (name: string, cell: string) => `<tr><td><strong>${name}</strong></td><td>${cell}</td></tr>`
    expect(await summaryOf(value)).toBe(
      '<h3>The step failed</h3>\n<table>' +
        row('Error', '<code>tls</code>') +
        row('What happened', '*** &#60;b&#62;') +
        row('What to do', 'Do that.') +
        row('More', 'docs/troubleshooting.md#tls') +
        '</table>\n'
    )
  })
  test.each(['false', ' FALSE '])('is not written if summary is %j', async value => {
    expect(await summaryOf(value)).toBe('')
  })
})

describe('the link to the documentation', () => {
  const link = (server: string, repository: string, ref: string) =>
    withRunner(runner => {
      Object.assign(process.env, {
        GITHUB_SERVER_URL: server,
        GITHUB_ACTION_REPOSITORY: repository,
        GITHUB_ACTION_REF: ref
      })
      reportFailure(new ActionError('tls', 'a', 'b'), newContext())
      return message(runner.log()).split('\nMore: ')[1]
    })
  test.each([
    ['https://github.com', 'owner/cc-token-action', 'v1'],
    ['https://github.com', 'owner/cc-token-action', '0123456789abcdef0123456789abcdef01234567'],
    ['https://ghe.example.com', 'the-owner/a.copy_of-it', 'v1.2.3']
  ])(
    'leads to the repository and version of the running action: %s %s %s',
    async (server, repository, ref) => {
      expect(await link(server, repository, ref)).toBe(
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
  ])('is only a path if these are unknown or malformed: %j %j %j', async (server, repository, ref) => {
    expect(await link(server, repository, ref)).toBe('docs/troubleshooting.md#tls')
  })
})

describe('an unexpected error', () => {
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
  ])('%s: only its name and code are shown', async (_, error, kind) => {
    const { log, outputs } = await report(error)
    expect(log).toContain(`[internal-error] An unexpected error occurred${kind}.%0A`)
    expect(log).not.toContain('hidden-text')
    expect(outputs).toEqual({ 'error-code': 'internal-error' })
  })
})

describe('if GITHUB_OUTPUT cannot be used', () => {
  const error = new ActionError('tls', 'a', 'b')
  test.each<[string, (path: string) => void]>([
    ['the variable is not set', () => delete process.env['GITHUB_OUTPUT']],
    [
      'it is empty',
      () => {
        process.env['GITHUB_OUTPUT'] = ''
      }
    ],
    ['the file is missing', path => rmSync(path)]
  ])('%s: the error is logged, and no output is printed', (_, spoil) =>
    withRunner(runner => {
      spoil(runner.path('GITHUB_OUTPUT'))
      reportFailure(error, newContext())
      expect(runner.log()).toBe('::error::[tls] a%0Ab%0AMore: docs/troubleshooting.md#tls\n')
    })
  )
  test('it cannot be written: a warning names the code', () =>
    withRunner(runner => {
      rmSync(runner.path('GITHUB_OUTPUT'))
      mkdirSync(runner.path('GITHUB_OUTPUT'))
      reportFailure(error, newContext())
      expect(runner.log()).toMatch(
        /^::error::\[tls\] a%0Ab%0AMore: docs\/troubleshooting\.md#tls\n::warning::The output error-code could not be written; it is tls\./
      )
    }))
})

test('describeError returns code, message and hint in one line, without a secret', () =>
  withRunner(() => {
    const { log } = newContext()
    log.mask(new Secret('key====1'))
    const error = new ActionError('tls', 'a\nkey====1.', 'key\u200b====1\r\n::error::b')
    expect(describeError(error, log)).toBe('[tls] a ***. *** ::error::b')
    expect(describeError(new Error('hidden-text'), log)).toMatch(
      /^\[internal-error\] An unexpected error occurred \(Error\)\. [^\n]+$/
    )
    expect(describeError(new ActionError('tls', 'x'.repeat(3000), 'y'), log).length).toBeLessThan(2000)
  }))
