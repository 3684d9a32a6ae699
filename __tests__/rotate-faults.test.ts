import { describe, expect, test } from '@jest/globals'
import { TestClock } from './support/clock.js'
import { reset, respond } from './support/respond.js'
import { type Intercepted, type Interceptor, inProcess, isPut, rotateWithFault } from './support/rotation.js'

/** A fault, before or after the request is carried out. */
interface Fault {
  readonly name: string
  readonly isApplied: boolean
  cause(intercepted: Intercepted): true
}

const status =
  (code: number, headers: Record<string, string> = {}): Fault['cause'] =>
  intercepted =>
    respond(intercepted, code, undefined, headers)
const silence: Fault['cause'] = () => true
const cutShort: Fault['cause'] = ({ response, socket }) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '900' })
  response.write('{"a":', () => socket.destroy())
  return true
}

const FAULTS: readonly Fault[] = [
  { name: '401', isApplied: false, cause: status(401) },
  { name: '403', isApplied: false, cause: status(403) },
  { name: '404', isApplied: false, cause: status(404) },
  { name: '422', isApplied: false, cause: status(422) },
  { name: '429', isApplied: false, cause: status(429, { 'Retry-After': '900' }) },
  { name: '500', isApplied: false, cause: status(500) },
  { name: 'reset', isApplied: false, cause: reset },
  { name: 'silence', isApplied: false, cause: silence },
  { name: 'applied, 502', isApplied: true, cause: status(502) },
  { name: 'applied, reset', isApplied: true, cause: reset },
  { name: 'applied, cut short', isApplied: true, cause: cutShort },
  { name: 'applied, silence', isApplied: true, cause: silence }
]

const UNSTORED = '1 unstored token live'

/** The requests of a rotation with all inputs, in order, and the outcome of each fault, without retries. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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
    ...others
  }
}

/** No request is retried, except the revocation. */
const ONCE = { 'max-attempts': '1' }

/** Returns the outcome if a fault happens at the n-th request only. */
async function outcomeWith({ isApplied, cause }: Fault, n: number, inputs: Record<string, string>) {
  const faultAt: Interceptor = call => call.n === n && call.isApplied === isApplied && cause(call)
  return (await rotateWithFault(faultAt, inProcess(), inputs)).outcome
}

describe('a fault: a stored token stays valid; a token that is certainly not stored is revoked', () => {
  test.each(Object.keys(OUTCOMES).map((request, n) => ({ request, n })))(
    'at the request “$request”',
    async ({ request, n }) => {
      for (const fault of FAULTS) {
        const isSilent = fault.cause === silence
        // A silence takes real time. What follows it is the same as after a reset.
        if (isSilent && !['exchange', 'store'].includes(request)) continue
        const inputs = isSilent ? { ...ONCE, 'attempt-timeout': '1s' } : ONCE
        const outcome = await outcomeWith(fault, n, inputs)
        const expected = OUTCOMES[request]?.[fault.name] ?? 'missing: add the fault to `failures`'
        expect([fault.name, outcome]).toEqual([fault.name, expected])
      }
    }
  )

  test('with retries, it does not prevent the rotation', async () => {
    const faults = FAULTS.filter(({ name }) => ['reset', 'applied, 502'].includes(name))
    for (const [n, request] of Object.keys(OUTCOMES).entries())
      for (const fault of faults) {
        // The step never received this token, so it cannot revoke it.
        const isLost = request === 'exchange' && fault.isApplied
        expect([request, await outcomeWith(fault, n, { 'max-attempts': '3' })]).toEqual([
          request,
          isLost ? `rotated; ${UNSTORED}` : 'rotated'
        ])
      }
  })
})

describe('the request to store the token', () => {
  test.each([
    ['has no response, and the second is refused', reset, 403, {}],
    ['is answered 502, and then GitHub limits the requests', status(502), 403, { 'Retry-After': '900' }]
  ] as const)('%s: the first one stored it', async (_, first, code, headers) => {
    let puts = 0
    const interceptor: Interceptor = call => {
      if (!isPut(call)) return false
      if (!call.isApplied) puts += 1
      return puts === 1 ? call.isApplied && first(call) : respond(call, code, undefined, headers)
    }
    expect((await rotateWithFault(interceptor, inProcess())).outcome).toBe('rotated')
  })

  test('is limited until the timeout: the new token is revoked', async () => {
    const limited: Interceptor = call =>
      isPut(call) && !call.isApplied && respond(call, 429, undefined, { 'Retry-After': '2' })
    const { outcome, rotation } = await rotateWithFault(limited, inProcess())
    expect(outcome).toBe('rate-limited')
    expect(rotation.log).toContain('\nThe stored token is unchanged; the new one was revoked.\n')
    expect(rotation.log).not.toContain('It is unknown')
  })

  test('has no response until the timeout: the date of the secret is read nevertheless', async () => {
    const clock = new TestClock({ runs: true })
    const interceptor: Interceptor = call => {
      if (!isPut(call) || !call.isApplied) return false
      clock.sleep(130_000)
      return reset(call)
    }
    const { outcome, rotation } = await rotateWithFault(interceptor, inProcess(clock))
    expect(outcome).toBe('rotated, warned; previous token live')
    expect(rotation.log).toContain('Warning: The variable could not be set: [timeout]')
  })
})
