import { summary } from '@actions/core'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { trustedEndpoint } from '../src/auth/cxone/hosts.js'
import { GENESYS_REGIONS, genesysRegion } from '../src/auth/genesys/regions.js'
import { place } from '../src/auth/request-body.js'
import { formEncode, Redactor, Secret } from '../src/lib/secret.js'
import { oneLine } from '../src/lib/text.js'
import { Answering, type Said } from './support/answering.js'
import { parseCommandFile } from './support/command-files.mjs'
import { fc } from './support/properties.js'
import { type Ran, runMain } from './support/world.js'

/** What an answer, whatever it is, may bring a step to. */
const CODES = [
  ...[
    'credentials-rejected',
    'forbidden',
    'not-offered',
    'bad-request',
    'rate-limited',
    'unavailable',
    'timeout'
  ],
  ...['network', 'tls', 'redirected', 'bad-response', 'organization-not-allowed', 'lifetime-too-short']
]

let server: Answering
beforeAll(async () => {
  server = await Answering.open()
})
afterAll(() => server.close())

// --- what is secret -----------------------------------------------------------------------------------------

const marker = fc
  .string({
    unit: fc.constantFrom(...'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'),
    minLength: 10,
    maxLength: 14
  })
  .map(text => `Qz${text}`)

/** A secret that nothing else contains; its tail is whatever a platform may have put into a secret. */
const secretText = fc
  .tuple(
    marker,
    fc.string({ unit: fc.constantFrom(...'aZ0-._~=+/%&"\\\'<>:;#[]{}()$^*?|!,@é€😀', ' x'), maxLength: 24 }),
    fc.constantFrom('', '====', 'z')
  )
  .map(parts => parts.join('').trim())

/** A token of the form that is taken; sometimes one of the greatest length. */
const tokenText = fc
  .tuple(
    marker,
    fc.oneof(
      {
        weight: 20,
        arbitrary: fc.string({
          unit: fc.constantFrom(...'aZ0-._~=+/%:"\\<>#[]{}$^*?|,@'),
          minLength: 6,
          maxLength: 60
        })
      },
      { weight: 1, arbitrary: fc.constantFrom('x'.repeat(16_000), '.'.repeat(32_000), '="'.repeat(16_000)) }
    )
  )
  .map(parts => parts.join(''))

interface Cast {
  readonly clientId: string
  readonly clientSecret: string
  readonly keyId: string
  readonly keySecret: string
  readonly tokens: readonly [string, string, string]
}

const cast: fc.Arbitrary<Cast> = fc.record({
  clientId: fc.uuid(),
  clientSecret: secretText,
  keyId: fc.uuid().map(id => id.replaceAll('-', '').toUpperCase()),
  keySecret: secretText,
  tokens: fc.tuple(tokenText, tokenText, tokenText)
})

const blobOf = ({ clientId, clientSecret }: Cast) =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
const jsonSpelled = (text: string) => JSON.stringify(text).slice(1, -1)

/** All that must not be said of credentials, in every spelling that is masked. */
const spellings = (text: string) => [
  text,
  formEncode(text),
  encodeURIComponent(text.toWellFormed()),
  jsonSpelled(text)
]
const sendsBlob = (inputs: Record<string, string>) =>
  inputs['provider'] === 'genesys'
    ? 'client-secret' in inputs && inputs['token-endpoint'] !== 'api'
    : 'client-secret' in inputs && 'access-key-secret' in inputs
const hiddenOf = (who: Cast, inputs: Record<string, string>) => [
  ...('client-secret' in inputs ? spellings(who.clientSecret) : []),
  // The blob is a secret of the exchanges that send it, and there from the start: an issuer has seen it in earlier runs.
  ...(sendsBlob(inputs) ? spellings(blobOf(who)) : []),
  ...('access-key-secret' in inputs ? spellings(who.keySecret) : [])
]

// --- what a platform may say --------------------------------------------------------------------------------

/** Where in the cast a text comes from; resolved only when secrets are known, so that all can shrink by themselves. */
type Line = (who: Cast) => string

