import { basename } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type CxoneEmulator, startCxone } from '../../emulator/cxone.mjs'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import {
  CXONE_A,
  few,
  GENESYS,
  type Inputs,
  instrument,
  LONG_LIVED,
  main,
  type Point,
  post,
  record
} from '../support/lifecycle.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult } from '../support/runner.mjs'

/** Everything that main can write, so that there are as many points as possible. */
const ALL: Inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
/** A token that was not published is revoked whatever `revoke` says. */
const ACCESS: Inputs = { ...GENESYS, ...ALL, revoke: 'false' }
const TWO_TOKENS: Inputs = { ...LONG_LIVED, ...ALL }

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL'
interface Interruption {
  readonly at: 'write' | 'response' | 'line'
  readonly n: number
  readonly send: Signal
}

afterEach(cleanup)

const AT_ONCE = 4

/** Runs main with a plan for the instrument, then post, against a platform of their own. */
async function runWith(
  inputs: Inputs,
  plan: Parameters<typeof instrument>[0],
  start: () => Promise<GenesysEmulator | CxoneEmulator> = startGenesys
) {
  const platform = await start()
  try {
    const tool = instrument(plan)
    const ran = await main(platform, inputs, { env: tool.env })
    const left = ran.leftovers()
    const ended = await post(ran)
    const methods = platform.requests.map(({ method }) => method)
    return {
      name: Object.values(plan).join(' '),
      seen: tool.seen(),
      ran,
      left,
      ended,
      tokens: platform.tokens,
      methods
    }
  } finally {
    await platform.close()
  }
}
type Result = Omit<Awaited<ReturnType<typeof runWith>>, 'seen' | 'methods'>

/** Returns how many points of each kind a run has that is not interrupted. */
async function countPoints(inputs: Inputs, start?: () => Promise<GenesysEmulator | CxoneEmulator>) {
  const { ran, seen } = await runWith(inputs, {}, start)
  expect(ran.exitCode).toBe(0)
  const count = (at: Interruption['at']) => seen.filter(({ kind }) => kind === at).length
  return { write: count('write'), response: count('response'), line: count('line') }
}

/** Returns an interruption at each point, and one after the last point, which never happens. */
function every(at: Interruption['at'], count: number, send: Signal): Interruption[] {
  return Array.from({ length: count + 1 }, (_, index) => ({ at, n: index + 1, send }))
}

