import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sodium from 'libsodium-wrappers'
import { GitHub } from '../../src/github/api.js'
import {
  pathOf,
  permissionsFor,
  placeInWords,
  type SecretScope,
  type Visibility
} from '../../src/github/scope.js'
import { seal } from '../../src/github/seal.js'
import { readSecret, readStore, storeSecret } from '../../src/github/secrets.js'
import { tryVariable, writeVariable } from '../../src/github/variables.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { API, failing, type Laid, Table } from '../support/rotation-table.js'
import { openWire, StillClock } from '../support/wire.js'

const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = { kind: 'environment', repository: 'octo-org/app', environment: 'a/b' }
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }
const UPDATED = '2026-02-27T09:30:15Z'

const table = new Table()
afterEach(() => {
  expect(table.unasked).toEqual([])
  table.clear()
})
afterAll(() => table.release())

let pair: { publicKey: Uint8Array; privateKey: Uint8Array }
let key: string
beforeAll(async () => {
  await sodium.ready
  pair = sodium.crypto_box_keypair()
  key = sodium.to_base64(pair.publicKey, sodium.base64_variants.ORIGINAL)
})

const opened = (sealed: string) =>
  sodium.to_string(
    sodium.crypto_box_seal_open(
      sodium.from_base64(sealed, sodium.base64_variants.ORIGINAL),
      pair.publicKey,
      pair.privateKey
    )
  )

function at(place: SecretScope = REPOSITORY, maxAttempts = 1): GitHub {
  const { wire } = openWire({ clock: new StillClock(), maxAttempts })
  return new GitHub(API, new Secret('github_pat_of-this-test'), place, wire)
}

const laid = (method: Laid['method'], place: SecretScope, path: string, rest: Partial<Laid> = {}): Laid => ({
  method,
  path: `${pathOf(place)}${path}`,
  ...rest
})
const keyOf = (place: SecretScope, rest: Partial<Laid> = {}) =>
  laid('GET', place, '/secrets/public-key', { json: { key_id: '3380', key }, ...rest })
const missing = { status: 404, json: { message: 'Not Found' } }
const asked = () =>
  table.seen.map(({ method, url, body }) =>
    [method, url.slice(API.length), ...(body === '' ? [] : [JSON.parse(body)])].filter(part => part !== '')
  )

describe('a seal', () => {
  test.each(['token', 'zwölf €€ 😀', 'x'.repeat(48 * 1024), ''])(
    'is opened with the private key alone',
    async text => {
      const sealed = await seal(new Secret(text), key)
      expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/)
      expect(Buffer.from(sealed, 'base64')).toHaveLength(Buffer.byteLength(text) + 48)
      expect(opened(sealed)).toBe(text)
      expect(await seal(new Secret(text), key)).not.toBe(sealed)
    }
  )
})

