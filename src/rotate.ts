import { requireIdleTime } from './auth/guards.js'
import type { Provider } from './auth/provider.js'
import { type CheckedResult, exchangeAndCheck } from './exchange.js'
import { HttpSession } from './http/session.js'
import { readRotateInputs } from './inputs/rotate-inputs.js'
import { commandEnvironment } from './rotation/command.js'
import { CommandStore } from './rotation/command-store.js'
import { GitHubStore } from './rotation/github-store.js'
import { logStored, reportNotRotated, reportRotation } from './rotation/messages.js'
import { type Rotation, type StoreResult, unknownOutcome } from './rotation/token-store.js'
import { requireWritable } from './runner/command-files.js'
import type { Context } from './runner/context.js'
import { logStart } from './runner/messages.js'
import { requireMasksWritten } from './runner/outputs.js'
import { describeError } from './runner/report-failure.js'
import { revokeIssued } from './runner/revocation.js'
import { TokenState } from './runner/token-state.js'

/**
 * Runs the rotation step. The store contains the old token until the new one is checked; a token that is certainly not
 * stored is revoked, and one that may be stored is not. Throws ActionError.
 */
export async function rotate(context: Context, providers: readonly Provider[]): Promise<void> {
  const { env, log, clock } = context
  const inputs = readRotateInputs(env, providers, log)
  requireWritable(env, { files: ['GITHUB_OUTPUT', 'GITHUB_STATE'] })
  // Before the session changes variables of the process.
  const commandEnv = commandEnvironment(
    env,
    providers.flatMap(provider => provider.credentialVariables)
  )
  const session = new HttpSession({ limits: inputs.limits, clock, log })
  const parts = { provider: inputs.provider, context, session }
  const { target } = inputs
  const store =
    target.kind === 'github'
      ? new GitHubStore(target, parts)
      : new CommandStore(target, { ...parts, env: commandEnv })
  try {
    await rotateStore({ context, inputs, session, store })
  } catch (error) {
    reportNotRotated()
    throw error
  } finally {
    session.close()
  }
}

async function rotateStore(rotation: Rotation): Promise<void> {
  const { context, inputs, store } = rotation
  const { log } = context
  const { status, notDue, ...dates } = await store.prepare()
  const reason = notDue ?? (inputs.dryRun ? 'this is a dry run' : undefined)
  if (reason !== undefined) {
    const steps =
      notDue === undefined
        ? ` A rotation would: request and check a new token, ${store.steps.join(', ')}.`
        : ''
    log.info(`${store.name} ${status}. It is not rotated, because ${reason}.${steps}`)
    return reportRotation({ result: `Not rotated, because ${reason}`, dates }, rotation)
  }
  log.info(`${store.name} ${status}. Rotating it.`)
  const checked = await replaceToken(rotation)
  logStored(checked, rotation)
  const newDates = await store.finish(checked)
  try {
    reportRotation({ result: 'Rotated', checked, dates: newDates }, rotation)
  } catch (error) {
    // The rotation itself succeeded.
    log.warn(`The outputs could not be written: ${describeError(error, log)}`)
  }
}

/** Requests, checks and stores a new token. Throws unless it is stored; revokes what certainly is not. */
async function replaceToken({ context, inputs, session, store }: Rotation): Promise<CheckedResult> {
  const { log, clock } = context
  const { provider, guards } = inputs
  const tokens = new TokenState(provider.aliases[0])
  let checked: CheckedResult
  let stored: StoreResult
  try {
    await store.check()
    logStart(inputs, log)
    checked = await exchangeAndCheck(inputs, session, { context, onToken: tokens.add })
    if (checked.owner) requireIdleTime(checked.owner, guards, clock.now())
    await requireMasksWritten(process.stdout)
    context.rollback.requireNotRun()
    stored = await store.put(checked.result.token.value, tokens)
  } catch (error) {
    await revokeIssued(tokens, { what: 'The stored token is unchanged; the new one', provider }, context)
    throw error
  }
  if (stored.outcome === 'stored') return checked
  const isUnknown = stored.outcome === 'unknown'
  await revokeIssued(
    tokens,
    {
      what: isUnknown ? 'The initial token' : 'The stored token is unchanged; the new one',
      keep: isUnknown ? tokens.tokens.slice(-1) : [],
      provider
    },
    context
  )
  throw isUnknown ? unknownOutcome(stored.error) : stored.error
}
