import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { main } from '../src/main.js'
import { parseCommandFile } from './support/command-files.mjs'
import { OUTPUTS } from './support/expected.js'
import { type FixedResponse, FixedServer } from './support/fixed-server.js'
import { runStep, type StepResult } from './support/in-process.js'
import { parseCommand, RunnerLog } from './support/runner-log.mjs'
import { knownOutputs } from './support/written.js'

let server: FixedServer
beforeAll(async () => {
  server = await FixedServer.start()
})
afterAll(() => server.close())

const SECRET = 'Inj3ct10nSecret.value-1'
const KEY_SECRET = 'Inj3ct10nKey.value-2===='
const GENESYS = {
  provider: 'genesys',
  region: 'eu-west-1',
  'client-id': 'injection-client',
  'client-secret': SECRET
}
const APPLICATION = {
  ...GENESYS,
  provider: 'cxone',
  region: 'na1',
  'access-key-id': 'INJECTIONKEY',
  'access-key-secret': KEY_SECRET
}

const LONG_LIVED = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): FixedResponse => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body)
})

const TOKEN = json({ access_token: 'token-of-an-organisation', expires_in: 60 })

async function run(
  inputs: Record<string, string>,
  responses: readonly FixedResponse[],
  env: Record<string, string> = {}
): Promise<StepResult> {
  server.respondWith(responses)
  return runStep(main, { inputs: { ...inputs, 'base-url': server.origin }, env })
}

/** Returns the names of the commands that the runner obeys, without the masks. */
function commands({ stdout }: StepResult): string[] {
  const log = new RunnerLog({ debug: true })
  const stream = log.stream()
  stream.write(stdout)
  stream.end()
  return log.commands.map(({ name }) => name).filter(name => name !== 'add-mask')
}

function masks({ stdout }: StepResult): string[] {
  return stdout.split('\n').flatMap(line => {
    const command = parseCommand(line)
    return command?.name === 'add-mask' ? [command.data] : []
  })
}

const withoutMasks = ({ stdout }: StepResult) => stdout.replace(/^::add-mask::.*$/gm, '')
/** Everything that a person or a later step can read, except masks and state. */
const everything = (step: StepResult) => `${withoutMasks(step)}${step.output}${step.env}${step.summary}`

function expectFailure(step: StepResult, code: string): void {
  expect([step.exitCode, parseCommandFile(step.output), step.env]).toEqual([1, { 'error-code': code }, ''])
}

describe('tokens that look like something else', () => {
  const tokens = [
    '%0A::set-output%20name=token::evil',
    '::add-mask::*****************',
    '::stop-commands::evil-evil-evil',
    '##[add-mask]evil-evil-evil',
    'EVIL=1<<EOF%0Aevil%0AEOF',
    'ghadelimiter_00000000-0000-0000-0000-000000000000',
    `"'\`"'\`$(touch/tmp/evil);|&\\n\\r\\u000aevil=evil`,
    '<script>alert(1)</script>',
    `x${'%::<<"'.repeat(2730)}`,
    'y'.repeat(32 * 1024)
  ]

  test.each(tokens.map((token): [string, string] => [token.slice(0, 50), token]))('%s', async (_, token) => {
    const step = await run({ ...GENESYS, 'export-env': 'MY_TOKEN', 'tool-env': 'true' }, [
      json({ access_token: token, expires_in: 60 })
    ])
    expect([step.exitCode, commands(step)]).toEqual([0, []])
    expect(masks(step)).toContain(token)
    const outputs = parseCommandFile(step.output)
    expect(Object.keys(knownOutputs(outputs))).toEqual(Object.keys(OUTPUTS))
    expect(outputs).toMatchObject({ token, 'token-type': 'Bearer', region: 'eu-west-1' })
    expect(parseCommandFile(step.env)).toEqual({
      MY_TOKEN: token,
      GENESYSCLOUD_ACCESS_TOKEN: token,
      GENESYSCLOUD_REGION: 'eu-west-1',
      GENESYSCLOUD_API_REGION: server.origin
    })
    for (const value of Object.values(parseCommandFile(step.state))) expect(value).not.toMatch(/[\r\n]/)
    expect(withoutMasks(step)).not.toContain(token)
    expect(step.summary).not.toContain(token)
  })

  test('a token with a line break is rejected', async () => {
    const token = 'token-0123456789\r\n::set-output name=x::y'
    const step = await run({ ...GENESYS, 'export-env': 'MY_TOKEN' }, [json({ access_token: token })])
    expectFailure(step, 'bad-response')
    expect(commands(step)).toEqual(['error'])
    expect(withoutMasks(step) + step.summary).not.toContain('token-0123456789')
  })

  test('two tokens of the maximum length, one after the other', async () => {
    const step = await run(LONG_LIVED, [
      json({ access_token: `${'+'.repeat(32 * 1024 - 1)}a`, expires_in: 60 }),
      json({ access_token: `${'/'.repeat(32 * 1024 - 1)}b`, expires_in: 60 })
    ])
    expect([step.exitCode, parseCommandFile(step.output)['error-code']]).toEqual([0, undefined])
    expect(parseCommandFile(step.output)['token']?.slice(-2)).toBe('/b')
  })

  test('a token of the maximum length, repeated in the response to the next request', async () => {
    const token = `Marker${'+'.repeat(32 * 1024 - 6)}`
    const step = await run(LONG_LIVED, [
      json({ access_token: token }),
      json({ error: 'x', description: `no: ${token}` }, 400)
    ])
    expectFailure(step, 'bad-request')
    expect(withoutMasks(step) + step.summary).not.toContain('Marker+++')
  })
})