describe('the store', () => {
  test('with a secret: its key, its age by GitHub’s clock', async () => {
    const date = { Date: 'Sun, 01 Mar 2026 06:07:08 GMT' }
    table.lay(
      keyOf(REPOSITORY, { headers: date }),
      laid('GET', REPOSITORY, '/secrets/X', { json: { name: 'X', updated_at: UPDATED, visibility: 'all' } })
    )
    expect(await readStore(at(), 'X')).toEqual({
      publicKey: { id: '3380', key },
      now: new Date('2026-03-01T06:07:08Z'),
      secret: { updatedAt: new Date(UPDATED) }
    })
    expect(asked()).toEqual([
      ['GET', '/repos/octo-org/app/actions/secrets/public-key'],
      ['GET', '/repos/octo-org/app/actions/secrets/X']
    ])
  })

  test.each([{}, { Date: 'yesterday' }])(
    'without it, and without a date: the runner’s own clock (%j)',
    async headers => {
      table.lay(keyOf(ENVIRONMENT, { headers }), laid('GET', ENVIRONMENT, '/secrets/X', missing))
      expect(await readStore(at(ENVIRONMENT), 'X')).toEqual({
        publicKey: { id: '3380', key },
        now: new Date('2026-03-01T12:00:00Z')
      })
    }
  )

  test.each([
    ['no key', { key_id: '1' }],
    ['no id', { key: Buffer.alloc(32).toString('base64') }],
    ['an id that is a number', { key_id: 1, key: Buffer.alloc(32).toString('base64') }],
    ['a short key', { key_id: '1', key: Buffer.alloc(31).toString('base64') }],
    ['a long key', { key_id: '1', key: Buffer.alloc(33).toString('base64') }],
    ['a key that is none', { key_id: '1', key: {} }],
    ['a key without its padding', { key_id: '1', key: 'A'.repeat(43) }],
    ['a key in the alphabet of addresses', { key_id: '1', key: `${'-_'.repeat(21)}A=` }],
    ['a key that seals nothing', { key_id: '1', key: Buffer.alloc(32).toString('base64') }],
    ['a key whose last letter says too much', { key_id: '1', key: `${'A'.repeat(42)}B=` }],
    ['a key with a line break', { key_id: '1', key: `${'A'.repeat(43)}=\n` }],
    ['a key with white space', { key_id: '1', key: ` ${Buffer.alloc(32).toString('base64')}` }]
  ])('%s is a bad answer', async (_, json) => {
    table.lay(keyOf(REPOSITORY, { json }))
    expect(await failing(readStore(at(), 'X'))).toMatchObject({
      code: 'bad-response',
      message: 'GitHub’s answer about the public key holds no usable key.'
    })
  })

  test('no key is given', async () => {
    table.lay(keyOf(REPOSITORY, { status: 401, json: { message: 'Bad credentials' } }))
    expect((await failing(readStore(at(), 'X'))).code).toBe('github-token-rejected')
  })
})

describe('what is told of a secret', () => {
  const secret = (place: SecretScope, json: object, rest: Partial<Laid> = {}) =>
    laid('GET', place, '/secrets/X', { json, ...rest })
  const page = (number: number, json: object, rest: Partial<Laid> = {}) =>
    laid('GET', ORGANIZATION, `/secrets/X/repositories?per_page=100&page=${number}`, { json, ...rest })
  const selected = { updated_at: UPDATED, visibility: 'selected' }
  const repositories = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: from + index, name: 'r' }))

  test.each([403, 500, 202])('%i is an error', async status => {
    table.lay(secret(REPOSITORY, {}, { status }))
    await failing(readSecret(at(), 'X'))
  })

  test.each([{}, { updated_at: 'some day' }, { updated_at: null }])('without a date: %j', async json => {
    table.lay(secret(REPOSITORY, json))
    // `new Date('null')` is no date either.
    expect((await failing(readSecret(at(), 'X'))).message).toBe(
      'GitHub’s answer about the secret holds no updated_at.'
    )
  })

  test.each(['all', 'private'])('of an organisation, %s', async visibility => {
    table.lay(secret(ORGANIZATION, { updated_at: UPDATED, visibility }))
    expect(await readSecret(at(ORGANIZATION), 'X')).toEqual({
      updatedAt: new Date(UPDATED),
      sharing: { visibility }
    })
  })

  test.each([undefined, 'public', 3])('of an organisation, %j is no visibility', async visibility => {
    table.lay(secret(ORGANIZATION, { updated_at: UPDATED, visibility }))
    expect((await failing(readSecret(at(ORGANIZATION), 'X'))).message).toContain(
      'no visibility that is known'
    )
  })

  test('all pages of its selected repositories', async () => {
    table.lay(
      secret(ORGANIZATION, selected),
      page(1, { total_count: 201, repositories: repositories(1, 100) }),
      page(2, { total_count: 201, repositories: repositories(101, 100) }),
      page(3, { total_count: 201, repositories: repositories(201, 1) })
    )
    const got = await readSecret(at(ORGANIZATION), 'X')
    expect(got?.sharing).toEqual({
      visibility: 'selected',
      repositoryIds: Array.from({ length: 201 }, (_, index) => index + 1)
    })
  })

  test('a page without any is the last, whatever the total says', async () => {
    table.lay(
      secret(ORGANIZATION, selected),
      page(1, { total_count: 7, repositories: repositories(1, 2) }),
      page(2, { total_count: 7, repositories: [] })
    )
    expect((await readSecret(at(ORGANIZATION), 'X'))?.sharing?.repositoryIds).toEqual([1, 2])
  })

  test.each([
    ['no list', { total_count: 1 }],
    ['no total', { repositories: [] }],
    ['no id', { total_count: 1, repositories: [{}] }],
    ['nothing', { total_count: 1, repositories: [null] }],
    ['an id that is text', { total_count: 1, repositories: [{ id: '1' }] }]
  ])('%s on a page is a bad answer: nobody’s access is lost by it', async (_, json) => {
    table.lay(secret(ORGANIZATION, selected), page(1, json))
    expect((await failing(readSecret(at(ORGANIZATION), 'X'))).code).toBe('bad-response')
  })

  test('a page that is refused', async () => {
    table.lay(secret(ORGANIZATION, selected), page(1, {}, { status: 409 }))
    expect((await failing(readSecret(at(ORGANIZATION), 'X'))).code).toBe('bad-request')
  })
})

