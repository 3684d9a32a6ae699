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
    'What is no error'
  ])
})

/**
 * The first words of every hint in `src`: a hint is what an error says to do. Each must be found on the page, so that
 * whoever pastes it there finds the answer.
 */
const HINTS = [
  'Check that the client belongs to',
  'The initial token was refused, or service-account-id names a wrong or inactive service account',
  'The client lacks the permission admin:api_token',
  'Where the organisation allows certain addresses only',
  'This request is the tutorial’s and not documented',
  'The platform does not accept the request as it is',
  'Too many tokens were requested in this minute',
  'The platform has trouble of its own',
  'Only 200 is the answer that is looked for here',
  'Check that the runner reaches this host',
  'Check the region, the runner’s DNS, and its way out to this host',
  'The proxy of HTTPS_PROXY or HTTP_PROXY refuses the way to this host',
  'If a proxy or gateway with a certificate of its own stands between',
  'Something between the runner and the platform ends answers early',
  'This is no answer to a token request',
  'Something else than a web server answers there',
  'Redirects are never followed',
  'The repository was renamed or moved: give its new name in repository',
  'Leave verify and allowed-organization-ids out for this exchange',
  'The credentials are of another organisation than you meant',
  'The lifetime is set on the OAuth client',
  'A token of NICE CXone lives for one hour',
  'How long such a token lives is not documented',
  'GitHub does not know the github-token',
  'The github-token needs',
  'GitHub does not accept the name or the value',
  'Use an exchange whose tokens are smaller',
  'Check GITHUB_API_URL, and what stands between the runner and GitHub',
  'Run the action in a workflow, on a runner of version 2.327.1 or newer',
  'Workflows from forks and from Dependabot get no secrets',
  'This document is public and the request carried no credentials',
  'The new token is left alive for that case',
  'Write it as http://host:port'
]

test.each(HINTS)('“%s…” is a hint, and is answered', hint => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts')
  )
  const code = plain(
    sources
      .map(name => readFileSync(join(root, 'src', name), 'utf8'))
      .join('\n')
      .replace(/' \+\s*'/g, '')
  )
  expect(code).toContain(plain(hint))
  expect(plain(page)).toContain(plain(hint))
})
