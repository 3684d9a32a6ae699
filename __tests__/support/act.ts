import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'

// act (https://nektosact.com) is a runner for GitHub's workflows that this project did not write. It runs in host mode
// here: the steps are processes of this machine.

type Values = Readonly<Record<string, string>>

export interface ActOptions {
  /** The repository whose workflows run. */
  readonly repository: string
  /** Paths of workflow files in the repository. */
  readonly workflows: readonly string[]
  readonly event: string
  /** `github.event`. */
  readonly payload?: object
  readonly vars?: Values
  readonly secrets?: Values
  /** Variables of every step, below those of the workflow. */
  readonly env?: Values
  /** Folders that stand in for actions, by `owner/name@ref`. */
  readonly actions?: Values
  /** Only the jobs of a matrix with this value, as `name:value`. */
  readonly matrix?: string
  /** A command that runs act, such as one that changes its view of the machine. */
  readonly wrapper?: readonly string[]
  /** A folder that comes first on PATH. */
  readonly programs?: string
  /** Cancels the run, as Ctrl-C does, when this is true. Asked after each line of the log. */
  readonly cancelWhen?: (run: ActRun) => boolean
}

export interface ActRun {
  /** `success`, `failure` or `cancelled` by the name of the job. */
  readonly jobs: Record<string, string>
  readonly steps: { job: string; name: string; stage: 'Pre' | 'Main' | 'Post'; result: string }[]
  /** The values of an output, by `<step id>.<name>`. */
  readonly outputs: Record<string, string[]>
  /** What a person sees. `step` is the id of the step, or its number. */
  readonly log: { job: string; step: string; text: string }[]
  /** What the steps asked act to mask. */
  readonly masks: string[]
}

/** act's log has one of these on each line. */
interface Line {
  readonly msg: string
  readonly job?: string
  readonly jobResult?: string
  readonly step?: string
  readonly stepID?: readonly string[]
  readonly stage?: ActRun['steps'][number]['stage']
  readonly stepResult?: string
  readonly command?: string
  readonly name?: string
  readonly arg?: string
}

const LONGEST_RUN_MS = 120_000

/** Runs workflows, and ends every process that they leave behind. */
export async function runAct(options: ActOptions): Promise<ActRun> {
  const folder = mkdtempSync(join(tmpdir(), 'act-'))
  const id = randomUUID()
  const run: ActRun = { jobs: {}, steps: [], outputs: {}, log: [], masks: [] }
  const [program = 'act', ...args] = [...(options.wrapper ?? []), 'act', ...toArguments(options, folder, id)]
  const child = spawn(program, args, {
    cwd: options.repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Steps find Node 24 first, as on a runner. Nothing else of this process reaches them.
    env: {
      PATH: [options.programs ?? [], dirname(process.execPath), process.env['PATH']].flat().join(delimiter),
      HOME: folder,
      XDG_CACHE_HOME: folder,
      LANG: 'C.UTF-8'
    }
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS)
  const closed = once(child, 'close')
  let canceled = false
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', line => {
      read(line, run)
      if (!canceled && options.cancelWhen?.(run)) canceled = child.kill('SIGINT')
    })
  }
  try {
    await closed
  } finally {
    clearTimeout(timer)
    await endProcesses(id)
    rmSync(folder, { recursive: true, force: true })
  }
  return run
}

/** Returns the lines that show a token, or anything else that a step asked to mask. */
export function leaks({ log, masks, outputs }: ActRun): ActRun['log'] {
  const tokens = Object.entries(outputs).flatMap(([name, values]) => (name.endsWith('.token') ? values : []))
  return log.filter(({ text }) => [...tokens, ...masks].some(value => text.includes(value)))
}

function toArguments(options: ActOptions, folder: string, id: string): string[] {
  const workflows = join(folder, 'workflows')
  mkdirSync(workflows)
  for (const file of options.workflows)
    cpSync(join(options.repository, file), join(workflows, file.replaceAll('/', '-')))
  const pairs = (option: string, values: Values = {}) =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])
  const payload = join(folder, 'event.json')
  writeFileSync(payload, JSON.stringify(options.payload ?? {}))
  return [
    ...[options.event, '--eventpath', payload, '--json', '--no-cache-server', '--workflows', workflows],
    ...['-P', 'ubuntu-latest=-self-hosted', '-P', 'self-hosted=-self-hosted'],
    ...(options.matrix === undefined ? [] : ['--matrix', options.matrix]),
    ...pairs('--local-repository', options.actions),
    ...pairs('--var', options.vars),
    ...pairs('--secret', options.secrets),
    ...pairs('--env', { ...options.env, ACT_RUN: id })
  ]
}

function read(text: string, run: ActRun): void {
  if (!text.startsWith('{')) {
    run.log.push({ job: '', step: '', text })
    return
  }
  const line: Line = JSON.parse(text)
  const job = (line.job ?? '').trim()
  const step = line.stepID?.join('.') ?? ''
  run.log.push({ job, step, text: stripVTControlCharacters(line.msg).trimEnd() })
  if (line.jobResult) run.jobs[job] = line.jobResult
  if (line.stepResult && line.step && line.stage)
    run.steps.push({ job, name: line.step, stage: line.stage, result: line.stepResult })
  if (line.command === 'add-mask' && line.arg) run.masks.push(line.arg)
  if (line.command === 'set-output') {
    const name = `${step}.${line.name}`
    run.outputs[name] = [...(run.outputs[name] ?? []), line.arg ?? '']
  }
}

/** Ends what has the id in its environment: what the steps started, and what act started if it was killed. */
async function endProcesses(id: string): Promise<void> {
  for (let waits = 0; waits < 100; waits++) {
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    const running = pids.filter(pid =>
      unlessEnded(() => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`ACT_RUN=${id}`))
    )
    if (running.length === 0) return
    for (const pid of running)
      unlessEnded(() => process.kill(Number(pid), waits < 50 ? 'SIGTERM' : 'SIGKILL'))
    await sleep(50)
  }
}

/** Does something with a process that may have ended meanwhile, or belong to someone else. */
function unlessEnded(act: () => boolean): boolean {
  try {
    return act()
  } catch {
    return false
  }
}

/** Makes a repository of GitHub's out of a folder. act reads its name from `origin`. */
export function makeRepository(folder: string, name: string): void {
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com']
  const git = (...args: string[]) => execFileSync('git', [...author, ...args], { cwd: folder })
  git('init', '--quiet', '--initial-branch=main')
  git('remote', 'add', 'origin', `https://github.com/${name}.git`)
  git('add', '--all')
  git('commit', '--quiet', '--message=test')
}
