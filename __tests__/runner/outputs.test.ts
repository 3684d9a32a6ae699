import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'
import type { ExchangeResult, Identity } from '../../src/auth/provider.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import type { Context } from '../../src/runner/context.js'
import { buildOutputs, publish, requireMasksWritten } from '../../src/runner/outputs.js'
import { TokenState } from '../../src/runner/token-state.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { DECLARED_OUTPUTS } from '../support/expected.js'
import { newContext, type Runner, withRunner } from '../support/in-process.js'
import { MADE_UP_CXONE_CLIENT, MADE_UP_GENESYS, readInputs } from '../support/read-inputs.js'

const TOKEN = 'published-token-0123456789'
const SUMMARY = '<h3>summary</h3>\n'

const RESULT: ExchangeResult = {
  token: {
    value: new Secret(TOKEN),
    kind: 'access',
    expiresInSeconds: 86_399,
    expiresAt: new Date('2026-11-23T09:05:07.123Z'),
    revocationBaseUrl: 'https://api.mypurecloud.ie'
  },
  apiUrl: 'https://api.mypurecloud.ie',
  region: 'eu-west-1',
  domain: 'mypurecloud.ie'
}

/** The platform sent nothing but the token. */
const BARE: ExchangeResult = { token: { value: new Secret(TOKEN), kind: 'access' } }

interface Options {
  readonly inputs?: Record<string, string>
  readonly result?: ExchangeResult
  readonly owner?: Identity
  readonly context?: Context
  /** Called once the token is saved and the outputs are built. */
  readonly beforePublish?: () => void
}

/** Builds and publishes the outputs of a result, as the token step does. */
function publishResult({
  inputs,
  result = RESULT,
  owner,
  context = newContext(),
  beforePublish
}: Options = {}): Context {
  const { inputs: read } = readInputs({ ...MADE_UP_GENESYS, ...inputs })
  if (read === undefined) throw new Error('the inputs were refused')
  const { env, log } = context
  const tokens = new TokenState('genesys')
  log.mask(result.token.value)
  tokens.add(result.token)
  const outputs = buildOutputs(result, owner, { options: read.output, env, log })
  beforePublish?.()
  publish(outputs, { context, tokens, revoke: read.revoke, summary: SUMMARY })
  return context
}

/** Does the same with variables and a file, and rolls back if that fails. Returns the error. */
function failToPublish({ context = newContext(), ...options }: Options = {}): unknown {
  const inputs = { 'export-env': 'A_TOKEN', 'tool-env': 'true', 'token-file': 'true' }
  try {
    publishResult({ inputs, context, ...options })
    return undefined
  } catch (error) {
    context.rollback.run()
    return error
  }
}

function tokenFolders({ folder }: Runner): string[] {
  return readdirSync(folder).filter(name => name.startsWith('cc-token-'))
}

/** A failure may leave the token only in its mask and in the saved state. */
function expectNothingPublished(runner: Runner): void {
  const log = runner.log().replace(/^::add-mask::.*\n/gm, '')
  expect(runner.text('GITHUB_OUTPUT') + runner.text('GITHUB_ENV') + log).not.toMatch(/published-|cc-token-/)
  expect(runner.text('GITHUB_STEP_SUMMARY')).toBe('')
  expect(tokenFolders(runner)).toEqual([])
  const { published = '' } = parseCommandFile(runner.text('GITHUB_STATE'))
  expect(published).toBe('')
}

