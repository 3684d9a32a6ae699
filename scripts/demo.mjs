/**
 * `npm run demo`: runs the committed bundles as GitHub's runner does, against platforms emulated on this machine, and
 * checks what they do. Needs Node 20 or newer and nothing else: no installation, no account, no network.
 */
import { cleanup } from '../__tests__/support/runner.mjs'
import { readOptions, refuseUnknown } from './command-line.mjs'
import { scenes } from './demo/scenes.mjs'
import {
  bold,
  columns,
  dim,
  green,
  heading,
  lines,
  openPart,
  part,
  red,
  summaryLines
} from './try/screen.mjs'
import { fillIn, openStage, SECRET_INPUTS, useToken } from './try/stage.mjs'

/** @typedef {import('./demo/scenes.mjs').Scene} Scene */

const {
  all,
  list,
  scene: name
} = readOptions({
  usage: 'npm run demo -- [SCENE] [options]',
  about:
    'Shows what the action does, against platforms emulated on this machine, and checks it. Without options: a few\n' +
    'scenes in short. With the name of a scene: this one in full.',
  options: {
    all: { help: 'all scenes, with all that can be seen of them' },
    list: { help: 'the names of the scenes' }
  },
  argument: 'scene'
})
const SHORT = ['genesys', 'cxone', 'guard', 'throttled', 'wrong-secret', 'rotation']
/** Lines of the log that say much the same in every scene. */
const REPEATED = /: exchanging |^base-url: |^For audits: |^More: /

if (list) {
  for (const line of columns(Object.fromEntries(scenes.map(({ name, title }) => [name, title]))))
    console.log(line)
  process.exit()
}
const names = scenes.map(scene => scene.name)
if (name !== undefined && !names.includes(name)) refuseUnknown('scene', name, names)
const isShort = !all && name === undefined
const shown = scenes.filter(
  scene => all || (name === undefined ? SHORT.includes(scene.name) : scene.name === name)
)

process.once('SIGINT', () => process.exit(130))
console.log(`${bold('cc-token-action')}  credentials in, a masked token out`)
const started = performance.now()
let failures = 0
try {
  for (const [index, scene] of shown.entries()) {
    const failed = await play(scene, index === 0)
    part('✗ FAILED', failed, { style: red })
    failures += failed.length > 0 ? 1 : 0
  }
} finally {
  cleanup()
}
const seconds = ((performance.now() - started) / 1000).toFixed(1)
const good = `${shown.length - failures} of ${shown.length} scenes as they should be`
console.log(`\n${(failures === 0 ? green : red)(good)}${dim(`, in ${seconds} s`)}`)
if (isShort)
  console.log(
    dim('This was short. More: npm run demo -- --all, npm run demo -- --list, npm run try -- --help')
  )
process.exitCode = failures === 0 ? 0 : 1

/**
 * Plays a scene. Returns the checks that failed.
 *
 * @param {Scene} scene
 * @param {boolean} isFirst
 */
async function play(scene, isFirst) {
  const { action = 'token', modes: given = [], errorCode } = scene
  const modes = new Set(given)
  const stage = await openStage(action, { inputs: fillIn(action, scene.inputs, modes), modes })
  try {
    heading(`${scene.name} · ${scene.title}`, isShort ? '' : scene.about)
    showInputs(stage.inputs, modes.has('gateway'))
    const print = openPart('log', { isLog: true })
    /** @type {string[]} */
    let requests = []
    let next = ''
    const previous = [...stage.platform.tokens.keys()]
    const result = await stage.run({
      onLine: text => {
        for (const line of text.split('\n')) if (!isShort || isFirst || !REPEATED.test(line)) print(line)
      },
      afterMain: async result => {
        // Before the next step sends requests of its own.
        requests = stage.requests()
        if (!isShort) {
          part('requests', requests)
          part('outputs', columns(result.outputs, result.masks))
          part('exported', columns(result.exported, result.masks))
          part('summary', summaryLines(result.summary))
        }
        if (result.outputs['token']) next = await useToken(result)
        part('next step', next === '' ? [] : [next])
      }
    })
    const { end } = result
    if (!isShort || !end.log.includes('nothing to do')) part('job ends', lines(end.log))

    const tokens = [...stage.platform.tokens].filter(([token]) => !previous.includes(token))
    const issued = [...tokens.map(([token]) => token), ...(stage.platform.alsoIssued ?? [])]
    const visible = result.log + result.summary + result.stderr + end.log + end.stderr + next
    const token = result.outputs['token']
    return failedChecks({
      'the step ends as it should': result.exitCode === (errorCode ? 1 : 0),
      'error-code is right': result.outputs['error-code'] === errorCode,
      'a failed step publishes no token': !errorCode || !token,
      'the token is the last one issued': !token || token === tokens.at(-1)?.[0],
      'the token works': !token || next.includes('→ 200') || result.outputs['api-url'] === '',
      'no secret is shown': !stage.secrets().some(secret => visible.includes(secret)),
      'everything issued is masked': issued.every(secret => result.masks.includes(secret)),
      'the clean-up succeeds': end.exitCode === 0 && !end.log.includes('Warning:'),
      'no access token outlives the job where the platform can revoke it':
        action === 'rotate' ||
        tokens.every(([, { revoked, kind }]) => revoked !== false || kind !== 'access'),
      'no file is left': end.leftovers().length === 0,
      ...scene.check?.({ result, requests, stage, previous })
    })
  } finally {
    await stage.close()
  }
}

/** @param {Record<string, boolean>} checks */
function failedChecks(checks) {
  return Object.entries(checks).flatMap(([claim, holds]) => (holds ? [] : [claim]))
}

/**
 * @param {Record<string, string>} inputs
 * @param {boolean} showsBaseUrl
 */
function showInputs(inputs, showsBaseUrl) {
  const cut = (/** @type {string} */ value) =>
    isShort && value.length > 20 ? `${value.slice(0, 8)}…` : value
  const all = Object.entries(inputs)
    .filter(([name]) => showsBaseUrl || !name.endsWith('base-url'))
    .map(([name, value]) => `${name}: ${SECRET_INPUTS.includes(name) && value ? '***' : cut(value)}`)
  part('with', isShort ? [all.join(' · ')] : all, { style: dim })
}
