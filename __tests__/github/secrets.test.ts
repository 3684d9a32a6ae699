import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sodium from 'libsodium-wrappers'
import { GitHubApi } from '../../src/github/api.js'
import {
  describeScope,
  requiredPermission,
  type SecretScope,
  scopePath,
  type Visibility
} from '../../src/github/scope.js'
import { seal } from '../../src/github/seal.js'
import { putSecret, readSecret, readSecretStore } from '../../src/github/secrets.js'
import { checkVariable, writeVariable } from '../../src/github/variables.js'
import type { HttpSession } from '../../src/http/session.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { API, failing, type Laid, Table } from '../support/rotation-table.js'
import { openSession } from '../support/session.js'

const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = { kind: 'environment', repository: 'octo-org/app', environment: 'a/b' }
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }
const UPDATED = '2026-02-27T09:30:15Z'

const table = new Table()
const sessions: HttpSession[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.close()
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

function githubFor(scope: SecretScope = REPOSITORY, maxAttempts = 1): GitHubApi {
  const { session } = openSession({ maxAttempts })
  sessions.push(session)
  return new GitHubApi({ apiUrl: API, githubToken: new Secret('github_pat_of-this-test'), scope, session })
}

/** Returns a reply to one request at the scope. */
const reply = (method: Laid['method'], scope: SecretScope, path: string, rest: Partial<Laid> = {}): Laid => ({
  method,
  path: `${scopePath(scope)}${path}`,
  ...rest
})
const replyWithKey = (scope: SecretScope, rest: Partial<Laid> = {}) =>
  reply('GET', scope, '/secrets/public-key', { json: { key_id: '3380', key }, ...rest })
const missing = { status: 404, json: { message: 'Not Found' } }
const requests = () =>
  table.seen.map(({ method, url, body }) =>
    [method, url.slice(API.length), ...(body === '' ? [] : [JSON.parse(body)])].filter(part => part !== '')
  )

describe('a seal', () => {
  test.each(['token', 'zwölf €€ 😀', 'x'.repeat(48 * 1024), ''])(
    'opens only with the private key',
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
  test('has the public key, the date of the secret, and the time by GitHub’s clock', async () => {
    const date = { Date: 'Sun, 01 Mar 2026 06:07:08 GMT' }
    table.lay(
      replyWithKey(REPOSITORY, { headers: date }),
      reply('GET', REPOSITORY, '/secrets/X', { json: { name: 'X', updated_at: UPDATED, visibility: 'all' } })
    )
    expect(await readSecretStore(githubFor(), 'X')).toEqual({
      publicKey: { id: '3380', key },
      now: new Date('2026-03-01T06:07:08Z'),
      secret: { updatedAt: new Date(UPDATED) }
    })
    expect(requests()).toEqual([
      ['GET', '/repos/octo-org/app/actions/secrets/public-key'],
      ['GET', '/repos/octo-org/app/actions/secrets/X']
    ])
  })

  test.each([{}, { Date: 'yesterday' }])(
    'without a secret, and without a date of GitHub: the time by the runner’s clock (%j)',
    async headers => {
      table.lay(replyWithKey(ENVIRONMENT, { headers }), reply('GET', ENVIRONMENT, '/secrets/X', missing))
      expect(await readSecretStore(githubFor(ENVIRONMENT), 'X')).toEqual({
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
    ['a key that is not text', { key_id: '1', key: {} }],
    ['a key without its padding', { key_id: '1', key: 'A'.repeat(43) }],
    ['a key in base64url', { key_id: '1', key: `${'-_'.repeat(21)}A=` }],
    ['a key that is not a point of the curve', { key_id: '1', key: Buffer.alloc(32).toString('base64') }],
    ['a key with superfluous bits in its last letter', { key_id: '1', key: `${'A'.repeat(42)}B=` }],
    ['a key with a line break', { key_id: '1', key: `${'A'.repeat(43)}=\n` }],
    ['a key with white space', { key_id: '1', key: ` ${Buffer.alloc(32).toString('base64')}` }]
  ])('%s is a bad response', async (_, json) => {
    table.lay(replyWithKey(REPOSITORY, { json }))
    expect(await failing(readSecretStore(githubFor(), 'X'))).toMatchObject({
      code: 'bad-response',
      message: `GET ${API}/repos/octo-org/app/actions/secrets/public-key answered 200, but it has no usable public key, 1 attempt.`
    })
  })

  test('a refusal is an error', async () => {
    table.lay(replyWithKey(REPOSITORY, { status: 401, json: { message: 'Bad credentials' } }))
    expect((await failing(readSecretStore(githubFor(), 'X'))).code).toBe('github-token-rejected')
  })
})

describe('the metadata of a secret', () => {
  const secret = (scope: SecretScope, json: object, rest: Partial<Laid> = {}) =>
    reply('GET', scope, '/secrets/X', { json, ...rest })
  const page = (number: number, json: object, rest: Partial<Laid> = {}) =>
    reply('GET', ORGANIZATION, `/secrets/X/repositories?per_page=100&page=${number}`, { json, ...rest })
  const selected = { updated_at: UPDATED, visibility: 'selected' }
  const repositories = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: from + index, name: 'r' }))

  test.each([403, 500, 202])('%i is an error', async status => {
    table.lay(secret(REPOSITORY, {}, { status }))
    await failing(readSecret(githubFor(), 'X'))
  })

  test.each([{}, { updated_at: 'some day' }, { updated_at: null }])(
    'without a date is a bad response: %j',
    async json => {
      table.lay(secret(REPOSITORY, json))
      expect((await failing(readSecret(githubFor(), 'X'))).message).toBe(
        `GET ${API}/repos/octo-org/app/actions/secrets/X answered 200, but the secret has no updated_at, 1 attempt.`
      )
    }
  )

  test.each(['all', 'private'])('of an organisation: visibility %s', async visibility => {
    table.lay(secret(ORGANIZATION, { updated_at: UPDATED, visibility }))
    expect(await readSecret(githubFor(ORGANIZATION), 'X')).toEqual({
      updatedAt: new Date(UPDATED),
      visibility: { visibility }
    })
  })

  test.each([undefined, 'public', 3])(
    'of an organisation: visibility %j is a bad response',
    async visibility => {
      table.lay(secret(ORGANIZATION, { updated_at: UPDATED, visibility }))
      expect((await failing(readSecret(githubFor(ORGANIZATION), 'X'))).message).toContain(
        'but the secret has no known visibility'
      )
    }
  )

  test('has the selected repositories of all pages', async () => {
    table.lay(
      secret(ORGANIZATION, selected),
      page(1, { total_count: 201, repositories: repositories(1, 100) }),
      page(2, { total_count: 201, repositories: repositories(101, 100) }),
      page(3, { total_count: 201, repositories: repositories(201, 1) })
    )
    const got = await readSecret(githubFor(ORGANIZATION), 'X')
    expect(got?.visibility).toEqual({
      visibility: 'selected',
      repositoryIds: Array.from({ length: 201 }, (_, index) => index + 1)
    })
  })

  test('a page without repositories is the last one, whatever the total is', async () => {
    table.lay(
      secret(ORGANIZATION, selected),
      page(1, { total_count: 7, repositories: repositories(1, 2) }),
      page(2, { total_count: 7, repositories: [] })
    )
    expect((await readSecret(githubFor(ORGANIZATION), 'X'))?.visibility?.repositoryIds).toEqual([1, 2])
  })

  test.each([
    ['without a list', { total_count: 1 }],
    ['without a total', { repositories: [] }],
    ['without an id', { total_count: 1, repositories: [{}] }],
    ['with null in place of a repository', { total_count: 1, repositories: [null] }],
    ['with an id that is text', { total_count: 1, repositories: [{ id: '1' }] }],
    ['with one bad id among good ones', { total_count: 3, repositories: [{ id: 1 }, { id: '2' }, { id: 3 }] }]
  ])('a page %s is a bad response: otherwise a repository would lose its access', async (_, json) => {
    table.lay(secret(ORGANIZATION, selected), page(1, json))
    expect((await failing(readSecret(githubFor(ORGANIZATION), 'X'))).code).toBe('bad-response')
  })

  test('a page that GitHub refuses is an error', async () => {
    table.lay(secret(ORGANIZATION, selected), page(1, {}, { status: 409 }))
    expect((await failing(readSecret(githubFor(ORGANIZATION), 'X'))).code).toBe('bad-request')
  })
})

describe('storing', () => {
  const put = (scope: SecretScope, rest: Partial<Laid> = {}) => reply('PUT', scope, '/secrets/X', rest)
  const answer = (status: number, rest: Partial<Laid> = {}) => put(REPOSITORY, { status, ...rest })
  const lost = put(REPOSITORY, { error: 'ECONNRESET' })
  const throttled = answer(429, { headers: { 'Retry-After': '5' } })
  let old: { id: string; key: string }
  beforeAll(() => {
    const other = sodium.crypto_box_keypair()
    old = { id: '3379', key: sodium.to_base64(other.publicKey, sodium.base64_variants.ORIGINAL) }
  })

  /** Stores the value. Returns the result, the states of the attempts, and how many requests there were before each. */
  async function store(
    scope: SecretScope = REPOSITORY,
    options: { text?: string; publicKey?: typeof old; visibility?: Visibility; maxAttempts?: number } = {}
  ) {
    const {
      text = 'the-token-itself',
      publicKey = { id: '3380', key },
      visibility,
      maxAttempts = 1
    } = options
    const before = table.seen.length
    const states: string[] = []
    const result = await putSecret(githubFor(scope, maxAttempts), 'X', {
      value: new Secret(text),
      publicKey,
      visibility,
      onAttempt: state => states.push(`${state} after ${table.seen.length - before}`)
    })
    return { result, states }
  }

  /** Returns the outcome and the code of the error; `stored` has none. */
  async function outcome(...args: Parameters<typeof store>): Promise<string> {
    const { result } = await store(...args)
    if (result.outcome === 'stored') return 'stored'
    if (!(result.error instanceof ActionError)) throw result.error
    return `${result.outcome}: ${result.error.code}`
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
  ] as [SecretScope, Visibility | undefined, object][])(
    'at %j, visible to %j',
    async (scope, visibility, more) => {
      for (const status of [201, 204]) {
        table.lay(put(scope, { status }))
        expect(await store(scope, visibility === undefined ? {} : { visibility })).toEqual({
          result: { outcome: 'stored' },
          states: ['started after 0']
        })
      }
      for (const [method, url, body] of requests()) {
        const { encrypted_value, ...rest } = body as { encrypted_value: string }
        expect([method, url, rest]).toEqual([
          'PUT',
          `${scopePath(scope)}/secrets/X`,
          { key_id: '3380', ...more }
        ])
        expect(opened(encrypted_value)).toBe('the-token-itself')
      }
      expect(JSON.stringify(table.seen)).not.toContain('the-token-itself')
    }
  )

  test('throttled and then refused: not stored, and known as not stored during the waits', async () => {
    table.lay(throttled, throttled, answer(403))
    expect(await store(REPOSITORY, { maxAttempts: 3 })).toEqual({
      result: { outcome: 'not-stored', error: expect.objectContaining({ code: 'github-forbidden' }) },
      states: [
        'started after 0',
        'not-applied after 1',
        'started after 1',
        'not-applied after 2',
        'started after 2'
      ]
    })
  })

  test('throttled after an attempt without a response: unknown, also during the waits', async () => {
    table.lay(lost, throttled, answer(404))
    const { result, states } = await store(REPOSITORY, { maxAttempts: 3 })
    expect(result).toMatchObject({ outcome: 'unknown', error: { code: 'github-not-found' } })
    // A lost request is not among those that the table has seen.
    expect(states).toEqual(['started after 0', 'started after 0', 'started after 1'])
  })

  test('48 KB are allowed; with a byte more, nothing is sent', async () => {
    table.lay(answer(201))
    expect(await outcome(REPOSITORY, { text: 'x'.repeat(48 * 1024) })).toBe('stored')
    const error = await failing(store(REPOSITORY, { text: `ü${'x'.repeat(48 * 1024 - 1)}` }))
    expect([error.code, error.message, table.seen.length]).toEqual([
      'secret-refused',
      'The token is larger than 48 KB, the maximum size of a GitHub secret.',
      1
    ])
  })

  test('if the public key changed, the value is sealed again, once', async () => {
    table.lay(answer(422), replyWithKey(REPOSITORY), answer(204))
    expect(await outcome(REPOSITORY, { publicKey: old })).toBe('stored')
    const body = requests().at(-1)?.[2] as { encrypted_value: string; key_id: string }
    expect([opened(body.encrypted_value), body.key_id]).toEqual(['the-token-itself', '3380'])

    table.lay(answer(422), replyWithKey(REPOSITORY), answer(422))
    expect(await outcome(REPOSITORY, { publicKey: old })).toBe('not-stored: secret-refused')
  })

  test('sealed again, an attempt without a response is unknown', async () => {
    table.lay(answer(422), replyWithKey(REPOSITORY), lost, answer(403))
    expect(await outcome(REPOSITORY, { publicKey: old, maxAttempts: 2 })).toBe('unknown: github-forbidden')
  })

  test('if the public key did not change, the refusal is the error', async () => {
    table.lay(answer(422, { json: { message: 'no' } }), replyWithKey(REPOSITORY))
    expect((await store()).result).toMatchObject({
      outcome: 'not-stored',
      error: { message: expect.stringContaining('answered 422 (no)') }
    })
  })

  test.each([403, 200])(
    'if the public key cannot be read again (%i), the refusal is the error',
    async status => {
      table.lay(
        answer(422, { json: { message: 'no' } }),
        replyWithKey(REPOSITORY, { status, text: 'nonsense' })
      )
      expect(await outcome(REPOSITORY, { publicKey: old })).toBe('not-stored: secret-refused')
    }
  )

  /** Only these answers prove that nothing was stored. */
  const REFUSALS = [
    [400, 'bad-request'],
    [401, 'github-token-rejected'],
    [403, 'github-forbidden'],
    [404, 'github-not-found'],
    [409, 'bad-request'],
    [422, 'secret-refused'],
    [429, 'rate-limited']
  ] as const
  const refusal = (status: number) =>
    answer(status, status === 429 ? { headers: { 'Retry-After': '3600' } } : {})

  test.each(REFUSALS)('refused with %i: not stored', async (status, code) => {
    table.lay(refusal(status), ...(status === 422 ? [replyWithKey(REPOSITORY)] : []))
    expect(await outcome()).toBe(`not-stored: ${code}`)
  })

  test.each(REFUSALS)(
    'refused with %i after an attempt without a response: unknown',
    async (status, code) => {
      for (const first of [lost, answer(502)]) {
        table.lay(first, refusal(status))
        expect(await outcome(REPOSITORY, { maxAttempts: 2 })).toBe(`unknown: ${code}`)
      }
    }
  )

  test.each<[string, string, Partial<Laid>]>([
    ...[200, 202].map((status): [string, string, object] => [`${status}`, 'bad-response', { status }]),
    ...[402, 405, 406, 408, 410, 412, 413, 415, 421, 423, 425, 428, 431, 451, 499].map(
      (status): [string, string, object] => [`${status}`, 'bad-request', { status }]
    ),
    ...[500, 501, 502, 503, 504, 520, 599].map((status): [string, string, object] => [
      `${status}`,
      'unavailable',
      { status }
    ]),
    ['a redirect', 'redirected', { status: 307, headers: { Location: `${API}/repositories/1` } }],
    ['a reset', 'network', { error: 'ECONNRESET' }],
    ['a damaged TLS record', 'tls', { error: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }],
    ['a response that is not HTTP', 'bad-response', { error: 'HPE_INVALID_CONSTANT' }]
  ])('%s: unknown', async (_, code, rest) => {
    table.lay(put(REPOSITORY, rest))
    expect(await outcome()).toBe(`unknown: ${code}`)
  })

  test.each([
    ['ENOTFOUND', 'network'],
    ['ECONNREFUSED', 'network'],
    ['CERT_HAS_EXPIRED', 'tls']
  ])('%s: not stored', async (error, code) => {
    table.lay(put(REPOSITORY, { error }))
    expect(await outcome()).toBe(`not-stored: ${code}`)
  })
})

