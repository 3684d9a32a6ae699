import { afterAll, describe, expect, test } from '@jest/globals'
import {
  GENESYS_REGIONS,
  nearestGenesysRegion,
  parseGenesysRegion
} from '../../../src/auth/genesys/regions.js'
import { main } from '../../../src/main.js'
import { parseCommandFile } from '../../support/command-files.mjs'
import { Hosts } from '../../support/hosts.js'
import { runStep } from '../../support/in-process.js'
import { notAllowed } from '../../support/input-errors.js'
import { MADE_UP_GENESYS, readInputs, refusal } from '../../support/read-inputs.js'

const hosts = new Hosts()
afterAll(() => Hosts.release())

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

/** Runs a step that gets its token from the login host with this domain. Any other request fails. */
function run(domain: string, inputs: Record<string, string>) {
  const json = { access_token: 'token-of-a-region', expires_in: 60 }
  hosts.reply('POST', `https://login.${domain}/oauth/token`, { json })
  return runStep(main, { inputs: { ...MADE_UP_GENESYS, ...inputs } })
}

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

  test('leads to the only request, and to the outputs', async () => {
    const ran = await run('usw2.pure.cloud', { region: 'https://APPS.usw2.pure.cloud/' })
    expect(parseCommandFile(ran.output)).toMatchObject({
      token: 'token-of-a-region',
      region: 'us-west-2',
      domain: 'usw2.pure.cloud',
      'api-url': 'https://api.usw2.pure.cloud'
    })
    expect(ran.stdout).not.toContain('::warning::')
  })
})

describe('new regions', () => {
  test.each([
    ['new1.pure.cloud', 'new1.pure.cloud'],
    ['LOGIN.USE9.US-GOV-PURE.CLOUD', 'use9.us-gov-pure.cloud'],
    ['api.edfr1.eusc-pure.cloud', 'edfr1.eusc-pure.cloud'],
    ['https://a.b.c.new1.pure.cloud/x', 'new1.pure.cloud']
  ])('%s is %s, without a code', (text, domain) => expect(parseGenesysRegion(text)).toEqual({ domain }))

  test('are accepted with a warning; the code is empty, and no variable gets it', async () => {
    const ran = await run('new1.pure.cloud', { region: 'apps.new1.pure.cloud', 'tool-env': 'true' })
    expect(ran.stdout).toMatch(/^::warning::.*new1\.pure\.cloud is not in the list/m)
    expect(parseCommandFile(ran.output)).toMatchObject({ region: '', domain: 'new1.pure.cloud' })
    expect(parseCommandFile(ran.env)).toEqual({
      GENESYSCLOUD_ACCESS_TOKEN: 'token-of-a-region',
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

test.each([
  ['eu-west-9', 'eu-west-1'],
  ['eu_central_1', 'eu-central-1'],
  ['mypurecloud.con', 'us-east-1'],
  ['mypurecloud.cm', 'us-east-1'],
  ['mypurecloud.com.uau', 'ap-southeast-2'],
  ['MYPURECLOUD,DE', 'eu-central-1'],
  ['usw2.purecloud', 'us-west-2']
])('the region nearest to %s is %s', (text, code) => expect(nearestGenesysRegion(text).code).toBe(code))

describe('a hostile value is refused before any request', () => {
  const { region: _, ...NO_REGION } = MADE_UP_GENESYS
  function expectRefused(text: string): void {
    const read = readInputs({ ...MADE_UP_GENESYS, region: text })
    expect(refusal(read)).toBe(notAllowed('region', text))
    expect(read.error?.hint).toMatch(/^The nearest known region is [a-z]+(-[a-z]+)+-\d \([a-z0-9.-]+\)\. /)
    const fromVariable = readInputs(NO_REGION, { GENESYS_CLOUD_REGION: text })
    expect(refusal(fromVariable)).toBe(notAllowed('region (from GENESYS_CLOUD_REGION)', text))
  }

  test.each([
    'evil.com',
    'mypurecloud.com.evil.com',
    'mypurecloud.com@evil.com',
    'x.pure.cloud.evil.com',
    'evil.com/.pure.cloud',
    'evil.com#.pure.cloud',
    'evil.com\\.pure.cloud',
    'evil.com:443.pure.cloud',
    'https://evil.com@mypurecloud.com/',
    'https://mypurecloud.com@evil.com/',
    'https://evil.com\\@mypurecloud.com',
    'https:\\\\mypurecloud.com',
    'https:///mypurecloud.com',
    'ftp://mypurecloud.com',
    'https://mypurecloud.com:8443/',
    'mypurecloud.com.',
    '.mypurecloud.com',
    'login..mypurecloud.com',
    'evil-mypurecloud.com',
    'x.evil-pure.cloud',
    'pure.cloud',
    '.pure.cloud',
    ...['login', 'api', 'apps', 'www'].map(name => `${name}.pure.cloud`),
    '-x.pure.cloud',
    '*.pure.cloud',
    `${'x'.repeat(64)}.pure.cloud`,
    'evil.com\n.pure.cloud',
    'mypurecloud.com\r\nHost: evil.com',
    'mypurecloud.com\u0000.evil.com',
    'mypurecloud。com',
    'mypurecl\u043eud.com',
    '[::1]',
    '__proto__'
  ])('%j', expectRefused)

  test('a long one', () => {
    expectRefused(`${'x.'.repeat(5000)}pure.cloud`)
    expectRefused(`https://mypurecloud.com/${'a'.repeat(10_000)}`)
  })
})
