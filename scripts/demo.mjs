/**
 * `npm run demo`: runs the committed bundles as GitHub's runner does, against platforms emulated on this machine, and
 * checks what they do. Needs Node 20 or newer and nothing else: no installation, no account, no network.
 */
import { cleanup } from '../__tests__/support/runner.mjs'
import { nearestTo, readOptions, refuse } from './lib/command-line.mjs'
import { bold, columns, dim, green, heading, isSecret, part, red, showStep } from './lib/screen.mjs'
import { fillIn, openStage } from './lib/stage.mjs'

/**
 * @typedef {Awaited<ReturnType<typeof showStep>> & {stage: import('./lib/stage.mjs').Stage, token: string,
 *   isAlive: (token: string) => boolean}} Played  `token`: the last one that was issued
 *
 * @typedef {object} Scene
 * @property {string} title
 * @property {Record<string, string>} inputs  the emulator's credentials are added
 * @property {string[]} [modes]
 * @property {string} [errorCode]  absent: the step succeeds
 * @property {(played: Played) => boolean} [check]  whether the rest is as the title says
 */

const genesys = { provider: 'genesys' }
const cxone = { provider: 'cxone' }

/** @type {Record<string, Scene>} */
const SCENES = {
  genesys: {
    title: 'Genesys Cloud: client credentials, and the variables that Terraform and gc read',
    inputs: { ...genesys, verify: 'true', 'tool-env': 'true' }
  },
  cxone: { title: 'NICE CXone: client and access key', inputs: cxone },
  guard: {
    title: 'The credentials belong to another organisation: the step fails and revokes the token',
    inputs: { ...genesys, 'allowed-organization-ids': '9d2b7c40-1e5f-4a86-b3c7-5f08a1e6d294' },
    errorCode: 'organization-not-allowed',
    check: ({ isAlive, token }) => !isAlive(token)
  },
  throttled: {
    title: 'Many jobs at once: the platform answers 429 with Retry-After: 2',
    inputs: genesys,
    modes: ['throttled'],
    check: ({ requests, result }) =>
      /^429 POST .* 200 POST /.test(requests.join(' ')) && result.durationMs > 2000
  },
  'wrong-secret': {
    title: 'A wrong secret: one request, no second try',
    inputs: genesys,
    modes: ['wrong-secret'],
    errorCode: 'credentials-rejected',
    check: ({ requests }) => requests.length === 1
  },
  rotation: {
    title: 'rotate replaces a token that is stored in a secret, and revokes the previous one',
    inputs: genesys,
    modes: ['rotate'],
    check: ({ stage, result, isAlive, token }) => {
      const stored = stage.github.secret('API_TOKEN', { repository: 'example/deploy' })
      const isStored = stored?.sealed !== undefined && stored.bytes === token.length
      const isReplaced = isAlive(token) && !isAlive(stage.inputs['previous-token'] ?? '')
      return result.outputs['rotated'] === 'true' && isStored && isReplaced
    }
  },
  'wrong-region': {
    title: 'A wrong region: the client belongs to us-east-1',
    inputs: genesys,
    modes: ['wrong-region'],
    errorCode: 'credentials-rejected'
  },
  'missing-secret': {
    title: 'An empty secret, as in a workflow from a fork: nothing is sent',
    inputs: genesys,
    modes: ['missing-secret'],
    errorCode: 'missing-credential',
    check: ({ requests }) => requests.length === 0
  },
  'idle-timeout': {
    title: 'An idle timeout: a token that nothing uses for 15 minutes becomes invalid',
    inputs: { ...genesys, 'min-lifetime': '1h' },
    modes: ['idle-timeout'],
    check: ({ result: { outputs } }) => (outputs['idles-at'] || 'none') < (outputs['expires-at'] ?? '')
  },
  gateway: {
    title: 'An API gateway: base-url and login-base-url replace the hosts of the platform',
    inputs: { ...genesys, verify: 'true', 'tool-env': 'true' },
    modes: ['gateway'],
    check: ({ requests }) =>
      /^200 POST \/genesys-login\/oauth\/token 200 GET \/genesys-api\//.test(requests.join(' '))
  },
  'long-lived': {
    title: 'Genesys Cloud: a token for a year (undocumented request), which outlives the job',
    inputs: { ...genesys, 'token-kind': 'long-lived' },
    check: ({ isAlive, token }) => isAlive(token)
  },
  'json-request': {
    title: 'Genesys Cloud: JSON at the API host (undocumented request)',
    inputs: { ...genesys, 'token-endpoint': 'api' }
  },
  'access-key': {
    title: 'NICE CXone: access key only',
    inputs: { ...cxone, 'tool-env': 'true' },
    modes: ['access-key-only']
  },
  client: {
    title: 'NICE CXone: client only (undocumented request)',
    inputs: cxone,
    modes: ['client-only']
  }
}
const SHORT = ['genesys', 'cxone', 'guard', 'throttled', 'wrong-secret', 'rotation']
/** Lines of the log that say much the same in every scene. */
const REPEATED = /: exchanging |^base-url: |^For audits: |^More: /

