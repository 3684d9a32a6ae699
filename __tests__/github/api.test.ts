import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { GitHubApi, requireJson } from '../../src/github/api.js'
import type { SecretScope } from '../../src/github/scope.js'
import type { HttpSession } from '../../src/http/session.js'
import { Secret } from '../../src/lib/secret.js'
import { TestClock } from '../support/clock.js'
import { GITHUB_API as API, Hosts, type Reply } from '../support/hosts.js'
import { openSession } from '../support/session.js'

const TOKEN = 'github_pat_of-this-test'
const PATH = '/repos/octo-org/app/actions/secrets/X'
const REPOSITORY: SecretScope = { kind: 'repository', repository: 'octo-org/app' }
const ENVIRONMENT: SecretScope = {
  kind: 'environment',
  repository: 'octo-org/app',
  environment: 'Prod / EU 50% ü?#'
}
const ORGANIZATION: SecretScope = { kind: 'organization', organization: 'octo-org' }

const hosts = new Hosts()
const sessions: HttpSession[] = []
afterEach(() => {
  hosts.clear()
  for (const session of sessions.splice(0)) session.close()
})
afterAll(() => Hosts.release())

function open(scope: SecretScope = REPOSITORY, apiUrl = API) {
  const clock = new TestClock()
  const { session } = openSession({ clock })
  sessions.push(session)
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const github = new GitHubApi({ apiUrl, githubToken: new Secret(TOKEN), scope, session, warn })
  return { clock, github, warnings }
}

/** Sends a request that gets this reply. */
function responseTo(reply: Reply) {
  hosts.reply('GET', PATH, reply)
  return open().github.send('GET', '/secrets/X')
}