describe('storing', () => {
  const put = (place: SecretScope, rest: Partial<Laid> = {}) => laid('PUT', place, '/secrets/X', rest)
  const value = new Secret('the-token-itself')
  const publicKey = () => ({ id: '3380', key })
  const refused = (status: number, rest: Partial<Laid> = {}) => put(REPOSITORY, { status, ...rest })

  /** Stores the value; says what came of it, and how often and after how many requests it was told to leave. */
  async function storing(
    place: SecretScope = REPOSITORY,
    {
      text = value,
      from = publicKey(),
      sharing,
      attempts = 1
    }: { text?: Secret; from?: typeof old; sharing?: Visibility; attempts?: number } = {}
  ) {
    const leaving: number[] = []
    const before = table.seen.length
    const storing = await storeSecret(at(place, attempts), 'X', text, from, sharing, {
      letGo: () => leaving.push(table.seen.length - before),
      takeBack: () => leaving.push(-1)
    })
    // Before the value has left, and before it leaves again; never taken back where it may be stored.
    expect(leaving[0]).toBe(0)
    expect(leaving).not.toContain(-1)
    return storing
  }
  let old: { id: string; key: string }
  beforeAll(() => {
    const other = sodium.crypto_box_keypair()
    old = { id: '3379', key: sodium.to_base64(other.publicKey, sodium.base64_variants.ORIGINAL) }
  })
  const outcome = async (work: ReturnType<typeof storing>) => {
    const storing = await work
    if (storing.stored) return 'stored'
    if (!(storing.why instanceof ActionError)) throw storing.why
    return `${storing.isCertain ? 'certain' : 'not certain'}: ${storing.why.code}`
  }

  test.each([
    [REPOSITORY, undefined, {}],
    [ENVIRONMENT, undefined, {}],
    [ORGANIZATION, { visibility: 'private' }, { visibility: 'private' }],
    [ORGANIZATION, { visibility: 'selected' }, { visibility: 'selected', selected_repository_ids: [] }],
    [
      ORGANIZATION,
      { visibility: 'selected', repositoryIds: [7, 8] },
      { visibility: 'selected', selected_repository_ids: [7, 8] }
    ]
  ] as [SecretScope, Visibility | undefined, object][])('at %j, shared %j', async (place, sharing, more) => {
    for (const status of [201, 204]) {
      table.lay(put(place, { status }))
      expect(await storing(place, sharing === undefined ? {} : { sharing })).toEqual({ stored: true })
    }
    for (const [method, url, body] of asked()) {
      const { encrypted_value, ...rest } = body as { encrypted_value: string }
      expect([method, url, rest]).toEqual(['PUT', `${pathOf(place)}/secrets/X`, { key_id: '3380', ...more }])
      expect(opened(encrypted_value)).toBe('the-token-itself')
    }
    expect(JSON.stringify(table.seen)).not.toContain('the-token-itself')
  })

  test('throttled and then refused: it is certainly not stored, and kept while it waits', async () => {
    const throttled = { status: 403, headers: { 'Retry-After': '5' }, json: {} }
    table.lay(
      put(REPOSITORY, throttled),
      put(REPOSITORY, throttled),
      put(REPOSITORY, { status: 403, json: {} })
    )
    const told: string[] = []
    const storing = await storeSecret(at(REPOSITORY, 3), 'X', value, publicKey(), undefined, {
      letGo: () => told.push(`let go after ${table.seen.length}`),
      takeBack: () => told.push('taken back')
    })
    expect(told).toEqual(['let go after 0', 'taken back', 'let go after 1', 'taken back', 'let go after 2'])
    expect(storing).toMatchObject({ stored: false, isCertain: true, why: { code: 'github-forbidden' } })
  })

  test('throttled after an attempt whose answer was lost: nothing is certain, and it is not taken back', async () => {
    const throttled = { status: 429, headers: { 'Retry-After': '5' }, json: {} }
    table.lay(
      put(REPOSITORY, { error: 'ECONNRESET' }),
      put(REPOSITORY, throttled),
      put(REPOSITORY, { status: 404, json: {} })
    )
    expect(await outcome(storing(REPOSITORY, { attempts: 3 }))).toBe('not certain: github-not-found')
  })

  test('48 KB fit, a byte more is refused unsent', async () => {
    table.lay(put(REPOSITORY, { status: 201 }))
    expect(await outcome(storing(REPOSITORY, { text: new Secret('x'.repeat(48 * 1024)) }))).toBe('stored')
    const large = new Secret(`ü${'x'.repeat(48 * 1024 - 1)}`)
    const leaving: string[] = []
    const error = await failing(
      storeSecret(at(), 'X', large, publicKey(), undefined, {
        letGo: () => leaving.push('left'),
        takeBack: () => {}
      })
    )
    expect([error.code, error.message, leaving]).toEqual([
      'secret-refused',
      'The token is larger than 48 KB, which GitHub stores in no secret.',
      []
    ])
  })

  test('with a key that was changed meanwhile, it is sealed anew, once', async () => {
    table.lay(refused(422), keyOf(REPOSITORY), put(REPOSITORY, { status: 204 }))
    expect(await outcome(storing(REPOSITORY, { from: old }))).toBe('stored')
    const body = asked().at(-1)?.[2] as { encrypted_value: string; key_id: string }
    expect([opened(body.encrypted_value), body.key_id]).toEqual(['the-token-itself', '3380'])

    table.lay(refused(422), keyOf(REPOSITORY), refused(422))
    expect(await outcome(storing(REPOSITORY, { from: old }))).toBe('certain: secret-refused')
  })

  test('sealed anew, it may be stored without an answer all the same', async () => {
    table.lay(refused(422), keyOf(REPOSITORY), refused(400, { error: 'ECONNRESET' }), refused(403))
    expect(await outcome(storing(REPOSITORY, { from: old, attempts: 2 }))).toBe(
      'not certain: github-forbidden'
    )
  })

  test('refused with the key that it still has, it is told', async () => {
    table.lay(refused(422, { json: { message: 'no' } }), keyOf(REPOSITORY))
    const got = await storing()
    expect(got).toMatchObject({ stored: false, isCertain: true })
    expect(got.stored || (got.why as ActionError).message).toContain('answered 422 (no)')
  })

  test.each([403, 200])(
    'refused, and the key cannot be read again (%i): the refusal is certain',
    async status => {
      table.lay(refused(422, { json: { message: 'no' } }), keyOf(REPOSITORY, { status, text: 'nonsense' }))
      expect(await outcome(storing(REPOSITORY, { from: old }))).toBe('certain: secret-refused')
    }
  )

  test.each([
    [401, 'github-token-rejected'],
    [403, 'github-forbidden'],
    [404, 'github-not-found'],
    [409, 'bad-request']
  ])('refused with %i at the first attempt, it is certainly not stored', async (status, code) => {
    table.lay(refused(status))
    expect(await outcome(storing())).toBe(`certain: ${code}`)
  })

  test.each([
    [401, 'github-token-rejected'],
    [403, 'github-forbidden'],
    [404, 'github-not-found'],
    [409, 'bad-request'],
    [422, 'secret-refused']
  ])('refused with %i after an attempt whose answer was lost, nothing is certain', async (status, code) => {
    table.lay(put(REPOSITORY, { error: 'ECONNRESET' }), refused(status))
    expect(await outcome(storing(REPOSITORY, { attempts: 2 }))).toBe(`not certain: ${code}`)
    table.lay(refused(502), refused(status))
    expect(await outcome(storing(REPOSITORY, { attempts: 2 }))).toBe(`not certain: ${code}`)
  })

  test.each([200, 202])('%i is no success, and nothing is certain', async status => {
    table.lay(refused(status))
    expect(await outcome(storing())).toBe('not certain: bad-response')
  })

  test.each([
    ['redirected', { status: 307, headers: { Location: 'https://api.github.com/repositories/1' } }],
    ['unavailable', { status: 501 }],
    ['bad-response', { error: 'HPE_INVALID_CONSTANT' }]
  ])('%s: nothing is certain', async (code, rest) => {
    table.lay(put(REPOSITORY, rest))
    expect(await outcome(storing())).toBe(`not certain: ${code}`)
  })
})

