import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { few, type Inputs, LONG_LIVED } from '../support/lifecycle.js'
import { describeOnPosix, testOnPosix } from '../support/posix.js'
import {
  liveTokens,
  respond,
  DAY_MS,
  FAULTS,
  type Fault,
  faultAt,
  NAME,
  interceptAll,
  startServers,
  type Interceptor,
  postOf,
  REPOSITORY,
  rotateInProcess,
  type Servers,
  VARIABLE
} from '../support/rotation.js'
import { cleanup, type RunOptions, type RunResult } from '../support/runner.mjs'

/** What a run asks, in order, with everything that there is to ask for. */
const STEPS = [
  'key',
  'age',
  'variable',
  'try variable',
  'exchange',
  'verify',
  'store',
  'set variable',
  'whose was it',
  'revoke previous',
  'age again'
] as const

/** Nothing is tried twice but revoking; only where a fault is silence, an attempt is short. */
const ONCE: Inputs = { 'max-attempts': '1', timeout: '60s' }
const SHORT: Inputs = { ...ONCE, 'attempt-timeout': '3s' }

/** What a run left, whether it was a process or not. */
type Left = Pick<RunResult, 'exitCode' | 'outputs' | 'state' | 'log' | 'stderr'> & { readonly said: string }

type Run = (servers: Servers, inputs: Inputs) => Promise<{ left: Left; ended?: RunResult | undefined }>

/** As a process, and then its post step where there is anything left to do. */
const asProcess =
  (options: RunOptions = {}): Run =>
  async (servers, inputs) => {
    const ran = await servers.rotate(inputs, options)
    interceptAll(servers, () => false)
    const { output, env, summary } = ran.files
    const open = Object.values(ran.state).some(value => value !== '')
    return { left: { ...ran, said: output + env + summary }, ended: open ? await postOf(ran) : undefined }
  }

/** In this process: the same, in a tenth of the time. No post step follows. */
const here: Run = async (servers, inputs) => {
  const { code, outputs, state, stdout, files } = await rotateInProcess(servers, inputs)
  const log = stdout.replace(/^::add-mask::.*$/gm, '').replaceAll('::warning::', 'Warning: ')
  return { left: { exitCode: code === undefined ? 0 : 1, outputs, state, log, stderr: '', said: files } }
}

interface Life {
  readonly servers: Servers
  readonly ran: Left
  /** Says how it ended, in a few words. */
  readonly words: string
}

/** A whole life of a step, with everything asked for, on a servers of its own. Asserts what must hold of any. */
async function live(play: Interceptor, inputs: Inputs = {}, run: Run = asProcess()): Promise<Life> {
  const servers = await startServers()
  try {
    const previous = await servers.storeOldToken()
    servers.github.putVariable(VARIABLE, REPOSITORY, 'as it was')
    servers.forgetRequests()
    interceptAll(servers, play)
    const asked = { 'previous-token': previous, 'expiry-variable': VARIABLE, ...inputs }
    const { left, ended } = await run(servers, asked)
    return { servers, ran: left, words: judge(servers, previous, left, ended) }
  } finally {
    await servers.close()
  }
}

function judge(servers: Servers, previous: string, ran: Left, ended: RunResult | undefined): string {
  const { genesys, github } = servers
  const { exitCode, outputs, log, said } = ran
  const stored = servers.stored() ?? ''
  const living = liveTokens(genesys)
  const orphans = living.filter(token => token !== stored && token !== previous)
  for (const token of genesys.tokens.keys()) expect(said + log + (ended?.log ?? '')).not.toContain(token)
  // Nothing but that it failed; a cancelled step says nothing at all.
  if (exitCode !== 0) {
    const code = outputs['error-code']
    expect(outputs).toEqual(code === undefined ? {} : { rotated: 'false', 'error-code': code })
  }
  expect(github.violations).toEqual([])
  // A claim must be true: a rotation that succeeded stored a new token, one that failed touched nothing else.
  const isNew = stored !== previous
  const warned = log.includes('Warning: ') ? ', warned' : ''
  return [
    exitCode === 0 ? `rotated${warned}` : codeOf(ran),
    ...(exitCode === 0 && !isNew ? ['NOT STORED'] : []),
    ...(exitCode !== 0 && isNew ? ['stored all the same'] : []),
    ...(living.includes(stored) ? [] : ['STORED TOKEN DEAD']),
    ...(isNew && living.includes(previous) ? ['previous lives'] : []),
    ...(orphans.length > 0 ? [`${orphans.length} alive, stored nowhere`] : []),
    ...(ended === undefined ? [] : ['post did the rest'])
  ].join('; ')
}

