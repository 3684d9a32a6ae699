import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { main } from '../../src/main.js'
import { requireRunner } from '../../src/runner/command-files.js'
import { Logger } from '../../src/runner/logger.js'
import { Answering } from '../support/answering.js'
import { GENESYS } from '../support/reading.js'
import { type Surroundings, surrounded } from '../support/surroundings.js'
import { realClock } from '../support/wire.js'

const TOKEN = 'unpublished-token-0123456789'

let server: Answering
beforeAll(async () => {
  server = await Answering.open()
})
beforeEach(() => server.says([{ status: 200, body: JSON.stringify({ access_token: TOKEN }) }]))
afterAll(() => server.close())

/** Runs the main step to its error, which is returned; `undefined` if there is none. */
function run(inputs: Readonly<Record<string, string>>): Promise<unknown> {
  const all = { ...GENESYS, 'base-url': server.origin, ...inputs }
  const named = Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  const env = { ...process.env, ...Object.fromEntries(named) }
  return main({ env, console: new Logger(), clock: realClock }).then(
    () => undefined,
    error => error
  )
}

type File = 'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_ENV' | 'GITHUB_STEP_SUMMARY'

/** Everything that can be wrong with a file of the runner's. */
const WRONGS: Readonly<Record<string, (around: Surroundings, name: File) => void>> = {
  'is not set': (_, name) => delete process.env[name],
  'is empty': (_, name) => {
    process.env[name] = ''
  },
  'names nothing': (around, name) => rmSync(around.path(name)),
  'names a folder': (around, name) => {
    rmSync(around.path(name))
    mkdirSync(around.path(name))
  },
  'names something below a file': (around, name) => {
    process.env[name] = `${around.path(name)}/below`
  }
}
const NEEDED: [File, Record<string, string>][] = [
  ['GITHUB_OUTPUT', {}],
  ['GITHUB_STATE', {}],
  ['GITHUB_ENV', { 'export-env': 'A_TOKEN' }],
  ['GITHUB_ENV', { 'tool-env': 'true' }]
]

function expectRefused(error: unknown, name: string, around: Surroundings): void {
  expect(error).toBeInstanceOf(ActionError)
  const { code, message, hint } = error as ActionError
  expect({ code, message }).toEqual({
    code: 'internal-error',
    message: `What the runner names in ${name} is not there or cannot be written, so nothing could be handed on. Nothing was sent.`
  })
  expect(hint).toMatch(/^Run the action in a workflow/)
  expect(server.asked).toEqual([])
  // The toolkit prints as a command what it has no file for.
  expect(around.log().replace(/^::add-mask::.*\n/gm, '')).toBe('')
  for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE'] as const)
    expect(around.text(variable)).toBe('')
}

describe('a file of the runner’s that is not in order is refused before anything is sent', () => {
  test.each(
    NEEDED.flatMap(([name, inputs]) => Object.keys(WRONGS).map(wrong => [name, wrong, inputs] as const))
  )('%s %s (%j)', (name, wrong, inputs) =>
    surrounded(async around => {
      WRONGS[wrong]?.(around, name)
      expectRefused(await run(inputs), name, around)
    })
  )

  test.each<[string, (around: Surroundings) => void]>([
    ['is not set', () => delete process.env['RUNNER_TEMP']],
    [
      'is empty',
      () => {
        process.env['RUNNER_TEMP'] = ''
      }
    ],
    [
      'names nothing',
      around => {
        process.env['RUNNER_TEMP'] = `${around.folder}/nothing`
      }
    ],
    [
      'names a file',
      around => {
        process.env['RUNNER_TEMP'] = `${around.folder}/file`
        writeFileSync(`${around.folder}/file`, '')
      }
    ]
  ])('RUNNER_TEMP %s, and the token is to go to a file', (_, spoil) =>
    surrounded(async around => {
      spoil(around)
      expectRefused(await run({ 'token-file': 'true' }), 'RUNNER_TEMP', around)
      expect(readdirSync(around.folder).filter(name => name.startsWith('cc-token-'))).toEqual([])
    })
  )
})

describe('what is not needed need not be there', () => {
  test.each<[File, string]>([
    ...Object.keys(WRONGS).map((wrong): [File, string] => ['GITHUB_ENV', wrong]),
    ...Object.keys(WRONGS).map((wrong): [File, string] => ['GITHUB_STEP_SUMMARY', wrong])
  ])('%s %s', (name, wrong) =>
    surrounded(async around => {
      WRONGS[wrong]?.(around, name)
      expect(await run({})).toBeUndefined()
      expect(around.text('GITHUB_OUTPUT')).toContain(TOKEN)
    })
  )

  test('RUNNER_TEMP', () =>
    surrounded(async around => {
      delete process.env['RUNNER_TEMP']
      expect(await run({})).toBeUndefined()
      expect(around.text('GITHUB_OUTPUT')).toContain(TOKEN)
    }))
})

test('files and folders are told apart, and the first one that is wrong is named', () =>
  surrounded(around => {
    const env = { A: around.path('GITHUB_ENV'), B: around.folder, C: undefined }
    expect(() => requireRunner(env, ['A'], ['B'])).not.toThrow()
    expect(() => requireRunner(env, ['A', 'B'])).toThrow(/in B is not there/)
    expect(() => requireRunner(env, ['A'], ['A'])).toThrow(/in A is not there/)
    expect(() => requireRunner(env, ['C', 'B'], ['A'])).toThrow(/in C is not there/)
  }))
