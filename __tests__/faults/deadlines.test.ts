import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterAll, describe, expect, test } from '@jest/globals'
import { exchange } from '../../src/auth/index.js'
import { ActionError } from '../../src/lib/action-error.js'
import { openWire, realClock, StillClock } from '../support/wire.js'
import { Bench, nameOf, pooled, requestFor, TARGETS } from './cells.js'
import { type AttemptError, faultNamed, type Target } from './faults.js'
import { startFront } from './front.js'

const TIMEOUT_MS = 1500
const A_SECOND = 1000

const bench = new Bench()
afterAll(() => bench.close())

interface Ended {
  readonly code: string
  readonly message: string
  readonly tookMs: number
  readonly sent: number
}

/** Sends what the exchange needs, with the clock that the entry points have. */
async function run(
  name: string,
  limits: { attemptTimeoutMs: number; maxAttempts: number },
  baseUrl?: URL
): Promise<Ended> {
  const { wire, events } = openWire({ clock: realClock, timeoutMs: TIMEOUT_MS, ...limits })
  const began = performance.now()
  try {
    await exchange(requestFor(name, baseUrl), wire, events)
    return { code: 'granted', message: '', tookMs: performance.now() - began, sent: wire.sent }
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    return { code: error.code, message: error.message, tookMs: performance.now() - began, sent: wire.sent }
  } finally {
    wire.close()
  }
}

/** All of them never end by themselves. */
const ENDLESS = [
  'accepts and says nothing',
  'reads and says nothing',
  'headers, a byte at a time',
  'a body, a byte at a time',
  'content-length too long, and kept open',
  'a whole answer that never closes',
  'early hints for ever',
  '101'
].map(faultNamed)

/** A byte a second, as the issue has it; the matrix drips faster. */
const SLOWLY: AttemptError = {
  name: 'a byte a second',
  play: ({ socket }) => {
    const timer = setInterval(() => socket.write('H'), 1000)
    socket.on('close', () => clearInterval(timer))
  },
  code: 'timeout',
  again: 'yes'
}

/** Headers or a body for ever, each piece so late that no limit of size is reached. */
const STREAMS: AttemptError[] = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
].map((start, isBody) => ({
  name: `${isBody ? 'a body' : 'headers'} for ever`,
  play: ({ socket }) => {
    socket.write(start)
    const timer = setInterval(() => socket.write(isBody ? '4\r\n    \r\n' : 'X-More: more\r\n'), 50)
    socket.on('close', () => clearInterval(timer))
  },
  code: 'timeout',
  again: 'yes'
}))

describe('Nothing outlasts timeout by more than a second', () => {
  const faults = [...ENDLESS, SLOWLY, ...STREAMS]

  const play = async (at: Target, fault: AttemptError, attemptTimeoutMs: number) => {
    const front = await startFront({ platform: await bench.platformOf(at), target: at, fault })
    const ended = await run(at.exchange, { attemptTimeoutMs, maxAttempts: 10 }, new URL(front.origin))
    await front.close()
    return ended
  }

  test.each([
    ['one attempt is allowed to take longer', 60_000],
    ['attempts are short', 300]
  ])('%s', async (_, attemptTimeoutMs) => {
    const cells = faults.flatMap(fault => TARGETS.map(at => ({ fault, at })))
    const ended = await pooled(
      cells.map(
        ({ fault, at }) =>
          () =>
            play(at, fault, attemptTimeoutMs)
      ),
      cells.length
    )
    for (const [i, { fault, at }] of cells.entries()) {
      const { code, tookMs = Number.NaN } = ended[i] ?? {}
      const what = `${fault.name}, ${nameOf(at)}`
      expect([what, code]).toEqual([what, 'timeout'])
      expect([what, Math.floor(tookMs / 100)]).toEqual([
        what,
        Math.min(Math.floor(tookMs / 100), (TIMEOUT_MS + A_SECOND) / 100)
      ])
    }
  })

  test('the waits count too: a request that is refused at once is not tried past the deadline', async () => {
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
            play(at, fault, 60_000)
      ),
      cells.length
    )
    for (const { tookMs } of ended) expect(tookMs).toBeLessThan(TIMEOUT_MS + A_SECOND)
  })
})

describe('What is not worth starting', () => {
  // The front moves the clock while it answers, so that nothing is left for what would come next.
  const withoutTime = async (exchangeName: string, at: Target, leftMs: number) => {
    let lateMs = 0
    const still = new StillClock()
    const clock = { now: () => still.now() + lateMs, sleep: still.sleep, random: still.random }
    const late: AttemptError = {
      name: 'late',
      play: async ({ socket, genuine }) => {
        const { json } = await genuine()
        lateMs = 120_000 - leftMs
        const body = JSON.stringify(json)
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      },
      code: 'timeout',
      again: 'no'
    }
    const front = await startFront({ platform: await bench.platformOf(at), target: at, fault: late })
    const { wire, events } = openWire({ clock, timeoutMs: 120_000, maxAttempts: 3 })
    const code = await exchange(requestFor(exchangeName, new URL(front.origin)), wire, events).then(
      () => 'granted',
      (error: ActionError) => error.code
    )
    wire.close()
    await new Promise(resolve => setTimeout(resolve, 50))
    await front.close()
    return { code, requests: front.asked.map(({ path }) => path) }
  }

  test.each([0, 1, 50, 999])(
    'with %d ms left, no token that lives for a year is made that nobody waits for',
    async leftMs => {
      const at = TARGETS.find(one => one.exchange === 'genesys-long-lived') as Target
      expect(await withoutTime('genesys-long-lived', at, leftMs)).toEqual({
        code: 'timeout',
        requests: ['/oauth/token']
      })
    }
  )
  test('with a second left it is asked for', async () => {
    const at = TARGETS.find(one => one.exchange === 'genesys-long-lived') as Target
    expect((await withoutTime('genesys-long-lived', at, 1000)).requests).toEqual([
      '/oauth/token',
      '/api/v2/oauth/token/generate'
    ])
  })
})

