import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { CXONE_ACCESS_KEY, CXONE_APPLICATION, type CxoneEmulator, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { type HostProxy, startHostProxy } from '../../emulator/proxy.mjs'
import { testOnPosix } from '../support/posix.js'
import { describeWith } from '../support/programs.js'

interface Ended {
  readonly code: number | null
  readonly output: string
}

const folder = mkdtempSync(join(tmpdir(), 'try-'))
/** Where the command keeps its files while it runs. */
const temporary = join(folder, 'temporary')
mkdirSync(temporary)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => expect(readdirSync(temporary)).toEqual([]))

/** Runs the command. `onOutput` is called with all that it has printed so far. */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onOutput: (output: string, child: ReturnType<typeof spawn>) => void = () => {}
): Promise<Ended> {
  const environment = { PATH: process.env['PATH'] ?? '', TMPDIR: temporary, ...env }
  const child = spawn(process.execPath, ['scripts/try.mjs', ...args], { env: environment, timeout: 30_000 })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
      onOutput(output, child)
    })
  }
  return new Promise(resolve => child.on('close', code => resolve({ code, output })))
}

describe('with the emulator', () => {
  test('shows what the runner would, with credentials filled in and no secret', async () => {
    const { code, output } = await run(['--region=eu-central-1', '--token-file', 'true', '--gateway'])
    expect([code, output]).toEqual([0, expect.stringContaining('The step succeeded.')])
    for (const text of [
      'region: eu-central-1\n',
      `client-id: ${GENESYS_CLIENT.id}  (filled in)\n`,
      'client-secret: ***  (filled in)\n',
      'log        Genesys Cloud, region eu-central-1 (mypurecloud.de): ',
      'requests   200 POST /genesys-login/oauth/token\n',
      'outputs    token              *** (86 characters)\n',
      'summary    Genesys Cloud access token\n',
      'next step  GET /api/v2/organizations/me with the output token → 200 Example Contact Centre\n',
      'job ends   Clean-up: access token revoked; token file removed.\n'
    ])
      expect(output).toContain(text)
    expect(output).not.toContain(GENESYS_CLIENT.secret)
  })

  test.each([
    [['--wrong-secret', '--provider', 'cxone'], 1, 'answered 401 invalid_client'],
    [['--missing-secret'], 1, '[missing-credential] Input client-secret is empty'],
    [['--idle-timeout'], 0, 'The organisation has an idle timeout'],
    [['--token-kind', 'long-lived'], 0, 'service-account-id: '],
    [['--provider', 'cxone', '--access-key-only'], 0, 'region: na1  (filled in)'],
    [['--provider', 'cxone', '--client-only'], 0, 'the platform does not tell the address of its API'],
    [['--client-id', 'typed-by-hand'], 1, 'client-id: typed-by-hand\n'],
    [['--rotate', '--environment', 'production'], 0, 'The previous token was revoked.'],
    [['--rotate', '--gateway'], 0, 'The previous token was revoked.']
  ] as const)('%j: exit code %i', async (args, exitCode, text) => {
    expect(await run(args)).toEqual({ code: exitCode, output: expect.stringContaining(text) })
  })

  testOnPosix('a store command sees HOME and the folder of pass', async () => {
    const store = '[ "$HOME $PASSWORD_STORE_DIR" = "/home-of-me /pass-of-me" ] && cat > /dev/null'
    const env = { HOME: '/home-of-me', PASSWORD_STORE_DIR: '/pass-of-me' }
    expect(await run(['--rotate', '--store-command', store], env)).toMatchObject({ code: 0 })
  })
})

test.each([
  [['--clientid', 'x'], "Unknown option '--clientid'; did you mean --client-id?"],
  [['--rotate-after', '1d'], 'rotate-after is no input of the token action: add --rotate'],
  [['--provider', 'cxone', '--gateway'], '--gateway is for Genesys Cloud only'],
  [['--base-url', 'https://x.example'], '--base-url and --login-base-url are the emulator’s own'],
  [['--workflow', 'x.yml', '--real'], '--workflow takes no other option'],
  [['--workflow', 'missing.yml'], 'missing.yml: ENOENT'],
  [
    ['--workflow', 'examples/rotation-watch.yml'],
    'examples/rotation-watch.yml: no step uses …/cc-token-action.'
  ],
  [['--real', '--client-secret', 'x'], '--client-secret: with --real, credentials come from the environment'],
  [['--real', '--throttled'], '--throttled is for the emulator'],
  [['--real', '--token-kind', 'long-lived'], '--token-kind: --real takes an access token only'],
  [['--real', '--revoke', 'false'], '--revoke: --real takes an access token only']
])('%j is refused', async (args, problem) => {
  const { code, output } = await run(args)
  expect([code, output.slice(0, problem.length)]).toEqual([2, problem])
  expect(output).toMatch(/\nUse --help to see all options\.\n$/)
})

