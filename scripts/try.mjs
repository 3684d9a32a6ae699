/**
 * `npm run try`: runs one step of the action with inputs of your choice, against platforms emulated on this machine, or
 * against the real platform with `--real`. Needs Node 20 or newer and nothing else; `--workflow` needs `npm ci`
 * and Node 22.15.
 */
import { readActionFile } from '../__tests__/support/action-file.mjs'
import { cleanup } from '../__tests__/support/runner.mjs'
import { readOptions, refuse } from './lib/command-line.mjs'
import { bold, heading, showStep } from './lib/screen.mjs'
import { ACTION_FILES, fillIn, isCxone, MODES, openStage, runStep } from './lib/stage.mjs'

/** @typedef {import('./lib/stage.mjs').Values} Values */

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

--workflow also asks GitHub's own language service about the file. It runs no store command of it: a file takes the place
of the store. --rotate with --store-command runs your commands, with PATH, HOME, PASSWORD_STORE_DIR
and GNUPGHOME of this terminal; write other variables before the command.

Each input of the action is an option with a value: --verify true. action.yml and rotate/action.yml describe them:
${ALL_INPUTS.join(' ').replace(/(.{1,100})(?: |$)/g, '  $1\n')}
Exit code: 0 if the step succeeded, 1 if it failed, 2 for a wrong option, 130 after Ctrl-C.`,
  options: {
    ...Object.fromEntries(Object.entries(MODES).map(([name, help]) => [name, { help }])),
    workflow: {
      value: 'FILE',
      help: 'run all steps in a workflow file that use this action; needs npm ci and Node 22.15'
    },
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

let isCanceled = false
/** Resolves at the first Ctrl-C. Another one changes nothing: the clean-up takes ten seconds at most. */
const canceled = new Promise(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve)
}).then(() => {
  isCanceled = true
})
try {
  const isGood = await (isReal ? tryReal() : workflow ? tryWorkflow(String(workflow)) : tryEmulated())
  process.exitCode = isCanceled ? 130 : isGood ? 0 : 1
} finally {
  cleanup()
}

/** Ends the process if options do not go together. */
function checkOptions() {
  const names = [...Object.keys(given), ...modes]
  const like = (/** @type {RegExp} */ pattern) => names.find(name => pattern.test(name))
  const foreign = Object.keys(given).find(name => !INPUTS[action].includes(name))
  if (foreign !== undefined)
    refuse(`${foreign} is no input of ${action === 'token' ? 'the token action: add --rotate' : 'rotate'}`)
  if (workflow !== undefined) {
    if (isReal || names.length > 0) refuse('--workflow takes no other option: everything comes from the file')
  } else if (isReal) {
    const secret = like(/^(client|access-key)-(id|secret)$/)
    const lasting = like(/^(token-kind|service-account-id|revoke)$/)
    if (modes.size > 0) refuse(`--${[...modes][0]} is for the emulator: leave it out, or leave out --real`)
    if (secret !== undefined)
      refuse(
        `--${secret}: with --real, credentials come from the environment, because others can see options.\n` +
          'Genesys Cloud: GENESYS_CLOUD_CLIENT_ID, GENESYS_CLOUD_CLIENT_SECRET. NICE CXone: CXONE_CLIENT_ID,\n' +
          'CXONE_CLIENT_SECRET, CXONE_ACCESS_KEY_ID, CXONE_ACCESS_KEY_SECRET.'
      )
    if (lasting !== undefined)
      refuse(`--${lasting}: --real takes an access token only, and revokes it at the end`)
  } else if (like(/base-url$/)) {
    refuse('--base-url and --login-base-url are the emulator’s own: try --gateway, or --real')
  }
  const elsewhere = like(isCxone(given) ? /^(idle-timeout|gateway)$/ : /^(access-key|client)-only$/)
  if (elsewhere !== undefined)
    refuse(`--${elsewhere} is for ${isCxone(given) ? 'Genesys Cloud' : 'NICE CXone'} only`)
}

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
 * Runs the step on a stage, and closes it. Returns whether the step and its clean-up succeeded.
 *
 * @param {Pick<import('./lib/stage.mjs').Stage, 'inputs' | 'requests' | 'run' | 'close'>} stage
 * @param {(input: string) => string} [note]
 */
async function show(stage, note) {
  try {
    const { result } = await showStep(stage, { ...(note && { note }), hasNextStep: !isReal, canceled })
    const { exitCode, end } = result
    const verdict = isCanceled ? 'Cancelled.' : exitCode === 0 ? 'The step succeeded.' : 'The step failed.'
    console.log(`\n${bold(verdict)}`)
    return exitCode === 0 && !end.log.includes('Warning:')
  } finally {
    await stage.close()
  }
}

/** Runs our steps of a workflow file, one after the other. Returns whether all succeeded and the file has no problem. */
async function tryWorkflow(/** @type {string} */ file) {
  const { readWorkflow } = await import('./lib/workflow.mjs')
  const { steps, problems } = await readWorkflow(file)
  let isGood = problems.length === 0
  for (const { title, action, inputs, env, notes } of steps) {
    if (isCanceled) break
    heading(title)
    const stage = await openStage(action, { inputs, env })
    isGood = (await show(stage, name => notes[name] ?? '')) && isGood
  }
  if (problems.length > 0) console.log(['\nProblems in the file:', ...problems].join('\n'))
  return isGood
}

async function tryReal() {
  const env = environment(REAL_VARIABLES)
  const platform = isCxone(given) ? 'NICE CXone' : 'Genesys Cloud'
  const fate = isCxone(given) ? 'cannot be revoked.' : 'is revoked at the end, after Ctrl-C too.'
  heading(`The real ${platform}, not the emulator`)
  console.log(`   The credentials in your environment are sent to ${given['base-url'] ?? platform},`)
  console.log(`   which issues one access token. It ${fate}`)
  const run = (/** @type {import('./lib/stage.mjs').StepOptions} */ step) =>
    runStep('token', { ...step, inputs: given, env })
  return show({ inputs: given, requests: () => [], run, close: async () => {} })
}
