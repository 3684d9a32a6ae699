import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GENESYS_CLIENT } from '../emulator/genesys.mjs'
import { formEncode } from '../src/lib/secret.js'
import { fc } from './support/properties.js'
import { respond } from './support/respond.js'
import {
  type Intercepted,
  interceptAll,
  NAME,
  postOf,
  REPOSITORY,
  type RotationResult,
  rotateInProcess,
  type Servers,
  startServers,
  VARIABLE
} from './support/rotation.js'
import { cleanup } from './support/runner.mjs'

let servers: Servers
beforeAll(async () => {
  servers = await startServers()
})
afterAll(async () => {
  await servers.close()
  cleanup()
})

const tail = (units: string) => fc.string({ unit: fc.constantFrom(...units), maxLength: 40 })
const visible = 'aZ0-._~=+/%:"\\<>#[]{}$^*?|,@&;'
const tokenText = fc.tuple(fc.uuid(), tail(visible), fc.uuid()).map(parts => parts.join(''))
const secrets = fc
  .record({
    clientSecret: fc.tuple(fc.uuid(), tail(`${visible}é€😀 `), fc.uuid()).map(parts => parts.join('')),
    githubToken: tokenText,
    previousToken: tokenText,
    newToken: fc.oneof(
      { weight: 9, arbitrary: tokenText },
      { weight: 1, arbitrary: fc.uuid().map(text => text + '"\\'.repeat(1500)) }
    )
  })
  .filter(run => new Set(Object.values(run)).size === 4)
type Secrets = typeof secrets extends fc.Arbitrary<infer T> ? T : never

const basicCredentials = ({ clientSecret }: Secrets) =>
  Buffer.from(`${GENESYS_CLIENT.id}:${clientSecret}`).toString('base64')

/** Before the platform issued the token, no response can contain it, nor the client's header. */
const isIssued = ({ newToken }: Secrets) => servers.genesys.tokens.has(newToken)
const issuedToken = (run: Secrets) => (isIssued(run) ? run.newToken : 'another token')
const inJson = (text: string) => JSON.stringify(text).slice(1, -1)

/** A text that contains a secret, made when the secrets and the request are known. */
type Text = (run: Secrets, request: Intercepted['request']) => string

const secretText: fc.Arbitrary<Text> = fc.constantFrom<Text>(
  run => issuedToken(run),
  run => run.githubToken,
  run => run.previousToken,
  run => run.clientSecret,
  run => (isIssued(run) ? basicCredentials(run) : 'other credentials'),
  run => formEncode(run.clientSecret),
  run => inJson(issuedToken(run)),
  (_, { headers }) => String(headers.authorization),
  (_, { body }) => body,
  (_, { rawHeaders }) => rawHeaders.join('\n'),
  (run, { method, path }) => `${method} ${path}?token=${issuedToken(run)}&x=${run.githubToken}`
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
const text: fc.Arbitrary<Text> = fc.tuple(secretText, disguise).map(
  ([original, change]) =>
    (run, request) =>
      change(original(run, request))
)

const FIELDS = [
  // No `value`: the value of a variable is written back to it.
  ...['message', 'error', 'error_description', 'code', 'key_id', 'key', 'updated_at', 'visibility'],
  ...['total_count', 'repositories', 'organization', 'access_token', 'documentation_url', 'errors']
]
const HEADERS = [
  ...['X-GitHub-Request-Id', 'ININ-Correlation-Id', 'Location', 'Retry-After', 'X-RateLimit-Reset'],
  ...['X-RateLimit-Remaining', 'Link', 'Content-Type', 'Set-Cookie']
]
/** A made-up response to the n-th request. */
const response = fc.record({
  n: fc.nat(14),
  status: fc.constantFrom(200, 201, 204, 301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503),
  fields: fc.array(fc.tuple(fc.constantFrom(...FIELDS), text), { maxLength: 4 }),
  headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), text), { maxLength: 3 }),
  body: fc.option(text, { nil: undefined, freq: 4 })
})
type MadeUpResponse = typeof response extends fc.Arbitrary<infer T> ? T : never

/** Returns a header value that a server can send. */
const inHeader = (value: string) => value.replace(/[^\x21-\x7e]+/g, ' ').slice(0, 2000)

function intercept(call: Intercepted, run: Secrets, responses: readonly MadeUpResponse[]): boolean {
  if (call.isApplied) return false
  const madeUp = responses.find(({ n }) => n === call.n)
  if (madeUp !== undefined) {
    const values = (texts: readonly [string, Text][]) =>
      texts.map(([name, value]): [string, string] => [name, value(run, call.request)])
    const json = madeUp.body?.(run, call.request) ?? Object.fromEntries(values(madeUp.fields))
    const headers = values(madeUp.headers).map(([name, value]) => [name, inHeader(value)])
    return respond(call, madeUp.status, JSON.stringify(json), Object.fromEntries(headers))
  }
  if (call.request.path !== '/oauth/token') return false
  issue(run.newToken)
  return respond(call, 200, {
    access_token: run.newToken,
    token_type: 'bearer',
    expires_in: 86_400,
    id_token: run.newToken
  })
}

