import { afterAll, expect, test } from '@jest/globals'
import * as cxone from '../../src/auth/cxone/hosts.js'
import * as regions from '../../src/auth/genesys/regions.js'
import { Secret } from '../../src/lib/secret.js'
import { Hosts } from '../support/hosts.js'
import { type AnyRequest, exchange } from '../support/requests.js'
import { openSession } from '../support/session.js'
import { read } from './files.js'

new Hosts() // no request leaves this process
afterAll(() => Hosts.release())

const page = read('docs/hosts.md')

const baseUrl = undefined
const client = { id: 'a-client', secret: new Secret('a-client-secret') }
const accessKey = { id: 'an-access-key', secret: new Secret('an-access-key-secret====') }
const loginBaseUrl = undefined
const requests: AnyRequest[] = [
  ...regions.GENESYS_REGIONS.flatMap(region => [
    { exchange: 'genesys-login', region, baseUrl, loginBaseUrl, client } as const,
    { exchange: 'genesys-api', region, baseUrl, client } as const
  ]),
  ...cxone.CXONE_ISSUERS.map(issuer => {
    return { exchange: 'cxone-application', issuer, client, accessKey, baseUrl } as const
  }),
  ...cxone.KNOWN_AREAS.map(area => {
    const issuer = cxone.issuerOfArea(area)
    return { exchange: 'cxone-access-key', issuer, area, accessKey, baseUrl } as const
  })
]

test('it has the host of the first request of every exchange', async () => {
  const missing: string[] = []
  for (const request of requests) {
    const { session, events } = openSession()
    const error = await exchange(request, session, events).catch(String)
    session.close()
    const [, host] = /https:\/\/([^/]+)\//.exec(String(error)) ?? []
    if (!page.includes(`\`${host}\``)) missing.push(String(host))
  }
  expect(missing).toEqual([])
})

test('it has the form of the host of a realm, and the defaults', async () => {
  const { session, events } = openSession()
  const request = { exchange: 'cxone-client', realm: cxone.DEFAULT_REALM, client, baseUrl } as const
  const error = await exchange(request, session, events).catch(String)
  session.close()
  expect(error).toContain(`https://${cxone.DEFAULT_REALM}.api.niceincontact.com/`)
  expect(page).toContain(`\`{realm}.api.niceincontact.com\`; the default realm is \`${cxone.DEFAULT_REALM}\``)
  expect(page).toContain(`The default issuer is \`${cxone.DEFAULT_ISSUER}\`.`)
})
