import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { endpointUrl } from '../src/auth/base-url.js'
import { trustedEndpoint } from '../src/auth/cxone/hosts.js'
import { GENESYS_REGIONS, parseGenesysRegion } from '../src/auth/genesys/regions.js'
import { formEncode } from '../src/lib/secret.js'
import { main } from '../src/main.js'
import { parseCommandFile } from './support/command-files.mjs'
import { type FixedResponse, FixedServer } from './support/fixed-server.js'
import { runStep, type StepResult } from './support/in-process.js'
import { fc } from './support/properties.js'

/** The codes that a response can lead to. */
const CODES = (
  'credentials-rejected forbidden not-offered bad-request rate-limited unavailable timeout network tls redirected ' +
  'bad-response organization-not-allowed lifetime-too-short'
).split(' ')

let server: FixedServer
beforeAll(async () => {
  server = await FixedServer.start()
})
afterAll(() => server.close())

// --- secrets -----------------------------------------------------------------------------------------

const textOf = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength })

/** A beginning that occurs nowhere else. */
const marker = textOf('abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789', 10, 14).map(
  text => `Qz${text}`
)

/** A secret whose end has characters that encodings change. */
const secretText = fc
  .tuple(
    marker,
    textOf('aZ0-._~=+/%&"\\\'<>:;#[]{}()$^*?|!,@é€😀 x', 0, 24),
    fc.constantFrom('', '====', 'z')
  )
  .map(parts => parts.join('').trim())

const longEnd = fc.constantFrom('x'.repeat(16_000), '.'.repeat(32_000), '="'.repeat(16_000))
/** A token of the accepted form, sometimes of the maximum length. */
const tokenText = fc
  .tuple(
    marker,
    fc.oneof(
      { weight: 20, arbitrary: textOf('aZ0-._~=+/%:"\\<>#[]{}$^*?|,@', 6, 60) },
      { weight: 1, arbitrary: longEnd }
    )
  )
  .map(parts => parts.join(''))

interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly keyId: string
  readonly keySecret: string
  readonly tokens: readonly [string, string, string]
}

const credentials: fc.Arbitrary<Credentials> = fc.record({
  clientId: fc.uuid(),
  clientSecret: secretText,
  keyId: fc.uuid().map(id => id.replaceAll('-', '').toUpperCase()),
  keySecret: secretText,
  tokens: fc.tuple(tokenText, tokenText, tokenText)
})

const basicOf = ({ clientId, clientSecret }: Credentials) =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
const jsonSpelled = (text: string) => JSON.stringify(text).slice(1, -1)

/** Every spelling of a secret that is masked. */
const spellings = (text: string) => [
  text,
  formEncode(text),
  encodeURIComponent(text.toWellFormed()),
  jsonSpelled(text)
]
const sendsBasic = (inputs: Record<string, string>) =>
  inputs['provider'] === 'genesys'
    ? 'client-secret' in inputs && inputs['token-endpoint'] !== 'api'
    : 'client-secret' in inputs && 'access-key-secret' in inputs
const secretsOf = (who: Credentials, inputs: Record<string, string>) => [
  ...('client-secret' in inputs ? spellings(who.clientSecret) : []),
  // Basic credentials are secret from the start in an exchange that sends them: the issuer received them in earlier runs.
  ...(sendsBasic(inputs) ? spellings(basicOf(who)) : []),
  ...('access-key-secret' in inputs ? spellings(who.keySecret) : [])
]

// --- responses --------------------------------------------------------------------------------

/** A text made from the secrets. A function, so that fast-check can shrink the secrets and the text separately. */
type Line = (who: Credentials) => string

