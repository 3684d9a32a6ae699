import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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
  onOutput: (output: string, child: ReturnType<typeof spawn>) => void = () => {},
  script = 'scripts/try.mjs'
): Promise<Ended> {
  const environment = { PATH: process.env['PATH'] ?? '', TMPDIR: temporary, ...env }
  const child = spawn(process.execPath, [script, ...args], { env: environment, timeout: 30_000 })
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
    const { code, output } = await run([
      '--provider',
      'genesys',
      '--region=eu-central-1',
      '--token-file',
      'true'
    ])
    expect([code, output]).toEqual([0, expect.stringContaining('The step succeeded.')])
    for (const text of [
      'region: eu-central-1\n',
      `client-id: ${GENESYS_CLIENT.id}  (filled in)\n`,
      'client-secret: ***  (filled in)\n',
      'log        Genesys Cloud, region eu-central-1 (mypurecloud.de): ',
      'requests   200 POST /oauth/token\n',
      'outputs    token              *** (86 characters)\n',
      'summary    Genesys Cloud access token\n',
      'next step  GET /api/v2/organizations/me with the output token → 200 Example Contact Centre\n',
      'job ends   Clean-up: access token revoked; token file removed.\n'
    ])
      expect(output).toContain(text)
    expect(output).not.toContain(GENESYS_CLIENT.secret)
    expect(output).not.toContain('base-url: http://127.0.0.1:1')
  })

  test.each([
    [['--throttled'], 0, 'rate limited (HTTP 429), attempt 1; retrying in 2'],
    [['--wrong-region'], 1, 'Error: [credentials-rejected]'],
    [['--wrong-secret', '--provider', 'cxone'], 1, 'answered 401 invalid_client'],
    [['--missing-secret'], 1, '[missing-credential] Input client-secret is empty'],
    [['--idle-timeout'], 0, 'The organisation has an idle timeout'],
    [['--provider', 'cxone', '--access-key-only'], 0, 'region: na1  (filled in)'],
    [['--provider', 'cxone', '--client-only'], 0, 'the platform does not tell the address of its API'],
    [['--region', 'eu-west-9'], 1, 'The nearest known region is eu-west-'],
    [['--client-id', 'typed-by-hand'], 1, 'client-id: typed-by-hand\n'],
    [['--rotate'], 0, 'The previous token was revoked.'],
    [['--rotate', '--wrong-region'], 1, 'error-code  credentials-rejected']
  ] as const)('%j: exit code %i', async (args, exitCode, text) => {
    expect(await run(args)).toEqual({ code: exitCode, output: expect.stringContaining(text) })
  })

  testOnPosix('a store command sees HOME and the folder of pass', async () => {
    const store = '[ "$HOME $PASSWORD_STORE_DIR" = "/home-of-me /pass-of-me" ] && cat > /dev/null'
    const env = { HOME: '/home-of-me', PASSWORD_STORE_DIR: '/pass-of-me' }
    expect(await run(['--rotate', '--store-command', store], env)).toMatchObject({ code: 0 })
  })

  testOnPosix('Ctrl-C cancels the step', async () => {
    const { code, output } = await run(['--throttled'], {}, (printed, child) => {
      if (printed.includes('retrying')) child.kill('SIGINT')
    })
    expect(code).toBe(130)
    expect(output).toMatch(/Cancelled\. The post step cleans up .*job ends .*\nCancelled\.\n$/s)
  })
})

test.each([
  [['--wrong-regin'], 'unknown option: --wrong-regin; did you mean --wrong-region?'],
  [['--clientid', 'x'], 'unknown option: --clientid; did you mean --client-id?'],
  [['--rotate-after', '1d'], '--rotate-after is an input of rotate: add --rotate'],
  [['--rotate', '--tool-env', 'true'], 'rotate has no input tool-env'],
  [['--provider', 'cxone', '--gateway'], '--gateway is for Genesys Cloud only'],
  [['--access-key-only'], '--access-key-only is for NICE CXone only'],
  [['--base-url', 'https://x.example'], '--base-url and --login-base-url are the emulator’s own'],
  [['--workflow', 'x.yml', '--throttled'], '--workflow takes no other option'],
  [['--workflow', 'x.yml', '--real'], '--workflow takes no other option'],
  [['--real', '--client-secret', 'x'], '--client-secret: with --real, credentials come from the environment'],
  [['--real', '--wrong-secret'], '--wrong-secret is for the emulator'],
  [['--real', '--token-kind', 'long-lived'], '--token-kind: --real takes an access token only'],
  [['--real', '--revoke', 'false'], '--revoke: --real takes an access token only']
])('%j is refused', async (args, problem) => {
  const { code, output } = await run(args)
  expect([code, output]).toEqual([2, expect.stringMatching(/\nUse --help to see all options\.\n$/)])
  expect(output).toMatch(new RegExp(`^${problem.replace(/[?.]/g, '\\$&')}|: ${problem}`))
})

