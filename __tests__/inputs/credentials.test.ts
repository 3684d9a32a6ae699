import { describe, expect, test } from '@jest/globals'
import {
  MADE_UP_CXONE_APPLICATION,
  MADE_UP_CXONE_CLIENT,
  MADE_UP_CXONE_KEY,
  MADE_UP_GENESYS,
  type ReadInputs,
  readInputs,
  refusal
} from '../support/read-inputs.js'

type Texts = Readonly<Record<string, string>>

const NONE = { 'client-id': '', 'client-secret': '', 'access-key-id': '', 'access-key-secret': '' }
const GENESYS_BARE = { ...MADE_UP_GENESYS, ...NONE }
const CXONE_BARE = { provider: 'cxone', ...NONE }

const FIRST = { GENESYS_CLOUD_CLIENT_ID: 'first-id', GENESYS_CLOUD_CLIENT_SECRET: 'first-secret' }
const SECOND = { GENESYSCLOUD_OAUTHCLIENT_ID: 'second-id', GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second-secret' }
const CLIENT = { CXONE_CLIENT_ID: 'cx-id', CXONE_CLIENT_SECRET: 'cx-client-secret' }
const KEY = { CXONE_ACCESS_KEY_ID: 'CXKEY', CXONE_ACCESS_KEY_SECRET: 'cx-key-secret====' }

interface Pair {
  readonly id: string
  readonly secret: { reveal(): string }
}

/** Returns ids and secrets that were read, as plain text: those of the client first. */
function credentials({ inputs }: ReadInputs): string[] {
  const { client, accessKey } = (inputs?.request ?? {}) as { client?: Pair; accessKey?: Pair }
  return [client, accessKey].flatMap(pair => (pair ? [pair.id, pair.secret.reveal()] : []))
}

describe('credentials from the environment', () => {
  test.each<[string, Texts, Texts, Texts]>([
    ['Genesys, first family', GENESYS_BARE, FIRST, FIRST],
    ['Genesys, second family', GENESYS_BARE, SECOND, SECOND],
    ['Genesys, both families: the first wins', GENESYS_BARE, { ...SECOND, ...FIRST }, FIRST],
    [
      'an empty family is not set',
      GENESYS_BARE,
      { ...SECOND, GENESYS_CLOUD_CLIENT_ID: '', GENESYS_CLOUD_CLIENT_SECRET: ' \n' },
      SECOND
    ],
    ['first family half set', GENESYS_BARE, { GENESYS_CLOUD_CLIENT_ID: 'first-id', ...SECOND }, SECOND],
    ['second family half set', GENESYS_BARE, { ...FIRST, GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second' }, FIRST],
    [
      'white space is dropped',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: ' first-id\n', GENESYS_CLOUD_CLIENT_SECRET: '\tfirst-secret\r\n' },
      FIRST
    ],
    ['CXone, client alone', CXONE_BARE, CLIENT, CLIENT],
    ['CXone, access key alone', { ...CXONE_BARE, region: 'na1' }, KEY, KEY],
    ['CXone, both', CXONE_BARE, { ...KEY, ...CLIENT }, { ...CLIENT, ...KEY }],
    ['Genesys ignores the variables of CXone', GENESYS_BARE, { ...CLIENT, ...KEY, ...FIRST }, FIRST],
    ['CXone ignores the variables of Genesys', CXONE_BARE, { ...FIRST, ...SECOND, ...CLIENT }, CLIENT]
  ])('%s', (_, inputs, env, used) => {
    const read = readInputs(inputs, env)
    expect(credentials(read)).toEqual(Object.values(used))
    expect(read.inputs?.variables).toEqual(Object.keys(used))
  })

  test.each<[string, Texts, Texts, string[]]>([
    ['a client on Genesys', MADE_UP_GENESYS, { ...FIRST, ...SECOND }, ['my-client', 'my-client-secret']],
    ['a client on CXone', MADE_UP_CXONE_CLIENT, { ...CLIENT, ...KEY }, ['my-client', 'my-client-secret']],
    ['an access key', MADE_UP_CXONE_KEY, { ...CLIENT, ...KEY }, ['MYKEYID', 'my-access-key====']]
  ])('are not read if %s is given as input', (_, inputs, env, expected) => {
    const read = readInputs(inputs, env)
    expect([credentials(read), read.inputs?.variables]).toEqual([expected, []])
  })
})

describe('missing credentials', () => {
  /** The message if one half is an input: it says nothing about what the variables contain. */
  const notRead = (name: string, ...variables: string[]) =>
    `Input ${name} is empty. ${variables.join(' and ')} ${variables.length === 1 ? 'is' : 'are'} not read because ` +
    'other credential inputs are set.'
  const SECRETS = ['GENESYS_CLOUD_CLIENT_SECRET', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
  const IDS = ['GENESYS_CLOUD_CLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_ID']

  test.each<[string, Texts, Texts, string]>([
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
    [
      'an id as input',
      { ...MADE_UP_GENESYS, 'client-secret': '' },
      FIRST,
      notRead('client-secret', ...SECRETS)
    ],
    ['a secret as input', { ...MADE_UP_GENESYS, 'client-id': '' }, {}, notRead('client-id', ...IDS)],
    [
      'CXone, the id of a key as input',
      { ...MADE_UP_CXONE_KEY, 'access-key-secret': '' },
      KEY,
      notRead('access-key-secret', 'CXONE_ACCESS_KEY_SECRET')
    ],
    [
      'CXone, a client and half a key as inputs',
      { ...MADE_UP_CXONE_APPLICATION, 'access-key-id': '' },
      {},
      notRead('access-key-id', 'CXONE_ACCESS_KEY_ID')
    ],
    [
      'an id in the first family',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: 'first-id' },
      `Input client-secret is empty, and ${SECRETS.join(' and ')} are not set.`
    ],
    [
      'an id in the first family, a secret in the second',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_ID: 'first-id', GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second-secret' },
      'Input client-secret is empty, and GENESYS_CLOUD_CLIENT_SECRET is not set.'
    ],
    [
      'a secret in the first family, an id in the second',
      GENESYS_BARE,
      { GENESYS_CLOUD_CLIENT_SECRET: 'first-secret', GENESYSCLOUD_OAUTHCLIENT_ID: 'second-id' },
      'Input client-id is empty, and GENESYS_CLOUD_CLIENT_ID is not set.'
    ],
    [
      'CXone, the secret of a key in a variable',
      CXONE_BARE,
      { CXONE_ACCESS_KEY_SECRET: 'cx-key-secret====' },
      'Input access-key-id is empty, and CXONE_ACCESS_KEY_ID is not set.'
    ]
  ])('%s', (_, inputs, env, message) => {
    const read = readInputs(inputs, env)
    expect(refusal(read)).toBe(`missing-credential: ${message}`)
    for (const words of ['forks', 'Dependabot', 'environment: on the job'])
      expect(read.error?.hint).toContain(words)
  })
})

describe.each<[string, string, Texts]>([
  ['client-id', 'client-secret', MADE_UP_GENESYS],
  ['access-key-id', 'access-key-secret', MADE_UP_CXONE_KEY]
])('the form of %s and %s', (id, secret, given) => {
  const notOneLine = [
    ['line feed', '\n'],
    ['carriage return', '\r'],
    ['null', '\u0000'],
    ['tab', '\t'],
    ['delete', '\u007f'],
    ['next line', '\u0085'],
    ['line separator', '\u2028'],
    ['paragraph separator', '\u2029'],
    ['half a pair', '\ud83d'],
    // Pasting brings invisible characters along. The log removes them from every line and would no longer recognise
    // a secret that contains one.
    ['zero-width space', '\u200b'],
    ['byte order mark', '\ufeff']
  ]
  test.each(notOneLine)('with %s inside is refused, not shown and not masked', (_, inside) => {
    for (const name of [id, secret]) {
      const read = readInputs({ ...given, [name]: `first-half${inside}second-half` })
      expect(refusal(read)).toBe(`invalid-input: The value of ${name} is not allowed; it has 22 characters.`)
      expect(`${read.error?.hint}${read.masked}`).not.toMatch(/first-half|second-half/)
    }
  })

  test('a secret of 7 characters is refused and not masked, one of 8 is accepted', () => {
    const short = readInputs({ ...given, [secret]: 'abcdefg' })
    expect(refusal(short)).toBe(`invalid-input: The value of ${secret} is not allowed; it has 7 characters.`)
    expect(short.error?.hint).toMatch(/^A secret has at least 8 characters/)
    expect(short.masked).toEqual([])
    const enough = readInputs({ ...given, [secret]: 'abcdefgh' })
    expect(refusal(enough)).toContain('accepted')
    expect(enough.masked).toContain('abcdefgh')
  })

  test('an id of 256 characters is accepted, a longer one or one with a colon is refused', () => {
    expect(refusal(readInputs({ ...given, [id]: 'a'.repeat(256) }))).toContain('accepted')
    for (const value of ['a'.repeat(257), 'a:b', ':']) {
      const read = readInputs({ ...given, [id]: value })
      expect(refusal(read)).toBe(
        `invalid-input: The value of ${id} is not allowed; it has ${value.length} characters.`
      )
      expect(read.error?.hint).toMatch(/^An id has at most 256 characters and no colon/)
    }
  })

  test.each(['p%ss w&rd=+?#', 'ünïcödé-€-漢字', '"quoted" \\ back', '::add-mask::x'])(
    'a secret may be %s',
    value => expect(credentials(readInputs({ ...given, [secret]: value }))[1]).toBe(value)
  )
})

test.each(['short', 'line\nbreak-inside'])('a secret from the environment must not be %j either', value => {
  const read = readInputs(GENESYS_BARE, { ...FIRST, GENESYS_CLOUD_CLIENT_SECRET: value })
  expect(refusal(read)).toContain(
    'invalid-input: The value of client-secret (from GENESYS_CLOUD_CLIENT_SECRET) is not allowed'
  )
  expect(read.masked).toEqual([])
})

describe('secrets are masked before an error is reported', () => {
  const BOTH = ['my-client-secret', 'my-access-key====']

  test.each<[string, Texts, Texts, string[]]>([
    ['a wrong provider', { ...MADE_UP_GENESYS, provider: 'none' }, {}, ['my-client-secret']],
    ['a wrong region', { ...MADE_UP_GENESYS, region: 'none' }, {}, ['my-client-secret']],
    ['a missing id', { ...MADE_UP_CXONE_APPLICATION, 'client-id': '' }, {}, BOTH],
    ['an access key on Genesys', { ...MADE_UP_CXONE_APPLICATION, provider: 'genesys' }, {}, BOTH],
    [
      'one invalid secret',
      { ...MADE_UP_CXONE_APPLICATION, 'client-secret': 'short' },
      {},
      ['my-access-key====']
    ],
    ['a secret from the environment', { ...GENESYS_BARE, region: 'none' }, FIRST, ['first-secret']],
    [
      'two secrets from the environment',
      { ...CXONE_BARE, region: 'none' },
      { ...CLIENT, ...KEY },
      ['cx-client-secret', 'cx-key-secret====']
    ]
  ])('%s', (_, inputs, env, secrets) => {
    const read = readInputs(inputs, env)
    expect(refusal(read)).not.toContain('accepted')
    expect(new Set(read.masked)).toEqual(new Set(secrets))
  })
})
