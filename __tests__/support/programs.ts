import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from '@jest/globals'

/** Returns where a program is on PATH, undefined if it is not there. */
export function pathOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map(folder => join(folder, program)).find(path => existsSync(path))
}

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return pathOf(program) !== undefined
}

/** Returns `describe` if all these programs are on PATH; see `describeUnless`. */
export function describeWith(...programs: readonly string[]): typeof describe.skip {
  return describeUnless(programs.filter(program => !isInstalled(program)))
}

/**
 * Returns `describe` if nothing is missing, else `describe.skip`. A missing program that REQUIRED_TOOLS names (a list
 * with spaces, set in CI) is an error.
 */
export function describeUnless(missing: readonly string[]): typeof describe.skip {
  const required = (process.env['REQUIRED_TOOLS'] ?? '').split(' ')
  const lacking = missing.filter(program => required.includes(program))
  if (lacking.length > 0) throw new Error(`needed, and not usable here: ${lacking.join(', ')}`)
  return missing.length === 0 ? describe : describe.skip
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
