import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { few, type Inputs, LONG_LIVED } from '../support/lifecycle.js'
import { describeOnPosix, testOnPosix } from '../support/posix.js'
import {
  FAULTS,
  type Fault,
  faultAt,
  type Intercepted,
  type Interceptor,
  interceptAll,
  liveTokens,
  NAME,
  postOf,
  REPOSITORY,
  reset,
  respond,
  rotateInProcess,
  type Servers,
  startServers,
  VARIABLE
} from '../support/rotation.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

/** The requests of a rotation with all inputs, in order. */
const REQUESTS = [
  'public key',
  'date',
  'variable',
  'check variable',
  'exchange',
  'verify',
  'store',
  'set variable',
  'previous owner',
  'revoke previous',
  'new date'
] as const

/** No request is retried, except the revocation. */
const ONCE: Inputs = { 'max-attempts': '1', timeout: '60s' }
const SHORT_ATTEMPTS: Inputs = { ...ONCE, 'attempt-timeout': '3s' }

const UNCHANGED = 'The stored token is unchanged'
const UNKNOWN = 'It is unknown whether the new token is stored.'

/** A rotation, as a process or in this process. */
interface Rotation extends Pick<RunResult, 'exitCode' | 'outputs' | 'log' | 'stderr'> {
  /** The runner's files without the state. */
  readonly files: string
  /** The post step, if anything was left to it. */
  readonly post?: RunResult
}

type Rotate = (servers: Servers, inputs: Inputs) => Promise<Rotation>

const asProcess =
  (options: RunOptions = {}): Rotate =>
  async (servers, inputs) => {
    const run = await servers.rotate(inputs, options)
    interceptAll(servers, () => false)
    const { output, env, summary } = run.files
    const isStateLeft = Object.values(run.state).some(value => value !== '')
    return { ...run, files: output + env + summary, ...(isStateLeft ? { post: await postOf(run) } : {}) }
  }

/** Ten times as fast as a process. There is no post step. */
const inProcess: Rotate = async (servers, inputs) => {
  const result = await rotateInProcess(servers, inputs)
  const log = result.stdout.replace(/^::add-mask::.*$/gm, '').replaceAll('::warning::', 'Warning: ')
  return { ...result, log, stderr: '' }
}

interface Outcome {
  readonly servers: Servers
  readonly rotation: Rotation
  /** The outcome in a few words. */
  readonly summary: string
}

/** Rotates with all inputs, on servers of its own, and checks what must hold for every rotation. */
async function rotateWithFault(
  interceptor: Interceptor,
  inputs: Inputs = {},
  rotate: Rotate = asProcess()
): Promise<Outcome> {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, 'the old value')
    servers.forgetRequests()
    interceptAll(servers, interceptor)
    const all = { 'previous-token': previous, 'expiry-variable': VARIABLE, ...inputs }
    const rotation = await rotate(servers, all)
    return { servers, rotation, summary: summarize(servers, previous, rotation) }
  } finally {
    await servers.close()
  }
}

/** Returns the outcome in a few words. What must never happen is in capitals. */
function summarize({ genesys, github, stored }: Servers, previous: string, rotation: Rotation): string {
  const { exitCode, outputs, log, files, post } = rotation
  const storedToken = stored() ?? ''
  const live = liveTokens(genesys)
  const unstored = live.filter(token => token !== storedToken && token !== previous)
  for (const token of genesys.tokens.keys()) expect(files + log + (post?.log ?? '')).not.toContain(token)
  // A cancelled step sets no outputs.
  if (exitCode !== 0) {
    const code = outputs['error-code']
    expect(outputs).toEqual(code === undefined ? {} : { rotated: 'false', 'error-code': code })
  }
  expect(github.violations).toEqual([])
  const isStored = storedToken !== previous
  return [
    exitCode === 0 ? `rotated${log.includes('Warning: ') ? ', warned' : ''}` : failureOf(rotation),
    ...(exitCode === 0 && !isStored ? ['NOT STORED'] : []),
    ...(exitCode !== 0 && isStored ? ['but stored'] : []),
    ...(live.includes(storedToken) ? [] : ['STORED TOKEN INVALID']),
    ...(isStored && live.includes(previous) ? ['previous token live'] : []),
    ...(unstored.length > 0 ? [`${unstored.length} unstored token live`] : []),
    ...(post === undefined ? [] : ['post step revoked'])
  ].join('; ')
}