const secretLine = fc.constantFrom<Line[]>(
  who => who.clientSecret,
  who => who.keySecret,
  basicOf,
  who => `Basic ${basicOf(who)}`,
  who => formEncode(who.clientSecret),
  who => encodeURIComponent(who.clientSecret),
  who => `password=${formEncode(who.keySecret)}`,
  who => JSON.stringify({ client_secret: who.clientSecret }),
  who => jsonSpelled(who.keySecret),
  who => Buffer.from(who.clientSecret).toString('base64url'),
  who => Buffer.from(who.keySecret).toString('hex'),
  who => [...who.clientSecret].map(letter => `&#${letter.codePointAt(0)};`).join(''),
  ...[0, 1, 2].flatMap<Line>(at => [
    who => who.tokens[at] ?? '',
    who => `Bearer ${who.tokens[at]}`,
    who => `${who.tokens[at]?.slice(0, 40)}${who.tokens[(at + 1) % 3]}`
  ])
)

/** The same, changed in ways that could hide it from a search. */
const disguised: fc.Arbitrary<Line> = fc
  .tuple(
    secretLine,
    fc.constantFrom('', '\r\n', '\u001b[1m', ...'\u0000\u200b\u00ad\ufeff\u202e\ud800\ue000\n\t\u2028 '),
    fc.nat(40),
    fc.constantFrom<(text: string) => string>(
      text => text,
      text => text.toUpperCase(),
      text => text.toLowerCase(),
      text => `${'x'.repeat(150)} ${text}`,
      text => `${'x'.repeat(195)}${text}`,
      text => `::error::${text}`,
      text => `\r\n::set-output name=token::${text}\r\n`,
      text => `##[add-mask]${text}`,
      text => `https://${text}.example.com/`,
      text => text + text
    )
  )
  .map(([line, inserted, at, around]) => who => {
    const text = line(who)
    return around(text.slice(0, at) + inserted + text.slice(at))
  })

const PHRASES = ['invalid_client', 'rate limit exceeded; later', '', '::stop-commands::x', '%0A::error::x']
const noise: fc.Arbitrary<Line> = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...PHRASES))
  .map(text => () => text)

const anyText = fc.oneof(disguised, secretLine, noise)

type Value = (who: Credentials) => unknown

/** An access token that names a tenant, as a token of CXone does. */
const jwt =
  (at: number, tenant: Value): Value =>
  who => {
    const claims = Buffer.from(JSON.stringify({ tenantId: tenant(who) })).toString('base64url')
    return `${who.tokens[at]?.slice(0, 200).replaceAll('.', '_')}.${claims}.sig`
  }

const TOKEN_ENDPOINT = 'https://cxone.niceincontact.com/auth/token'
const API_ENDPOINT = 'https://api-na1.niceincontact.com'
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: anyText },
  { weight: 1, arbitrary: fc.jsonValue().map(value => () => value) },
  { weight: 1, arbitrary: anyText.map<Value>(text => who => ({ a: text(who), error: [text(who)] })) },
  { weight: 1, arbitrary: fc.nat(2).map<Value>(at => who => who.tokens[at]) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(2), anyText).map(([at, tenant]) => jwt(at, tenant)) },
  { weight: 1, arbitrary: secretLine.map<Value>(line => who => `https://${line(who)}.niceincontact.com/x`) },
  { weight: 1, arbitrary: secretLine.map<Value>(line => who => `${API_ENDPOINT}/${line(who)}`) }
)

/** The members that the exchanges read. */
const NAMES = (
  'access_token token_type expires_in refresh_token id_token token_endpoint api_endpoint area domain tenantId ' +
  'error code error_description errorDescription description message dateTokenIdles OAuthClient organization'
).split(' ')
type Members = Record<string, Value>
const hostileMembers: fc.Arbitrary<Members> = fc.dictionary(fc.constantFrom(...NAMES), anyValue)
/** Valid for every exchange, so that runs reach their ends as well. */
const validMembers: fc.Arbitrary<Members> = fc.tuple(fc.nat(2), anyValue).map(([at, name]) => ({
  access_token: jwt(at, () => '11eb-tenant'),
  expires_in: () => 86_400,
  token_endpoint: () => TOKEN_ENDPOINT,
  api_endpoint: () => API_ENDPOINT,
  area: () => 'na1',
  organization: who => ({ id: 'org-1', name: name(who) })
}))

