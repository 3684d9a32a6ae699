import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ActionError } from '../../src/lib/action-error.js'
import { systemClock } from '../../src/lib/clock.js'
import { exchange } from '../support/requests.js'
import { openSession, StillClock } from '../support/session.js'
import { startSocketServer } from '../support/sockets.js'
import { Bench, nameOf, pooled, requestFor, TARGETS, targetOf } from './cells.js'
import { type Fault, faultNamed, type Target } from './faults.js'
import { startFront } from './front.js'

const TIMEOUT_MS = 1500
/** How late a deadline may be kept on a busy machine. */
const TOLERANCE_MS = 1000

const bench = new Bench()
afterAll(() => bench.close())

interface Ended {
  readonly code: string
  readonly message: string
  readonly tookMs: number
  readonly attempts: number
}

/** Runs an exchange with the real clock. */
async function run(
  name: string,
  limits: { attemptTimeoutMs: number; maxAttempts: number },
  origin?: string
): Promise<Ended> {
  const { session, events } = openSession({ clock: systemClock, timeoutMs: TIMEOUT_MS, ...limits })
  const started = performance.now()
  const error: unknown = await exchange(requestFor(name, origin), session, events).then(
    () => undefined,
    reason => reason
  )
  session.close()
  const tookMs = performance.now() - started
  const attempts = session.attemptCount
  if (error === undefined) return { code: 'granted', message: '', tookMs, attempts }
  if (!(error instanceof ActionError)) throw error
  return { code: error.code, message: error.message, tookMs, attempts }
}

/** These never end by themselves. */
const ENDLESS = [
  'silence after the connection',
  'silence after the request',
  'headers, a byte at a time',
  'a body, a byte at a time',
  'content-length too long, and kept open',
  'a body that ends with the connection, which stays open',
  'endless early hints'
].map(faultNamed)

/** The matrix sends bytes faster. */
const SLOWLY: Fault = {
  name: 'a byte a second',
  play: ({ socket }) => {
    const timer = setInterval(() => socket.write('H'), 1000)
    socket.on('close', () => clearInterval(timer))
  },
  code: 'timeout',
  retries: 'transient'
}

/** Endless headers and an endless body, so slow that no size limit is reached. */
const STREAMS: Fault[] = ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'].map(
  (start, isBody) => ({
    name: `endless ${isBody ? 'body' : 'headers'}, slowly`,
    play: ({ socket }) => {
      socket.write(start)
      const timer = setInterval(() => socket.write(isBody ? '4\r\n    \r\n' : 'X-More: more\r\n'), 50)
      socket.on('close', () => clearInterval(timer))
    },
    code: 'timeout',
    retries: 'transient'
  })
)

describe('No exchange takes longer than the timeout', () => {
  const faults = [...ENDLESS, SLOWLY, ...STREAMS]

  const runAt = async (at: Target, fault: Fault, attemptTimeoutMs: number) => {
    const front = await startFront({ platform: await bench.platformOf(at), target: at, fault })
    const ended = await run(at.exchange, { attemptTimeoutMs, maxAttempts: 10 }, front.origin)
    await front.close()
    return ended
  }

  test.each([
    ['if one attempt may take longer', 60_000],
    ['if attempts are short', 300]
  ])('%s', async (_, attemptTimeoutMs) => {
    const cells = faults.flatMap(fault => TARGETS.map(at => ({ fault, at })))
    const ended = await pooled(
      cells.map(
        ({ fault, at }) =>
          () =>
            runAt(at, fault, attemptTimeoutMs)
      ),
      cells.length
    )
    for (const [i, { fault, at }] of cells.entries()) {
      const { code, tookMs = Number.NaN } = ended[i] ?? {}
      const what = `${fault.name}, ${nameOf(at)}`
      // On a busy machine, a request before the optional one may time out.
      if (!at.isOptional) expect([what, code]).toEqual([what, 'timeout'])
      expect([what, tookMs < TIMEOUT_MS + TOLERANCE_MS, tookMs]).toEqual([what, true, tookMs])
    }
  })

  test('waits count: a request that fails at once is not retried after the deadline', async () => {
    const cells = TARGETS.flatMap(at =>
      ['500', '429 without Retry-After', 'reset after the request'].map(name => ({
        at,
        fault: faultNamed(name)
      }))
    )
    const ended = await pooled(
      cells.map(
        ({ fault, at }) =>
          () =>
            runAt(at, fault, 60_000)
      ),
      cells.length
    )
    for (const { tookMs } of ended) expect(tookMs).toBeLessThan(TIMEOUT_MS + TOLERANCE_MS)
  })
})

describe('A long-lived token is not requested', () => {
  /** The response to the first request arrives so late that only this time is left. */
  const runLate = async (leftMs: number) => {
    const at = targetOf('genesys-long-lived', 'token')
    let lateMs = 0
    const still = new StillClock()
    const clock = { now: () => still.now() + lateMs, sleep: still.sleep, random: still.random }
    const late: Fault = {
      name: 'late',
      play: async ({ socket, genuine }) => {
        const { json } = await genuine()
        lateMs = 120_000 - leftMs
        const body = JSON.stringify(json)
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      },
      code: 'timeout',
      retries: 'none'
    }
    const front = await startFront({ platform: await bench.platformOf(at), target: at, fault: late })
    const { session, events } = openSession({ clock, maxAttempts: 3 })
    const request = requestFor('genesys-long-lived', front.origin)
    const code = await exchange(request, session, events).then(
      () => 'granted',
      (error: ActionError) => error.code
    )
    session.close()
    await front.close()
    return { code, requests: front.requests.map(({ path }) => path) }
  }

  test.each([0, 1, 50, 999])('with %d ms left', async leftMs => {
    expect(await runLate(leftMs)).toEqual({ code: 'timeout', requests: ['/oauth/token'] })
  })
  test('but it is with a second left', async () => {
    expect((await runLate(1000)).requests).toEqual(['/oauth/token', '/api/v2/oauth/token/generate'])
  })
})

