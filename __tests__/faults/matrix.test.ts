import { beforeAll, describe, expect, test } from '@jest/globals'
import { runConcurrently } from '../support/concurrently.js'
import { type Cell, DOCUMENTS, expected, GENERATE, LOGIN, runCell, TARGETS, type Target } from './cells.js'
import { ENDPOINTS, FAULTS, type Fault, faultNamed, GOOD_TOKEN } from './faults.js'

/** Most of the time is waiting. */
const AT_ONCE = 24

/** Some faults of each kind. */
const OF_EACH_KIND = [
  ...['reset after the request', 'closed after the request', 'silence after the request', 'another protocol'],
  ...[
    'cut inside the headers',
    'cut inside the body',
    'chunked garbage',
    'an endless body',
    'a body of 5 MB'
  ],
  ...['content-length too short', 'content-length too long, and kept open'],
  ...['gzip, which was not requested', '200 with HTML', '200 with an empty body', '200 with an error object'],
  ...[
    '302 to another host',
    '307 to another host',
    '400 that repeats the request',
    '403',
    '500',
    '502',
    '503'
  ],
  ...['429 without Retry-After', '429 with an absurd Retry-After'],
  ...['429 with Retry-After in seconds', '429 with Retry-After as a date']
].map(faultNamed)

/** Every fault at a request that may be repeated and at the one that may not, and some at all others. */
const CELLS = TARGETS.flatMap(at => {
  const isFull = at === LOGIN || at === GENERATE
  const faults = isFull ? FAULTS : [...OF_EACH_KIND, ...(DOCUMENTS.includes(at) ? ENDPOINTS : [])]
  return faults.map(fault => ({ title: `${fault.name}, ${at.name}`, at, fault }))
})

const outcomeOf = ({ code, attempts, problems }: Cell) => ({ code, attempts, problems })

test('every fault has its own name', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
})

test('without a fault every exchange gets a token, and sends each request once', async () => {
  for (const at of TARGETS)
    expect(await runCell(at)).toMatchObject({ code: 'granted', problems: [], waits: [] })
})

describe('A fault that does not end', () => {
  let cells: Cell[]
  beforeAll(async () => {
    cells = await runConcurrently(CELLS, AT_ONCE, ({ at, fault }) => runCell(at, fault))
  })

  test.each(CELLS.map((cell, index) => ({ ...cell, index })))('$title', ({ at, fault, index }) => {
    const cell = cells[index] as Cell
    expect(outcomeOf(cell)).toEqual(expected(fault, at))
    expect(cell.waits).toHaveLength(cell.attempts - 1)
    if (cell.code !== 'granted') expectMessage(cell, fault, at)
    else if (!at.isOptional) expect(cell.token).toBe(GOOD_TOKEN)
    if (fault.retries === 'retry-after')
      for (const wait of cell.waits) {
        expect(wait).toBeGreaterThan(48_999) // a date has whole seconds
        expect(wait).toBeLessThanOrEqual(55_000)
      }
  })
})

/** It names the request without its query, the attempts, and a long-lived token that may exist. */
function expectMessage({ message, attempts }: Cell, fault: Fault, at: Target): void {
  expect(message).toContain(`${at.method} http://127.`)
  expect(message).toContain(`${at.path} `)
  expect(message).toMatch(new RegExp(`, ${attempts} attempts?\\b.*\\.$`))
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  if (fault.message) expect(message).toMatch(fault.message)
  const mayExist =
    / A long-lived token of the service account \S+ may exist that this step did not receive\.$/
  expect(mayExist.test(message)).toBe(at === GENERATE && !fault.isCertain)
}

describe('A fault that happens twice', () => {
  const passing = FAULTS.filter(fault => fault.name !== 'connection refused' && fault.retries !== 'none')
  let cells: Cell[]
  beforeAll(async () => {
    cells = await runConcurrently(passing, AT_ONCE, fault => runCell(LOGIN, fault, 2))
  })

  test.each(passing.map(({ name }, index) => ({ name, index })))('$name', ({ index }) => {
    expect(outcomeOf(cells[index] as Cell)).toEqual({ code: 'granted', attempts: 2, problems: [] })
  })
})
