import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { describeError, reportFailure } from '../../src/runner/report-failure.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { newContext, withRunner } from '../support/in-process.js'
import { parseCommand } from '../support/runner-log.mjs'

interface Options {
  readonly secret?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Reports a failure. Returns the log, the outputs and the job summary. */
const report = (error: unknown, { secret, env = {} }: Options = {}) =>
  withRunner(runner => {
    Object.assign(process.env, env)
    const context = newContext()
    context.log.hideInQuotes('client-id', 'the-id-of-the-client')
    if (secret !== undefined) context.log.mask(new Secret(secret))
    reportFailure(error, context)
    return {
      log: runner.log().replace(/^::add-mask::.*\n/gm, ''),
      outputs: parseCommandFile(runner.text('GITHUB_OUTPUT')),
      summary: runner.text('GITHUB_STEP_SUMMARY')
    }
  })

/** Returns the text of the annotation, as the runner shows it. */
const message = (log: string) => parseCommand(log.trimEnd())?.data ?? ''

const MORE = '\nMore: docs/troubleshooting.md#tls'

describe('a failure is one annotation: code, what happened, what to do', () => {
  test('in this form; the code is the output error-code', async () => {
    expect(await report(new ActionError('bad-request', 'It happened.', 'Do that.'))).toMatchObject({
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

  test.each([
    [
      'in no spelling or case',
      'is key====1 KEY====1',
      'or key%3D%3D%3D%3D1 perhaps',
      'is *** ***\nor *** perhaps'
    ],
    ['split by invisible characters', 'key\u200b====1', 'key====\u00ad1', '***\n***']
  ])('no secret is in it: %s', async (_, text, hint, expected) => {
    const { log } = await report(new ActionError('tls', text, hint), { secret: 'key====1' })
    expect(message(log)).toBe(`[tls] ${expected}${MORE}`)
  })

  test('no old command of the runner is in it', async () => {
    const { log } = await report(new ActionError('tls', 'x ##[add-mask]y', '##[error]z'))
    expect(log).not.toContain('##[')
  })

  test.each([
    ['a letter', 'x', 3000, 10],
    ['an emoji', '😀', 10, 3000],
    ['a percent sign', '%', 3000, 3000]
  ])('at most 2,000 characters, the hint included: %s', async (_, letter, length, hintLength) => {
    const hint = `DO ${letter.repeat(hintLength)}`
    const { log } = await report(new ActionError('tls', letter.repeat(length), hint))
    const text = message(log)
    expect(text.length).toBeLessThanOrEqual(2000)
    expect(text).toMatch(/^\[tls\] .*\nDO /)
    expect(text.endsWith(MORE)).toBe(true)
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  })
})

test('ids of credentials that the message quotes are replaced by their names', async () => {
  const { log } = await report(new ActionError('tls', 'no THE-ID-OF-THE-CLIENT', 'b'))
  expect(message(log)).toBe(`[tls] no <client-id>\nb${MORE}`)
})

describe('the job summary of a failed step', () => {
  const summaryIf = async (given: string) => {
    const env = { INPUT_SUMMARY: given }
    const error = new ActionError('tls', 'key====1 <b>\n', 'Do that.')
    return (await report(error, { secret: 'key====1', env })).summary
  }
  test.each(['', 'true', 'invalid'])('is written if summary is %j', async value => {
    const row = (name: string, cell: string) => `<tr><td><strong>${name}</strong></td><td>${cell}</td></tr>`
    expect(await summaryIf(value)).toBe(
      '<h3>The step failed</h3>\n<table>' +
        row('Error', '<code>tls</code>') +
        row('What happened', '*** &#60;b&#62;') +
        row('What to do', 'Do that.') +
        row('More', 'docs/troubleshooting.md#tls') +
        '</table>\n'
    )
  })
  test.each(['false', ' FALSE '])('is not written if summary is %j', async value => {
    expect(await summaryIf(value)).toBe('')
  })
})

describe('the link to the documentation', () => {
  const link = async (server: string, repository: string, ref: string) => {
    const env = { GITHUB_SERVER_URL: server, GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref }
    const { log } = await report(new ActionError('tls', 'a', 'b'), { env })
    return message(log).split('\nMore: ')[1]
  }
  test.each([
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
  const coded = (code: unknown) => Object.assign(new Error('hidden-text'), { code })
  test.each<[string, unknown, string]>([
    ['a TypeError', new TypeError('with its hidden-text'), ' (TypeError)'],
    ['one with a code', coded('ENOSPC'), ' (Error ENOSPC)'],
    ['one with a strange code', coded('hidden-text\n'), ' (Error)'],
    ['one with a number for a code', coded(42), ' (Error)'],
    ['one with a strange name', Object.assign(new Error('x'), { name: 'hidden-text is here' }), ''],
    ['one with an endless name', Object.assign(new Error('x'), { name: 'N'.repeat(61) }), ''],
    ['a text', 'hidden-text', ''],
    ['null', null, ''],
    ['undefined', undefined, '']
  ])('%s: only its name and code are shown', async (_, error, kind) => {
    const { log, outputs } = await report(error)
    expect(log).toContain(`[internal-error] An unexpected error occurred${kind}.%0A`)
    expect(log).not.toContain('hidden-text')
    expect(outputs).toEqual({ 'error-code': 'internal-error' })
  })
})

describe('if GITHUB_OUTPUT', () => {
  const LOG = '::error::[tls] a%0Ab%0AMore: docs/troubleshooting.md#tls\n'
  test.each<[string, (path: string) => void, string]>([
    ['is not set, no output is printed', () => delete process.env['GITHUB_OUTPUT'], LOG],
    ['names a missing file, no output is printed', path => rmSync(path), LOG],
    [
      'cannot be written, a warning names the code',
      path => {
        rmSync(path)
        mkdirSync(path)
      },
      `${LOG}::warning::The output error-code could not be written; it is tls.\n`
    ]
  ])('%s', (_, spoil, log) =>
    withRunner(runner => {
      spoil(runner.path('GITHUB_OUTPUT'))
      reportFailure(new ActionError('tls', 'a', 'b'), newContext())
      expect(runner.log()).toBe(log)
    })
  )
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