test('--help names each mode and each input', async () => {
  const { code, output } = await run(['--help'])
  expect(code).toBe(0)
  for (const text of [
    '--throttled ',
    '--client-only ',
    '--workflow FILE ',
    ' min-lifetime ',
    ' store-command '
  ])
    expect(output).toContain(text)
})

describe('--workflow', () => {
  const preview = (...steps: string[]) => {
    const job = `deploy: { runs-on: ubuntu-latest, steps: [${steps.join(', ')}] }`
    writeFileSync(join(folder, 'workflow.yml'), `on: push\njobs:\n  ${job}\n`)
    return run(['--workflow', 'workflow.yml'], { INIT_CWD: folder })
  }
  const token = (inputs: string) =>
    `{ uses: acme/cc-token-action@v1, with: { provider: genesys, ${inputs} } }`
  const CREDENTIALS = `client-id: 6b0f1e6e-5d0c-4f3e-9c55-000000000000, client-secret: '\${{ secrets.S }}'`

  test('runs each step in the order of the file, with values for expressions', async () => {
    const first = token(`region: '\${{ vars.R }}', ${CREDENTIALS}, timeout: '\${{ vars.T }}', tool-env: true`)
    const second = token(`region: mypurecloud.de, ${CREDENTIALS}, allowed-organization-ids: of-my-company`)
    const { code, output } = await preview('{ run: exit 1 }', first, second)
    expect([code, output]).toEqual([0, expect.stringMatching(/\nThe step succeeded\.\n$/)])
    for (const text of [
      /region: eu-west-1 {2}\(for \$\{\{ vars.R \}\}\)/,
      /client-id: 6a1f8c52-.* {2}\(emulated\)/,
      /client-secret: \*\*\* {2}\(for \$\{\{ secrets.S \}\}\)/,
      /timeout: 120s {2}\(for \$\{\{ vars.T \}\}\)/,
      /GENESYSCLOUD_REGION +eu-west-1.*region eu-central-1 \(mypurecloud.de\)/s
    ])
      expect(output).toMatch(text)
  })

  test('says at the end what GitHub’s language service finds, and that a variable is no secret', async () => {
    const inputs = `region: eu-west-1, ${CREDENTIALS.replace('secrets', 'vars')}, min-lifetme: 1h`
    const { code, output } = await preview(token(`${inputs}, timeout: '\${{ var.T }}'`))
    expect([code, output]).toEqual([1, expect.stringContaining('The step succeeded.')])
    const [, problems] = output.split('Problems in the file:\n')
    expect(problems?.replaceAll(`${folder}/`, '')).toBe(
      "workflow.yml:3 Invalid action input 'min-lifetme'\n" +
        "workflow.yml:3 Unrecognized named-value: 'var'\n" +
        'client-secret: GitHub does not mask a variable; store it as a secret.\n'
    )
  })

  test('a file without such a step is refused, and a typo in a value fails', async () => {
    expect(await preview('{ uses: acme/cc-tokn-action@v1 }', '{ uses: actions/checkout@v7 }')).toEqual({
      code: 2,
      output: expect.stringContaining('; found: acme/cc-tokn-action, actions/checkout. ')
    })
    const { code, output } = await preview(token(`region: eu-west1, ${CREDENTIALS}`))
    expect([code, output]).toEqual([1, expect.stringContaining('Input region is “eu-west1”')])
  })

  testOnPosix('rotate runs no command of the file', async () => {
    const danger = join(folder, 'danger')
    const commands = `store-command: touch ${danger}, read-command: touch ${danger}, revoke-previous: true`
    const step = token(`region: eu-west-1, ${CREDENTIALS}, ${commands}`).replace('@v1', '/rotate@v1')
    const { code, output } = await preview(step)
    expect([code, output]).toEqual([0, expect.stringContaining('store-command: cat > store  (emulated)')])
    expect(output).toContain('The previous token was revoked.')
    expect(readdirSync(folder)).not.toContain('danger')
  })

  test('credentials in variables count, as in examples/cxone-back-end-application.yml', async () => {
    const { code, output } = await run(['--workflow', 'examples/cxone-back-end-application.yml'])
    expect([code, output]).toEqual([0, expect.stringContaining('Read from the environment: CXONE_CLIENT_ID')])
  })
})

