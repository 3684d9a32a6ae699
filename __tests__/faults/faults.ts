/**
 * Everything that can go wrong between a request and its answer, one function a fault, played on the bare socket;
 * and what the contract says must come of it.
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
  /** Whether only the tutorial knows this request. */
  readonly tutorial: boolean
}

/** An answer as the platform itself gave it. */
export interface Genuine {
  readonly status: number
  readonly json: Record<string, unknown>
}

/** Where a fault is played. */
export interface Scene {
  readonly socket: Socket
  readonly kind: Kind
  /** The request, as it came; empty where the fault comes before it. */
  readonly raw: string
  /** The host and port of a server to which nothing must ever go. */
  readonly foreign: string
  /** By the clock of whoever asks. */
  readonly now: () => number
  readonly genuine: () => Promise<Genuine>
}

export interface AttemptError {
  readonly name: string
  /** When it happens: a request was read (unless told otherwise), a connection was made, or nobody listens. */
  readonly at?: 'request' | 'connection' | 'nowhere'
  readonly play: (scene: Scene) => unknown
  readonly code: ErrorCode | 'granted' | ((target: Target) => ErrorCode | 'granted')
  /**
   * `no`: one request. `yes`: until max-attempts, but for what makes something. `not-carried-out`: until
   * max-attempts, whatever it makes. `throttled`: until the time is up. `asked`: after the time that was asked for.
   */
  readonly again: Again | ((target: Target) => Again)
  /** It ends by the attempt's own timeout. */
  readonly slow?: true
  /** The requests that can meet it; all of them unless told otherwise. */
  readonly kinds?: readonly Kind[]
  /** What the message says, beside what every message says. */
  readonly says?: RegExp
  /** What the grant says of the token's life, for the kinds whose answer is the token that is handed on. */
  readonly expiresInSeconds?: number | 'not said'
}

export type Again = 'no' | 'yes' | 'not-carried-out' | 'throttled' | 'asked'

export const POISON = 'poisoned-token-poisoned-token'

const LATER_MS = 30

// What is sent

const REASON = 'As It Is'

/** A whole answer, with a length unless the headers bring one. */
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