const said: fc.Arbitrary<Line> = fc.oneof(
  fc.constant<Line>(who => who.clientSecret),
  fc.constant<Line>(who => who.keySecret),
  fc.constant<Line>(blobOf),
  fc.constant<Line>(who => `Basic ${blobOf(who)}`),
  fc.constant<Line>(who => formEncode(who.clientSecret)),
  fc.constant<Line>(who => encodeURIComponent(who.clientSecret)),
  fc.constant<Line>(who => `password=${formEncode(who.keySecret)}`),
  fc.constant<Line>(who => JSON.stringify({ client_secret: who.clientSecret })),
  fc.constant<Line>(who => jsonSpelled(who.keySecret)),
  ...[0, 1, 2].flatMap(at => [
    fc.constant<Line>(who => who.tokens[at] ?? ''),
    fc.constant<Line>(who => `Bearer ${who.tokens[at]}`),
    fc.constant<Line>(who => `${who.tokens[at]?.slice(0, 40)}${who.tokens[(at + 1) % 3]}`)
  ])
)

/** The same, disguised. */
const disguised: fc.Arbitrary<Line> = fc
  .tuple(
    said,
    fc.constantFrom(
      ...[
        '',
        '\u0000',
        '\u200b',
        '\u00ad',
        '\ufeff',
        '\u202e',
        '\ud800',
        '\ue000',
        '\n',
        '\r\n',
        '\u001b[1m',
        '\t',
        '\u2028',
        ' '
      ]
    ),
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

const noise: fc.Arbitrary<Line> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      'invalid_client',
      'invalid_request',
      'rate limit exceeded; try later',
      '',
      '::stop-commands::x',
      '%0A::error::x'
    )
  )
  .map(text => () => text)

const anyText: fc.Arbitrary<Line> = fc.oneof(
  { weight: 3, arbitrary: disguised },
  { weight: 2, arbitrary: said },
  { weight: 2, arbitrary: noise }
)

type Value = (who: Cast) => unknown
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: anyText },
  { weight: 1, arbitrary: fc.jsonValue().map(value => () => value) },
  {
    weight: 1,
    arbitrary: fc.tuple(anyText, anyText).map(([a, b]) => (who: Cast) => ({ a: a(who), error: [b(who)] }))
  }
)

const claims = (tenant: unknown) => Buffer.from(JSON.stringify({ tenantId: tenant })).toString('base64url')

/** An access token that names a tenant, as CXone's do. */
const jwt =
  (at: number, tenant: Value): Value =>
  who =>
    `${who.tokens[at]?.slice(0, 200).replaceAll('.', '_')}.${claims(tenant(who))}.sig`

const tenantName: fc.Arbitrary<Value> = fc.oneof(
  fc.constant<Value>(() => '11eb-tenant'),
  anyValue
)

const accessToken: fc.Arbitrary<Value> = fc.oneof(
  { weight: 5, arbitrary: fc.nat(2).map(at => (who: Cast) => who.tokens[at]) },
  { weight: 5, arbitrary: fc.tuple(fc.nat(2), tenantName).map(([at, tenant]) => jwt(at, tenant)) },
  { weight: 2, arbitrary: anyValue }
)

const endpoint: fc.Arbitrary<Value> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('https://cxone.niceincontact.com/auth/token', 'https://api-na1.niceincontact.com')
      .map(text => () => text)
  },
  { weight: 1, arbitrary: said.map(line => (who: Cast) => `https://${line(who)}.niceincontact.com/auth`) },
  { weight: 1, arbitrary: said.map(line => (who: Cast) => `https://cxone.niceincontact.com/${line(who)}`) },
  { weight: 1, arbitrary: anyValue }
)

