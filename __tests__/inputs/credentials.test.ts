import { describe, expect, test } from '@jest/globals'
import {
  CXONE_APPLICATION,
  CXONE_CLIENT,
  CXONE_KEY,
  GENESYS,
  type Read,
  read,
  refusal
} from '../support/reading.js'

const NONE = { 'client-id': '', 'client-secret': '', 'access-key-id': '', 'access-key-secret': '' }
const GENESYS_BARE = { ...GENESYS, ...NONE }
const CXONE_BARE = { provider: 'cxone', ...NONE }

const FIRST = { GENESYS_CLOUD_CLIENT_ID: 'first-id', GENESYS_CLOUD_CLIENT_SECRET: 'first-secret' }
const SECOND = { GENESYSCLOUD_OAUTHCLIENT_ID: 'second-id', GENESYSCLOUD_OAUTHCLIENT_SECRET: 'second-secret' }
const CLIENT = { CXONE_CLIENT_ID: 'cx-id', CXONE_CLIENT_SECRET: 'cx-client-secret' }
const KEY = { CXONE_ACCESS_KEY_ID: 'CXKEY', CXONE_ACCESS_KEY_SECRET: 'cx-key-secret====' }

/** The credentials that were read, as plain text. */
function credentials({ asked }: Read): Record<string, [string, string]> {
  const request = asked?.request as { client?: Pair; accessKey?: Pair } | undefined
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
      'Genesys, both: the first wins',
      GENESYS_BARE,
      { ...SECOND, ...FIRST },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'an empty family counts as unset',
      GENESYS_BARE,
      { ...SECOND, GENESYS_CLOUD_CLIENT_ID: '', GENESYS_CLOUD_CLIENT_SECRET: ' \n' },
      { client: ['second-id', 'second-secret'] },
      ['GENESYSCLOUD_OAUTHCLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
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
      'inputs win, whole',
      GENESYS,
      { ...FIRST, ...SECOND },
      { client: ['my-client', 'my-client-secret'] },
      []
    ],
    [
      'a client as input: the access key is not taken from the environment',
      CXONE_CLIENT,
      { ...CLIENT, ...KEY },
      { client: ['my-client', 'my-client-secret'] },
      []
    ],
    [
      'an access key as input: the client is not taken from the environment',
      CXONE_KEY,
      { ...CLIENT, ...KEY },
      { accessKey: ['MYKEYID', 'my-access-key===='] },
      []
    ],
    [
      'the other platform’s are ignored on Genesys',
      GENESYS_BARE,
      { ...CLIENT, ...KEY, ...FIRST },
      { client: ['first-id', 'first-secret'] },
      ['GENESYS_CLOUD_CLIENT_ID', 'GENESYS_CLOUD_CLIENT_SECRET']
    ],
    [
      'the other platform’s are ignored on CXone',
      CXONE_BARE,
      { ...FIRST, ...SECOND, ...CLIENT },
      { client: ['cx-id', 'cx-client-secret'] },
      ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET']
    ]
  ])('%s', (_, inputs, env, expected, used) => {
    const got = read(inputs, env)
    expect(refusal(got)).toContain('not refused')
    expect(credentials(got)).toEqual(expected)
    expect(got.asked?.variables).toEqual(used)
  })

  describe('families are never mixed', () => {
    test.each([
      [
        'id of the first, secret of the second',
        'GENESYS_CLOUD_CLIENT_ID',
        'GENESYSCLOUD_OAUTHCLIENT_SECRET',
        'client-secret'
      ],
      [
        'secret of the first, id of the second',
        'GENESYS_CLOUD_CLIENT_SECRET',
        'GENESYSCLOUD_OAUTHCLIENT_ID',
        'client-id'
      ]
    ])('%s', (_, one, other, missing) => {
      const got = read(GENESYS_BARE, { [one]: 'value-of-one', [other]: 'value-of-other' })
      expect(refusal(got)).toMatch(new RegExp(`^missing-credential: Input ${missing} is empty`))
    })
    test('an id as input and its secret in the environment', () => {
      const { 'client-secret': _, ...others } = GENESYS
      expect(refusal(read(others, FIRST))).toMatch(/^missing-credential: Input client-secret is empty/)
    })
    test('a secret as input and its id in the environment', () => {
      const { 'client-id': _, ...others } = CXONE_CLIENT
      expect(refusal(read(others, CLIENT))).toMatch(/^missing-credential: Input client-id is empty/)
    })
    test('the id of an access key as input and its secret in the environment', () => {
      const { 'access-key-secret': _, ...others } = CXONE_KEY
      expect(refusal(read(others, KEY))).toMatch(/^missing-credential: Input access-key-secret is empty/)
    })
  })
})