/** What the answer to a request of this kind is about: a token, or an endpoint. */
function saying(kind: Kind, value: unknown): string {
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

/** A value that would be accepted, were it not for the fault. */
function good(kind: Kind): string {
  if (kind === 'discovery') return `https://${COMMERCIAL}/auth/token`
  return kind === 'configuration' ? 'https://api-na1.niceincontact.com' : GOOD_TOKEN
}

// How it is sent

type Play = AttemptError['play']

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

/** The bytes arrive before the reset does, or the reset would swallow them. */
const sendsAndResets =
  (bytes: (scene: Scene) => string | Buffer): Play =>
  scene => {
    scene.socket.write(bytes(scene))
    later(() => scene.socket.resetAndDestroy())
  }

const answers =
  (
    status: number,
    body: string | Buffer | ((scene: Scene) => string | Buffer) = '',
    headers: Record<string, string> = {}
  ): Play =>
  scene => {
    scene.socket.write(reply(status, typeof body === 'function' ? body(scene) : body, headers))
  }

const saysOnly = (value: unknown): Play => answers(200, ({ kind }) => saying(kind, value))

/** The platform's own answer, with a member changed; `undefined` takes it out. */
const alters =
  (name: string, value: unknown): Play =>
  async scene => {
    const { status, json } = await scene.genuine()
    scene.socket.write(reply(status, JSON.stringify({ ...json, [name]: value })))
  }

/** Writes for as long as the other side takes it. */
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

const connection: AttemptError[] = [
  {
    name: 'connection refused',
    at: 'nowhere',
    play: nothing,
    code: 'network',
    again: 'not-carried-out',
    says: /ECONNREFUSED/
  },
  {
    name: 'reset before the request is read',
    at: 'connection',
    play: ({ socket }) => later(() => socket.resetAndDestroy()),
    code: 'network',
    again: 'yes',
    says: /ECONNRESET/
  },
  {
    name: 'closed before the request is read',
    at: 'connection',
    play: ({ socket }) => later(() => socket.end()),
    code: 'network',
    again: 'yes'
  },
  {
    name: 'reset after the request',
    play: ({ socket }) => socket.resetAndDestroy(),
    code: 'network',
    again: 'yes'
  },
  { name: 'closed after the request', play: ({ socket }) => socket.end(), code: 'network', again: 'yes' },
  {
    name: 'refuses before it has read anything',
    at: 'connection',
    play: ({ socket }) =>
      socket.resume().end(reply(403, '{"error":"address not allowed"}', { Connection: 'close' })),
    code: 'forbidden',
    again: 'no'
  }
]

const cut: AttemptError[] = [
  {
    name: 'cut inside the status line',
    play: sendsAndCloses(() => 'HTTP/1.1 20'),
    code: 'network',
    again: 'yes'
  },
  {
    name: 'cut inside the headers',
    play: sendsAndCloses(() => `HTTP/1.1 200 ${REASON}\r\nContent-Type: appl`),
    code: 'network',
    again: 'yes'
  },
  {
    name: 'reset inside the headers',
    play: sendsAndResets(() => `HTTP/1.1 200 ${REASON}\r\nContent-`),
    code: 'network',
    again: 'yes'
  },
  {
    name: 'cut inside the body',
    play: sendsAndCloses(({ kind }) => reply(200, saying(kind, good(kind))).subarray(0, -9)),
    code: 'bad-response',
    again: 'yes',
    says: /cut short/
  },
  {
    name: 'reset inside the body',
    play: sendsAndResets(({ kind }) => reply(200, saying(kind, good(kind))).subarray(0, -9)),
    code: 'bad-response',
    again: 'yes',
    says: /cut short/
  },
  {
    name: 'cut before the body',
    play: sendsAndCloses(({ kind }) =>
      reply(200, '', { 'Content-Length': String(saying(kind, good(kind)).length) })
    ),
    code: 'bad-response',
    again: 'yes',
    says: /cut short/
  },
  {
    name: 'cut before the last chunk',
    play: sendsAndCloses(({ kind }) => `${CHUNKED}${chunk(saying(kind, good(kind)))}`),
    code: 'bad-response',
    again: 'yes',
    says: /cut short/
  },
  {
    name: 'content-length too long, and closed',
    play: sendsAndCloses(({ kind }) => reply(200, saying(kind, good(kind)), { 'Content-Length': '4096' })),
    code: 'bad-response',
    again: 'yes',
    says: /cut short/
  },
  {
    name: 'content-length too long, and kept open',
    play: sends(({ kind }) => reply(200, saying(kind, good(kind)), { 'Content-Length': '4096' })),
    code: 'timeout',
    again: 'yes',
    slow: true
  },
  {
    name: 'content-length too short',
    play: sends(({ kind }) => reply(200, saying(kind, good(kind)), { 'Content-Length': '10' })),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'a refusal cut inside its body',
    play: sendsAndCloses(() => reply(401, '{"error":"invalid_client"}').subarray(0, -9)),
    code: 'bad-response',
    again: 'yes'
  }
]

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

const garbage: AttemptError[] = [
  {
    name: 'chunked garbage',
    play: sends(() => `${CHUNKED}this is no chunk\r\n`),
    code: 'bad-response',
    again: 'yes'
  },
  {
    name: 'not HTTP',
    play: sends(() => 'SSH-2.0-OpenSSH_9.2p1\r\n'),
    code: 'bad-response',
    again: 'no',
    says: /not HTTP/
  },
  {
    name: 'binary noise',
    play: sends(() => Buffer.alloc(2048, 0xfe)),
    code: 'bad-response',
    again: 'no',
    says: /not HTTP/
  },
  {
    name: 'a control character in a header',
    play: sends(() => `HTTP/1.1 200 ${REASON}\r\nX-Na\u0001me: x\r\nContent-Length: 2\r\n\r\n{}`),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'two lengths that differ',
    play: sends(({ kind }) =>
      reply(200, saying(kind, good(kind)), { 'Content-Length': '4', 'content-length': '5' })
    ),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'a length and chunks',
    play: sends(({ kind }) => reply(200, saying(kind, good(kind)), { 'Transfer-Encoding': 'chunked' })),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'headers for ever',
    play: floods(`HTTP/1.1 200 ${REASON}\r\n`, `X-Filler: ${'x'.repeat(500)}\r\n`),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'body for ever',
    play: floods(CHUNKED, chunk(' '.repeat(65_536))),
    code: 'bad-response',
    again: 'no',
    says: /larger than/
  },
  {
    name: 'body of 5 MB',
    play: answers(200, ({ kind }) => saying(kind, good(kind)).padEnd(5_000_000)),
    code: 'bad-response',
    again: 'no',
    says: /larger than/
  },
  {
    name: 'a refusal of 5 MB',
    play: answers(401, '{"error":"invalid_client"}'.padEnd(5_000_000)),
    code: 'bad-response',
    again: 'no',
    says: /larger than/
  },
  {
    name: 'gzip that was not asked for',
    play: answers(200, Buffer.from('1f8b0800000000000003ab562a2d4e2d52b2520200', 'hex'), {
      'Content-Encoding': 'gzip'
    }),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'invalid UTF-8',
    play: answers(200, ({ kind }) => Buffer.from(saying(kind, `${good(kind)}\u00ff`), 'latin1')),
    code: 'bad-response',
    again: 'no'
  },
  {
    name: 'UTF-16',
    play: answers(200, ({ kind }) => Buffer.from(saying(kind, good(kind)), 'utf16le')),
    code: 'bad-response',
    again: 'no'
  }
]

const silence: AttemptError[] = [
  {
    name: 'accepts and says nothing',
    at: 'connection',
    play: nothing,
    code: 'timeout',
    again: 'yes',
    slow: true
  },
  { name: 'reads and says nothing', play: nothing, code: 'timeout', again: 'yes', slow: true },
  {
    name: 'headers, a byte at a time',
    play: drips(`HTTP/1.1 200 ${REASON}\r\nX-Slow: `, 'x'),
    code: 'timeout',
    again: 'yes',
    slow: true
  },
  {
    name: 'a body, a byte at a time',
    play: drips(reply(200, '', { 'Content-Length': '4096' }).toString(), ' '),
    code: 'timeout',
    again: 'yes',
    slow: true
  },
  {
    name: 'a whole answer that never closes',
    play: sends(
      ({ kind }) =>
        `HTTP/1.1 200 ${REASON}\r\nContent-Type: application/json\r\n\r\n${saying(kind, good(kind))}`
    ),
    code: 'timeout',
    again: 'yes',
    slow: true
  },
  {
    name: 'early hints for ever',
    play: drips('', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    code: 'timeout',
    again: 'yes',
    slow: true
  }
]

const REDIRECTS = [301, 302, 303, 307, 308]

const redirects: AttemptError[] = [
  ...REDIRECTS.map(
    (status): AttemptError => ({
      name: `${status} to another host`,
      play: scene =>
        scene.socket.write(reply(status, '', { Location: `http://${scene.foreign}/oauth/token` })),
      code: 'redirected',
      again: 'no',
      says: /a redirect to 127\.0\.0\.1:\d+/
    })
  ),
  {
    name: '302 to another path',
    play: answers(302, '', { Location: '/login' }),
    code: 'redirected',
    again: 'no',
    says: /a redirect to 127\.[\d.]+:\d+, 1 attempt\.$/
  },
  { name: '302 to nowhere', play: answers(302), code: 'redirected', again: 'no' },
  { name: '304', play: sends(() => `HTTP/1.1 304 ${REASON}\r\n\r\n`), code: 'redirected', again: 'no' },
  {
    name: '302 that repeats the request',
    play: ({ socket, raw, foreign }) =>
      socket.write(reply(302, '', { Location: `http://${foreign}/?${encodeURIComponent(raw)}` })),
    code: 'redirected',
    again: 'no'
  }
]

const noToken: AttemptError[] = [
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
  play: answers(200, body),
  code: 'bad-response',
  again: 'no'
}))

