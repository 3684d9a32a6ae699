import { afterEach, describe, expect, test } from '@jest/globals'
import {
  AttemptError,
  correlationIdOf,
  RequestError,
  redirectError,
  responseError,
  responseTrail,
  statusToCode,
  toAttemptError
} from '../../src/http/errors.js'
import type { HttpRequest, HttpResponse } from '../../src/http/types.js'

const request: HttpRequest = {
  method: 'POST',
  url: new URL('https://login.example.com/token?a=b'),
  headers: {}
}

function response(parts: Partial<HttpResponse> = {}): HttpResponse {
  return {
    request,
    status: 400,
    headers: {},
    body: '{}',
    isReusedConnection: false,
    isThrottled: false,
    sentAt: new Date(0),
    attempts: 1,
    earlierMayHaveBeenApplied: false,
    whyNoRetry: '',
    ...parts
  }
}

/** An error as Node throws it for one address. */
const failed = (code: string, syscall = 'connect', message = '') =>
  Object.assign(new Error(message), { code, syscall })

const tunnel = (cause: string) =>
  failed('ECONNRESET', '', `tunneling socket could not be established, ${cause}`)

function attemptFields(thrown: unknown) {
  const { kind, message, systemCode, mayHaveBeenApplied } = toAttemptError(thrown)
  return [kind, message, systemCode, mayHaveBeenApplied ? 'may have been applied' : 'not sent']
}

describe('an attempt that was certainly not sent', () => {
  test.each<[unknown, string, string, string]>([
    [failed('ENOTFOUND', 'getaddrinfo'), 'network', 'DNS does not know the host', 'ENOTFOUND'],
    [failed('EAI_AGAIN', 'getaddrinfo'), 'network', 'DNS did not answer', 'EAI_AGAIN'],
    [failed('EAI_FAIL', 'getaddrinfo'), 'network', 'DNS failed', 'EAI_FAIL'],
    [failed('ECONNREFUSED'), 'network', 'the connection was refused', 'ECONNREFUSED'],
    [failed('EHOSTUNREACH'), 'network', 'the host is unreachable', 'EHOSTUNREACH'],
    [failed('ENETUNREACH'), 'network', 'the network is unreachable', 'ENETUNREACH'],
    [failed('CERT_REVOKED', ''), 'tls', 'its certificate is revoked', 'CERT_REVOKED'],
    [
      new AggregateError([failed('ECONNREFUSED'), failed('EHOSTUNREACH')]),
      'network',
      'the connection was refused',
      'ECONNREFUSED'
    ],
    [tunnel('statusCode=407'), 'proxy-refused', 'the proxy answered 407 to CONNECT', ''],
    [tunnel('statusCode=502'), 'network', 'the proxy answered 502 to CONNECT', ''],
    [
      tunnel('cause=connect ECONNREFUSED 10.0.0.1:3128'),
      'network',
      'the proxy was not reached',
      'ECONNREFUSED'
    ],
    [tunnel('cause=socket hang up'), 'network', 'the proxy was not reached', ''],
    [
      tunnel('cause=self-signed certificate'),
      'tls',
      'the runner does not trust the certificate of the proxy',
      ''
    ]
  ])('%#: %s', (thrown, ...expected) => {
    expect(attemptFields(thrown)).toEqual([...expected, 'not sent'])
  })
})

describe('an attempt that may have been applied', () => {
  test.each<[unknown, string, string, string]>([
    [failed('ETIMEDOUT'), 'network', 'no connection was made in time', 'ETIMEDOUT'],
    [failed('ECONNRESET', 'read'), 'network', 'the connection was reset', 'ECONNRESET'],
    [failed('EPIPE', 'write'), 'network', 'the connection was closed', 'EPIPE'],
    // Linux reports a router's answer to packets of an existing connection with the same codes.
    [failed('EHOSTUNREACH', 'read'), 'network', 'the host is unreachable', 'EHOSTUNREACH'],
    [
      failed(
        'ECONNRESET',
        '',
        'Client network socket disconnected before secure TLS connection was established'
      ),
      'network',
      'the connection was reset',
      'ECONNRESET'
    ],
    [failed('EPROTO', 'write'), 'tls', 'the TLS connection failed', 'EPROTO'],
    [
      failed('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', ''),
      'tls',
      'the TLS connection failed',
      'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'
    ],
    [
      new AggregateError([failed('ECONNREFUSED'), failed('ETIMEDOUT')]),
      'network',
      'the connection was refused',
      'ECONNREFUSED'
    ],
    [
      new AggregateError([failed('ETIMEDOUT'), failed('ECONNREFUSED')]),
      'network',
      'no connection was made in time',
      'ETIMEDOUT'
    ],
    [new AggregateError([]), 'network', 'the connection failed', ''],
    [failed('HPE_INVALID_CONSTANT', ''), 'not-http', 'the response is not HTTP', 'HPE_INVALID_CONSTANT'],
    [failed('HPE_HEADER_OVERFLOW', ''), 'too-large', 'its headers are larger than 16 KiB', ''],
    // The text of an unknown error may contain anything.
    [new Error('password=hunter2-hunter2'), 'network', 'the connection failed', ''],
    [undefined, 'network', 'the connection failed', '']
  ])('%#: %s', (thrown, ...expected) => {
    expect(attemptFields(thrown)).toEqual([...expected, 'may have been applied'])
  })
})