/** Returns what is wrong after a step that was cancelled or killed. */
function findProblems({ name, ran, left, ended, tokens }: Result, { killed = false } = {}): string[] {
  const found: [boolean, string][] = [
    [killed ? ran.signal !== 'SIGKILL' : ran.exitCode !== 1, `main ended with ${ran.exitCode ?? ran.signal}`],
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
  return seen.some(({ sent, full }) => sent !== undefined || full)
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

/** Returns the first and the last points; those between are writes of one kind, without a pause for a signal. */
function ends<T>(points: readonly T[], first: number, last: number): T[] {
  return points.filter((_, index) => index < first || index >= points.length - last)
}

describeOnPosix('a step that is cancelled publishes nothing, and its tokens are revoked', () => {
  test.each([
    { token: 'an access token', inputs: ACCESS, at: 'write', send: 'SIGINT' },
    { token: 'a long-lived token', inputs: TWO_TOKENS, at: 'write', send: 'SIGTERM' },
    { token: 'an access token', inputs: ACCESS, at: 'line', send: 'SIGTERM' },
    { token: 'an access token', inputs: ACCESS, at: 'response', send: 'SIGINT' },
    { token: 'a long-lived token', inputs: TWO_TOKENS, at: 'response', send: 'SIGINT' }
  ] as const)('$token, $send after every $at', async ({ inputs, at, send }) => {
    const counts = await countPoints(inputs)
    expect(counts[at]).toBeGreaterThan(1)
    const all = every(at, counts[at], send)
    const points = send === 'SIGTERM' ? ends(all, 7, 5) : all
    const runs = await few(points, AT_ONCE, point => runWith(inputs, point))
    const last = runs.pop()
    expect(last?.ran.exitCode).toBe(0)
    expect(last && wasInterrupted(last)).toBe(false)
    expect(runs.filter(run => !wasInterrupted(run)).map(({ name }) => name)).toEqual([])
    expect(runs.flatMap(run => [...findProblems(run), ...findLiving(run)])).toEqual([])
  })

  test.each([
    { token: 'an access token', inputs: ACCESS, requests: 2 },
    { token: 'a long-lived token', inputs: TWO_TOKENS, requests: 3 }
  ])('$token, SIGINT while each request waits for its response', async ({ inputs, requests }) => {
    const found: string[] = []
    for (let n = 1; n <= requests; n++) {
      const platform = await startGenesys()
      const received = new Promise<void>(resolve => {
        platform.intercept = () => {
          if (platform.requests.length !== n) return false
          resolve()
          return true
        }
      })
      const ran = await main(platform, inputs, { signalAfter: received })
      const left = ran.leftovers()
      const ended = await post(ran)
      const run = { name: `SIGINT in request ${n}`, ran, left, ended, tokens: platform.tokens }
      found.push(...findProblems(run), ...findLiving(run))
      // The last request verifies the owner; the response to each one before contains a token.
      expect(platform.tokens.size).toBe(n - 1)
      const deletes = record(platform).filter(line => line.startsWith('DELETE'))
      expect(deletes).toHaveLength(n - 1)
      await platform.close()
    }
    expect(found).toEqual([])
  })

  test('CXone, whose tokens cannot be revoked: nothing is published, nothing is left', async () => {
    const inputs = { ...CXONE_A, ...ALL }
    const { write } = await countPoints(inputs, startCxone)
    const some = [1, 2, 3, 5, Math.ceil(write / 2), write - 1, write]
    const writes = some.map(n => ({ at: 'write', n, send: 'SIGINT' }) as const)
    const responses = [1, 2, 3].map(n => ({ at: 'response', n, send: 'SIGTERM' }) as const)
    const runs = await few([...writes, ...responses], AT_ONCE, point => runWith(inputs, point, startCxone))
    expect(runs.every(wasInterrupted)).toBe(true)
    expect(runs.flatMap(run => findProblems(run))).toEqual([])
    expect(runs.flatMap(({ methods }) => methods)).not.toContain('DELETE')
    // The state has the folder and no token, because a token in it would be of no use.
    for (const { ran, tokens } of runs)
      expect([...tokens.keys()].filter(token => ran.files.state.includes(token))).toEqual([])
  })
})

describeOnPosix('a step that is killed has saved what the post step needs', () => {
  test.each([
    { token: 'an access token', inputs: { ...ACCESS, revoke: 'auto' }, at: 'response' },
    { token: 'a long-lived token', inputs: { ...TWO_TOKENS, revoke: 'true' }, at: 'response' },
    { token: 'an access token', inputs: { ...ACCESS, revoke: 'auto' }, at: 'write' }
  ] as const)('$token, SIGKILL after each $at', async ({ inputs, at }) => {
    const counts = await countPoints(inputs)
    const points = ends(every(at, counts[at], 'SIGKILL').slice(0, -1), 7, 3)
    const runs = await few(points, AT_ONCE, point => runWith(inputs, point))
    expect(runs.flatMap(run => [...findProblems(run, { killed: true }), ...findLiving(run)])).toEqual([])
  })

  test('a long-lived token that was not published yet is revoked too', async () => {
    const run = await runWith(TWO_TOKENS, { at: 'response', n: 2, send: 'SIGKILL' })
    expect(run.tokens.size).toBe(2)
    expect([...findProblems(run, { killed: true }), ...findLiving(run)]).toEqual([])
  })
})

describe('a disk that is full', () => {
  test.each(['once', 'from-there-on'] as const)('%s: nothing is published', async full => {
    const counts = await countPoints(ACCESS)
    const points = Array.from({ length: counts.write }, (_, index) => index + 1)
    const some = ends(points, 7, 4)
    const runs = await few(some, AT_ONCE, n => runWith(ACCESS, { n, full }))
    // A summary that cannot be written does not fail the step.
    const isSummary = ({ path = '' }: Point) => basename(path).startsWith('summary_')
    const refused = runs.filter(({ seen }) => seen.some(point => point.full && !isSummary(point)))
    expect(refused).toHaveLength(some.length - 1)
    const [other] = runs.filter(run => !refused.includes(run))
    expect([other?.ran.exitCode, other?.ran.files.summary, other?.ended.exitCode]).toEqual([0, '', 0])
    expect(other?.ran.outputs['token']).toBe([...(other?.tokens.keys() ?? [])][0])
    const found = refused.flatMap(({ name, ran, ended, tokens }) => {
      const token = [...tokens.keys()][0] ?? 'no token was issued'
      const texts = [ran.files.output, ran.files.env, ran.files.summary, ran.log]
      const errors = ran.stdout.match(/^::error::.*$/gm) ?? []
      // The state cannot be corrected on a full disk. Everything else must be as if nothing had been published.
      const isLeft = ran.files.output.includes('token<<') || ran.state['published'] === 'auto'
      const problems: [boolean, string][] = [
        [ran.exitCode !== 1, `main ended with ${ran.exitCode}`],
        [texts.some(text => text.includes(token)), 'the token is published'],
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
