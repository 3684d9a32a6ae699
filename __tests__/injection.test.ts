import { summary } from '@actions/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { main } from '../src/main.js'
import { type Ending, runToEnd } from '../src/runner/run-action.js'
import { Answering, type Said } from './support/answering.js'
import { parseCommandFile } from './support/command-files.mjs'
import { parseCommand, RunnerLog } from './support/runner-log.mjs'
import { surrounded } from './support/surroundings.js'
import { fastClock, type Ran, runMain } from './support/world.js'

let server: Answering
beforeAll(async () => {
  server = await Answering.open()
})
beforeEach(() => {
  // The toolkit's summary is one for the whole process and remembers its first file.
  Object.assign(summary.emptyBuffer(), { _filePath: undefined })
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

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Said => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body)
})

async function run(
  inputs: Record<string, string>,
  answers: readonly Said[],
  env: Record<string, string> = {}
): Promise<Ran> {
  server.says(answers)
  return runMain({ ...inputs, 'base-url': server.origin }, env)
}

/** The commands that the runner would carry out, by name, without the masks. */
function commands(ran: Ran): string[] {
  const log = new RunnerLog({ debug: true })
  const stream = log.stream()
  stream.write(ran.stdout)
  stream.end()
  return log.commands.map(({ name }) => name).filter(name => name !== 'add-mask')
}

function masks(ran: Ran): string[] {
  return ran.stdout.split('\n').flatMap(line => {
    const command = parseCommand(line)
    return command?.name === 'add-mask' ? [command.data] : []
  })
}

const shown = (ran: Ran) => ran.stdout.replace(/^::add-mask::.*$/gm, '')

const OUTPUTS = [
  ...['token', 'token-type', 'expires-in', 'expires-at', 'api-url', 'region', 'domain'],
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
    const ran = await run({ ...GENESYS, 'export-env': 'MY_TOKEN', 'tool-env': 'true' }, [
      json({ access_token: token, expires_in: 60 })
    ])
    expect([ran.exitCode, commands(ran)]).toEqual([0, []])
    expect(masks(ran)).toContain(token)
    const outputs = parseCommandFile(ran.output)
    expect(Object.keys(outputs)).toEqual(OUTPUTS)
    expect(outputs).toMatchObject({ token, 'token-type': 'Bearer', region: 'eu-west-1' })
    expect(parseCommandFile(ran.env)).toEqual({
      MY_TOKEN: token,
      GENESYSCLOUD_ACCESS_TOKEN: token,
      GENESYSCLOUD_REGION: 'eu-west-1',
      GENESYSCLOUD_API_REGION: server.origin
    })
    for (const value of Object.values(parseCommandFile(ran.state))) expect(value).not.toMatch(/[\r\n]/)
    expect(shown(ran)).not.toContain(token)
    expect(ran.summary).not.toContain(token)
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
    ['nothing', '']
  ])('one with %s is none', async (_, token) => {
    const ran = await run({ ...GENESYS, 'export-env': 'MY_TOKEN' }, [
      json({ access_token: token, expires_in: 60 })
    ])
    expect([ran.exitCode, parseCommandFile(ran.output), ran.env]).toEqual([
      1,
      { 'error-code': 'bad-response' },
      ''
    ])
    expect(commands(ran)).toEqual(['error'])
    if (token !== '') expect(shown(ran)).not.toContain(token.slice(0, 15))
  })

  test('two of the greatest length, one after the other', async () => {
    const long = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }
    const ran = await run(long, [
      json({ access_token: `${'+'.repeat(32 * 1024 - 1)}a`, expires_in: 60 }),
      json({ access_token: `${'/'.repeat(32 * 1024 - 1)}b`, expires_in: 60 })
    ])
    expect([ran.exitCode, parseCommandFile(ran.output)['error-code']]).toEqual([0, undefined])
    expect(parseCommandFile(ran.output)['token']?.slice(-2)).toBe('/b')
  })

  test('one of the greatest length, echoed in the refusal of the next request', async () => {
    const long = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }
    const token = `Marker${'+'.repeat(32 * 1024 - 6)}`
    const ran = await run(long, [
      json({ access_token: token }),
      json({ error: 'x', description: `no: ${token}` }, 400)
    ])
    expect([ran.exitCode, parseCommandFile(ran.output)]).toEqual([1, { 'error-code': 'bad-request' }])
    expect(shown(ran)).not.toContain('Marker+++')
  })
})