const otherSuccess: AttemptError[] = [
  ...[201, 202, 203].map(
    (status): AttemptError => ({
      name: `${status} with what would do`,
      play: answers(status, ({ kind }) => saying(kind, good(kind))),
      // 201 is the usual answer where something is made, and nobody documents generate's.
      code: ({ kind }) => (status === 201 && kind === 'generate' ? 'granted' : 'bad-response'),
      again: 'no'
    })
  ),
  { name: '204', play: sends(() => `HTTP/1.1 204 ${REASON}\r\n\r\n`), code: 'bad-response', again: 'no' },
  // Nobody asked for another protocol; Node then says nothing at all.
  {
    name: '101',
    play: sends(() => 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    code: 'timeout',
    again: 'yes',
    slow: true
  }
]

const badValues: AttemptError[] = (
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
    ['a letter beyond ASCII', 'token-with-an-ümlaut-in-it'],
    ['half a surrogate pair', 'token-with-half-\ud83d-a-pair']
  ] as const
).map(([what, value]) => ({
  name: `200 with ${what} for what it is about`,
  play: saysOnly(value),
  code: 'bad-response',
  again: 'no'
}))

const echoes: AttemptError[] = [
  {
    name: '200 with a token that holds a credential',
    play: ({ socket, kind, raw }) => socket.write(reply(200, saying(kind, credentialIn(raw)))),
    code: 'bad-response',
    again: 'no',
    kinds: ['token', 'generate']
  },
  {
    name: '400 that repeats the request',
    play: ({ socket, raw }) =>
      socket.write(reply(400, JSON.stringify({ error: 'invalid_request', error_description: `got ${raw}` }))),
    code: 'bad-request',
    again: 'no'
  },
  {
    name: '500 that repeats the credential in its correlation id',
    play: ({ socket, raw }) => socket.write(reply(500, '', { 'ININ-Correlation-Id': credentialIn(raw) })),
    code: 'unavailable',
    again: 'yes'
  },
  {
    name: '400 with escapes, markup and 100,000 letters',
    play: answers(
      400,
      JSON.stringify({ error: 'x\r\n::error::y\u001b[31m\u202e', message: 'long '.repeat(20_000) })
    ),
    code: 'bad-request',
    again: 'no'
  }
]

