import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import nock from 'nock'
import {
  GENESYS_REGIONS,
  nearestGenesysRegion,
  parseGenesysRegion
} from '../../../src/auth/genesys/regions.js'
import { main } from '../../../src/main.js'
import { parseCommandFile } from '../../support/command-files.mjs'
import { runStep } from '../../support/in-process.js'
import { quotedAs } from '../../support/read-inputs.js'

/** Written a second time on purpose: the source is compared with the design, not with itself. */
const TABLE: [string, string][] = [
  ['us-east-1', 'mypurecloud.com'],
  ['us-east-2', 'use2.us-gov-pure.cloud'],
  ['us-west-2', 'usw2.pure.cloud'],
  ['ca-central-1', 'cac1.pure.cloud'],
  ['sa-east-1', 'sae1.pure.cloud'],
  ['mx-central-1', 'mxc1.pure.cloud'],
  ['ap-south-1', 'aps1.pure.cloud'],
  ['ap-northeast-1', 'mypurecloud.jp'],
  ['ap-northeast-2', 'apne2.pure.cloud'],
  ['eu-west-1', 'mypurecloud.ie'],
  ['eu-west-2', 'euw2.pure.cloud'],
  ['eu-central-1', 'mypurecloud.de'],
  ['eu-central-2', 'euc2.pure.cloud'],
  ['eusc-de-east-1', 'edee1.eusc-pure.cloud'],
  ['me-central-1', 'mec1.pure.cloud'],
  ['ap-southeast-1', 'apse1.pure.cloud'],
  ['ap-southeast-2', 'mypurecloud.com.au'],
  ['ap-northeast-3', 'apne3.pure.cloud']
]

const CREDENTIALS = { provider: 'genesys', 'client-id': 'region-client', 'client-secret': 'region-secret-1' }

const run = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  runStep(main, { inputs: { ...CREDENTIALS, ...inputs }, env })

/** Requests that no test expects. */
const strays: string[] = []
beforeAll(() => {
  if (!nock.isActive()) nock.activate()
  nock.disableNetConnect()
  nock.emitter.on('no match', request => strays.push(request.url))
})
beforeEach(() => {
  strays.length = 0
})
afterAll(() => {
  nock.emitter.removeAllListeners('no match')
  nock.cleanAll()
  nock.enableNetConnect()
  nock.restore()
})

describe('the list of regions', () => {
  test('is complete; if there is a new region, add it to TABLE in this file', () => {
    const rows = GENESYS_REGIONS.map(({ code, domain }) => [code, domain])
    expect(rows.sort()).toEqual([...TABLE].sort())
  })

  test.each(TABLE)('%s is %s: by code, domain or any URL, in any case', (code, domain) => {
    const forms = [
      code,
      domain,
      `login.${domain}`,
      `api.${domain}`,
      `apps.${domain}`,
      `https://${domain}`,
      `https://${domain}/`,
      `https://apps.${domain}/directory/#/admin?x=1&y=%20`,
      `https://login.${domain}:443/oauth/token`,
      `http://apps.${domain}/`,
      `https://api.${domain}?a=b`,
      `https://some-org.apps.${domain}#x`
    ]
    for (const form of [...forms, ...forms.map(one => one.toUpperCase())])
      expect([form, parseGenesysRegion(form)]).toEqual([form, { code, domain }])
  })

  test.each(TABLE)('%s: the only request goes to login.%s', async (code, domain) => {
    const token = `token-of-${code}-0123456789`
    nock(`https://login.${domain}`).post('/oauth/token').reply(200, { access_token: token, expires_in: 60 })
    const ran = await run({ region: `https://APPS.${domain}/` })
    expect([ran.exitCode, strays]).toEqual([0, []])
    expect(parseCommandFile(ran.output)).toMatchObject({
      token,
      region: code,
      domain,
      'api-url': `https://api.${domain}`
    })
    expect(ran.stdout).not.toContain('::warning::')
  })
})

