import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT } from '../emulator/genesys.mjs'
import { formEncode } from '../src/lib/secret.js'
import { fc } from './support/properties.js'
import {
  answers,
  type Here,
  type Met,
  NAME,
  onEach,
  openStage,
  postOf,
  REPOSITORY,
  rotateHere,
  type Stage,
  VARIABLE
} from './support/rotation.js'
import { cleanup } from './support/runner.mjs'

/** What must not be said, and what was: of one run. */
interface Cast {
  readonly clientSecret: string
  readonly githubToken: string
  readonly previousToken: string
  readonly newToken: string
}

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  await stage.close()
  cleanup()
})

// --- who plays ----------------------------------------------------------------------------------------------

const marker = fc
  .string({
    unit: fc.constantFrom(...'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'),
    minLength: 12,
    maxLength: 16
  })
  .map(text => `Qz${text}`)
const tail = (units: string) => fc.string({ unit: fc.constantFrom(...units), maxLength: 40 })
const visible = 'aZ0-._~=+/%:"\\<>#[]{}$^*?|,@&;'
const tokenText = fc.tuple(marker, tail(visible), marker).map(parts => parts.join(''))
const cast: fc.Arbitrary<Cast> = fc
  .record({
    clientSecret: fc.tuple(marker, tail(`${visible}é€😀 `), marker).map(parts => parts.join('')),
    githubToken: tokenText,
    previousToken: tokenText,
    newToken: fc.oneof(
      { weight: 9, arbitrary: tokenText },
      { weight: 1, arbitrary: marker.map(text => text + '"\\'.repeat(1500)) }
    )
  })
  .filter(who => new Set(Object.values(who)).size === 4)

const blobOf = (who: Cast) => Buffer.from(`${GENESYS_CLIENT.id}:${who.clientSecret}`).toString('base64')

/** Before the platform has issued the token, and been sent the client’s header, nobody can say either. */
const isIssued = (who: Cast) => stage.genesys.tokens.has(who.newToken)
const tokenOf = (who: Cast) => (isIssued(who) ? who.newToken : 'a token of nobody’s')
const jsonSpelled = (text: string) => JSON.stringify(text).slice(1, -1)
const spellings = (text: string) => [text, formEncode(text), jsonSpelled(text)]

// --- what may be answered ---------------------------------------------------------------------------------------

/** A text that is a secret, or holds one; resolved when the cast is known. */
type Line = (who: Cast, asked: Met['request']) => string

const said: fc.Arbitrary<Line> = fc.constantFrom<Line>(
  who => tokenOf(who),
  who => who.githubToken,
  who => who.previousToken,
  who => who.clientSecret,
  who => (isIssued(who) ? blobOf(who) : 'nobody’s'),
  who => formEncode(who.clientSecret),
  who => jsonSpelled(tokenOf(who)),
  (_, { headers }) => String(headers.authorization),
  (_, { body }) => body,
  (_, { rawHeaders }) => rawHeaders.join('\n'),
  (who, { method, path }) => `${method} ${path}?token=${tokenOf(who)}&x=${who.githubToken}`
)
const disguise = fc.constantFrom<(text: string) => string>(
  text => text,
  text => text.toUpperCase(),
  text => `${text.slice(0, 9)}\u200b${text.slice(9)}`,
  text => `${text.slice(0, 9)}\u0000\u00ad${text.slice(9)}`,
  text => `${'x'.repeat(190)}${text}`,
  text => `::error::${text}\r\n::set-output name=token::${text}\r\n##[warning]${text}`,
  text => text + text
)
const line: fc.Arbitrary<Line> = fc.tuple(said, disguise).map(
  ([text, as]) =>
    (who, asked) =>
      as(text(who, asked))
)

const FIELDS = [
  ...['message', 'error', 'error_description', 'code', 'key_id', 'key', 'updated_at', 'visibility'], // no `value`: what GitHub says of a variable is written back to it,
  ...['total_count', 'repositories', 'organization', 'access_token', 'documentation_url', 'errors']
]
const HEADERS = [
  ...['X-GitHub-Request-Id', 'ININ-Correlation-Id', 'Location', 'Retry-After', 'X-RateLimit-Reset'],
  ...['X-RateLimit-Remaining', 'Link', 'Content-Type', 'Set-Cookie']
]
interface HttpResponse {
  readonly at: number
  readonly status: number
  readonly fields: readonly (readonly [string, Line])[]
  readonly headers: readonly (readonly [string, Line])[]
  readonly raw: Line | undefined
}
const answer: fc.Arbitrary<HttpResponse> = fc.record({
  at: fc.nat(14),
  status: fc.constantFrom(200, 201, 204, 301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503),
  fields: fc.array(fc.tuple(fc.constantFrom(...FIELDS), line), { maxLength: 4 }),
  headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), line), { maxLength: 3 }),
  raw: fc.option(line, { nil: undefined, freq: 4 })
})

/** A header's value as a server could send it. */
const inHeader = (text: string) => text.replace(/[^\x21-\x7e]+/g, ' ').slice(0, 2000)

