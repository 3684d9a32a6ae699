import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Organization } from '../../src/auth/provider.js'
import { Secret } from '../../src/lib/secret.js'
import { Logger } from '../../src/runner/logger.js'
import { summarise } from '../../src/runner/summary.js'
import { CXONE_APPLICATION, CXONE_CLIENT, CXONE_KEY, GENESYS, read } from '../support/reading.js'

const AT = new Date('2026-03-01T12:00:30.999Z')
const folder = mkdtempSync(join(tmpdir(), 'summary-'))
// The toolkit remembers the path of the first summary that it writes.
const file = join(folder, 'summary')
const before = process.env['GITHUB_STEP_SUMMARY']
beforeEach(() => {
  writeFileSync(file, '')
  process.env['GITHUB_STEP_SUMMARY'] = file
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  if (before === undefined) delete process.env['GITHUB_STEP_SUMMARY']
  else process.env['GITHUB_STEP_SUMMARY'] = before
})

const LONG = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'the-account' }

interface Scene {
  readonly inputs?: Record<string, string>
  readonly organization?: Organization
  readonly life?: { expiresInSeconds: number; expiresAt: Date }
  readonly apiUrl?: string
  readonly region?: string
  readonly kind?: 'access' | 'long-lived'
}

function rows({ inputs = GENESYS, organization, life, apiUrl, region, kind = 'access' }: Scene): string {
  const { asked } = read(inputs)
  if (asked === undefined) throw new Error('the inputs are refused')
  const token = { value: new Secret('the-token-of-the-summary'), kind, ...life }
  const grant = {
    token,
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(region === undefined ? {} : { region })
  }
  const console = new Logger()
  summarise({ grant, organization, requests: 2, attempts: 2, at: AT }, asked, console)
  return readFileSync(file, 'utf8')
}

const HOUR = { expiresInSeconds: 3600, expiresAt: new Date('2026-03-01T13:00:29.500Z') }

test('a table that is one line of HTML', () => {
  const organization = { id: 'the-id', name: 'Example' }
  const text = rows({ organization, life: HOUR, apiUrl: 'https://api.mypurecloud.ie' })
  expect(text).toBe(
    '<h3>Genesys Cloud access token</h3>\n<table>' +
      '<tr><td><strong>Organisation</strong></td><td>Example <code>the-id</code></td></tr>' +
      '<tr><td><strong>Region</strong></td><td><code>eu-west-1</code> <code>mypurecloud.ie</code></td></tr>' +
      '<tr><td><strong>API</strong></td><td><code>https://api.mypurecloud.ie</code></td></tr>' +
      '<tr><td><strong>Exchange</strong></td><td>Client credentials at the login host</td></tr>' +
      '<tr><td><strong>Granted</strong></td><td>2026-03-01 12:00 UTC, after 2 requests</td></tr>' +
      '<tr><td><strong>Expires</strong></td><td>2026-03-01 13:00 UTC, in 1 h</td></tr>' +
      '<tr><td><strong>Clean-up</strong></td><td>Revoked when the job ends</td></tr></table>\n'
  )
})

test('it stands there as soon as it is told, after what others wrote', () => {
  writeFileSync(file, 'of another action\n')
  expect(rows({})).toMatch(
    /^of another action\n<h3>Genesys Cloud access token<\/h3>\n<table>[^\n]+<\/table>\n$/
  )
  expect(rows({}).match(/<h3>/g)).toHaveLength(2)
})

/** The cell beside a name, as it stands in the table. */
const cell = (text: string, name: string) =>
  text.match(new RegExp(`<tr><td><strong>${name}</strong></td><td>(.*?)</td></tr>`))?.[1]

