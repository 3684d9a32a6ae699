import { expect, test } from '@jest/globals'
import type { ExchangeEvents, Identity, IssuedToken, Provider } from '../src/auth/provider.js'
import { PROVIDERS } from '../src/auth/providers.js'
import { exchangeAndCheck } from '../src/exchange.js'
import type { ExchangeInputs } from '../src/inputs/exchange-inputs.js'
import { ActionError } from '../src/lib/action-error.js'
import { Secret } from '../src/lib/secret.js'
import { newContext, withRunner } from './support/in-process.js'
import { GENESYS, readInputs } from './support/read-inputs.js'
import { openSession } from './support/session.js'

const TOKEN: IssuedToken = {
  value: new Secret('the-token-of-the-test'),
  kind: 'access',
  expiresInSeconds: 3600
}

interface Options {
  readonly inputs?: Readonly<Record<string, string>>
  readonly owner?: Identity
  /** Thrown by the exchange after the token was issued. */
  readonly failure?: ActionError
}

/** Exchanges with a provider that issues `TOKEN` without a request. Returns the outcome and the order of events. */
function exchange({ inputs = {}, owner = { id: 'the-id' }, failure }: Options = {}) {
  return withRunner(async runner => {
    const read = readInputs({ ...GENESYS, ...inputs }).inputs
    if (read === undefined) throw new Error('the inputs were refused')
    const events: string[] = []
    const provider: Provider = {
      ...(PROVIDERS[0] as Provider),
      lifetimeAdvice: () => 'Advice of the platform.',
      async exchange(_request: unknown, _session: unknown, { onSecret, onToken }: ExchangeEvents) {
        onSecret(TOKEN.value)
        events.push(runner.log().trim())
        onToken(TOKEN)
        if (failure !== undefined) throw failure
        return { token: TOKEN }
      },
      async identify() {
        events.push('identify')
        return owner
      }
    }
    const { session } = openSession()
    const { log } = newContext()
    const exchangeInputs: ExchangeInputs = { ...read, provider }
    const onToken = (token: IssuedToken) => void events.push(`token of ${token.value.length} characters`)
    const outcome = await exchangeAndCheck(exchangeInputs, session, { log, onToken }).catch(error => {
      if (error instanceof ActionError) return error
      throw error
    })
    return { outcome, events }
  })
}

const ISSUED = ['::add-mask::the-token-of-the-test', 'token of 21 characters']

test('without verify, the owner is not asked for', async () => {
  expect(await exchange()).toEqual({
    outcome: { result: { token: TOKEN }, owner: undefined },
    events: ISSUED
  })
})

test('the token is masked and passed on also if the exchange fails afterwards', async () => {
  const failure = new ActionError('bad-response', 'message', 'hint')
  expect(await exchange({ failure })).toEqual({ outcome: failure, events: ISSUED })
})

test('with verify, the owner is returned', async () => {
  const { outcome, events } = await exchange({ inputs: { verify: 'true' } })
  expect(outcome).toMatchObject({ owner: { id: 'the-id' } })
  expect(events).toEqual([...ISSUED, 'identify'])
})

test('a lifetime that is too short is found before the owner is asked for', async () => {
  const { outcome, events } = await exchange({ inputs: { verify: 'true', 'min-lifetime': '2h' } })
  expect(outcome).toMatchObject({ code: 'lifetime-too-short', hint: 'Advice of the platform.' })
  expect(events).toEqual(ISSUED)
})

test('the name of the owner becomes one line of at most 200 characters without a secret', async () => {
  const name = (text: string) =>
    exchange({ inputs: { verify: 'true' }, owner: { id: 'the-id', name: text } }).then(({ outcome }) =>
      'owner' in outcome ? outcome.owner?.name : outcome
    )
  expect(await name(' Example\r\n# the-token-\u200bof-the-test ')).toBe('Example # ***')
  const long = await name('x'.repeat(300))
  expect(long).toHaveLength(200)
  expect(long).toMatch(/^x+…x+$/)
})

test('another organisation is refused; the error names it, cleaned', async () => {
  const owner = { id: 'the-id', name: 'a\nthe-token-of-the-test' }
  const { outcome } = await exchange({ inputs: { 'allowed-organization-ids': 'another' }, owner })
  expect(outcome).toMatchObject({
    code: 'organization-not-allowed',
    message: 'The token belongs to organisation a *** (the-id), which is not in allowed-organization-ids.'
  })
})
