import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Bad, type Certificates, makeCertificates, trust } from '../support/certificates.js'
import { attemptsOf, Bench, type Cell, expected, MAX_ATTEMPTS, nameOf, pooled, TARGETS } from './cells.js'
import { FAULTS, type Fault, type Target } from './faults.js'
import type { Handshake } from './front.js'

const QUICK_AT_ONCE = 16
/** These only wait. */
const SLOW_AT_ONCE = 80

const bench = new Bench()
afterAll(() => bench.close())

/** What one fault leads to at each request. */
type Row = Map<Target, Cell>

function targetsOf({ kinds }: Fault): readonly Target[] {
  return TARGETS.filter(({ kind }) => kinds?.includes(kind) ?? true)
}

async function runAll(
  faults: readonly Fault[],
  targets: (fault: Fault) => readonly Target[],
  run: (fault: Fault, at: Target) => Promise<Cell>
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>(faults.map(({ name }) => [name, new Map()]))
  const tasks = (some: readonly Fault[]) =>
    some.flatMap(fault =>
      targets(fault).map(at => async () => {
        const cell = () => run(fault, at)
        rows.get(fault.name)?.set(at, await (fault.slow ? undisturbed(at, cell) : cell()))
      })
    )
  await pooled(tasks(faults.filter(fault => !fault.slow)), QUICK_AT_ONCE)
  await pooled(tasks(faults.filter(fault => fault.slow)), SLOW_AT_ONCE)
  return rows
}

/** Repeats a run if the machine was so busy that a request before the fault ran out of its short time. */
async function undisturbed(at: Target, run: () => Promise<Cell>, most = 3): Promise<Cell> {
  const cell = await run()
  const asPlanned = cell.code === 'granted' || cell.otherAttempts === at.before
  return asPlanned || most === 1 ? cell : undisturbed(at, run, most - 1)
}

/** Returns a property of each cell of a row, by the name of its request. */
function table<T>(row: Row | undefined, of: (cell: Cell, at: Target) => T): Record<string, T> {
  return Object.fromEntries([...(row ?? [])].map(([at, cell]) => [nameOf(at), of(cell, at)]))
}

const outcomeOf = ({ code, attempts, problems }: Cell) => ({ code, attempts, problems })

/** What is expected of a failure, whatever the request. An optional request is sent once and ignored. */
const failure = (code: string, attempts: (at: Target) => number) => (at: Target) =>
  at.isOptional
    ? { code: 'granted', attempts: 1, problems: [] }
    : { code, attempts: attempts(at), problems: [] }

test('every fault has its own name', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
})

test('without a fault every exchange gets a token, and sends each request once', async () => {
  for (const at of TARGETS) {
    const { code, problems, waits } = await bench.run(at, undefined)
    expect({ code, problems, waits }).toEqual({ code: 'granted', problems: [], waits: [] })
  }
})

