import { describe, expect, test } from '@jest/globals'
import { AttemptError, toAttemptError } from '../../src/http/attempt-error.js'

/** An error as Node throws it for one address. */
const failed = (code: string, syscall = 'connect', message = '') =>
  Object.assign(new Error(message), { code, syscall })

const tunnel = (cause: string) =>
  failed('ECONNRESET', '', `tunneling socket could not be established, ${cause}`)

function fieldsOf(thrown: unknown) {
  const { kind, message, systemCode, mayHaveBeenApplied } = toAttemptError(thrown)
  return [kind, message, systemCode, mayHaveBeenApplied ? 'may have been applied' : 'not sent']
}

describe('certainly not sent', () => {
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
    [tunnel('statusCode=403'), 'proxy-refused', 'the proxy answered 403 to CONNECT', ''],
    [tunnel('statusCode=502'), 'network', 'the proxy answered 502 to CONNECT', ''],
    [tunnel('statusCode=302'), 'network', 'the proxy answered 302 to CONNECT', ''],
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
    expect(fieldsOf(thrown)).toEqual([...expected, 'not sent'])
  })
})

describe('may have been applied', () => {
  test.each<[unknown, string, string, string]>([
    [failed('ETIMEDOUT'), 'network', 'no connection was made in time', 'ETIMEDOUT'],
    [failed('ECONNRESET', 'read'), 'network', 'the connection was reset', 'ECONNRESET'],
    [failed('EPIPE', 'write'), 'network', 'the connection was closed', 'EPIPE'],
    // Linux reports a router's answer to packets of an existing connection with the same codes.
    [failed('EHOSTUNREACH', 'read'), 'network', 'the host is unreachable', 'EHOSTUNREACH'],
    [failed('ENETUNREACH', 'write'), 'network', 'the network is unreachable', 'ENETUNREACH'],
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
    ['thrown text', 'network', 'the connection failed', ''],
    [undefined, 'network', 'the connection failed', '']
  ])('%#: %s', (thrown, ...expected) => {
    expect(fieldsOf(thrown)).toEqual([...expected, 'may have been applied'])
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