describe('what is not known is not guessed', () => {
  test('no organisation, no API, no lifetime', () => {
    const text = rows({})
    expect(text).not.toContain('Organisation')
    expect(text).not.toContain('Tenant')
    expect(text).not.toContain('API<')
    expect(cell(text, 'Expires')).toBe('The platform did not say')
  })
  test('an organisation without a name', () => {
    expect(cell(rows({ organization: { id: 'the-id' } }), 'Organisation')).toBe('<code>the-id</code>')
  })
  test('a region that is known by its domain alone', () => {
    const text = rows({ inputs: { ...GENESYS, region: 'new.pure.cloud' } })
    expect(cell(text, 'Region')).toBe('<code>new.pure.cloud</code>')
  })
  test('the area of a tenant, where the issuer does not tell it', () => {
    const issuer = '<code>cxone.niceincontact.com</code>'
    const inputs = { ...CXONE_APPLICATION, region: '' }
    expect(cell(rows({ inputs }), 'Issuer')).toBe(issuer)
    expect(cell(rows({ inputs, region: 'na1' }), 'Area')).toBe(`<code>na1</code> of ${issuer}`)
  })
  test('a tenant of NICE CXone, of an area or a realm', () => {
    const text = rows({ inputs: CXONE_KEY, organization: { id: 'the-tenant' } })
    expect([cell(text, 'Tenant'), cell(text, 'Area')]).toEqual([
      '<code>the-tenant</code>',
      '<code>na1</code>'
    ])
    expect(cell(rows({ inputs: CXONE_CLIENT }), 'Realm')).toBe('<code>us-22</code>')
  })
})

test.each([
  [GENESYS, 'access', 'Revoked when the job ends'],
  [{ ...GENESYS, revoke: 'false' }, 'access', 'Left alone when the job ends'],
  [LONG, 'long-lived', 'Outlives the job; the initial token is revoked when the job ends'],
  [{ ...LONG, revoke: 'true' }, 'long-lived', 'Revoked when the job ends'],
  [CXONE_CLIENT, 'access', 'Lives until it expires'],
  [CXONE_KEY, 'access', 'Lives until it expires'],
  [CXONE_APPLICATION, 'access', 'Lives until it expires']
] as const)('%j: its end', (inputs, kind, end) => {
  const text = rows({ inputs, kind })
  expect(cell(text, 'Clean-up')).toBe(end)
  const platform = inputs.provider === 'genesys' ? 'Genesys Cloud' : 'NICE CXone'
  expect(text).toMatch(new RegExp(`^<h3>${platform} ${kind} token</h3>\n<table>`))
})

test.each([
  ['<script>', '&#60;script&#62;'],
  ['</table>\n\n# x', '&#60;/table&#62;'],
  ['"quoted" & \'quoted\'', '&#34;quoted&#34; &#38; &#39;quoted&#39;']
])('%j is data', (name, cell) => {
  const text = rows({ organization: { id: 'the-id', name } })
  expect(text).toContain(cell)
  expect(text).not.toContain(name)
})

test('a secret stands in it in no spelling', () => {
  const secret = new Secret('a<secret>&"of"ours')
  const { asked } = read(GENESYS)
  if (asked === undefined) throw new Error('the inputs are refused')
  const console = new Logger()
  const write = process.stdout.write
  process.stdout.write = (() => true) as typeof process.stdout.write
  console.mask(secret)
  process.stdout.write = write
  const grant = { token: { value: secret, kind: 'access' as const } }
  const organization = { id: 'the-id', name: `The ${secret.reveal()} organisation` }
  summarise({ grant, organization, requests: 1, attempts: 3, at: AT }, asked, console)
  const text = readFileSync(file, 'utf8')
  expect(text).not.toContain('secret>')
  expect(text).not.toContain('secret&#62;')
  // More attempts than requests: one was tried again.
  expect(text).toContain('after 1 request, 3 attempts')
})

describe('nobody fails for want of a summary', () => {
  test('summary: false', () => {
    expect(rows({ inputs: { ...GENESYS, summary: 'false' } })).toBe('')
  })
  test.each([undefined, '', '/nonexistent/summary'])('a runner without one: %p', path => {
    if (path === undefined) delete process.env['GITHUB_STEP_SUMMARY']
    else process.env['GITHUB_STEP_SUMMARY'] = path
    expect(rows({})).toBe('')
  })
  test('one that cannot be written', () => {
    rmSync(file)
    mkdirSync(file)
    expect(() => rows({})).toThrow('EISDIR: illegal operation on a directory, read') // it is this test that reads it
    rmSync(file, { recursive: true })
  })
})
