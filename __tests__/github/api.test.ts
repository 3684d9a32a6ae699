import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { GitHub } from '../../src/github/api.js'
import type { SecretScope } from '../../src/github/scope.js'
import { ActionError } from '../../src/lib/action-error.js'
import { Secret } from '../../src/lib/secret.js'
import { API, failing, type Laid, Table } from '../support/rotation-table.js'
import { openWire, StillClock } from '../support/wire.js'

const TOKEN = 'github_pat_of-this-test'
const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = {
  kind: 'environment',
  repository: 'octo-org/app',
  environment: 'Prod / EU 50% ü?#'
}
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }

const table = new Table()
afterEach(() => table.clear())
afterAll(() => table.release())

function open(place: SecretScope = REPOSITORY, apiUrl = API, limits: { maxAttempts?: number } = {}) {
  const clock = new StillClock()
  const secret = new Secret(TOKEN)
  const bench = openWire({ clock, secrets: [secret], ...limits })
  return { ...bench, clock, github: new GitHub(apiUrl, secret, place, bench.wire) }
}

describe('a request', () => {
  test('that asks', async () => {
    table.lay({ method: 'GET', path: '/repos/octo-org/app/actions/secrets/X', json: {} })
    const { github } = open()
    const answer = await github.send('GET', '/secrets/X')
    expect(answer.status).toBe(200)
    expect(table.seen).toEqual([
      {
        method: 'GET',
        url: `${API}/repos/octo-org/app/actions/secrets/X`,
        headers: expect.objectContaining({
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${TOKEN}`,
          'user-agent': 'cc-token-action',
          'x-github-api-version': '2022-11-28'
        }),
        body: ''
      }
    ])
    expect(table.seen[0]?.headers).not.toHaveProperty('content-type')
  })

  test('that brings something', async () => {
    table.lay({ method: 'PUT', path: '/repos/octo-org/app/actions/secrets/X', status: 201, json: {} })
    await open().github.send('PUT', '/secrets/X', { a: 'ü', b: [1] })
    expect(table.seen[0]).toMatchObject({ method: 'PUT', body: '{"a":"ü","b":[1]}' })
    expect(table.seen[0]?.headers).toMatchObject({
      accept: 'application/vnd.github+json',
      'content-type': 'application/json'
    })
  })

  test.each([
    [REPOSITORY, API, '/repos/octo-org/app/actions/variables/X'],
    [ENVIRONMENT, API, '/repos/octo-org/app/environments/Prod%20%2F%20EU%2050%25%20%C3%BC%3F%23/variables/X'],
    [ORGANIZATION, API, '/orgs/octo-org/actions/variables/X'],
    [
      REPOSITORY,
      'https://github.example.com/api/v3/',
      'https://github.example.com/api/v3/repos/octo-org/app/actions/variables/X'
    ]
  ])('goes to its place: %j at %s', async (place, apiUrl, path) => {
    table.lay({ method: 'GET', path, json: {} })
    await open(place, apiUrl).github.send('GET', '/variables/X')
    expect(table.seen.map(({ url }) => url)).toEqual([new URL(path, API).href])
  })

  test('that is sent elsewhere is not followed', async () => {
    table.lay({
      method: 'GET',
      path: '/repos/octo-org/app/actions/secrets/X',
      status: 301,
      headers: { Location: 'https://api.github.com/repositories/1' },
      json: {}
    })
    const error = await failing(open().github.send('GET', '/secrets/X'))
    expect([error.code, error.hint]).toEqual([
      'redirected',
      'The repository was renamed or moved: give its new name in repository.'
    ])
  })
})

describe('GitHub’s limits', () => {
  const path = '/repos/octo-org/app/actions/secrets/X'
  const fine: Laid = { method: 'GET', path, json: {} }
  const secondary = { message: 'You have exceeded a secondary rate limit. Please wait.' }

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'Retry-After': '7' }, json: {} }, 7500],
    ['403 with Retry-After', { status: 403, headers: { 'Retry-After': '7' }, json: {} }, 7500],
    // GitHub asks for a minute at least; a little jitter comes on top.
    ['429 alone', { status: 429, json: {} }, 63_000],
    ['403 that names the secondary limit', { status: 403, json: secondary }, 63_000],
    [
      '403 that names abuse',
      { status: 403, json: { message: 'You have triggered an Abuse Detection mechanism' } },
      63_000
    ],
    [
      'the hourly limit',
      {
        status: 403,
        headers: {
          'X-RateLimit-Remaining': '0',
          'X-RateLimit-Reset': String(Date.parse('2026-03-01T12:00:30Z') / 1000)
        },
        json: {}
      },
      31_500
    ],
    [
      'the hourly limit that is over by now',
      {
        status: 429,
        headers: {
          'X-RateLimit-Remaining': '0',
          'X-RateLimit-Reset': String(Date.parse('2026-03-01T11:59:59Z') / 1000)
        },
        json: {}
      },
      10_000
    ],
    [
      'the hourly limit without its end',
      { status: 403, headers: { 'X-RateLimit-Remaining': '0' }, json: {} },
      63_000
    ]
  ] as [string, Omit<Laid, 'method' | 'path'>, number][])('%s is waited out', async (_, limited, waitMs) => {
    table.lay({ method: 'GET', path, ...limited }, fine)
    const { github, clock } = open()
    const answer = await github.send('GET', '/secrets/X')
    expect([answer.status, answer.attempts]).toEqual([200, 2])
    expect(clock.waits).toEqual([expect.closeTo(waitMs, -3)])
  })

  test('a 403 that names none of them is final', async () => {
    table.lay({
      method: 'GET',
      path,
      status: 403,
      headers: { 'X-RateLimit-Remaining': '12' },
      json: { message: 'Resource not accessible by integration' }
    })
    const answer = await open(REPOSITORY, API, { maxAttempts: 5 }).github.send('GET', '/secrets/X')
    expect([answer.status, answer.throttled, answer.attempts]).toEqual([403, false, 1])
  })
})

describe('what is refused', () => {
  const path = '/repos/octo-org/app/actions/secrets/X'

  async function refusal(laid: Omit<Laid, 'method' | 'path'>, place = REPOSITORY, of = 'secrets' as const) {
    const prefix = { repository: '/repos/octo-org/app/actions', organization: '/orgs/octo-org/actions' }
    const folder =
      place.kind === 'environment'
        ? `/repos/octo-org/app/environments/${encodeURIComponent(place.environment)}`
        : prefix[place.kind]
    table.lay({ method: 'GET', path: `${folder}/secrets/X`, ...laid })
    const { github } = open(place)
    const error = github.refusal(await github.send('GET', '/secrets/X'), of)
    expect(error).toBeInstanceOf(ActionError)
    return error as ActionError
  }

  test('is told with GitHub’s words, its request id and the attempts', async () => {
    const error = await refusal({
      status: 404,
      headers: { 'X-GitHub-Request-Id': 'C0DE:2A3B:1F' },
      json: { message: 'Not\nFound' }
    })
    expect(error.message).toBe(
      `GET ${API}${path} answered 404 (Not Found), request id C0DE:2A3B:1F, 1 attempt.`
    )
  })

  test.each([
    [401, 'github-token-rejected', 'GitHub does not know the github-token'],
    [
      403,
      'github-forbidden',
      'needs the repository permission Secrets: write. The workflow’s own GITHUB_TOKEN'
    ],
    [404, 'github-not-found', 'Either repository octo-org/app does not exist, or'],
    [422, 'secret-refused', 'GitHub does not accept the name or the value'],
    [429, 'rate-limited', 'GitHub limits how much a token may ask for'],
    [500, 'unavailable', 'GitHub has trouble of its own'],
    [409, 'bad-request', 'GitHub does not accept the request as it is'],
    [202, 'bad-response', 'GitHub does not accept the request as it is']
  ])('%i', async (status, code, hint) => {
    const headers = status === 429 ? { 'Retry-After': '3600' } : {}
    const error = await refusal({ status, headers, json: {} })
    expect(error.code).toBe(code)
    expect(error.hint).toContain(hint)
  })

  test.each([
    [ENVIRONMENT, 'the repository permission Environments: write', `environment ${'Prod / EU 50% ü?#'} of`],
    [ORGANIZATION, 'the organisation permission Secrets: write', 'organisation octo-org']
  ])('names the permission of %j', async (place, permission, words) => {
    expect((await refusal({ status: 403, json: {} }, place)).hint).toContain(permission)
    expect((await refusal({ status: 404, json: {} }, place)).hint).toContain(words)
  })

  test.each([
    ['no JSON', { text: '<html>' }],
    ['null', { text: 'null' }],
    ['a list', { text: '[]' }],
    ['no words', { json: { message: '' } }],
    ['words that are none', { json: { message: { a: 1 } } }]
  ])('without words: %s', async (_, body) => {
    expect((await refusal({ status: 422, ...body })).message).toBe(
      `GET ${API}${path} answered 422, 1 attempt.`
    )
  })

  test('its words are cleaned, hidden and cut; a request id that is none is left out', async () => {
    const error = await refusal({
      status: 422,
      headers: { 'X-GitHub-Request-Id': 'a b' },
      json: {
        message: `\u001b[1m${TOKEN} Bearer ${TOKEN.slice(0, 9)}\u200b${TOKEN.slice(9)}${'x'.repeat(400)}`
      }
    })
    expect(error.message).not.toContain(TOKEN)
    expect(error.message).toMatch(/^GET \S+ answered 422 \(\[1m\*\*\* Bearer \*\*\*x+…\), 1 attempt\.$/)
  })
})

test.each(['', '{', '"text"', 'null', '17'])('%j is no JSON object', async text => {
  table.lay({ method: 'GET', path: '/repos/octo-org/app/actions/secrets/X', text })
  const { github } = open()
  const answer = await github.send('GET', '/secrets/X')
  expect(() => github.json(answer)).toThrow('answered something that is not GitHub’s REST API, 1 attempt.')
})
