import { requireIdleTime } from './auth/guards.js'
import type { Provider } from './auth/provider.js'
import { type CheckedResult, exchangeAndCheck } from './exchange.js'
import { GitHubApi } from './github/api.js'
import type { Visibility } from './github/scope.js'
import { readSecret, readSecretStore, type SecretStore, type StoreResult } from './github/secrets.js'
import { checkVariable, UNKNOWN_EXPIRY, writeVariable } from './github/variables.js'
import { HttpSession } from './http/session.js'
import { type RotateInputs, readRotateInputs } from './inputs/rotate-inputs.js'
import {
  logRotationStart,
  logStored,
  reportDryRun,
  reportNotRotated,
  reportRotated,
  reportYoung
} from './rotation/messages.js'
import { revokePrevious } from './rotation/retire.js'
import { storeToken, unknownOutcome } from './rotation/store.js'
import { requireWritable } from './runner/command-files.js'
import type { Context } from './runner/context.js'
import type { Logger } from './runner/logger.js'
import { logStart } from './runner/messages.js'
import { requireMasksWritten } from './runner/outputs.js'
import { describeError } from './runner/report-failure.js'
import { revokeIssued } from './runner/revocation.js'
import { TokenState } from './runner/token-state.js'

const DAY_MS = 86_400_000

/** What the parts of a rotation share. */
interface Rotation {
  readonly context: Context
  readonly inputs: RotateInputs
  readonly session: HttpSession
  readonly github: GitHubApi
  readonly store: SecretStore
  readonly visibility: Visibility | undefined
}

/**
 * Runs the rotation step. The secret contains the old token until the new one is checked; a token that is certainly not
 * stored is revoked, and one that may be stored is not. Throws ActionError.
 */
export async function rotate(context: Context, providers: readonly Provider[]): Promise<void> {
  const { env, log, clock } = context
  const inputs = readRotateInputs(env, providers, log)
  requireWritable(env, { files: ['GITHUB_OUTPUT', 'GITHUB_STATE'] })
  const session = new HttpSession({ limits: inputs.limits, clock, log })
  const github = new GitHubApi({ ...inputs, session, warn: message => log.warn(message) })
  try {
    const store = await readSecretStore(github, inputs.secretName)
    if (isYoung(store, inputs)) return reportYoung(store, inputs, context)
    if (inputs.dryRun) return reportDryRun(store, inputs, context)
    warnIfInFuture(store, log)
    logRotationStart(store, inputs, log)
    const visibility = inputs.visibility ?? store.secret?.visibility ?? initialVisibility(inputs)
    const rotation = { context, inputs, session, github, store, visibility }
    const stored = await replaceSecret(rotation)
    logStored(stored, inputs, log)
    await finish(stored, rotation)
  } catch (error) {
    reportNotRotated()
    throw error
  } finally {
    session.close()
  }
}

/** Requests, checks and stores a new token. Throws unless it is stored; revokes what certainly is not. */
async function replaceSecret(rotation: Rotation): Promise<CheckedResult> {
  const { context, inputs, session, github, visibility } = rotation
  const { log, clock } = context
  const { provider, expiryVariable } = inputs
  const tokens = new TokenState(provider.aliases[0])
  let checked: CheckedResult
  let stored: StoreResult
  try {
    // Before a token is requested. Whether the secret can be written cannot be checked without writing it.
    if (expiryVariable !== undefined) await checkVariable(github, expiryVariable, visibility)
    logStart(inputs, log)
    checked = await exchangeAndCheck(inputs, session, { log, onToken: tokens.add })
    if (checked.owner) requireIdleTime(checked.owner, inputs.guards, clock.now())
    await requireMasksWritten(process.stdout)
    stored = await storeToken(checked.result.token.value, { ...rotation, tokens })
  } catch (error) {
    await revokeIssued(tokens, { what: 'The secret is unchanged; the new token', provider }, context)
    throw error
  }
  if (stored.outcome === 'stored') return checked
  const isUnknown = stored.outcome === 'unknown'
  await revokeIssued(
    tokens,
    {
      what: isUnknown ? 'The initial token' : 'The secret is unchanged; the new token',
      keep: isUnknown ? tokens.tokens.slice(-1) : [],
      provider
    },
    context
  )
  throw isUnknown ? unknownOutcome(stored.error) : stored.error
}

/** What follows once the token is stored. A failure here is a warning, because the rotation itself succeeded. */
async function finish(stored: CheckedResult, rotation: Rotation): Promise<void> {
  const { context, inputs, github, visibility } = rotation
  const { expiryVariable, previousToken } = inputs
  const { token } = stored.result
  const attempt = async (failure: string, work: () => Promise<void> | void) => {
    try {
      await work()
    } catch (error) {
      context.log.warn(`${failure}: ${describeError(error, context.log)}`)
    }
  }
  await attempt('The variable could not be set', async () => {
    const value = token.expiresAt?.toISOString() ?? UNKNOWN_EXPIRY
    if (expiryVariable !== undefined) await writeVariable(github, { name: expiryVariable, value }, visibility)
  })
  await attempt('The previous token was not revoked', async () => {
    if (previousToken !== undefined) await revokePrevious(previousToken, stored, rotation)
  })
  let updatedAt: Date | undefined
  await attempt('The date of the secret could not be read', async () => {
    updatedAt = (await readSecret(github, inputs.secretName))?.updatedAt
  })
  await attempt('The outputs could not be written', () => reportRotated(stored, updatedAt, inputs, context))
}

function isYoung({ secret, now }: SecretStore, { rotateAfterSeconds }: RotateInputs): boolean {
  if (secret === undefined || rotateAfterSeconds === 0) return false
  const ageMs = now.getTime() - secret.updatedAt.getTime()
  return ageMs >= -DAY_MS && ageMs < rotateAfterSeconds * 1000
}

/** A date far in the future would keep the secret young for ever. The rotation corrects it. */
function warnIfInFuture({ secret, now }: SecretStore, log: Logger): void {
  if (secret === undefined || secret.updatedAt.getTime() - now.getTime() <= DAY_MS) return
  log.warn(
    'GitHub says that the secret was updated more than a day in the future. It is rotated, which corrects the date.'
  )
}

function initialVisibility({ scope }: RotateInputs): Visibility | undefined {
  return scope.kind === 'organization' ? { visibility: 'private' } : undefined
}
