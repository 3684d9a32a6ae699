/**
 * Everything that can go wrong between a request and its response: what the server sends or does not send, and what the
 * contract says about the outcome.
 */
import type { Socket } from 'node:net'
import type { RecordedRequest } from '../../emulator/server.mjs'
import type { ErrorCode } from '../../src/lib/action-error.js'
import { type Call, respond } from '../support/respond.js'

/** Where a fault happens. */
export interface Scene extends Call {
  /** Host and port of a server to which nothing must be sent. */
  readonly foreign: string
  /** The client's clock, in milliseconds. */
  readonly now: () => number
}

type Play = (scene: Scene) => unknown

interface Outcome {
  readonly code: ErrorCode | 'granted'
  /** If it is another code after the request for a long-lived token. */
  readonly codeOfGenerate?: ErrorCode | 'granted'
  /**
   * `none`: one attempt. `transient`: until max-attempts, but generate is not retried. `not-sent`: until max-attempts,
   * also generate. `throttled`: until the timeout. `retry-after`: after the time that the server asks for.
   */
  readonly retries: 'none' | 'transient' | 'not-sent' | 'throttled' | 'retry-after'
  /** After generate, it is certain that there is no long-lived token that the step does not know. */
  readonly isCertain?: true
  /** It ends only with the timeout of the attempt. */
  readonly isSlow?: true
  /** What the message contains, beside what every message contains. */
  readonly message?: RegExp
}

export interface Fault extends Outcome {
  readonly name: string
  /** What happens when the request was read. */
  readonly onRequest?: Play
  /** What happens instead before the request is read. Without either, no server listens. */
  readonly onConnection?: (socket: Socket) => unknown
}

/** Returns faults with the same outcome, by their names. */
function faults(outcome: Outcome, plays: Readonly<Record<string, Play>>): Fault[] {
  return Object.entries(plays).map(([name, onRequest]) => ({ name, onRequest, ...outcome }))
}

function connectionFaults(
  outcome: Outcome,
  plays: Readonly<Record<string, (socket: Socket) => unknown>>
): Fault[] {
  return Object.entries(plays).map(([name, onConnection]) => ({ name, onConnection, ...outcome }))
}

// What is sent, and how

export const GOOD_TOKEN = 'a-token-that-would-do-in-itself'

const tokenBody = (token: unknown) =>
  JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: 3600 })
const GRANT = tokenBody(GOOD_TOKEN)
const head = (headers: string, status = '200 As It Is') => `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n`
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const grantOf = (length: number) => `${head(`Content-Length: ${length}`)}${GRANT}`
const CUT_GRANT = grantOf(GRANT.length).slice(0, -9)
const CHUNKED = head('Transfer-Encoding: chunked')
const LATER_MS = 30

const responds =
  (status: number, body: string | Buffer = '', headers?: Record<string, string>): Play =>
  scene =>
    respond(scene, status, body, headers)

const bodyIs = (body: string | Buffer) => responds(200, body)
const tokenIs = (token: unknown) => bodyIs(tokenBody(token))

const sends =
  (bytes: string | Buffer): Play =>
  ({ socket }) =>
    socket.write(bytes)

const sendsAndCloses =
  (bytes: string): Play =>
  ({ socket }) =>
    socket.end(bytes)

/** The reset comes later than the bytes, because it would discard them. */
const sendsAndResets =
  (bytes: string): Play =>
  ({ socket }) => {
    socket.write(bytes)
    setTimeout(() => socket.resetAndDestroy(), LATER_MS)
  }

/** Writes as long as the client reads. */
const floods =
  (start: string, piece: string): Play =>
  ({ socket }) => {
    socket.write(start)
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', more)
    more()
  }

const drips =
  (start: string, piece: string): Play =>
  ({ socket }) => {
    socket.write(start)
    const timer = setInterval(() => socket.write(piece), 50)
    socket.on('close', () => clearInterval(timer))
  }

const redirects =
  (status: number, location: (scene: Scene) => string): Play =>
  scene =>
    scene.response.writeHead(status, { Location: location(scene) }).end()

const toForeign = ({ foreign }: Scene) => `http://${foreign}/oauth/token`

const asksToWait =
  (status: number, inSeconds: number): Play =>
  ({ response, now }) => {
    const date = new Date(now() + inSeconds * 1000).toUTCString()
    response.writeHead(status, { 'Retry-After': date }).end()
  }

