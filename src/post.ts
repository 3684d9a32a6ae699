import type { Provider, RevocationOutcome } from './auth/provider.js'
import type { Context } from './runner/context.js'
import type { Logger } from './runner/logger.js'
import { findProvider, revokeTokens } from './runner/revocation.js'
import { readSavedState, type SavedState, type SavedToken } from './runner/saved-state.js'
import { removeTokenFolder } from './runner/token-file.js'

const MAX_REASON_LENGTH = 500

const OUTCOMES = { revoked: 'revoked', 'already-invalid': 'already invalid' } as const

/** What happened to one thing that was to be cleaned up. */
interface CleanUp {
  readonly text: string
  readonly failed?: true
}

/**
 * Runs the post step: removes the token file and revokes tokens. Uses only saved state, because inputs are not reliable
 * here, above all in composite actions. Logs one line. Never throws. Takes ten seconds at most,
 * and up to four more if a name server is silent.
 */
export async function post(context: Context, providers: readonly Provider[]): Promise<void> {
  const { env, log } = context
  const saved = readSavedState(env)
  for (const { value } of saved.tokens) log.mask(value)
  // The file first: it takes no time, and a cancelled clean-up must not leave it.
  const folder = cleanUpFolder(saved)
  const results = [...(await cleanUpTokens(saved, context, providers)), ...folder]
  const line = `Clean-up: ${results.map(({ text }) => text).join('; ') || 'nothing to do'}.`
  if (results.some(({ failed }) => failed)) log.warn(line)
  else log.info(line)
}

async function cleanUpTokens(
  saved: SavedState,
  context: Context,
  providers: readonly Provider[]
): Promise<CleanUp[]> {
  const kept = saved.tokens.flatMap(token => {
    const reason = reasonToKeep(token, saved)
    return reason === undefined ? [] : [{ token, reason }]
  })
  const revocable = saved.tokens.filter(token => !kept.some(one => one.token === token))
  const { log } = context
  const outcomes = await revokeTokens(revocable, providers, context)
  return [
    ...kept.map(({ token, reason }) => ({ text: `${token.kind} token ${reason}` })),
    ...revocable.map((token, index) => describeOutcome(token, outcomes[index], { log, providers }))
  ]
}

/**
 * Returns why a token is not revoked; undefined if it is to be revoked. An expired token is revoked too: the clock may be
 * wrong, and the platform's answer costs one request.
 */
function reasonToKeep(token: SavedToken, { published }: SavedState): string | undefined {
  if (token.isRejected) return undefined
  if (published === 'false') return 'kept, because revoke is false'
  if (published === 'auto' && token.kind === 'long-lived') return 'kept, because it is to outlive the job'
  return undefined
}

function describeOutcome(
  { kind, expiresAtMs, provider: alias }: SavedToken,
  outcome: PromiseSettledResult<RevocationOutcome> | undefined,
  { log, providers }: { readonly log: Logger; readonly providers: readonly Provider[] }
): CleanUp {
  if (outcome?.status === 'fulfilled') return { text: `${kind} token ${OUTCOMES[outcome.value]}` }
  const message = outcome?.reason instanceof Error ? log.clean(outcome.reason.message, MAX_REASON_LENGTH) : ''
  const reason = message === '' ? '' : ` (${message.replace(/\.$/, '')})`
  const unknownExpiry = findProvider(providers, alias)?.unknownExpiry
  const expiry = expiresAtMs === undefined ? unknownExpiry : `at ${new Date(expiresAtMs).toISOString()}`
  return {
    text: `${kind} token not revoked${reason}; it expires ${expiry ?? 'at an unknown time'}`,
    failed: true
  }
}

function cleanUpFolder({ tokenFolder }: SavedState): CleanUp[] {
  if (tokenFolder === undefined) return []
  try {
    return [{ text: removeTokenFolder(tokenFolder) ? 'token file removed' : 'token file already gone' }]
  } catch {
    return [{ text: 'token file not removed', failed: true }]
  }
}
