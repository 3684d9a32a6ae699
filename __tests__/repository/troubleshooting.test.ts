import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8')
const plain = (text: string) =>
  text
    .replace(/[*`>\n]/g, ' ')
    .replace(/’/g, "'")
    .replace(/\s+/g, ' ')
    .toLowerCase()
const errors = readFileSync(join(root, 'src', 'errors.ts'), 'utf8')
const codes = [...errors.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code = '']) => code)

test('the codes were found', () => {
  expect(codes.length).toBeGreaterThan(15)
})

test.each(codes)('%s has its section', code => {
  expect(page).toContain(`\n## ${code}\n`)
})

test('every section is of a code, or of what is no error', () => {
  const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title)
  expect(sections.filter(title => !codes.includes(title))).toEqual([
    'When rotate cannot tell',
    'The step crashes on Windows',
    'What is no error'
  ])
})

/** Where errors are made. */
const ROOMS = /^(auth|http|store|step\/inputs)\/|^storing\.ts|^step\/(guard|runner|failure|publish)\.ts/

/** What begins so is no hint: it says what happened, what a log line tells, or itself all that there is to do. */
const NO_HINT = new RegExp(
  `^(${[
    'Allowed: ',
    'Input ',
    'The value for ',
    'The token ',
    'The previous ',
    'The variable ',
    'The step met ',
    'The output ',
    'The CXone issuer ',
    'The runner’s GITHUB_API_URL ',
    'CXone area ',
    'Genesys Cloud region ',
    'Genesys Cloud knows ',
    'NICE CXone has ',
    'What the runner names ',
    'GitHub’s answer '
  ].join('|')})`
)

/**
 * The first words of every hint in `src`: a hint is what an error says to do. Each must be found on the page, so that
 * whoever pastes it there finds the answer. Every sentence where errors are made is one, unless it is known not to be.
 */
const hints = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map(name => name.replaceAll('\\', '/'))
  .filter(name => name.endsWith('.ts') && ROOMS.test(name))
  .flatMap(name => {
    const code = readFileSync(join(root, 'src', name), 'utf8')
      .replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      .replace(/['`]\s*\+\s*['`]/g, '')
    return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\\n]|\\.)*)`/g)].map(
      ([, text, template]) => text ?? template ?? ''
    )
  })
  .filter(text => /^[A-Z]/.test(text) && text.split(' ').length >= 5 && !NO_HINT.test(text))
  .map(text =>
    (text.split('${')[0] ?? '')
      .split(' ')
      .slice(0, 6)
      .join(' ')
      .replace(/[.,: ]+$/, '')
  )

test('the hints were found', () => {
  expect(hints.length).toBeGreaterThan(40)
  expect(hints).toContain('Check that the runner reaches this')
})

test.each([...new Set(hints)])('“%s …” is answered', hint => {
  expect(plain(page)).toContain(plain(hint))
})
