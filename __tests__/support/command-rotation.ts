import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { GENESYS, type Inputs } from './inputs.js'
import { issueToken, liveTokens, postOf } from './rotation.js'
import { type RunOptions, type RunResult, runAction } from './runner.mjs'

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Genesys Cloud, and a folder for a store and for what its commands write. */
export interface CommandRotation {
  readonly genesys: GenesysEmulator
  /** Returns the path of a file in the folder. It needs no quotes in a shell. */
  path(name: string): string
  /** Returns what a file of the folder contains; undefined if it does not exist. */
  text(name: string): string | undefined
  /** Runs the bundle of the rotation. */
  rotate(inputs: Inputs, options?: RunOptions): Promise<RunResult>
  /** Runs the post step, with what the rotation saved. */
  post(run: RunResult): Promise<RunResult>
  /** A token of the platform, as an earlier rotation stored it. */
  readonly old: string
  /** Returns the tokens that the platform accepts, in the order of issue. */
  liveTokens(): string[]
}

/** Calls `action`, and closes and removes everything afterwards. */
export async function withCommandRotation(
  action: (rotation: CommandRotation) => Promise<void>
): Promise<void> {
  const genesys = await startGenesys()
  const old = await issueToken(genesys)
  genesys.forget()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'store-')))
  const path = (name: string) => join(folder, name)
  try {
    await action({
      genesys,
      path,
      text: name => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : undefined),
      rotate: (inputs, runOptions) =>
        runAction({
          main: pathOf('dist/rotate/index.js'),
          action: pathOf('rotate/action.yml'),
          inputs: { ...GENESYS, 'base-url': genesys.origin, ...inputs },
          ...runOptions
        }),
      post: run => postOf(run),
      old,
      liveTokens: () => liveTokens(genesys)
    })
  } finally {
    await genesys.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns as soon as the condition is true. Throws after 30 seconds. */
export async function waitUntil(condition: () => boolean, intervalMs = 20): Promise<void> {
  for (let ms = 0; !condition(); ms += intervalMs) {
    if (ms > 30_000) throw new Error('the condition is still false after 30 seconds')
    await sleep(intervalMs)
  }
}

/** A process of this machine, as /proc shows it. */
interface SystemProcess {
  readonly pid: number
  readonly commandLine: string
  readonly environment: string
}

/** Returns all processes. One that ends meanwhile, or a kernel thread, has no command line. */
export function systemProcesses(): SystemProcess[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => ({
      pid: Number(pid),
      commandLine: read(pid, 'cmdline'),
      environment: read(pid, 'environ')
    }))
}
