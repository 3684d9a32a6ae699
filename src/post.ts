import { revokeAll } from './auth/revocation.js'
import type { Context } from './main.js'
import type { Logger } from './runner/logger.js'
import type { Saved, SavedToken } from './runner/saved-state.js'
import { removeTokenFile } from './runner/token-file.js'

/** What came of one thing that was to be cleaned, in words; `failed` where it is still there. */
interface End {
  readonly words: string
  readonly failed?: true
}

/**
 * Cleans up when the job ends, from saved state alone: inputs are not dependable here, in composite actions
 * above all. Says in one line what it did. Never fails the job, and takes ten seconds at the most.
 */
export async function post(
  saved: Saved,
  { console, clock }: Pick<Context, 'console' | 'clock'>
): Promise<void> {
  for (const { value } of saved.tokens) console.mask(value)
  // The file first: it takes no time, and a cancelled clean-up must not leave it.
  const file = endFile(saved)
  const ends = [...(await endTokens(saved, console, clock)), ...file]
  const words = `Clean-up: ${ends.map(end => end.words).join('; ') || 'nothing to do'}.`
  if (ends.some(({ failed }) => failed)) console.warn(words)
  else console.info(words)
}

async function endTokens(saved: Saved, console: Logger, clock: Context['clock']): Promise<End[]> {
  const fates = saved.tokens.map(token => ({ token, spared: spared(token, saved, clock.now()) }))
  const doomed = fates.flatMap(({ token, spared }) => (spared === undefined ? [token] : []))
  const ends = await revokeAll(doomed, console, clock)
  return [
    ...fates.flatMap(({ token, spared }) =>
      spared === undefined ? [] : [{ words: `${nameOf(token)} ${spared}` }]
    ),
    ...doomed.map((token, index) => endOf(token, ends[index]))
  ]
}

/** Returns why a token is left alone, in words; `undefined` if it is to be revoked. */
function spared(token: SavedToken, { handedOn }: Saved, now: number): string | undefined {
  if (token.expiresAtMs !== undefined && token.expiresAtMs <= now) return 'expired already'
  if (handedOn === 'false') return 'left alone, as revoke: false asks'
  if (handedOn === 'auto' && token.kind === 'long-lived')
    return 'left alone, for it is made to outlive the job'
  return undefined
}

function endOf(token: SavedToken, end: PromiseSettledResult<'revoked' | 'already gone'> | undefined): End {
  if (end?.status === 'fulfilled') return { words: `${nameOf(token)} ${end.value}` }
  const why = end?.reason instanceof Error ? ` (${end.reason.message.replace(/\.$/, '')})` : ''
  const until = token.expiresAtMs === undefined ? 'it expires' : new Date(token.expiresAtMs).toISOString()
  return { words: `${nameOf(token)} not revoked${why}, and lives until ${until}`, failed: true }
}

function endFile({ folder }: Saved): End[] {
  if (folder === undefined) return []
  try {
    return [{ words: removeTokenFile(folder) ? 'token file removed' : 'token file already gone' }]
  } catch {
    return [{ words: 'token file not removed', failed: true }]
  }
}

function nameOf({ kind }: SavedToken): string {
  return kind === 'access' ? 'access token' : 'long-lived token'
}