const written =
  (members: Members): Line =>
  who =>
    JSON.stringify(Object.fromEntries(Object.entries(members).map(([name, value]) => [name, value(who)])))

/** Hostile members, and the valid ones or a part of them. */
const json = fc
  .tuple(hostileMembers, validMembers, fc.oneof(fc.constant(NAMES), fc.subarray(NAMES)))
  .map(([hostile, valid, names]) => {
    const kept = Object.entries(valid).filter(([name]) => names.includes(name))
    return written({ ...hostile, ...Object.fromEntries(kept) })
  })
/** A large body that is full of a secret. */
const full = fc
  .tuple(secretLine, fc.constantFrom(20, 2000))
  .map(([line, times]) => written({ error: () => 'x', description: who => `${line(who)} `.repeat(times) }))
const ODD_BODIES = ['', '[]', 'null', '{', '\ufeff{}', '<html>', '{"__proto__":{"access_token":"x"}}']
const bodies: fc.Arbitrary<(who: Credentials) => string | Uint8Array> = fc.oneof(
  { weight: 12, arbitrary: json },
  { weight: 1, arbitrary: fc.oneof(fc.json(), fc.constantFrom(...ODD_BODIES)).map(text => () => text) },
  { weight: 1, arbitrary: fc.oneof(anyText, full) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map(bytes => () => bytes) }
)

/** Returns what Node's server can send as a header. */
const headerText = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')

const headers: fc.Arbitrary<Record<string, Line>> = fc.record(
  {
    'ININ-Correlation-Id': anyText,
    Location: anyText,
    'WWW-Authenticate': anyText,
    'Set-Cookie': anyText,
    'X-Anything': anyText,
    'Content-Type': anyText,
    'Retry-After': fc.oneof(
      fc.constantFrom<Line[]>(
        () => '1',
        () => '99999'
      ),
      anyText
    )
  },
  { requiredKeys: [] }
)

const status = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  { weight: 4, arbitrary: fc.constantFrom(400, 401, 403, 404, 429, 500, 302, 307) },
  { weight: 2, arbitrary: fc.integer({ min: 200, max: 999 }) }
)

const response: fc.Arbitrary<(who: Credentials) => FixedResponse> = fc
  .record({ status, headers, body: bodies, cut: fc.constantFrom(...Array<boolean>(15).fill(false), true) })
  .map(({ status, headers, body, cut }) => who => ({
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, line]) => [name, headerText(line(who))])),
    body: body(who),
    cut
  }))

/** Up to four responses; the last one is repeated. */
const conversation = fc.array(response, { minLength: 1, maxLength: 4 })

// --- inputs ------------------------------------------------------------------------------------------

const genesys = (who: Credentials) => ({
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': who.clientId,
  'client-secret': who.clientSecret
})
const key = (who: Credentials) => ({ 'access-key-id': who.keyId, 'access-key-secret': who.keySecret })
const EXCHANGES: Record<string, (who: Credentials) => Record<string, string>> = {
  'genesys-login': genesys,
  'genesys-api': who => ({ ...genesys(who), 'token-endpoint': 'api' }),
  'genesys-long-lived': who => ({
    ...genesys(who),
    'token-kind': 'long-lived',
    'service-account-id': 'someone'
  }),
  'cxone-application': who => ({ ...genesys(who), ...key(who), provider: 'cxone', region: 'na1' }),
  'cxone-access-key': who => ({ provider: 'cxone', region: 'na1', ...key(who) }),
  'cxone-client': who => ({ ...genesys(who), provider: 'cxone', region: 'us-22' })
}

