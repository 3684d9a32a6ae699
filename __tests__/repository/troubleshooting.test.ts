import { expect, test } from '@jest/globals'
import { read } from './files.js'

const PAGE = 'docs/troubleshooting.md'

/** Sections that are not about one error code. */
const OTHER_SECTIONS = ['Unknown outcomes', 'Lines that are not errors', 'The step crashes on Windows']

const [, union = ''] = /export type ErrorCode =(.*?)\n\n/s.exec(read('src/lib/action-error.ts')) ?? []
const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code)

/** The text of each section, by its heading. */
const sections = new Map(
  read(PAGE)
    .split(/^## /m)
    .slice(1)
    .map(section => {
      const [heading = '', ...lines] = section.trimEnd().split('\n')
      return [heading, lines] as const
    })
)

test(`${PAGE} has a section for each error code, and few others`, () => {
  expect(codes.length).toBeGreaterThan(15)
  expect([...sections.keys()].sort()).toEqual([...codes, ...OTHER_SECTIONS].sort())
})

test.each(codes)('the section of %s has the message, the cause and the fix, in ten lines', code => {
  const lines = (sections.get(code) ?? []).filter(line => line !== '')
  expect(lines[0]).toMatch(/^> /)
  expect(lines[1]).toMatch(/^\*\*Cause\.\*\* /)
  expect(lines.join('\n')).toMatch(/^\*\*Fix\.\*\*/m)
  expect(lines.length).toBeLessThanOrEqual(10)
})
