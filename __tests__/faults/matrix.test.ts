import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Bad, type Certificates, makeCertificates, trust } from '../support/certificates.js'
import {
  againOf,
  Bench,
  type Cell,
  expected,
  MAX_ATTEMPTS,
  nameOf,
  pooled,
  TARGETS,
  triesOf
} from './cells.js'
import { type AttemptError, FAULTS, type Target } from './faults.js'

const QUICK_AT_ONCE = 16
/** These do nothing but wait. */
const SLOW_AT_ONCE = 72

const bench = new Bench()
afterAll(() => bench.close())

/** Every request that can meet a fault, with what it should come to and what it came to. */
type Row = Map<Target, Cell>

function met({ kinds }: AttemptError): readonly Target[] {
  return TARGETS.filter(({ kind }) => kinds?.includes(kind) ?? true)
}

async function playAll(
  faults: readonly AttemptError[],
  targets: (fault: AttemptError) => readonly Target[],
  play: (fault: AttemptError, at: Target) => Promise<Cell>
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>(faults.map(({ name }) => [name, new Map()]))
  const tasks = (some: readonly AttemptError[]) =>
    some.flatMap(fault =>
      targets(fault).map(at => async () => {
        const cell = () => play(fault, at)
        rows.get(fault.name)?.set(at, await (fault.slow ? undisturbed(at, cell) : cell()))
      })
    )
  await pooled(tasks(faults.filter(fault => !fault.slow)), QUICK_AT_ONCE)
  await pooled(tasks(faults.filter(fault => fault.slow)), SLOW_AT_ONCE)
  return rows
}

/** Plays a cell anew where the machine was so busy that a request before the fault's own ran out of its short time. */
async function undisturbed(at: Target, play: () => Promise<Cell>, most = 3): Promise<Cell> {
  const cell = await play()
  const asPlanned = cell.code === 'granted' || cell.sentBefore === at.before
  return asPlanned || most === 1 ? cell : undisturbed(at, play, most - 1)
}

/** The cells of a row, each under the name of its request. */
function table<T>(row: Row | undefined, of: (cell: Cell, at: Target) => T): Record<string, T> {
  return Object.fromEntries([...(row ?? [])].map(([at, cell]) => [nameOf(at), of(cell, at)]))
}

const judged = ({ code, tries, wrong }: Cell) => ({ code, tries, wrong })

test('there are faults enough, each under a name of its own', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
  expect(FAULTS.filter(({ kinds }) => kinds === undefined).length).toBeGreaterThanOrEqual(25)
})

test('without a fault every exchange grants a token, each request sent once', async () => {
  for (const at of TARGETS) {
    const { code, wrong, waits } = await bench.play(at, undefined)
    expect({ code, wrong, waits }).toEqual({ code: 'granted', wrong: [], waits: [] })
  }
})

describe('A fault that does not end', () => {
  let rows: Map<string, Row>
  beforeAll(async () => {
    rows = await playAll(FAULTS, met, (fault, at) => bench.play(at, fault))
  }, 60_000)

  test.each(FAULTS)('$name', fault => {
    const row = rows.get(fault.name)
    expect(table(row, judged)).toEqual(table(row, (_, at) => expected(fault, at)))
    for (const [at, { code, message, waits, tries, expiresInSeconds }] of row ?? []) {
      if (fault.says) expect([nameOf(at), message]).toEqual([nameOf(at), expect.stringMatching(fault.says)])
      expect([nameOf(at), waits.length]).toEqual([nameOf(at), tries - 1])
      if (code !== 'granted') expect(message).toMatch(new RegExp(`, ${tries} attempts?\\b.*\\.$`))
      const isLast = at.kind === 'generate' || at.exchange !== 'genesys-long-lived'
      if (fault.expiresInSeconds !== undefined && isLast)
        expect([nameOf(at), expiresInSeconds]).toEqual([nameOf(at), fault.expiresInSeconds])
    }
  })

  test.each(FAULTS.filter(({ name }) => /Retry-After (in seconds|as a date)/.test(name)))(
    '$name: the waits are as long as asked for, and a tenth longer at most',
    ({ name }) => {
      for (const { waits } of rows.get(name)?.values() ?? [])
        for (const wait of waits) {
          expect(wait).toBeGreaterThan(48_999) // a date has whole seconds
          expect(wait).toBeLessThanOrEqual(55_000)
        }
    }
  )

  test('every error names its request, without the query, and how often it was sent', () => {
    for (const row of rows.values())
      for (const [at, { message }] of row) {
        if (message === '') continue
        expect(message).toContain(`${at.method} http://127.`)
        expect(message).toContain(`${at.path} `)
        expect(message).not.toContain(`${at.path}?tenantId=11ee7a64-3c1f-4d20-a5b8-0242ac110003 answered`)
        // What a control character is, a terminal must not see.
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(message.length).toBeLessThan(1200)
      }
  })
})

