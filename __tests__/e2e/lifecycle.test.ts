import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  cleanUp,
  entry,
  GENESYS,
  GENESYS_HEAD,
  genesysOutputs,
  LONG_LIVED,
  lines,
  main,
  post,
  record,
  savedToken,
  summaryOf,
  written
} from '../support/lifecycle.js'
import { cleanup } from '../support/runner.mjs'

const TITLE = 'Genesys Cloud access token'
const ORGANIZATION = '0f4e2c9a-71d8-4c36-b5a2-93e6d1f07b48'

let platform: GenesysEmulator
beforeEach(async () => {
  platform = await startGenesys()
})
afterEach(async () => {
  await platform.close()
  cleanup()
})

const alive = () => [...platform.tokens.values()].map(({ kind, revoked }) => (revoked ? 'revoked' : kind))

test('published in every way that there is, used by a later step, and revoked when the job ends', async () => {
  const inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
  const ran = await main(platform, { ...GENESYS, ...inputs })
  expect(written(ran, platform)).toEqual({
    exitCode: 0,
    stdout: lines(
      ...GENESYS_HEAD,
      `Granted an access token of Example Contact Centre (${ORGANIZATION}) for 24 h, until {minute} (2 requests).`,
      'Handed on as the output token, a file, CC_TOKEN, GENESYSCLOUD_ACCESS_TOKEN, GENESYSCLOUD_REGION and ' +
        'GENESYSCLOUD_API_REGION. It is revoked when the job ends.'
    ),
    stderr: '',
    output: genesysOutputs({
      'organization-id': ORGANIZATION,
      'organization-name': 'Example Contact Centre',
      'token-file': '{temp}/cc-token-{uuid}/token'
    }),
    env:
      entry('CC_TOKEN', '{token 1}') +
      entry('GENESYSCLOUD_ACCESS_TOKEN', '{token 1}') +
      entry('GENESYSCLOUD_REGION', 'eu-west-1') +
      entry('GENESYSCLOUD_API_REGION', '{origin}'),
    state: savedToken(1) + entry('folder', '{temp}/cc-token-{uuid}') + entry('handed-on', 'auto'),
    summary: summaryOf(TITLE, {
      Organisation: `Example Contact Centre <code>${ORGANIZATION}</code>`,
      Region: '<code>eu-west-1</code> <code>mypurecloud.ie</code>',
      API: '<code>{origin}</code>',
      Exchange: 'Client credentials at the login host',
      Granted: '{minute}, after 2 requests',
      Expires: '{minute}, in 24 h',
      'Clean-up': 'Revoked when the job ends'
    })
  })
  expect(alive()).toEqual(['access'])

  const script =
    'const token = require("node:fs").readFileSync(process.argv[1], "utf8");' +
    'fetch(process.env.GENESYSCLOUD_API_REGION + "/api/v2/tokens/me", {headers: {Authorization: "Bearer " + token}})' +
    '.then(({status}) => console.log(status, token === process.env.CC_TOKEN))'
  const nextStep = await promisify(execFile)(
    process.execPath,
    ['-e', script, ran.outputs['token-file'] ?? ''],
    {
      env: { PATH: process.env['PATH'] ?? '', ...ran.exported }
    }
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

test('nothing but the outputs unless more is asked for', async () => {
  const ran = await main(platform, { ...GENESYS, summary: 'false' })
  expect(written(ran, platform)).toEqual({
    exitCode: 0,
    stdout: lines(
      ...GENESYS_HEAD,
      'Granted an access token for 24 h, until {minute} (1 request).',
      'Handed on as the output token. It is revoked when the job ends.'
    ),
    stderr: '',
    output: genesysOutputs(),
    env: '',
    state: savedToken(1) + entry('handed-on', 'auto'),
    summary: ''
  })
  expect(ran.leftovers()).toEqual([])
  const ended = await post(ran)
  expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
  expect(record(platform)).toEqual(['POST /oauth/token Basic 200', 'DELETE /api/v2/tokens/me token 1 200'])
})

describe('when the job ends', () => {
  const LONG = [
    ...GENESYS_HEAD.with(
      2,
      'Genesys Cloud eu-west-1 (mypurecloud.ie): exchanging client credentials for a long-lived token (the tutorial’s request).'
    ),
    '::add-mask::{token 2}',
    'Granted a long-lived token for 365 d, until {minute} (2 requests).'
  ]
  const lives = [
    {
      life: 'a long-lived token is left alone, and its initial token revoked',
      inputs: LONG_LIVED,
      says: [
        ...LONG,
        'Handed on as the output token. It outlives the job; the initial token is revoked when the job ends.'
      ],
      policy: 'auto',
      line: 'Clean-up: long-lived token left alone, for it is made to outlive the job; access token revoked.',
      alive: ['revoked', 'long-lived'],
      asked: ['DELETE /api/v2/tokens/me token 1 200']
    },
    {
      life: 'revoke: true revokes a long-lived token too',
      inputs: { ...LONG_LIVED, revoke: 'true' },
      says: [...LONG, 'Handed on as the output token. It is revoked when the job ends.'],
      policy: 'true',
      line: 'Clean-up: access token revoked; long-lived token revoked.',
      alive: ['revoked', 'revoked'],
      asked: ['DELETE /api/v2/tokens/me token 1 200', 'DELETE /api/v2/tokens/me token 2 200']
    },
    {
      life: 'revoke: false leaves both of a long-lived exchange',
      inputs: { ...LONG_LIVED, revoke: 'false' },
      says: [...LONG, 'Handed on as the output token. It is left alone when the job ends.'],
      policy: 'false',
      line: 'Clean-up: access token left alone, as revoke: false asks; long-lived token left alone, as revoke: false asks.',
      alive: ['access', 'long-lived'],
      asked: []
    },
    {
      life: 'revoke: false leaves an access token',
      inputs: { ...GENESYS, revoke: 'false' },
      says: [
        ...GENESYS_HEAD,
        'Granted an access token for 24 h, until {minute} (1 request).',
        'Handed on as the output token. It is left alone when the job ends.'
      ],
      policy: 'false',
      line: 'Clean-up: access token left alone, as revoke: false asks.',
      alive: ['access'],
      asked: []
    }
  ]
  test.each(lives)('$life', async ({ inputs, says, policy, line, alive: expected, asked }) => {
    const long = expected.length === 2
    const ran = await main(platform, { ...inputs, summary: 'false' })
    expect(written(ran, platform)).toEqual({
      exitCode: 0,
      stdout: lines(...says),
      stderr: '',
      output: long ? genesysOutputs({ 'expires-in': '31536000' }, '{token 2}') : genesysOutputs(),
      env: '',
      state: savedToken(1) + (long ? savedToken(2, 'long-lived') : '') + entry('handed-on', policy),
      summary: ''
    })
    const before = record(platform)
    expect(before).toEqual([
      'POST /oauth/token Basic 200',
      ...(long ? ['POST /api/v2/oauth/token/generate token 1 200'] : [])
    ])
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp(line, long ? [1, 2] : [1]))
    expect(alive()).toEqual(expected)
    // Two tokens are revoked at the same moment, whichever comes first.
    expect(record(platform).slice(before.length).sort()).toEqual(asked)
  })

  test('a token that somebody else revoked is gone already', async () => {
    const ran = await main(platform, GENESYS)
    for (const token of platform.tokens.values()) token.revoked = true
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token already gone.', [1]))
    expect(record(platform).at(-1)).toBe('DELETE /api/v2/tokens/me token 1 401')
  })

  test('an address that knows no tokens counts as gone already', async () => {
    const ran = await main(platform, GENESYS)
    platform.intercept = (request, response) => {
      request.status = 404
      response.writeHead(404).end()
      return true
    }
    const ended = await post(ran)
    expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token already gone.', [1]))
  })

  test('a token that has expired is not asked about, and its file is removed all the same', async () => {
    const short = await startGenesys({ clients: [{ lifetimeSeconds: 1 }] })
    try {
      const ran = await main(short, { ...GENESYS, 'token-file': 'true' })
      expect(ran.outputs['expires-in']).toBe('1')
      expect(ran.leftovers()).toHaveLength(2)
      await sleep(Math.max(0, Date.parse(ran.outputs['expires-at'] ?? '') - Date.now() + 20))
      const ended = await post(ran)
      expect(written(ended, short)).toEqual(
        cleanUp('Clean-up: access token expired already; token file removed.', [1])
      )
      expect(record(short)).toEqual(['POST /oauth/token Basic 200'])
      expect(ended.leftovers()).toEqual([])
    } finally {
      await short.close()
    }
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

  // The runner runs the post steps in the opposite order.
  const endOfSecond = await post(second)
  expect(written(endOfSecond, platform)).toEqual(
    cleanUp('Clean-up: access token left alone, as revoke: false asks; token file removed.', [2])
  )
  expect(alive()).toEqual(['access', 'access'])
  expect(first.leftovers().map(name => `${first.tempDir}/${name}`)).toContain(one)
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

test('inputs that reach the post step after all change nothing', async () => {
  const ran = await main(platform, GENESYS)
  const ended = await post(ran, {
    env: { INPUT_REVOKE: 'false', INPUT_PROVIDER: 'nonsense', 'INPUT_BASE-URL': 'http://127.0.0.1:1' }
  })
  expect(written(ended, platform)).toEqual(cleanUp('Clean-up: access token revoked.', [1]))
})
