import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { GitHubApi, requireJson } from '../../src/github/api.js'
import { type SecretScope, scopePath } from '../../src/github/scope.js'
import type { HttpSession } from '../../src/http/session.js'
import { Secret } from '../../src/lib/secret.js'
import { describeError } from '../../src/runner/report-failure.js'
import { newContext, withRunner } from '../support/in-process.js'
import { API, failing, type Laid, Table } from '../support/rotation-table.js'
import { openSession, StillClock } from '../support/session.js'

const TOKEN = 'github_pat_of-this-test'
const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = {
  kind: 'environment',
  repository: 'octo-org/app',
  environment: 'Prod / EU 50% ü?#'
}
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }

const table = new Table()
const sessions: HttpSession[] = []
afterEach(() => {
  table.clear()
  for (const session of sessions.splice(0)) session.close()
})
afterAll(() => table.release())

function open(scope: SecretScope = REPOSITORY, apiUrl = API, maxAttempts = 1) {
  const clock = new StillClock()
  const { session } = openSession({ clock, maxAttempts })
  sessions.push(session)
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const github = new GitHubApi({ apiUrl, githubToken: new Secret(TOKEN), scope, session, warn })
  return { clock, github, warnings }
}

describe('a request', () => {
  test('without a body', async () => {
    table.lay({ method: 'GET', path: '/repos/octo-org/app/actions/secrets/X', json: {} })
    const { github } = open()
    expect((await github.send('GET', '/secrets/X')).status).toBe(200)
    expect(table.seen).toEqual([
      {
        method: 'GET',
        url: `${API}/repos/octo-org/app/actions/secrets/X`,
        headers: expect.objectContaining({
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${TOKEN}`,
          'user-agent': expect.stringMatching(/^cc-token-action\/\d+\.\d+\.\d+$/),
          'x-github-api-version': '2022-11-28'
        }),
        body: ''
      }
    ])
    expect(table.seen[0]?.headers).not.toHaveProperty('content-type')
  })

  test('with a body', async () => {
    table.lay({ method: 'PUT', path: '/repos/octo-org/app/actions/secrets/X', status: 201, json: {} })
    await open().github.send('PUT', '/secrets/X', { body: { a: 'ü', b: [1] } })
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
  ])('is sent to its scope: %j at %s', async (scope, apiUrl, path) => {
    table.lay({ method: 'GET', path, json: {} })
    await open(scope, apiUrl).github.send('GET', '/variables/X')
    expect(table.seen.map(({ url }) => url)).toEqual([new URL(path, API).href])
  })

  test('does not follow a redirect', async () => {
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
      'The repository was renamed or moved: set its new name in repository.'
    ])
  })
})

describe('GitHub’s rate limits', () => {
  const path = '/repos/octo-org/app/actions/secrets/X'
  const ok: Laid = { method: 'GET', path, json: {} }
  const secondary = { message: 'You have exceeded a secondary rate limit. Please wait.' }

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'Retry-After': '7' }, json: {} }, 7500],
    ['403 with Retry-After', { status: 403, headers: { 'Retry-After': '7' }, json: {} }, 7500],
    // GitHub asks for at least a minute; the jitter is added.
    ['429 alone', { status: 429, json: {} }, 63_000],
    ['403 with the words of the secondary limit', { status: 403, json: secondary }, 63_000],
    [
      '403 with the words of abuse detection',
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
      'the hourly limit that is over',
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
      'the hourly limit without the time of its reset',
      { status: 403, headers: { 'X-RateLimit-Remaining': '0' }, json: {} },
      63_000
    ]
  ] as [string, Omit<Laid, 'method' | 'path'>, number][])(
    'after %s, the request is sent again',
    async (_, limited, waitMs) => {
      table.lay({ method: 'GET', path, ...limited }, ok)
      const { github, clock } = open()
      const { status, attempts } = await github.send('GET', '/secrets/X')
      expect([status, attempts]).toEqual([200, 2])
      expect(clock.waits).toEqual([expect.closeTo(waitMs, -3)])
    }
  )

  test('a 403 without a sign of a limit is final', async () => {
    table.lay({
      method: 'GET',
      path,
      status: 403,
      headers: { 'X-RateLimit-Remaining': '12' },
      json: { message: 'Resource not accessible by integration' }
    })
    const response = await open(REPOSITORY, API, 5).github.send('GET', '/secrets/X')
    expect([response.status, response.isThrottled, response.attempts]).toEqual([403, false, 1])
  })
})

describe('GitHub’s clock', () => {
  test('is used for the time of the reset, because the runner’s may be wrong', async () => {
    const path = '/repos/octo-org/app/actions/secrets/X'
    const headers = {
      Date: 'Sun, 01 Mar 2026 13:00:00 GMT',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(Date.parse('2026-03-01T13:00:30Z') / 1000)
    }
    table.lay({ method: 'GET', path, status: 429, headers }, { method: 'GET', path, json: {} })
    const { github, clock } = open()
    await github.send('GET', '/secrets/X')
    expect(clock.waits).toEqual([31_500])
  })
})

describe('an error', () => {
  const path = '/repos/octo-org/app/actions/secrets/X'

  async function errorFor(reply: Omit<Laid, 'method' | 'path'>, scope = REPOSITORY) {
    table.lay({ method: 'GET', path: `${scopePath(scope)}/secrets/X`, ...reply })
    const { github } = open(scope)
    return github.error(await github.send('GET', '/secrets/X'), 'secrets')
  }

  test('has GitHub’s words, its request id and the attempts', async () => {
    const error = await errorFor({
      status: 404,
      headers: { 'X-GitHub-Request-Id': 'C0DE:2A3B:1F' },
      json: { message: 'Not Found' }
    })
    expect(error.message).toBe(
      `GET ${API}${path} answered 404 (Not Found), request id C0DE:2A3B:1F, 1 attempt.`
    )
  })

  test.each([
    [401, 'github-token-rejected', 'GitHub does not accept the github-token'],
    [
      403,
      'github-forbidden',
      'needs the repository permission Secrets: write. The workflow’s own GITHUB_TOKEN'
    ],
    [404, 'github-not-found', 'Either repository octo-org/app does not exist, or'],
    [422, 'secret-refused', 'GitHub rejected the name or the value'],
    [429, 'rate-limited', 'GitHub limits the requests of a token'],
    [500, 'unavailable', 'GitHub has a problem'],
    [410, 'bad-request', 'GitHub no longer supports the API version'],
    [409, 'bad-request', 'GitHub rejected the request'],
    [202, 'bad-response', 'This is not a response of GitHub’s API']
  ])('for %i', async (status, code, hint) => {
    const headers = status === 429 ? { 'Retry-After': '3600' } : {}
    const error = await errorFor({ status, headers, json: {} })
    expect([error.code, error.hint]).toEqual([code, expect.stringContaining(hint)])
  })

  test.each([
    [ENVIRONMENT, 'the repository permission Environments: write', 'environment Prod / EU 50% ü?# of'],
    [ORGANIZATION, 'the organisation permission Secrets: write', 'organisation octo-org']
  ])('names the permission for %j', async (scope, permission, words) => {
    expect((await errorFor({ status: 403, json: {} }, scope)).hint).toContain(permission)
    expect((await errorFor({ status: 404, json: {} }, scope)).hint).toContain(words)
  })

  test.each([
    ['HTML', { text: '<html>' }],
    ['null', { text: 'null' }],
    ['a list', { text: '[]' }],
    ['an empty message', { json: { message: '' } }],
    ['a message that is not text', { json: { message: { a: 1 } } }]
  ])('has no words if the body is %s', async (_, body) => {
    expect((await errorFor({ status: 422, ...body })).message).toBe(
      `GET ${API}${path} answered 422, 1 attempt.`
    )
  })

  test('with words that repeat the GitHub token is redacted, cleaned and cut when it is reported', async () => {
    const error = await errorFor({
      status: 422,
      headers: { 'X-GitHub-Request-Id': 'a b' },
      json: {
        message: `\u001b[1m${TOKEN} Bearer ${TOKEN.slice(0, 9)}\u200b${TOKEN.slice(9)}${'x'.repeat(4000)}`
      }
    })
    await withRunner(({ log }) => {
      const { log: logger } = newContext()
      logger.mask(new Secret(TOKEN))
      logger.warn(describeError(error, logger))
      const [warning = ''] = log()
        .split('\n')
        .filter(line => line.startsWith('::warning::'))
      expect(warning).not.toContain(TOKEN.slice(9))
      expect(warning).toMatch(
        /^::warning::\[secret-refused\] GET \S+ answered 422 \( \[1m\*\*\* Bearer \*\*\*x+…x+\), 1 attempt\. GitHub rejected/
      )
      expect(warning.length).toBeLessThan(1400)
    })
  })
})

test.each(['', '{', '"text"', 'null', '17'])('%j is not a JSON object', async text => {
  const path = '/repos/octo-org/app/actions/secrets/X'
  table.lay({ method: 'GET', path, text })
  const response = await open().github.send('GET', '/secrets/X')
  expect(() => requireJson(response)).toThrow(
    `GET ${API}${path} answered 200, but its body is not a JSON object, 1 attempt.`
  )
})

test('the end of the API version is a warning, once', async () => {
  const path = '/repos/octo-org/app/actions/secrets/X'
  const reply: Laid = { method: 'GET', path, json: {}, headers: { Sunset: 'Fri, 10 Mar 2028 09:30:00 GMT' } }
  table.lay({ ...reply, headers: { Sunset: 'some day' } }, reply, reply)
  const { github, warnings } = open()
  for (let n = 0; n < 3; n++) await github.send('GET', '/secrets/X')
  expect(warnings).toEqual([
    'GitHub ends the API version that this action uses on 2028-03-10 09:30 UTC. Update the action before.'
  ])
})