describe('the words of a platform', () => {
  const words = [
    ['%', '100%25 %0A::error::evil %'],
    ['a command on a line of its own', 'x\r\n::set-env name=EVIL::1\r\n::stop-commands::evil\r\n'],
    ['an old command', '##[add-mask]a ##[set-env name=EVIL;]1'],
    ['an old command in pieces', '#\u200b#[add-mask]a #\u0000#[error]b ##\u202e[command]c'],
    ['a heredoc', 'error-code<<EOF\nevil\nEOF'],
    ['a delimiter', 'ghadelimiter_x\nEVIL<<ghadelimiter_x\nevil\nghadelimiter_x'],
    ['quotes', `"'\`$(evil)\${{ secrets.X }}`],
    ['16 kB', 'evil '.repeat(3200)],
    ['emoji', '😀'.repeat(500)],
    ['colours and a bell', '\u001b[31mred\u001b[0m\u0007\u0008\u009b31m'],
    ['other line breaks', 'a\u0085::error::b\u2028::error::c\u2029::error::d\u000b::error::e\u000c::error::f']
  ]
  /** The summary is a title and a table in one line: nothing in it is a tag or Markdown. */
  function expectPlainTable(summary: string): void {
    expect(summary).toMatch(/^<h3>[^<>\n]+<\/h3>\n<table>.+<\/table>\n$/)
    expect(summary.replace(/<\/?(h3|table|tr|td|strong|code)>/g, '')).not.toMatch(/[<>]/)
  }

  test.each(words)('with %s: one error, and no other command', async (_, text) => {
    for (const [body, status] of [
      [{ error: text, error_description: text }, 400],
      [{ message: text }, 500]
    ] as const) {
      const headers = { 'ININ-Correlation-Id': '::error::evil' }
      const step = await run(GENESYS, [json(body, status, headers)], { RUNNER_DEBUG: '1' })
      expect(commands(step).filter(name => name !== 'debug')).toEqual(['error'])
      expect([step.exitCode, Object.keys(parseCommandFile(step.output))]).toEqual([1, ['error-code']])
      expect([step.env, step.state]).toEqual(['', ''])
      expectPlainTable(step.summary)
      expect(step.stdout).not.toContain('##[')
      const error = step.stdout.split('\n').find(line => line.startsWith('::error::')) ?? ''
      const data = parseCommand(error)?.data ?? ''
      expect(data.length).toBeLessThanOrEqual(2000)
      expect(data.split('\n')).toEqual([
        expect.anything(),
        expect.anything(),
        expect.stringMatching(/^More: docs\/troubleshooting\.md#[a-z-]+$/)
      ])
      expect(data.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }
  })

  test.each(words)('with %s as the name of an organisation: an output and a cell', async (_, text) => {
    const step = await run({ ...GENESYS, verify: 'true' }, [
      TOKEN,
      json({ organization: { id: 'org-1', name: text } })
    ])
    expect([step.exitCode, commands(step)]).toEqual([0, []])
    const outputs = parseCommandFile(step.output)
    expect(Object.keys(knownOutputs(outputs))).toEqual(Object.keys(OUTPUTS))
    expect(outputs['organization-name']).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
    expect(step.env).toBe('')
    expectPlainTable(step.summary)
  })

  test('a Location with commands in it is not followed', async () => {
    const step = await run(GENESYS, [
      { status: 302, headers: { Location: 'https://evil.example/%0A::error::x ##[error]y' } }
    ])
    expect(server.requests).toHaveLength(1)
    expectFailure(step, 'redirected')
    expect(commands(step)).toEqual(['error'])
  })
})

describe('a tenant that is a secret', () => {
  const keySecret = 'Inj3ct10nKeyValue2'
  const claims = Buffer.from(JSON.stringify({ tenantId: keySecret })).toString('base64url')
  const granted = json({ access_token: `header.${claims}.signature`, expires_in: 60 })

  test('does not become an output', async () => {
    const { 'client-id': _, 'client-secret': __, ...key } = APPLICATION
    const step = await run({ ...key, 'access-key-secret': keySecret, verify: 'true' }, [granted])
    expectFailure(step, 'bad-response')
    expect(everything(step)).not.toContain(keySecret)
  })
  test('does not become part of a URL', async () => {
    const step = await run({ ...APPLICATION, 'access-key-secret': keySecret }, [
      json({ token_endpoint: 'https://cxone.niceincontact.com/auth/token' }),
      granted,
      json({ api_endpoint: 'https://api-na1.niceincontact.com', area: 'na1' })
    ])
    expectFailure(step, 'bad-response')
    expect(server.requests).toHaveLength(2)
    for (const { path } of server.requests) expect(path).not.toContain(keySecret)
  })
})

test.each(['provider', 'region', 'token-kind', 'token-endpoint', 'base-url', 'export-env', 'tool-env'])(
  'the input %s that looks like something else',
  async name => {
    for (const text of ['%0A::error::evil', 'a\n::set-output name=token::evil', '##[add-mask]x', 'x<<EOF']) {
      const step = await runStep(main, { inputs: { ...GENESYS, [name]: text } })
      expectFailure(step, 'invalid-input')
      expect(commands(step)).toEqual(['error'])
      expect(step.stdout).not.toContain('##[')
    }
  }
)

describe('a secret in a response', () => {
  const claims = Buffer.from(JSON.stringify({ tenantId: 'tenant-1' })).toString('base64url')
  const tokens = {
    access_token: `eyJhbGciOiJub25lIn0.${claims}.x`,
    id_token: 'header.payload-0123456789.signature',
    refresh_token: 'rfr-0123456'
  }
  const discovery = json({ token_endpoint: 'https://cxone.niceincontact.com/auth/token' })
  const configured = (more: object): FixedResponse[] => [
    discovery,
    json(tokens),
    json({ api_endpoint: 'https://api-na1.niceincontact.com', area: 'na1', domain: 'nice.example', ...more })
  ]

  test.each<[string, FixedResponse[], string]>([
    ['as the area', configured({ area: SECRET }), SECRET],
    ['as the area, in lower case', configured({ area: SECRET.toLowerCase() }), SECRET],
    ['as the domain', configured({ domain: SECRET }), SECRET],
    ['as a part of the domain', configured({ domain: `x.${SECRET}.example` }), SECRET],
    ['as the area: the id token', configured({ area: tokens.id_token }), tokens.id_token],
    ['as the area: the refresh token', configured({ area: tokens.refresh_token }), tokens.refresh_token]
  ])('%s is not published', async (_, responses, secret) => {
    const step = await run({ ...APPLICATION, 'tool-env': 'true' }, responses)
    expect(server.requests).toHaveLength(3)
    expectFailure(step, 'bad-response')
    expect(everything(step).toLowerCase()).not.toContain(secret.toLowerCase())
  })

  test('is not shown: also a short refresh token', async () => {
    const refused = json({ error: 'x', error_description: 'your refresh token is rfr-0123456' }, 400)
    const step = await run(APPLICATION, [discovery, json(tokens), refused])
    expectFailure(step, 'bad-request')
    expect(everything(step)).not.toContain('rfr-0123456')
  })

  const ID = 'org_secret_0123456789'
  const LONG = 'longsecretlongsecretlongsecret42'
  const HOST = `${'a'.repeat(40)}.${'b'.repeat(40)}.${LONG}.example`
  const owner = (id: string, name: string) => [TOKEN, json({ organization: { id, name } })]
  test.each<[string, FixedResponse[], string]>([
    ['as the name of the organisation', owner('org-1', `Org ${SECRET}`), SECRET],
    ['as the name, cut inside it', owner('org-1', `${'x'.repeat(185)} ${SECRET}`), SECRET],
    ['as the id of the organisation', owner(ID, 'x'), ID],
    ['in the host of a redirect', [{ status: 302, headers: { Location: `https://${HOST}/` } }], LONG]
  ])('%s is not published, nor most of it', async (_, responses, secret) => {
    const step = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, responses)
    expect(server.requests.length).toBeGreaterThanOrEqual(responses.length)
    expect(everything(step)).not.toContain(secret.slice(0, 12))
  })

  test('as the name of the organisation is not in the summary, where its characters are escaped', async () => {
    const secret = `amper&sand<less"quote'secret`
    const step = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, owner('org-1', secret))
    const read = step.summary.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    expect(read).not.toContain(secret)
  })

  test.each([
    ['zero-width space', 'Paste\u200bdSecret-1234'],
    ['two spaces', 'Paste  dSecret-1234'],
    ['no-break space', 'Paste\u00a0dSecret-1234']
  ])('that contains a %s is not shown without it', async (_, secret) => {
    const step = await run({ ...GENESYS, 'client-secret': secret }, [
      json({ error: 'x', description: `wrong secret ${secret}` }, 400)
    ])
    const letters = everything(step).replace(/[^a-zA-Z0-9-]/g, '')
    expect(letters).not.toContain('PastedSecret-1234')
  })
})

test.each(['region', 'base-url', 'scope', 'provider', 'export-env'])(
  'a secret in the input %s, cut inside it, is not shown in part',
  async name => {
    const secret = `Long${'secret'.repeat(20)}`
    const text = `${name === 'scope' ? 'ä' : '^'}${secret}`
    const step = await runStep(main, { inputs: { ...GENESYS, 'client-secret': secret, [name]: text } })
    expectFailure(step, 'invalid-input')
    expect(everything(step).toLowerCase()).not.toContain(secret.slice(0, 12).toLowerCase())
  }
)
