import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT } from '../../emulator/cxone.mjs'
import { EXAMPLES, read, readYaml } from '../repository/files.js'
import { type ActRun, leaks } from '../support/act.js'
import { describeUnless, describeWith, isInstalled } from '../support/programs.js'
import { behindCompanyProxy, type ExampleWorld, REPOSITORY, startExampleWorld, UNSHARE } from './world.js'

// Every example runs in act, unchanged, where its comment says to copy it. The platforms and GitHub's API are emulated
// under their real host names. Terraform, CX as Code and gc are the real programs. Each start of act runs several
// examples, because a start takes longer than a job.

/** Examples that call an API with curl, and what their log says in addition to what their last comment quotes. */
const WITH_CURL: Readonly<Record<string, string>> = {
  'composite-action': 'Deployed to Example Contact Centre',
  'curl-cxone': '"tenant": "example_contact_centre"',
  'curl-genesys': '"name": "Example Contact Centre"',
  'cxone-access-key': '"tenant": "example_contact_centre"',
  'cxone-back-end-application': `A token of tenant ${CXONE_TENANT.id} in na1, valid until 20`,
  'error-code': '"name": "Example Contact Centre"',
  'from-python-script': '"name": "Example Contact Centre"',
  'long-job': '"tenant": "example_contact_centre"',
  'organizations-matrix': 'Deploying to Example Contact Centre',
  'reusable-workflow-caller': 'Deployed to Example Contact Centre'
}
const TERRAFORM = ['terraform-token', 'terraform-oauth-client']
const TERRAFORM_PROGRAMS = ['terraform', 'terraform-provider-genesyscloud']
/** How many CX as Code 1.82.0 requests when it starts. */
const TOKENS_OF_PROVIDER = 11

const days = (number: number) => new Date(Date.now() + number * 86_400_000).toISOString()

let world: ExampleWorld