function failureOf({ outputs, exitCode, log, stderr }: Rotation): string {
  const cancelled = exitCode === 1 && /^Cancelled\. /m.test(log) ? 'cancelled' : undefined
  return outputs['error-code'] ?? cancelled ?? `CRASHED (${exitCode}: ${stderr.slice(0, 200)})`
}

test('without a fault, a rotation sends these requests', async () => {
  const { servers, summary } = await rotateWithFault(() => false)
  expect(summary).toBe('rotated')
  expect(servers.requests()).toHaveLength(REQUESTS.length)
})

const UNSTORED = '1 unstored token live'

/** The outcome of each fault at each request, without retries. */
const EXPECTED: Record<(typeof REQUESTS)[number], Readonly<Record<string, string>>> = {
  'public key': failures('github'),
  date: failures('github', { '404': 'rotated' }),
  variable: failures('github', { '404': 'rotated' }),
  // After 404 it is created; 409 says that it exists; the second update succeeds.
  'check variable': failures('github', { '404': 'rotated' }),
  exchange: failures('platform', {
    'applied, 502': `unavailable; ${UNSTORED}`,
    'applied, reset': `network; ${UNSTORED}`,
    'applied, cut short': `bad-response; ${UNSTORED}`,
    'applied, silence': `timeout; ${UNSTORED}`
  }),
  verify: failures('platform'),
  store: failures('github', {
    // The request may still be carried out, so the new token must stay valid.
    '500': `unavailable; ${UNSTORED}`,
    reset: `network; ${UNSTORED}`,
    silence: `timeout; ${UNSTORED}`,
    // The date of the secret shows that it is stored.
    'applied, 502': 'rotated',
    'applied, reset': 'rotated',
    'applied, cut short': 'rotated',
    'applied, silence': 'rotated'
  }),
  'set variable': { ...always('rotated, warned'), '404': 'rotated' },
  'previous owner': {
    ...always('rotated, warned; previous token live'),
    '401': 'rotated; previous token live'
  },
  // The revocation has a session of its own, with retries.
  'revoke previous': {
    ...always('rotated'),
    '401': 'rotated; previous token live',
    '403': 'rotated, warned; previous token live',
    '404': 'rotated, warned; previous token live',
    '422': 'rotated, warned; previous token live',
    '429': 'rotated, warned; previous token live'
  },
  'new date': { ...always('rotated, warned'), '404': 'rotated' }
}

function always(outcome: string): Record<string, string> {
  return Object.fromEntries(FAULTS.map(({ name }) => [name, outcome]))
}

/** Returns the outcomes of a request before the token is stored: the fault's error code, and no token is left. */
function failures(
  server: 'github' | 'platform',
  others: Readonly<Record<string, string>> = {}
): Record<string, string> {
  const isGithub = server === 'github'
  return {
    '401': isGithub ? 'github-token-rejected' : 'credentials-rejected',
    '403': isGithub ? 'github-forbidden' : 'forbidden',
    '404': isGithub ? 'github-not-found' : 'bad-request',
    '422': isGithub ? 'secret-refused' : 'bad-request',
    '429': 'rate-limited',
    '500': 'unavailable',
    reset: 'network',
    silence: 'timeout',
    'applied, 502': 'unavailable',
    'applied, reset': 'network',
    'applied, cut short': 'bad-response',
    'applied, silence': 'timeout',
    ...others
  }
}

/** A fault at a request. */
interface Case {
  readonly request: (typeof REQUESTS)[number]
  readonly n: number
  readonly fault: Fault
}

const casesWith = (isIncluded: (fault: Fault) => boolean): Case[] =>
  REQUESTS.flatMap((request, n) => FAULTS.filter(isIncluded).map(fault => ({ request, n, fault })))
const line = ({ request, fault }: Case, outcome: string | undefined) =>
  `${request} | ${fault.name} | ${outcome}`
const expectedLines = (cases: readonly Case[]) =>
  cases.map(one => line(one, EXPECTED[one.request][one.fault.name]))
const isSilent = ({ name }: Fault) => name.endsWith('silence')
const SILENT = casesWith(isSilent)

