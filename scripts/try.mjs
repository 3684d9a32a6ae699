/**
 * `npm run try`: runs one step of the action with inputs of your choice, against platforms emulated on this machine, or
 * against the real platform with `--real`. Needs Node 20 or newer and nothing else; `--workflow` needs `npm ci`.
 */
import { readActionFile } from '../__tests__/support/action-file.mjs'
import { cleanup } from '../__tests__/support/runner.mjs'
import { readOptions, refuse } from './command-line.mjs'
import { bold, heading, showStep } from './try/screen.mjs'
import { ACTION_FILES, fillIn, isCxone, MODES, openStage, runStep } from './try/stage.mjs'

/** @typedef {import('./try/stage.mjs').Values} Values */

const inputsOf = (/** @type {string} */ file) => Object.keys(readActionFile(file).inputs)
const INPUTS = { token: inputsOf(ACTION_FILES.token), rotate: inputsOf(ACTION_FILES.rotate) }
const ALL_INPUTS = [...new Set([...INPUTS.token, ...INPUTS.rotate])]
/** What the action, or Node for it, reads from the environment. */
const REAL_VARIABLES =
  /^(GENESYS_?CLOUD_|CXONE_|((HTTPS?|NO)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|RES_OPTIONS|SYSTEMROOT)$)/i

/** @type {Record<string, string | boolean | undefined>} */
const options = readOptions({
  usage: 'npm run try -- [options]',
  about: `Runs one step of the action as GitHub would, and shows its log, outputs, job summary and clean-up. The platforms
are emulated on this machine. The emulator's credentials are filled in, unless you give others.

  npm run try -- --provider genesys --region eu-west-1
  npm run try -- --provider cxone --wrong-secret
  npm run try -- --rotate --rotate-after 60d
  npm run try -- --workflow .github/workflows/deploy.yml
  npm run try -- --real --provider genesys --region eu-west-1

--workflow checks the steps of this action alone, not expressions in other steps. It runs no store command of the file: a
file takes the place of the store. --rotate with --store-command runs your commands, with PATH, HOME, PASSWORD_STORE_DIR
and GNUPGHOME of this terminal; write other variables before the command.

Each input of the action is an option with a value: --verify true. action.yml and rotate/action.yml describe them:
${ALL_INPUTS.join(' ').replace(/(.{1,100})(?: |$)/g, '  $1\n')}
Exit code: 0 if the step succeeded, 1 if it failed, 2 for a wrong option, 130 after Ctrl-C.`,
  options: {
    ...Object.fromEntries(Object.entries(MODES).map(([name, help]) => [name, { help }])),
    workflow: { value: 'FILE', help: 'run all steps in a workflow file that use this action; needs npm ci' },
    real: {
      help: 'use the real platform, with credentials from the environment; the token is revoked at the end'
    },
    ...Object.fromEntries(ALL_INPUTS.map(name => [name, { value: 'VALUE', help: '' }]))
  }
})
const modes = new Set(Object.keys(MODES).filter(name => options[name] === true))
const action = modes.has('rotate') ? 'rotate' : 'token'
const { real: isReal, workflow } = options
/** @type {Values} */
const given = Object.fromEntries(
  ALL_INPUTS.flatMap(name => (options[name] === undefined ? [] : [[name, String(options[name])]]))
)
checkOptions()

/** Resolves at the first Ctrl-C. Another one changes nothing: the clean-up takes ten seconds at most. */
const canceled = new Promise(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(true))
})
let isCanceled = false
void canceled.then(() => {
  isCanceled = true
})
try {
  const isGood = isReal
    ? await tryReal()
    : workflow
      ? await tryWorkflow(String(workflow))
      : await tryEmulated()
  process.exitCode = isCanceled ? 130 : isGood ? 0 : 1
} finally {
  cleanup()
}

/** Ends the process if options do not go together. */
function checkOptions() {
  const names = [...Object.keys(given), ...modes]
  const foreign = Object.keys(given).find(name => !INPUTS[action].includes(name))
  const [secret] = names.filter(name => /^(client|access-key)-(id|secret)$/.test(name))
  const [lasting] = names.filter(name => /^(token-kind|service-account-id|revoke)$/.test(name))
  if (workflow !== undefined) {
    if (isReal || names.length > 0) refuse('--workflow takes no other option: everything comes from the file')
  } else if (isReal) {
    if (modes.size > 0) refuse(`--${[...modes][0]} is for the emulator: leave it out, or leave out --real`)
    if (secret !== undefined) {
      refuse(
        `--${secret}: with --real, credentials come from the environment, because a command line can be seen by others.\n` +
          'Genesys Cloud: GENESYS_CLOUD_CLIENT_ID, GENESYS_CLOUD_CLIENT_SECRET. NICE CXone: CXONE_CLIENT_ID,\n' +
          'CXONE_CLIENT_SECRET, CXONE_ACCESS_KEY_ID, CXONE_ACCESS_KEY_SECRET.'
      )
    }
    if (lasting !== undefined)
      refuse(`--${lasting}: --real takes an access token only, and revokes it at the end`)
  } else if ('base-url' in given || 'login-base-url' in given) {
    refuse('--base-url and --login-base-url are the emulator’s own: try --gateway, or --real')
  }
  if (foreign !== undefined)
    refuse(
      action === 'token'
        ? `--${foreign} is an input of rotate: add --rotate`
        : `rotate has no input ${foreign}`
    )
  const [elsewhere] = names.filter(name =>
    (isCxone(given) ? /^(idle-timeout|gateway)$/ : /^(access-key|client)-only$/).test(name)
  )
  if (elsewhere !== undefined)
    refuse(`--${elsewhere} is for ${isCxone(given) ? 'Genesys Cloud' : 'NICE CXone'} only`)
}