function play(met: Met, who: Cast, odd: readonly HttpResponse[]): boolean {
  if (met.done) return false
  const one = odd.find(({ at }) => at === met.n)
  if (one !== undefined) {
    const headers = one.headers.map(([name, text]) => [name, inHeader(text(who, met.request))])
    const fields = one.fields.map(([name, text]) => [name, text(who, met.request)])
    const json = one.raw === undefined ? Object.fromEntries(fields) : one.raw(who, met.request)
    if (one.status === 204) {
      met.response.writeHead(204, Object.fromEntries(headers)).end()
      return true
    }
    return answers(met, one.status, json, Object.fromEntries(headers))
  }
  // The platform issues the token of this run, and knows it from then on.
  if (met.request.path !== '/oauth/token') return false
  remember(who.newToken)
  return answers(met, 200, {
    access_token: who.newToken,
    token_type: 'bearer',
    expires_in: 86_400,
    id_token: who.newToken
  })
}

function remember(token: string): void {
  stage.genesys.tokens.set(token, {
    clientId: GENESYS_CLIENT.id,
    kind: 'access',
    organization: GENESYS_CLIENT.organization,
    scope: [],
    issuedAt: Date.now(),
    expiresAt: Date.now() + 86_400_000,
    revoked: false
  })
}

function begin(who: Cast, odd: readonly HttpResponse[]): void {
  stage.genesys.tokens.clear()
  remember(who.previousToken)
  stage.genesys.clients[0] = { ...GENESYS_CLIENT, permissions: [], secret: who.clientSecret }
  for (const token of stage.github.tokens) token.token = who.githubToken
  stage.github.putSecret(NAME, REPOSITORY, who.previousToken, { updatedAt: Date.now() - 86_400_000 })
  stage.github.putVariable(VARIABLE, REPOSITORY, 'as it was')
  stage.forget()
  onEach(stage, met => play(met, who, odd))
}

const inputsOf = (who: Cast) => ({
  'client-secret': who.clientSecret,
  'github-token': who.githubToken,
  'previous-token': who.previousToken,
  'expiry-variable': VARIABLE,
  'max-attempts': '2'
})

/** Asserts that nothing secret is said in a text, in any case. */
function saysNothing(text: string, who: Cast): void {
  const low = text.toLowerCase()
  for (const [name, secret] of Object.entries({ ...who, blob: blobOf(who) }))
    for (const spelled of spellings(secret))
      expect([name, low.includes(spelled.toLowerCase())]).toEqual([name, false])
}

function keepsSecrets(got: Here, who: Cast): void {
  saysNothing(got.stdout.replace(/^::add-mask::.*$/gm, ''), who)
  saysNothing(got.files, who)
  // The post step has to know the token that it is to end, and nothing else.
  saysNothing(JSON.stringify(got.state).replaceAll(jsonSpelled(jsonSpelled(who.newToken)), ''), {
    ...who,
    newToken: 'the token of another run'
  })
}

/** Asserts what either side was told: to each its own, and the token to GitHub in a seal alone. */
function tellsNobody(who: Cast): void {
  for (const { path, headers, body } of stage.github.requests) {
    const { authorization, ...rest } = headers
    expect(authorization).toBe(`Bearer ${who.githubToken}`)
    saysNothing(`${path}\n${JSON.stringify(rest)}\n${body}`, who)
  }
  for (const { path, headers, body } of stage.genesys.requests) {
    const { authorization = '', ...rest } = headers
    expect([`Basic ${blobOf(who)}`, `Bearer ${who.newToken}`, `Bearer ${who.previousToken}`]).toContain(
      authorization
    )
    saysNothing(`${path}\n${JSON.stringify(rest)}\n${body}`, who)
  }
}

test('whatever is answered, no secret is said: in this process', async () => {
  let stored = 0
  await fc.assert(
    fc.asyncProperty(cast, fc.array(answer, { maxLength: 3 }), async (who, odd) => {
      begin(who, odd)
      const got = await rotateHere(stage, inputsOf(who))
      keepsSecrets(got, who)
      tellsNobody(who)
      const holds = stage.stored()
      if (stage.genesys.tokens.has(holds ?? '') && holds !== who.previousToken) stored += 1
    }),
    { numRuns: 100 }
  )
  // Not only what fails at once was tried.
  expect(stored).toBeGreaterThan(8)
}, 60_000)

test('whatever is answered, no secret is said: as a process, with step debugging on, and its post step', async () => {
  await fc.assert(
    fc.asyncProperty(cast, fc.array(answer, { maxLength: 2 }), async (who, odd) => {
      begin(who, odd)
      const ran = await stage.rotate({ ...inputsOf(who), timeout: '3s' }, { debug: true })
      const { stdout, stderr, files, state } = ran
      keepsSecrets(
        {
          code: undefined,
          stdout: stdout + stderr,
          outputs: {},
          state,
          files: files.output + files.env + files.summary
        },
        who
      )
      expect(stderr).toBe('')
      const ended = await postOf(ran, { debug: true })
      saysNothing((ended.stdout + ended.stderr).replace(/^::add-mask::.*$/gm, ''), who)
      tellsNobody(who)
    }),
    { numRuns: 8 }
  )
}, 90_000)

test('where all is well, the token stands in its mask and in the seal, and nowhere else', async () => {
  await fc.assert(
    fc.asyncProperty(cast, async who => {
      begin(who, [])
      const got = await rotateHere(stage, inputsOf(who))
      expect([got.code, got.state]).toEqual([undefined, { 'token-1': '' }])
      keepsSecrets(got, who)
      tellsNobody(who)
      expect(stage.stored()).toBe(who.newToken)
      const masks = got.stdout.match(/^::add-mask::.*$/gm) ?? []
      const escaped = (text: string) => text.replaceAll('%', '%25')
      for (const secret of Object.values(who)) expect(masks).toContain(`::add-mask::${escaped(secret)}`)
    }),
    { numRuns: 25 }
  )
}, 60_000)
