import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parse } from 'yaml'
import { parseCommandFile } from '../support/command-files.mjs'
import { type RunResult, runAction, runPost } from '../support/runner.mjs'
import { type Contexts, holds, interpolate } from './expressions.js'

type Values = Record<string, string>
// biome-ignore lint/suspicious/noExplicitAny: a workflow is what its author wrote; the linters check its form
type Yaml = any

export interface StepRun {
  readonly id: string
  readonly outcome: 'success' | 'failure' | 'skipped'
  readonly outputs: Values
  readonly log: string
}

export interface JobRun {
  readonly name: string
  readonly result: 'success' | 'failure'
  readonly steps: readonly StepRun[]
  readonly outputs: Values
}

export interface Surroundings {
  readonly vars?: Values
  readonly secrets?: Values
  /** Variables beside what the runner and the workflow set. */
  readonly env?: Values
  /** A folder that comes first on PATH. */
  readonly tools?: string
  /** Inputs that a step of ours is given on top: where its platform is emulated. */
  readonly onTop?: (inputs: Values) => Values
  /** Outputs of an action that is not ours; it does not run. */
  readonly others?: (uses: string, inputs: Values) => Values
  /** Which file a local reusable workflow or action of an example is. */
  readonly find?: (path: string) => string
  /** Which of a matrix' jobs to run; all unless told otherwise. */
  readonly only?: (matrix: Values) => boolean
  /** Which jobs to run; all unless told otherwise. */
  readonly jobs?: (name: string) => boolean
}

const OURS: Readonly<Record<string, string>> = {
  './': 'main',
  './rotate': 'rotate',
  'org/cc-token-action@v1': 'main',
  'org/cc-token-action/rotate@v1': 'rotate'
}
const GITHUB = {
  repository: 'example/deploy',
  repository_owner: 'example',
  ref: 'refs/heads/main',
  ref_name: 'main',
  workflow: 'deploy',
  run_id: '1000000001',
  event_name: 'push',
  api_url: 'https://api.github.com',
  token: 'ghs_emulated'
}

/** Runs the jobs of a workflow file in their order, one after the other, the way the runner would. */
export async function runWorkflow(
  file: string,
  surroundings: Surroundings,
  called: { inputs?: Values; secrets?: Values } = {}
): Promise<JobRun[]> {
  const workflow: Yaml = parse(readFileSync(file, 'utf8'))
  const runs: JobRun[] = []
  const secrets = called.secrets ?? surroundings.secrets ?? {}
  const inputs = { ...defaultsOf(workflow.on?.workflow_call?.inputs), ...called.inputs }
  for (const name of inOrder(workflow.jobs).filter(surroundings.jobs ?? (() => true))) {
    const job: Yaml = workflow.jobs[name]
    for (const matrix of combinations(job.strategy?.matrix)) {
      if (surroundings.only && !surroundings.only(matrix)) continue
      const needs = Object.fromEntries(
        runs.map(run => [run.name, { result: run.result, outputs: run.outputs }])
      )
      const contexts = { github: GITHUB, vars: surroundings.vars ?? {}, secrets, inputs, matrix, needs }
      const unmet = [job.needs ?? []].flat().some(needed => needs[needed]?.result !== 'success')
      if (!holds(job.if, contexts, unmet ? 'failure' : 'success')) continue
      if (typeof job.uses === 'string') {
        const path = surroundings.find?.(job.uses) ?? job.uses
        const handed = job.secrets === 'inherit' ? secrets : evaluated(job.secrets, contexts)
        runs.push(
          ...(await runWorkflow(path, surroundings, {
            inputs: evaluated(job.with, contexts),
            secrets: handed
          }))
        )
      } else runs.push(await runJob(name, job, workflow, contexts, surroundings))
    }
  }
  return runs
}

