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
  post,
  record,
  type Point as Seen
} from '../support/lifecycle.js'
import { describeOnPosix } from '../support/posix.js'
import { cleanup, type RunResult } from '../support/runner.mjs'

/** Everything that main can write, so that there are as many points as there can be. */
const ALL: Inputs = { verify: 'true', 'token-file': 'true', 'export-env': 'CC_TOKEN', 'tool-env': 'true' }
/** That a token would be left alone is no reason to leave one that nobody got. */
const ACCESS: Inputs = { ...GENESYS, ...ALL, revoke: 'false' }
const TWO_TOKENS: Inputs = { ...LONG_LIVED, ...ALL }

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL'
interface Point {
  readonly at: 'write' | 'response' | 'line'
  readonly n: number
  readonly send: Signal
}

afterEach(cleanup)

const AT_ONCE = 4

/** What the instrument is to do, and what came of the run: each has a platform of its own. */
async function interfered(
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
    const asked = platform.requests.map(({ method }) => method)
    return {
      name: Object.values(plan).join(' '),
      seen: tool.seen(),
      ran,
      left,
      ended,
      tokens: platform.tokens,
      asked
    }
  } finally {
    await platform.close()
  }
}
type Interfered = Omit<Awaited<ReturnType<typeof interfered>>, 'seen' | 'asked'>

/** How many points of each kind there are where nobody interferes. */
async function undisturbed(inputs: Inputs, start?: () => Promise<GenesysEmulator | CxoneEmulator>) {
  const { ran, seen } = await interfered(inputs, {}, start)
  expect(ran.exitCode).toBe(0)
  const count = (at: Point['at']) => seen.filter(({ kind }) => kind === at).length
  return { write: count('write'), response: count('response'), line: count('line') }
}

/** Each of so many points, and one after the last, where the process ends on its own. */
function every(at: Point['at'], count: number, send: Signal): Point[] {
  return Array.from({ length: count + 1 }, (_, index) => ({ at, n: index + 1, send }))
}

/** Returns in words whatever of a token outlived a cancelled step. */
function wrongs({ name, ran, left, ended, tokens }: Interfered, { killed = false } = {}): string[] {
  const found: [boolean, string][] = [
    [killed ? ran.signal !== 'SIGKILL' : ran.exitCode !== 1, `main ended with ${ran.exitCode ?? ran.signal}`],
    [!killed && ran.files.output !== '', 'outputs are published'],
    [!killed && ran.files.env !== '', 'variables are published'],
    [!killed && ran.files.summary !== '', 'a summary tells of a token'],
    [!killed && left.length > 0, `main left ${left.join()}`],
    [ran.stderr !== '', `main says ${ran.stderr}`],
    [ended.exitCode !== 0, `post ended with ${ended.exitCode}`],
    [ended.stderr !== '', `post says ${ended.stderr}`],
    [ended.leftovers().length > 0, `post left ${ended.leftovers().join()}`],
    [Object.values(ended.files).some(text => text !== ''), 'post wrote to a file of the runner'],
    [!oneLine(ended), `post said ${ended.stdout}`],
    [bare(ran, tokens), 'a token stands in the log before its mask']
  ]
  return found.filter(([wrong]) => wrong).map(([, what]) => `${name}: ${what}`)
}

/** Whether the instrument did what it was there for. */
function fired({ seen }: { seen: readonly Seen[] }): boolean {
  return seen.some(({ sent, full }) => sent !== undefined || full)
}

/** Whether post said one line and nothing else, its masks apart. */
function oneLine({ stdout }: RunResult): boolean {
  return /^(::add-mask::\S+\n)*(::warning::)?Clean-up: [^\n]+\.\n$/.test(stdout)
}

function bare(ran: RunResult, tokens: ReadonlyMap<string, unknown>): boolean {
  return [...tokens.keys()].some(token => ran.log.includes(token) || ran.files.summary.includes(token))
}

/**
 * Returns the tokens of Genesys Cloud that a run knew of and that still live. One whose answer was on its way
 * when the process ended is known to nobody; such a token was not masked, for that comes first of all.
 */
function living({ name, ran, tokens }: Interfered): string[] {
  return [...tokens].flatMap(([text, token]) =>
    'revoked' in token && !token.revoked && ran.masks.includes(text)
      ? [`${name}: the ${token.kind} token lives on`]
      : []
  )
}

/** Returns the points at either end; those between are writes of one kind, with nothing heard in between. */
function ends<T>(points: readonly T[], first: number, last: number): T[] {
  return points.filter((_, index) => index < first || index >= points.length - last)
}

