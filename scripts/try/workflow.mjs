/** Reads the steps of this action out of a workflow or a composite action. Needs the package yaml, which npm ci installs. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readActionFile } from '../../__tests__/support/action-file.mjs'
import { nearestTo, stop } from '../command-line.mjs'
import { isSecret } from './screen.mjs'
import { ACTION_FILES, emulatedValues, PREVIOUS_TOKEN } from './stage.mjs'

/**
 * @typedef {Record<string, string>} Values
 * @typedef {ReturnType<typeof readStep>} PreviewStep
 */

/** The emulator knows only its own values of these, whatever the file says. */
const EMULATED =
  /^(client|access-key)-(id|secret)$|^service-account-id$|^allowed-organization-ids$|^(github|previous)-token$/
/** A preview must not touch a real store: these take the place of the commands in the file. */
const STORE_COMMANDS = /** @type {Values} */ ({
  'store-command': 'cat > store',
  'read-command': `if [ -e store ]; then cat store; else echo ${PREVIOUS_TOKEN}; fi`
})
const STEP_KEYS = ['id', 'if', 'name', 'uses', 'with', 'env', 'continue-on-error', 'timeout-minutes']
const CONTEXTS = 'github env vars job jobs steps runner secrets strategy matrix needs inputs'.split(' ')

/**
 * Returns our steps in the order of the file. Ends the process if it has none or cannot be read.
 *
 * @param {string} file  relative to where npm was started
 * @returns {Promise<PreviewStep[]>}
 */
export async function readSteps(file) {
  const { parse } = await import('yaml').catch(() => stop('--workflow reads YAML: run npm ci first'))
  /** @type {any} */
  let document
  try {
    document = parse(readFileSync(path.resolve(process.env['INIT_CWD'] ?? '', file), 'utf8'))
  } catch (error) {
    const { code, message } = /** @type {Error & {code?: string}} */ (error)
    const isCommand = code === 'BLOCK_AS_IMPLICIT_KEY' && message.includes('run: ')
    const hint = isCommand ? 'Put the command below `run: |`.' : ''
    stop(`${file}: ${code === 'ENOENT' ? 'there is no such file' : message + hint}`)
  }
  const jobs = document?.runs ? { runs: document.runs } : (document?.jobs ?? {})
  /** @type {string[]} */
  const others = []
  const steps = Object.entries(jobs).flatMap(([name, job]) =>
    (Array.isArray(job?.steps) ? job.steps : []).flatMap((/** @type {any} */ step) => {
      const uses = String(step?.uses ?? '')
      const [isOurs, rotate] = /^(?:\.|[\w.-]+\/cc-token-action)\/?(rotate)?(?:@.*)?$/.exec(uses) ?? []
      if (isOurs === undefined) {
        if (uses) others.push(uses.replace(/@.*/, ''))
        return []
      }
      const title = `${name}: ${step.name ?? step.id ?? uses}`
      const env = { ...document.env, ...job.env, ...step.env }
      const read = readStep({ title, action: rotate ? 'rotate' : 'token', given: step.with ?? {}, env })
      const unknown = Object.keys(step).filter(key => !STEP_KEYS.includes(key))
      const problems = unknown.map(
        key => `a step with uses has no key ${orNearest(key, STEP_KEYS)} GitHub refuses the file.`
      )
      return [{ ...read, problems: [...problems, ...read.problems] }]
    })
  )
  if (steps.length > 0) return steps
  const found = others.length > 0 ? `; found: ${others.join(', ')}` : ''
  const typo = others.find(uses => nearestTo(uses.split('/')[1] ?? '', ['cc-token-action']))
  const advice = typo
    ? `Did you mean ${typo.replace(/\/[^/]*/, '/cc-token-action')}?`
    : 'Does it call another file of yours? Then name that one.'
  return stop(`${file}: no step uses …/cc-token-action${found}. ${advice}`)
}

/** @param {string} word  @param {string[]} known */
function orNearest(word, known) {
  const nearest = nearestTo(word, known)
  return nearest === undefined ? `${word}.` : `${word}; did you mean ${nearest}?`
}

/**
 * Returns what is wrong with the expressions in a value.
 *
 * @param {string} name  of the input
 * @param {string} text
 */
