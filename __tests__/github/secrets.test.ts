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
import { checkVariable } from '../../src/github/variables.js'
import type { HttpSession } from '../../src/http/session.js'
import { Secret } from '../../src/lib/secret.js'
import { GITHUB_API as API, Hosts, type Reply } from '../support/hosts.js'
import { openSession } from '../support/session.js'

const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = { kind: 'environment', repository: 'octo-org/app', environment: 'a/b' }
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }
const SECRET = '/secrets/X'
const PUBLIC_KEY = '/secrets/public-key'
const UPDATED = '2026-02-27T09:30:15Z'
const MISSING: Reply = { status: 404, json: { message: 'Not Found' } }

const hosts = new Hosts()
const sessions: HttpSession[] = []
afterEach(() => {
  const { unusedReplies } = hosts
  hosts.clear()
  for (const session of sessions.splice(0)) session.close()
  expect(unusedReplies).toEqual([])
})
afterAll(() => Hosts.release())

let pair: { publicKey: Uint8Array; privateKey: Uint8Array }
let publicKey: { id: string; key: string }
let oldKey: { id: string; key: string }
beforeAll(async () => {
  await sodium.ready
  const inBase64 = (key: Uint8Array) => sodium.to_base64(key, sodium.base64_variants.ORIGINAL)
  pair = sodium.crypto_box_keypair()
  publicKey = { id: '3380', key: inBase64(pair.publicKey) }
  oldKey = { id: '3379', key: inBase64(sodium.crypto_box_keypair().publicKey) }
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

/** Adds replies to the same request below a scope. */
function addReplies(
  method: 'GET' | 'PUT' | 'PATCH' | 'POST',
  path: string,
  replies: Reply | readonly Reply[],
  scope: SecretScope = REPOSITORY
): void {
  for (const one of [replies].flat()) hosts.reply(method, scopePath(scope) + path, one)
}
const replyWithKey = (more: Reply = {}, scope: SecretScope = REPOSITORY) =>
  addReplies('GET', PUBLIC_KEY, { json: { key_id: publicKey.id, key: publicKey.key }, ...more }, scope)

/** Returns the method, the path and the body of each request. */
const requests = () =>
  hosts.requests.map(({ method, url, body }) => [
    `${method} ${url.slice(API.length)}`,
    ...(body === '' ? [] : [JSON.parse(body)])
  ])

test.each(['token', 'zwölf €€ 😀', ''])('a seal opens only with the private key: %j', async text => {
  const sealed = await seal(new Secret(text), publicKey.key)
  expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/)
  expect(Buffer.from(sealed, 'base64')).toHaveLength(Buffer.byteLength(text) + 48)
  expect(opened(sealed)).toBe(text)
  expect(await seal(new Secret(text), publicKey.key)).not.toBe(sealed)
})

describe('the store', () => {
  test('has the public key, the date of the secret, and the time by GitHub’s clock', async () => {
    replyWithKey({ headers: { Date: 'Sun, 01 Mar 2026 06:07:08 GMT' } })
    addReplies('GET', SECRET, { json: { name: 'X', updated_at: UPDATED, visibility: 'all' } })
    expect(await readSecretStore(githubFor(), 'X')).toEqual({
      publicKey,
      now: new Date('2026-03-01T06:07:08Z'),
      secret: { updatedAt: new Date(UPDATED) }
    })
    expect(requests()).toEqual([
      ['GET /repos/octo-org/app/actions/secrets/public-key'],
      ['GET /repos/octo-org/app/actions/secrets/X']
    ])
  })

  test.each([{}, { Date: 'yesterday' }])(
    'without a secret, and without a date of GitHub: the time by the runner’s clock (%j)',
    async headers => {
      replyWithKey({ headers }, ENVIRONMENT)
      addReplies('GET', SECRET, MISSING, ENVIRONMENT)
      const now = new Date('2026-03-01T12:00:00Z')
      expect(await readSecretStore(githubFor(ENVIRONMENT), 'X')).toEqual({ publicKey, now })
    }
  )

  test.each([
    ['no key', { key_id: '1' }],
    ['no id', { key: Buffer.alloc(32, 7).toString('base64') }],
    ['an id that is a number', { key_id: 1, key: Buffer.alloc(32, 7).toString('base64') }],
    ['a short key', { key_id: '1', key: Buffer.alloc(31, 7).toString('base64') }],
    ['a long key', { key_id: '1', key: Buffer.alloc(33, 7).toString('base64') }],
    ['a key that is not text', { key_id: '1', key: {} }],
    ['a key without its padding', { key_id: '1', key: 'A'.repeat(43) }],
    ['a key in base64url', { key_id: '1', key: `${'-_'.repeat(21)}A=` }],
    ['a key that is not a point of the curve', { key_id: '1', key: Buffer.alloc(32).toString('base64') }],
    ['a key with a line break', { key_id: '1', key: `${Buffer.alloc(32, 7).toString('base64')}\n` }]
  ])('%s is a bad response', async (_, json) => {
    replyWithKey({ json })
    await expect(readSecretStore(githubFor(), 'X')).rejects.toMatchObject({
      code: 'bad-response',
      message: `GET ${API}/repos/octo-org/app/actions/secrets/public-key answered 200, but it has no usable public key, 1 attempt.`
    })
  })
})

describe('the metadata of a secret', () => {
  const read = (reply: Reply, scope: SecretScope = REPOSITORY) => {
    addReplies('GET', SECRET, reply, scope)
    return readSecret(githubFor(scope), 'X')
  }

  test.each<[string, SecretScope, Reply, string]>([
    ['a refusal', REPOSITORY, { status: 403 }, 'answered 403, 1 attempt.'],
    [
      'another status',
      REPOSITORY,
      { status: 202, json: { updated_at: UPDATED } },
      'answered 202, 1 attempt.'
    ],
    ['no date', REPOSITORY, { json: {} }, 'but the secret has no updated_at, 1 attempt.'],
    ['a bad date', REPOSITORY, { json: { updated_at: 'some day' } }, 'but the secret has no updated_at'],
    ['no visibility', ORGANIZATION, { json: { updated_at: UPDATED } }, 'has no known visibility'],
    [
      'an unknown visibility',
      ORGANIZATION,
      { json: { updated_at: UPDATED, visibility: 'public' } },
      'has no known visibility'
    ]
  ])('%s is an error', async (_, scope, reply, message) => {
    await expect(read(reply, scope)).rejects.toThrow(message)
  })

  describe('with selected repositories', () => {
    /** Reads a secret whose repositories are on these pages. */
    async function repositoryIds(...pages: readonly Reply[]) {
      for (const [index, page] of pages.entries())
        addReplies('GET', `${SECRET}/repositories?per_page=100&page=${index + 1}`, page, ORGANIZATION)
      const secret = await read({ json: { updated_at: UPDATED, visibility: 'selected' } }, ORGANIZATION)
      expect(secret?.visibility?.visibility).toBe('selected')
      return secret?.visibility?.repositoryIds
    }
    const pageOf = (total: number, ids: readonly unknown[]): Reply => ({
      json: { total_count: total, repositories: ids.map(id => ({ id, name: 'r' })) }
    })

    test('has those of all pages, and ends with a page without repositories, whatever the total is', async () => {
      expect(await repositoryIds(pageOf(3, [1, 2]), pageOf(3, [3]))).toEqual([1, 2, 3])
      expect(await repositoryIds(pageOf(7, [1, 2]), pageOf(7, []))).toEqual([1, 2])
    })

    test.each([
      ['without a list', { json: { total_count: 1 } }],
      ['without a total', { json: { repositories: [] } }],
      ['with null in place of a repository', { json: { total_count: 1, repositories: [null] } }],
      ['without an id', pageOf(1, [undefined])],
      ['with one bad id among good ones', pageOf(3, [1, '2', 3])]
    ])('a page %s is a bad response: otherwise a repository would lose its access', async (_, page) => {
      await expect(repositoryIds(page)).rejects.toMatchObject({ code: 'bad-response' })
    })

    test('a page that GitHub refuses is an error', async () => {
      await expect(repositoryIds({ status: 409 })).rejects.toMatchObject({ code: 'bad-request' })
    })
  })
})

describe('storing', () => {
  const TOKEN = 'the-token-itself'
  const LOST: Reply = { error: 'ECONNRESET' }
  const THROTTLED: Reply = { status: 429, headers: { 'Retry-After': '5' } }
  const puts = (...replies: readonly Reply[]) => addReplies('PUT', SECRET, replies)

  interface StoreOptions {
    readonly scope?: SecretScope
    readonly text?: string
    readonly key?: typeof publicKey
    readonly visibility?: Visibility | undefined
    readonly maxAttempts?: number
  }

  /** Stores the value. `states`: each state that was reported, and how many requests GitHub had received by then. */
  async function store({ scope, text = TOKEN, key = publicKey, visibility, maxAttempts }: StoreOptions = {}) {
    const before = hosts.requests.length
    const states: string[] = []
    const result = await putSecret(githubFor(scope, maxAttempts), 'X', {
      value: new Secret(text),
      publicKey: key,
      visibility,
      onAttempt: state => states.push(`${state} after ${hosts.requests.length - before}`)
    })
    return { ...result, states }
  }

  test.each<[SecretScope, Visibility | undefined, object]>([
    [REPOSITORY, undefined, {}],
    [ENVIRONMENT, undefined, {}],
    [ORGANIZATION, { visibility: 'private' }, { visibility: 'private' }],
    [ORGANIZATION, { visibility: 'selected' }, { visibility: 'selected', selected_repository_ids: [] }]
  ])('at %j, visible to %j', async (scope, visibility, more) => {
    for (const status of [201, 204]) {
      addReplies('PUT', SECRET, { status }, scope)
      expect(await store({ scope, visibility })).toEqual({ outcome: 'stored', states: ['started after 0'] })
    }
    for (const [request, { encrypted_value, ...rest }] of requests()) {
      expect([request, rest]).toEqual([`PUT ${scopePath(scope)}${SECRET}`, { key_id: '3380', ...more }])
      expect(opened(encrypted_value)).toBe(TOKEN)
    }
    expect(JSON.stringify(hosts.requests)).not.toContain(TOKEN)
  })

  test('throttled and then refused: not stored, and known as not stored during the waits', async () => {
    puts(THROTTLED, THROTTLED, { status: 403 })
    expect(await store({ maxAttempts: 3 })).toEqual({
      outcome: 'not-stored',
      error: expect.objectContaining({ code: 'github-forbidden' }),
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
    puts(LOST, THROTTLED, { status: 404 })
    expect(await store({ maxAttempts: 3 })).toEqual({
      outcome: 'unknown',
      error: expect.objectContaining({ code: 'github-not-found' }),
      // A lost request is not among those that were seen.
      states: ['started after 0', 'started after 0', 'started after 1']
    })
  })

  test('48 KB are allowed; with a byte more, nothing is sent', async () => {
    puts({ status: 201 })
    expect((await store({ text: 'x'.repeat(48 * 1024) })).outcome).toBe('stored')
    await expect(store({ text: `ü${'x'.repeat(48 * 1024 - 1)}` })).rejects.toMatchObject({
      code: 'secret-refused',
      message: 'The token is larger than 48 KB, the maximum size of a GitHub secret.'
    })
    expect(hosts.requests).toHaveLength(1)
  })

  test('if the public key changed, the value is sealed again, once', async () => {
    puts({ status: 422 }, { status: 204 })
    replyWithKey()
    expect((await store({ key: oldKey })).outcome).toBe('stored')
    const [, { encrypted_value, key_id }] = requests().at(-1) ?? []
    expect([opened(encrypted_value), key_id]).toEqual([TOKEN, '3380'])

    puts({ status: 422 }, { status: 422 })
    replyWithKey()
    expect((await store({ key: oldKey })).outcome).toBe('not-stored')
  })

  test('sealed again, an attempt without a response is unknown', async () => {
    puts({ status: 422 }, LOST, { status: 403 })
    replyWithKey()
    expect((await store({ key: oldKey, maxAttempts: 2 })).outcome).toBe('unknown')
  })

  test.each<[string, boolean, Reply]>([
    ['did not change', false, {}],
    ['cannot be read again', true, { status: 403 }],
    ['cannot be used', true, { text: 'nonsense' }]
  ])('if the public key %s, the refusal is the error', async (_, isOld, reply) => {
    puts({ status: 422, json: { message: 'no' } })
    replyWithKey(reply)
    expect(await store(isOld ? { key: oldKey } : {})).toMatchObject({
      outcome: 'not-stored',
      error: { code: 'secret-refused', message: expect.stringContaining('answered 422 (no)') }
    })
  })

  // Only these answers prove that nothing was stored.
  test.each([400, 401, 403, 404, 409, 422, 429])(
    'refused with %i: not stored; after an attempt without a response: unknown',
    async status => {
      const refusal = { status, headers: status === 429 ? { 'Retry-After': '3600' } : {} }
      puts(refusal)
      if (status === 422) replyWithKey()
      expect((await store()).outcome).toBe('not-stored')
      for (const first of [LOST, { status: 502 }]) {
        puts(first, refusal)
        expect((await store({ maxAttempts: 2 })).outcome).toBe('unknown')
      }
    }
  )

  const OTHER_STATUSES = [
    ...[200, 202, 402, 405, 406, 408, 410, 412, 413, 415, 421, 423, 425, 428, 431, 451, 499],
    ...[500, 501, 502, 503, 504, 520, 599]
  ]
  test.each<[string, Reply]>([
    ...OTHER_STATUSES.map((status): [string, Reply] => [`status ${status}`, { status }]),
    ['a redirect', { status: 307, headers: { Location: `${API}/repositories/1` } }],
    ['a reset', LOST],
    ['a damaged TLS record', { error: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }],
    ['a response that is not HTTP', { error: 'HPE_INVALID_CONSTANT' }]
  ])('%s: unknown', async (_, reply) => {
    puts(reply)
    expect((await store()).outcome).toBe('unknown')
  })

  test.each(['ENOTFOUND', 'ECONNREFUSED', 'CERT_HAS_EXPIRED'])('%s: not stored', async error => {
    puts({ error })
    expect((await store()).outcome).toBe('not-stored')
  })
})

describe('the variable', () => {
  const VARIABLE = '/variables/E'
  const DONE: Reply = { status: 204 }
  const FORBIDDEN: Reply = { status: 403 }

  test.each([
    [{ name: 'E', value: 'present' }, 'present'],
    [{ value: '' }, 'unknown'],
    [{ value: 7 }, 'unknown']
  ])('is checked by writing its present value: %j', async (json, value) => {
    addReplies('GET', VARIABLE, { json })
    addReplies('PATCH', VARIABLE, DONE)
    await checkVariable(githubFor(), 'E', undefined)
    expect(requests().at(-1)).toEqual([`PATCH ${scopePath(REPOSITORY)}/variables/E`, { name: 'E', value }])
  })

  test.each<[SecretScope, Visibility | undefined, object]>([
    [REPOSITORY, undefined, {}],
    [ENVIRONMENT, undefined, {}],
    [ORGANIZATION, undefined, { visibility: 'private' }],
    [ORGANIZATION, { visibility: 'all' }, { visibility: 'all' }]
  ])('is created at %j, visible to %j', async (scope, visibility, more) => {
    addReplies('GET', VARIABLE, MISSING, scope)
    addReplies('PATCH', VARIABLE, MISSING, scope)
    addReplies('POST', '/variables', { status: 201 }, scope)
    await checkVariable(githubFor(scope), 'E', visibility)
    expect(requests().at(-1)).toEqual([
      `POST ${scopePath(scope)}/variables`,
      { name: 'E', value: 'unknown', ...more }
    ])
  })

  test.each<[string, Reply, Reply[], Reply[]]>([
    ['read', FORBIDDEN, [], []],
    ['updated', { json: {} }, [FORBIDDEN], []],
    ['created', MISSING, [MISSING], [FORBIDDEN]]
  ])('that may not be %s: the error names the permission', async (_, get, patch, post) => {
    addReplies('GET', VARIABLE, get)
    addReplies('PATCH', VARIABLE, patch)
    addReplies('POST', '/variables', post)
    await expect(checkVariable(githubFor(), 'E', undefined)).rejects.toMatchObject({
      code: 'github-forbidden',
      hint: expect.stringContaining('the repository permission Variables: write')
    })
  })
})

test.each([
  [REPOSITORY, 'repository octo-org/app', 'repository permission Secrets', 'repository permission Variables'],
  [
    ENVIRONMENT,
    'environment a/b of octo-org/app',
    'repository permission Environments',
    'repository permission Environments'
  ],
  [
    ORGANIZATION,
    'organisation octo-org',
    'organisation permission Secrets',
    'organisation permission Variables'
  ]
])('%j in words, and the permissions that it needs', (scope, words, forSecrets, forVariables) => {
  expect(describeScope(scope)).toBe(words)
  expect(requiredPermission(scope, 'secrets')).toBe(`the ${forSecrets}: write`)
  expect(requiredPermission(scope, 'variables')).toBe(`the ${forVariables}: write`)
})