describeWith('openssl')('--real, with the platforms under their real host names behind a proxy', () => {
  const GENESYS = ['--real', '--provider', 'genesys', '--region', 'eu-west-1']
  let genesys: GenesysEmulator
  let cxone: CxoneEmulator
  let proxy: HostProxy
  let env: Record<string, string>
  beforeAll(async () => {
    genesys = await startGenesys()
    cxone = await startCxone()
    proxy = (await startHostProxy({
      'login.mypurecloud.ie:443': genesys.origin,
      'api.mypurecloud.ie:443': genesys.origin,
      'cxone.niceincontact.com:443': cxone.origin
    })) as HostProxy
    env = {
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: proxy.authority,
      GENESYS_CLOUD_CLIENT_ID: GENESYS_CLIENT.id,
      GENESYS_CLOUD_CLIENT_SECRET: GENESYS_CLIENT.secret,
      CXONE_CLIENT_ID: CXONE_APPLICATION.id,
      CXONE_CLIENT_SECRET: CXONE_APPLICATION.secret,
      CXONE_ACCESS_KEY_ID: CXONE_ACCESS_KEY.id,
      CXONE_ACCESS_KEY_SECRET: CXONE_ACCESS_KEY.secret,
      INPUT_REVOKE: 'false',
      GITHUB_ENV: join(folder, 'not-written')
    }
  })
  afterAll(() => Promise.all([genesys, cxone, proxy].map(server => server?.close())))
  afterEach(() => {
    genesys.intercept = undefined
    genesys.tokens.clear()
    genesys.forget()
    expect(proxy.refused).toEqual([])
  })
  const areRevoked = () => [...genesys.tokens.values()].map(({ revoked }) => revoked)

  test('says what it will do before it sends anything, and revokes the token', async () => {
    let printed = ''
    let before = ''
    genesys.intercept = () => {
      before ||= printed
      return false
    }
    const { code, output } = await run(
      [...GENESYS, '--tool-env', 'true', '--token-file', 'true'],
      env,
      soFar => {
        printed = soFar
      }
    )
    expect([code, before]).toEqual([
      0,
      expect.stringContaining('The credentials in your environment are sent to Genesys Cloud')
    ])
    expect(output).toMatch(/job ends +Clean-up: access token revoked; .*\n\nThe step succeeded\.\n$/)
    expect(genesys.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
    expect(areRevoked()).toEqual([true])
    for (const secret of [GENESYS_CLIENT.secret, ...genesys.tokens.keys()])
      expect(output).not.toContain(secret)
  })

  test('says that a token of CXone cannot be revoked', async () => {
    const { code, output } = await run(['--real', '--provider', 'cxone'], env)
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/which issues one access token\. It cannot be[\s\S]*; this one expires at 20/)
    ])
    expect(cxone.tokens.size).toBe(1)
  })

  testOnPosix.each(['SIGINT', 'SIGHUP'] as const)(
    'after %s, several of them, the token is revoked and no file is left',
    async signal => {
      let child: ReturnType<typeof spawn> | undefined
      genesys.intercept = async ({ method }) => {
        // During the check of the token, and again during the clean-up.
        if (method !== 'POST') child?.kill(signal)
        if (method === 'GET') await new Promise(resolve => setTimeout(resolve, 5000).unref())
        return false
      }
      const { code, output } = await run([...GENESYS, '--verify', 'true'], env, (_, started) => {
        child = started
      })
      expect([code, output]).toEqual([
        130,
        expect.stringMatching(/ access token revoked.*\n\nCancelled\.\n$/)
      ])
      expect(areRevoked()).toEqual([true])
    }
  )

  testOnPosix('a reader that ends early does not keep the token alive', async () => {
    const { code } = await run(GENESYS, env, (_, child) => child.stdout?.destroy())
    expect([code, areRevoked()]).toEqual([0, [true]])
  })

  test('a token that cannot be revoked makes the command fail', async () => {
    genesys.intercept = ({ method }, response) => {
      if (method === 'DELETE') response.writeHead(403).end()
      return method === 'DELETE'
    }
    const warning = expect.stringContaining('Warning: Clean-up: access token not revoked')
    expect(await run(GENESYS, env)).toEqual({ code: 1, output: warning })
  })

  test('without credentials in the environment nothing is sent', async () => {
    const { GENESYS_CLOUD_CLIENT_ID: _, ...rest } = env
    const problem = expect.stringMatching(/\[missing-credential\].*GENESYS_CLOUD_CLIENT_ID.*The step failed/s)
    expect(await run(GENESYS, rest)).toEqual({ code: 1, output: problem })
    expect(genesys.requests).toEqual([])
  })
})
