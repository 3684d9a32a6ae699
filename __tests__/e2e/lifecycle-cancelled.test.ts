import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type CxoneEmulator, startCxone } from '../../emulator/cxone.mjs'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { instrument, main, type Point, post } from '../support/bundles.js'
import { runConcurrently } from '../support/concurrently.js'
import { TEXTS } from '../support/expected.js'
import { CXONE_APPLICATION_INPUTS, type Inputs, LONG_LIVED } from '../support/inputs.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult } from '../support/runner.mjs'
import { record } from '../support/written.js'

/** Everything that main can write, so that there are as many points as possible. */
const ALL: Inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
const TWO_TOKENS: Inputs = { ...LONG_LIVED, ...ALL }
const CXONE: Inputs = { ...CXONE_APPLICATION_INPUTS, ...ALL }

type Kind = 'write' | 'response' | 'line'
type Plan = Parameters<typeof instrument>[0]

afterEach(cleanup)

const AT_ONCE = 4

/** Runs main with a plan for the instrument, then post, against a platform of their own. */
async function runWith(inputs: Inputs, plan: Plan) {
  const platform: GenesysEmulator | CxoneEmulator = await (inputs === CXONE ? startCxone() : startGenesys())
  try {
    const tool = instrument(plan)
    const ran = await main(platform, inputs, { env: tool.env })
    const left = ran.leftovers()
    const ended = await post(ran)
    return {
      name: Object.values(plan).join(' '),
      seen: tool.seen(),
      ran,
      left,
      ended,
      tokens: platform.tokens,
      requests: record(platform)
    }
  } finally {
    await platform.close()
  }
}
type Result = Omit<Awaited<ReturnType<typeof runWith>>, 'seen' | 'requests'>

/** Returns how many points of each kind a run has that is not interrupted. */
async function countPoints(inputs: Inputs): Promise<Record<Kind, number>> {
  const { ran, seen } = await runWith(inputs, {})
  expect(ran.exitCode).toBe(0)
  const count = (at: Kind) => seen.filter(({ kind }) => kind === at).length
  return { write: count('write'), response: count('response'), line: count('line') }
}

/** Returns the first and the last few of the numbers from 1 to count. The points between are alike. */
function ends(count: number, first: number, last: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1)
  return all.filter(n => n <= first || n > count - last)
}

/** Returns what is wrong after a step that was cancelled or killed. */
function findProblems({ name, ran, left, ended, tokens }: Result, { killed = false } = {}): string[] {
  const found: [boolean, string][] = [
    [killed ? ran.signal !== 'SIGKILL' : ran.exitCode !== 1, `main ended with ${ran.exitCode ?? ran.signal}`],
    [!killed && !ran.stdout.endsWith(`${TEXTS.cancelled}\n`), `main logged ${ran.stdout}`],
    [!killed && ran.files.output !== '', 'outputs are published'],
    [!killed && ran.files.env !== '', 'variables are published'],
    [!killed && ran.files.summary !== '', 'a summary is published'],
    [!killed && left.length > 0, `main left ${left.join()}`],
    [ran.stderr !== '', `main wrote to stderr: ${ran.stderr}`],
    [ended.exitCode !== 0, `post ended with ${ended.exitCode}`],
    [ended.stderr !== '', `post wrote to stderr: ${ended.stderr}`],
    [ended.leftovers().length > 0, `post left ${ended.leftovers().join()}`],
    [Object.values(ended.files).some(text => text !== ''), 'post wrote to a file of the runner'],
    [!isOneLine(ended), `post logged ${ended.stdout}`],
    [showsToken(ran, tokens), 'the log shows a token']
  ]
  return found.filter(([wrong]) => wrong).map(([, what]) => `${name}: ${what}`)
}

/** Returns whether the instrument interrupted the run. */
function wasInterrupted({ seen }: { seen: readonly Point[] }): boolean {
  return seen.some(({ sent }) => sent !== undefined)
}