/** The members that the exchanges read, each present or not, good or hostile. */
const members: fc.Arbitrary<Record<string, Value>> = fc.record(
  {
    access_token: accessToken,
    token_type: fc.oneof(
      fc.constant<Value>(() => 'bearer'),
      anyValue
    ),
    expires_in: fc.oneof(
      fc.constant<Value>(() => 86_400),
      fc.double().map(value => () => value),
      anyValue
    ),
    refresh_token: fc.oneof(
      fc.nat(2).map(at => (who: Cast) => who.tokens[at]),
      anyValue
    ),
    id_token: anyValue,
    token_endpoint: endpoint,
    api_endpoint: endpoint,
    area: fc.oneof(
      fc.constant<Value>(() => 'na1'),
      anyValue
    ),
    domain: fc.oneof(
      fc.constant<Value>(() => 'niceincontact.com'),
      anyValue
    ),
    tenantId: anyValue,
    error: anyValue,
    code: anyValue,
    error_description: anyValue,
    errorDescription: anyValue,
    description: anyValue,
    message: anyValue,
    organization: fc
      .record({
        id: fc.oneof(
          fc.constant<Value>(() => 'org-1'),
          anyValue
        ),
        name: anyValue
      })
      .map(({ id, name }) => (who: Cast) => ({ id: id(who), name: name(who) }))
  },
  { requiredKeys: [] }
)
/** What every exchange takes for a good answer, so that runs come through to their ends as well. */
const good: fc.Arbitrary<Record<string, Value>> = fc.tuple(members, fc.nat(2)).map(([more, at]) => ({
  ...more,
  access_token: jwt(at, () => '11eb-tenant'),
  token_endpoint: () => 'https://cxone.niceincontact.com/auth/token',
  api_endpoint: () => 'https://api-na1.niceincontact.com'
}))

const bodies: fc.Arbitrary<(who: Cast) => string | Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: good.map(written) },
  { weight: 6, arbitrary: members.map(written) },
  { weight: 1, arbitrary: fc.json().map(text => () => text) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map(bytes => () => bytes) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', '[]', 'null', '{', '\ufeff{}', '<html>', '{"__proto__":{"access_token":"x"}}')
      .map(text => () => text)
  }
)
function written(all: Record<string, Value>): (who: Cast) => string {
  return who =>
    JSON.stringify(Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value(who)])))
}

/** Header values: what Node's server agrees to send. */
const headerText = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')

const headers: fc.Arbitrary<Record<string, Line>> = fc.record(
  {
    'ININ-Correlation-Id': anyText,
    Location: anyText,
    'WWW-Authenticate': anyText,
    'Set-Cookie': anyText,
    'X-Anything': anyText,
    'Content-Type': fc.oneof(
      fc.constant<Line>(() => 'application/json'),
      anyText
    ),
    'Retry-After': fc.oneof(
      fc.constantFrom<Line>(
        () => '1',
        () => '99999',
        () => 'Wed, 21 Oct 2026 07:28:00 GMT'
      ),
      anyText
    )
  },
  { requiredKeys: [] }
)

const status = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  { weight: 4, arbitrary: fc.constantFrom(400, 401, 403, 404, 405, 429, 500, 503, 301, 302, 303, 307, 308) },
  { weight: 2, arbitrary: fc.integer({ min: 200, max: 999 }) }
)

const answer: fc.Arbitrary<(who: Cast) => Said> = fc
  .record({ status, headers, body: bodies, cut: fc.constantFrom(...Array<boolean>(15).fill(false), true) })
  .map(({ status, headers, body, cut }) => who => ({
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, line]) => [name, headerText(line(who))])),
    body: body(who),
    cut
  }))

/** Up to four answers: most exchanges go through if the first of them are good. */
const conversation = fc.array(answer, { minLength: 1, maxLength: 4 })

// --- what is asked ------------------------------------------------------------------------------------------