describe('A proxy', () => {
  type Behaviour = (socket: Socket) => void
  const drip = (start: string, piece: string) => (socket: Socket) => {
    socket.once('data', () => {
      socket.write(start)
      const timer = setInterval(() => socket.write(piece), 50)
      socket.on('close', () => clearInterval(timer))
    })
  }
  const respond = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text))

  interface Proxy {
    readonly port: number
    /** What each connection sent, in the order of the connections. */
    readonly received: readonly string[]
    /** Resolves when there were so many connections. */
    connected(count: number): Promise<void>
  }

  /** Runs the work behind a proxy: the first connection gets the first behaviour and so on, later ones the last. */
  async function through<T>(
    behaviours: readonly Behaviour[],
    work: (proxy: Proxy) => Promise<T>,
    user = ''
  ): Promise<T> {
    const received: string[] = []
    const proxy = createServer(socket => {
      const at = received.push('') - 1
      socket.on('data', piece => {
        received[at] += piece.toString('latin1')
      })
      behaviours[Math.min(at, behaviours.length - 1)]?.(socket)
      proxy.emit('connected')
    })
    const { port, close } = await startSocketServer(proxy)
    const connected = async (count: number) => {
      while (received.length < count) await once(proxy, 'connected')
    }
    process.env['HTTPS_PROXY'] = `http://${user}127.0.0.1:${port}`
    try {
      return await work({ port, received, connected })
    } finally {
      delete process.env['HTTPS_PROXY']
      await close()
    }
  }

  const ENDLESS_PROXIES: [string, Behaviour][] = [
    ['never answers CONNECT', () => {}],
    ['answers CONNECT a byte at a time', drip('HTTP/1.1 200 O', 'K')],
    ['answers CONNECT with endless headers', drip('HTTP/1.1 200 OK\r\n', 'X-More: more\r\n')],
    [
      'connects, and is then silent',
      socket => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    ]
  ]
  test(`that ${ENDLESS_PROXIES.map(([name]) => name).join('; ')}: the timeout holds`, async () => {
    await through(
      ENDLESS_PROXIES.map(([, behaviour]) => behaviour),
      async ({ port, received, connected }) => {
        const runs: Promise<Ended>[] = []
        for (const at of ENDLESS_PROXIES.keys()) {
          runs.push(run('genesys-login', { attemptTimeoutMs: 60_000, maxAttempts: 10 }))
          await connected(at + 1)
        }
        for (const [at, [name]] of ENDLESS_PROXIES.entries()) {
          const { code, message, tookMs } = (await runs[at]) as Ended
          expect([name, code]).toEqual([name, 'timeout'])
          expect(message).toContain(`through the proxy 127.0.0.1:${port}`)
          expect([name, tookMs < TIMEOUT_MS + TOLERANCE_MS]).toEqual([name, true])
          expect(received[at]).toMatch(/^CONNECT login\.mypurecloud\.ie:443 HTTP\/1\.1\r\n/)
        }
      }
    )
  })

  test('that never answers CONNECT is tried again after the timeout of an attempt', async () => {
    const { code, attempts, tookMs } = await through([() => {}], () =>
      run('genesys-login', { attemptTimeoutMs: 100, maxAttempts: 2 })
    )
    expect({ code, attempts }).toEqual({ code: 'timeout', attempts: 2 })
    expect(tookMs).toBeLessThan(TIMEOUT_MS + TOLERANCE_MS)
  })

  test.each<[string, Behaviour, string, number]>([
    ['requires a password', respond('HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n'), 'network', 1],
    ['does not allow the host', respond('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'), 'network', 1],
    ['does not reach the host', respond('HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n'), 'network', 2],
    ['hangs up on CONNECT', socket => void socket.once('data', () => socket.end()), 'network', 2],
    ['resets CONNECT', socket => void socket.once('data', () => socket.resetAndDestroy()), 'network', 2],
    // The bytes in the tunnel come from the proxy itself.
    [
      'answers with plain HTTP in its tunnel',
      socket => {
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
        socket.once('data', () =>
          socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
        )
      },
      'tls',
      1
    ]
  ])('that %s', async (_, behaviour, code, attempts) => {
    const limits = { attemptTimeoutMs: 60_000, maxAttempts: 2 }
    await through(
      [behaviour],
      async ({ port, received }) => {
        const ended = await run('genesys-login', limits)
        expect(ended).toMatchObject({ code, attempts })
        expect(ended.message).toContain(`through the proxy 127.0.0.1:${port}`)
        // The proxy gets the host and its own credentials, and nothing of the request.
        expect(ended.message).not.toContain('pass-of-proxy')
        expect(received.join('')).not.toMatch(/grant_type|^authorization:/im)
      },
      'user:pass-of-proxy@'
    )
  })
})
