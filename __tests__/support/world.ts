import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/http/session.js'
import { main } from '../../src/main.js'
import { Logger } from '../../src/runner/logger.js'
import { fail } from '../../src/runner/report-failure.js'

/** What an in-process run of the main step left behind. */
export interface Ran {
  readonly exitCode: 0 | 1
  readonly stdout: string
  /** The raw text of the runner's files. */
  readonly output: string
  readonly env: string
  readonly state: string
  readonly summary: string
}

const FILES = ['output', 'env', 'state', 'summary'] as const

/** A clock that is real but for its waits, which take no time and move it on. */
export function fastClock(start = Date.now()): Clock & { readonly waits: number[] } {
  let skippedMs = 0
  const waits: number[] = []
  const began = Date.now()
  return {
    waits,
    now: () => start + (Date.now() - began) + skippedMs,
    sleep: async ms => {
      waits.push(ms)
      skippedMs += ms
    },
    random: Math.random
  }
}

/**
 * Runs the main step in this process as the entry point does, without ending the process: the toolkit writes
 * to real command files and to the real stdout, which is read along.
 */
export async function runMain(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = fastClock()
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-test-'))
  const paths = FILES.map(name => join(folder, name))
  const before = { ...process.env }
  const written: string[] = []
  const write = process.stdout.write
  try {
    for (const path of paths) writeFileSync(path, '')
    Object.assign(process.env, env, {
      GITHUB_OUTPUT: paths[0],
      GITHUB_ENV: paths[1],
      GITHUB_STATE: paths[2],
      GITHUB_STEP_SUMMARY: paths[3],
      RUNNER_TEMP: folder
    })
    for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value
    process.stdout.write = ((text: string) => written.push(text) > 0) as typeof process.stdout.write
    const console = new Logger()
    let exitCode: 0 | 1 = 0
    try {
      await main({ env: process.env, console, clock })
    } catch (error) {
      fail(error, console)
      exitCode = 1
    }
    process.stdout.write = write
    const [output = '', environment = '', state = '', summary = ''] = paths.map(path =>
      readFileSync(path, 'utf8')
    )
    return { exitCode, stdout: written.join(''), output, env: environment, state, summary }
  } finally {
    process.stdout.write = write
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    rmSync(folder, { recursive: true, force: true })
  }
}
