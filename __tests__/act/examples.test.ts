import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CXONE_TENANT } from '../../emulator/cxone.mjs'
import { EXAMPLES, readYaml } from '../repository/files.js'
import { type ActRun, leaks } from '../support/act.js'
import { describeUnless, describeWith, isInstalled } from '../support/programs.js'
import { behindCompanyProxy, type ExampleWorld, REPOSITORY, startExampleWorld, UNSHARE } from './world.js'

// Every example runs in act, unchanged, where its comment says to copy it. The platforms and GitHub's API are emulated
// under their real host names. Terraform, CX as Code and gc are the real programs. Each start of act runs several
// examples, because a start takes longer than a job.

/** Examples that call an API with curl, and what their log says. */
const WITH_CURL: Readonly<Record<string, string>> = {
  'composite-action': 'Deployed to Example Contact Centre',
  'curl-cxone': '"tenant": "example_contact_centre"',
  'curl-genesys': '"name": "Example Contact Centre"',
  'cxone-access-key': '"tenant": "example_contact_centre"',
  'cxone-back-end-application': `A token of tenant ${CXONE_TENANT.id} in na1, good until 20`,
  'from-python-script': '"name": "Example Contact Centre"',
  'organizations-matrix': 'Deploying to Example Contact Centre',
  'reusable-workflow-caller': 'Deployed to Example Contact Centre'
}
const TERRAFORM = ['terraform', 'terraform-provider-genesyscloud']

const days = (number: number) => new Date(Date.now() + number * 86_400_000).toISOString()

let world: ExampleWorld

const logOf = (run: ActRun, example: string) => {
  const { name } = readYaml(`examples/${example}.yml`)
  const lines = run.log.filter(({ job }) => job.startsWith(`${name}/`))
  return lines.map(({ text }) => text).join('\n')
}
const notSuccessful = ({ jobs }: ActRun) => Object.entries(jobs).filter(([, result]) => result !== 'success')
const liveTokens = () => [...world.genesys.tokens.values()].filter(({ revoked }) => !revoked)
const tokenRequests = () => world.genesys.requests.filter(({ path }) => path === '/oauth/token').length

test('every example is run below', () => {
  const others = ['archy', 'gc-cli', 'self-hosted-proxy', 'terraform-cx-as-code', 'reusable-workflow']
  const rotations = ['rotate-yearly', 'rotate-daily', 'rotation-watch']
  const names = [...Object.keys(WITH_CURL), ...others, ...rotations]
  expect(EXAMPLES.map(file => basename(file, '.yml')).sort()).toEqual(names.sort())
})