describe('A proxy', () => {
  type Answering = (socket: Socket) => void
  const drip = (start: string, piece: string) => (socket: Socket) => {
    socket.once('data', () => {
      socket.write(start)
      const timer = setInterval(() => socket.write(piece), 50)
      socket.on('close', () => clearInterval(timer))
    })
  }
  const say = (text: string) => (socket: Socket) => {
    socket.once('data', () => socket.end(text))
  }

  interface Proxy {
    readonly port: number
    /** What each connection sent, in the order of connecting. */
    readonly heard: readonly string[]
    /** Resolves when so many connections have come. */
    connected(count: number): Promise<void>
  }

  /** Works behind a proxy that does nothing but this: the n-th connection gets the n-th answer, later ones the last. */
  async function through<T>(
    answers: readonly Answering[],
    work: (proxy: Proxy) => Promise<T>,
    user = ''
  ): Promise<T> {
    const heard: string[] = []
    const sockets = new Set<Socket>()
    const proxy = net.createServer(socket => {
      const at = sockets.size
      sockets.add(socket)
      heard[at] = ''
      socket.on('error', () => {})
      socket.on('data', piece => {
        heard[at] += piece.toString('latin1')
      })
      answers[Math.min(at, answers.length - 1)]?.(socket)
      proxy.emit('connected')
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const connected = async (count: number) => {
      while (sockets.size < count) await once(proxy, 'connected')
    }
    const before = { ...process.env }
    for (const name of ['https_proxy', 'no_proxy', 'NO_PROXY']) delete process.env[name]
    process.env['HTTPS_PROXY'] = `http://${user}127.0.0.1:${port}`
    try {
      return await work({ port, heard, connected })
    } finally {
      for (const name of ['HTTPS_PROXY', 'https_proxy', 'no_proxy', 'NO_PROXY']) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => proxy.close(resolve))
    }
  }

  const ENDLESS_PROXIES: [string, Answering][] = [
    ['never answers CONNECT', () => {}],
    ['answers CONNECT a byte at a time', drip('HTTP/1.1 200 O', 'K')],
    ['answers CONNECT with headers for ever', drip('HTTP/1.1 200 OK\r\n', 'X-More: more\r\n')],
    [
      'connects, and then says nothing',
      socket => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    ]
  ]
  test(`that ${ENDLESS_PROXIES.map(([name]) => name).join('; ')}: is waited for no longer than timeout`, async () => {
    await through(
      ENDLESS_PROXIES.map(([, answering]) => answering),
      async ({ port, heard, connected }) => {
        const runs: Promise<Ended>[] = []
        for (const at of ENDLESS_PROXIES.keys()) {
          runs.push(run('genesys-login', { attemptTimeoutMs: 60_000, maxAttempts: 10 }))
          await connected(at + 1)
        }
        for (const [at, [name]] of ENDLESS_PROXIES.entries()) {
          const { code, message, tookMs } = (await runs[at]) as Ended
          expect([name, code]).toEqual([name, 'timeout'])
          expect(message).toContain(`through the proxy 127.0.0.1:${port}`)
          expect([name, tookMs < TIMEOUT_MS + A_SECOND]).toEqual([name, true])
          expect(heard[at]).toMatch(/^CONNECT login\.mypurecloud\.ie:443 HTTP\/1\.1\r\n/)
        }
      }
    )
  })

  test('that never answers CONNECT is asked again when an attempt is over', async () => {
    const { code, sent, tookMs } = await through([() => {}], () =>
      run('genesys-login', { attemptTimeoutMs: 100, maxAttempts: 2 })
    )
    expect({ code, sent }).toEqual({ code: 'timeout', sent: 2 })
    expect(tookMs).toBeLessThan(TIMEOUT_MS + A_SECOND)
  })

  test.each<[string, Answering, string, number]>([
    ['refuses without a password', say('HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n'), 'network', 1],
    ['does not allow the host', say('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'), 'network', 1],
    ['does not reach the host', say('HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n'), 'network', 2],
    ['hangs up on CONNECT', socket => void socket.once('data', () => socket.end()), 'network', 2],
    ['resets CONNECT', socket => void socket.once('data', () => socket.resetAndDestroy()), 'network', 2],
    // The bytes behind the tunnel come from the proxy itself.
    [
      'speaks plain HTTP in its tunnel',
      socket => {
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
        socket.once('data', () =>
          socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
        )
      },
      'tls',
      1
    ]
  ])('that %s', async (_, answering, expectedCode, expectedSent) => {
    const limits = { attemptTimeoutMs: 60_000, maxAttempts: 2 }
    const { code, message, sent, port, heard } = await through(
      [answering],
      async ({ port, heard }) => ({ ...(await run('genesys-login', limits)), port, heard }),
      'user:pass-of-proxy@'
    )
    expect({ code, sent, message }).toEqual({
      code: expectedCode,
      sent: expectedSent,
      message: expect.anything()
    })
    expect(message).toContain(`through the proxy 127.0.0.1:${port}`)
    // The proxy learns where to go and who asks it, and nothing of what is sent there.
    expect(message).not.toContain('pass-of-proxy')
    expect(heard.join('')).not.toMatch(/grant_type|^authorization:/im)
  })
})
