/** The stand-in as tests want it: every request checked, every seal opened. Needs what npm installs. */
import { createCheck } from './check.mjs'
import { startGithub } from './index.mjs'
import { createSeal } from './seal.mjs'

const check = createCheck()

/**
 * @param {import('./index.mjs').GitHubOptions} [options]
 * @returns {Promise<import('./index.mjs').GitHub>}
 */
export async function startCheckedGithub(options = {}) {
  return startGithub({ check, seal: await createSeal(), ...options })
}
