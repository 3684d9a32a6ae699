import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  cleanUp,
  EXCHANGES,
  type Exchange,
  GENESYS,
  type Inputs,
  LONG_LIVED,
  main,
  ORGANIZATION,
  post,
  published,
  record,
  TEXTS,
  TOKEN_FILE,
  written
} from '../support/lifecycle.js'
import { cleanup } from '../support/runner.mjs'

const { id, name } = ORGANIZATION
const { login, longLived } = EXCHANGES

let platform: GenesysEmulator
beforeEach(async () => {
  platform = await startGenesys()
})
afterEach(async () => {
  await platform.close()
  cleanup()
})

const alive = () => [...platform.tokens.values()].map(({ kind, revoked }) => (revoked ? 'revoked' : kind))

test('publishes the token in every way, a later step uses it, and it is revoked when the job ends', async () => {
  const inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
  const ran = await main(platform, { ...GENESYS, ...inputs })
  const env = {
    CC_TOKEN: '{token 1}',
    GENESYSCLOUD_ACCESS_TOKEN: '{token 1}',
    GENESYSCLOUD_REGION: 'eu-west-1',
    GENESYSCLOUD_API_REGION: '{origin}'
  }
  expect(written(ran, platform)).toEqual(
    published(login, {
      owner: `organisation ${name} (${id})`,
      requests: 2,
      places: ['a file', ...Object.keys(env)],
      outputs: { 'organization-id': id, 'organization-name': name, 'token-file': TOKEN_FILE },
      env,
      summary: { Organisation: `${name} <code>${id}</code>` }
    })
  )
  expect(alive()).toEqual(['access'])

  const script =
    'const token = require("node:fs").readFileSync(process.argv[1], "utf8");' +
    'fetch(process.env.GENESYSCLOUD_API_REGION + "/api/v2/tokens/me", {headers: {Authorization: "Bearer " + token}})' +
    '.then(({status}) => console.log(status, token === process.env.CC_TOKEN))'
  const nextStep = await promisify(execFile)(
    process.execPath,
    ['-e', script, ran.outputs['token-file'] ?? ''],
    { env: { PATH: process.env['PATH'] ?? '', ...ran.exported } }
  )
  expect(nextStep.stdout).toBe('200 true\n')

  const ended = await post(ran)
  expect(written(ended, platform)).toEqual(
    cleanUp('Clean-up: access token revoked; token file removed.', [1])
  )
  expect(alive()).toEqual(['revoked'])
  expect(ended.leftovers()).toEqual([])
  expect(record(platform)).toEqual([
    'POST /oauth/token Basic 200',
    'GET /api/v2/tokens/me?preserveIdleTTL=true token 1 200',
    'GET /api/v2/tokens/me token 1 200',
    'DELETE /api/v2/tokens/me token 1 200'
  ])
})