/** Returns whether the step succeeded. */
async function tryEmulated() {
  heading(action === 'rotate' ? 'rotate with the emulator' : 'The token action with the emulator')
  const inputs = fillIn(action, given, modes)
  const note = (/** @type {string} */ name) => (name in given ? '' : '  (filled in)')
  const env = 'store-command' in given ? environment(/^(HOME|PASSWORD_STORE_DIR|GNUPGHOME)$/) : {}
  return show(await openStage(action, { inputs, modes, env }), note)
}

/** @param {RegExp} names  of the variables to pass on */
function environment(names) {
  const passed = Object.entries(process.env).filter(([name]) => names.test(name))
  return /** @type {Values} */ (Object.fromEntries(passed))
}

/**
 * Runs the step on a stage, and closes it. Returns whether it succeeded.
 *
 * @param {import('./try/stage.mjs').Stage} stage
 * @param {(input: string) => string} note
 */
async function show(stage, note) {
  try {
    const { result } = await showStep(stage, { note, canceled })
    console.log(`\n${verdict(result)}`)
    return result.exitCode === 0
  } finally {
    await stage.close()
  }
}

/** Runs our steps of a workflow file, one after the other. Returns whether all succeeded and have known inputs alone. */
async function tryWorkflow(/** @type {string} */ file) {
  const { readSteps } = await import('./try/workflow.mjs')
  const steps = await readSteps(file)
  let isGood = true
  const problems = steps.flatMap(one => one.problems.map(problem => `${one.title}: ${problem}`))
  for (const { title, action, inputs, env, notes } of steps) {
    if (isCanceled) break
    heading(title)
    const stage = await openStage(action, { inputs, env })
    isGood = (await show(stage, name => notes[name] ?? '')) && isGood
  }
  if (problems.length > 0)
    console.log(`\n${problems.length} problem${problems.length > 1 ? 's:\n' : ': '}${problems.join('\n')}`)
  return isGood && problems.length === 0
}

/** Returns whether the step and its clean-up succeeded. */
async function tryReal() {
  const env = environment(REAL_VARIABLES)
  const platform = isCxone(given) ? 'NICE CXone' : 'Genesys Cloud'
  const receiver = given['base-url'] ?? platform
  const fate = isCxone(given) ? 'It cannot be revoked.' : 'It is revoked at the end, after Ctrl-C too.'
  heading(`The real ${platform}, not the emulator`)
  console.log(
    `   The credentials in your environment are sent to ${receiver}, which issues one access token. ${fate}`
  )
  const run = (/** @type {import('./try/stage.mjs').StepOptions} */ step) =>
    runStep('token', { ...step, inputs: given, env })
  const stage = { inputs: given, requests: () => [], run }
  const { result } = await showStep(stage, { canceled, hasNextStep: false })
  const { 'expires-at': expiresAt, token } = result.outputs
  const cleanUp = result.end.log
  const isClean = !cleanUp.includes('Warning:')
  const end = []
  if (result.outputs['error-code'] === 'missing-credential') {
    const start = isCxone(given) ? 'CXONE' : 'GENESYS_CLOUD'
    end.push(`Export ${start}_CLIENT_ID and ${start}_CLIENT_SECRET first.`)
  }
  if (isCxone(given) && token)
    end.push(`The CXone token expires at ${expiresAt || 'an unknown time'}; it cannot be revoked.`)
  if (isClean && cleanUp.includes('revoked')) end.push('The token is revoked.')
  console.log(`\n${[verdict(result), ...end].join(' ')}`)
  return result.exitCode === 0 && isClean
}

/** @param {import('./try/stage.mjs').RunResult} result */
function verdict({ exitCode }) {
  return bold(isCanceled ? 'Cancelled.' : exitCode === 0 ? 'The step succeeded.' : 'The step failed.')
}