test.each([
  ['missing.yml', 'there is no such file'],
  ['examples/rotation-watch.yml', 'no step uses …/cc-token-action. Does it call another file of yours?']
])('--workflow %s is refused', async (file, problem) => {
  const { code, output } = await run(['--workflow', file])
  expect([code, output]).toEqual([2, expect.stringContaining(`${file}: ${problem}`)])
  expect(output).not.toContain('--help')
})

test('--help names each mode and each input', async () => {
  const { code, output } = await run(['--help'])
  expect(code).toBe(0)
  for (const text of [
    '--throttled ',
    '--missing-secret ',
    '--workflow FILE ',
    '--real ',
    'min-lifetime',
    'store-command'
  ])
    expect(output).toContain(text)
})

describe('--workflow', () => {
  test('says what to do if nothing is installed', async () => {
    const clone = join(folder, 'clone')
    for (const part of ['emulator', 'scripts', '__tests__/support', 'rotate', 'action.yml', 'package.json'])
      cpSync(part, join(clone, part), { recursive: true })
    const { code, output } = await run(['--workflow', 'x.yml'], {}, () => {}, join(clone, 'scripts/try.mjs'))
    expect([code, output]).toEqual([2, expect.stringMatching(/^--workflow reads YAML: run npm ci first\n$/)])
  })

  const preview = (text: string) => {
    writeFileSync(join(folder, 'workflow.yml'), text)
    return run(['--workflow', 'workflow.yml'], { INIT_CWD: folder })
  }
  const workflow = (...steps: string[]) => `jobs:\n  deploy:\n    steps: [${steps.join(', ')}]\n`
  const token = (inputs: string) =>
    `{ uses: acme/cc-token-action@v1, with: { provider: genesys, ${inputs} } }`
  const CREDENTIALS = `client-id: 6b0f1e6e-5d0c-4f3e-9c55-000000000000, client-secret: '\${{ secrets.S }}'`

  test('runs each step in the order of the file, with values for expressions', async () => {
    const first = token(
      `region: '\${{ vars.R }}', ${CREDENTIALS}, timeout: '\${{ inputs.t }}', tool-env: true`
    )
    const second = token(`region: mypurecloud.de, ${CREDENTIALS}, allowed-organization-ids: of-my-company`)
    const { code, output } = await preview(workflow('{ run: exit 1 }', first, second))
    expect(code).toBe(0)
    for (const text of [
      /region: eu-west-1 {2}\(emulated, for \$\{\{ vars.R \}\}\)/,
      /client-id: 6a1f8c52-.* {2}\(emulated\)/,
      /client-secret: \*\*\* {2}\(emulated, for \$\{\{ secrets.S \}\}\)/,
      /timeout: 120s {2}\(default, for \$\{\{ inputs.t \}\}\)/,
      /GENESYSCLOUD_REGION +eu-west-1.*region eu-central-1 \(mypurecloud.de\)/s
    ])
      expect(output).toMatch(text)
  })

  const inputs = (given: string) => workflow(token(`region: eu-west-1, ${given}`))
  const title = 'deploy: acme/cc-token-action@v1: '
  test.each([
    [
      inputs(`${CREDENTIALS}, min-lifetme: '\${{ vars.M }}'`),
      'there is no input min-lifetme; did you mean min-lifetime? GitHub ignores it.'
    ],
    [
      inputs(`${CREDENTIALS}, timeout: '\${{ var.T }}'`),
      'timeout: an expression knows no var; did you mean vars? GitHub refuses the file.'
    ],
    [inputs(`${CREDENTIALS}, timeout: '\${{ vars.T }'`), 'timeout: }} is missing.'],
    [
      inputs(CREDENTIALS.replace('secrets', 'vars')),
      'client-secret: GitHub does not mask a variable; store it as a secret.'
    ],
    [
      inputs(CREDENTIALS).replace('with:', 'whit: {}, with:'),
      'a step with uses has no key whit; did you mean with? GitHub refuses the file.'
    ]
  ])('the last line says what is wrong, %#', async (text, problem) => {
    const { code, output } = await preview(text)
    expect([code, output]).toEqual([1, expect.stringContaining('The step succeeded.')])
    expect(output.trimEnd().split('\n').at(-1)).toBe(`1 problem: ${title}${problem}`)
    if (text.includes('lifetme'))
      expect(output).toMatch(/min-lifetme: \$\{\{ vars.M \}\} {2}\(no such input\)/)
  })

  test('expressions that GitHub accepts are no problem', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a workflow
    const secret = "${{ vars.STAGE == 'var.x' && secrets['A'] || fromJSON(Secrets.B).c-d }}"
    const { code, output } = await preview(
      inputs(`client-id: x, client-secret: "${secret}", verify: '\${{ inputs.v != -1.5 && true }}'`)
    )
    expect([code, output]).toEqual([0, expect.stringMatching(/\nThe step succeeded\.\n$/)])
  })

  test.each([
    [
      workflow('{ uses: acme/cc-tokn-action@v1 }', '{ uses: actions/checkout@v7 }'),
      'no step uses …/cc-token-action; found: acme/cc-tokn-action, actions/checkout. ' +
        'Did you mean acme/cc-token-action?'
    ],
    ['steps:\n  - run: curl "Authorization: Bearer x"\n', 'Put the command below `run: |`.']
  ])('a file is refused, %#', async (text, problem) => {
    const { code, output } = await preview(text)
    expect([code, output]).toEqual([2, expect.stringContaining(problem)])
    expect(output).not.toContain('--help')
  })

  test('min-lifetime: the same as without --workflow', async () => {
    const { code } = await preview(inputs(`${CREDENTIALS}, min-lifetime: 47h`))
    expect([code, (await run(['--min-lifetime', '47h'])).code]).toEqual([0, 0])
  })

  test('a typo in a value fails', async () => {
    const { code, output } = await preview(workflow(token(`region: eu-west1, ${CREDENTIALS}`)))
    expect([code, output]).toEqual([1, expect.stringContaining('Input region is “eu-west1”')])
  })

  testOnPosix('rotate runs no command of the file', async () => {
    const danger = join(folder, 'danger')
    const commands = `store-command: touch ${danger}, read-command: touch ${danger}, revoke-previous: true`
    const step = token(`region: eu-west-1, ${CREDENTIALS}, ${commands}`).replace('@v1', '/rotate@v1')
    const { code, output } = await preview(workflow(step))
    expect([code, output]).toEqual([0, expect.stringContaining('your command is not run')])
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
    const announcements: string[] = []
    genesys.intercept = () => {
      announcements.push(printed)
      return false
    }
    let printed = ''
    const { code, output } = await run(
      [...GENESYS, '--tool-env', 'true', '--token-file', 'true'],
      env,
      so => {
        printed = so
      }
    )
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/\nThe step succeeded\. The token is revoked\.\n$/)
    ])
    expect(announcements[0]).toContain('The credentials in your environment are sent to Genesys Cloud')
    expect(genesys.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
    expect(areRevoked()).toEqual([true])
    for (const secret of [GENESYS_CLIENT.secret, ...genesys.tokens.keys()])
      expect(output).not.toContain(secret)
  })

  test('says when a token of CXone expires', async () => {
    const { code, output } = await run(['--real', '--provider', 'cxone'], env)
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(
        /\nThe step succeeded\. The CXone token expires at 20\S+Z; it cannot be revoked\.\n$/
      )
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
      expect([code, output]).toEqual([130, expect.stringMatching(/\nCancelled\. The token is revoked\.\n$/)])
      expect(areRevoked()).toEqual([true])
    }
  )

  testOnPosix('a reader that ends early does not keep the token alive', async () => {
    const { code } = await run([...GENESYS], env, (_, child) => child.stdout?.destroy())
    expect([code, areRevoked()]).toEqual([0, [true]])
  })

  test('a token that cannot be revoked makes the command fail', async () => {
    genesys.intercept = ({ method }, response) => {
      if (method === 'DELETE') response.writeHead(403).end()
      return method === 'DELETE'
    }
    const { code, output } = await run(GENESYS, env)
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('Warning: Clean-up: access token not revoked')
    ])
    expect(output).not.toContain('The token is revoked.')
  })

  test('without credentials in the environment nothing is sent', async () => {
    const { GENESYS_CLOUD_CLIENT_ID: _, ...rest } = env
    const { code, output } = await run(GENESYS, rest)
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(
        /\[missing-credential\].*\nThe step failed\. Export GENESYS_CLOUD_CLIENT_ID and GENESYS_CLOUD_CLIENT_SECRET/s
      )
    ])
    expect(genesys.requests).toEqual([])
  })
})
