/** The scene of the second action: a stored token is replaced, and its predecessor revoked. */
import { fileURLToPath } from 'node:url'
import { runAction } from '../../__tests__/support/runner.mjs'
import { GITHUB_TOKEN_FOR_ALL, startGithub } from '../../emulator/github/index.mjs'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/index.mjs'
import { columns, lines, part } from './screen.mjs'

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const scope = { repository: 'octo-org/app' }
const NAME = 'GENESYS_TOKEN'

export const title = 'Rotation · a stored token is kept fresh'
export const about =
  'The second action gets a new token, verifies it, seals and stores it; then it revokes the previous one.'

/** Plays the scene. Returns the checks that failed. @returns {Promise<string[]>} */
export async function playRotation() {
  const platform = await startGenesys()
  const github = await startGithub()
  const rotate = (/** @type {Record<string, string>} */ inputs) =>
    runAction({
      main: at('dist/rotate/index.js'),
      action: at('rotate/action.yml'),
      env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: scope.repository },
      inputs: {
        provider: 'genesys',
        region: GENESYS_CLIENT.region,
        'client-id': GENESYS_CLIENT.id,
        'client-secret': GENESYS_CLIENT.secret,
        'base-url': platform.origin,
        'secret-name': NAME,
        'github-token': GITHUB_TOKEN_FOR_ALL,
        'expiry-variable': `${NAME}_EXPIRY`,
        ...inputs
      }
    })
  try {
    // An earlier run stores the token that this one replaces.
    await rotate({})
    const [previous = ''] = platform.tokens.keys()
    platform.forget()
    github.forget()
    const result = await rotate({ 'previous-token': previous })
    const token = [...platform.tokens.keys()].at(-1) ?? ''

    part('log', lines(result.log))
    const requests = [...github.requests, ...platform.requests].sort((a, b) => a.at - b.at)
    part(
      'requests',
      requests.map(({ method, path, status }) => `${status} ${method} ${path}`)
    )
    part('outputs', columns(result.outputs))

    const { output, env, summary } = result.files
    const written = output + env + summary + result.log
    const secrets = [token, previous, GENESYS_CLIENT.secret, GITHUB_TOKEN_FOR_ALL]
    const checks = {
      'the step succeeds': result.exitCode === 0,
      'it rotated': result.outputs['rotated'] === 'true',
      'GitHub holds a sealed value of the right length': github.secret(NAME, scope)?.bytes === token.length,
      'the new token lives': platform.tokens.get(token)?.revoked === false,
      'the previous token is revoked': platform.tokens.get(previous)?.revoked === true,
      'no secret is shown or written': !secrets.some(secret => written.includes(secret))
    }
    return Object.entries(checks).flatMap(([claim, holds]) => (holds ? [] : [claim]))
  } finally {
    await Promise.all([platform.close(), github.close()])
  }
}