describe('later steps get', () => {
  test('every output once, in the order of action.yml', () =>
    withRunner(runner => {
      const idlesAt = new Date('2026-11-22T10:00:00.000Z')
      publishResult({ owner: { id: 'the-id', name: 'Example', idlesAt } })
      const outputs = parseCommandFile(runner.text('GITHUB_OUTPUT'))
      expect(Object.keys(outputs)).toEqual(DECLARED_OUTPUTS.filter(name => name !== 'error-code'))
      expect(outputs).toMatchObject({
        token: TOKEN,
        'expires-in': '86399',
        'expires-at': '2026-11-23T09:05:07.123Z',
        'idles-at': '2026-11-22T10:00:00.000Z',
        'api-url': 'https://api.mypurecloud.ie',
        region: 'eu-west-1',
        domain: 'mypurecloud.ie',
        'organization-id': 'the-id',
        'organization-name': 'Example'
      })
      expect(runner.text('GITHUB_ENV')).toBe('')
      expect(runner.text('GITHUB_STEP_SUMMARY')).toBe(SUMMARY)
      expect(runner.log()).toBe(`::add-mask::${TOKEN}\n`)
    }))

  test('an empty output for what the platform did not send', () =>
    withRunner(runner => {
      publishResult({ result: BARE })
      expect(parseCommandFile(runner.text('GITHUB_OUTPUT'))).toMatchObject({
        token: TOKEN,
        'token-type': 'Bearer',
        'expires-in': '',
        'expires-at': '',
        'api-url': '',
        region: '',
        domain: '',
        'organization-id': ''
      })
    }))

  test('the path of the token file', () =>
    withRunner(runner => {
      publishResult({ inputs: { 'token-file': 'true' } })
      const { 'token-file': path = '' } = parseCommandFile(runner.text('GITHUB_OUTPUT'))
      expect(readFileSync(path, 'utf8')).toBe(TOKEN)
      expect(parseCommandFile(runner.text('GITHUB_STATE'))['token-folder']).toBe(
        join(runner.folder, tokenFolders(runner)[0] ?? '')
      )
    }))

  test('variables on Genesys: those of export-env and tool-env, one name in common', () =>
    withRunner(runner => {
      publishResult({ inputs: { 'export-env': 'GENESYSCLOUD_ACCESS_TOKEN\nMINE', 'tool-env': 'true' } })
      expect(parseCommandFile(runner.text('GITHUB_ENV'))).toEqual({
        GENESYSCLOUD_ACCESS_TOKEN: TOKEN,
        MINE: TOKEN,
        GENESYSCLOUD_REGION: 'eu-west-1',
        GENESYSCLOUD_API_REGION: 'https://api.mypurecloud.ie'
      })
    }))

  test('variables on CXone; none is set without a value', () =>
    withRunner(() => {
      const { inputs } = readInputs({ ...MADE_UP_CXONE_CLIENT, 'tool-env': 'true' })
      if (inputs === undefined) throw new Error('the inputs were refused')
      const build = (result: ExchangeResult) =>
        buildOutputs(result, undefined, { ...newContext(), options: inputs.output })
      const apiUrl = 'https://api-na1.niceincontact.com'
      const [full, bare] = [build({ ...BARE, apiUrl }), build(BARE)]
      expect(full.variables.get('CXONE_ACCESS_TOKEN')).toBe(BARE.token.value)
      expect(full.variables.get('CXONE_API_URL')).toBe(apiUrl)
      expect([[...bare.variables.keys()], bare.variablesWithoutValue]).toEqual([
        ['CXONE_ACCESS_TOKEN'],
        ['CXONE_API_URL']
      ])
    }))

  test.each([
    ['another value', 'something else', 1],
    ['the same value', TOKEN, 0],
    ['no value', '', 0]
  ])('a variable that had %s: %#', (_, before, count) =>
    withRunner(runner => {
      process.env['A_TOKEN'] = before
      publishResult({ inputs: { 'export-env': 'A_TOKEN' } })
      const notice = 'The variable A_TOKEN had another value; later steps get the value of this step.\n'
      expect(runner.log()).toBe(`::add-mask::${TOKEN}\n${notice.repeat(count)}`)
    })
  )

  test('a variable with the name of a property of every object had no other value', () =>
    withRunner(runner => {
      publishResult({ inputs: { 'export-env': 'toString,__proto__,constructor' } })
      expect(runner.log()).toBe(`::add-mask::${TOKEN}\n`)
    }))
})