/** From now on, the platform accepts this token. */
function issue(token: string): void {
  servers.genesys.tokens.set(token, {
    clientId: GENESYS_CLIENT.id,
    kind: 'access',
    organization: GENESYS_CLIENT.organization,
    scope: [],
    issuedAt: Date.now(),
    expiresAt: Date.now() + 86_400_000,
    revoked: false
  })
}

function prepare(run: Secrets, responses: readonly MadeUpResponse[]): void {
  const { genesys, github } = servers
  genesys.tokens.clear()
  issue(run.previousToken)
  genesys.clients[0] = { ...GENESYS_CLIENT, permissions: [], secret: run.clientSecret }
  for (const token of github.tokens) token.token = run.githubToken
  github.putSecret(NAME, REPOSITORY, run.previousToken, { updatedAt: Date.now() - 86_400_000 })
  github.putVariable(VARIABLE, REPOSITORY, 'the old value')
  servers.forgetRequests()
  interceptAll(servers, call => intercept(call, run, responses))
}

const inputsOf = (run: Secrets) => ({
  'client-secret': run.clientSecret,
  'github-token': run.githubToken,
  'previous-token': run.previousToken,
  'expiry-variable': VARIABLE,
  'max-attempts': '2'
})

/** Expects no secret in a text, in no spelling and no case. */
function expectNoSecret(written: string, run: Secrets): void {
  const lowerCase = written.toLowerCase()
  for (const [name, secret] of Object.entries({ ...run, basic: basicCredentials(run) }))
    for (const spelling of [secret, formEncode(secret), inJson(secret)])
      expect([name, lowerCase.includes(spelling.toLowerCase())]).toEqual([name, false])
}

function expectNothingLeaked(
  { stdout, files, state }: Pick<RotationResult, 'stdout' | 'files' | 'state'>,
  run: Secrets
): void {
  expectNoSecret(withoutMasks(stdout), run)
  expectNoSecret(files, run)
  // The post step needs the token that it is to revoke, and nothing else.
  const otherState = JSON.stringify(state).replaceAll(inJson(inJson(run.newToken)), '')
  expectNoSecret(otherState, { ...run, newToken: 'the token of another run' })
}

const withoutMasks = (stdout: string) => stdout.replace(/^::add-mask::.*$/gm, '')

/** Expects that each server gets only its own secrets, and GitHub the new token only if it is sealed. */
function expectSecretsSentOnlyToTheirServer(run: Secrets): void {
  const { genesys, github } = servers
  for (const { path, headers, body } of github.requests) {
    const { authorization, ...others } = headers
    expect(authorization).toBe(`Bearer ${run.githubToken}`)
    expectNoSecret(`${path}\n${JSON.stringify(others)}\n${body}`, run)
  }
  for (const { path, headers, body } of genesys.requests) {
    const { authorization = '', ...others } = headers
    expect([
      `Basic ${basicCredentials(run)}`,
      `Bearer ${run.newToken}`,
      `Bearer ${run.previousToken}`
    ]).toContain(authorization)
    expectNoSecret(`${path}\n${JSON.stringify(others)}\n${body}`, run)
  }
}

test('no response makes a rotation show a secret, in this process', async () => {
  let stored = 0
  await fc.assert(
    fc.asyncProperty(secrets, fc.array(response, { maxLength: 3 }), async (run, responses) => {
      prepare(run, responses)
      const result = await rotateInProcess(servers, inputsOf(run))
      expectNothingLeaked(result, run)
      expectSecretsSentOnlyToTheirServer(run)
      if (servers.stored() === run.newToken) stored += 1
      if (responses.length > 0) return
      expect([result.code, result.state]).toEqual([undefined, { 'token-1': '' }])
      expect(servers.stored()).toBe(run.newToken)
      const masks = result.stdout.match(/^::add-mask::.*$/gm)
      const expected = Object.values(run).map(secret => `::add-mask::${secret.replaceAll('%', '%25')}`)
      expect(masks).toEqual(expect.arrayContaining(expected))
    }),
    { numRuns: 90 }
  )
  // Some rotations must have come to their end.
  expect(stored).toBeGreaterThan(8)
})

test('no response makes the bundle or its post step show a secret, with step debugging', async () => {
  await fc.assert(
    fc.asyncProperty(secrets, fc.array(response, { maxLength: 2 }), async (run, responses) => {
      prepare(run, responses)
      const rotation = await servers.rotate({ ...inputsOf(run), timeout: '3s' }, { debug: true })
      const { stdout, stderr, files, state } = rotation
      expectNothingLeaked({ stdout, state, files: files.output + files.env + files.summary }, run)
      const post = await postOf(rotation, { debug: true })
      expectNoSecret(withoutMasks(post.stdout), run)
      expect([stderr, post.stderr]).toEqual(['', ''])
      expectSecretsSentOnlyToTheirServer(run)
    }),
    { numRuns: 6 }
  )
}, 90_000)