function codeOf({ outputs, exitCode, log, stderr }: Left): string {
  const cancelled = exitCode === 1 && /^Cancelled\. /m.test(log) ? 'cancelled' : undefined
  return outputs['error-code'] ?? cancelled ?? `CRASHED (${exitCode}: ${stderr.slice(0, 200)})`
}

test('what is asked, when all is well', async () => {
  const { servers, words } = await live(() => false)
  expect(words).toBe('rotated')
  expect(servers.requests()).toHaveLength(STEPS.length)
})

/** Of each step: what comes of each fault, where it happens once and nothing is tried again. */
const EXPECTED: Record<(typeof STEPS)[number], Readonly<Record<string, string>>> = {
  key: named('github', {}),
  age: named('github', { '404': 'rotated' }),
  variable: named('github', { '404': 'rotated' }),
  // Not there, says PATCH; POST says that it is; PATCH again does it.
  'try variable': named('github', { '404': 'rotated' }),
  exchange: named('platform', {
    ...each('done, 502', 'unavailable; 1 alive, stored nowhere'),
    ...each('done, reset', 'network; 1 alive, stored nowhere'),
    ...each('done, cut', 'bad-response; 1 alive, stored nowhere'),
    ...each('done, silence', 'timeout; 1 alive, stored nowhere')
  }),
  verify: named('platform', {}),
  store: named('github', {
    ...each('done, 502', 'rotated'),
    ...each('done, reset', 'rotated'),
    ...each('done, cut', 'rotated'),
    ...each('done, silence', 'rotated')
  }),
  'set variable': { ...all('rotated, warned'), '404': 'rotated' },
  'whose was it': {
    ...all('rotated, warned; previous lives'),
    // The platform says that it knows no such token.
    '401': 'rotated; previous lives'
  },
  // Revoking has a wire of its own, which tries again.
  'revoke previous': {
    ...all('rotated'),
    '401': 'rotated; previous lives',
    '404': 'rotated; previous lives',
    '403': 'rotated, warned; previous lives',
    '422': 'rotated, warned; previous lives',
    '429': 'rotated, warned; previous lives'
  },
  'age again': { ...all('rotated, warned'), '404': 'rotated' }
}

function each(name: string, words: string): Record<string, string> {
  return { [name]: words }
}

function all(words: string): Record<string, string> {
  return Object.fromEntries(FAULTS.map(({ name }) => [name, words]))
}

/** Fails with the code that the fault has, and leaves nothing behind. */
function named(side: 'github' | 'platform', other: Record<string, string>): Record<string, string> {
  const github = side === 'github'
  return {
    '401': github ? 'github-token-rejected' : 'credentials-rejected',
    '403': github ? 'github-forbidden' : 'forbidden',
    '404': github ? 'github-not-found' : 'bad-request',
    '422': github ? 'secret-refused' : 'bad-request',
    '429': 'rate-limited',
    '500': 'unavailable',
    reset: 'network',
    silence: 'timeout',
    'done, 502': 'unavailable',
    'done, reset': 'network',
    'done, cut': 'bad-response',
    'done, silence': 'timeout',
    ...other
  }
}

interface Cell {
  readonly step: (typeof STEPS)[number]
  readonly n: number
  readonly fault: Fault
}

const cellsOf = (isIn: (fault: Fault) => boolean): Cell[] =>
  STEPS.flatMap((step, n) => FAULTS.filter(isIn).map(fault => ({ step, n, fault })))
const told = ({ step, fault }: Cell, words: string | undefined) => `${step} | ${fault.name} | ${words}`
const expected = (cells: readonly Cell[]) =>
  cells.map(cell => told(cell, EXPECTED[cell.step][cell.fault.name]))
const isSilent = ({ name }: Fault) => name.endsWith('silence')