/** Returns a promise and the function that resolves it. */
function newMoment(): { reached: Promise<void>; reach: () => void } {
  let reach = () => {}
  const reached = new Promise<void>(resolve => {
    reach = resolve
  })
  return { reached, reach: () => reach() }
}

const isPut = ({ request }: Intercepted) => request.method === 'PUT'

/** GitHub resets every connection from the moment that the token was sent to it. */
function gitHubGoneFromPut(): Interceptor {
  let hasBegun = false
  return call => {
    if (isPut(call) && !call.isApplied) hasBegun = true
    return hasBegun && call.server === 'github' && !call.isApplied && reset(call)
  }
}

/** Rotations that wait in real time. They start at once, because a wait needs no processor; their tests await them. */
function startSlowRotations() {
  const noResponseToPut: Interceptor = call => isPut(call) && call.isApplied
  return {
    silent: few(SILENT, 11, async one =>
      line(one, (await rotateWithFault(faultAt(one.n, one.fault), SHORT_ATTEMPTS)).summary)
    ),
    outOfTime: rotateWithFault(noResponseToPut, { timeout: '4s', 'attempt-timeout': '10s' }),
    gone: rotateWithFault(gitHubGoneFromPut(), ONCE),
    goneLongLived: rotateWithFault(gitHubGoneFromPut(), { ...ONCE, ...LONG_LIVED })
  }
}
let slow: ReturnType<typeof startSlowRotations>
beforeAll(() => {
  slow = startSlowRotations()
  // The test that awaits it reports a failure.
  for (const rotation of Object.values(slow)) rotation.catch(() => {})
})
afterAll(async () => {
  await Promise.allSettled(Object.values(slow))
  cleanup()
})

describe('each fault at each request: no stored token is revoked, and no unstored one is left if that is certain', () => {
  test('in this process', async () => {
    const cases = casesWith(fault => !isSilent(fault))
    const lines = await few(cases, 1, async one =>
      line(one, (await rotateWithFault(faultAt(one.n, one.fault), ONCE, inProcess)).summary)
    )
    expect(lines).toEqual(expectedLines(cases))
  }, 60_000)

  test('as a process, where a token is issued, stored or revoked', async () => {
    const cases = casesWith(({ name }) => ['403', 'applied, reset'].includes(name)).filter(({ request }) =>
      ['exchange', 'store', 'revoke previous'].includes(request)
    )
    const lines = await few(cases, 2, async one =>
      line(one, (await rotateWithFault(faultAt(one.n, one.fault), ONCE)).summary)
    )
    expect(lines).toEqual(expectedLines(cases))
  }, 60_000)

  test('as a process, without a response', async () => {
    expect(await slow.silent).toEqual(expectedLines(SILENT))
  }, 60_000)
})

test('with retries, a transient fault at any request does not prevent the rotation', async () => {
  const cases = casesWith(({ name }) =>
    ['500', 'reset', 'applied, 502', 'applied, reset', 'applied, cut short'].includes(name)
  )
  const lines = await few(cases, 1, async one =>
    line(one, (await rotateWithFault(faultAt(one.n, one.fault), { 'max-attempts': '3' }, inProcess)).summary)
  )
  expect(lines).toEqual(
    cases.map(one => {
      // The step never received this token, so it cannot revoke it.
      const isLost = one.request === 'exchange' && one.fault.isApplied
      return line(one, isLost ? `rotated; ${UNSTORED}` : 'rotated')
    })
  )
}, 60_000)