describe('the variable', () => {
  const get = (scope: SecretScope, rest: Partial<Laid>) => reply('GET', scope, '/variables/E', rest)
  const patch = (scope: SecretScope, rest: Partial<Laid>) => reply('PATCH', scope, '/variables/E', rest)
  const post = (scope: SecretScope, rest: Partial<Laid>) => reply('POST', scope, '/variables', rest)
  const updated = { status: 204 }

  test('is checked by writing its present value', async () => {
    table.lay(get(REPOSITORY, { json: { name: 'E', value: 'present' } }), patch(REPOSITORY, updated))
    await checkVariable(githubFor(), 'E', undefined)
    expect(requests().at(-1)).toEqual([
      'PATCH',
      `${scopePath(REPOSITORY)}/variables/E`,
      { name: 'E', value: 'present' }
    ])
  })

  test.each([{ value: '' }, { value: 7 }, {}])('without a usable value becomes `unknown`: %j', async json => {
    table.lay(get(REPOSITORY, { json }), patch(REPOSITORY, updated))
    await checkVariable(githubFor(), 'E', undefined)
    expect(requests().at(-1)?.[2]).toEqual({ name: 'E', value: 'unknown' })
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
    'is created at %j, visible to %j',
    async (scope, visibility, more) => {
      table.lay(get(scope, missing), patch(scope, missing), post(scope, { status: 201 }))
      await checkVariable(githubFor(scope), 'E', visibility)
      expect(requests().at(-1)).toEqual([
        'POST',
        `${scopePath(scope)}/variables`,
        { name: 'E', value: 'unknown', ...more }
      ])
    }
  )

  test('is updated if another job created it first', async () => {
    table.lay(patch(REPOSITORY, missing), post(REPOSITORY, { status: 409 }), patch(REPOSITORY, updated))
    await writeVariable(githubFor(), { name: 'E', value: 'v' }, undefined)
  })

  test.each([
    ['read', [get(REPOSITORY, { status: 403, json: {} })]],
    ['updated', [get(REPOSITORY, { json: {} }), patch(REPOSITORY, { status: 403, json: {} })]],
    [
      'created',
      [get(REPOSITORY, missing), patch(REPOSITORY, missing), post(REPOSITORY, { status: 403, json: {} })]
    ]
  ])('that may not be %s: the error names the permission', async (_, replies) => {
    table.lay(...replies)
    const error = await failing(checkVariable(githubFor(), 'E', undefined))
    expect([error.code, error.hint]).toEqual([
      'github-forbidden',
      expect.stringContaining('the repository permission Variables: write')
    ])
  })
})

test('a scope in words, and the permissions that it needs', () => {
  const both = (scope: SecretScope) => [
    requiredPermission(scope, 'secrets'),
    requiredPermission(scope, 'variables')
  ]
  expect([REPOSITORY, ENVIRONMENT, ORGANIZATION].map(describeScope)).toEqual([
    'repository octo-org/app',
    'environment a/b of octo-org/app',
    'organisation octo-org'
  ])
  expect([REPOSITORY, ENVIRONMENT, ORGANIZATION].map(both)).toEqual([
    ['the repository permission Secrets: write', 'the repository permission Variables: write'],
    ['the repository permission Environments: write', 'the repository permission Environments: write'],
    ['the organisation permission Secrets: write', 'the organisation permission Variables: write']
  ])
})
