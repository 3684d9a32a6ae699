import { afterAll, describe, expect, test } from '@jest/globals'
import { marked } from 'marked'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT,
  startCxone,
  startGenesys
} from '../../emulator/index.mjs'
import { cleanup, runAction } from '../support/runner.mjs'

const main = 'dist/main/index.js'
const client = { 'client-id': GENESYS_CLIENT.id, 'client-secret': GENESYS_CLIENT.secret }
const genesys = { provider: 'genesys', region: 'eu-west-1', ...client }
const id = GENESYS_CLIENT.organization.id

afterAll(cleanup)

/** The summary of one run against Genesys Cloud, whose organisation has the given name. */
async function summaryOf(inputs: Record<string, string>, name: string = GENESYS_CLIENT.organization.name) {
  const platform = await startGenesys({ clients: [{ organization: { id, name } }] })
  try {
    const result = await runAction({ main, inputs: { ...genesys, ...inputs, 'base-url': platform.origin } })
    expect(result.exitCode).toBe(0)
    const token = result.outputs['token'] ?? ''
    expect(result.summary).not.toContain(token)
    expect(result.summary).not.toContain(GENESYS_CLIENT.secret)
    return result.summary.replaceAll(platform.origin, '<origin>')
  } finally {
    await platform.close()
  }
}

const untimed = (html: string) => html.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '<time>')

describe('the job summary', () => {
  test('whose token, where, how long, and its end', async () => {
    expect(untimed(await summaryOf({ verify: 'true' }))).toBe(
      '<h3>Genesys Cloud access token</h3>\n' +
        `<table><tr><td><strong>Organisation</strong></td><td>Example Contact Centre <code>${id}</code></td></tr>` +
        '<tr><td><strong>Region</strong></td><td><code>eu-west-1</code> <code>mypurecloud.ie</code></td></tr>' +
        '<tr><td><strong>API</strong></td><td><code><origin></code></td></tr>' +
        '<tr><td><strong>Exchange</strong></td><td>Client credentials at the login host</td></tr>' +
        '<tr><td><strong>Granted</strong></td><td><time>, after 2 requests</td></tr>' +
        '<tr><td><strong>Expires</strong></td><td><time>, in 24 h</td></tr>' +
        '<tr><td><strong>Clean-up</strong></td><td>Revoked when the job ends</td></tr></table>\n'
    )
  })

  test('a long-lived token outlives the job', async () => {
    const account = { 'token-kind': 'long-lived', 'service-account-id': GENESYS_SERVICE_ACCOUNT.id }
    const html = await summaryOf(account)
    expect(html).toContain('<h3>Genesys Cloud long-lived token</h3>')
    expect(html).toContain('Outlives the job; the initial token is revoked when the job ends</td>')
    expect(html).not.toContain('Organisation')
  })

  test('a token of NICE CXone names its tenant, area and issuer', async () => {
    const platform = await startCxone()
    const key = { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }
    const application = { 'client-id': CXONE_APPLICATION.id, 'client-secret': CXONE_APPLICATION.secret }
    const inputs = { provider: 'cxone', verify: 'true', ...key, ...application, 'base-url': platform.origin }
    const { summary } = await runAction({ main, inputs }).finally(() => platform.close())
    expect(summary).toContain(
      `<strong>Tenant</strong></td><td><code>${CXONE_ACCESS_KEY.tenantId}</code></td>`
    )
    expect(summary).toContain('<td><code>na1</code> of <code>cxone.niceincontact.com</code></td>')
    expect(summary).toContain('<td>Lives until it expires</td>')
  })

  test.each([
    ['tags', '</td></table><img src=x> <!-- &amp; "quoted"'],
    ['Markdown', '**bold** [link](https://example.com) `code` | # head'],
    ['line breaks', 'one\n\n# two\r\n\r\n- three']
  ])('nothing comes of %s in an organisation’s name', async (_, name) => {
    const html = await summaryOf({ verify: 'true' }, name)
    expect(marked.parse(html)).toBe(html)
    expect(
      html.match(/<(?!origin>)\/?[a-z0-9]+/g)?.filter(tag => !/<\/?(h3|table|tr|td|strong|code)$/.test(tag))
    ).toEqual([])
    expect(html.match(/<\/table>/g)).toHaveLength(1)
  })

  test('a secret in an organisation’s name is taken out before the name is escaped', async () => {
    const secret = "it's <secret> & more"
    const platform = await startGenesys({
      clients: [{ secret, organization: { id, name: `Centre ${secret}!` } }]
    })
    const inputs = { ...genesys, 'client-secret': secret, verify: 'true', 'base-url': platform.origin }
    const { summary } = await runAction({ main, inputs }).finally(() => platform.close())
    expect(summary).toContain(`<td>Centre ***! <code>${id}</code></td>`)
  })

  test('none where none is wanted', async () => {
    expect(await summaryOf({ summary: 'false' })).toBe('')
  })
})