describe('what a platform says', () => {
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
  const fields = ['error', 'error_description', 'errorDescription', 'description', 'message', 'code']

  test.each(words)('with %s makes one error, and no other command', async (_, text) => {
    for (const field of fields) {
      for (const status of [400, 403, 500]) {
        const ran = await run(
          GENESYS,
          [json({ [field]: text }, status, { 'ININ-Correlation-Id': '::error::evil' })],
          { RUNNER_DEBUG: '1' }
        )
        expect(ran.exitCode).toBe(1)
        expect(commands(ran).filter(name => name !== 'debug')).toEqual(['error'])
        expect(Object.keys(parseCommandFile(ran.output))).toEqual(['error-code'])
        expect([ran.env, ran.state, ran.summary]).toEqual(['', '', ''])
        expect(ran.stdout).not.toContain('##[')
        const error = ran.stdout.split('\n').find(line => line.startsWith('::error::')) ?? ''
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
    'with %s as the name of an organisation goes no further than the output',
    async (_, text) => {
      const ran = await run({ ...GENESYS, verify: 'true' }, [
        json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
        json({ organization: { id: 'org-1', name: text } })
      ])
      expect([ran.exitCode, commands(ran)]).toEqual([0, []])
      const outputs = parseCommandFile(ran.output)
      expect(Object.keys(outputs)).toEqual(OUTPUTS)
      expect(outputs['organization-name']).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      expect(ran.env).toBe('')
      const cells = ran.summary.replace(/<\/?(h3|table|tr|td|strong|code)>/g, '')
      expect(cells).not.toMatch(/[<>]/)
    }
  )

  test('a Location with commands in it is not followed', async () => {
    const ran = await run(GENESYS, [
      { status: 302, headers: { Location: 'https://evil.example/%0A::error::x ##[error]y' } }
    ])
    expect(server.asked).toHaveLength(1)
    expect([commands(ran), parseCommandFile(ran.output)]).toEqual([['error'], { 'error-code': 'redirected' }])
  })
})

describe('a token that holds what it was asked for with', () => {
  const SAID = 'with an access_token that holds one of the credentials'
  const ODD = 'Inj3ct10n/Secret+value=1'
  test.each<[string, Record<string, string>, string]>([
    ['as it is', { ...GENESYS, 'client-secret': ODD }, ODD],
    ['as a form spells it', { ...GENESYS, 'client-secret': ODD }, encodeURIComponent(ODD)],
    ['in the Basic blob', GENESYS, Buffer.from(`injection-client:${SECRET}`).toString('base64')]
  ])('%s is refused', async (_, inputs, echo) => {
    const ran = await run(inputs, [json({ access_token: `got=${echo}`, expires_in: 60 })])
    expect([ran.exitCode, parseCommandFile(ran.output)]).toEqual([1, { 'error-code': 'bad-response' }])
    expect(ran.stdout).toContain(SAID)
  })
  test('as a long-lived one that is its initial one is refused', async () => {
    const long = { ...GENESYS, 'token-kind': 'long-lived', 'service-account-id': 'someone' }
    const token = json({ access_token: 'an-initial-token-0123456789', expires_in: 60 })
    const ran = await run(long, [token, token])
    expect([ran.exitCode, parseCommandFile(ran.output)]).toEqual([1, { 'error-code': 'bad-response' }])
    expect(ran.stdout).toContain(SAID)
  })
})

describe('a tenant that is one of the secrets', () => {
  const keySecret = 'Inj3ct10nKeyValue2'
  const claims = Buffer.from(JSON.stringify({ tenantId: keySecret })).toString('base64url')
  const granted = json({ access_token: `header.${claims}.signature`, expires_in: 60 })

  test('does not become an output', async () => {
    const { 'client-id': _, 'client-secret': __, ...key } = APPLICATION
    const ran = await run({ ...key, 'access-key-secret': keySecret, verify: 'true' }, [granted])
    expect(JSON.stringify(parseCommandFile(ran.output))).not.toContain(keySecret)
  })
  test('does not become part of an address', async () => {
    await run({ ...APPLICATION, 'access-key-secret': keySecret }, [
      json({ token_endpoint: 'https://cxone.niceincontact.com/auth/token' }),
      granted,
      json({ api_endpoint: 'https://api-na1.niceincontact.com', area: 'na1' })
    ])
    expect(server.asked.length).toBeGreaterThanOrEqual(2)
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
        const ran = await runMain({ ...GENESYS, [name]: text })
        expect([commands(ran), parseCommandFile(ran.output)]).toEqual([
          ['error'],
          { 'error-code': 'invalid-input' }
        ])
        expect(ran.stdout).not.toContain('##[')
      }
    }
  )
})

describe('a credential that comes back', () => {
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
    ['domain, among other things', { ...configured, domain: `x.${SECRET}.example` }]
  ])('as the %s is not published', async (_, configuration) => {
    const ran = await run({ ...APPLICATION, 'tool-env': 'true' }, [discovery, granted, json(configuration)])
    expect(server.asked).toHaveLength(3)
    expect(`${shown(ran)}${ran.output}${ran.env}${ran.summary}`.toLowerCase()).not.toContain(
      SECRET.toLowerCase()
    )
  })

  test.each([
    ['the token', { area: claims('tenant-1').slice(0, 90) }, 'token-of-an-area-0123456789'],
    ['the refresh token', { area: 'refresh-token.0123456789' }, 'refresh-token.0123456789']
  ])('%s is not published as the area', async (_, more, refresh) => {
    const token = json({ access_token: claims('tenant-1').slice(0, 90), refresh_token: refresh })
    const ran = await run(APPLICATION, [discovery, token, json({ ...configured, ...more })])
    expect(parseCommandFile(ran.output)['region'] ?? '').not.toContain(more.area)
  })

  test.each([
    ['the name', { id: 'org-1', name: `Org ${SECRET}` }],
    ['the name, cut in the middle of it', { id: 'org-1', name: `${'x'.repeat(185)} ${SECRET}` }],
    ['the id', { id: 'org_secret_0123456789', name: 'x' }]
  ])('as %s of the organisation is not published', async (_, organization) => {
    const secret = organization.id === 'org-1' ? SECRET : organization.id
    const ran = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, [
      json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
      json({ organization })
    ])
    expect(server.asked.length).toBeGreaterThanOrEqual(2)
    const everywhere = `${shown(ran)}${ran.output}${ran.env}${ran.summary}`
    expect(everywhere).not.toContain(secret)
    // Nor most of it.
    expect(everywhere).not.toContain(secret.slice(0, 12))
  })

  test('as the name of the organisation is not in the summary, whatever its characters become there', async () => {
    const secret = `amper&sand<less"quote'secret`
    const ran = await run({ ...GENESYS, 'client-secret': secret, verify: 'true' }, [
      json({ access_token: 'token-of-an-organisation', expires_in: 60 }),
      json({ organization: { id: 'org-1', name: secret } })
    ])
    const read = ran.summary.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    expect(read).not.toContain(secret)
  })

  test('in the host of a redirect, cut in the middle, is not shown in part', async () => {
    const secret = 'longsecretlongsecretlongsecret42'
    const host = `${'a'.repeat(40)}.${'b'.repeat(40)}.${secret}.example`
    const ran = await run({ ...GENESYS, 'client-secret': secret }, [
      { status: 302, headers: { Location: `https://${host}/` } }
    ])
    expect(parseCommandFile(ran.output)).toEqual({ 'error-code': 'redirected' })
    expect(shown(ran)).not.toContain(secret.slice(0, 12))
  })

  test.each(['region', 'base-url', 'scope', 'provider', 'export-env'])(
    'in %s, cut in the middle, is not shown in part',
    async name => {
      const secret = `Long${'secret'.repeat(20)}`
      const text = `${name === 'scope' ? 'ä' : '^'}${secret}`
      const ran = await runMain({ ...GENESYS, 'client-secret': secret, [name]: text })
      expect(parseCommandFile(ran.output)).toEqual({ 'error-code': 'invalid-input' })
      expect(shown(ran).toLowerCase()).not.toContain(secret.slice(0, 12).toLowerCase())
    }
  )

  test.each([
    ['zero-width space', 'Paste\u200bdSecret-1234'],
    ['soft hyphen', 'Paste\u00addSecret-1234'],
    ['two spaces', 'Paste  dSecret-1234'],
    ['no-break space', 'Paste\u00a0dSecret-1234']
  ])('with a %s in it is not shown without', async (_, secret) => {
    const ran = await run({ ...GENESYS, 'client-secret': secret }, [
      json({ error: 'x', description: `wrong secret ${secret}` }, 400)
    ])
    const said = shown(ran).replace(/[^a-zA-Z0-9-]/g, '')
    expect(said).not.toContain('PastedSecret-1234')
  })

  test('a short refresh token is a token too', async () => {
    const refused = json({ error: 'x', error_description: 'your refresh token is rfr-0123456' }, 400)
    const token = json({ access_token: claims('tenant-1'), refresh_token: 'rfr-0123456' })
    const ran = await run(APPLICATION, [discovery, token, refused])
    expect(ran.exitCode).toBe(1)
    expect(shown(ran)).not.toContain('rfr-0123456')
  })
})