describeWith(
  'act',
  'git',
  'curl',
  'jq',
  'unzip',
  'python3',
  'openssl'
)('examples in act', () => {
  beforeAll(async () => {
    world = await startExampleWorld()
  }, 30_000)
  afterAll(() => world?.close())

  describe('started by hand', () => {
    let run: ActRun
    beforeAll(async () => {
      const names = [...Object.keys(WITH_CURL), ...(isInstalled('gc') ? ['gc-cli'] : [])]
      run = await world.run([...names, 'rotate-yearly', 'rotation-watch'], {
        vars: { GENESYS_TOKEN_EXPIRY: days(365) }
      })
    }, 120_000)

    test('every job succeeds, and every clean-up', () => {
      expect(notSuccessful(run)).toEqual([])
      expect(run.steps.filter(({ result }) => result !== 'success')).toEqual([])
      expect(Object.keys(run.jobs).filter(name => name.startsWith('organizations/'))).toHaveLength(3)
    })

    test.each(Object.entries(WITH_CURL))('%s', (name, text) => {
      expect(logOf(run, name)).toContain(text)
    })

    describeWith('gc')('gc-cli', () => {
      test('the real gc reads the token and the domain', () => {
        expect(logOf(run, 'gc-cli')).toContain('"name": "Example Agent"')
        expect(world.genesys.requests.map(({ path }) => path)).toContainEqual(
          expect.stringMatching(/^\/api\/v2\/users\b/)
        )
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

    test('rotation-watch is content with a year', () => {
      expect(logOf(run, 'rotation-watch')).toContain('The token is good for 36')
    })

    test('no token is left alive but the stored one', () => {
      expect(liveTokens().map(({ kind }) => kind)).toEqual(['long-lived'])
    })

    test('the platforms refuse no request, and no other host is asked', () => {
      expect(world.genesys.requests.filter(({ status }) => status !== 200)).toEqual([])
      expect(world.proxy.refused).toEqual([])
    })

    test('the log shows no token and no secret', () => {
      expect(run.masks.length).toBeGreaterThan(20)
      expect(leaks(run)).toEqual([])
    })
  })

  describe('started by a push', () => {
    let run: ActRun
    beforeAll(async () => {
      world.genesys.forget()
      const terraform = TERRAFORM.every(isInstalled) ? ['terraform-cx-as-code'] : []
      run = await world.run(['archy', ...terraform], { event: 'push' })
    }, 120_000)

    test('every job succeeds, no token is left alive, and the log shows none', () => {
      expect(notSuccessful(run)).toEqual([])
      expect(liveTokens().map(({ kind }) => kind)).toEqual(['long-lived'])
      expect(leaks(run)).toEqual([])
    })

    test('archy', () => {
      expect(logOf(run, 'archy')).toContain('"name":"Example Contact Centre"')
    })

    describeWith(...TERRAFORM)('terraform-cx-as-code', () => {
      test('the real Terraform with the real CX as Code applies with the token of the step', () => {
        expect(logOf(run, 'terraform-cx-as-code')).toMatch(
          /Apply complete!.*organization = "Example Contact Centre"/s
        )
        expect(tokenRequests()).toBe(Object.keys(run.jobs).length)
        const paths = world.genesys.requests.map(({ path }) => path)
        expect(paths).toContainEqual(expect.stringMatching(/^\/api\/v2\/authorization\/products/))
      })
    })
  })

  const canUnshare = spawnSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true']).status === 0
  describeUnless(canUnshare ? [] : ['unshare'])('behind the proxy of a company (needs unshare)', () => {
    test('self-hosted-proxy, and rotation-watch fails ten days before the expiry', async () => {
      const { proxy, wrapper } = await behindCompanyProxy(world)
      const vars = { GENESYS_TOKEN_EXPIRY: days(10) }
      const run = await world.run(['self-hosted-proxy', 'rotation-watch'], { vars, wrapper, env: {} })
      await proxy.close()
      expect(notSuccessful(run)).toEqual([['rotation-watch/Watch the expiry', 'failure']])
      expect(logOf(run, 'self-hosted-proxy')).toContain('"name": "Example Contact Centre"')
      expect([proxy.refused, liveTokens().length, leaks(run)]).toEqual([[], 1, []])
    }, 120_000)
  })

  // Without act, which loses the last lines of a step that fails.
  test.each([
    ['in ten days', days(10), '::error::The token expires in '],
    ['yesterday', days(-1), '::error::The token expires in -'],
    ['unknown', 'unknown', '::error::GENESYS_TOKEN_EXPIRY is “unknown”'],
    ['empty', '', '::error::GENESYS_TOKEN_EXPIRY is “”']
  ])('rotation-watch says why it fails: the expiry is %s', (_name, expiry, text) => {
    const [step] = readYaml('examples/rotation-watch.yml').jobs.watch.steps
    const env = { ...process.env, ...step.env, EXPIRY: expiry }
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
    const stored = world.github.stored('GENESYS_TOKEN', { repository: REPOSITORY }) ?? ''
    expect(world.genesys.tokens.get(stored)).toMatchObject({ kind: 'access', revoked: false })
    expect(liveTokens().map(({ kind }) => kind)).toEqual(['long-lived', 'access'])
    expect(leaks(run)).toEqual([])
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
