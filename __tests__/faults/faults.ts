/**
 * Everything that can go wrong between a request and its response: what happens on the bare socket, and what the
 * contract says about the outcome.
 */
import type { Socket } from 'node:net'
import type { ErrorCode } from '../../src/lib/action-error.js'

export type Kind = 'token' | 'generate' | 'discovery' | 'configuration'

/** One request of one exchange. */
export interface Target {
  readonly exchange: string
  readonly kind: Kind
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** How many requests the exchange sends before it. */
  readonly before: number
  readonly isUndocumented: boolean
  /** Whether the exchange can do without its response. It is sent once. */
  readonly isOptional: boolean
}

/** A response as the platform itself gave it. */
export interface Genuine {
  readonly status: number
  readonly json: Record<string, unknown>
}

/** Where a fault happens. */
export interface Scene {
  readonly socket: Socket
  readonly kind: Kind
  /** The request as it arrived; empty if the fault comes before it. */
  readonly raw: string
  /** Host and port of a server to which nothing must be sent. */
  readonly foreign: string
  /** The client's clock, in milliseconds. */
  readonly now: () => number
  readonly genuine: () => Promise<Genuine>
}

export interface Fault {
  readonly name: string
  /** When it happens: a request was read (default), a connection was made, or the port is closed. */
  readonly at?: 'request' | 'connection' | 'nowhere'
  readonly play: (scene: Scene) => unknown
  readonly code: ErrorCode | 'granted' | ((target: Target) => ErrorCode | 'granted')
  readonly retries: Retries | ((target: Target) => Retries)
  /** It ends only with the timeout of the attempt. */
  readonly slow?: true
  /** The requests at which it can happen. Default: all. */
  readonly kinds?: readonly Kind[]
  /** What the message contains, beside what every message contains. */
  readonly message?: RegExp
  /** The lifetime in the result, for responses with the token that is published. */
  readonly expiresInSeconds?: number | 'unknown'
  /** The response names an endpoint that is not trusted: also an optional request then fails. */
  readonly namesEndpoint?: true
}

/**
 * `none`: one attempt. `transient`: until max-attempts, but generate is not retried. `not-sent`: until max-attempts,
 * also generate. `throttled`: until the timeout. `retry-after`: after the time that the server asks for.
 */
export type Retries = 'none' | 'transient' | 'not-sent' | 'throttled' | 'retry-after'

export const POISON = 'poisoned-token-poisoned-token'

const LATER_MS = 30

// What is sent

const REASON = 'As It Is'

/** Returns a complete response, with a content-length unless the headers have one. */
export function reply(
  status: number,
  body: string | Buffer = '',
  headers: Record<string, string> = {}
): Buffer {
  const all = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} ${REASON}\r\n${lines.join('')}\r\n`),
    Buffer.from(body)
  ])
}

const CHUNKED = `HTTP/1.1 200 ${REASON}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`

/** Returns the body of a response whose token or endpoint is this value. */
function bodyWith(kind: Kind, value: unknown): string {
  switch (kind) {
    case 'token':
    case 'generate':
      return JSON.stringify({ access_token: value, token_type: 'bearer', expires_in: 3600 })
    case 'discovery':
      return JSON.stringify({ issuer: 'https://cxone.niceincontact.com', token_endpoint: value })
    case 'configuration':
      return JSON.stringify({ area: 'na1', domain: 'niceincontact.com', api_endpoint: value })
  }
}

const GOOD_TOKEN = 'a-token-that-would-do-in-itself'

const COMMERCIAL = 'cxone.niceincontact.com'

/** Returns a value that would be accepted without the fault. */
function good(kind: Kind): string {
  if (kind === 'discovery') return `https://${COMMERCIAL}/auth/token`
  return kind === 'configuration' ? 'https://api-na1.niceincontact.com' : GOOD_TOKEN
}

// How it is sent

type Play = Fault['play']

