import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PROVIDERS } from '../src/auth/providers.js'
import { main } from '../src/main.js'
import { type ActionProcess, runAction } from '../src/runner/run-action.js'
import { Answering, type Said } from './support/answering.js'
import { parseCommandFile } from './support/command-files.mjs'
import { runStep, type StepResult, withRunner } from './support/in-process.js'
import { parseCommand, RunnerLog } from './support/runner-log.mjs'

let server: Answering
beforeAll(async () => {
  server = await Answering.open()
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

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Said => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body)
})

async function run(
  inputs: Record<string, string>,
  responses: readonly Said[],
  env: Record<string, string> = {}
): Promise<StepResult> {
  server.says(responses)
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

const OUTPUTS = [
  ...['token', 'token-type', 'expires-in', 'expires-at', 'idles-at', 'api-url', 'region', 'domain'],
  ...['organization-id', 'organization-name', 'token-file']
]

describe('tokens that look like something else', () => {
  const sixteen = (text: string) => text.padEnd(16, 'x')
  const tokens = [
    '%0A::set-output%20name=token::evil',
    '::set-output,name=token::evil-value',
    '::add-mask::*****************',
    '::stop-commands::evil-evil-evil',
    '##[add-mask]evil-evil-evil',
    'EVIL=1<<EOF%0Aevil%0AEOF',
    'evil<<EOF-evil-evil',
    'EOFEOFEOFEOFEOFEOF',
    'ghadelimiter_ghadelimiter_ghadelimiter_',
    'ghadelimiter_00000000-0000-0000-0000-000000000000',
    'NODE_OPTIONS=--require=/tmp/evil.js',
    `"'\`"'\`"'\`"'\`"'\`"'\`"'\``,
    '$(touch/tmp/evil)`id`;|&',
    '\\n\\r\\u000aevil=evil-evil',
    '%25%0D%0A%25%0D%0A%25%0D%0A',
    '================',
    '<script>alert(1)</script>',
    'a,b:c;d]e[f}g{h|i&j=k',
    `x${'%::<<"'.repeat(2730)}`,
    'y'.repeat(32 * 1024)
  ].map(sixteen)

  test.each(tokens.map((token): [string, string] => [token.slice(0, 50), token]))('%s', async (_, token) => {
    const step = await run({ ...GENESYS, 'export-env': 'MY_TOKEN', 'tool-env': 'true' }, [
      json({ access_token: token, expires_in: 60 })
    ])
    expect([step.exitCode, commands(step)]).toEqual([0, []])
    expect(masks(step)).toContain(token)
    const outputs = parseCommandFile(step.output)
    expect(Object.keys(outputs)).toEqual(OUTPUTS)
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

  test.each([
    ['a line feed', 'token-0123456789\nevil=1'],
    ['a carriage return and a line feed', 'token-0123456789\r\n::set-output name=x::y'],
    ['a null', 'token-0123456789\u0000'],
    ['a space', 'token 0123456789'],
    ['an emoji', 'token-😀-0123456789'],
    ['15 characters', 'a'.repeat(15)],
    ['more than 32 KiB', 'a'.repeat(32 * 1024 + 1)],
    ['a delete', 'token-0123456789\u007f'],
    ['no characters', '']
  ])('a token with %s is rejected', async (_, token) => {
    const step = await run({ ...GENESYS, 'export-env': 'MY_TOKEN' }, [
      json({ access_token: token, expires_in: 60 })
    ])
    expectFailure(step, 'bad-response')
    expect(commands(step)).toEqual(['error'])
    if (token !== '') expect(withoutMasks(step) + step.summary).not.toContain(token.slice(0, 15))
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
    ['a command', '::set-output name=token::evil'],
    ['a command on a line of its own', 'x\r\n::set-env name=EVIL::1\r\n::stop-commands::evil\r\n'],
    ['an old command', '##[add-mask]a ##[set-env name=EVIL;]1'],
    ['an old command in pieces', '#\u200b#[add-mask]a #\u0000#[error]b ##\u202e[command]c'],
    ['a heredoc', 'error-code<<EOF\nevil\nEOF'],
    ['a delimiter', 'ghadelimiter_x\nEVIL<<ghadelimiter_x\nevil\nghadelimiter_x'],
    ['quotes', `"'\`$(evil)\${{ secrets.X }}`],
    ['emoji', '😀'.repeat(500)],
    ['16 kB', 'evil '.repeat(3200)],
    ['colours and a bell', '\u001b[31mred\u001b[0m\u0007\u0008\u009b31m'],
    ['other line breaks', 'a\u0085::error::b\u2028::error::c\u2029::error::d\u000b::error::e\u000c::error::f']
  ]
  /** The summary is a title and a table in one line: nothing in it is a tag or Markdown. */
  function expectPlainTable(summary: string): void {
    expect(summary).toMatch(/^<h3>[^<>\n]+<\/h3>\n<table>.+<\/table>\n$/)
    expect(summary.replace(/<\/?(h3|table|tr|td|strong|code)>/g, '')).not.toMatch(/[<>]/)
  }
  const fields = ['error', 'error_description', 'errorDescription', 'description', 'message', 'code']

  test.each(words)('with %s: one error, and no other command', async (_, text) => {
    for (const field of fields) {
      for (const status of [400, 403, 500]) {
        const step = await run(
          GENESYS,
          [json({ [field]: text }, status, { 'ININ-Correlation-Id': '::error::evil' })],
          { RUNNER_DEBUG: '1' }
        )
        expect(commands(step).filter(name => name !== 'debug')).toEqual(['error'])
        expect([step.exitCode, Object.keys(parseCommandFile(step.output))]).toEqual([1, ['error-code']])
        expect([step.env, step.state]).toEqual(['', ''])
        expectPlainTable(step.summary)
        expect(step.stdout).not.toContain('##[')
        const error = step.stdout.split('\n').find(line => line.startsWith('::error::')) ?? ''
        expect(parseCommand(error)?.data.length).toBeLessThanOrEqual(2000)
        const lines = parseCommand(error)?.data.split('\n') ?? []
        expect([lines.length, lines[2]]).toEqual([
          3,
          expect.stringMatching(/^More: docs\/troubleshooting\.md#[a-z-]+$/)
        ])
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }
    }
  })

  test.each(words)(
    'with %s as the name of an organisation: it is an output and a cell of the summary',
    async (_, text) => {
      const step = await run({ ...GENESYS, verify: 'true' }, [
        json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
        json({ organization: { id: 'org-1', name: text } })
      ])
      expect([step.exitCode, commands(step)]).toEqual([0, []])
      const outputs = parseCommandFile(step.output)
      expect(Object.keys(outputs)).toEqual(OUTPUTS)
      expect(outputs['organization-name']).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      expect(step.env).toBe('')
      expectPlainTable(step.summary)
    }
  )

  test('a Location with commands in it is not followed', async () => {
    const step = await run(GENESYS, [
      { status: 302, headers: { Location: 'https://evil.example/%0A::error::x ##[error]y' } }
    ])
    expect(server.asked).toHaveLength(1)
    expectFailure(step, 'redirected')
    expect(commands(step)).toEqual(['error'])
  })
})

describe('a token that contains a secret of the request is rejected', () => {
  const MESSAGE = 'but its access_token contains one of the credentials'
  const ODD = 'Inj3ct10n/Secret+value=1'
  test.each<[string, Record<string, string>, string]>([
    ['as it is', { ...GENESYS, 'client-secret': ODD }, ODD],
    ['as a form spells it', { ...GENESYS, 'client-secret': ODD }, encodeURIComponent(ODD)],
    ['as HTML spells it', { ...GENESYS, 'client-secret': ODD }, ODD.replace('/', '&#47;')],
    ['in hex', { ...GENESYS, 'client-secret': ODD }, Buffer.from(ODD).toString('hex')],
    ['in the Basic header', GENESYS, Buffer.from(`injection-client:${SECRET}`).toString('base64')]
  ])('%s', async (_, inputs, echo) => {
    const step = await run(inputs, [json({ access_token: `got=${echo}`, expires_in: 60 })])
    expectFailure(step, 'bad-response')
    expect(step.stdout).toContain(MESSAGE)
  })
  test('a long-lived token that is the initial token', async () => {
    const token = json({ access_token: 'an-initial-token-0123456789', expires_in: 60 })
    const step = await run(LONG_LIVED, [token, token])
    expectFailure(step, 'bad-response')
    expect(step.stdout).toContain(MESSAGE)
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
    expect(server.asked).toHaveLength(2)
    for (const { url } of server.asked) expect(url).not.toContain(keySecret)
  })
})

describe('inputs that look like something else', () => {
  test.each(['%0A::error::evil', 'a\n::set-output name=token::evil', '##[add-mask]x', 'x<<EOF'])(
    '%s',
    async text => {
      for (const name of [
        'provider',
        'region',
        'token-kind',
        'token-endpoint',
        'base-url',
        'export-env',
        'tool-env'
      ]) {
        const step = await runStep(main, { inputs: { ...GENESYS, [name]: text } })
        expectFailure(step, 'invalid-input')
        expect(commands(step)).toEqual(['error'])
        expect(step.stdout).not.toContain('##[')
      }
    }
  )
})

describe('a secret in a response', () => {
  const claims = (tenantId: string) =>
    `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ tenantId })).toString('base64url')}.x`
  const discovery = json({ token_endpoint: 'https://cxone.niceincontact.com/auth/token' })
  const granted = json({ access_token: claims('tenant-1'), expires_in: 3600 })
  const configured = {
    api_endpoint: 'https://api-na1.niceincontact.com',
    area: 'na1',
    domain: 'nice.example'
  }

  test.each<[string, Record<string, unknown>]>([
    ['area', { ...configured, area: SECRET }],
    ['domain', { ...configured, domain: SECRET }],
    ['area, in lower case', { ...configured, area: SECRET.toLowerCase() }],
    ['part of the domain', { ...configured, domain: `x.${SECRET}.example` }]
  ])('as the %s is not published', async (_, configuration) => {
    const step = await run({ ...APPLICATION, 'tool-env': 'true' }, [discovery, granted, json(configuration)])
    expect(server.asked).toHaveLength(3)
    expectFailure(step, 'bad-response')
    expect(everything(step).toLowerCase()).not.toContain(SECRET.toLowerCase())
  })

  test.each([
    ['the id token', 'header.payload-0123456789.signature'],
    ['the refresh token', 'refresh-token.0123456789']
  ])('as the area is not published: %s', async (_, area) => {
    const tokens = { access_token: claims('tenant-1'), refresh_token: 'refresh-token.0123456789' }
    const token = json({ ...tokens, id_token: 'header.payload-0123456789.signature' })
    const step = await run(APPLICATION, [discovery, token, json({ ...configured, area })])
    expectFailure(step, 'bad-response')
    expect(everything(step)).not.toContain(area)
  })

  test.each([
    ['the name', { id: 'org-1', name: `Org ${SECRET}` }],
    ['the name, cut inside the secret', { id: 'org-1', name: `${'x'.repeat(185)} ${SECRET}` }],
    ['the id', { id: 'org_secret_0123456789', name: 'x' }]
  ])('as %s of the organisation is not published', async (_, organization) => {
    const secret = organization.id === 'org-1' ? SECRET : organization.id
    const step = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, [
      json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
      json({ organization })
    ])
    expect(server.asked.length).toBeGreaterThanOrEqual(2)
    // Nor is most of it.
    expect(everything(step)).not.toContain(secret.slice(0, 12))
  })

  test('as the name of the organisation is not in the summary, where its characters are escaped', async () => {
    const secret = `amper&sand<less"quote'secret`
    const step = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, [
      json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
      json({ organization: { id: 'org-1', name: secret } })
    ])
    const read = step.summary.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    expect(read).not.toContain(secret)
  })

  test('in the host of a redirect, cut inside it, is not shown in part', async () => {
    const secret = 'longsecretlongsecretlongsecret42'
    const host = `${'a'.repeat(40)}.${'b'.repeat(40)}.${secret}.example`
    const step = await run({ ...GENESYS, 'client-secret': secret }, [
      { status: 302, headers: { Location: `https://${host}/` } }
    ])
    expectFailure(step, 'redirected')
    expect(everything(step)).not.toContain(secret.slice(0, 12))
  })

  test.each(['region', 'base-url', 'scope', 'provider', 'export-env'])(
    'in the input %s, cut inside it, is not shown in part',
    async name => {
      const secret = `Long${'secret'.repeat(20)}`
      const text = `${name === 'scope' ? 'ä' : '^'}${secret}`
      const step = await runStep(main, { inputs: { ...GENESYS, 'client-secret': secret, [name]: text } })
      expectFailure(step, 'invalid-input')
      expect(everything(step).toLowerCase()).not.toContain(secret.slice(0, 12).toLowerCase())
    }
  )

  test.each([
    ['zero-width space', 'Paste\u200bdSecret-1234'],
    ['soft hyphen', 'Paste\u00addSecret-1234'],
    ['two spaces', 'Paste  dSecret-1234'],
    ['no-break space', 'Paste\u00a0dSecret-1234']
  ])('that contains a %s is not shown without it', async (_, secret) => {
    const step = await run({ ...GENESYS, 'client-secret': secret }, [
      json({ error: 'x', description: `wrong secret ${secret}` }, 400)
    ])
    const letters = everything(step).replace(/[^a-zA-Z0-9-]/g, '')
    expect(letters).not.toContain('PastedSecret-1234')
  })

  test('also a short refresh token', async () => {
    const refused = json({ error: 'x', error_description: 'your refresh token is rfr-0123456' }, 400)
    const token = json({ access_token: claims('tenant-1'), refresh_token: 'rfr-0123456' })
    const step = await run(APPLICATION, [discovery, token, refused])
    expect(step.exitCode).toBe(1)
    expect(everything(step)).not.toContain('rfr-0123456')
  })
})

test('a step that is cancelled right after its last line publishes nothing', () =>
  withRunner(async runner => {
    server.says([json({ access_token: 'token-of-a-cancelled-job', expires_in: 60 })])
    for (const [name, value] of Object.entries({ ...GENESYS, 'base-url': server.origin }))
      process.env[`INPUT_${name.toUpperCase()}`] = value
    const listeners = new Map<string, (reason: unknown) => void>()
    const exits: number[] = []
    const action: ActionProcess = {
      env: process.env,
      on: (event, listener) => listeners.set(event, listener),
      exit: code => void exits.push(code),
      stdout: { write: (_, written) => setImmediate(written) }
    }
    const step = async (context: Parameters<typeof main>[0]) => {
      await main(context, PROVIDERS)
      // The signal arrives right after the last line of the step.
      setImmediate(() => listeners.get('SIGINT')?.('SIGINT'))
    }
    await runAction(step, { process: action, kind: 'main' })
    while (exits.length === 0) await new Promise(resolve => setImmediate(resolve))
    expect(runner.log()).toContain('Available as output token.')
    expect(exits).toEqual([1])
    for (const file of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'] as const)
      expect([file, runner.text(file)]).toEqual([file, ''])
  }))