test.each<[string, Partial<ExchangeResult>, Identity]>([
  ['api-url', { apiUrl: `https://${TOKEN}.example.com` }, { id: 'the-id' }],
  ['organization-name', {}, { id: 'the-id', name: encodeURIComponent(btoa(TOKEN)) }]
])('a value of the platform that contains a secret does not become the output %s', (name, values, owner) =>
  withRunner(runner => {
    const publishing = () => publishResult({ result: { ...RESULT, ...values }, owner })
    expect(publishing).toThrow(ActionError)
    expect(publishing).toThrow(
      `A response of the platform repeats a secret of this step, in what would be the output ${name}.`
    )
    expectNothingPublished(runner)
  })
)

test('if the runner does not accept the masks within two seconds: internal-error', async () => {
  const stdout = (write: (written: () => void) => void) =>
    ({ write: (_: string, written: () => void) => write(written) }) as unknown as NodeJS.WriteStream
  await requireMasksWritten(stdout(written => setImmediate(written)))
  jest.useFakeTimers()
  try {
    const written = expect(requireMasksWritten(stdout(() => {}))).rejects.toMatchObject({
      code: 'internal-error',
      message: 'The runner did not accept the masks of the token within 2 seconds.'
    })
    jest.advanceTimersByTime(2000)
    await written
  } finally {
    jest.useRealTimers()
  }
})

test('a step that is ending publishes nothing', () =>
  withRunner(runner => {
    const context = newContext()
    context.rollback.run()
    expect(failToPublish({ context })).toEqual(new Error('the step is ending'))
    expectNothingPublished(runner)
    expect(runner.text('GITHUB_STATE')).not.toMatch(/published<<|token-folder/)
  }))

describe('rollback', () => {
  test('truncates the files to their former length, removes the token file, and lets the post step revoke', () =>
    withRunner(runner => {
      for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'] as const)
        appendFileSync(runner.path(variable), 'EARLIER=1\n')
      const { rollback } = publishResult({ inputs: { 'export-env': 'A_TOKEN', 'token-file': 'true' } })
      const { published, 'token-folder': folder = '' } = parseCommandFile(runner.text('GITHUB_STATE'))
      expect([published, existsSync(folder)]).toEqual(['auto', true])
      expect(runner.text('GITHUB_OUTPUT')).toContain(TOKEN)
      expect(runner.text('GITHUB_ENV')).toContain(TOKEN)
      expect(runner.text('GITHUB_STEP_SUMMARY')).toBe(`EARLIER=1\n${SUMMARY}`)
      rollback.run()
      for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'] as const)
        expect(runner.text(variable)).toBe('EARLIER=1\n')
      expect(parseCommandFile(runner.text('GITHUB_STATE'))['published']).toBe('')
      expect(existsSync(folder)).toBe(false)
    }))

  test('works without GITHUB_ENV if no variable was asked for', () =>
    withRunner(runner => {
      rmSync(runner.path('GITHUB_ENV'))
      const { rollback } = publishResult()
      expect(runner.text('GITHUB_OUTPUT')).toContain(TOKEN)
      rollback.run()
      expect(runner.text('GITHUB_OUTPUT')).toBe('')
    }))
})

// Defects that exist at the start are found before the first request: see command-files.test.ts.
describe('if a file of the runner becomes unusable, nothing is left', () => {
  test.each(['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE'] as const)('%s is removed', variable =>
    withRunner(runner => {
      expect(failToPublish({ beforePublish: () => rmSync(runner.path(variable)) })).toBeInstanceOf(Error)
      expectNothingPublished(runner)
    })
  )

  test('GITHUB_ENV becomes a folder', () =>
    withRunner(runner => {
      appendFileSync(runner.path('GITHUB_OUTPUT'), 'EARLIER=1\n')
      const beforePublish = () => {
        rmSync(runner.path('GITHUB_ENV'))
        mkdirSync(runner.path('GITHUB_ENV'))
      }
      expect(failToPublish({ beforePublish })).toMatchObject({ code: 'EISDIR' })
      expectNothingPublished(runner)
      expect(runner.text('GITHUB_OUTPUT')).toBe('EARLIER=1\n')
    }))
})