/** Returns whether post logged exactly one line, besides masks. */
function isOneLine({ stdout }: RunResult): boolean {
  return /^(::add-mask::\S+\n)*(::warning::)?Clean-up: [^\n]+\.\n$/.test(stdout)
}

function showsToken(ran: RunResult, tokens: ReadonlyMap<string, unknown>): boolean {
  return [...tokens.keys()].some(token => ran.log.includes(token) || ran.files.summary.includes(token))
}

/**
 * Returns the tokens of Genesys Cloud that a run knew and that are still valid. A token whose response had not arrived
 * when the process ended is not known; a known one is masked first of all.
 */
function findLiving({ name, ran, tokens }: Result): string[] {
  return [...tokens].flatMap(([text, token]) =>
    'revoked' in token && !token.revoked && ran.masks.includes(text)
      ? [`${name}: the ${token.kind} token is still valid`]
      : []
  )
}

let counts: Record<Kind, number>
beforeAll(async () => {
  counts = await countPoints(TWO_TOKENS)
})

describeOnPosix('a step that is cancelled publishes nothing, and its tokens are revoked', () => {
  test.each([
    { at: 'write', send: 'SIGINT', first: 21, last: 2 },
    { at: 'line', send: 'SIGTERM', first: 7, last: 3 },
    { at: 'response', send: 'SIGINT', first: 3, last: 0 }
  ] as const)('$send after $at', async ({ at, send, first, last }) => {
    const points = ends(counts[at], first, last)
    expect(points).toHaveLength(first + last)
    // A token that was not published is revoked whatever `revoke` says.
    const runs = await runConcurrently(points, AT_ONCE, n =>
      runWith({ ...TWO_TOKENS, revoke: 'false' }, { at, n, send })
    )
    expect(runs.filter(run => !wasInterrupted(run)).map(({ name }) => name)).toEqual([])
    expect(runs.flatMap(run => [...findProblems(run), ...findLiving(run)])).toEqual([])
  })

  test.each([
    { n: 1, request: 'the login', signal: 'SIGTERM' },
    { n: 2, request: 'generate', signal: 'SIGINT' },
    { n: 3, request: 'verify', signal: 'SIGINT' }
  ] as const)('$signal while $request has no answer: at once', async ({ n, request, signal }) => {
    const platform = await startGenesys()
    let cancelledAt = 0
    let showing: string[] = []
    const signalAfter = new Promise<void>(resolve => {
      platform.intercept = () => {
        if (platform.requests.length !== n) return false
        showing = [...platform.tokens.keys()].flatMap(processesWith)
        cancelledAt = Date.now()
        resolve()
        return true
      }
    })
    const ran = await main(platform, TWO_TOKENS, { signal, signalAfter })
    expect(Date.now() - cancelledAt).toBeLessThan(3000)
    const left = ran.leftovers()
    const ended = await post(ran)
    await platform.close()
    const run = { name: request, ran, left, ended, tokens: platform.tokens }
    expect([...findProblems(run), ...findLiving(run), ...showing]).toEqual([])
    // The last request verifies the token; the others request one.
    expect(ran.log.includes('Warning: The step ended while it requested a token.')).toBe(n < 3)
    // The response to each request before contained a token.
    expect(record(platform).filter(line => line.startsWith('DELETE'))).toHaveLength(n - 1)
  })

  /** Returns the processes whose arguments or environment contain the text; none on a system without /proc. */
  function processesWith(text: string): string[] {
    const processes = existsSync('/proc') ? readdirSync('/proc').filter(name => /^\d+$/.test(name)) : []
    return processes.filter(id =>
      ['cmdline', 'environ'].some(file => {
        try {
          return readFileSync(join('/proc', id, file), 'latin1').includes(text)
        } catch {
          return false
        }
      })
    )
  }

  test('CXone, whose tokens cannot be revoked: nothing is published, nothing is left', async () => {
    const { write, response } = await countPoints(CXONE)
    const plans: Plan[] = [
      ...ends(write, 2, 2).map(n => ({ at: 'write', n, send: 'SIGINT' }) as const),
      ...ends(response, 3, 0).map(n => ({ at: 'response', n, send: 'SIGTERM' }) as const)
    ]
    const runs = await runConcurrently(plans, AT_ONCE, plan => runWith(CXONE, plan))
    expect(runs.every(wasInterrupted)).toBe(true)
    expect(runs.flatMap(run => findProblems(run))).toEqual([])
    expect(runs.flatMap(({ requests }) => requests).join()).not.toContain('DELETE')
    // The state has the folder and no token, because a token in it would be of no use.
    for (const { ran, tokens } of runs)
      expect([...tokens.keys()].filter(token => ran.files.state.includes(token))).toEqual([])
  })
})