const logOf = (run: ActRun, example: string) => {
  const { name } = readYaml(`examples/${example}.yml`)
  // The job of a called workflow has the caller's job before its name.
  const lines = run.log.filter(({ job }) => `/${job}`.includes(`/${name}/`))
  return lines.map(({ text }) => text).join('\n')
}
/** The lines that the last comment of an example quotes and its log lacks; `…` stands for anything. */
const misquoted = (run: ActRun, examples: readonly string[]) =>
  examples.flatMap(example => {
    const [, quotes = ''] = read(`examples/${example}.yml`).split('\n# In the log:\n')
    const lines = [...quotes.matchAll(/^# {3}(.*)$/gm)].map(([, line = '']) => line)
    const isInLog = (line: string) => {
      const parts = line.split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      return new RegExp(parts.join('.*')).test(logOf(run, example))
    }
    return lines.filter(line => !isInLog(line)).map(line => `${example}: ${line}`)
  })
const notSuccessful = ({ jobs }: ActRun) => Object.entries(jobs).filter(([, result]) => result !== 'success')
const liveTokens = () => [...world.genesys.tokens.values()].filter(({ revoked }) => !revoked)
const tokenRequests = () => world.genesys.requests.filter(({ path }) => path === '/oauth/token').length
const deletions = () => world.genesys.requests.filter(({ method }) => method === 'DELETE').length
/** The provider revokes none of its own. */
const revokeTokensOfTerraform = () => {
  for (const token of liveTokens()) if (token.kind === 'access') token.revoked = true
}

test('every example is run below', () => {
  const others = ['archy', 'gc-cli', 'self-hosted-proxy', 'reusable-workflow']
  const rotations = ['rotate-yearly', 'rotate-daily', 'rotation-watch']
  const names = [...Object.keys(WITH_CURL), ...TERRAFORM, ...others, ...rotations]
  expect(EXAMPLES.map(file => basename(file, '.yml')).sort()).toEqual(names.sort())
})

test.each([...EXAMPLES, 'examples/composite-action/action.yml'])(
  '%s begins with what to create first, and ends with the log',
  file => {
    const [head = '', ...rest] = read(file).split(/^name: /m)
    expect(head).toMatch(/^# \S.*\n(# .*\n)*#\n# Create first:\n# - /)
    expect(rest.join('')).toMatch(/\n\n# In the log:\n(# {3}\S.*\n)+$/)
  }
)

test('the table in examples/README.md names every example', () => {
  const table = read('examples/README.md')
  const missing = EXAMPLES.filter(file => !table.includes(`](${basename(file)})`))
  expect(missing).toEqual([])
})

const PROGRAMS = ['act', 'git', 'curl', 'jq', 'unzip', 'python3', 'openssl']
describeWith(...PROGRAMS)('examples in act', () => {
  beforeAll(async () => {
    world = await startExampleWorld()
  }, 30_000)
  afterAll(() => world?.close())

  describe('started by hand', () => {
    const gc = isInstalled('gc') ? ['gc-cli'] : []
    const examples = [...Object.keys(WITH_CURL), ...gc, 'rotate-yearly', 'rotation-watch']
    let run: ActRun
    beforeAll(async () => {
      run = await world.run(examples, { vars: { GENESYS_TOKEN_EXPIRY: days(365) } })
    }, 120_000)

    test('every job succeeds, and every clean-up', () => {
      expect(notSuccessful(run)).toEqual([])
      expect(run.steps.filter(({ result }) => result !== 'success')).toEqual([])
      expect(Object.keys(run.jobs).filter(name => name.startsWith('organizations/'))).toHaveLength(3)
    })

    test('each log has what the example quotes, and what the platform answered', () => {
      expect(misquoted(run, [...examples, 'reusable-workflow'])).toEqual([])
      const silent = Object.entries(WITH_CURL).filter(([name, text]) => !logOf(run, name).includes(text))
      expect(silent).toEqual([])
    })

    describeWith('gc')('gc-cli', () => {
      test('the real gc reads the token and the domain', () => {
        expect(logOf(run, 'gc-cli')).toContain('"name": "Example Agent"')
      })
    })

    test('rotate-yearly stores a token that works, with its expiry', () => {
      expect(logOf(run, 'rotate-yearly')).toMatch(/^Rotated true; the next rotation is due 20.*Z$/m)
      const stored = world.github.stored('GENESYS_TOKEN', { repository: REPOSITORY })
      const token = world.genesys.tokens.get(stored ?? '')
      expect(token).toMatchObject({ kind: 'long-lived', revoked: false })
      const expiry = world.github.variable('GENESYS_TOKEN_EXPIRY', { repository: REPOSITORY })?.value
      // The platform's answer has no time of its own: the expiry is counted from before the request.
      expect(Math.abs(Date.parse(expiry ?? '') - (token?.expiresAt ?? 0))).toBeLessThan(5000)
      expect(world.github.violations).toEqual([])
    })

    test('rotation-watch succeeds if the token lives for a year', () => {
      expect(logOf(run, 'rotation-watch')).toContain('The token is valid for 36')
    })

    test('only the stored token stays alive, no request is refused, no other host asked, and nothing leaks', () => {
      expect(liveTokens().map(({ kind }) => kind)).toEqual(['long-lived'])
      expect(world.genesys.requests.filter(({ status }) => status !== 200)).toEqual([])
      expect(world.proxy.refused).toEqual([])
      expect(run.masks.length).toBeGreaterThan(20)
      expect(leaks(run)).toEqual([])
    })
  })

  describe('started by a push', () => {
    const examples = ['archy', ...(TERRAFORM_PROGRAMS.every(isInstalled) ? TERRAFORM : [])]
    let run: ActRun
    beforeAll(async () => {
      world.genesys.forget()
      run = await world.run(examples, { event: 'push' })
    }, 120_000)
    afterAll(revokeTokensOfTerraform)

    test('every job succeeds, its log has what the example quotes and no token, and our tokens are revoked', () => {
      expect(Object.values(run.jobs)).toEqual(examples.map(() => 'success'))
      expect(misquoted(run, examples)).toEqual([])
      expect(deletions()).toBe(examples.length)
      expect(leaks(run)).toEqual([])
    })

    test('the real Terraform with the real CX as Code applies, and archy publishes', () => {
      expect(logOf(run, 'archy')).toContain('"name":"Example Contact Centre"')
      for (const name of examples.filter(example => example !== 'archy'))
        expect(logOf(run, name)).toMatch(/Apply complete!.*organization = "Example Contact Centre"/s)
    })
  })

  describeWith(...TERRAFORM_PROGRAMS)('Terraform, started by a pull request', () => {
    afterAll(revokeTokensOfTerraform)

    test('plans: with one token of ours, or with tokens of the provider’s own beside our guard', async () => {
      world.genesys.forget()
      const run = await world.run(TERRAFORM, { event: 'pull_request' })
      expect(run.jobs).toEqual(Object.fromEntries(TERRAFORM.map(name => [`${name}/Plan`, 'success'])))
      for (const name of TERRAFORM)
        expect(logOf(run, name)).toContain('+ organization = "Example Contact Centre"')
      expect(misquoted(run, TERRAFORM)).toEqual([])
      expect([deletions(), tokenRequests()]).toEqual([2, 2 + TOKENS_OF_PROVIDER])
      expect(leaks(run)).toEqual([])
    }, 120_000)
  })

  const canUnshare = spawnSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true']).status === 0
  describeUnless(canUnshare ? [] : ['unshare'])('behind the proxy of a company (needs unshare)', () => {
    test('self-hosted-proxy', async () => {
      const { proxy, wrapper } = await behindCompanyProxy(world)
      const run = await world.run(['self-hosted-proxy'], { wrapper, env: {} })
      await proxy.close()
      expect(notSuccessful(run)).toEqual([])
      expect(logOf(run, 'self-hosted-proxy')).toContain('"name": "Example Contact Centre"')
      expect(misquoted(run, ['self-hosted-proxy'])).toEqual([])
      expect([proxy.refused, liveTokens().length, leaks(run)]).toEqual([[], 1, []])
    }, 120_000)
  })

  // Without act, which loses the last lines of a step that fails.
  test.each([
    ['in ten days', days(10), 'yearly', '::error::The token expires in '],
    ['in an hour', days(1.01 / 24), 'yearly', '::error::The token expires in less than 2 hours'],
    ['yesterday', days(-1), 'yearly', '::error::The token expired at '],
    ['unknown', 'unknown', 'yearly', '::error::GENESYS_TOKEN_EXPIRY is “unknown”'],
    ['empty', '', 'yearly', '::error::GENESYS_TOKEN_EXPIRY is “”'],
    ['far, but there is no such rotation', days(300), 'weekly', 'not yearly or daily']
  ])('rotation-watch says why it fails: the expiry is %s', (_name, EXPIRY, ROTATION, text) => {
    const [step] = readYaml('examples/rotation-watch.yml').jobs.watch.steps
    const env = { ...process.env, ...step.env, EXPIRY, ROTATION }
    const { status, stdout } = spawnSync('bash', ['-e', '-c', step.run], { env, encoding: 'utf8' })
    expect([status, stdout]).toEqual([1, expect.stringContaining(text)])
  })

  test('the next day: rotate-yearly leaves the secret alone, rotate-daily keeps the old token alive', async () => {
    const run = await world.run(['rotate-yearly', 'rotate-daily', 'rotation-watch'], {
      vars: { GENESYS_TOKEN_EXPIRY: days(40) }
    })
    expect(notSuccessful(run)).toEqual([])
    expect(logOf(run, 'rotate-yearly')).toContain('Rotated false; the next rotation is due 20')
    expect(logOf(run, 'rotation-watch')).toContain('::warning::The token expires in ')
    expect(misquoted(run, ['rotate-daily'])).toEqual([])
    const stored = world.github.stored('GENESYS_TOKEN', { repository: REPOSITORY }) ?? ''
    expect(world.genesys.tokens.get(stored)).toMatchObject({ kind: 'access', revoked: false })
    expect(liveTokens().map(({ kind }) => kind)).toEqual(['long-lived', 'access'])
    expect(leaks(run)).toEqual([])
  }, 120_000)

  test('error-code skips a run if the platform is busy, and fails if the client is unknown', async () => {
    const file = join(world.folder, 'repository/.github/workflows/unknown-client.yml')
    const unknown = read('examples/error-code.yml').replace('name: error-code', 'name: unknown-client')
    writeFileSync(file, unknown.replace(/(?<=client-id: ).*/, 'unknown'))
    world.genesys.intercept = ({ headers: { authorization = '' } }, response) => {
      const isKnown = !Buffer.from(authorization.slice(6), 'base64').toString().startsWith('unknown:')
      if (isKnown) response.writeHead(503).end()
      return isKnown
    }
    const run = await world.run(['error-code', 'unknown-client'])
    world.genesys.intercept = undefined
    expect(notSuccessful(run)).toEqual([['unknown-client/Synchronize', 'failure']])
    expect(logOf(run, 'error-code')).toContain('::warning::Genesys Cloud does not answer (unavailable).')
    expect(run.outputs['token.error-code']?.sort()).toEqual(['credentials-rejected', 'unavailable'])
  }, 120_000)

  test('a failed or cancelled job fails, and its token is revoked', async () => {
    const before = liveTokens()
    const programs = join(world.folder, 'failing-programs')
    mkdirSync(programs)
    writeFileSync(join(programs, 'curl'), '#!/bin/sh\ncat > /dev/null\nexit 22\n', { mode: 0o755 })
    writeFileSync(join(world.folder, 'repository/.github/workflows/slow.yml'), SLOW)
    const names = [...Object.keys(WITH_CURL), 'rotation-watch', 'slow']
    const run = await world.run(names, {
      programs,
      vars: { GENESYS_TOKEN_EXPIRY: 'unknown' },
      cancelWhen: ({ jobs, log }) =>
        Object.keys(jobs).length === JOBS_THAT_FAIL && log.some(({ text }) => text === 'sleeping')
    })
    expect(new Set(Object.values(run.jobs))).toEqual(new Set(['failure']))
    expect(Object.keys(run.jobs)).toHaveLength(JOBS_THAT_FAIL + 1)
    expect(run.jobs['rotation-watch/Watch the expiry']).toBe('failure')
    const revoked = run.log.filter(({ text }) => text.startsWith('Clean-up: access token revoked'))
    expect(revoked.map(({ job }) => job)).toContain('slow/Sleep')
    expect(liveTokens()).toEqual(before)
    expect(leaks(run)).toEqual([])
  }, 120_000)
})

/** One for each example with curl, two more of the matrix, and rotation-watch; the caller's second job is skipped. */
const JOBS_THAT_FAIL = Object.keys(WITH_CURL).length + 2 + 1

const SLOW = `
name: slow
on: workflow_dispatch
jobs:
  sleep:
    name: Sleep
    runs-on: ubuntu-latest
    steps:
      - uses: org/cc-token-action@v1
        with:
          provider: genesys
          region: eu-west-1
          client-id: \${{ vars.GENESYS_CLIENT_ID }}
          client-secret: \${{ secrets.GENESYS_CLIENT_SECRET }}
      - run: echo sleeping; sleep 60
`