describe('new regions', () => {
  test.each([
    ['new1.pure.cloud', 'new1.pure.cloud'],
    ['https://apps.new1.pure.cloud/x', 'new1.pure.cloud'],
    ['LOGIN.USE9.US-GOV-PURE.CLOUD', 'use9.us-gov-pure.cloud'],
    ['api.edfr1.eusc-pure.cloud', 'edfr1.eusc-pure.cloud'],
    ['a.b.c.new1.pure.cloud', 'new1.pure.cloud']
  ])('%s is %s, without a code', (text, domain) => expect(parseGenesysRegion(text)).toEqual({ domain }))

  test('are accepted with a warning; the code is empty, and no variable gets it', async () => {
    nock('https://login.new1.pure.cloud')
      .post('/oauth/token')
      .reply(200, { access_token: 'token-of-a-new-region', expires_in: 60 })
    const ran = await run({ region: 'apps.new1.pure.cloud', 'tool-env': 'true' })
    expect([ran.exitCode, strays]).toEqual([0, []])
    expect(ran.stdout).toMatch(/^::warning::.*new1\.pure\.cloud is not in the list/m)
    expect(parseCommandFile(ran.output)).toMatchObject({ region: '', domain: 'new1.pure.cloud' })
    expect(parseCommandFile(ran.env)).toEqual({
      GENESYSCLOUD_ACCESS_TOKEN: 'token-of-a-new-region',
      GENESYSCLOUD_API_REGION: 'https://api.new1.pure.cloud'
    })
    expect(ran.stdout).toContain(
      'Available as output token, GENESYSCLOUD_ACCESS_TOKEN and GENESYSCLOUD_API_REGION.'
    )
    expect(ran.stdout.match(/^.*GENESYSCLOUD_REGION.*$/gm)).toEqual([
      '::warning::GENESYSCLOUD_REGION is not set, because this login method does not tell its value.'
    ])
  })
})

describe('an error names the nearest region', () => {
  test.each([
    ['eu-west-9', 'eu-west-1'],
    ['eu-west1', 'eu-west-1'],
    ['euwest-1', 'eu-west-1'],
    ['eu_central_1', 'eu-central-1'],
    ['us-east1', 'us-east-1'],
    ['me_central_1', 'me-central-1'],
    ['ap_northeast_3', 'ap-northeast-3'],
    ['mypurecloud.cm', 'us-east-1'],
    ['mypurecloud.con', 'us-east-1'],
    ['mypurecloud.i', 'eu-west-1'],
    ['mypurecloud.dee', 'eu-central-1'],
    ['mypurecloud.jpp', 'ap-northeast-1'],
    ['mypurecloud.com.uau', 'ap-southeast-2'],
    ['MYPURECLOUD,DE', 'eu-central-1'],
    ['usw2.purecloud', 'us-west-2'],
    ['euc2.pure.clod', 'eu-central-2']
  ])('%s is nearest to %s', async (text, code) => {
    expect(parseGenesysRegion(text)).toBeUndefined()
    expect(nearestGenesysRegion(text).code).toBe(code)
    const domain = TABLE.find(([one]) => one === code)?.[1]
    const ran = await run({ region: text })
    expect(ran.stdout).toContain(`The nearest known region is ${code} (${domain}).`)
    expect([ran.exitCode, parseCommandFile(ran.output), strays]).toEqual([
      1,
      { 'error-code': 'invalid-input' },
      []
    ])
  })
})

