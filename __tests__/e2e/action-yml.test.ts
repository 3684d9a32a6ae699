import { afterAll, afterEach, expect, test } from '@jest/globals'
import { deleteAllFakedDirs, RunOptions, RunTarget } from 'github-action-ts-run-api'
import { startCxone, startGenesys } from '../../emulator/index.mjs'
import { DECLARED_OUTPUTS, EXCHANGES, OUTPUTS } from '../support/expected.js'
import { CXONE_APPLICATION_INPUTS, GENESYS, type Inputs } from '../support/inputs.js'
import { knownOutputs, normal } from '../support/written.js'

// A second opinion on how an action is run: this package reads inputs, defaults and the entry point from action.yml, and
// command files and masks by rules of its own.
const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})
afterAll(() => deleteAllFakedDirs())

function run(inputs: Record<string, string>) {
  const options = RunOptions.create()
    .setInputs(inputs)
    .setShouldAddProcessEnv(false)
    .setOutputOptions({ printStdout: false, printStderr: false })
    .setTimeoutMs(10_000)
  return RunTarget.mainJs('action.yml').run(options)
}

test('the outputs of action.yml are those that the tests know', () => {
  const untested = DECLARED_OUTPUTS.filter(name => name !== 'error-code' && !Object.hasOwn(OUTPUTS, name))
  if (untested.length > 0)
    throw new Error(
      `action.yml declares ${untested.join(', ')}: add it to OUTPUTS in __tests__/support/expected.ts, with its ` +
        'value for a Genesys Cloud access token, and to EXCHANGES where it differs'
    )
  expect(DECLARED_OUTPUTS).toEqual([...Object.keys(OUTPUTS), 'error-code'])
})

test.each([
  {
    name: 'Genesys Cloud',
    start: startGenesys,
    inputs: { ...GENESYS, provider: 'Genesys-Cloud', region: 'EU-WEST-1' } as Inputs,
    exchange: EXCHANGES.login,
    variables: {}
  },
  {
    name: 'NICE CXone',
    start: startCxone,
    inputs: { ...CXONE_APPLICATION_INPUTS, provider: 'nice-cxone', 'tool-env': 'true' } as Inputs,
    exchange: EXCHANGES.application,
    variables: { CXONE_ACCESS_TOKEN: '{token 1}', CXONE_API_URL: '{origin}' }
  }
])('$name, from action.yml with its defaults', async ({ start, inputs, exchange, variables }) => {
  const platform = await start()
  open.push(platform)
  const ran = await run({ ...inputs, 'base-url': platform.origin })
  const { error, exitCode, isSuccess, stderr, runnerWarnings, commands } = ran
  expect([error, exitCode, isSuccess, stderr, runnerWarnings]).toEqual([undefined, 0, true, '', []])
  const plain = (values: object) => JSON.parse(normal(JSON.stringify(values), platform))
  expect(knownOutputs(plain(commands.outputs))).toEqual(exchange.outputs)
  expect(plain(commands.exportedVars)).toEqual(variables)
  expect(commands.secrets).toEqual(
    expect.arrayContaining([...platform.tokens.keys(), inputs['client-secret']])
  )
  expect([commands.errors, commands.warnings]).toEqual([[], []])
  expect(platform.requests).toHaveLength(exchange.requests)
})

test('a failure', async () => {
  const genesys = await startGenesys()
  open.push(genesys)
  const ran = await run({ ...GENESYS, 'client-secret': 'wrong-secret', 'base-url': genesys.origin })
  expect([ran.exitCode, ran.isSuccess, ran.stderr]).toEqual([1, false, ''])
  expect(ran.commands.outputs).toEqual({ 'error-code': 'credentials-rejected' })
  expect(ran.commands.errors).toEqual([expect.stringMatching(/^\[credentials-rejected\] POST .*\nCheck /)])
})
