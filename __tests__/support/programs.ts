import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from '@jest/globals'

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}

/**
 * Returns `describe` if all these programs are on PATH, else `describe.skip`. Where REQUIRE_TOOLS is `true`, as in
 * CI, a missing program is an error.
 */
export function describeWith(...programs: readonly string[]): typeof describe.skip {
  const missing = programs.filter(program => !isInstalled(program))
  if (missing.length === 0) return describe
  if (process.env['REQUIRE_TOOLS'] === 'true') throw new Error(`not on PATH: ${missing.join(', ')}`)
  return describe.skip
}

/** Runs a program and returns its exit code with what it printed, on both streams. */
export function run(program: string, args: readonly string[], cwd = '.'): { code: number; output: string } {
  try {
    const output = execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return { code: 0, output }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number | null; stdout: string; stderr: string }
    if (status === null) throw error
    return { code: status, output: `${stdout}${stderr}` }
  }
}
