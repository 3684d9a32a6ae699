import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import type { ExchangeResult } from '../../src/auth/provider.js'
import { readInputs } from '../../src/inputs/main-inputs.js'
import { Secret } from '../../src/lib/secret.js'
import { Logger } from '../../src/runner/logger.js'
import { publish } from '../../src/runner/outputs.js'
import { TokenState } from '../../src/runner/token-state.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { CXONE_CLIENT, CXONE_KEY, GENESYS } from '../support/reading.js'
import { type Surroundings, surrounded } from '../support/surroundings.js'

const TOKEN = 'published-token-0123456789'

const GRANT: ExchangeResult = {
  token: {
    value: new Secret(TOKEN),
    kind: 'access',
    expiresInSeconds: 86_399,
    expiresAt: new Date('2026-11-23T09:05:07.123Z')
  },
  apiUrl: 'https://api.mypurecloud.ie',
  region: 'eu-west-1',
  domain: 'mypurecloud.ie'
}

/** A grant of which the platform said nothing but the token. */
const BARE: ExchangeResult = { token: { value: new Secret(TOKEN), kind: 'access' } }

/** Publishes a grant as the inputs ask. */
function publishing(
  inputs: Record<string, string> = {},
  grant: ExchangeResult = GRANT,
  console = new Logger()
): () => void {
  const all = { ...GENESYS, ...inputs }
  const env = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  )
  const asked = readInputs(env, () => {})
  console.mask(grant.token.value)
  const at = new Date('2026-11-22T09:05:07.123Z')
  const tokenState = new TokenState()
  if (grant.apiUrl !== undefined) tokenState.take({ token: grant.token, revocationBaseUrl: grant.apiUrl })
  return publish({ grant, organization: undefined, requests: 1, attempts: 1, at }, asked, tokenState, console)
}

/** What a failure must not leave anywhere but in the masks and the state for the post step. */
function leftovers(around: Surroundings): string {
  const files = readdirSync(around.folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.includes('cc-token-')
  )
  const log = around.log().replace(/^::add-mask::.*\n/gm, '')
  return [around.text('GITHUB_OUTPUT'), around.text('GITHUB_ENV'), log, ...files].join('|')
}

describe('what later steps read', () => {
  test('the outputs, each once and in order', () =>
    surrounded(around => {
      publishing()
      const outputs = parseCommandFile(around.text('GITHUB_OUTPUT'))
      expect(Object.entries(outputs).slice(0, 7)).toEqual([
        ['token', TOKEN],
        ['token-type', 'Bearer'],
        ['expires-in', '86399'],
        ['expires-at', '2026-11-23T09:05:07.123Z'],
        ['api-url', 'https://api.mypurecloud.ie'],
        ['region', 'eu-west-1'],
        ['domain', 'mypurecloud.ie']
      ])
      expect(around.text('GITHUB_ENV')).toBe('')
      expect(around.log()).toBe(`::add-mask::${TOKEN}\n`)
    }))

  test('a variable that every object seems to have had no other value', () =>
    surrounded(around => {
      publishing({ 'export-env': 'toString,__proto__,constructor' })
      expect(around.log()).toBe(`::add-mask::${TOKEN}\n`)
    }))

  test('what the platform did not say is empty, never a guess', () =>
    surrounded(around => {
      publishing({}, BARE)
      expect(parseCommandFile(around.text('GITHUB_OUTPUT'))).toMatchObject({
        token: TOKEN,
        'token-type': 'Bearer',
        'expires-in': '',
        'expires-at': '',
        'api-url': '',
        region: '',
        domain: ''
      })
    }))

  test.each<[string, Record<string, string>, ExchangeResult, Record<string, string>]>([
    ['export-env', { 'export-env': 'A_TOKEN, B_TOKEN' }, GRANT, { A_TOKEN: TOKEN, B_TOKEN: TOKEN }],
    [
      'tool-env on Genesys',
      { 'tool-env': 'true' },
      GRANT,
      {
        GENESYSCLOUD_ACCESS_TOKEN: TOKEN,
        GENESYSCLOUD_REGION: 'eu-west-1',
        GENESYSCLOUD_API_REGION: 'https://api.mypurecloud.ie'
      }
    ],
    [
      'tool-env on CXone',
      { ...CXONE_KEY, 'client-id': '', 'client-secret': '', 'tool-env': 'true' },
      { ...BARE, apiUrl: 'https://api-na1.niceincontact.com', region: 'na1' },
      { CXONE_ACCESS_TOKEN: TOKEN, CXONE_API_URL: 'https://api-na1.niceincontact.com' }
    ],
    [
      'tool-env without an API address: no variable without a value',
      { ...CXONE_CLIENT, region: '', 'tool-env': 'true' },
      BARE,
      { CXONE_ACCESS_TOKEN: TOKEN }
    ],
    [
      'both, one name in common',
      { 'export-env': 'GENESYSCLOUD_ACCESS_TOKEN\nMINE', 'tool-env': 'true' },
      GRANT,
      {
        GENESYSCLOUD_ACCESS_TOKEN: TOKEN,
        MINE: TOKEN,
        GENESYSCLOUD_REGION: 'eu-west-1',
        GENESYSCLOUD_API_REGION: 'https://api.mypurecloud.ie'
      }
    ]
  ])('the variables: %s', (_, inputs, grant, expected) =>
    surrounded(around => {
      publishing(inputs, grant)
      expect(parseCommandFile(around.text('GITHUB_ENV'))).toEqual(expected)
      expect(around.text('GITHUB_ENV').match(/GENESYSCLOUD_ACCESS_TOKEN/g)?.length ?? 0).toBeLessThanOrEqual(
        1
      )
    })
  )

  test.each([
    ['another value', 'something else', true],
    ['the same value', TOKEN, false],
    ['no value', '', false]
  ])('a variable that had %s', (_, before, warned) =>
    surrounded(around => {
      process.env['A_TOKEN'] = before
      publishing({ 'export-env': 'A_TOKEN' })
      const warnings = around.log().match(/^::warning::.*$/gm) ?? []
      expect(warnings).toHaveLength(warned ? 1 : 0)
      if (warned) expect(warnings[0]).toContain('A_TOKEN')
      expect(around.log()).not.toContain('something else')
    })
  )
})