const SILENT = cellsOf(isSilent)

/** GitHub is there no more from the moment on that the token has left for it. */
function goneOnceStoring(): Interceptor {
  let stored = false
  return call => {
    if (call.request.method === 'PUT' && !call.isApplied) stored = true
    if (!stored || call.server !== 'github' || call.isApplied) return false
    call.socket.destroy()
    return true
  }
}

/** The lives that wait for real. Begun at once, for who waits needs no processor, and awaited by their tests. */
function beginSlow() {
  const tellsNoTime: Interceptor = ({ request, done }) => request.method === 'PUT' && !done
  return {
    cells: few(SILENT, 11, async cell =>
      told(cell, (await live(faultAt(cell.n, cell.fault), SHORT)).words)
    ),
    timeIsUp: live(tellsNoTime, { timeout: '4s', 'attempt-timeout': '10s' }),
    gone: live(goneOnceStoring(), ONCE),
    goneLongLived: live(goneOnceStoring(), { ...ONCE, ...LONG_LIVED })
  }
}
let slow: ReturnType<typeof beginSlow>
beforeAll(() => {
  slow = beginSlow()
  // What fails is told by the test that awaits it.
  for (const life of Object.values(slow)) life.catch(() => {})
})
afterAll(async () => {
  await Promise.allSettled(Object.values(slow))
  cleanup()
})

describe('each step failing in turn: no token orphaned, no secret lost', () => {
  test('in each way that is not silent', async () => {
    const cells = cellsOf(fault => !isSilent(fault))
    const result = await few(cells, 1, async cell =>
      told(cell, (await live(faultAt(cell.n, cell.fault), ONCE, here)).words)
    )
    expect(result).toEqual(expected(cells))
  }, 60_000)

  test('as a process: where something is made, stored or ended', async () => {
    const loud = cellsOf(({ name }) => ['403', 'done, reset'].includes(name)).filter(({ step }) =>
      ['exchange', 'store', 'revoke previous'].includes(step)
    )
    const result = await few(loud, 2, async cell =>
      told(cell, (await live(faultAt(cell.n, cell.fault), ONCE)).words)
    )
    expect(result).toEqual(expected(loud))
  }, 60_000)

  test('as a process: in silence', async () => {
    expect(await slow.cells).toEqual(expected(SILENT))
  }, 60_000)
})

test('what may pass is tried again, at each step: the rotation succeeds', async () => {
  const cells = cellsOf(({ name }) =>
    ['500', 'reset', 'done, 502', 'done, reset', 'done, cut'].includes(name)
  )
  const result = await few(cells, 1, async cell =>
    told(cell, (await live(faultAt(cell.n, cell.fault), { 'max-attempts': '3' }, here)).words)
  )
  expect(result).toEqual(
    cells.map(cell => {
      // A token that was made and whose answer was lost is known to nobody.
      const lost = cell.step === 'exchange' && cell.fault.isApplied
      return told(cell, lost ? 'rotated; 1 alive, stored nowhere' : 'rotated')
    })
  )
}, 60_000)

describeOnPosix('cancelled', () => {
  test('at every request, before and after it is carried out: post cleans', async () => {
    const cells = STEPS.flatMap((step, n) => [false, true].map(done => ({ step, n, done })))
    const result = await few(cells, 3, async ({ step, n, done }) => {
      let here = () => {}
      const reached = new Promise<void>(resolve => {
        here = resolve
      })
      const play: Interceptor = call => {
        if (call.n !== n || call.isApplied !== done) return false
        here()
        return true
      }
      const { words } = await live(play, {}, asProcess({ signalAfter: reached }))
      return `${step}${done ? ', done' : ''} | ${words}`
    })
    const unknown = '; 1 alive, stored nowhere'
    expect(result).toEqual([
      'key | cancelled',
      'key, done | cancelled',
      'age | cancelled',
      'age, done | cancelled',
      'variable | cancelled',
      'variable, done | cancelled',
      'try variable | cancelled',
      'try variable, done | cancelled',
      'exchange | cancelled',
      `exchange, done | cancelled${unknown}`,
      'verify | cancelled; post did the rest',
      'verify, done | cancelled; post did the rest',
      // From here on GitHub may have the token, so that nobody may end it.
      `store | cancelled${unknown}`,
      'store, done | cancelled; stored all the same; previous lives',
      'set variable | cancelled; stored all the same; previous lives',
      'set variable, done | cancelled; stored all the same; previous lives',
      'whose was it | cancelled; stored all the same; previous lives',
      'whose was it, done | cancelled; stored all the same; previous lives',
      'revoke previous | cancelled; stored all the same; previous lives',
      'revoke previous, done | cancelled; stored all the same',
      'age again | cancelled; stored all the same',
      'age again, done | cancelled; stored all the same'
    ])
  }, 60_000)

  test('while a token that GitHub refused is being revoked: post revokes it', async () => {
    let here = () => {}
    const reached = new Promise<void>(resolve => {
      here = resolve
    })
    const play: Interceptor = call => {
      if (call.request.method === 'PUT') return call.isApplied ? false : respond(call, 403)
      if (call.request.method !== 'DELETE' || call.isApplied) return false
      here()
      return true
    }
    const { words } = await live(play, {}, asProcess({ signalAfter: reached }))
    expect(words).toBe('cancelled; post did the rest')
  })
})

