import { describe, expect, test } from '@jest/globals'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  type ReadInputs,
  readInputs,
  refusal
} from '../support/read-inputs.js'

const NONE = { 'client-id': '', 'client-secret': '', 'access-key-id': '', 'access-key-secret': '' }
const GENESYS_BARE = { ...GENESYS, ...NONE }
const CXONE_BARE = { provider: 'cxone', ...NONE }

const FIRST = { GENESYS_CLOUD_CLIENT_ID: 'first-id', GENESYS_CLOUD_CLIENT_SECRET: 'first-secret' }
const SECOND = { GENESYSCLOUD_OAUTHCLIENT_ID: 'second-id', GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second-secret' }
const CLIENT = { CXONE_CLIENT_ID: 'cx-id', CXONE_CLIENT_SECRET: 'cx-client-secret' }
const KEY = { CXONE_ACCESS_KEY_ID: 'CXKEY', CXONE_ACCESS_KEY_SECRET: 'cx-key-secret====' }

/** Returns the credentials that were read, as plain text. */
function credentials({ inputs }: ReadInputs): Record<string, [string, string]> {
  const request = inputs?.request as { client?: Pair; accessKey?: Pair } | undefined
  const plain = (pair: Pair | undefined): [string, string][] =>
    pair ? [[pair.id, pair.secret.reveal()]] : []
  return Object.fromEntries([
    ...plain(request?.client).map(pair => ['client', pair]),
    ...plain(request?.accessKey).map(pair => ['accessKey', pair])
  ])
}
interface Pair {
  id: string
  secret: { reveal(): string }
}

describe('credentials from the environment', () => {
  test.each<
    [string, Record<string, string>, Record<string, string>, Record<string, [string, string]>, string[]]
  >([
    [
      'Genesys, first family',
      GENESYS_BARE,
      FIRST,
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'Genesys, second family',
      GENESYS_BARE,
      SECOND,
      { client: ['second-id', 'second-secret'] },
      ['GENESYSCLOUD_OAUTHCLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
    ],
    [
      'Genesys, both families: the first wins',
      GENESYS_BARE,
      { ...SECOND, ...FIRST },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'an empty family is not set',
      GENESYS_BARE,
      { ...SECOND, GENESYS_CLOUD_CLIENT_ID: '', GENESYS_CLOUD_CLIENT_SECRET: ' \n' },
      { client: ['second-id', 'second-secret'] },
      ['GENESYSCLOUD_OAUTHCLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
    ],
    [
      'Genesys, the first family half set: the whole one wins',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: 'first-id', ...SECOND },
      { client: ['second-id', 'second-secret'] },
      ['GENESYSCLOUD_OAUTHCLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
    ],
    [
      'Genesys, the second family half set: the whole one wins',
      GENESYS_BARE,
      { ...FIRST, GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second-secret' },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'white space is dropped',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: ' first-id\n', GENESYS_CLOUD_CLIENT_SECRET: '\tfirst-secret\r\n' },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'CXone, client alone',
      CXONE_BARE,
      CLIENT,
      { client: ['cx-id', 'cx-client-secret'] },
      ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET']
    ],
    [
      'CXone, access key alone',
      { ...CXONE_BARE, region: 'na1' },
      KEY,
      { accessKey: ['CXKEY', 'cx-key-secret===='] },
      ['CXONE_ACCESS_KEY_ID', 'CXONE_ACCESS_KEY_SECRET']
    ],
    [
      'CXone, both',
      CXONE_BARE,
      { ...KEY, ...CLIENT },
      { client: ['cx-id', 'cx-client-secret'], accessKey: ['CXKEY', 'cx-key-secret===='] },
      ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'CXONE_ACCESS_KEY_ID', 'CXONE_ACCESS_KEY_SECRET']
    ],
    [
      'inputs win over the environment',
      GENESYS,
      { ...FIRST, ...SECOND },
      { client: ['my-client', 'my-client-secret'] },
      []
    ],
    [
      'with a client as input, no access key comes from the environment',
      CXONE_CLIENT,
      { ...CLIENT, ...KEY },
      { client: ['my-client', 'my-client-secret'] },
      []
    ],
    [
      'with an access key as input, no client comes from the environment',
      CXONE_KEY,
      { ...CLIENT, ...KEY },
      { accessKey: ['MYKEYID', 'my-access-key===='] },
      []
    ],
    [
      'Genesys ignores the variables of CXone',
      GENESYS_BARE,
      { ...CLIENT, ...KEY, ...FIRST },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'CXone ignores the variables of Genesys',
      CXONE_BARE,
      { ...FIRST, ...SECOND, ...CLIENT },
      { client: ['cx-id', 'cx-client-secret'] },
      ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET']
    ]
  ])('%s', (_, inputs, env, expected, variables) => {
    const read = readInputs(inputs, env)
    expect(credentials(read)).toEqual(expected)
    expect(read.inputs?.variables).toEqual(variables)
  })

  describe('an id and a secret from different places are never combined', () => {
    const half = (missing: string) => new RegExp(`^missing-credential: Input ${missing} is empty`)

    test.each([
      [
        'id from the first family, secret from the second',
        'GENESYS_CLOUD_CLIENT_ID',
        'GENESYSCLOUD_OAUTHCLIENT_SECRET',
        'client-secret'
      ],
      [
        'secret from the first family, id from the second',
        'GENESYS_CLOUD_CLIENT_SECRET',
        'GENESYSCLOUD_OAUTHCLIENT_ID',
        'client-id'
      ]
    ])('%s', (_, one, other, missing) => {
      const read = readInputs(GENESYS_BARE, { [one]: 'value-of-one', [other]: 'value-of-other' })
      expect(refusal(read)).toMatch(half(missing))
    })
    test.each<[string, Record<string, string>, Record<string, string>]>([
      ['client-secret', GENESYS, FIRST],
      ['client-id', CXONE_CLIENT, CLIENT],
      ['access-key-secret', CXONE_KEY, KEY]
    ])('%s only in the environment, its other half as input', (missing, inputs, env) => {
      expect(refusal(readInputs({ ...inputs, [missing]: '' }, env))).toMatch(half(missing))
    })
  })
})

describe('missing credentials', () => {
  /** The message if one half is an input: it says nothing about what the variables contain. */
  const notRead = (name: string, ...variables: string[]) =>
    `Input ${name} is empty. ${variables.join(' and ')} ${variables.length === 1 ? 'is' : 'are'} not read because ` +
    'other credential inputs are set.'
  const SECRETS = ['GENESYS_CLOUD_CLIENT_SECRET', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
  const IDS = ['GENESYS_CLOUD_CLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_ID']

  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    [
      'Genesys',
      GENESYS_BARE,
      {},
      'The inputs client-id and client-secret are empty. The environment variables GENESYS_CLOUD_CLIENT_ID, ' +
        'GENESYS_CLOUD_CLIENT_SECRET, GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET are not set either.'
    ],
    [
      'CXone',
      CXONE_BARE,
      {},
      'The inputs client-id, client-secret, access-key-id and access-key-secret are empty. The environment variables ' +
        'CXONE_CLIENT_ID, CXONE_CLIENT_SECRET, CXONE_ACCESS_KEY_ID and CXONE_ACCESS_KEY_SECRET are not set either.'
    ],
    ['Genesys, only an id', { ...GENESYS, 'client-secret': '' }, {}, notRead('client-secret', ...SECRETS)],
    ['Genesys, only a secret', { ...GENESYS, 'client-id': '' }, {}, notRead('client-id', ...IDS)],
    [
      'Genesys, only an id, and the environment has both',
      { ...GENESYS, 'client-secret': '' },
      FIRST,
      notRead('client-secret', ...SECRETS)
    ],
    [
      'Genesys, only a variable with an id',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: 'first-id' },
      `Input client-secret is empty, and ${SECRETS.join(' and ')} are not set.`
    ],
    [
      'CXone, only an id',
      { ...CXONE_CLIENT, 'client-secret': '\n' },
      {},
      notRead('client-secret', 'CXONE_CLIENT_SECRET')
    ],
    [
      'CXone, only the id of a key',
      { ...CXONE_KEY, 'access-key-secret': '' },
      {},
      notRead('access-key-secret', 'CXONE_ACCESS_KEY_SECRET')
    ],
    [
      'CXone, only a variable with the secret of a key',
      CXONE_BARE,
      { CXONE_ACCESS_KEY_SECRET: 'cx-key-secret====' },
      'Input access-key-id is empty, and CXONE_ACCESS_KEY_ID is not set.'
    ],
    [
      'CXone, a client and half a key',
      { ...CXONE_APPLICATION, 'access-key-id': '' },
      {},
      notRead('access-key-id', 'CXONE_ACCESS_KEY_ID')
    ]
  ])('%s', (_, inputs, env, message) => {
    const read = readInputs(inputs, env)
    expect(refusal(read)).toBe(`missing-credential: ${message}`)
    for (const words of ['forks', 'Dependabot', 'environment: on the job'])
      expect(read.error?.hint).toContain(words)
  })
})

describe('the form of a credential', () => {
  const inputs = {
    client: ['client-id', 'client-secret'],
    key: ['access-key-id', 'access-key-secret']
  } as const
  const sets: [string, Record<string, string>, string, string][] = [
    ['Genesys', GENESYS, ...inputs.client],
    ['CXone client', CXONE_CLIENT, ...inputs.client],
    ['CXone access key', CXONE_KEY, ...inputs.key]
  ]
  const broken = [
    ['line feed', '\n'],
    ['carriage return', '\r'],
    ['both', '\r\n'],
    ['null', '\u0000'],
    ['tab', '\t'],
    ['escape', '\u001b[31m'],
    ['delete', '\u007f'],
    ['next line', '\u0085'],
    ['line separator', '\u2028'],
    ['paragraph separator', '\u2029'],
    ['half a pair', '\ud83d']
  ] as const
  // Pasting brings invisible characters along. The log removes them from every line and would no longer recognise
  // a secret that contains one.
  const invisible = [
    ['zero-width space', '\u200b'],
    ['byte order mark', '\ufeff'],
    ['soft hyphen', '\u00ad'],
    ['right-to-left override', '\u202e']
  ] as const

  for (const [set, given, id, secret] of sets) {
    describe(set, () => {
      test.each([...broken, ...invisible])(
        `${secret} with %s inside is refused, not shown and not masked`,
        (_, inside) => {
          const read = readInputs({ ...given, [secret]: `first-half${inside}second-half` })
          expect(refusal(read)).toMatch(new RegExp(`^invalid-input: The value of ${secret} is not allowed`))
          expect(`${read.error?.message}${read.error?.hint}`).not.toMatch(/first-half|second-half/)
          expect(read.masked.join()).not.toMatch(/first-half|second-half/)
          expect(read.error?.message).not.toMatch(/[^ -~“”’…]/)
        }
      )
      test.each(broken)(`${id} with %s inside is refused and not shown`, (_, inside) => {
        const read = readInputs({ ...given, [id]: `first-half${inside}second-half` })
        expect(refusal(read)).toMatch(new RegExp(`^invalid-input: The value of ${id} is not allowed`))
        expect(`${read.error?.message}${read.error?.hint}`).not.toMatch(/first-half|second-half/)
      })
      test(`a ${secret} of 7 characters is refused and not masked, one of 8 is accepted`, () => {
        const short = readInputs({ ...given, [secret]: 'abcdefg' })
        expect(refusal(short)).toBe(
          `invalid-input: The value of ${secret} is not allowed; it has 7 characters.`
        )
        expect(short.error?.hint).toContain('at least 8 characters')
        expect(short.masked.join()).not.toContain('abcdefg')
        const enough = readInputs({ ...given, [secret]: 'abcdefgh' })
        expect(refusal(enough)).toContain('accepted')
        expect(enough.masked).toContain('abcdefgh')
      })
      test(`a ${id} of 256 characters is accepted, a longer one or one with a colon is refused`, () => {
        expect(refusal(readInputs({ ...given, [id]: 'a'.repeat(256) }))).toContain('accepted')
        for (const value of ['a'.repeat(257), 'a:b', ':']) {
          const read = readInputs({ ...given, [id]: value })
          expect(refusal(read)).toBe(
            `invalid-input: The value of ${id} is not allowed; it has ${value.length} characters.`
          )
        }
      })
      test.each([
        'p%ss w&rd=+?#',
        'ünïcödé-€-漢字',
        '"quoted" \\ back',
        "'; DROP TABLE",
        '::add-mask::x',
        '========'
      ])(`${secret} may be %s`, value =>
        expect(Object.values(credentials(readInputs({ ...given, [secret]: value })))[0]?.[1]).toBe(value)
      )
    })
  }

  test('the same rules apply to a secret from the environment; the error names input and variable', () => {
    for (const value of ['short', 'line\nbreak-inside']) {
      const read = readInputs(GENESYS_BARE, { ...FIRST, GENESYS_CLOUD_CLIENT_SECRET: value })
      expect(refusal(read)).toMatch(
        /^invalid-input: The value of client-secret \(from GENESYS_CLOUD_CLIENT_SECRET\) is not allowed/
      )
      expect(read.masked).toEqual([])
    }
  })
})

describe('secrets are masked before an error is reported', () => {
  test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
    ['a wrong provider', { ...GENESYS, provider: 'none' }, {}, ['my-client-secret']],
    ['a wrong region', { ...GENESYS, region: 'none' }, {}, ['my-client-secret']],
    [
      'a missing id',
      { ...CXONE_APPLICATION, 'client-id': '' },
      {},
      ['my-client-secret', 'my-access-key====']
    ],
    [
      'an access key on Genesys',
      { ...GENESYS, ...CXONE_APPLICATION, provider: 'genesys' },
      {},
      ['my-client-secret', 'my-access-key====']
    ],
    [
      'one invalid secret, one valid',
      { ...CXONE_APPLICATION, 'client-secret': 'short' },
      {},
      ['my-access-key====']
    ],
    ['from the environment, a wrong region', { ...GENESYS_BARE, region: 'none' }, FIRST, ['first-secret']],
    [
      'from the environment, both',
      { ...CXONE_BARE, region: 'none' },
      { ...CLIENT, ...KEY },
      ['cx-client-secret', 'cx-key-secret====']
    ]
  ])('%s', (_, inputs, env, secrets) => {
    const read = readInputs(inputs, env)
    expect(refusal(read)).not.toContain('accepted')
    expect([...new Set(read.masked)].sort()).toEqual([...secrets].sort())
  })
})