const yesOrNo = fc.constantFrom('true', 'false')
const options = fc.record({
  'export-env': fc.constantFrom('', 'PROPERTY_TOKEN'),
  'tool-env': yesOrNo,
  verify: yesOrNo
})

// --- guarantees -----------------------------------------------------------------------------------------

/** Returns the tokens of the accepted form in complete responses to the exchange, whatever their status. */
function tokensIn(responses: readonly FixedResponse[]): string[] {
  return server.requests
    .map(({ method, path }, at) => ({ method, path, sent: responses[Math.min(at, responses.length - 1)] }))
    .filter(({ method, path }) => method === 'POST' || path.startsWith('/.well-known/'))
    .flatMap(({ sent }) => {
      if (sent === undefined || sent.cut) return []
      try {
        const json = JSON.parse(Buffer.from(sent.body ?? '').toString('utf8')) as Record<string, unknown>
        return ['access_token', 'refresh_token', 'id_token'].map(name => json?.[name])
      } catch {
        return []
      }
    })
    .filter((text): text is string => typeof text === 'string' && /^[\x21-\x7e]{16,32768}$/.test(text))
}

/** Returns those of the texts that are in this place, in upper or lower case. */
function found(place: string, texts: readonly string[]): string[] {
  const lower = place.toLowerCase()
  return texts.filter(text => text.length >= 8 && lower.includes(text.toLowerCase()))
}

function check(
  step: StepResult,
  who: Credentials,
  responses: readonly FixedResponse[],
  inputs: Record<string, string>
): void {
  const secrets = secretsOf(who, inputs)
  const outputs = parseCommandFile(step.output)
  const variables = parseCommandFile(step.env)
  const { token } = outputs

  // (a) A token, or a code.
  if (step.exitCode === 0) {
    expect(token).toMatch(/^[\x21-\x7e]{16,32768}$/)
    expect(outputs).not.toHaveProperty('error-code')
  } else {
    expect(Object.keys(outputs)).toEqual(['error-code'])
    expect(CODES).toContain(outputs['error-code'])
    expect(step.env).toBe('')
  }

  // (b) No secret is shown, and the token only where it was asked for.
  const allSecrets = [...secrets, ...tokensIn(responses)]
  const log = step.stdout
    .split('\n')
    .filter(line => !line.startsWith('::add-mask::'))
    .join('\n')
  expect(found(log, allSecrets)).toEqual([])
  expect(found(step.summary, allSecrets)).toEqual([])
  expect(found(step.state, secrets)).toEqual([])
  for (const [name, value] of Object.entries(outputs))
    expect([name, found(value, name === 'token' ? secrets : allSecrets)]).toEqual([name, []])
  const carriers = [
    ...(inputs['export-env'] ?? '').split(','),
    'GENESYSCLOUD_ACCESS_TOKEN',
    'CXONE_ACCESS_TOKEN'
  ]
  for (const [name, value] of Object.entries(variables)) {
    const isCarrier = carriers.includes(name)
    expect([name, found(value, isCarrier ? secrets : allSecrets)]).toEqual([name, []])
    if (isCarrier) expect(value).toBe(token)
  }
  if (inputs['tool-env'] === 'false' && inputs['export-env'] === '') expect(step.env).toBe('')

  // (c) The log has only plain lines and commands of the action.
  for (const line of step.stdout.split(/\r\n|\n|\r/)) {
    const [, name, escaped = ''] = /^\s*::(add-mask|warning|error|debug)::(.*)$/.exec(line) ?? []
    if (name === 'add-mask') continue
    expect(line).not.toContain('##[')
    if (name === undefined) {
      expect(line).not.toMatch(/^\s*::/)
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      continue
    }
    const data = escaped.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
    expect(data.length).toBeLessThanOrEqual(2000)
    // An error has three lines: what happened, what to do, and a link.
    expect(data.split('\n').length).toBe(name === 'error' ? 3 : 1)
  }
  // (d) The summary is one table, whatever is in it.
  expect(step.summary.replace(/<\/?(h3|table|tr|td|strong|code)>/g, '')).not.toMatch(/[<>]/)
}

