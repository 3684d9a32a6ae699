import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL, type GitHub } from '../../emulator/github/index.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, startGenesys } from '../../emulator/index.mjs'
import { startEmulator } from '../../emulator/start.mjs'
import { EXAMPLES } from './files.js'
import { type JobRun, runWorkflow, type Surroundings } from './workflow-run.js'

// Every example runs, from its own file, against the emulators. What others make is played by a few lines of shell.
// Only where bash, curl and jq are what they are on a hosted Linux runner: that is where the examples run.
const onLinux = process.platform === 'linux' ? describe : describe.skip

let emulator: Awaited<ReturnType<typeof startEmulator>>
let folder: string
let surroundings: Surroundings

beforeAll(async () => {
  emulator = await startEmulator({ env: {} })
  const { addresses } = emulator
  const at = (name: string) => addresses[name] ?? ''
  surroundings = {
    vars: {
      GENESYS_REGION: at('genesys-region'),
      GENESYS_CLIENT_ID: at('genesys-client-id'),
      GENESYS_ORGANIZATION_ID: at('genesys-organization-id'),
      GENESYS_SERVICE_ACCOUNT_ID: GENESYS_SERVICE_ACCOUNT.id,
      CXONE_CLIENT_ID: at('cxone-client-id'),
      CXONE_ACCESS_KEY_ID: at('cxone-access-key-id'),
      CXONE_AREA: at('cxone-area'),
      CXONE_TENANT_ID: at('cxone-tenant-id')
    },
    secrets: {
      GENESYS_CLIENT_SECRET: at('genesys-client-secret'),
      CXONE_CLIENT_SECRET: at('cxone-client-secret'),
      CXONE_ACCESS_KEY_SECRET: at('cxone-access-key-secret')
    },
    onTop: ({ provider }) => ({ 'base-url': at(`${provider}-url`) }),
    find: path =>
      path === './.github/actions/deploy'
        ? 'examples/composite-action/action.yml'
        : `examples/${path.split('/').pop()}`
  }
})
afterAll(() => emulator.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'example-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const unfinished = (runs: readonly JobRun[]) =>
  runs.flatMap(({ name, steps, result }) =>
    result === 'success' ? [] : steps.filter(({ outcome }) => outcome !== 'success').map(step => [name, step])
  )

const WITH_CURL = {
  'curl-genesys': '"name": "Example Contact Centre"',
  'curl-cxone': '"tenant": "example_contact_centre"',
  'cxone-back-end-application':
    'A token of tenant 11ee7a64-3c1f-4d20-a5b8-0242ac110003 in na1, good until 20',
  'cxone-access-key': '"tenant": "example_contact_centre"',
  'organizations-matrix': 'Deploying to Example Contact Centre',
  'composite-action': 'Deployed to Example Contact Centre',
  'reusable-workflow-caller': 'Deployed to Example Contact Centre',
  'from-python-script': '"name": "Example Contact Centre"',
  'self-hosted-proxy': '"name": "Example Contact Centre"'
}
const WITH_TOOLS = ['terraform-cx-as-code', 'gc-cli', 'archy']
const ROTATIONS = ['rotate-yearly', 'rotate-daily', 'rotation-watch']

test('each example is run below', () => {
  const run = [...Object.keys(WITH_CURL), ...WITH_TOOLS, ...ROTATIONS, 'reusable-workflow']
  expect(run.map(name => `examples/${name}.yml`).sort()).toEqual(EXAMPLES)
})

onLinux('a plain API call', () => {
  test.each(Object.entries(WITH_CURL))('%s', async (name, said) => {
    const runs = await runWorkflow(`examples/${name}.yml`, surroundings)
    expect(unfinished(runs)).toEqual([])
    expect(runs.flatMap(({ steps }) => steps.map(({ log }) => log)).join('\n')).toContain(said)
    if (name === 'organizations-matrix') expect(runs).toHaveLength(3)
  })

  test.each(Object.keys(WITH_CURL))('%s fails when the call fails', async name => {
    writeFileSync(join(folder, 'curl'), '#!/bin/sh\ncat > /dev/null\nexit 22\n', { mode: 0o755 })
    const runs = await runWorkflow(`examples/${name}.yml`, { ...surroundings, tools: folder })
    expect([...new Set(runs.map(({ result }) => result))]).toEqual(['failure'])
  })
})

onLinux('the vendors’ tools, played by a script that writes down what it is told', () => {
  async function play(name: string): Promise<string> {
    const told = join(folder, 'told')
    writeFileSync(told, '')
    for (const tool of ['terraform', 'gc', 'archy', 'curl', 'sha256sum', 'unzip']) {
      const says = `echo "${tool} $* [$GENESYSCLOUD_REGION $GENESYSCLOUD_ACCESS_TOKEN]" >> '${told}'`
      // A pipe to a tool is read to its end. The download of gc leaves a file of that name.
      writeFileSync(
        join(folder, tool),
        `#!/bin/sh\ncat > /dev/null\n${says}\ncase "$*" in *--remote-name*) touch gc ;; esac\n`
      )
      chmodSync(join(folder, tool), 0o755)
    }
    const paths = { GITHUB_PATH: join(folder, 'path') }
    const runs = await runWorkflow(`examples/${name}.yml`, { ...surroundings, tools: folder, env: paths })
    expect(unfinished(runs)).toEqual([])
    return readFileSync(told, 'utf8')
  }

  test('Terraform gets the token and the code', async () => {
    expect(await play('terraform-cx-as-code')).toMatch(
      /^terraform init -input=false \[ \]\nterraform plan .*\[eu-west-1 [\w-]{86}\]\nterraform apply .*\[eu-west-1 [\w-]{86}\]\n$/
    )
  })

  test('gc gets the token and the domain', async () => {
    expect(await play('gc-cli')).toMatch(/\ngc users list \[mypurecloud\.ie [\w-]{86}\]\n$/)
  })

  test('Archy gets the token and the domain as arguments', async () => {
    expect(await play('archy')).toMatch(/ --authToken [\w-]{86} --location mypurecloud\.ie \[ \]\n$/)
  })
})

onLinux('rotation', () => {
  const scope = { repository: 'example/deploy' }
  let github: GitHub
  let genesys: Awaited<ReturnType<typeof startGenesys>>
  let rotating: Surroundings

  beforeEach(async () => {
    github = await startCheckedGithub({
      repositories: [{ name: scope.repository }],
      organizations: ['example']
    })
    genesys = await startGenesys({ clients: [{ lifetimeSeconds: 172_800 }] })
    rotating = {
      ...surroundings,
      env: { GITHUB_API_URL: github.url },
      onTop: () => ({ 'base-url': genesys.origin }),
      others: () => ({ token: GITHUB_TOKEN_FOR_ALL })
    }
  })
  afterEach(async () => {
    await github.close()
    await genesys.close()
  })

  test('yearly: the secret holds a long-lived token, the variable its expiry; the next run leaves both alone', async () => {
    for (const rotated of ['true', 'false']) {
      const runs = await runWorkflow('examples/rotate-yearly.yml', rotating)
      expect(unfinished(runs)).toEqual([])
      expect(runs[0]?.steps.at(-1)?.log).toMatch(
        new RegExp(`^Rotated ${rotated}; the next rotation is due 20.*Z\n$`)
      )
    }
    const stored = genesys.tokens.get(github.stored('GENESYS_TOKEN', scope) ?? '')
    expect(stored).toMatchObject({ kind: 'long-lived', clientId: GENESYS_CLIENT.id, revoked: false })
    expect(Date.parse(github.variable('GENESYS_TOKEN_EXPIRY', scope)?.value ?? '')).toBeGreaterThan(
      Date.now()
    )
    expect([...genesys.tokens.values()].filter(({ revoked }) => !revoked)).toHaveLength(1)
    expect(github.violations).toEqual([])
  })

  test('daily: yesterday’s token still works when today’s is stored', async () => {
    const tokens = []
    for (let day = 0; day < 2; day++) {
      expect(unfinished(await runWorkflow('examples/rotate-daily.yml', rotating))).toEqual([])
      tokens.push(genesys.tokens.get(github.stored('GENESYS_TOKEN', scope) ?? ''))
    }
    expect(tokens.map(token => token?.revoked)).toEqual([false, false])
    expect(tokens[0]).not.toBe(tokens[1])
  })

  test.each([
    ['in a year', 365, 'success', 'The token is good for 36'],
    ['in forty days', 40, 'success', '::warning::The token expires in '],
    ['in ten days', 10, 'failure', '::error::The token expires in '],
    ['yesterday', -1, 'failure', '::error::The token expires in -'],
    ['nobody knows when', undefined, 'failure', '::error::GENESYS_TOKEN_EXPIRY is “unknown”']
  ])('watched: it expires %s', async (_when, days, result, said) => {
    const expiry = days === undefined ? 'unknown' : new Date(Date.now() + days * 86_400_000).toISOString()
    const [run] = await runWorkflow('examples/rotation-watch.yml', { vars: { GENESYS_TOKEN_EXPIRY: expiry } })
    expect(run?.result).toBe(result)
    expect(run?.steps[0]?.log).toContain(said)
  })

  test('watched: the variable was never written', async () => {
    const [run] = await runWorkflow('examples/rotation-watch.yml', {})
    expect(run?.result).toBe('failure')
  })
})