const { all, list, scene } = readOptions({
  usage: 'npm run demo -- [SCENE] [options]',
  about:
    'Shows what the action does, against platforms emulated on this machine, and checks it. Without options: a few\n' +
    'scenes in short. With the name of a scene: this one in full.',
  options: { all: { help: 'all scenes in full' }, list: { help: 'the names of the scenes' } },
  argument: 'scene'
})
const names = Object.keys(SCENES)
if (scene !== undefined && !names.includes(scene))
  refuse(`There is no scene ${scene}; did you mean ${nearestTo(scene, names) ?? names.join(', ')}?`)
if (list) {
  const titles = Object.entries(SCENES).map(([name, { title }]) => [name, title])
  console.log(columns(Object.fromEntries(titles)).join('\n'))
} else {
  process.once('SIGINT', () => process.exit(130))
  process.exitCode = (await playAll(all ? names : scene === undefined ? SHORT : [scene])) ? 0 : 1
}

/** Returns whether all is as it should be. @param {string[]} chosen  names of scenes */
async function playAll(chosen) {
  const isShort = chosen === SHORT
  console.log(`${bold('cc-token-action')}  credentials in, a masked token out`)
  const started = performance.now()
  let failures = 0
  try {
    for (const [index, name] of chosen.entries()) {
      // The first scene shows its whole log.
      const failed = await play(name, isShort ? (index === 0 ? /^$/ : REPEATED) : undefined)
      part('✗ FAILED', failed, red)
      if (failed.length > 0) failures += 1
    }
  } finally {
    cleanup()
  }
  const good = `${chosen.length - failures} of ${chosen.length} as they should be`
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`\n${(failures === 0 ? green : red)(good)}${dim(`, in ${seconds} s`)}`)
  if (isShort) console.log(dim('In full: npm run demo -- --all. With your own inputs: npm run try -- --help'))
  return failures === 0
}

/**
 * Plays a scene. Returns the checks that failed.
 *
 * @param {string} name
 * @param {RegExp} [brief]  see `showStep`
 */
async function play(name, brief) {
  const { title, inputs, modes: ofScene, errorCode, check } = /** @type {Scene} */ (SCENES[name])
  const modes = new Set(ofScene)
  const action = modes.has('rotate') ? 'rotate' : 'token'
  heading(`${name} · ${title}`)
  const stage = await openStage(action, { inputs: fillIn(action, inputs, modes), modes })
  try {
    const { tokens, alsoIssued = [] } = stage.platform
    const earlier = [...tokens.keys()]
    const played = await showStep(stage, brief && { brief })
    const { result, next } = played
    const { outputs, end } = result
    const issued = [...tokens].filter(([token]) => !earlier.includes(token))
    const token = issued.at(-1)?.[0] ?? ''
    const isAlive = (/** @type {string} */ one) => tokens.get(one)?.revoked === false
    const given = Object.entries(stage.inputs).flatMap(([input, value]) =>
      isSecret(input) && value ? [value] : []
    )
    const secrets = [...tokens.keys(), ...alsoIssued, ...given]
    const visible = result.log + result.summary + result.stderr + end.log + end.stderr + next
    /** @type {Record<string, boolean>} */
    const checks = {
      'the step ends as it should': result.exitCode === (errorCode ? 1 : 0),
      'error-code is right': outputs['error-code'] === errorCode,
      'the token is the last one issued': (outputs['token'] ?? token) === token,
      'a failed step publishes no token': !errorCode || !outputs['token'],
      'the token works': !outputs['token'] || !outputs['api-url'] || next.includes('→ 200'),
      'no secret is shown': !secrets.some(secret => visible.includes(secret)),
      'everything issued is masked': [...issued.map(([token]) => token), ...alsoIssued].every(secret =>
        result.masks.includes(secret)
      ),
      'the clean-up succeeds': end.exitCode === 0 && !end.log.includes('Warning:'),
      'no access token outlives the job where the platform can revoke it':
        action === 'rotate' ||
        issued.every(([, { revoked, kind }]) => revoked !== false || kind !== 'access'),
      'no file is left': end.leftovers().length === 0,
      'the rest is as the title says': check?.({ ...played, stage, token, isAlive }) ?? true
    }
    return Object.keys(checks).filter(claim => !checks[claim])
  } finally {
    await stage.close()
  }
}