describe('the region from the environment', () => {
  const place = (got: Read) => {
    const request = got.asked?.request
    return request === undefined
      ? refusal(got)
      : 'region' in request
        ? request.region.domain
        : 'realm' in request
          ? request.realm
          : ''
  }
  const { region: _, ...genesys } = GENESYS
  test.each<[string, Record<string, string>, Record<string, string>, string, string[]]>([
    [
      'first',
      genesys,
      { GENESYS_CLOUD_REGION: 'mypurecloud.de' },
      'mypurecloud.de',
      ['GENESYS_CLOUD_REGION']
    ],
    ['second', genesys, { GENESYSCLOUD_REGION: 'us-east-1' }, 'mypurecloud.com', ['GENESYSCLOUD_REGION']],
    [
      'first of both',
      genesys,
      { GENESYSCLOUD_REGION: 'us-east-1', GENESYS_CLOUD_REGION: 'eu-central-1' },
      'mypurecloud.de',
      ['GENESYS_CLOUD_REGION']
    ],
    [
      'an empty one counts as unset',
      genesys,
      { GENESYS_CLOUD_REGION: ' ', GENESYSCLOUD_REGION: 'us-east-1\n' },
      'mypurecloud.com',
      ['GENESYSCLOUD_REGION']
    ],
    ['the input wins', GENESYS, { GENESYS_CLOUD_REGION: 'eu-central-1' }, 'mypurecloud.ie', []],
    ['realm', CXONE_CLIENT, { CXONE_REALM: 'eu-7', CXONE_REGION: 'us-1' }, 'eu-7', ['CXONE_REALM']],
    ['CXONE_REGION', CXONE_CLIENT, { CXONE_REALM: '', CXONE_REGION: 'us-1' }, 'us-1', ['CXONE_REGION']],
    ['CXone ignores Genesys’', CXONE_CLIENT, { GENESYS_CLOUD_REGION: 'eu-west-1' }, 'us-22', []]
  ])('%s', (_, inputs, env, expected, used) => {
    const got = read(inputs, env)
    expect(place(got)).toBe(expected)
    expect(got.asked?.variables).toEqual(used)
  })
  test('it is independent of where the credentials come from', () => {
    const got = read({ provider: 'genesys' }, { ...FIRST, GENESYSCLOUD_REGION: 'us-east-1' })
    expect(got.asked?.variables).toEqual([
      'GENESYS_CLOUD_CLIENT_ID',
      'GENESYS_CLOUD_CLIENT_SECRET',
      'GENESYSCLOUD_REGION'
    ])
  })
  test.each([
    [genesys, { GENESYS_CLOUD_REGION: 'evil.com' }, 'evil.com'],
    [CXONE_CLIENT, { CXONE_REALM: 'evil.com' }, 'evil.com'],
    [CXONE_APPLICATION, { CXONE_REALM: 'us-22' }, 'us-22']
  ])('it is held to the same rules', (inputs, env, text) => {
    const { region: _, ...others } = inputs as Record<string, string>
    const got = read(others, env)
    expect(refusal(got)).toContain('invalid-input')
    expect(refusal(got)).toContain(text)
  })
})

describe('missing credentials', () => {
  /** With one half among the inputs, the environment is named, and not asked for the other one. */
  const halfOf = (name: string, variables: readonly string[]) =>
    `Input ${name} is empty; since another credential input is given, ${variables.join(' or ')} of the environment is not asked.`
  const SECRETS = ['GENESYS_CLOUD_CLIENT_SECRET', 'GENESYSCLOUD_OAUTHCLIENT_SECRET']
  const IDS = ['GENESYS_CLOUD_CLIENT_ID', 'GENESYSCLOUD_OAUTHCLIENT_ID']

  test.each<[string, Record<string, string>, string, string[]]>([
    [
      'Genesys',
      GENESYS_BARE,
      'Input client-id and client-secret are empty',
      [...Object.keys(FIRST), ...Object.keys(SECOND)]
    ],
    [
      'CXone',
      CXONE_BARE,
      'Input client-id, client-secret, access-key-id and access-key-secret are empty',
      [...Object.keys(CLIENT), ...Object.keys(KEY)]
    ],
    ['Genesys, only an id', { ...GENESYS, 'client-secret': '' }, halfOf('client-secret', SECRETS), SECRETS],
    ['Genesys, only a secret', { ...GENESYS, 'client-id': '' }, halfOf('client-id', IDS), IDS],
    [
      'CXone, only an id',
      { ...CXONE_CLIENT, 'client-secret': '\n' },
      halfOf('client-secret', ['CXONE_CLIENT_SECRET']),
      ['CXONE_CLIENT_SECRET']
    ],
    [
      'CXone, only the id of a key',
      { ...CXONE_KEY, 'access-key-secret': '' },
      halfOf('access-key-secret', ['CXONE_ACCESS_KEY_SECRET']),
      ['CXONE_ACCESS_KEY_SECRET']
    ],
    [
      'CXone, a client and half a key',
      { ...CXONE_APPLICATION, 'access-key-id': '' },
      halfOf('access-key-id', ['CXONE_ACCESS_KEY_ID']),
      ['CXONE_ACCESS_KEY_ID']
    ]
  ])('%s', (_, inputs, says, variables) => {
    const { error } = read(inputs)
    expect(error?.code).toBe('missing-credential')
    expect(error?.message).toContain(says)
    for (const variable of variables) expect(error?.message).toContain(variable)
    expect(error?.message.match(/[A-Z]+(?:_[A-Z]+)+/g) ?? []).toHaveLength(variables.length)
    expect(error?.hint).toContain('forks')
    expect(error?.hint).toContain('Dependabot')
    expect(error?.hint).toContain('environment: on the job')
  })

  test('nothing untrue is said of a variable that is set, and ignored for an input’s sake', () => {
    const { error } = read({ ...GENESYS, 'client-secret': '' }, FIRST)
    expect(error?.code).toBe('missing-credential')
    expect(error?.message).toBe(halfOf('client-secret', SECRETS))
    expect(error?.message).not.toMatch(/empty, and so is GENESYS_CLOUD_CLIENT_SECRET/)
  })
})