describe('A fault that passes after two times', () => {
  const tried = (fault: AttemptError) => {
    const twice = (at: Target) => fault.at !== 'nowhere' && triesOf(againOf(fault, at), at) > 2
    return met(fault).filter(twice)
  }
  const passing = FAULTS.filter(fault => tried(fault).length > 0)
  let rows: Map<string, Row>
  beforeAll(async () => {
    rows = await playAll(passing, tried, (fault, at) => bench.play(at, fault, { times: 2 }))
  }, 60_000)

  test.each(passing)('$name', ({ name }) => {
    const row = rows.get(name)
    expect(table(row, judged)).toEqual(table(row, () => ({ code: 'granted', tries: 2, wrong: [] })))
  })
})

describe('TLS', () => {
  const BAD: readonly Bad[] = [
    'self-signed',
    'expired',
    'not valid yet',
    'wrong name',
    'unknown authority',
    'not for servers',
    'by no authority'
  ]
  let certificates: Certificates
  let distrust = () => {}
  beforeAll(() => {
    certificates = makeCertificates()
    distrust = trust(certificates.authority)
  })
  afterAll(() => {
    distrust()
    certificates?.remove()
  })

  const play = (
    at: Target,
    bad: NonNullable<Parameters<Bench['play']>[2]>['tls'],
    attemptTimeoutMs?: number
  ) => bench.play(at, undefined, { ...(bad ? { tls: bad } : {}) }, attemptTimeoutMs)

  test.each(TARGETS)(
    '$exchange, $kind: a certificate of an authority that is known here will do',
    async at => {
      const { code, wrong } = await play(at, { good: certificates.good })
      expect({ code, wrong }).toEqual({ code: 'granted', wrong: [] })
    }
  )

  test.each(BAD)('%s: one attempt', async name => {
    const cells = await pooled(
      TARGETS.map(at => () => play(at, { good: certificates.good, bad: certificates.bad[name] })),
      QUICK_AT_ONCE
    )
    const named = (of: (cell: Cell) => unknown) =>
      Object.fromEntries(TARGETS.map((at, i) => [nameOf(at), of(cells[i] as Cell)]))
    expect(named(judged)).toEqual(named(() => ({ code: 'tls', tries: 1, wrong: [] })))
    for (const { message } of cells) expect(message).toMatch(/, 1 attempt\.$/)
  })

  test('plain HTTP where TLS belongs: one attempt', async () => {
    const bad = (socket: import('node:net').Socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    }
    const cells = await pooled(
      TARGETS.map(at => () => play(at, { good: certificates.good, bad })),
      QUICK_AT_ONCE
    )
    expect(cells.map(judged)).toEqual(cells.map(() => ({ code: 'tls', tries: 1, wrong: [] })))
  })

  test('a handshake that is never answered times out, and is tried again', async () => {
    const cells = await pooled(
      TARGETS.map(
        at => () => undisturbed(at, () => play(at, { good: certificates.good, bad: () => {} }, 600))
      ),
      QUICK_AT_ONCE
    )
    // Generate too: without a connection nothing can have been carried out.
    expect(cells.map(judged)).toEqual(
      TARGETS.map(() => ({ code: 'timeout', tries: MAX_ATTEMPTS, wrong: [] }))
    )
  })

  test('a handshake that is cut off is tried again, whatever the request: it was never sent', async () => {
    const bad = (socket: import('node:net').Socket) => {
      socket.once('data', () => socket.end())
    }
    const cells = await pooled(
      TARGETS.map(at => () => play(at, { good: certificates.good, bad })),
      QUICK_AT_ONCE
    )
    expect(cells.map(judged)).toEqual(cells.map(() => ({ code: 'network', tries: MAX_ATTEMPTS, wrong: [] })))
  })
})