test('an AttemptError is returned as it is, and by default the request may have been applied', () => {
  const error = new AttemptError('timeout', 'x')
  expect(toAttemptError(error)).toBe(error)
  expect(error.mayHaveBeenApplied).toBe(true)
})

test('the summary has the code of the system, if there is one', () => {
  expect(toAttemptError(failed('ENOTFOUND', 'getaddrinfo')).summary).toBe(
    'DNS does not know the host (ENOTFOUND)'
  )
  expect(new AttemptError('timeout', 'no complete response').summary).toBe('no complete response')
})

describe('an error about a response', () => {
  const details = { code: 'bad-request', words: 'some words', hint: 'Do this.' } as const

  test('has the request without its query, the status, the words, the ids, the attempts and why there is no retry', () => {
    const headers = { 'inin-correlation-id': '5f0c-11', 'x-github-request-id': 'C0DE:2A3B' }
    const error = responseError(response({ headers, attempts: 2, whyNoRetry: '; no time is left' }), details)
    expect([error.code, error.message, error.hint]).toEqual([
      'bad-request',
      'POST https://login.example.com/token answered 400 some words, correlation id 5f0c-11, request id C0DE:2A3B, 2 attempts; no time is left.',
      'Do this.'
    ])
  })

  test.each([
    [8 * 1024, 'answered 400 some words, 1 attempt.'],
    [8 * 1024 + 1, 'answered 400, 1 attempt.']
  ])('quotes a body of %d characters only if it is at most 8 KiB', (length, end) => {
    expect(responseError(response({ body: 'x'.repeat(length) }), details).message).toContain(end)
  })
})

test.each(['', 'a b', 'x'.repeat(65), 'a\nb', 'ü'])('%j is not the id of a request', id => {
  const headers = { 'inin-correlation-id': id, 'x-github-request-id': id }
  expect(correlationIdOf(response({ headers }))).toBeUndefined()
  expect(responseTrail(response({ headers }))).toBe(', 1 attempt')
})

test.each([
  [400, 'bad-request'],
  [403, 'forbidden'],
  [499, 'bad-request'],
  [500, 'unavailable'],
  [599, 'unavailable'],
  [202, 'bad-response'],
  [304, 'bad-response']
] as const)('%i is %s, and rate-limited if throttled', (status, code) => {
  const special = { 403: 'forbidden', 500: 'forbidden', 202: 'forbidden' } as const
  expect(statusToCode({ status, isThrottled: false }, special)).toBe(code)
  expect(statusToCode({ status, isThrottled: true }, special)).toBe('rate-limited')
})

test.each([
  ['https://elsewhere.example/login?a=b', 'elsewhere.example'],
  ['/login', 'login.example.com'],
  ['https://', 'an unknown host']
])('a redirect to %s names %s', (location, host) => {
  const { code, message } = redirectError(response({ status: 302, headers: { location } }))
  expect([code, message]).toEqual([
    'redirected',
    `POST https://login.example.com/token answered 302, a redirect to ${host}, 1 attempt.`
  ])
})

describe('an error about a request', () => {
  const before = process.env['HTTPS_PROXY']
  afterEach(() => {
    if (before === undefined) delete process.env['HTTPS_PROXY']
    else process.env['HTTPS_PROXY'] = before
  })
  const unknownHost = new AttemptError('network', 'DNS does not know the host', { systemCode: 'ENOTFOUND' })
  const fail = () =>
    new RequestError({ ...request, hintIfHostUnknown: 'No such region.' }, unknownHost, {
      attempts: 5,
      mayHaveBeenApplied: false
    })

  test('has a hint about the host if DNS does not know it', () => {
    expect(fail()).toMatchObject({
      code: 'network',
      message:
        'POST https://login.example.com/token failed: DNS does not know the host (ENOTFOUND), 5 attempts.',
      hint: expect.stringMatching(/^No such region\. Check the region/)
    })
  })

  test('behind a proxy names the proxy without its credentials, and has no hint about the host', () => {
    process.env['HTTPS_PROXY'] = 'http://user:pass-word@proxy.example:3128'
    expect(fail()).toMatchObject({
      message: expect.stringContaining('(ENOTFOUND), through the proxy proxy.example:3128, 5 attempts.'),
      hint: expect.stringMatching(/^Check the region/)
    })
  })
})