describe('what a credential may be', () => {
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
  // What no eye sees, a paste brings along. The log takes it out of every line, and would then no longer
  // recognise a secret that holds it.
  const unseen = [
    ['zero-width space', '\u200b'],
    ['byte order mark', '\ufeff'],
    ['soft hyphen', '\u00ad'],
    ['right-to-left override', '\u202e']
  ] as const

  for (const [set, given, id, secret] of sets) {
    describe(set, () => {
      test.each([...broken, ...unseen])(
        `${secret} with %s inside is refused, unseen and not masked`,
        (_, inside) => {
          const got = read({ ...given, [secret]: `first-half${inside}second-half` })
          expect(refusal(got)).toMatch(new RegExp(`^invalid-input: The value for ${secret} is not allowed`))
          expect(`${got.error?.message}${got.error?.hint}`).not.toMatch(/first-half|second-half/)
          expect(got.kept.join()).not.toMatch(/first-half|second-half/)
          expect(got.error?.message).not.toMatch(/[^ -~“”’…]/)
        }
      )
      test.each(broken)(`${id} with %s inside is refused, unseen`, (_, inside) => {
        const got = read({ ...given, [id]: `first-half${inside}second-half` })
        expect(refusal(got)).toMatch(new RegExp(`^invalid-input: The value for ${id} is not allowed`))
        expect(`${got.error?.message}${got.error?.hint}`).not.toMatch(/first-half|second-half/)
      })
      test(`a ${secret} of 7 characters is refused and not masked, one of 8 is taken`, () => {
        const short = read({ ...given, [secret]: 'abcdefg' })
        expect(refusal(short)).toBe(
          `invalid-input: The value for ${secret} is not allowed; it has 7 characters.`
        )
        expect(short.error?.hint).toContain('at least 8 characters')
        expect(short.kept.join()).not.toContain('abcdefg')
        const enough = read({ ...given, [secret]: 'abcdefgh' })
        expect(refusal(enough)).toContain('not refused')
        expect(enough.kept).toContain('abcdefgh')
      })
      test(`a ${id} of 256 characters is taken, a longer one or one with a colon is refused`, () => {
        expect(refusal(read({ ...given, [id]: 'a'.repeat(256) }))).toContain('not refused')
        for (const value of ['a'.repeat(257), 'a:b', ':']) {
          const got = read({ ...given, [id]: value })
          expect(refusal(got)).toBe(
            `invalid-input: The value for ${id} is not allowed; it has ${value.length} characters.`
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
        expect(Object.values(credentials(read({ ...given, [secret]: value })))[0]?.[1]).toBe(value)
      )
    })
  }

  test('a secret from the environment is held to the same rules, and named by its input', () => {
    for (const value of ['short', 'line\nbreak-inside']) {
      const got = read(GENESYS_BARE, { ...FIRST, GENESYS_CLOUD_CLIENT_SECRET: value })
      expect(refusal(got)).toMatch(
        /^invalid-input: The value for client-secret \(from GENESYS_CLOUD_CLIENT_SECRET\) is not allowed/
      )
      expect(got.kept).toEqual([])
    }
  })
})

describe('secrets are told before anything is said', () => {
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
    ['one bad, one good', { ...CXONE_APPLICATION, 'client-secret': 'short' }, {}, ['my-access-key====']],
    ['from the environment, a wrong region', { ...GENESYS_BARE, region: 'none' }, FIRST, ['first-secret']],
    [
      'from the environment, both',
      { ...CXONE_BARE, region: 'none' },
      { ...CLIENT, ...KEY },
      ['cx-client-secret', 'cx-key-secret====']
    ]
  ])('%s', (_, inputs, env, secrets) => {
    const got = read(inputs, env)
    expect(refusal(got)).not.toContain('not refused')
    expect([...new Set(got.kept)].sort()).toEqual([...secrets].sort())
  })
})