describe('when the job ends', () => {
  const KEPT = 'kept, because revoke is false'
  const cases: {
    title: string
    inputs: Inputs
    exchange: Exchange
    policy: string
    says: string
    line: string
    alive: string[]
    deletes: string[]
  }[] = [
    {
      title: 'an access token is revoked; without further inputs, only outputs are written',
      inputs: GENESYS,
      exchange: login,
      policy: 'auto',
      says: TEXTS.revokedLater,
      line: 'access token revoked',
      alive: ['revoked'],
      deletes: ['token 1']
    },
    {
      title: 'a long-lived token is kept, and its initial token revoked',
      inputs: LONG_LIVED,
      exchange: longLived,
      policy: 'auto',
      says: TEXTS.outlivesJob,
      line: 'long-lived token kept, because it is to outlive the job; access token revoked',
      alive: ['revoked', 'long-lived'],
      deletes: ['token 1']
    },
    {
      title: 'revoke: true revokes a long-lived token too',
      inputs: LONG_LIVED,
      exchange: longLived,
      policy: 'true',
      says: TEXTS.revokedLater,
      line: 'access token revoked; long-lived token revoked',
      alive: ['revoked', 'revoked'],
      deletes: ['token 1', 'token 2']
    },
    {
      title: 'revoke: false keeps both tokens of a long-lived exchange',
      inputs: LONG_LIVED,
      exchange: longLived,
      policy: 'false',
      says: TEXTS.keptByPolicy,
      line: `access token ${KEPT}; long-lived token ${KEPT}`,
      alive: ['access', 'long-lived'],
      deletes: []
    },
    {
      title: 'revoke: false keeps an access token',
      inputs: GENESYS,
      exchange: login,
      policy: 'false',
      says: TEXTS.keptByPolicy,
      line: `access token ${KEPT}`,
      alive: ['access'],
      deletes: []
    }
  ]
  test.each(cases)('$title', async ({ inputs, exchange, policy, says, line, alive: expected, deletes }) => {
    const ran = await main(platform, { ...inputs, revoke: policy, summary: 'false' })
    expect(written(ran, platform)).toEqual(published(exchange, { policy, cleanUp: says }))
    expect(ran.leftovers()).toEqual([])
    const before = record(platform)
    expect(before).toEqual([
      'POST /oauth/token Basic 200',
      ...(exchange === longLived ? ['POST /api/v2/oauth/token/generate token 1 200'] : [])
    ])
    const ended = await post(ran)
    const tokens = exchange === longLived ? [1, 2] : [1]
    expect(written(ended, platform)).toEqual(cleanUp(`Clean-up: ${line}.`, tokens))
    expect(alive()).toEqual(expected)
    // Two tokens are revoked at the same time, in any order.
    expect(record(platform).slice(before.length).sort()).toEqual(
      deletes.map(token => `DELETE /api/v2/tokens/me ${token} 200`)
    )
  })

  test('a token that was revoked in the meantime is already invalid', async () => {
    const ran = await main(platform, GENESYS)
    for (const token of platform.tokens.values()) token.revoked = true
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token already invalid.', [1]))
    expect(record(platform).at(-1)).toBe('DELETE /api/v2/tokens/me token 1 401')
  })

  test('404 does not prove that the token is invalid', async () => {
    const ran = await main(platform, GENESYS)
    platform.intercept = (request, response) => {
      request.status = 404
      response.writeHead(404).end()
      return true
    }
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(
      cleanUp(
        '::warning::Clean-up: access token not revoked (DELETE {origin}/api/v2/tokens/me answered 404, 1 attempt); ' +
          'it expires at {time}.',
        [1]
      )
    )
  })

  test('a token that has expired by the clock of the runner is revoked all the same', async () => {
    const ran = await main(platform, { ...GENESYS, 'token-file': 'true' })
    const token = (ran.state['token-1'] ?? '').replace(/"expiresAtMs":\d+/, '"expiresAtMs":1000')
    const ended = await post({ ...ran, state: { ...ran.state, 'token-1': token } })
    expect(written(ended, platform)).toEqual(
      cleanUp('Clean-up: access token revoked; token file removed.', [1])
    )
    expect(alive()).toEqual(['revoked'])
    expect(ended.leftovers()).toEqual([])
  })
})

test('two steps of one job keep their states apart', async () => {
  const inputs = { ...GENESYS, 'token-file': 'true', summary: 'false' }
  const first = await main(platform, inputs)
  const second = await main(
    platform,
    { ...inputs, revoke: 'false' },
    { jobDir: first.jobDir, knownMasks: first.masks }
  )
  const [one, two] = [first.outputs['token-file'], second.outputs['token-file']]
  expect(one).not.toBe(two)
  expect(first.leftovers()).toHaveLength(4)
  expect([first.outputs['token'], second.outputs['token']]).toEqual([...platform.tokens.keys()])

  // The runner runs the post steps in reverse order.
  const endOfSecond = await post(second)
  expect(written(endOfSecond, platform)).toEqual(
    cleanUp('Clean-up: access token kept, because revoke is false; token file removed.', [2])
  )
  expect(alive()).toEqual(['access', 'access'])
  expect(first.leftovers().map(file => `${first.tempDir}/${file}`)).toContain(one)
  const endOfFirst = await post(first)
  expect(written(endOfFirst, platform)).toEqual(
    cleanUp('Clean-up: access token revoked; token file removed.', [1])
  )
  expect(alive()).toEqual(['revoked', 'access'])
  expect(first.leftovers()).toEqual([])
  expect(record(platform)).toEqual([
    'POST /oauth/token Basic 200',
    'POST /oauth/token Basic 200',
    'DELETE /api/v2/tokens/me token 1 200'
  ])
})

test('inputs that reach the post step change nothing', async () => {
  const ran = await main(platform, GENESYS)
  const ended = await post(ran, {
    env: { INPUT_REVOKE: 'false', INPUT_PROVIDER: 'nonsense', 'INPUT_BASE-URL': 'http://127.0.0.1:1' }
  })
  expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
})
