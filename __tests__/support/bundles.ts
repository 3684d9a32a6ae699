/** Runs the token action's bundles. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Inputs } from './inputs.js'
import type { Plan } from './instrument.mjs'
import { type RunOptions, type RunResult, runAction, runPost } from './runner.mjs'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
export const MAIN = at('dist/main/index.js')
export const POST = at('dist/post/index.js')

/** Runs the bundle's main against a platform. */
export function main(
  platform: { readonly origin: string },
  inputs: Inputs,
  options: RunOptions = {}
): Promise<RunResult> {
  return runAction({
    main: MAIN,
    action: at('action.yml'),
    inputs: { 'base-url': platform.origin, ...inputs },
    ...options
  })
}

/** Runs the bundle's post with what main saved, and no inputs, as in a composite action. */
export function post(ran: RunResult, options: RunOptions = {}): Promise<RunResult> {
  return runPost(ran, { post: POST, ...options })
}

/** One event that the instrument recorded in a process. */
export interface Point {
  readonly kind: 'write' | 'response' | 'line' | 'planted'
  readonly what?: string
  readonly path?: string
  readonly mode?: string
  readonly size?: number
  readonly sent?: string
  readonly full?: true
}

/** Returns the environment that loads the instrument, and a function that returns what it recorded. */
export function instrument(plan: Omit<Plan, 'journal'>): { env: Record<string, string>; seen(): Point[] } {
  const folder = mkdtempSync(join(tmpdir(), 'instrument-'))
  const journal = join(folder, 'journal')
  const preload = pathToFileURL(at('__tests__/support/instrument.mjs')).href
  return {
    env: { NODE_OPTIONS: `--import=${preload}`, INSTRUMENT: JSON.stringify({ ...plan, journal }) },
    seen() {
      const text = existsSync(journal) ? readFileSync(journal, 'utf8') : ''
      rmSync(folder, { recursive: true, force: true })
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Point)
    }
  }
}