describe('A fault that does not end', () => {
  let rows: Map<string, Row>
  beforeAll(async () => {
    rows = await runAll(FAULTS, targetsOf, (fault, at) => bench.run(at, fault))
  }, 60_000)

  test.each(FAULTS)('$name', fault => {
    const row = rows.get(fault.name)
    expect(table(row, outcomeOf)).toEqual(table(row, (_, at) => expected(fault, at)))
    for (const [at, { code, message, waits, attempts, expiresInSeconds }] of row ?? []) {
      expect([nameOf(at), waits.length]).toEqual([nameOf(at), attempts - 1])
      if (code !== 'granted') expect(message).toMatch(new RegExp(`, ${attempts} attempts?\\b.*\\.$`))
      if (code !== 'granted' && fault.message)
        expect([nameOf(at), message]).toEqual([nameOf(at), expect.stringMatching(fault.message)])
      const isLast = at.kind === 'generate' || at.exchange !== 'genesys-long-lived'
      if (fault.expiresInSeconds !== undefined && isLast)
        expect([nameOf(at), expiresInSeconds]).toEqual([nameOf(at), fault.expiresInSeconds])
    }
  })

  test.each(FAULTS.filter(({ name }) => /Retry-After (in seconds|as a date)/.test(name)))(
    '$name: the waits are as long as asked, and at most a tenth longer',
    ({ name }) => {
      for (const { waits } of rows.get(name)?.values() ?? [])
        for (const wait of waits) {
          expect(wait).toBeGreaterThan(48_999) // a date has whole seconds
          expect(wait).toBeLessThanOrEqual(55_000)
        }
    }
  )

  test('every error names its request, without the query', () => {
    for (const row of rows.values())
      for (const [at, { message }] of row) {
        if (message === '') continue
        expect(message).toContain(`${at.method} http://127.`)
        expect(message).toContain(`${at.path} `)
        expect(message).not.toContain('?tenantId=11ee7a64-3c1f-4d20-a5b8-0242ac110003 answered')
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }
  })

  test('an error says that a long-lived token may exist, unless generate was certainly refused', () => {
    const REFUSED = ['bad-request', 'credentials-rejected', 'forbidden', 'not-offered', 'rate-limited']
    for (const [name, row] of rows) {
      const [, cell] = [...row].find(([{ kind }]) => kind === 'generate') ?? []
      if (cell === undefined || cell.code === 'granted') continue
      const isCertain =
        name === 'connection refused' ||
        (REFUSED.includes(cell.code) && !/^(407|408|413|418|425)$/.test(name)) ||
        // The step received a token that it does not accept, and revokes it.
        /^20[23] with a valid body$/.test(name)
      const says =
        / A long-lived token of the service account \S+ may exist that this step did not receive\.$/
      expect([name, says.test(cell.message)]).toEqual([name, !isCertain])
    }
  })
})

describe('A fault that happens twice', () => {
  const retried = (fault: Fault) =>
    targetsOf(fault).filter(at => fault.at !== 'nowhere' && attemptsOf(fault, at) > 2)
  const passing = FAULTS.filter(fault => retried(fault).length > 0)
  let rows: Map<string, Row>
  beforeAll(async () => {
    rows = await runAll(passing, retried, (fault, at) => bench.run(at, fault, { times: 2 }))
  }, 60_000)

  test.each(passing)('$name', ({ name }) => {
    const row = rows.get(name)
    expect(table(row, outcomeOf)).toEqual(table(row, () => ({ code: 'granted', attempts: 2, problems: [] })))
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

  /** Returns the outcome at each request if the connections for it meet this, and what is expected. */
  async function runTls(bad: Handshake, expectedAt: ReturnType<typeof failure>, attemptTimeoutMs?: number) {
    const tls = { good: certificates.good, bad }
    const run = (at: Target) => bench.run(at, undefined, { tls }, attemptTimeoutMs)
    const cells = await pooled(
      TARGETS.map(at => () => (attemptTimeoutMs === undefined ? run(at) : undisturbed(at, () => run(at)))),
      QUICK_AT_ONCE
    )
    const row: Row = new Map(TARGETS.map((at, index) => [at, cells[index] as Cell]))
    expect(table(row, outcomeOf)).toEqual(table(row, (_, at) => expectedAt(at)))
    return cells
  }
  /** Without a certificate that was rejected, generate may have been carried out. */
  const unlessGenerate = ({ kind }: Target) => (kind === 'generate' ? 1 : MAX_ATTEMPTS)

  test.each(TARGETS)('$exchange, $kind: a certificate of a trusted authority is accepted', async at => {
    const { code, problems } = await bench.run(at, undefined, { tls: { good: certificates.good } })
    expect({ code, problems }).toEqual({ code: 'granted', problems: [] })
  })

  test.each(BAD)('%s: one attempt', async name => {
    const cells = await runTls(
      certificates.bad[name],
      failure('tls', () => 1)
    )
    // Nothing was sent, so no long-lived token may exist.
    for (const { code, message } of cells) if (code !== 'granted') expect(message).toMatch(/, 1 attempt\.$/)
  })

  test('plain HTTP instead of TLS: one attempt', async () => {
    await runTls(
      socket => void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
      failure('tls', () => 1)
    )
  })

  test('a handshake without an answer times out; only generate is not retried', async () => {
    await runTls(() => {}, failure('timeout', unlessGenerate), 600)
  })

  test('a handshake that is cut off; only generate is not retried', async () => {
    await runTls(socket => void socket.once('data', () => socket.end()), failure('network', unlessGenerate))
  })
})