describeOnPosix('a step that is killed has saved what the post step needs', () => {
  test.each([
    // Before the last response nothing is published, so that the long-lived token is revoked too.
    { at: 'response', first: 2, last: 0, revoke: 'auto' },
    { at: 'write', first: 6, last: 2, revoke: 'true' }
  ] as const)('SIGKILL after $at', async ({ at, first, last, revoke }) => {
    const runs = await runConcurrently(ends(counts[at], first, last), AT_ONCE, n =>
      runWith({ ...TWO_TOKENS, revoke }, { at, n, send: 'SIGKILL' })
    )
    expect(runs).toHaveLength(first + last)
    expect(runs.flatMap(run => [...findProblems(run, { killed: true }), ...findLiving(run)])).toEqual([])
  })
})

describe('a disk that is full', () => {
  test.each([
    { full: 'once', first: 7, last: 3 },
    { full: 'from-there-on', first: 2, last: 3 }
  ] as const)('$full: nothing is published', async ({ full, first, last }) => {
    const points = ends(counts.write, first, last)
    const runs = await runConcurrently(points, AT_ONCE, n =>
      runWith({ ...TWO_TOKENS, revoke: 'false' }, { n, full })
    )
    // A summary that cannot be written does not fail the step.
    const isSummary = ({ path = '' }: Point) => basename(path).startsWith('summary_')
    const refused = runs.filter(({ seen }) => seen.some(point => point.full && !isSummary(point)))
    expect(refused).toHaveLength(points.length - 1)
    const [other] = runs.filter(run => !refused.includes(run))
    expect([other?.ran.exitCode, other?.ran.files.summary, other?.ended.exitCode]).toEqual([0, '', 0])
    expect(other?.ran.outputs['token']).toBe([...(other?.tokens.keys() ?? [])].at(-1))
    const found = refused.flatMap(({ name, ran, ended, tokens }) => {
      const texts = [ran.files.output, ran.files.env, ran.files.summary, ran.log].join()
      const errors = ran.stdout.match(/^::error::.*$/gm) ?? []
      // The state cannot be corrected on a full disk. Everything else must be as if nothing had been published.
      const isLeft = ran.files.output.includes('token<<') || ran.state['published'] === 'false'
      const problems: [boolean, string][] = [
        [ran.exitCode !== 1, `main ended with ${ran.exitCode}`],
        [[...tokens.keys()].some(token => texts.includes(token)), 'the token is published'],
        [!errors.at(-1)?.startsWith('::error::[internal-error] '), 'no error explains it'],
        [errors.length !== (isLeft ? 2 : 1), errors.join()],
        [isLeft && !errors[0]?.startsWith(ROLLBACK_FAILED), 'no error says what is left'],
        [ended.exitCode !== 0 || !isOneLine(ended), `post logged ${ended.stdout}`],
        [ended.leftovers().length > 0, `post left ${ended.leftovers().join()}`]
      ]
      return problems.filter(([isProblem]) => isProblem).map(([, what]) => `${name}: ${what}`)
    })
    expect([...found, ...refused.flatMap(findLiving)]).toEqual([])
  })
})

const ROLLBACK_FAILED = '::error::Not everything that the step wrote could be removed. '
