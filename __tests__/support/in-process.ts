import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Provider } from '../../src/auth/provider.js'
import { PROVIDERS } from '../../src/auth/providers.js'
import { ActionError } from '../../src/lib/action-error.js'
import type { Clock } from '../../src/lib/clock.js'
import { type Context, createContext } from '../../src/runner/context.js'
import { Logger } from '../../src/runner/logger.js'
import { reportFailure } from '../../src/runner/report-failure.js'
import { Rollback } from '../../src/runner/rollback.js'
import { TestClock } from './clock.js'

const RUNNER_FILES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const
type RunnerFile = (typeof RUNNER_FILES)[number]

/** The runner's files and the log, for a test that calls a part of a step in this process. */
export interface Runner {
  /** RUNNER_TEMP. */
  readonly folder: string
  /** Returns the path of a runner's file. */
  path(variable: RunnerFile): string
  /** Returns what a runner's file contains; empty if it does not exist. */
  text(variable: RunnerFile): string
  /** Returns what was printed so far. */
  log(): string
}

/** Runs `action` with empty runner's files and captured stdout. Restores everything afterwards. */
export async function withRunner<T>(action: (runner: Runner) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-test-'))
  const env = { ...process.env }
  const write = process.stdout.write
  const printed: string[] = []
  const path = (variable: RunnerFile) => join(folder, variable)
  try {
    for (const variable of RUNNER_FILES) {
      writeFileSync(path(variable), '')
      process.env[variable] = path(variable)
    }
    process.env['RUNNER_TEMP'] = folder
    process.stdout.write = ((text: string, written?: () => void) => {
      printed.push(text)
      written?.()
      return true
    }) as typeof process.stdout.write
    return await action({
      folder,
      path,
      text: variable =>
        existsSync(path(variable)) && statSync(path(variable)).isFile()
          ? readFileSync(path(variable), 'utf8')
          : '',
      log: () => printed.join('')
    })
  } finally {
    process.stdout.write = write
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
    Object.assign(process.env, env)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the context of a step, as `runAction` makes it, with the present environment. */
export function newContext(clock: Clock = new TestClock({ runs: true })): Context {
  return createContext({ env: process.env, log: new Logger(), clock, rollback: new Rollback() })
}

/** What a step in this process left behind: the raw text of the runner's files, and the log. */
export interface StepResult {
  /** RUNNER_TEMP, which no longer exists. */
  readonly tempDir: string
  readonly exitCode: 0 | 1
  /** The error code; undefined after success. */
  readonly code: string | undefined
  readonly stdout: string
  readonly output: string
  readonly env: string
  readonly state: string
  readonly summary: string
}

/** Runs `main` or `rotate` in this process as its entry point does, but without ending the process. */
export function runStep(
  step: (context: Context, providers: readonly Provider[]) => Promise<void>,
  {
    inputs,
    env = {},
    clock = new TestClock({ runs: true }),
    providers = PROVIDERS
  }: {
    readonly inputs: Readonly<Record<string, string>>
    readonly env?: Readonly<Record<string, string>>
    readonly clock?: Clock
    readonly providers?: readonly Provider[]
  }
): Promise<StepResult> {
  return withRunner(async runner => {
    Object.assign(process.env, env)
    for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value
    const context = newContext(clock)
    let code: string | undefined
    try {
      await step(context, providers)
    } catch (error) {
      context.rollback.run()
      reportFailure(error, context)
      code = error instanceof ActionError ? error.code : 'internal-error'
    }
    return {
      tempDir: runner.folder,
      exitCode: code === undefined ? 0 : 1,
      code,
      stdout: runner.log(),
      output: runner.text('GITHUB_OUTPUT'),
      env: runner.text('GITHUB_ENV'),
      state: runner.text('GITHUB_STATE'),
      summary: runner.text('GITHUB_STEP_SUMMARY')
    }
  })
}
