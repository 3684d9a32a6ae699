import { cleaningWire } from '../auth/revocation.js'
import { GitHub } from '../github/api.js'
import type { Visibility } from '../github/scope.js'
import { readSecret, type Store, storeSecret } from '../github/secrets.js'
import type { RotateInputs } from '../inputs/rotate-inputs.js'
import { ActionError } from '../lib/action-error.js'
import type { Secret } from '../lib/secret.js'
import type { Context } from '../main.js'
import type { TokenState } from '../runner/token-state.js'

/**
 * Stores the token. From the moment that GitHub may have it, the post step must not end it, so tokenState lets it
 * go then, and takes it back whenever it is known not to be stored. Throws where it was not, or may not have been.
 */
export async function storeToken(
  world: Context,
  asked: RotateInputs,
  github: GitHub,
  store: Store,
  sharing: Visibility | undefined,
  value: Secret,
  tokenState: TokenState
): Promise<void> {
  const last = tokenState.issued.at(-1)
  const keeper = {
    letGo() {
      if (world.console.isClosed) throw new Error('the step is ending')
      if (last) tokenState.release(last)
    },
    takeBack() {
      if (last) tokenState.retake(last)
    }
  }
  const storing = await storeSecret(github, asked.secretName, value, store.publicKey, sharing, keeper)
  if (storing.stored) return
  const stored = storing.isCertain ? false : await wasStored(world, asked, store)
  if (stored === true) return
  if (stored === 'unknown') throw new MaybeStored(storing.why)
  if (last) tokenState.retake(last)
  throw storing.why
}

/** A request that was given up may still be carried out for a moment. */
const SETTLING_MS = 4_000

/** Where no answer told it, the secret's own date tells whether it was stored; there is time of its own for that. */
async function wasStored(
  { console, clock }: Context,
  asked: RotateInputs,
  store: Store
): Promise<boolean | 'unknown'> {
  const wire = cleaningWire(console, clock)
  const look = async () => {
    const secret = await readSecret(
      new GitHub(asked.apiUrl, asked.githubToken, asked.place, wire),
      asked.secretName
    )
    if (secret === undefined) return false
    const before = store.secret?.updatedAt.getTime()
    if (secret.updatedAt.getTime() !== before) return true
    // Dates have whole seconds: of a secret that was updated in the very second of the first look, they tell nothing.
    return secret.updatedAt >= store.now ? 'unknown' : false
  }
  try {
    const first = await look()
    if (first !== false) return first
    await clock.sleep(SETTLING_MS)
    return await look()
  } catch {
    return 'unknown'
  } finally {
    wire.close()
  }
}

/** The secret may hold the new token: it must live, for the old one may be gone. */
export class MaybeStored extends ActionError {
  constructor(cause: unknown) {
    const { code, message } =
      cause instanceof ActionError
        ? cause
        : { code: 'internal-error' as const, message: 'Storing the secret failed.' }
    super(
      code,
      `${message} Whether the secret holds the new token cannot be told.`,
      'The new token is left alive for that case, and nothing else was touched. Run it again: the next rotation sets the secret right.',
      { cause }
    )
  }
}