async function runJob(
  name: string,
  job: Yaml,
  workflow: Yaml,
  contexts: Contexts,
  surroundings: Surroundings
): Promise<JobRun> {
  const ours: { main: RunResult; post: string }[] = []
  const folder = mkdtempSync(join(tmpdir(), 'workflow-'))
  try {
    const shell = job.defaults?.run?.shell ?? workflow.defaults?.run?.shell
    const shared: Shared = { env: {}, masks: [], ours, folder, surroundings, shell, jobDir: undefined }
    const env = { ...evaluated(workflow.env, contexts), ...evaluated(job.env, contexts) }
    const { steps, result, state } = await runSteps(job.steps, { ...contexts, env }, shared)
    const ends = []
    for (const { main, post } of ours.reverse())
      ends.push((await runPost(main, { post, env: shared.env })).exitCode)
    const outputs = evaluated(job.outputs, { ...contexts, steps: state })
    return { name, steps, outputs, result: ends.every(code => code === 0) ? result : 'failure' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the steps of a job have in common. */
interface Shared {
  env: Values
  masks: string[]
  readonly ours: { main: RunResult; post: string }[]
  readonly folder: string
  readonly surroundings: Surroundings
  /** What runs the scripts of steps that do not say it. */
  readonly shell: string | undefined
  jobDir: string | undefined
}

async function runSteps(list: Yaml[], outer: Contexts, shared: Shared) {
  const steps: StepRun[] = []
  const state: Record<string, { outputs: Values; outcome: string; conclusion: string }> = {}
  let result: 'success' | 'failure' = 'success'
  for (const [at, step] of list.entries()) {
    const id: string = step.id ?? step.name ?? `step ${at + 1}`
    const env = { ...(outer['env'] as Values), ...shared.env }
    const contexts = { ...outer, runner: { os: 'Linux', temp: shared.folder }, steps: state, env }
    if (!holds(step.if, contexts, result)) {
      steps.push({ id, outcome: 'skipped', outputs: {}, log: '' })
      continue
    }
    const own = { ...env, ...evaluated(step.env, contexts) }
    const run = step.uses ? await use(step, contexts, own, shared) : await script(step, contexts, own, shared)
    steps.push({ id, ...run })
    const tolerated = step['continue-on-error'] === true
    if (step.id) {
      const conclusion = tolerated ? 'success' : run.outcome
      state[step.id] = { outputs: run.outputs, outcome: run.outcome, conclusion }
    }
    if (run.outcome === 'failure' && !tolerated) result = 'failure'
  }
  return { steps, state, result }
}

type Run = Omit<StepRun, 'id'>

async function use(step: Yaml, contexts: Contexts, env: Values, shared: Shared): Promise<Run> {
  const { surroundings } = shared
  const inputs = evaluated(step.with, contexts)
  const name = OURS[step.uses]
  if (name !== undefined) {
    const ran = await runAction({
      main: `dist/${name}/index.js`,
      action: name === 'main' ? 'action.yml' : `${name}/action.yml`,
      inputs: { ...inputs, ...surroundings.onTop?.(inputs) },
      env: { ...surroundings.env, ...env },
      knownMasks: shared.masks,
      ...(shared.jobDir === undefined ? {} : { jobDir: shared.jobDir })
    })
    shared.jobDir = ran.jobDir
    shared.masks.push(...ran.masks)
    Object.assign(shared.env, ran.exported)
    shared.ours.push({ main: ran, post: 'dist/post/index.js' })
    return { outcome: ran.exitCode === 0 ? 'success' : 'failure', outputs: ran.outputs, log: ran.log }
  }
  if (step.uses.startsWith('./')) {
    const file = surroundings.find?.(step.uses) ?? join(step.uses, 'action.yml')
    const action: Yaml = parse(readFileSync(file, 'utf8'))
    const inside = { ...contexts, inputs: { ...defaultsOf(action.inputs), ...inputs }, env }
    const { steps, state, result } = await runSteps(action.runs.steps, inside, shared)
    const told = Object.entries(action.outputs ?? {}).map(([output, { value }]: [string, Yaml]) => [
      output,
      value
    ])
    const outputs = evaluated(Object.fromEntries(told), { ...inside, steps: state })
    return { outcome: result, outputs, log: steps.map(({ log }) => log).join('') }
  }
  return { outcome: 'success', outputs: surroundings.others?.(step.uses, inputs) ?? {}, log: '' }
}

/** Runs a script as the runner on Linux does: only one that names its shell gets `pipefail`. */
async function script(step: Yaml, contexts: Contexts, env: Values, shared: Shared): Promise<Run> {
  const { surroundings, folder } = shared
  const paths = ['output', 'env', 'summary', 'script'].map(name => join(folder, name))
  for (const path of paths) writeFileSync(path, '')
  const [output = '', exported = '', summary = '', file = ''] = paths
  writeFileSync(file, interpolate(step.run, contexts))
  const named = (step.shell ?? shared.shell) === 'bash'
  const child = spawn('bash', [...(named ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e']), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [...(surroundings.tools ? [surroundings.tools] : []), process.env['PATH']].join(delimiter),
      HOME: folder,
      GITHUB_OUTPUT: output,
      GITHUB_ENV: exported,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_REPOSITORY: GITHUB.repository,
      RUNNER_TEMP: folder,
      ...surroundings.env,
      ...env
    }
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', piece => (log += piece))
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  Object.assign(shared.env, parseCommandFile(readFileSync(exported, 'utf8')))
  const outputs = parseCommandFile(readFileSync(output, 'utf8'))
  return {
    outcome: code === 0 ? 'success' : 'failure',
    outputs,
    log: `${log}${existsSync(summary) ? readFileSync(summary, 'utf8') : ''}`
  }
}

function evaluated(values: Yaml, contexts: Contexts): Values {
  const entries: [string, unknown][] = Object.entries(values ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, interpolate(String(value), contexts)]))
}

function defaultsOf(inputs: Yaml): Values {
  const entries: [string, Yaml][] = Object.entries(inputs ?? {})
  return Object.fromEntries(entries.map(([name, input]) => [name, String(input?.default ?? '')]))
}

/** Each job after those that it needs. */
function inOrder(jobs: Record<string, Yaml>): string[] {
  const done: string[] = []
  const add = (name: string) => {
    for (const needed of [jobs[name]?.needs ?? []].flat()) add(needed)
    if (!done.includes(name)) done.push(name)
  }
  for (const name of Object.keys(jobs)) add(name)
  return done
}

/** The jobs of a matrix: of its one list, or of what it includes. */
function combinations(matrix: Yaml): Values[] {
  if (matrix === undefined) return [{}]
  const { include, ...lists } = matrix
  const products = Object.entries(lists).reduce<Values[]>(
    (some, [name, values]) =>
      some.flatMap(one => (values as string[]).map(value => ({ ...one, [name]: String(value) }))),
    [{}]
  )
  return include ? [...(Object.keys(lists).length > 0 ? products : []), ...include] : products
}