describe('whatever a platform responds: a token or a code, and no secret is shown', () => {
  async function runOnce(
    who: Credentials,
    given: Record<string, string>,
    responses: readonly FixedResponse[]
  ): Promise<void> {
    server.respondWith(responses)
    const inputs = { ...given, 'base-url': server.origin }
    const step = await runStep(main, { inputs, env: { RUNNER_DEBUG: '1' } })
    try {
      check(step, who, responses, inputs)
    } catch (error) {
      const sent = responses.map(({ body = '', ...one }) => ({
        ...one,
        body: Buffer.from(body).toString('utf8').slice(0, 1500)
      }))
      const scene = { inputs, sent, stdout: step.stdout.slice(-1500), output: step.output.slice(0, 1000) }
      throw new Error(`${String(error).slice(0, 1500)}\n${JSON.stringify(scene, null, 1)}`)
    }
  }

  test.each(Object.entries(EXCHANGES))('%s', async (_, inputsOf) => {
    await fc.assert(
      fc.asyncProperty(credentials, options, conversation, (who, chosen, responses) =>
        runOnce(
          who,
          { ...inputsOf(who), ...chosen },
          responses.map(one => one(who))
        )
      ),
      { numRuns: 170, endOnFailure: true }
    )
  })
})

// --- hosts ------------------------------------------------------------------------------------------

const WORDS = 'cxone evil com niceincontact nice-incontact pure cloud mypurecloud ie us-gov-pure login x'
const HOSTS = 'cxone.niceincontact.com evil.com .pure.cloud mypurecloud.com .niceincontact.com'
const hostPiece = fc.constantFrom(
  ...[...WORDS.split(' '), ...HOSTS.split(' '), 'https://', 'http://', 'HTTPS://'],
  ...['//', '..', ':443', '%2f', '%40'],
  ...'.../@:#?\\ \t\n\u0000-_*。ｅé'
)
const hostLike = fc.array(hostPiece, { minLength: 1, maxLength: 8 }).map(pieces => pieces.join(''))

test('trustedEndpoint returns only https URLs on port 443 under the domains of the issuer', () => {
  const texts = fc.oneof(
    hostLike,
    hostLike.map(text => `https://cxone.niceincontact.com${text}`),
    hostLike.map(text => `https://${text}`)
  )
  fc.assert(
    fc.property(texts, text => {
      const url = trustedEndpoint('cxone.niceincontact.com', text)
      if (url === undefined) return
      const urls = [url, endpointUrl(url.origin, url.pathname, undefined)]
      for (const { protocol, port, hostname, username, password } of urls) {
        expect([protocol, port, username, password]).toEqual(['https:', '', '', ''])
        expect(hostname).toMatch(/(^|\.)(niceincontact|nice-incontact)\.com$/)
      }
      const baseUrl = { input: 'base-url', url: 'http://127.0.0.1:1/path' } as const
      const { origin, pathname } = endpointUrl(url.origin, url.pathname, baseUrl)
      expect([origin, pathname.startsWith('/path/')]).toEqual(['http://127.0.0.1:1', true])
    }),
    { numRuns: 2000 }
  )
})

test('parseGenesysRegion returns only known regions, and names below the domains of new regions', () => {
  fc.assert(
    fc.property(hostLike, text => {
      const region = parseGenesysRegion(text)
      if (region === undefined) return
      if (region.code !== undefined) expect(GENESYS_REGIONS).toContainEqual(region)
      else
        expect(region.domain).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?\.(pure|us-gov-pure|eusc-pure)\.cloud$/)
      expect(new URL(`https://login.${region.domain}`).hostname).toBe(`login.${region.domain}`)
    }),
    { numRuns: 2000 }
  )
})