const genesys = (who: Cast) => ({
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': who.clientId,
  'client-secret': who.clientSecret
})
const key = (who: Cast) => ({ 'access-key-id': who.keyId, 'access-key-secret': who.keySecret })
const EXCHANGES: Record<string, (who: Cast) => Record<string, string>> = {
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

const options = fc.record({
  exchange: fc.constantFrom(...Object.keys(EXCHANGES)),
  exportEnv: fc.boolean(),
  toolEnv: fc.boolean(),
  debug: fc.boolean()
})

// --- what must hold -----------------------------------------------------------------------------------------

/** Answers that are asked for again: nothing of them is shown, so nobody looks for tokens in them. */
const AGAIN = [408, 425, 429, 500, 502, 503, 504]

/** The tokens, of the form that is taken, in whole answers to requests for one; whatever their status. */
function granted(answers: readonly Said[]): string[] {
  return server.asked
    .map(({ method }, at) => ({ method, ...(answers[Math.min(at, answers.length - 1)] ?? { status: 404 }) }))
    .filter(({ method, status, cut }) => method === 'POST' && !AGAIN.includes(status ?? 200) && cut !== true)
    .flatMap(({ body }) => {
      try {
        const json = JSON.parse(Buffer.from(body ?? '').toString('utf8')) as Record<string, unknown>
        return ['access_token', 'refresh_token', 'id_token'].map(name => json?.[name])
      } catch {
        return []
      }
    })
    .filter((text): text is string => typeof text === 'string' && /^[\x21-\x7e]{16,32768}$/.test(text))
}

/** Whether one of the texts stands in this place; in whatever case. */
function showing(place: string, texts: readonly string[]): string[] {
  const lower = place.toLowerCase()
  return texts.filter(text => text.length >= 8 && lower.includes(text.toLowerCase()))
}

function check(ran: Ran, who: Cast, answers: readonly Said[], inputs: Record<string, string>): void {
  const secrets = hiddenOf(who, inputs)
  const outputs = parseCommandFile(ran.output)
  const variables = parseCommandFile(ran.env)
  const token = outputs['token']

  // (b) one of two ends
  if (ran.exitCode === 0) {
    expect(token).toMatch(/^[\x21-\x7e]{16,32768}$/)
    expect(outputs).not.toHaveProperty('error-code')
  } else {
    expect(Object.keys(outputs)).toEqual(['error-code'])
    expect(CODES).toContain(outputs['error-code'])
    expect([ran.env, ran.summary]).toEqual(['', ''])
  }

  // (a) nothing is shown
  const tokens = granted(answers)
  const mustHide = [...secrets, ...tokens]
  const shown = ran.stdout
    .split('\n')
    .filter(line => !line.startsWith('::add-mask::'))
    .join('\n')
  expect(showing(shown, mustHide)).toEqual([])
  for (const [name, value] of Object.entries(outputs))
    expect([name, showing(value, name === 'token' ? secrets : mustHide)]).toEqual([name, []])
  const carriers = [
    ...(inputs['export-env'] ?? '').split(','),
    'GENESYSCLOUD_ACCESS_TOKEN',
    'CXONE_ACCESS_TOKEN'
  ]
  for (const [name, value] of Object.entries(variables)) {
    expect([name, showing(value, carriers.includes(name) ? secrets : mustHide)]).toEqual([name, []])
    if (carriers.includes(name)) expect(value).toBe(token)
  }
  if (inputs['tool-env'] !== 'true' && inputs['export-env'] === undefined) expect(ran.env).toBe('')
  expect(showing(ran.state, secrets)).toEqual([])
  expect(showing(ran.summary, mustHide)).toEqual([])

  // (c) the log is plain text and known commands
  for (const line of ran.stdout.split(/\r\n|\n|\r/)) {
    const command = /^\s*::(add-mask|warning|error|debug)::(.*)$/.exec(line)
    if (command === null) {
      expect(line).not.toMatch(/^\s*::|##\[/)
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      continue
    }
    if (command[1] === 'add-mask') continue
    expect(line).not.toContain('##[')
    const data = (command[2] ?? '').replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
    expect(data.length).toBeLessThanOrEqual(2000)
    // What happened, what to do, and where more is said.
    expect(data.split('\n').length).toBe(command[1] === 'error' ? 3 : 1)
  }
}

async function play(
  who: Cast,
  {
    exchange,
    exportEnv,
    toolEnv,
    debug
  }: { exchange: string; exportEnv: boolean; toolEnv: boolean; debug: boolean },
  answers: readonly Said[],
  more: Record<string, string> = {}
): Promise<void> {
  server.says(answers)
  // The toolkit's summary is one for the whole process and remembers its first file.
  Object.assign(summary.emptyBuffer(), { _filePath: undefined })
  const inputs = {
    ...EXCHANGES[exchange]?.(who),
    'base-url': server.origin,
    ...(exportEnv ? { 'export-env': 'PROPERTY_TOKEN' } : {}),
    ...(toolEnv ? { 'tool-env': 'true' } : {}),
    ...more
  }
  const ran = await runMain(inputs, debug ? { RUNNER_DEBUG: '1' } : {})
  try {
    check(ran, who, answers, inputs)
  } catch (error) {
    const shown = answers.map(one => ({
      ...one,
      body: Buffer.from(one.body ?? '')
        .toString('utf8')
        .slice(0, 1500)
    }))
    const scene = JSON.stringify(
      { inputs, shown, stdout: ran.stdout.slice(-1500), output: ran.output.slice(0, 1000) },
      null,
      1
    )
    throw new Error(`${error instanceof Error ? error.message.slice(0, 1500) : error}\n${scene}`)
  }
}

describe('whatever a platform answers', () => {
  test.each(Object.keys(EXCHANGES))(
    '%s: no secret is shown, and it ends well or with a code',
    async exchange => {
      await fc.assert(
        fc.asyncProperty(cast, options, conversation, async (who, asked, answers) =>
          play(
            who,
            { ...asked, exchange },
            answers.map(one => one(who))
          )
        ),
        { numRuns: 300, endOnFailure: true }
      )
    },
    60_000
  )

  test('the same when it is asked whose token it is', async () => {
    await fc.assert(
      fc.asyncProperty(cast, options, conversation, async (who, asked, answers) =>
        play(
          who,
          asked,
          answers.map(one => one(who)),
          { verify: 'true' }
        )
      ),
      { numRuns: 300, endOnFailure: true }
    )
  }, 60_000)

  test('a large body full of secrets is no way out either', async () => {
    await fc.assert(
      fc.asyncProperty(
        cast,
        options,
        said,
        fc.constantFrom(400, 401, 500, 200),
        async (who, asked, line, code) => {
          const body = JSON.stringify({ error: 'x', error_description: `${line(who)} `.repeat(2000) })
          await play(who, asked, [{ status: code, body }])
        }
      ),
      { numRuns: 40, endOnFailure: true }
    )
  }, 60_000)
})

// --- without the network ------------------------------------------------------------------------------------

const anyString = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.string({
    unit: fc.constantFrom(
      ...'a \t\r\n\u0000\u001b\u0085\u00a0\u00ad\u200b\u2028\u2029\ufeff\ud83d\ude00\ue000\uffff::%'
    ),
    maxLength: 100
  })
)

describe('oneLine', () => {
  test('is one clean line, bounded, and again the same', () => {
    fc.assert(
      fc.property(anyString, fc.integer({ min: 1, max: 120 }), (text, most) => {
        const line = oneLine(text, most)
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u)
        expect([...line].length).toBeLessThanOrEqual(most)
        expect(line).toBe(line.trim())
        expect(oneLine(line, most).replace(/ +/g, ' ')).toBe(line.replace(/ +/g, ' '))
      }),
      { numRuns: 1500 }
    )
  })
  test('leaves clean words as they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'abcé漢😀'), minLength: 1 })), words => {
        expect(oneLine(words.join(' '), 10_000)).toBe(words.join(' '))
        expect(oneLine(words.join('\r\n\t'), 10_000)).toBe(words.join(' '))
      }),
      { numRuns: 500 }
    )
  })
})