const credentialIn = ({ headers }: RecordedRequest) => headers.authorization?.split(' ')[1] ?? ''
const textOf = ({ rawHeaders, body }: RecordedRequest) => [...rawHeaders, body].join(' ')

/** In seconds. There is time for two such waits within two minutes, and not for a third. */
const RETRY_AFTER = 50

// The table

export const FAULTS: readonly Fault[] = [
  {
    name: 'connection refused',
    code: 'network',
    retries: 'not-sent',
    isCertain: true,
    message: /ECONNREFUSED/
  },
  ...connectionFaults(
    { code: 'network', retries: 'transient' },
    {
      'reset before the request is read': socket => setTimeout(() => socket.resetAndDestroy(), LATER_MS),
      'closed before the request is read': socket => setTimeout(() => socket.end(), LATER_MS)
    }
  ),
  ...connectionFaults(
    { code: 'forbidden', retries: 'none', isCertain: true },
    { 'refused before the request is read': socket => socket.end(head('Content-Length: 0', '403 No')) }
  ),
  ...connectionFaults(
    { code: 'timeout', retries: 'transient', isSlow: true },
    { 'silence after the connection': () => {} }
  ),
  ...faults(
    { code: 'network', retries: 'transient' },
    {
      'reset after the request': ({ socket }) => socket.resetAndDestroy(),
      'closed after the request': ({ socket }) => socket.end(),
      'cut inside the status line': sendsAndCloses('HTTP/1.1 20'),
      'cut inside the headers': sendsAndCloses('HTTP/1.1 200 OK\r\nContent-Type: appl')
    }
  ),
  ...faults(
    { code: 'bad-response', retries: 'transient', message: /cut short/ },
    {
      'cut inside the body': sendsAndCloses(CUT_GRANT),
      'reset inside the body': sendsAndResets(CUT_GRANT),
      'cut before the last chunk': sendsAndCloses(`${CHUNKED}${chunk(GRANT)}`),
      'chunked garbage': sends(`${CHUNKED}this is no chunk\r\n`),
      'a 401 cut inside its body': sendsAndCloses(`${head('Content-Length: 30', '401 No')}{"error":`)
    }
  ),
  ...faults(
    { code: 'timeout', retries: 'transient', isSlow: true },
    {
      'silence after the request': () => {},
      'headers, a byte at a time': drips('HTTP/1.1 200 OK\r\nX-Slow: ', 'x'),
      'a body, a byte at a time': drips(head('Content-Length: 4096'), ' '),
      'content-length too long, and kept open': sends(grantOf(4096)),
      'a body that ends with the connection, which stays open': sends(`${head('X: y')}${GRANT}`),
      'endless early hints': drips('', 'HTTP/1.1 103 Early Hints\r\n\r\n')
    }
  ),
  ...faults(
    { code: 'bad-response', retries: 'none', message: /not HTTP/ },
    {
      'another protocol': sends('SSH-2.0-OpenSSH_9.2p1\r\n'),
      'a control character in a header': sends(head('X-Na\u0001me: x\r\nContent-Length: 0')),
      'two lengths that differ': sends(head('Content-Length: 4\r\nContent-Length: 5')),
      'a length and chunks': sends(head('Content-Length: 4\r\nTransfer-Encoding: chunked'))
    }
  ),
  ...faults(
    { code: 'bad-response', retries: 'none', message: /larger than/ },
    {
      'endless headers': floods('HTTP/1.1 200 OK\r\n', `X-Filler: ${'x'.repeat(500)}\r\n`),
      'an endless body': floods(CHUNKED, chunk(' '.repeat(65_536))),
      'a body of 5 MB': bodyIs(GRANT.padEnd(5_000_000)),
      'a 401 of 5 MB': responds(401, '{"error":"invalid_client"}'.padEnd(5_000_000))
    }
  ),
  ...faults(
    { code: 'redirected', retries: 'none', message: /a redirect to 127\.0\.0\.1:\d+, 1 attempt\./ },
    {
      ...Object.fromEntries(
        [301, 302, 303, 307, 308].map(status => [`${status} to another host`, redirects(status, toForeign)])
      ),
      '302 to another path': redirects(302, () => '/login'),
      '302 that repeats the request': redirects(
        302,
        ({ request, foreign }) => `http://${foreign}/?${encodeURIComponent(textOf(request))}`
      )
    }
  ),
  ...faults(
    { code: 'redirected', retries: 'none', message: /an unknown host|a redirect to 127/ },
    { '302 to nowhere': responds(302), '304': responds(304) }
  ),
  ...faults(
    { code: 'bad-response', retries: 'none' },
    {
      'content-length too short': sends(grantOf(10)),
      'gzip, which was not requested': bodyIs(Buffer.from('1f8b0800000000000003ab56', 'hex')),
      'invalid UTF-8': bodyIs(Buffer.from(tokenBody(`${GOOD_TOKEN}\u00ff`), 'latin1')),
      'UTF-16': bodyIs(Buffer.from(GRANT, 'utf16le')),
      '101': sends(head('Connection: Upgrade\r\nUpgrade: x', '101 Switching')),
      '204': responds(204),
      '200 with HTML': bodyIs('<!doctype html><title>Log in</title>'),
      '200 with an empty body': bodyIs(''),
      '200 with an error object': bodyIs('{"error":"invalid_client","error_description":"no"}'),
      '200 with an array': bodyIs(`[${GRANT}]`),
      '200 with null': bodyIs('null'),
      '200 with half an object': bodyIs(GRANT.slice(0, -9)),
      '200 with a byte order mark': bodyIs(`\ufeff${GRANT}`),
      '200 with a member of the prototype': bodyIs(`{"__proto__":${GRANT}}`),
      '200 with 100,000 brackets': bodyIs('['.repeat(100_000)),
      'a token that is a number': tokenIs(1_234_567_890_123_456),
      'a token that is an object': tokenIs({ value: GOOD_TOKEN }),
      'an empty token': tokenIs(''),
      'a short token': tokenIs('tooshort'),
      'a long token': tokenIs('x'.repeat(40_000)),
      'a token with a line break at its end': tokenIs(`${GOOD_TOKEN}\r\n`),
      'a token with a workflow command': tokenIs('token-and\n::set-output name=token::x'),
      'a token with a control character': tokenIs('token-with-a\u0000-or-\u001b[31m'),
      'a token with a blank': tokenIs('token with blanks in it'),
      'a token with a letter outside ASCII': tokenIs('token-with-an-ümlaut-in-it'),
      'a token with half a surrogate pair': tokenIs('token-with-half-\ud83d-a-pair'),
      'a token that contains a credential': ({ request, response }) =>
        response.end(tokenBody(credentialIn(request)))
    }
  ),
  ...faults(
    // The step received a token that it does not accept, and revokes it.
    { code: 'bad-response', retries: 'none', isCertain: true },
    { '202 with a token': responds(202, GRANT), '203 with a token': responds(203, GRANT) }
  ),
  ...faults(
    // The response to generate is undocumented, and 201 is usual for something that is created.
    { code: 'bad-response', codeOfGenerate: 'granted', retries: 'none' },
    { '201 with a token': responds(201, GRANT) }
  ),
  ...faults(
    { code: 'granted', retries: 'none' },
    {
      'a good response with the wrong type': responds(200, GRANT, { 'Content-Type': 'text/html' }),
      'a good response in small chunks': sends(`${CHUNKED}${[...GRANT].map(chunk).join('')}0\r\n\r\n`),
      'a good response, and the connection is closed': sendsAndCloses(grantOf(GRANT.length)),
      'a good response, followed by another one': sends(
        `${grantOf(GRANT.length)}${head('Content-Length: 44')}{"access_token":"poisoned-poisoned-poisoned"}`
      )
    }
  ),
  ...faults(
    { code: 'credentials-rejected', retries: 'none', isCertain: true },
    {
      '400 invalid_client': responds(400, '{"error":"invalid_client","description":"client not found"}'),
      '400 invalid_grant': responds(400, '{"error":"invalid_grant"}'),
      '401': responds(401, '{"message":"Unauthorized"}'),
      '401 with a challenge': responds(401, '', { 'WWW-Authenticate': 'Basic realm="x"' })
    }
  ),
  ...faults(
    { code: 'bad-request', retries: 'none', isCertain: true },
    {
      '400': responds(400, '{"error":"invalid_request"}'),
      '400 that repeats the request': ({ request, response }) =>
        response.writeHead(400).end(JSON.stringify({ error: 'x', error_description: textOf(request) })),
      '400 with escapes, markup and 100,000 letters': responds(
        400,
        JSON.stringify({ error: 'x\r\n::error::y\u001b[31m\u202e', message: 'long '.repeat(20_000) })
      )
    }
  ),
  ...faults(
    { code: 'bad-request', retries: 'none' },
    {
      '407': responds(407, '', { 'Proxy-Authenticate': 'Basic' }),
      '413': responds(413),
      '418': responds(418)
    }
  ),
  ...faults(
    { code: 'forbidden', retries: 'none', isCertain: true },
    { '403': responds(403, '{"message":"Forbidden"}') }
  ),
  ...faults(
    { code: 'bad-request', codeOfGenerate: 'not-offered', retries: 'none', isCertain: true },
    { '404': responds(404), '405': responds(405) }
  ),
  ...faults({ code: 'bad-request', retries: 'transient' }, { '408': responds(408), '425': responds(425) }),
  ...faults(
    { code: 'unavailable', retries: 'none' },
    {
      '501': responds(501),
      '511': responds(511),
      '503 with an absurd Retry-After': responds(503, '', { 'Retry-After': '999999999' })
    }
  ),
  ...faults(
    { code: 'unavailable', retries: 'transient' },
    {
      '500': responds(500),
      '500 invalid_client': responds(500, '{"error":"invalid_client"}'),
      '500 that repeats the credential in its correlation id': ({ request, response }) =>
        response.writeHead(500, { 'ININ-Correlation-Id': credentialIn(request) }).end(),
      '500 with an absurd Retry-After': responds(500, '', { 'Retry-After': '999999999' }),
      '502': responds(502),
      '503': responds(503),
      '503 with Retry-After': responds(503, '', { 'Retry-After': `${RETRY_AFTER}` }),
      '504': responds(504)
    }
  ),
  ...faults(
    { code: 'rate-limited', retries: 'throttled', isCertain: true },
    {
      '429 without Retry-After': responds(429),
      '429 with Retry-After in the past': asksToWait(429, -RETRY_AFTER),
      '429 with Retry-After of zero': responds(429, '', { 'Retry-After': '0' }),
      '400 rate limit exceeded': responds(
        400,
        '{"error":"invalid_request","description":"rate limit exceeded; 300 per 60 seconds"}'
      )
    }
  ),
  ...faults(
    { code: 'rate-limited', retries: 'retry-after', isCertain: true },
    {
      '429 with Retry-After in seconds': responds(429, '', { 'Retry-After': `${RETRY_AFTER}` }),
      '429 with Retry-After as a date': asksToWait(429, RETRY_AFTER)
    }
  ),
  ...faults(
    { code: 'rate-limited', retries: 'none', isCertain: true, message: /the server asks to wait/ },
    {
      '429 with an absurd Retry-After': responds(429, '', { 'Retry-After': '999999999' }),
      '429 with an absurd date': asksToWait(429, 10 * 365 * 86_400)
    }
  )
]

