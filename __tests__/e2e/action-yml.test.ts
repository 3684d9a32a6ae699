import { afterAll, afterEach, expect, test } from '@jest/globals'
import { deleteAllFakedDirs, RunOptions, RunTarget } from 'github-action-ts-run-api'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  GENESYS_CLIENT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'

// A second opinion on how an action is run: inputs with their defaults and the entry point out of action.yml,
// command files and masks as this package reads them.
const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
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

test('Genesys Cloud, from action.yml with its defaults', async () => {
  const genesys = await startGenesys()
  open.push(() => genesys.close())
  const ran = await run({
    provider: 'Genesys-Cloud',
    region: 'EU-WEST-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'base-url': genesys.origin
  })
  const [token = ''] = genesys.tokens.keys()
  expect([ran.error, ran.exitCode, ran.isSuccess, ran.stderr, ran.runnerWarnings]).toEqual([
    undefined,
    0,
    true,
    '',
    []
  ])
  expect(ran.commands.outputs).toEqual({
    token,
    'token-type': 'Bearer',
    'expires-in': '86400',
    'expires-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    'api-url': genesys.origin,
    region: 'eu-west-1',
    domain: 'mypurecloud.ie',
    'organization-id': '',
    'organization-name': '',
    'token-file': ''
  })
  expect(ran.commands.secrets).toContain(token)
  expect(ran.commands.secrets).toContain(GENESYS_CLIENT.secret)
  expect([ran.commands.errors, ran.commands.warnings, ran.commands.exportedVars]).toEqual([[], [], {}])
  expect(genesys.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /oauth/token'])
})

test('NICE CXone, from action.yml with its defaults', async () => {
  const cxone = await startCxone()
  open.push(() => cxone.close())
  const ran = await run({
    provider: 'nice-cxone',
    'client-id': CXONE_APPLICATION.id,
    'client-secret': CXONE_APPLICATION.secret,
    'access-key-id': CXONE_ACCESS_KEY.id,
    'access-key-secret': CXONE_ACCESS_KEY.secret,
    'tool-env': 'true',
    'base-url': cxone.origin
  })
  const [token = ''] = cxone.tokens.keys()
  expect([ran.error, ran.exitCode, ran.isSuccess, ran.stderr, ran.runnerWarnings]).toEqual([
    undefined,
    0,
    true,
    '',
    []
  ])
  expect(ran.commands.outputs).toMatchObject({
    token,
    'expires-in': '3600',
    'api-url': cxone.origin,
    region: 'na1'
  })
  expect(ran.commands.exportedVars).toEqual({ CXONE_ACCESS_TOKEN: token, CXONE_API_URL: cxone.origin })
  expect(cxone.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
    'GET /.well-known/openid-configuration',
    'POST /auth/token',
    'GET /.well-known/cxone-configuration'
  ])
})

test('a failure', async () => {
  const genesys = await startGenesys()
  open.push(() => genesys.close())
  const ran = await run({
    provider: 'genesys',
    region: 'eu-west-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': 'wrong-secret',
    'base-url': genesys.origin
  })
  expect([ran.exitCode, ran.isSuccess, ran.stderr]).toEqual([1, false, ''])
  expect(ran.commands.outputs).toEqual({ 'error-code': 'credentials-rejected' })
  expect(ran.commands.errors).toEqual([
    expect.stringMatching(/^\[credentials-rejected\] POST .*\nCheck that the client belongs to eu-west-1: /)
  ])
})