describe('GitHub refuses the secret for the moment', () => {
  const limited: Interceptor = call =>
    call.request.method === 'PUT' && !call.isApplied && respond(call, 429, undefined, { 'Retry-After': '2' })

  test('until the time is up: the new token is revoked, the secret as it was', async () => {
    const { words, ran } = await live(limited, { timeout: '6s' })
    expect(words).toBe('rate-limited')
    expect(ran.log).toContain('The secret is as it was; the new token is revoked.')
    expect(ran.log).not.toContain('cannot be told')
  })

  testOnPosix('cancelled while it waits: post revokes the token', async () => {
    let here = () => {}
    const reached = new Promise<void>(resolve => {
      here = () => setTimeout(resolve, 500)
    })
    const play: Interceptor = call => {
      const refused = limited(call)
      if (refused) here()
      return refused
    }
    const { words } = await live(play, {}, asProcess({ signalAfter: reached }))
    expect(words).toBe('cancelled; post did the rest')
  })
})

describe('a token that cannot be revoked at once', () => {
  test('is left to the post step', async () => {
    const play: Interceptor = call => {
      if (call.isApplied) return false
      if (call.request.method === 'PUT') return respond(call, 403)
      return call.request.method === 'DELETE' && respond(call, 403)
    }
    const { ran, words } = await live(play)
    expect(words).toBe('github-forbidden; post did the rest')
    expect(ran.log).toContain('could not be revoked yet, which is tried again when the job ends')
  })
})

