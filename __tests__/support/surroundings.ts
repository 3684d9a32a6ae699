import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The runner's files and the log, for a test that calls a part of the step. */
export interface Surroundings {
  readonly folder: string
  /** Where the runner's file of that variable is. */
  path(variable: RunnerFile): string
  /** What stands in it by now; nothing where it is not there. */
  text(variable: RunnerFile): string
  /** What was printed so far. */
  log(): string
}

const RUNNER_FILES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const
type RunnerFile = (typeof RUNNER_FILES)[number]

/** Calls with the runner's files in place and stdout read along, and puts everything back afterwards. */
export async function surrounded<T>(action: (around: Surroundings) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-part-'))
  const before = { ...process.env }
  const write = process.stdout.write
  const printed: string[] = []
  const path = (variable: RunnerFile) => join(folder, variable)
  try {
    for (const variable of RUNNER_FILES) {
      writeFileSync(path(variable), '')
      process.env[variable] = path(variable)
    }
    process.env['RUNNER_TEMP'] = folder
    process.stdout.write = ((text: string) => printed.push(text) > 0) as typeof process.stdout.write
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
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    rmSync(folder, { recursive: true, force: true })
  }
}