/** Addresses that a document of an issuer must not name. `FOREIGN` stands for the server that must receive nothing. */
export const ENDPOINTS: readonly Fault[] = [
  'https://FOREIGN/auth/token',
  'http://FOREIGN/auth/token',
  'https://cxone.niceincontact.com@FOREIGN/auth/token',
  'https://FOREIGN\\@cxone.niceincontact.com/auth/token',
  'https://FOREIGN#@cxone.niceincontact.com/auth/token',
  'https://cxone.niceincontact.com:443//127.0.0.2/auth/token',
  'https://cxone.niceincontact.com.evil.example/auth/token'
].map(endpoint => ({
  name: `the endpoint is ${endpoint}`,
  onRequest: ({ response, foreign }) => {
    const url = endpoint.replace('FOREIGN', foreign)
    response.end(JSON.stringify({ token_endpoint: url, api_endpoint: url, area: 'na1' }))
  },
  code: 'bad-response',
  retries: 'none',
  message: /is not a plain https address on port 443 under the domains of cxone\.niceincontact\.com/
}))

export function faultNamed(name: string): Fault {
  const fault = [...FAULTS, ...ENDPOINTS].find(one => one.name === name)
  if (fault === undefined) throw new Error(`there is no fault ${name}`)
  return fault
}
