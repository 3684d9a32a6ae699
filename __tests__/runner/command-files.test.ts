import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { PROVIDERS } from '../../src/auth/providers.js'
import { ActionError } from '../../src/lib/action-error.js'
import { main } from '../../src/main.js'
import { rememberLengths, requireWritable } from '../../src/runner/command-files.js'
import { FixedServer } from '../support/fixed-server.js'
import { newContext, type Runner, withRunner } from '../support/in-process.js'
import { MADE_UP_GENESYS } from '../support/read-inputs.js'

const TOKEN = 'unpublished-token-0123456789'

const server = await FixedServer.start()
beforeEach(() => server.respondWith([{ status: 200, body: JSON.stringify({ access_token: TOKEN }) }]))
afterAll(() => server.close())

/** Runs the token step. Returns its error; undefined after success. */
function runMain(inputs: Readonly<Record<string, string>>): Promise<unknown> {
  const all = { ...MADE_UP_GENESYS, 'base-url': server.origin, ...inputs }
  for (const [name, value] of Object.entries(all)) process.env[`INPUT_${name.toUpperCase()}`] = value
  return main(newContext(), PROVIDERS).then(
    () => undefined,
    error => error
  )
}

type File = 'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_ENV' | 'GITHUB_STEP_SUMMARY'

/** What can be wrong with a file of the runner. */
const DEFECTS = {
  'is not set': (_: Runner, name: File) => {
    delete process.env[name]
  },
  'names a missing file': (runner: Runner, name: File) => rmSync(runner.path(name)),
  'names a folder': (runner: Runner, name: File) => {
    rmSync(runner.path(name))
    mkdirSync(runner.path(name))
  }
}

function expectRefused(error: unknown, name: string, runner: Runner): void {
  expect(error).toBeInstanceOf(ActionError)
  const { code, message, hint } = error as ActionError
  expect({ code, message }).toEqual({
    code: 'internal-error',
    message: `The path in ${name} does not exist or cannot be written. Nothing was sent.`
  })
  expect(hint).toMatch(/^Run the action in a workflow/)
  expect(server.requests).toEqual([])
  // Without a file, the toolkit would print outputs and state as commands.
  expect(runner.log().replace(/^::add-mask::.*\n/gm, '')).toBe('')
  for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE'] as const)
    expect(runner.text(variable)).toBe('')
}

describe('a defect of a required file is found before the first request', () => {
  test.each(Object.entries(DEFECTS))('GITHUB_OUTPUT %s', (_, spoil) =>
    withRunner(async runner => {
      spoil(runner, 'GITHUB_OUTPUT')
      expectRefused(await runMain({}), 'GITHUB_OUTPUT', runner)
    })
  )

  test.each<[File, Record<string, string>]>([
    ['GITHUB_STATE', {}],
    ['GITHUB_ENV', { 'export-env': 'A_TOKEN' }],
    ['GITHUB_ENV', { 'tool-env': 'true' }]
  ])('%s is missing, with %j', (name, inputs) =>
    withRunner(async runner => {
      rmSync(runner.path(name))
      expectRefused(await runMain(inputs), name, runner)
    })
  )

  test.each(['', '/missing', '/GITHUB_ENV'])('RUNNER_TEMP is no folder, with token-file: …%s', path =>
    withRunner(async runner => {
      process.env['RUNNER_TEMP'] = path && runner.folder + path
      expectRefused(await runMain({ 'token-file': 'true' }), 'RUNNER_TEMP', runner)
      expect(readdirSync(runner.folder).filter(name => name.startsWith('cc-token-'))).toEqual([])
    })
  )
})

test.each([
  ['GITHUB_ENV', 'is not set'],
  ['GITHUB_ENV', 'names a folder'],
  ['GITHUB_STEP_SUMMARY', 'is not set'],
  ['GITHUB_STEP_SUMMARY', 'names a folder']
] as const)('%s %s: the step succeeds without it', (name, defect) =>
  withRunner(async runner => {
    delete process.env['RUNNER_TEMP']
    DEFECTS[defect](runner, name)
    expect(await runMain({})).toBeUndefined()
    expect(runner.text('GITHUB_OUTPUT')).toContain(TOKEN)
  })
)

test('files and folders are distinguished, and the error names the first defect', () =>
  withRunner(runner => {
    const env = { A: runner.path('GITHUB_ENV'), B: runner.folder, C: undefined }
    expect(() => requireWritable(env, { files: ['A'], folders: ['B'] })).not.toThrow()
    expect(() => requireWritable(env, { files: ['A', 'B'] })).toThrow(/^The path in B /)
    expect(() => requireWritable(env, { files: ['A'], folders: ['A'] })).toThrow(/^The path in A /)
    expect(() => requireWritable(env, { files: ['C', 'B'], folders: ['A'] })).toThrow(/^The path in C /)
  }))

test('files are truncated to the length that they had; one that did not exist stays away', () =>
  withRunner(runner => {
    const env = { A: runner.path('GITHUB_ENV'), B: `${runner.folder}/missing`, C: undefined }
    appendFileSync(env.A, 'EARLIER=1\n')
    const truncate = rememberLengths(env, ['A', 'B', 'C'])
    appendFileSync(env.A, 'LATER=1\n')
    truncate()
    expect(runner.text('GITHUB_ENV')).toBe('EARLIER=1\n')
    expect(readdirSync(runner.folder)).not.toContain('missing')
  }))
