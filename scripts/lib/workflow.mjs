/** Reads the steps of this action out of a workflow or a composite action. Needs `npm ci` and Node 22.15 or newer. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readActionFile } from '../../__tests__/support/action-file.mjs'
import { refuse } from './command-line.mjs'
import { isSecret } from './screen.mjs'
import { ACTION_FILES, emulatedValues, isCxone, PREVIOUS_TOKEN } from './stage.mjs'

/** @typedef {Record<string, string>} Values */

/** The emulator knows only its own values of these, whatever the file says. */
const EMULATED =
  /^(client|access-key)-(id|secret)$|^service-account-id$|^allowed-organization-ids$|^(github|previous)-token$/
/** A preview must not touch a real store: these take the place of the commands in the file. */
const STORE_COMMANDS = /** @type {Values} */ ({
  'store-command': 'cat > store',
  'read-command': `if [ -e store ]; then cat store; else echo ${PREVIOUS_TOKEN}; fi`
})

/**
 * Returns our steps in the order of the file, and what GitHub's own language service says is wrong in it. Ends the
 * process if the file has no such step or cannot be read.
 *
 * @param {string} name  relative to where npm was started
 */
export async function readWorkflow(name) {
  const file = path.resolve(process.env['INIT_CWD'] ?? '', name)
  const [{ parse }, { findProblems }] = await Promise.all([
    import('yaml'),
    import('../../__tests__/support/language-service.mjs')
  ]).catch(() => refuse('--workflow needs Node 22.15 or newer: run npm ci first'))
  /** @type {any} */
  let document
  try {
    document = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    refuse(`${name}: ${/** @type {Error} */ (error).message}`)
  }
  const jobs = document?.runs ? { runs: document.runs } : (document?.jobs ?? {})
  /** @type {any[]} */
  const all = Object.entries(jobs).flatMap(([job, content]) =>
    (content?.steps ?? []).map((/** @type {any} */ step) => {
      return { ...step, job, env: { ...document.env, ...content.env, ...step.env } }
    })
  )
  const steps = all.flatMap(({ job, name, id, uses = '', with: given, env }) => {
    const [isOurs, rotate] = /^(?:\.|[\w.-]+\/cc-token-action)\/?(rotate)?(?:@.*)?$/.exec(uses) ?? []
    if (isOurs === undefined) return []
    const step = readStep(rotate ? 'rotate' : 'token', given ?? {}, env)
    return [{ ...step, title: `${job}: ${name ?? id ?? uses}` }]
  })
  if (steps.length === 0) {
    const others = all.flatMap(({ uses }) => (uses ? [uses.replace(/@.*/, '')] : []))
    const found = others.length > 0 ? `; found: ${others.join(', ')}` : ''
    refuse(
      `${name}: no step uses …/cc-token-action${found}. Does it call another file of yours? Then name that one.`
    )
  }
  return { steps, problems: [...(await findProblems(file)), ...steps.flatMap(step => step.problems)] }
}

/**
 * @param {import('./stage.mjs').Action} action
 * @param {Record<string, unknown>} given
 * @param {Record<string, unknown>} variables
 */
function readStep(action, given, variables) {
  const declared = readActionFile(ACTION_FILES[action]).inputs
  // The runner ignores the case of names.
  const texts = toTexts(given, name => name.toLowerCase())
  const start = isCxone(texts) ? 'CXONE_' : 'GENESYS'
  const read = Object.entries(toTexts(variables)).filter(
    ([name]) => name.startsWith(start) && inputOfVariable(name) in declared
  )
  const isCredential = (/** @type {string} */ name) => /^(client|access-key)-/.test(name)
  const fromEnvironment = Object.fromEntries(read.map(([name, text]) => [inputOfVariable(name), text]))
  // As in the action: variables count only if no credential is an input.
  const emulated = emulatedValues(
    Object.keys(texts).some(isCredential) ? texts : { ...fromEnvironment, ...texts }
  )
  /** @param {string} name  @param {string} text */
  const emulate = (name, text) => {
    const isReplaced = text.includes('${{') || EMULATED.test(name) || name in STORE_COMMANDS
    if (text === '' || !isReplaced) return text
    return STORE_COMMANDS[name] ?? emulated[name] ?? declared[name]?.default ?? ''
  }
  /** @type {{inputs: Values, env: Values, notes: Values}} */
  const step = { inputs: {}, env: {}, notes: {} }
  for (const [name, text] of Object.entries(texts)) {
    const value = emulate(name, text)
    step.inputs[name] = value
    if (value !== text) step.notes[name] = text.includes('${{') ? `  (for ${text})` : '  (emulated)'
  }
  for (const [name, text] of read) step.env[name] = emulate(inputOfVariable(name), text)
  const unmasked = Object.entries({ ...fromEnvironment, ...texts }).filter(
    ([name, text]) => isSecret(name) && /\$\{\{\s*vars\.\w+\s*\}\}/.test(text)
  )
  const problems = unmasked.map(([name]) => `${name}: GitHub does not mask a variable; store it as a secret.`)
  return { action, ...step, problems }
}

/** Returns values as the runner passes them. @param {Record<string, unknown>} values */
function toTexts(values, toName = (/** @type {string} */ name) => name) {
  const texts = Object.entries(values).map(([name, value]) => [toName(name), String(value ?? '')])
  return /** @type {Values} */ (Object.fromEntries(texts))
}

/** Returns the input that a variable of a platform stands for. @param {string} variable */
function inputOfVariable(variable) {
  const name = variable.replace(/^(CXONE|GENESYS_?CLOUD)_(OAUTH)?/, '').replace('REALM', 'REGION')
  return name.toLowerCase().replaceAll('_', '-')
}
