import type { Identity, Provider } from './auth/provider.js'
import { exchangeAndCheck } from './exchange.js'
import { HttpSession } from './http/session.js'
import { type MainInputs, readMainInputs } from './inputs/main-inputs.js'
import { formatMinute } from './lib/text.js'
import { requireWritable } from './runner/command-files.js'
import type { Context } from './runner/context.js'
import { logPublished, logStart } from './runner/messages.js'
import { buildOutputs, publish, requireMasksWritten } from './runner/outputs.js'
import { revokeIssued } from './runner/revocation.js'
import { tokenSummary } from './runner/summary.js'
import { TokenState } from './runner/token-state.js'

/** Runs the token step: reads inputs, exchanges credentials, checks the token, publishes it. Throws ActionError. */
export async function main(context: Context, providers: readonly Provider[]): Promise<void> {
  const { env, log, clock, rollback } = context
  const inputs = readMainInputs(env, providers, log)
  requireFiles(inputs, env)
  logStart(inputs, log)
  const { provider, output: options, revoke } = inputs
  const tokens = new TokenState(provider.aliases[0])
  const session = new HttpSession({ limits: inputs.limits, clock, log })
  try {
    const { result, owner } = await exchangeAndCheck(inputs, session, { context, onToken: tokens.add })
    warnIfIdleTooEarly(owner, inputs, context)
    const outputs = buildOutputs(result, owner, { options, env, log })
    const published = { result, owner, inputs, revoke, session, receivedAt: new Date(clock.now()) }
    const summary = inputs.summary ? tokenSummary(published, log) : undefined
    await requireMasksWritten(process.stdout)
    publish(outputs, { context, tokens, revoke, summary })
    logPublished(
      {
        ...published,
        hasTokenFile: options.tokenFile,
        variables: [...outputs.variables.keys()],
        variablesWithoutValue: outputs.variablesWithoutValue
      },
      log
    )
  } catch (error) {
    rollback.run()
    await revokeIssued(tokens, { what: 'The token was not published; it', provider }, context)
    throw error
  } finally {
    session.close()
  }
}

/** A token in use stays valid, so an idle timeout before `min-lifetime` is only a warning here. */
function warnIfIdleTooEarly(
  owner: Identity | undefined,
  { guards: { minLifetimeSeconds = 0 } }: MainInputs,
  { log, clock }: Context
): void {
  if (owner?.idlesAt === undefined || owner.idlesAt.getTime() >= clock.now() + minLifetimeSeconds * 1000)
    return
  log.warn(
    `If nothing uses the token, it becomes invalid at ${formatMinute(owner.idlesAt)}, before min-lifetime: the organisation has an idle timeout.`
  )
}

function requireFiles({ output }: MainInputs, env: Context['env']): void {
  const setsVariables = output.exportEnv.length > 0 || output.toolVariables.length > 0
  requireWritable(env, {
    files: ['GITHUB_OUTPUT', 'GITHUB_STATE', ...(setsVariables ? ['GITHUB_ENV'] : [])],
    folders: output.tokenFile ? ['RUNNER_TEMP'] : []
  })
}