describe('storing, where no answer tells what became of it', () => {
  const lost = ({ socket }: { socket: { destroy(): unknown } }): true => {
    socket.destroy()
    return true
  }
  const isPut = ({ request }: Parameters<Interceptor>[0]) => request.method === 'PUT'

  /** The n-th PUT, from 1, meets what the n-th play says; all the others go well. */
  function puts(...plays: readonly Interceptor[]): Interceptor {
    let count = 0
    return call => {
      if (!isPut(call)) return false
      if (!call.isApplied) count += 1
      return plays[count - 1]?.(call) ?? false
    }
  }
  const doneAndLost: Interceptor = call => call.isApplied && lost(call)
  const refused =
    (status: number, headers?: Record<string, string>): Interceptor =>
    call =>
      !call.isApplied && respond(call, status, undefined, headers)

  // The first attempt stored the token and its answer was lost; the second is refused. The token must live.
  test.each([
    ['403', refused(403), asProcess()],
    ['401', refused(401), here],
    ['404', refused(404), here],
    ['422', refused(422), here],
    ['429', refused(429, { 'Retry-After': '900' }), here],
    ['409', refused(409), here]
  ])('stored at the first attempt and refused with %s at the second', async (_, second, run) => {
    const play = puts(doneAndLost, second)
    const { words } = await live(play, { 'max-attempts': '3' }, run)
    expect(words).not.toContain('DEAD')
    expect(words).not.toContain('NOT STORED')
  })

  test('the answer of a gateway, then a limit', async () => {
    const play = puts(call => call.isApplied && respond(call, 502), refused(403, { 'Retry-After': '900' }))
    const { words } = await live(play, { 'max-attempts': '3' }, here)
    expect(words).not.toContain('DEAD')
  })

  test('and the secret is gone when it is looked at: nothing is claimed', async () => {
    const servers = await startServers()
    try {
      const previous = await servers.storeOldToken()
      interceptAll(servers, call => {
        if (!isPut(call) || call.isApplied) return false
        servers.github.world.holder(REPOSITORY)?.secrets.delete(NAME)
        return lost(call)
      })
      const ran = await servers.rotate({ ...ONCE, 'previous-token': previous })
      interceptAll(servers, () => false)
      expect([ran.exitCode, ran.outputs['rotated']]).toEqual([1, 'false'])
      expect(liveTokens(servers.genesys)).toEqual([previous])
    } finally {
      await servers.close()
    }
  })

  test('the time is up: what became of it is found out all the same', async () => {
    expect((await slow.timeIsUp).words).toBe('timeout')
  })

  test('GitHub is silent from there on: the token lives, and it is said', async () => {
    const { ran, words } = await slow.gone
    expect(words).toBe('network; 1 alive, stored nowhere')
    expect(ran.log).toContain('Whether the secret holds the new token cannot be told.')
    expect(ran.log).not.toContain('The secret is as it was')
  })

  test('the same with a long-lived token: the initial one is revoked, and nothing false is said', async () => {
    const { ran, servers, words } = await slow.goneLongLived
    expect(words).toBe('network; 1 alive, stored nowhere')
    const kinds = [...servers.genesys.tokens.values()].map(({ kind, revoked }) => (revoked ? 'revoked' : kind))
    expect(kinds).toEqual(['access', 'revoked', 'long-lived'])
    expect(ran.log).toContain('Whether the secret holds the new token cannot be told.')
    expect(ran.log).not.toContain('the new token is revoked')
    expect(ran.log).toMatch(/^The initial token is revoked\.$/m)
  })

  test('it was refused for its key, and then GitHub is silent: it is known not to be stored', async () => {
    let refusedOnce = false
    const play: Interceptor = call => {
      if (call.server !== 'github' || call.isApplied) return false
      if (refusedOnce) return lost(call)
      if (!isPut(call)) return false
      refusedOnce = true
      return respond(call, 422)
    }
    const { words } = await live(play, ONCE)
    expect(words).toBe('secret-refused')
  })

  test.each([
    ['carried out', true],
    ['not carried out', false]
  ])('within the second of the first look, %s: the stored token is never revoked', async (_, done) => {
    const now = Math.floor(Date.now() / 1000) * 1000
    const servers = await startServers({ github: { clock: () => now } })
    try {
      const previous = await servers.storeOldToken()
      servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: now })
      interceptAll(servers, call => isPut(call) && call.isApplied === done && lost(call))
      const ran = await servers.rotate({ ...ONCE, 'previous-token': previous })
      expect(ran.outputs).toEqual({ rotated: 'false', 'error-code': 'network' })
      expect(ran.log).toContain('Whether the secret holds the new token cannot be told.')
      expect(liveTokens(servers.genesys)).toHaveLength(2)
      expect(liveTokens(servers.genesys)).toContain(servers.stored())
      expect((await postOf(ran)).log).toBe('Clean-up: nothing to do.\n')
    } finally {
      await servers.close()
    }
  })

  test('a second run sets it right', async () => {
    const servers = await startServers()
    try {
      const previous = await servers.storeOldToken()
      servers.github.putSecret(NAME, REPOSITORY, previous, { updatedAt: servers.github.clock() - DAY_MS })
      let left = 2
      interceptAll(servers, call => call.server === 'github' && isPutOrLater(call) && left-- > 0 && lost(call))
      const ran = await servers.rotate(ONCE)
      expect(ran.exitCode).toBe(1)
      interceptAll(servers, () => false)
      const again = await servers.rotate()
      expect(again.exitCode).toBe(0)
      expect(liveTokens(servers.genesys)).toContain(servers.stored())
    } finally {
      await servers.close()
    }
    function isPutOrLater({ request, n, done }: Parameters<Interceptor>[0]) {
      return !done && (request.method === 'PUT' || n > 4)
    }
  })
})