describeOnPosix('a job that is cancelled', () => {
  test('at any request, before or after it is carried out: the post step cleans up', async () => {
    const cases = REQUESTS.flatMap((request, n) =>
      [false, true].map(isApplied => ({ request, n, isApplied }))
    )
    const lines = await few(cases, 3, async ({ request, n, isApplied }) => {
      const { reached, reach } = newMoment()
      const interceptor: Interceptor = call => {
        if (call.n !== n || call.isApplied !== isApplied) return false
        reach()
        return true
      }
      const { summary } = await rotateWithFault(interceptor, {}, asProcess({ signalAfter: reached }))
      return `${request}${isApplied ? ', applied' : ''} | ${summary}`
    })
    expect(lines).toEqual([
      'public key | cancelled',
      'public key, applied | cancelled',
      'date | cancelled',
      'date, applied | cancelled',
      'variable | cancelled',
      'variable, applied | cancelled',
      'check variable | cancelled',
      'check variable, applied | cancelled',
      'exchange | cancelled',
      `exchange, applied | cancelled; ${UNSTORED}`,
      'verify | cancelled; post step revoked',
      'verify, applied | cancelled; post step revoked',
      // From here on GitHub may have the token, so it must not be revoked.
      `store | cancelled; ${UNSTORED}`,
      'store, applied | cancelled; but stored; previous token live',
      'set variable | cancelled; but stored; previous token live',
      'set variable, applied | cancelled; but stored; previous token live',
      'previous owner | cancelled; but stored; previous token live',
      'previous owner, applied | cancelled; but stored; previous token live',
      'revoke previous | cancelled; but stored; previous token live',
      'revoke previous, applied | cancelled; but stored',
      'new date | cancelled; but stored',
      'new date, applied | cancelled; but stored'
    ])
  }, 60_000)

  test('while it revokes a token that GitHub refused: the post step revokes it', async () => {
    const { reached, reach } = newMoment()
    const interceptor: Interceptor = call => {
      if (call.isApplied) return false
      if (isPut(call)) return respond(call, 403)
      if (call.request.method !== 'DELETE') return false
      reach()
      return true
    }
    const { summary } = await rotateWithFault(interceptor, {}, asProcess({ signalAfter: reached }))
    expect(summary).toBe('cancelled; post step revoked')
  })
})

describe('GitHub limits the requests to store the token', () => {
  const limited: Interceptor = call =>
    isPut(call) && !call.isApplied && respond(call, 429, undefined, { 'Retry-After': '2' })

  test('until the timeout: the new token is revoked, the secret is unchanged', async () => {
    const { summary, rotation } = await rotateWithFault(limited, { timeout: '6s' })
    expect(summary).toBe('rate-limited')
    expect(rotation.log).toContain(`${UNCHANGED}; the new one was revoked.`)
    expect(rotation.log).not.toContain(UNKNOWN)
  })

  testOnPosix('and the job is cancelled during the wait: the post step revokes the token', async () => {
    const { reached, reach } = newMoment()
    const interceptor: Interceptor = call => {
      const isLimited = limited(call)
      if (isLimited) setTimeout(reach, 500)
      return isLimited
    }
    const { summary } = await rotateWithFault(interceptor, {}, asProcess({ signalAfter: reached }))
    expect(summary).toBe('cancelled; post step revoked')
  })
})

test('a token that cannot be revoked at once is left to the post step', async () => {
  const { rotation, summary } = await rotateWithFault(call => {
    const isRefused = isPut(call) || call.request.method === 'DELETE'
    return isRefused && !call.isApplied && respond(call, 403)
  })
  expect(summary).toBe('github-forbidden; post step revoked')
  expect(rotation.log).toContain(`Warning: ${UNCHANGED}; the new one could not be revoked yet.`)
})

