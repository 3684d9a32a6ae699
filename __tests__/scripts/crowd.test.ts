import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { simulate, tableRow } from '../../scripts/crowd.mjs'
import { seeded } from '../../scripts/lib/seeded.mjs'

const MINUTE_MS = 60_000

test.each([256, 500, 1000])('the documented row for %i jobs is what `npm run crowd` prints', jobs => {
  const pages = [
    'README.md',
    ...readdirSync('docs')
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`)
  ]
  const text = pages.map(page => readFileSync(page, 'utf8')).join('\n')
  expect(text.split('\n')).toContain(tableRow(jobs))
})

test.each(['fixed-window', 'bucket'] as const)(
  'a crowd gets at least 98 %% of the tokens that there are, counted by %s',
  kind => {
    for (const minutes of [1, 2, 3]) {
      const crowd = { jobs: 5000, kind, timeoutMs: minutes * MINUTE_MS, usedUp: false, random: seeded(7) }
      const { grantedAt, requests } = simulate(crowd)
      const offered = 300 * (kind === 'bucket' ? minutes + 1 : minutes)
      expect(grantedAt.length).toBeLessThanOrEqual(offered)
      expect(grantedAt.length).toBeGreaterThanOrEqual(0.98 * offered)
      expect(grantedAt.at(-1)).toBeLessThan(minutes * MINUTE_MS)
      expect(Math.min(...requests)).toBeGreaterThanOrEqual(1)
    }
  }
)

test('a crowd that finds all tokens used up waits for the next minute', () => {
  const crowd = { jobs: 200, kind: 'fixed-window' as const, timeoutMs: 3 * MINUTE_MS, usedUp: true }
  const { grantedAt } = simulate({ ...crowd, random: seeded(7) })
  expect(grantedAt).toHaveLength(200)
  expect(grantedAt[0]).toBeGreaterThanOrEqual(MINUTE_MS)
})

test('jitter keeps a crowd from coming back in one second', () => {
  const crowd = { jobs: 200, kind: 'bucket' as const, timeoutMs: 3 * MINUTE_MS, usedUp: true }
  const grants = (random: () => number) => {
    const bySecond = new Map<number, number>()
    for (const at of simulate({ ...crowd, random }).grantedAt) {
      const second = Math.floor(at / 1000)
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1)
    }
    return Math.max(...bySecond.values())
  }
  expect(grants(() => 0.5)).toBeGreaterThan(40)
  expect(grants(seeded(7))).toBeLessThan(20)
})