describe('a request', () => {
  test('without a body', async () => {
    expect((await responseTo({ json: {} })).status).toBe(200)
    expect(hosts.requests).toEqual([
      {
        method: 'GET',
        url: API + PATH,
        headers: expect.objectContaining({
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${TOKEN}`,
          'user-agent': expect.stringMatching(/^cc-token-action\/\d+\.\d+\.\d+$/),
          'x-github-api-version': '2022-11-28'
        }),
        body: ''
      }
    ])
    expect(hosts.requests[0]?.headers).not.toHaveProperty('content-type')
  })

  test('with a body', async () => {
    hosts.reply('PUT', PATH, { status: 201, json: {} })
    await open().github.send('PUT', '/secrets/X', { body: { a: 'ü', b: [1] } })
    expect(hosts.requests[0]).toMatchObject({
      method: 'PUT',
      headers: { accept: 'application/vnd.github+json', 'content-type': 'application/json' },
      body: '{"a":"ü","b":[1]}'
    })
  })

  test.each([
    [REPOSITORY, API, `${API}/repos/octo-org/app/actions/X`],
    [ENVIRONMENT, API, `${API}/repos/octo-org/app/environments/Prod%20%2F%20EU%2050%25%20%C3%BC%3F%23/X`],
    [ORGANIZATION, API, `${API}/orgs/octo-org/actions/X`],
    [REPOSITORY, 'https://ghe.example/api/v3/', 'https://ghe.example/api/v3/repos/octo-org/app/actions/X']
  ])('is sent to its scope: %j at %s', async (scope, apiUrl, url) => {
    hosts.reply('GET', url)
    await open(scope, apiUrl).github.send('GET', '/X')
    expect(hosts.requests.map(seen => seen.url)).toEqual([url])
  })

  test('does not follow a redirect', async () => {
    const headers = { Location: 'https://api.github.com/repositories/1' }
    await expect(responseTo({ status: 301, headers })).rejects.toMatchObject({
      code: 'redirected',
      hint: 'The repository was renamed or moved: set its new name in repository.'
    })
  })
})

describe('GitHub’s rate limits', () => {
  /** Headers of the hourly limit. Without `now`, the runner's clock counts. */
  const hourly = (resetsAt: string, now?: string): Record<string, string> => ({
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(Date.parse(resetsAt) / 1000),
    ...(now === undefined ? {} : { Date: new Date(now).toUTCString() })
  })
  const words = (message: string) => ({ status: 403, json: { message } })

  test.each<[string, Reply, number]>([
    ['429 with Retry-After', { status: 429, headers: { 'Retry-After': '7' } }, 7500],
    ['403 with Retry-After', { status: 403, headers: { 'Retry-After': '7' } }, 7500],
    // GitHub asks for at least a minute; the jitter is added.
    ['429 alone', { status: 429 }, 63_000],
    ['the secondary limit', words('You have exceeded a secondary rate limit. Please wait.'), 63_000],
    ['abuse detection', words('You have triggered an Abuse Detection mechanism'), 63_000],
    ['the hourly limit', { status: 403, headers: hourly('2026-03-01T12:00:30Z') }, 31_500],
    [
      'the hourly limit, by GitHub’s clock',
      { status: 429, headers: hourly('2026-03-01T13:00:30Z', '2026-03-01T13:00:00Z') },
      31_500
    ],
    ['the hourly limit that is over', { status: 429, headers: hourly('2026-03-01T11:59:59Z') }, 10_000],
    ['the hourly limit without its end', { status: 403, headers: { 'X-RateLimit-Remaining': '0' } }, 63_000]
  ])('after %s, the request is sent again', async (_, limited, waitMs) => {
    hosts.reply('GET', PATH, limited).reply('GET', PATH)
    const { github, clock } = open()
    const { status, attempts } = await github.send('GET', '/secrets/X')
    expect([status, attempts]).toEqual([200, 2])
    expect(clock.waits).toEqual([waitMs])
  })

  test('a 403 without a sign of a limit is final', async () => {
    const headers = { 'X-RateLimit-Remaining': '12' }
    const json = { message: 'Resource not accessible by integration' }
    const response = await responseTo({ status: 403, headers, json })
    expect([response.status, response.isThrottled, response.attempts]).toEqual([403, false, 1])
  })
})

describe('an error', () => {
  const errorFor = async (reply: Reply) => open().github.error(await responseTo(reply), 'secrets')

  test('has GitHub’s words, its request id and the attempts', async () => {
    const headers = { 'X-GitHub-Request-Id': 'C0DE:2A3B:1F' }
    const error = await errorFor({ status: 404, headers, json: { message: 'Not Found' } })
    expect(error.message).toBe(
      `GET ${API}${PATH} answered 404 (Not Found), request id C0DE:2A3B:1F, 1 attempt.`
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
    const error = await errorFor({ status, headers })
    expect([error.code, error.hint]).toEqual([code, expect.stringContaining(hint)])
  })

  test.each([
    ['HTML', { text: '<html>' }],
    ['null', { text: 'null' }],
    ['an empty message', { json: { message: '' } }],
    ['a message that is not text', { json: { message: { a: 1 } } }]
  ])('has no words if the body is %s', async (_, body) => {
    const { message } = await errorFor({ status: 422, ...body })
    expect(message).toBe(`GET ${API}${PATH} answered 422, 1 attempt.`)
  })
})

test.each(['', '{', '"text"', 'null'])('%j is not a JSON object', async text => {
  const response = await responseTo({ text })
  expect(() => requireJson(response)).toThrow(
    `GET ${API}${PATH} answered 200, but its body is not a JSON object, 1 attempt.`
  )
})

test('the end of the API version is a warning, once', async () => {
  const { github, warnings } = open()
  for (const end of ['some day', 'Fri, 10 Mar 2028 09:30:00 GMT', 'Fri, 10 Mar 2028 09:30:00 GMT']) {
    hosts.reply('GET', PATH, { headers: { Sunset: end } })
    await github.send('GET', '/secrets/X')
  }
  expect(warnings).toEqual([
    'GitHub ends the API version that this action uses on 2028-03-10 09:30 UTC. Update the action before.'
  ])
})