describe('a step that is cancelled once its token is written', () => {
  test('leaves none, however long the summary takes', () =>
    surrounded(async around => {
      Object.assign(summary.emptyBuffer(), { _filePath: undefined })
      server.says([json({ access_token: 'token-of-a-cancelled-job', expires_in: 60 })])
      for (const [name, value] of Object.entries({ ...GENESYS, 'base-url': server.origin }))
        process.env[`INPUT_${name.toUpperCase()}`] = value
      const listeners = new Map<string, (reason: unknown) => unknown>()
      const exits: number[] = []
      let exited = () => {}
      const gone = new Promise<void>(resolve => {
        exited = resolve
      })
      const ending: Ending = {
        on: (event, listener) => listeners.set(event, listener),
        exit: code => {
          exits.push(code)
          exited()
        },
        stdout: { write: (_, written) => setImmediate(written) }
      }
      const done = runToEnd(async console => {
        const watched = Object.assign(Object.create(console), {
          info: (line: string) => {
            console.info(line)
            // The runner's signal comes right after the last line of the step.
            if (line.startsWith('Handed on')) setImmediate(() => listeners.get('SIGINT')?.('SIGINT'))
          }
        }) as typeof console
        return main({ env: process.env, console: watched, clock: fastClock() })
      }, ending)
      await gone
      await done
      expect(exits).toHaveLength(1)
      // Either the signal came too late and all is handed on, or nothing is.
      expect([exits[0], around.text('GITHUB_OUTPUT').includes('token-of-a-cancelled-job')]).toEqual(
        exits[0] === 0 ? [0, true] : [1, false]
      )
    }))
})