describe('Redactor.hideIn', () => {
  test('leaves no known secret in any spelling or case', () => {
    fc.assert(
      fc.property(
        fc.array(secretText, { minLength: 1, maxLength: 4 }),
        fc.array(anyString, { maxLength: 4 }),
        fc.boolean(),
        (texts, words, upper) => {
          const secrets = new Redactor()
          for (const text of texts) secrets.add(new Secret(text))
          const all = texts.flatMap(spellings).flatMap((text, at) => [words[at % 4] ?? '', text])
          const hidden = secrets.hideIn(upper ? all.join('').toUpperCase() : all.join(''))
          const left = texts.flatMap(spellings).filter(text => hidden.includes(text))
          expect(left).toEqual([])
          expect(secrets.hideIn(hidden)).toBe(hidden)
        }
      ),
      { numRuns: 1000 }
    )
  })
  test('leaves everything else as it is', () => {
    fc.assert(
      fc.property(secretText, anyString, (text, words) => {
        fc.pre(!words.toLowerCase().includes('qz'))
        const secrets = new Redactor()
        secrets.add(new Secret(text))
        expect(secrets.hideIn(words)).toBe(words)
        expect(secrets.hideIn(`${words}${text}${words}`)).toBe(`${words}***${words}`)
      }),
      { numRuns: 1000 }
    )
  })
})