const sends =
  (bytes: (scene: Scene) => string | Buffer): Play =>
  scene => {
    scene.socket.write(bytes(scene))
  }

const sendsAndCloses =
  (bytes: (scene: Scene) => string | Buffer): Play =>
  scene => {
    scene.socket.end(bytes(scene))
  }

/** The reset comes later than the bytes, because it would discard them. */
const sendsAndResets =
  (bytes: (scene: Scene) => string | Buffer): Play =>
  scene => {
    scene.socket.write(bytes(scene))
    later(() => scene.socket.resetAndDestroy())
  }

const responds =
  (
    status: number,
    body: string | Buffer | ((scene: Scene) => string | Buffer) = '',
    headers: Record<string, string> = {}
  ): Play =>
  scene => {
    scene.socket.write(reply(status, typeof body === 'function' ? body(scene) : body, headers))
  }

const bodyIs = (value: unknown): Play => responds(200, ({ kind }) => bodyWith(kind, value))

/** The platform's own response with one member changed; `undefined` removes it. */
const alters =
  (name: string, value: unknown): Play =>
  async scene => {
    const { status, json } = await scene.genuine()
    scene.socket.write(reply(status, JSON.stringify({ ...json, [name]: value })))
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
  (start: string, piece: string, everyMs = 20): Play =>
  ({ socket }) => {
    if (start !== '') socket.write(start)
    const timer = setInterval(() => socket.write(piece), everyMs)
    socket.on('close', () => clearInterval(timer))
  }

function later(act: () => void): void {
  setTimeout(act, LATER_MS)
}

const nothing: Play = () => {}

// The table

const ALL_5XX_ONCE = [501, 505, 507, 511]

const connection: Fault[] = [
  {
    name: 'connection refused',
    at: 'nowhere',
    play: nothing,
    code: 'network',
    retries: 'not-sent',
    message: /ECONNREFUSED/
  },
  {
    name: 'reset before the request is read',
    at: 'connection',
    play: ({ socket }) => later(() => socket.resetAndDestroy()),
    code: 'network',
    retries: 'transient',
    message: /ECONNRESET/
  },
  {
    name: 'closed before the request is read',
    at: 'connection',
    play: ({ socket }) => later(() => socket.end()),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'reset after the request',
    play: ({ socket }) => socket.resetAndDestroy(),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'closed after the request',
    play: ({ socket }) => socket.end(),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'refused before the request is read',
    at: 'connection',
    play: ({ socket }) =>
      socket.resume().end(reply(403, '{"error":"address not allowed"}', { Connection: 'close' })),
    code: 'forbidden',
    retries: 'none'
  }
]

const cut: Fault[] = [
  {
    name: 'cut inside the status line',
    play: sendsAndCloses(() => 'HTTP/1.1 20'),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'cut inside the headers',
    play: sendsAndCloses(() => `HTTP/1.1 200 ${REASON}\r\nContent-Type: appl`),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'reset inside the headers',
    play: sendsAndResets(() => `HTTP/1.1 200 ${REASON}\r\nContent-`),
    code: 'network',
    retries: 'transient'
  },
  {
    name: 'cut inside the body',
    play: sendsAndCloses(({ kind }) => reply(200, bodyWith(kind, good(kind))).subarray(0, -9)),
    code: 'bad-response',
    retries: 'transient',
    message: /cut short/
  },
  {
    name: 'reset inside the body',
    play: sendsAndResets(({ kind }) => reply(200, bodyWith(kind, good(kind))).subarray(0, -9)),
    code: 'bad-response',
    retries: 'transient',
    message: /cut short/
  },
  {
    name: 'cut before the body',
    play: sendsAndCloses(({ kind }) =>
      reply(200, '', { 'Content-Length': String(bodyWith(kind, good(kind)).length) })
    ),
    code: 'bad-response',
    retries: 'transient',
    message: /cut short/
  },
  {
    name: 'cut before the last chunk',
    play: sendsAndCloses(({ kind }) => `${CHUNKED}${chunk(bodyWith(kind, good(kind)))}`),
    code: 'bad-response',
    retries: 'transient',
    message: /cut short/
  },
  {
    name: 'content-length too long, and closed',
    play: sendsAndCloses(({ kind }) => reply(200, bodyWith(kind, good(kind)), { 'Content-Length': '4096' })),
    code: 'bad-response',
    retries: 'transient',
    message: /cut short/
  },
  {
    name: 'content-length too long, and kept open',
    play: sends(({ kind }) => reply(200, bodyWith(kind, good(kind)), { 'Content-Length': '4096' })),
    code: 'timeout',
    retries: 'transient',
    slow: true
  },
  {
    name: 'content-length too short',
    play: sends(({ kind }) => reply(200, bodyWith(kind, good(kind)), { 'Content-Length': '10' })),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'a 401 cut inside its body',
    play: sendsAndCloses(() => reply(401, '{"error":"invalid_client"}').subarray(0, -9)),
    code: 'bad-response',
    retries: 'transient'
  }
]

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

const garbage: Fault[] = [
  {
    name: 'chunked garbage',
    play: sends(() => `${CHUNKED}this is no chunk\r\n`),
    code: 'bad-response',
    retries: 'transient'
  },
  {
    name: 'not HTTP',
    play: sends(() => 'SSH-2.0-OpenSSH_9.2p1\r\n'),
    code: 'bad-response',
    retries: 'none',
    message: /not HTTP/
  },
  {
    name: 'binary noise',
    play: sends(() => Buffer.alloc(2048, 0xfe)),
    code: 'bad-response',
    retries: 'none',
    message: /not HTTP/
  },
  {
    name: 'a control character in a header',
    play: sends(() => `HTTP/1.1 200 ${REASON}\r\nX-Na\u0001me: x\r\nContent-Length: 2\r\n\r\n{}`),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'two lengths that differ',
    play: sends(({ kind }) =>
      reply(200, bodyWith(kind, good(kind)), { 'Content-Length': '4', 'content-length': '5' })
    ),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'a length and chunks',
    play: sends(({ kind }) => reply(200, bodyWith(kind, good(kind)), { 'Transfer-Encoding': 'chunked' })),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'endless headers',
    play: floods(`HTTP/1.1 200 ${REASON}\r\n`, `X-Filler: ${'x'.repeat(500)}\r\n`),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'an endless body',
    play: floods(CHUNKED, chunk(' '.repeat(65_536))),
    code: 'bad-response',
    retries: 'none',
    message: /larger than/
  },
  {
    name: 'body of 5 MB',
    play: responds(200, ({ kind }) => bodyWith(kind, good(kind)).padEnd(5_000_000)),
    code: 'bad-response',
    retries: 'none',
    message: /larger than/
  },
  {
    name: 'a 401 of 5 MB',
    play: responds(401, '{"error":"invalid_client"}'.padEnd(5_000_000)),
    code: 'bad-response',
    retries: 'none',
    message: /larger than/
  },
  {
    name: 'gzip, which was not requested',
    play: responds(200, Buffer.from('1f8b0800000000000003ab562a2d4e2d52b2520200', 'hex'), {
      'Content-Encoding': 'gzip'
    }),
    code: 'bad-response',
    retries: 'none'
  },
  {
    name: 'invalid UTF-8',
    play: responds(200, ({ kind }) => Buffer.from(bodyWith(kind, `${good(kind)}\u00ff`), 'latin1')),
    code: 'bad-response',
    retries: 'none',
    namesEndpoint: true
  },
  {
    name: 'UTF-16',
    play: responds(200, ({ kind }) => Buffer.from(bodyWith(kind, good(kind)), 'utf16le')),
    code: 'bad-response',
    retries: 'none'
  }
]

const silence: Fault[] = [
  {
    name: 'silence after the connection',
    at: 'connection',
    play: nothing,
    code: 'timeout',
    retries: 'transient',
    slow: true
  },
  { name: 'silence after the request', play: nothing, code: 'timeout', retries: 'transient', slow: true },
  {
    name: 'headers, a byte at a time',
    play: drips(`HTTP/1.1 200 ${REASON}\r\nX-Slow: `, 'x'),
    code: 'timeout',
    retries: 'transient',
    slow: true
  },
  {
    name: 'a body, a byte at a time',
    play: drips(reply(200, '', { 'Content-Length': '4096' }).toString(), ' '),
    code: 'timeout',
    retries: 'transient',
    slow: true
  },
  {
    name: 'a body that ends with the connection, which stays open',
    play: sends(
      ({ kind }) =>
        `HTTP/1.1 200 ${REASON}\r\nContent-Type: application/json\r\n\r\n${bodyWith(kind, good(kind))}`
    ),
    code: 'timeout',
    retries: 'transient',
    slow: true
  },
  {
    name: 'endless early hints',
    play: drips('', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    code: 'timeout',
    retries: 'transient',
    slow: true
  }
]

const REDIRECTS = [301, 302, 303, 307, 308]

const redirects: Fault[] = [
  ...REDIRECTS.map(
    (status): Fault => ({
      name: `${status} to another host`,
      play: scene =>
        scene.socket.write(reply(status, '', { Location: `http://${scene.foreign}/oauth/token` })),
      code: 'redirected',
      retries: 'none',
      message: /a redirect to 127\.0\.0\.1:\d+/
    })
  ),
  {
    name: '302 to another path',
    play: responds(302, '', { Location: '/login' }),
    code: 'redirected',
    retries: 'none',
    message: /a redirect to 127\.[\d.]+:\d+, 1 attempt\./
  },
  { name: '302 to nowhere', play: responds(302), code: 'redirected', retries: 'none' },
  { name: '304', play: sends(() => `HTTP/1.1 304 ${REASON}\r\n\r\n`), code: 'redirected', retries: 'none' },
  {
    name: '302 that repeats the request',
    play: ({ socket, raw, foreign }) =>
      socket.write(reply(302, '', { Location: `http://${foreign}/?${encodeURIComponent(raw)}` })),
    code: 'redirected',
    retries: 'none'
  }
]

const noToken: Fault[] = [
  ['HTML', '<!doctype html><title>Log in</title>'],
  ['an empty body', ''],
  ['an error object', '{"error":"invalid_client","error_description":"authentication failed"}'],
  ['an array', '[{"access_token":"a-token-in-an-array-0000"}]'],
  ['a string', '"a-token-all-by-itself-000"'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['half an object', '{"access_token":"a-token-that-is-cut-off-'],
  ['a byte order mark', '\ufeff{"access_token":"a-token-behind-a-mark-00"}'],
  ['a member of the prototype', '{"__proto__":{"access_token":"a-token-of-the-prototype"}}'],
  ['100,000 brackets', '['.repeat(100_000)]
].map(([what, body = '']) => ({
  name: `200 with ${what}`,
  play: responds(200, body),
  code: 'bad-response',
  retries: 'none'
}))

const otherSuccess: Fault[] = [
  ...[201, 202, 203].map(
    (status): Fault => ({
      name: `${status} with a valid body`,
      play: responds(status, ({ kind }) => bodyWith(kind, good(kind))),
      // The response to generate is undocumented, and 201 is usual for something that is created.
      code: ({ kind }) => (status === 201 && kind === 'generate' ? 'granted' : 'bad-response'),
      retries: 'none'
    })
  ),
  { name: '204', play: sends(() => `HTTP/1.1 204 ${REASON}\r\n\r\n`), code: 'bad-response', retries: 'none' },
  {
    name: '101',
    play: sends(() => 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    code: 'bad-response',
    retries: 'none',
    message: /HTTP 101/
  }
]

const badValues: Fault[] = (
  [
    ['a number', 1_234_567_890_123_456],
    ['true', true],
    ['null', null],
    ['an object', { value: GOOD_TOKEN }],
    ['an array', [GOOD_TOKEN]],
    ['an empty text', ''],
    ['a short text', 'tooshort'],
    ['a long text', 'x'.repeat(40_000)],
    ['a line break inside', 'token-with-a\nline-break-inside'],
    ['a line break at its end', `${GOOD_TOKEN}\r\n`],
    ['a workflow command', 'token-and\n::set-output name=token::x'],
    ['a control character', 'token-with-a\u0000-or-\u001b[31m'],
    ['a blank', 'token with blanks in it'],
    ['a letter outside ASCII', 'token-with-an-ümlaut-in-it'],
    ['half a surrogate pair', 'token-with-half-\ud83d-a-pair']
  ] as const
).map(([what, value]) => ({
  name: `200 with ${what} as the token or endpoint`,
  play: bodyIs(value),
  code: 'bad-response',
  retries: 'none',
  ...(typeof value === 'string' ? { namesEndpoint: true as const } : {})
}))

const echoes: Fault[] = [
  {
    name: '200 with a token that contains a credential',
    play: ({ socket, kind, raw }) => socket.write(reply(200, bodyWith(kind, credentialIn(raw)))),
    code: 'bad-response',
    retries: 'none',
    kinds: ['token', 'generate']
  },
  {
    name: '400 that repeats the request',
    play: ({ socket, raw }) =>
      socket.write(reply(400, JSON.stringify({ error: 'invalid_request', error_description: `got ${raw}` }))),
    code: 'bad-request',
    retries: 'none'
  },
  {
    name: '500 that repeats the credential in its correlation id',
    play: ({ socket, raw }) => socket.write(reply(500, '', { 'ININ-Correlation-Id': credentialIn(raw) })),
    code: 'unavailable',
    retries: 'transient'
  },
  {
    name: '400 with escapes, markup and 100,000 letters',
    play: responds(
      400,
      JSON.stringify({ error: 'x\r\n::error::y\u001b[31m\u202e', message: 'long '.repeat(20_000) })
    ),
    code: 'bad-request',
    retries: 'none'
  }
]

/** Returns the credential in the request: in a Basic or Bearer header, or the last member of the body. */
function credentialIn(raw: string): string {
  const header = /^authorization: \w+ (\S+)/im.exec(raw)?.[1]
  return header ?? /(?:_secret|Secret|password)"?[=:]"?([^"&]+)"?\}?$/.exec(raw)?.[1] ?? 'no credential'
}

const GRANT_KINDS: readonly Kind[] = ['token', 'generate']

const lifetimes: Fault[] = (
  [
    ['negative', -3600, 'unknown'],
    ['huge', 1e15, 'unknown'],
    ['beyond all numbers', '9'.repeat(400), 'unknown'],
    ['fractional', 3599.9, 3599],
    ['less than a second', 0.5, 'unknown'],
    ['a text of digits', '1800', 1800],
    ['a text', 'an hour', 'unknown'],
    ['an empty text', '', 'unknown'],
    ['zero', 0, 'unknown'],
    ['null', null, 'unknown'],
    ['true', true, 'unknown'],
    ['an object', { seconds: 3600 }, 'unknown'],
    ['an array', [3600], 'unknown'],
    ['missing', undefined, 'unknown']
  ] as const
).map(([what, value, expiresInSeconds]) => ({
  name: `expires_in is ${what}`,
  play: alters('expires_in', value),
  code: 'granted',
  retries: 'none',
  kinds: GRANT_KINDS,
  expiresInSeconds
}))

const oddButGood: Fault[] = [
  {
    name: 'a good response with the wrong type',
    play: async ({ socket, genuine }) =>
      socket.write(reply(200, JSON.stringify((await genuine()).json), { 'Content-Type': 'text/html' })),
    code: 'granted',
    retries: 'none'
  },
  {
    name: 'a good response in small chunks',
    play: async ({ socket, genuine }) => {
      const bytes = [...JSON.stringify((await genuine()).json)].map(chunk).join('')
      const text = `${CHUNKED}${bytes}0\r\n\r\n`
      for (let at = 0; at < text.length; at += 97) socket.write(text.slice(at, at + 97))
    },
    code: 'granted',
    retries: 'none'
  },
  {
    name: 'a good response, and the connection is closed',
    play: async ({ socket, genuine }) =>
      socket.end(reply(200, JSON.stringify((await genuine()).json), { Connection: 'close' })),
    code: 'granted',
    retries: 'none'
  },
  {
    name: 'a good response, followed by another one',
    play: async ({ socket, genuine }) => {
      const poison = {
        access_token: POISON,
        api_endpoint: 'https://evil.example',
        token_endpoint: 'https://evil.example'
      }
      socket.write(
        Buffer.concat([
          reply(200, JSON.stringify((await genuine()).json)),
          reply(200, JSON.stringify(poison))
        ])
      )
    },
    code: 'granted',
    retries: 'none'
  }
]

const notOffered = ({ isUndocumented }: Target): ErrorCode => (isUndocumented ? 'not-offered' : 'bad-request')

const refusals: Fault[] = [
  {
    name: '400 invalid_client',
    play: responds(400, '{"error":"invalid_client","description":"client not found"}'),
    code: 'credentials-rejected',
    retries: 'none',
    message: /invalid_client \(client not found\)/
  },
  {
    name: '400 invalid_grant',
    play: responds(400, '{"error":"invalid_grant"}'),
    code: 'credentials-rejected',
    retries: 'none'
  },
  { name: '400', play: responds(400, '{"error":"invalid_request"}'), code: 'bad-request', retries: 'none' },
  {
    name: '400 with HTML',
    play: responds(400, '<h1>Bad request</h1>'),
    code: 'bad-request',
    retries: 'none'
  },
  {
    name: '401',
    play: responds(401, '{"message":"Unauthorized"}'),
    code: 'credentials-rejected',
    retries: 'none'
  },
  {
    name: '401 with a challenge',
    play: responds(401, '', { 'WWW-Authenticate': 'Basic realm="x"' }),
    code: 'credentials-rejected',
    retries: 'none'
  },
  { name: '403', play: responds(403, '{"message":"Forbidden"}'), code: 'forbidden', retries: 'none' },
  { name: '404', play: responds(404), code: notOffered, retries: 'none' },
  { name: '405', play: responds(405), code: notOffered, retries: 'none' },
  {
    name: '407',
    play: responds(407, '', { 'Proxy-Authenticate': 'Basic' }),
    code: 'bad-request',
    retries: 'none'
  },
  { name: '413', play: responds(413), code: 'bad-request', retries: 'none' },
  { name: '418', play: responds(418), code: 'bad-request', retries: 'none' },
  ...ALL_5XX_ONCE.map(
    (status): Fault => ({ name: `${status}`, play: responds(status), code: 'unavailable', retries: 'none' })
  )
]

const passing: Fault[] = [
  ...[408, 425].map(
    (status): Fault => ({
      name: `${status}`,
      play: responds(status),
      code: 'bad-request',
      retries: 'transient'
    })
  ),
  ...[500, 502, 503, 504].map(
    (status): Fault => ({
      name: `${status}`,
      play: responds(status),
      code: 'unavailable',
      retries: 'transient'
    })
  ),
  {
    name: '500 invalid_client',
    play: responds(500, '{"error":"invalid_client"}'),
    code: 'unavailable',
    retries: 'transient'
  },
  {
    name: '503 with HTML',
    play: responds(503, '<h1>Maintenance</h1>'),
    code: 'unavailable',
    retries: 'transient'
  }
]

/** In seconds. There is time for two such waits within two minutes, and not for a third. */
const RETRY_AFTER = 50

const onDate =
  (status: number, inSeconds: number): Play =>
  scene =>
    scene.socket.write(
      reply(status, '', { 'Retry-After': new Date(scene.now() + inSeconds * 1000).toUTCString() })
    )

const isThrottled = ({ kind }: Target): boolean => kind === 'token' || kind === 'generate'

const throttling: Fault[] = [
  { name: '429 without Retry-After', play: responds(429), code: 'rate-limited', retries: 'throttled' },
  {
    name: '429 with Retry-After in seconds',
    play: responds(429, '', { 'Retry-After': `${RETRY_AFTER}` }),
    code: 'rate-limited',
    retries: 'retry-after'
  },
  {
    name: '429 with Retry-After as a date',
    play: onDate(429, RETRY_AFTER),
    code: 'rate-limited',
    retries: 'retry-after'
  },
  {
    name: '429 with Retry-After in the past',
    play: onDate(429, -RETRY_AFTER),
    code: 'rate-limited',
    retries: 'throttled'
  },
  {
    name: '429 with Retry-After of zero',
    play: responds(429, '', { 'Retry-After': '0' }),
    code: 'rate-limited',
    retries: 'throttled'
  },
  {
    name: '429 with a negative Retry-After',
    play: responds(429, '', { 'Retry-After': '-5' }),
    code: 'rate-limited',
    retries: 'throttled'
  },
  {
    name: '429 with a Retry-After that is not a time',
    play: responds(429, '', { 'Retry-After': 'a while' }),
    code: 'rate-limited',
    retries: 'throttled'
  },
  {
    name: '429 with an absurd Retry-After',
    play: responds(429, '', { 'Retry-After': '999999999' }),
    code: 'rate-limited',
    retries: 'none',
    message: /the server asks to wait/
  },
  {
    name: '429 with an absurd date',
    play: onDate(429, 10 * 365 * 86_400),
    code: 'rate-limited',
    retries: 'none',
    message: /the server asks to wait/
  },
  {
    name: '400 rate limit exceeded',
    play: responds(
      400,
      '{"error":"invalid_request","description":"rate limit exceeded; 300 per 60 seconds","error_description":"rate limit exceeded; 300 per 60 seconds"}'
    ),
    // The documents of an issuer do not count as token requests.
    code: target => (isThrottled(target) ? 'rate-limited' : 'bad-request'),
    retries: target => (isThrottled(target) ? 'throttled' : 'none'),
    message: /rate limit exceeded/
  },
  {
    name: '503 with Retry-After in seconds',
    play: responds(503, '', { 'Retry-After': `${RETRY_AFTER}` }),
    code: 'unavailable',
    retries: 'transient'
  },
  {
    name: '503 with Retry-After as a date',
    play: onDate(503, RETRY_AFTER),
    code: 'unavailable',
    retries: 'transient'
  },
  // For a request that is never retried, the error does not name the time.
  {
    name: '503 with an absurd Retry-After',
    play: responds(503, '', { 'Retry-After': '999999999' }),
    code: 'unavailable',
    retries: 'none'
  },
  {
    name: '500 with an absurd Retry-After',
    play: responds(500, '', { 'Retry-After': '999999999' }),
    code: 'unavailable',
    retries: 'transient'
  }
]

/** Endpoints that an issuer's documents must not name. `FOREIGN` stands for the server that must receive nothing. */
export const FOREIGN_ENDPOINTS: readonly string[] = [
  'https://FOREIGN/auth/token',
  'http://FOREIGN/auth/token',
  'https://evil.example/auth/token',
  'https://localhost/auth/token',
  'https://[::1]/auth/token',
  `http://${COMMERCIAL}/auth/token`,
  `HTTPS://${COMMERCIAL}/auth/token`,
  `ftp://${COMMERCIAL}/auth/token`,
  `//${COMMERCIAL}/auth/token`,
  `https:${COMMERCIAL}/auth/token`,
  '/auth/token',
  `https://${COMMERCIAL}:8443/auth/token`,
  `https://${COMMERCIAL}:80/auth/token`,
  `https://${COMMERCIAL}:/auth/token`,
  `https://user@${COMMERCIAL}/auth/token`,
  `https://user:pass@${COMMERCIAL}/auth/token`,
  `https://${COMMERCIAL}@FOREIGN/auth/token`,
  `https://${COMMERCIAL}:443@FOREIGN/auth/token`,
  `https://FOREIGN#@${COMMERCIAL}/auth/token`,
  `https://FOREIGN\\@${COMMERCIAL}/auth/token`,
  `https://FOREIGN/${COMMERCIAL}/auth/token`,
  `https://FOREIGN?${COMMERCIAL}`,
  `https://${COMMERCIAL}.evil.example/auth/token`,
  `https://${COMMERCIAL}./auth/token`,
  `https://${COMMERCIAL}%2eevil.example/auth/token`,
  'https://evilniceincontact.com/auth/token',
  'https://evil-niceincontact.com/auth/token',
  'https://evil-nice-incontact.com/auth/token',
  'https://niceincontact.com.evil.example/auth/token',
  'https://niceincontact.co/auth/token',
  'https://niceincontact.comm/auth/token',
  'https://cxone.niceincοntact.com/auth/token',
  'https://cxone.niceincontact。com/auth/token',
  'https://cxone.xn--niceincntact-bhb.com/auth/token',
  'https://nicecxone-sov1.eu/auth/token',
  'https://cxone.nicecxone-sov1.au/auth/token',
  ` https://${COMMERCIAL}/auth/token`,
  `https://${COMMERCIAL}/auth/token `,
  `https://${COMMERCIAL}/auth/token\n`,
  `https://${COMMERCIAL}\t/auth/token`,
  `https://${COMMERCIAL}/auth/token?next=x`,
  `https://${COMMERCIAL}/auth/token#x`,
  `https://${COMMERCIAL}/auth\\..\\token`,
  `https://${COMMERCIAL}/%2f%2fevil.example/token`,
  // Resolved against an origin, a path that begins with two slashes is another host.
  `https://${COMMERCIAL}//evil.example/auth/token`,
  `https://${COMMERCIAL}///evil.example/auth/token`,
  `https://${COMMERCIAL}/..//evil.example/auth/token`,
  `https://${COMMERCIAL}/x/..//evil.example/auth/token`,
  `https://${COMMERCIAL}:443//127.0.0.2/auth/token`,
  `https://${COMMERCIAL}//localhost`,
  `https://${COMMERCIAL}/.//evil.example/auth/token`,
  'javascript:alert(1)',
  'not a url'
]

const endpoints: Fault[] = FOREIGN_ENDPOINTS.map(endpoint => ({
  name: `the endpoint is ${JSON.stringify(endpoint)}`,
  play: ({ socket, kind, foreign }) =>
    socket.write(reply(200, bodyWith(kind, endpoint.replaceAll('FOREIGN', foreign)))),
  code: 'bad-response',
  retries: 'none',
  kinds: ['discovery', 'configuration'],
  message: /is not a plain https address on port 443 under the domains of cxone\.niceincontact\.com/,
  namesEndpoint: true
}))

export const FAULTS: readonly Fault[] = [
  ...connection,
  ...cut,
  ...garbage,
  ...silence,
  ...redirects,
  ...noToken,
  ...otherSuccess,
  ...badValues,
  ...echoes,
  ...lifetimes,
  ...oddButGood,
  ...refusals,
  ...passing,
  ...throttling,
  ...endpoints
]

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find(one => one.name === name)
  if (fault === undefined) throw new Error(`there is no fault ${name}`)
  return fault
}