describe('the variable', () => {
  const get = (place: SecretScope, rest: Partial<Laid>) => laid('GET', place, '/variables/E', rest)
  const patch = (place: SecretScope, rest: Partial<Laid>) => laid('PATCH', place, '/variables/E', rest)
  const post = (place: SecretScope, rest: Partial<Laid>) => laid('POST', place, '/variables', rest)
  const done = { status: 204 }

  test('is written as it was, to try', async () => {
    table.lay(get(REPOSITORY, { json: { name: 'E', value: 'as it was' } }), patch(REPOSITORY, done))
    await tryVariable(at(), 'E', undefined)
    expect(asked().at(-1)).toEqual([
      'PATCH',
      `${pathOf(REPOSITORY)}/variables/E`,
      { name: 'E', value: 'as it was' }
    ])
  })

  test.each([{ value: '' }, { value: 7 }, {}])('that says %j says that nothing is known', async json => {
    table.lay(get(REPOSITORY, { json }), patch(REPOSITORY, done))
    await tryVariable(at(), 'E', undefined)
    expect(asked().at(-1)?.[2]).toEqual({ name: 'E', value: 'unknown' })
  })

  test.each([
    [REPOSITORY, undefined, {}],
    [ENVIRONMENT, undefined, {}],
    [ORGANIZATION, undefined, { visibility: 'private' }],
    [ORGANIZATION, { visibility: 'all' }, { visibility: 'all' }],
    [
      ORGANIZATION,
      { visibility: 'selected', repositoryIds: [1] },
      { visibility: 'selected', selected_repository_ids: [1] }
    ]
  ] as [SecretScope, Visibility | undefined, object][])(
    'is made at %j, shared %j',
    async (place, sharing, more) => {
      table.lay(get(place, missing), patch(place, missing), post(place, { status: 201 }))
      await tryVariable(at(place), 'E', sharing)
      expect(asked().at(-1)).toEqual([
        'POST',
        `${pathOf(place)}/variables`,
        { name: 'E', value: 'unknown', ...more }
      ])
    }
  )

  test('made by somebody else in between, it is changed', async () => {
    table.lay(patch(REPOSITORY, missing), post(REPOSITORY, { status: 409 }), patch(REPOSITORY, done))
    await writeVariable(at(), 'E', 'v', undefined)
  })

  test.each([
    ['reading', [get(REPOSITORY, { status: 403, json: {} })]],
    ['changing', [get(REPOSITORY, { json: {} }), patch(REPOSITORY, { status: 403, json: {} })]],
    [
      'making',
      [get(REPOSITORY, missing), patch(REPOSITORY, missing), post(REPOSITORY, { status: 403, json: {} })]
    ]
  ])('%s it is refused', async (_, answers) => {
    table.lay(...answers)
    const error = await failing(tryVariable(at(), 'E', undefined))
    expect([error.code, error.hint]).toEqual([
      'github-forbidden',
      expect.stringContaining('the repository permission Variables: write')
    ])
  })
})

test('each place has its words and its permissions', () => {
  expect([REPOSITORY, ENVIRONMENT, ORGANIZATION].map(placeInWords)).toEqual([
    'repository octo-org/app',
    'environment a/b of octo-org/app',
    'organisation octo-org'
  ])
  expect([REPOSITORY, ENVIRONMENT, ORGANIZATION].map(place => Object.values(permissionsFor(place)))).toEqual([
    ['the repository permission Secrets: write', 'the repository permission Variables: write'],
    ['the repository permission Environments: write', 'the repository permission Environments: write'],
    ['the organisation permission Secrets: write', 'the organisation permission Variables: write']
  ])
})
