import { describe, expect, test } from '@jest/globals'
import { EventQueue } from '../../scripts/crowd/event-queue.mjs'
import { table } from '../../scripts/crowd/figures.mjs'
import { bestPossible, seeded, simulate, soonestEnd } from '../../scripts/crowd/simulation.mjs'

const MINUTE_MS = 60_000
const LATENCY_MS = 100

describe.each(['fixed-window', 'bucket'] as const)('a crowd counted by %s', kind => {
  const crowd = { jobs: 200, perMinute: 60, kind, timeoutMs: 10 * MINUTE_MS, latencyMs: LATENCY_MS }
  const random = () => seeded(7)

  test('is the same on every run', () => {
    expect(simulate({ ...crowd, random: random() })).toEqual(simulate({ ...crowd, random: random() }))
  })

  test.each([true, false])('ends with a token for every job (jitter: %s)', jitter => {
    const course = simulate(jitter ? { ...crowd, random: random() } : crowd)
    expect(course.grantedAt).toHaveLength(crowd.jobs)
    expect(course.grantedAt.at(-1)).toBeGreaterThanOrEqual(soonestEnd(crowd))
    expect(Math.min(...course.requests)).toBe(1)
  })

  test('gets no more tokens than there are, and hardly fewer', () => {
    for (const minutes of [1, 2, 3]) {
      const short = { ...crowd, timeoutMs: minutes * MINUTE_MS }
      const { grantedAt } = simulate({ ...short, random: random() })
      expect(grantedAt.length).toBeLessThanOrEqual(bestPossible(short))
      expect(grantedAt.length).toBeGreaterThanOrEqual(0.95 * bestPossible(short))
    }
  })

  test('sends nothing after its timeout, and asks at most every 5 s', () => {
    const { grantedAt, requests } = simulate({ ...crowd, timeoutMs: MINUTE_MS, random: random() })
    expect(grantedAt.at(-1)).toBeLessThan(MINUTE_MS)
    expect(Math.max(...requests)).toBeLessThanOrEqual(12)
  })

  test('comes back one by one with jitter, and as one without', () => {
    const jittered = simulate({ ...crowd, random: random() }).busiestSecond
    expect(jittered).toBeLessThan(crowd.jobs / 4)
    expect(simulate(crowd).busiestSecond).toBeGreaterThan(crowd.jobs / 2)
  })

  test('loses its first minute where others had used up everything', () => {
    const { grantedAt } = simulate({ ...crowd, usedUp: true, random: random() })
    expect(grantedAt).toHaveLength(crowd.jobs)
    expect(grantedAt.filter(at => at < LATENCY_MS)).toEqual([])
  })
})

test('within its timeout every job asks until it is let in', () => {
  const { requests, grantedAt } = simulate({
    jobs: 3,
    perMinute: 1,
    kind: 'fixed-window',
    timeoutMs: 5 * MINUTE_MS
  })
  expect(grantedAt.map(at => Math.floor(at / MINUTE_MS))).toEqual([0, 1, 2])
  expect(Math.min(...requests)).toBe(1)
  expect(Math.max(...requests)).toBeLessThanOrEqual(5)
})

test('a queue gives back its events in order', () => {
  const queue = new EventQueue<number>()
  const random = seeded(3)
  const times = Array.from({ length: 500 }, () => Math.floor(100 * random()))
  for (const at of times) queue.add(at, at)
  const taken = times.map(() => queue.next()?.event)
  expect(taken).toEqual([...times].sort((a, b) => a - b))
  expect(queue.next()).toBeUndefined()
})

test('a table is Markdown with aligned columns', () => {
  expect(table(['a', 'count'], [['long', 1]])).toBe('| a    | count |\n| ---- | ----: |\n| long |     1 |')
})