describe('if the response to storing does not tell the outcome', () => {
  /** The n-th PUT, from 1, meets the n-th interceptor. */
  function puts(...interceptors: readonly Interceptor[]): Interceptor {
    let count = 0
    return call => {
      if (!isPut(call)) return false
      if (!call.isApplied) count += 1
      return interceptors[count - 1]?.(call) ?? false
    }
  }
  const storedThenReset: Interceptor = call => call.isApplied && reset(call)
  const refused =
    (status: number, headers?: Record<string, string>): Interceptor =>
    call =>
      !call.isApplied && respond(call, status, undefined, headers)

  test.each<[string, Interceptor, Rotate]>([
    ['403', refused(403), asProcess()],
    ['401', refused(401), inProcess],
    ['404', refused(404), inProcess],
    ['409', refused(409), inProcess],
    ['422', refused(422), inProcess],
    ['429', refused(429, { 'Retry-After': '900' }), inProcess],
    ['403 with Retry-After', refused(403, { 'Retry-After': '900' }), inProcess]
  ])(
    'the first attempt stored the token, the second is refused with %s: it is stored',
    async (_, second, rotate) => {
      const { summary } = await rotateWithFault(
        puts(storedThenReset, second),
        { 'max-attempts': '3' },
        rotate
      )
      expect(summary).toBe('rotated')
    }
  )

  test('a gateway answered 502, then GitHub limits the requests: it is stored', async () => {
    const gateway: Interceptor = call => call.isApplied && respond(call, 502)
    const interceptor = puts(gateway, refused(403, { 'Retry-After': '900' }))
    const { summary } = await rotateWithFault(interceptor, { 'max-attempts': '3' }, inProcess)
    expect(summary).toBe('rotated')
  })

  test('and the secret does not exist afterwards: both tokens stay valid', async () => {
    const servers = await startServers()
    try {
      const previous = await servers.storeOldToken()
      interceptAll(servers, call => {
        if (!isPut(call) || call.isApplied) return false
        servers.github.world.holder(REPOSITORY)?.secrets.delete(NAME)
        return reset(call)
      })
      const run = await servers.rotate({ ...ONCE, 'previous-token': previous })
      expect([run.exitCode, run.outputs]).toEqual([1, { rotated: 'false', 'error-code': 'network' }])
      expect(run.log).toContain(UNKNOWN)
      expect(liveTokens(servers.genesys)).toHaveLength(2)
    } finally {
      await servers.close()
    }
  })

  test('and the timeout is over: the date of the secret is read nevertheless', async () => {
    const { rotation, summary } = await slow.outOfTime
    expect(summary).toBe('rotated, warned; previous token live')
    expect(rotation.log).toContain('Warning: The variable could not be set: [timeout]')
  })

  test('and GitHub does not respond any more: both tokens stay valid', async () => {
    const { rotation, summary } = await slow.gone
    expect(summary).toBe(`network; ${UNSTORED}`)
    expect(rotation.log).toContain(UNKNOWN)
    expect(rotation.log).not.toContain(UNCHANGED)
  })

  test('the same with a long-lived token: only its initial token is revoked', async () => {
    const { rotation, servers, summary } = await slow.goneLongLived
    expect(summary).toBe(`network; ${UNSTORED}`)
    const kinds = [...servers.genesys.tokens.values()].map(({ kind, revoked }) =>
      revoked ? 'revoked' : kind
    )
    expect(kinds).toEqual(['access', 'revoked', 'long-lived'])
    expect(rotation.log).toContain(UNKNOWN)
    expect(rotation.log).not.toContain(UNCHANGED)
    expect(rotation.log).toMatch(/^The initial token was revoked\.$/m)
  })

  test('except that the first key was refused and no other is known: the token is certainly not stored', async () => {
    let isRefused = false
    const interceptor: Interceptor = call => {
      if (call.server !== 'github' || call.isApplied) return false
      if (isRefused) return reset(call)
      if (!isPut(call)) return false
      isRefused = true
      return respond(call, 422)
    }
    expect((await rotateWithFault(interceptor, ONCE)).summary).toBe('secret-refused')
  })

  test.each([
    ['carried out', true],
    ['not carried out', false]
  ])(
    'nor does the date, which has whole seconds; the request was %s: both tokens stay valid',
    async (_, isApplied) => {
      const now = Math.floor(Date.now() / 1000) * 1000
      const servers = await startServers({ github: { clock: () => now } })
      try {
        const previous = await servers.storeOldToken()
        servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: now })
        interceptAll(servers, call => isPut(call) && call.isApplied === isApplied && reset(call))
        const run = await servers.rotate({ ...ONCE, 'previous-token': previous })
        expect(run.outputs).toEqual({ rotated: 'false', 'error-code': 'network' })
        expect(run.log).toContain(UNKNOWN)
        expect(liveTokens(servers.genesys)).toHaveLength(2)
        expect(liveTokens(servers.genesys)).toContain(servers.stored())
        expect((await postOf(run)).log).toBe('Clean-up: nothing to do.\n')
      } finally {
        await servers.close()
      }
    }
  )

  test('the next rotation succeeds', async () => {
    const servers = await startServers()
    try {
      await servers.storeOldToken()
      interceptAll(servers, gitHubGoneFromPut())
      expect((await servers.rotate(ONCE)).exitCode).toBe(1)
      interceptAll(servers, () => false)
      expect((await servers.rotate()).exitCode).toBe(0)
      expect(liveTokens(servers.genesys)).toContain(servers.stored())
    } finally {
      await servers.close()
    }
  })
})