test('nothing is handed on by a step that is ending', () =>
  surrounded(around => {
    const console = new Logger()
    console.close()
    expect(() => publishing({ 'export-env': 'A_TOKEN', 'token-file': 'true' }, GRANT, console)).toThrow()
    for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV'] as const) expect(around.text(variable)).toBe('')
    expect(around.text('GITHUB_STATE')).not.toMatch(/handed-on|folder/)
    expect(leftovers(around)).not.toMatch(/cc-token-|published/)
  }))

describe('taking it back', () => {
  test('cuts the files to what stood in them before', () =>
    surrounded(around => {
      for (const variable of ['GITHUB_OUTPUT', 'GITHUB_ENV'] as const)
        appendFileSync(around.path(variable), 'EARLIER=1\n')
      const undo = publishing({ 'export-env': 'A_TOKEN' })
      expect(around.text('GITHUB_OUTPUT')).toContain(TOKEN)
      expect(around.text('GITHUB_ENV')).toContain(TOKEN)
      undo()
      expect([around.text('GITHUB_OUTPUT'), around.text('GITHUB_ENV')]).toEqual([
        'EARLIER=1\n',
        'EARLIER=1\n'
      ])
    }))

  test('where no variable was asked for, GITHUB_ENV need not be there', () =>
    surrounded(around => {
      rmSync(around.path('GITHUB_ENV'))
      const undo = publishing()
      expect(around.text('GITHUB_OUTPUT')).toContain(TOKEN)
      undo()
      expect(around.text('GITHUB_OUTPUT')).toBe('')
    }))
})

describe('when the runner’s files are not in order, nothing is left', () => {
  const inputs = { 'export-env': 'A_TOKEN', 'tool-env': 'true' }
  const attempt = () => {
    try {
      publishing(inputs)
      return undefined
    } catch (error) {
      return error
    }
  }

  // That they are there at the start is checked before anything is sent: see runner.test.ts.
  test.each(['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE'] as const)('%s has gone meanwhile', variable =>
    surrounded(around => {
      rmSync(around.path(variable))
      expect(attempt()).toBeInstanceOf(Error)
      expect(leftovers(around)).not.toContain(TOKEN)
      expect(leftovers(around)).not.toContain('cc-token-')
    })
  )

  test.each(['GITHUB_OUTPUT', 'GITHUB_ENV'] as const)('%s cannot be written', variable =>
    surrounded(around => {
      rmSync(around.path(variable))
      mkdirSync(around.path(variable))
      expect(attempt()).toBeDefined()
      expect(leftovers(around)).not.toContain(TOKEN)
      expect(leftovers(around)).not.toContain('cc-token-')
    })
  )

  test('GITHUB_ENV cannot be written, and what stood in the outputs stays', () =>
    surrounded(around => {
      appendFileSync(around.path('GITHUB_OUTPUT'), 'EARLIER=1\n')
      rmSync(around.path('GITHUB_ENV'))
      mkdirSync(around.path('GITHUB_ENV'))
      expect(attempt()).toBeDefined()
      expect(around.text('GITHUB_OUTPUT')).toBe('EARLIER=1\n')
    }))

  test.each(['GITHUB_OUTPUT', 'GITHUB_ENV'] as const)(
    '%s cannot be written, and the token’s file goes',
    variable =>
      surrounded(around => {
        rmSync(around.path(variable))
        mkdirSync(around.path(variable))
        expect(() => publishing({ ...inputs, 'token-file': 'true' })).toThrow()
        expect(readdirSync(around.folder).filter(name => name.startsWith('cc-token-'))).toEqual([])
      })
  )
})