function expressionProblems(name, text) {
  const expressions = text.match(/\$\{\{.*?\}\}/gs) ?? []
  const code = expressions.join(' ').replace(/'[^']*'/g, '')
  // Words that are no property, function or literal.
  const words = code.match(/(?<![\w.-])[a-z_][\w-]*(?![\w-]|\s*\()/gi) ?? []
  const used = words
    .map(word => word.toLowerCase())
    .filter(word => !/^(true|false|null|nan|infinity)$/.test(word))
  const problems = used
    .filter(word => !CONTEXTS.includes(word))
    .map(word => `${name}: an expression knows no ${orNearest(word, CONTEXTS)} GitHub refuses the file.`)
  if (text.split('${{').length - 1 > expressions.length) problems.push(`${name}: }} is missing.`)
  if (isSecret(name) && used.length > 0 && used.every(word => word === 'vars'))
    problems.push(`${name}: GitHub does not mask a variable; store it as a secret.`)
  return problems
}

/**
 * @param {{title: string, action: import('./stage.mjs').Action, given: Record<string, unknown>,
 *   env: Record<string, unknown>}} step
 */
function readStep({ title, action, given, env: variables }) {
  const declared = readActionFile(ACTION_FILES[action]).inputs
  // The runner ignores the case of names.
  const written = Object.entries(given).map(([name, value]) => [name.toLowerCase(), textOf(value)])
  const texts = /** @type {Values} */ (Object.fromEntries(written))
  const known = Object.entries(variables).flatMap(([name, value]) => {
    const input = inputOfVariable(name, texts['provider'])
    return input === undefined ? [] : [{ name, input, value: textOf(value) }]
  })
  // As in the action: variables count only if no credential is an input.
  const fromEnv = Object.keys(texts).some(isCredential) ? [] : known.map(({ input }) => [input, ''])
  const emulated = emulatedValues({ ...Object.fromEntries(fromEnv), ...texts })
  /** Returns undefined if the text itself is the value. @param {string} name  @param {string} text */
  const replacement = (name, text) => {
    if (!(name in declared)) return undefined
    const isReplaced = text.includes('${{') || EMULATED.test(name) || name in STORE_COMMANDS
    if (text === '' || !isReplaced) return undefined
    return STORE_COMMANDS[name] ?? emulated[name] ?? declared[name]?.default ?? ''
  }
  /** @type {Values} */
  const notes = {}
  const inputs = Object.entries(texts).map(([name, text]) => {
    const value = replacement(name, text)
    if (value === undefined) return [name, text]
    const what =
      name in STORE_COMMANDS
        ? 'your command is not run: a file takes the place of the store'
        : name in emulated
          ? 'emulated'
          : 'default'
    notes[name] = text.includes('${{') ? `  (${what}, for ${text})` : `  (${what})`
    return [name, value]
  })
  const unknown = Object.keys(texts).filter(name => !(name in declared))
  const problems = unknown.map(name => {
    notes[name] = '  (no such input)'
    return `there is no input ${orNearest(name, Object.keys(declared))} GitHub ignores it.`
  })
  for (const [name, text] of Object.entries(texts)) problems.push(...expressionProblems(name, text))
  for (const { input, value } of known) problems.push(...expressionProblems(input, value))
  const env = known.map(({ name, input, value }) => [name, replacement(input, value) ?? value])
  const toValues = (/** @type {string[][]} */ entries) => /** @type {Values} */ (Object.fromEntries(entries))
  return { title, action, inputs: toValues(inputs), env: toValues(env), notes, problems }
}

/** @param {string} input */
const isCredential = input => /^(client|access-key)-/.test(input)

/** Returns a value as the runner passes it. @param {unknown} value */
const textOf = value => (value === null || value === undefined ? '' : String(value))

/**
 * Returns the input that a variable is read for, undefined if this provider does not read it.
 *
 * @param {string} variable
 * @param {string} [provider]
 */
function inputOfVariable(variable, provider = '') {
  const start = /cxone/i.test(provider) ? 'CXONE' : 'GENESYS_?CLOUD'
  const what = new RegExp(
    `^${start}_(?:OAUTH)?((?:CLIENT|ACCESS_KEY)_(?:ID|SECRET)|REGION|REALM|SERVICE_ACCOUNT_ID)$`
  )
  const [, name = ''] = what.exec(variable) ?? []
  return name === '' ? undefined : name.replace('REALM', 'REGION').toLowerCase().replaceAll('_', '-')
}