describeOnPosix('a step that is cancelled hands nothing on, and what it got is revoked', () => {
  test.each([
    { token: 'an access token', inputs: ACCESS, at: 'write', send: 'SIGINT' },
    { token: 'a long-lived token', inputs: TWO_TOKENS, at: 'write', send: 'SIGTERM' },
    { token: 'an access token', inputs: ACCESS, at: 'line', send: 'SIGTERM' },
    { token: 'an access token', inputs: ACCESS, at: 'response', send: 'SIGINT' },
    { token: 'a long-lived token', inputs: TWO_TOKENS, at: 'response', send: 'SIGINT' }
  ] as const)('$token, $send after every $at', async ({ inputs, at, send }) => {
    const counts = await undisturbed(inputs)
    expect(counts[at]).toBeGreaterThan(1)
    const all = every(at, counts[at], send)
    const points = send === 'SIGTERM' ? ends(all, 7, 5) : all
    const runs = await few(points, AT_ONCE, point => interfered(inputs, point))
    const last = runs.pop()
    expect(last?.ran.exitCode).toBe(0)
    expect(last && fired(last)).toBe(false)
    expect(runs.filter(run => !fired(run)).map(({ name }) => name)).toEqual([])
    expect(runs.flatMap(run => [...wrongs(run), ...living(run)])).toEqual([])
  })

  test.each([
    { token: 'an access token', inputs: ACCESS, requests: 2 },
    { token: 'a long-lived token', inputs: TWO_TOKENS, requests: 3 }
  ])('$token, SIGINT while each request waits for its answer', async ({ inputs, requests }) => {
    const found: string[] = []
    for (let n = 1; n <= requests; n++) {
      const platform = await startGenesys()
      const asked = new Promise<void>(resolve => {
        platform.intercept = () => {
          if (platform.requests.length !== n) return false
          resolve()
          return true
        }
      })
      const ran = await main(platform, inputs, { signalAfter: asked })
      const left = ran.leftovers()
      const ended = await post(ran)
      const run = { name: `SIGINT in request ${n}`, ran, left, ended, tokens: platform.tokens }
      found.push(...wrongs(run), ...living(run))
      // The last request asks whose token it is; each one before that is answered with a token.
      expect(platform.tokens.size).toBe(n - 1)
      const deletes = record(platform).filter(line => line.startsWith('DELETE'))
      expect(deletes).toHaveLength(n - 1)
      await platform.close()
    }
    expect(found).toEqual([])
  })

  test('CXone, whose tokens nobody revokes: nothing is handed on, nothing is left', async () => {
    const inputs = { ...CXONE_A, ...ALL }
    const { write } = await undisturbed(inputs, startCxone)
    // Its state holds the folder and no token: nobody could do anything with one.
    const some = [1, 2, 3, 5, Math.ceil(write / 2), write - 1, write]
    const writes = some.map(n => ({ at: 'write', n, send: 'SIGINT' }) as const)
    const answers = [1, 2, 3].map(n => ({ at: 'response', n, send: 'SIGTERM' }) as const)
    const runs = await few([...writes, ...answers], AT_ONCE, point => interfered(inputs, point, startCxone))
    expect(runs.every(fired)).toBe(true)
    expect(runs.flatMap(run => wrongs(run))).toEqual([])
    expect(runs.flatMap(({ asked }) => asked)).not.toContain('DELETE')
    for (const { ran, tokens } of runs)
      expect([...tokens.keys()].filter(token => ran.files.state.includes(token))).toEqual([])
  })
})

describeOnPosix('a step that is killed leaves the post step all it takes', () => {
  test.each([
    { token: 'an access token', inputs: { ...ACCESS, revoke: 'auto' }, at: 'response' },
    { token: 'a long-lived token', inputs: { ...TWO_TOKENS, revoke: 'true' }, at: 'response' },
    { token: 'an access token', inputs: { ...ACCESS, revoke: 'auto' }, at: 'write' }
  ] as const)('$token, SIGKILL after each $at', async ({ inputs, at }) => {
    const counts = await undisturbed(inputs)
    const points = ends(every(at, counts[at], 'SIGKILL').slice(0, -1), 7, 3)
    const runs = await few(points, AT_ONCE, point => interfered(inputs, point))
    expect(runs.flatMap(run => [...wrongs(run, { killed: true }), ...living(run)])).toEqual([])
  })

  test('a long-lived token that was not handed on yet is revoked as well', async () => {
    const run = await interfered(TWO_TOKENS, { at: 'response', n: 2, send: 'SIGKILL' })
    expect(run.tokens.size).toBe(2)
    expect([...wrongs(run, { killed: true }), ...living(run)]).toEqual([])
  })
})

describe('a disk that is full', () => {
  test.each(['once', 'from-there-on'] as const)('%s: nothing is handed on', async full => {
    const counts = await undisturbed(ACCESS)
    const points = Array.from({ length: counts.write }, (_, index) => index + 1)
    const some = ends(points, 7, 4)
    const runs = await few(some, AT_ONCE, n => interfered(ACCESS, { n, full }))
    // A summary that cannot be written fails no step.
    const isSummary = ({ path = '' }: Seen) => basename(path).startsWith('summary_')
    const refused = runs.filter(({ seen }) => seen.some(point => point.full && !isSummary(point)))
    expect(refused).toHaveLength(some.length - 1)
    const [other] = runs.filter(run => !refused.includes(run))
    expect([other?.ran.exitCode, other?.ran.files.summary, other?.ended.exitCode]).toEqual([0, '', 0])
    expect(other?.ran.outputs['token']).toBe([...(other?.tokens.keys() ?? [])][0])
    const found = refused.flatMap(run => {
      const { ran } = run
      const token = [...run.tokens.keys()][0] ?? 'none was issued'
      const texts = [ran.files.output, ran.files.env, ran.files.summary, ran.log]
      return [
        ...(ran.exitCode === 1 ? [] : [`${run.name}: main ended with ${ran.exitCode}`]),
        ...(texts.some(text => text.includes(token)) ? [`${run.name}: the token is handed on`] : []),
        ...(/^::error::\[internal-error\] /m.test(ran.stdout) ? [] : [`${run.name}: ${ran.stdout}`]),
        ...(ran.stdout.match(/^::error::/gm)?.length === 1 ? [] : [`${run.name}: not one error`]),
        ...(run.ended.exitCode === 0 && oneLine(run.ended) ? [] : [`${run.name}: post ${run.ended.stdout}`]),
        ...(run.ended.leftovers().length === 0 ? [] : [`${run.name}: left ${run.ended.leftovers().join()}`]),
        ...living(run)
      ]
    })
    expect(found).toEqual([])
  })
})
