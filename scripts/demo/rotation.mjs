/** The second action: a stored token is renewed, proved, stored, and its predecessor retired. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readActionFile } from '../../__tests__/support/action-file.mjs'
import { runAction } from '../../__tests__/support/runner.mjs'
import { GITHUB_TOKEN_FOR_ALL, startGithub } from '../../emulator/github/index.mjs'
import { GENESYS_CLIENT, startGenesys } from '../../emulator/index.mjs'
import { same } from './checks.mjs'
import { columns, dim, green, part, red } from './screen.mjs'

const actionFile = fileURLToPath(new URL('../../rotate/action.yml', import.meta.url))
const action = readActionFile(actionFile)
const place = { repository: 'octo-org/app' }
const NAME = 'GENESYS_TOKEN'

export const rotation = {
  title: 'Rotation · a stored token is kept fresh',
  about: 'The second action: a new token is proved, sealed and stored; then its predecessor is revoked.',
  play
}

/** @returns {Promise<number>}  how many checks failed */
async function play() {
  const platform = await startGenesys()
  const github = await startGithub()
  try {
    const previous = issueBefore(platform)
    github.putSecret(NAME, place, previous)
    const result = await runAction({
      main: path.join(action.folder, action.runs['main'] ?? ''),
      action: actionFile,
      env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: place.repository },
      inputs: {
        provider: 'genesys',
        region: 'eu-west-1',
        'client-id': GENESYS_CLIENT.id,
        'client-secret': GENESYS_CLIENT.secret,
        'base-url': platform.origin,
        'secret-name': NAME,
        'github-token': GITHUB_TOKEN_FOR_ALL,
        'previous-token': previous,
        'expiry-variable': `${NAME}_EXPIRY`
      }
    })
    const token = [...platform.tokens.keys()].at(-1) ?? ''
    const lines = [...github.requests, ...platform.requests].sort((a, b) => a.at - b.at)
    part('log', result.log.trimEnd().split('\n'))
    part(
      'requests',
      lines.map(({ method, path, status }) => `${status} ${method} ${path}`)
    )
    part('outputs', columns(Object.entries(result.outputs)))
    const sealed = github.secret(NAME, place)
    const secrets = [token, previous, GENESYS_CLIENT.secret, GITHUB_TOKEN_FOR_ALL]
    const written = `${result.files.output}${result.files.env}${result.files.summary}${result.log}`
    return verdict([
      same('the step succeeds', result.exitCode, 0),
      same('rotated', result.outputs['rotated'], 'true'),
      same('GitHub holds a sealed value of the token’s length', sealed?.bytes, token.length),
      same('the new token lives', platform.tokens.get(token)?.revoked, false),
      same('the previous token is revoked', platform.tokens.get(previous)?.revoked, true),
      same(
        'the variable tells the expiry',
        github.variable(`${NAME}_EXPIRY`, place)?.value,
        result.outputs['expires-at']
      ),
      same('no secret is shown or handed on', secrets.filter(secret => written.includes(secret)).length, 0)
    ])
  } finally {
    await platform.close()
    await github.close()
  }
}

/**
 * The token that an earlier run stored.
 *
 * @param {Awaited<ReturnType<typeof startGenesys>>} platform
 */
function issueBefore(platform) {
  const token = randomBytes(64).toString('base64url')
  const issuedAt = Date.now() - 3_600_000
  platform.tokens.set(token, {
    clientId: GENESYS_CLIENT.id,
    kind: 'access',
    organization: GENESYS_CLIENT.organization,
    issuedAt,
    expiresAt: issuedAt + 86_400_000,
    scope: [],
    revoked: false
  })
  return token
}

/**
 * @param {import('./checks.mjs').Check[]} checks
 * @returns {number}  how many failed
 */
function verdict(checks) {
  const failed = checks.filter(({ holds }) => !holds)
  console.log()
  for (const { claim, found } of failed) part('✗', [`${claim}: ${found}`], red)
  if (failed.length === 0)
    console.log(`   ${green(`✓ ${checks.length} checks hold`)} ${dim('· old and new token, both actions')}`)
  return failed.length
}