const wellFormed = (text: string) => Buffer.from(text).toString('utf8')

describe('formEncode', () => {
  test('is read back by every form parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), text => {
        const form = `a=1&x=${formEncode(text)}&b=2`
        expect(new URLSearchParams(form).get('x')).toBe(wellFormed(text))
        expect(formEncode(text)).toMatch(/^[A-Za-z0-9*._+%-]*$/)
        expect(decodeURIComponent(formEncode(text).replaceAll('+', ' '))).toBe(wellFormed(text))
      }),
      { numRuns: 1500 }
    )
  })
})

const hostPiece = fc.constantFrom(
  ...[
    'cxone',
    'evil',
    'com',
    'niceincontact',
    'nice-incontact',
    'pure',
    'cloud',
    'mypurecloud',
    'ie',
    'us-gov-pure',
    'login'
  ],
  ...[
    '.',
    '.',
    '.',
    '/',
    '//',
    '@',
    ':',
    ':443',
    '#',
    '?',
    '\\',
    '%2f',
    '%40',
    ' ',
    '\t',
    '\n',
    '\u0000',
    '-',
    '_',
    '*',
    '。',
    'ｅ',
    'é'
  ],
  ...[
    'https://',
    'http://',
    'HTTPS://',
    'cxone.niceincontact.com',
    'evil.com',
    '.pure.cloud',
    'mypurecloud.com',
    'x',
    '..',
    '.niceincontact.com'
  ]
)
const hostLike = fc.array(hostPiece, { minLength: 1, maxLength: 8 }).map(pieces => pieces.join(''))

describe('trustedEndpoint', () => {
  test('whatever it lets pass is https, on 443, under the issuer’s own domains, and stays there', () => {
    const texts = fc.oneof(
      hostLike,
      hostLike.map(text => `https://cxone.niceincontact.com${text}`),
      hostLike.map(text => `https://${text}`),
      anyString
    )
    fc.assert(
      fc.property(texts, text => {
        const url = trustedEndpoint('cxone.niceincontact.com', text)
        if (url === undefined) return
        const goes = [url, place(url.origin, url.pathname, undefined)]
        for (const { protocol, port, hostname, username, password } of goes) {
          expect([protocol, port, username, password]).toEqual(['https:', '', '', ''])
          expect(hostname).toMatch(/(^|\.)(niceincontact|nice-incontact)\.com$/)
        }
        expect(place(url.origin, url.pathname, new URL('http://127.0.0.1:1')).origin).toBe(
          'http://127.0.0.1:1'
        )
      }),
      { numRuns: 5000 }
    )
  })
})

describe('genesysRegion', () => {
  test('whatever it lets pass is a known region or one name below the domains that grow', () => {
    fc.assert(
      fc.property(fc.oneof(hostLike, anyString), text => {
        const region = genesysRegion(text)
        if (region === undefined) return
        if (region.code !== undefined) expect(GENESYS_REGIONS).toContainEqual(region)
        else
          expect(region.domain).toMatch(
            /^[a-z0-9]([a-z0-9-]*[a-z0-9])?\.(pure|us-gov-pure|eusc-pure)\.cloud$/
          )
        expect(new URL(`https://login.${region.domain}`).hostname).toBe(`login.${region.domain}`)
      }),
      { numRuns: 5000 }
    )
  })
})