const hostile = [
  'evil.com',
  'mypurecloud.com.evil.com',
  'mypurecloud.com@evil.com',
  'x.pure.cloud.evil.com',
  'evil.com/.pure.cloud',
  'evil.com#.pure.cloud',
  'evil.com?.pure.cloud',
  'evil.com\\.pure.cloud',
  'evil.com:443.pure.cloud',
  'evil.com%2f.pure.cloud',
  'evil.com;.pure.cloud',
  'evil.com&x=.pure.cloud',
  'evil.com@x.pure.cloud',
  'https://mypurecloud.com@evil.com/',
  'https://evil.com@mypurecloud.com/',
  'https://user:pass@mypurecloud.com/',
  'https://evil.com/mypurecloud.com',
  'https://evil.com/?https://mypurecloud.com',
  'https://evil.com#mypurecloud.com',
  'https://evil.com\\mypurecloud.com',
  'https://evil.com\\@mypurecloud.com',
  'https:\\\\mypurecloud.com',
  'https:/mypurecloud.com',
  'https:mypurecloud.com',
  'https:///mypurecloud.com',
  '//mypurecloud.com',
  'ftp://mypurecloud.com',
  'javascript://mypurecloud.com',
  'https://mypurecloud.com:8443/',
  'https://mypurecloud.com:80443',
  'mypurecloud.com:443',
  'mypurecloud.com/',
  'mypurecloud.com/path',
  'mypurecloud.com.',
  '.mypurecloud.com',
  'login..mypurecloud.com',
  'evilmypurecloud.com',
  'evil-mypurecloud.com',
  'evilpure.cloud',
  'evil-pure.cloud',
  'x.evil-pure.cloud',
  'x.evilpure.cloud',
  'pure.cloud',
  '.pure.cloud',
  'login.pure.cloud',
  'api.pure.cloud',
  'apps.us-gov-pure.cloud',
  '-x.pure.cloud',
  'x-.pure.cloud',
  '*.pure.cloud',
  'x_y.pure.cloud',
  `${'x'.repeat(64)}.pure.cloud`,
  'evil.com\n.pure.cloud',
  'mypurecloud.com\nevil.com',
  'mypurecloud.com\r\nHost: evil.com',
  'eu-west-1\neu-west-2',
  'mypurecloud\t.com',
  'my purecloud.com',
  'mypurecloud.com\u0000.evil.com',
  'mypurecloud。com',
  'ｍypurecloud.com',
  'mypurecl\u200boud.com',
  'mypurecl\u00adoud.com',
  'mypurecl\u043eud.com',
  'xn--mypureclud-dnh.com',
  'mypureⅽloud.com',
  '127.0.0.1',
  '2130706433',
  '[::1]',
  'http://169.254.169.254/latest/meta-data',
  'localhost',
  '__proto__',
  'constructor',
  'undefined',
  '..',
  '../../etc/passwd',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression that a workflow forgot to evaluate
  '${{ secrets.REGION }}',
  '$(curl evil.com)',
  '%0aeu-west-1',
  '::add-mask::x',
  'x'.repeat(10_000),
  `${'x.'.repeat(5000)}pure.cloud`,
  `https://${'a'.repeat(10_000)}.mypurecloud.com/`,
  `https://mypurecloud.com/${'a'.repeat(10_000)}`,
  '😀'.repeat(3000)
]

describe('a hostile value never causes a request', () => {
  test.each(hostile.map((text): [string, string] => [JSON.stringify(text).slice(0, 80), text]))(
    '%s',
    async (_, text) => {
      const sources: [Record<string, string>, Record<string, string>][] = [
        [{ region: text }, {}],
        ...(text.includes('\u0000') ? [] : [[{}, { GENESYS_CLOUD_REGION: text }] satisfies [object, object]]),
        [{ region: text, 'token-endpoint': 'api' }, {}]
      ]
      for (const [inputs, env] of sources) {
        const ran = await run(inputs, env)
        expect([ran.exitCode, parseCommandFile(ran.output), ran.env, ran.state, strays]).toEqual([
          1,
          { 'error-code': 'invalid-input' },
          '',
          '',
          []
        ])
        const lines = ran.stdout.trimEnd().split('\n')
        expect(
          lines.map(line => line.replace(/::.*$/, '').length < line.length && line.split('::')[1])
        ).toEqual(lines.map((_, at) => (at === lines.length - 1 ? 'error' : 'add-mask')))
        const source = 'region' in inputs ? '' : ' (from GENESYS_CLOUD_REGION)'
        expect(lines.at(-1)?.replaceAll('%25', '%')).toContain(
          `::error::[invalid-input] Input region${source} is ${quotedAs(text)}, which is not allowed.%0AThe nearest known region is `
        )
        expect(lines.at(-1)?.length).toBeLessThan(2100)
      }
    }
  )
})