/** The credential as it stands in the request: Basic, Bearer, or the last member of the body. */
function credentialIn(raw: string): string {
  const header = /^authorization: \w+ (\S+)/im.exec(raw)?.[1]
  return header ?? /(?:_secret|Secret|password)"?[=:]"?([^"&]+)"?\}?$/.exec(raw)?.[1] ?? 'no credential in it'
}

const GRANT_KINDS: readonly Kind[] = ['token', 'generate']

const lifetimes: AttemptError[] = (
  [
    ['negative', -3600, 'not said'],
    ['huge', 1e15, 'not said'],
    ['beyond all numbers', '9'.repeat(400), 'not said'],
    ['fractional', 3599.9, 3599],
    ['less than a second', 0.5, 'not said'],
    ['a text of digits', '1800', 1800],
    ['a text', 'an hour', 'not said'],
    ['an empty text', '', 'not said'],
    ['zero', 0, 'not said'],
    ['null', null, 'not said'],
    ['true', true, 'not said'],
    ['an object', { seconds: 3600 }, 'not said'],
    ['an array', [3600], 'not said'],
    ['missing', undefined, 'not said']
  ] as const
).map(([what, value, expiresInSeconds]) => ({
  name: `expires_in is ${what}`,
  play: alters('expires_in', value),
  code: 'granted',
  again: 'no',
  kinds: GRANT_KINDS,
  expiresInSeconds
}))

const oddButGood: AttemptError[] = [
  {
    name: 'a good answer without its type',
    play: async ({ socket, genuine }) =>
      socket.write(reply(200, JSON.stringify((await genuine()).json), { 'Content-Type': 'text/html' })),
    code: 'granted',
    again: 'no'
  },
  {
    name: 'a good answer in many chunks, a few bytes at a time',
    play: async ({ socket, genuine }) => {
      const bytes = [...JSON.stringify((await genuine()).json)].map(chunk).join('')
      const text = `${CHUNKED}${bytes}0\r\n\r\n`
      for (let at = 0; at < text.length; at += 97) socket.write(text.slice(at, at + 97))
    },
    code: 'granted',
    again: 'no'
  },
  {
    name: 'a good answer, and closed',
    play: async ({ socket, genuine }) =>
      socket.end(reply(200, JSON.stringify((await genuine()).json), { Connection: 'close' })),
    code: 'granted',
    again: 'no'
  },
  {
    name: 'a good answer, and another one behind it',
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
    again: 'no'
  }
]

const notOffered = ({ tutorial }: Target): ErrorCode => (tutorial ? 'not-offered' : 'bad-request')

const refusals: AttemptError[] = [
  {
    name: '400 invalid_client',
    play: answers(400, '{"error":"invalid_client","description":"client not found"}'),
    code: 'credentials-rejected',
    again: 'no',
    says: /invalid_client \(client not found\)/
  },
  {
    name: '400 invalid_grant',
    play: answers(400, '{"error":"invalid_grant"}'),
    code: 'credentials-rejected',
    again: 'no'
  },
  { name: '400', play: answers(400, '{"error":"invalid_request"}'), code: 'bad-request', again: 'no' },
  { name: '400 with HTML', play: answers(400, '<h1>Bad request</h1>'), code: 'bad-request', again: 'no' },
  {
    name: '401',
    play: answers(401, '{"message":"Unauthorized"}'),
    code: 'credentials-rejected',
    again: 'no'
  },
  {
    name: '401 with a challenge',
    play: answers(401, '', { 'WWW-Authenticate': 'Basic realm="x"' }),
    code: 'credentials-rejected',
    again: 'no'
  },
  { name: '403', play: answers(403, '{"message":"Forbidden"}'), code: 'forbidden', again: 'no' },
  { name: '404', play: answers(404), code: notOffered, again: 'no' },
  { name: '405', play: answers(405), code: notOffered, again: 'no' },
  {
    name: '407',
    play: answers(407, '', { 'Proxy-Authenticate': 'Basic' }),
    code: 'bad-request',
    again: 'no'
  },
  { name: '413', play: answers(413), code: 'bad-request', again: 'no' },
  { name: '418', play: answers(418), code: 'bad-request', again: 'no' },
  ...ALL_5XX_ONCE.map(
    (status): AttemptError => ({ name: `${status}`, play: answers(status), code: 'unavailable', again: 'no' })
  )
]

const passing: AttemptError[] = [
  ...[408, 425].map(
    (status): AttemptError => ({
      name: `${status}`,
      play: answers(status),
      code: 'bad-request',
      again: 'yes'
    })
  ),
  ...[500, 502, 503, 504].map(
    (status): AttemptError => ({
      name: `${status}`,
      play: answers(status),
      code: 'unavailable',
      again: 'yes'
    })
  ),
  {
    name: '500 invalid_client',
    play: answers(500, '{"error":"invalid_client"}'),
    code: 'unavailable',
    again: 'yes'
  },
  { name: '503 with HTML', play: answers(503, '<h1>Maintenance</h1>'), code: 'unavailable', again: 'yes' }
]

/** What is asked for, in seconds: twice within two minutes, and not a third time. */
const ASKED = 50

const onDate =
  (status: number, inSeconds: number): Play =>
  scene =>
    scene.socket.write(
      reply(status, '', { 'Retry-After': new Date(scene.now() + inSeconds * 1000).toUTCString() })
    )

const throttles = ({ kind }: Target): boolean => kind === 'token' || kind === 'generate'

const throttling: AttemptError[] = [
  { name: '429 without Retry-After', play: answers(429), code: 'rate-limited', again: 'throttled' },
  {
    name: '429 with Retry-After in seconds',
    play: answers(429, '', { 'Retry-After': `${ASKED}` }),
    code: 'rate-limited',
    again: 'asked'
  },
  { name: '429 with Retry-After as a date', play: onDate(429, ASKED), code: 'rate-limited', again: 'asked' },
  {
    name: '429 with Retry-After in the past',
    play: onDate(429, -ASKED),
    code: 'rate-limited',
    again: 'throttled'
  },
  {
    name: '429 with Retry-After of zero',
    play: answers(429, '', { 'Retry-After': '0' }),
    code: 'rate-limited',
    again: 'throttled'
  },
  {
    name: '429 with a negative Retry-After',
    play: answers(429, '', { 'Retry-After': '-5' }),
    code: 'rate-limited',
    again: 'throttled'
  },
  {
    name: '429 with nonsense for Retry-After',
    play: answers(429, '', { 'Retry-After': 'a while' }),
    code: 'rate-limited',
    again: 'throttled'
  },
  {
    name: '429 with an absurd Retry-After',
    play: answers(429, '', { 'Retry-After': '999999999' }),
    code: 'rate-limited',
    again: 'no',
    says: /asking to wait/
  },
  {
    name: '429 with an absurd date',
    play: onDate(429, 10 * 365 * 86_400),
    code: 'rate-limited',
    again: 'no',
    says: /asking to wait/
  },
  {
    name: '400 rate limit exceeded',
    play: answers(
      400,
      '{"error":"invalid_request","description":"rate limit exceeded; 300 per 60 seconds","error_description":"rate limit exceeded; 300 per 60 seconds"}'
    ),
    // The documents of an issuer are no token requests.
    code: target => (throttles(target) ? 'rate-limited' : 'bad-request'),
    again: target => (throttles(target) ? 'throttled' : 'no'),
    says: /rate limit exceeded/
  },
  {
    name: '503 with Retry-After in seconds',
    play: answers(503, '', { 'Retry-After': `${ASKED}` }),
    code: 'unavailable',
    again: 'yes'
  },
  { name: '503 with Retry-After as a date', play: onDate(503, ASKED), code: 'unavailable', again: 'yes' },
  // Of a request that is not tried again anyhow, the time that was asked for is not told.
  {
    name: '503 with an absurd Retry-After',
    play: answers(503, '', { 'Retry-After': '999999999' }),
    code: 'unavailable',
    again: 'no'
  },
  {
    name: '500 with an absurd Retry-After',
    play: answers(500, '', { 'Retry-After': '999999999' }),
    code: 'unavailable',
    again: 'yes'
  }
]

/** Where an issuer's documents must not lead. `FOREIGN` stands for the server that must see nothing. */
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
  // A path that starts with two slashes is another host to whoever resolves it against an origin.
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

const endpoints: AttemptError[] = FOREIGN_ENDPOINTS.map(endpoint => ({
  name: `the endpoint is ${JSON.stringify(endpoint)}`,
  play: ({ socket, kind, foreign }) =>
    socket.write(reply(200, saying(kind, endpoint.replaceAll('FOREIGN', foreign)))),
  code: 'bad-response',
  again: 'no',
  kinds: ['discovery', 'configuration'],
  says: /own domains/
}))

export const FAULTS: readonly AttemptError[] = [
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

export function faultNamed(name: string): AttemptError {
  const fault = FAULTS.find(one => one.name === name)
  if (fault === undefined) throw new Error(`no fault is called ${name}`)
  return fault
}
