/** What is measured: processes as the runner starts them, with a job's files and nothing else around them. */
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readActionFile } from '../../__tests__/support/action-file.mjs'
import {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  GENESYS_CLIENT,
  GENESYS_SERVICE_ACCOUNT
} from '../../emulator/index.mjs'

/**
 * @typedef {object} Child
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} [env]  beside the job's
 * @property {number} [exitCode]  that it must end with; 0 unless told otherwise
 *
 * @typedef {object} Ended
 * @property {number} tookMs  from the start of the process to the end of its output
 * @property {string} stdout
 * @property {string} stderr
 *
 * @typedef {import('./platforms.mjs').Origins} Origins
 */

const root = fileURLToPath(new URL('../../', import.meta.url))
export const MAIN = join(root, 'dist', 'main', 'index.js')
export const POST = join(root, 'dist', 'post', 'index.js')
/** @param {string} name */
const beside = name => fileURLToPath(new URL(name, import.meta.url))

const COMMAND_FILES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY']

/** A job's folder. @returns {{run: (child: Child) => Ended, folder: string, remove: () => void}} */
export function openJob() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const files = Object.fromEntries(COMMAND_FILES.map(name => [name, join(folder, name)]))
  const job = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    RUNNER_TEMP: folder,
    ...files
  }
  return {
    folder,
    run({ command, args, env = {}, exitCode = 0 }) {
      for (const file of Object.values(files)) writeFileSync(file, '')
      const started = process.hrtime.bigint()
      const { status, stdout, stderr, error } = spawnSync(command, args, {
        cwd: folder,
        env: { ...job, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8'
      })
      const tookMs = Number(process.hrtime.bigint() - started) / 1e6
      if (error || status !== exitCode)
        throw error ?? new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${stdout}${stderr}`)
      return { tookMs, stdout, stderr }
    },
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Starts both platforms in a process of their own.
 *
 * @param {import('./platforms.mjs').Pair} [tls]  for a second pair of them, behind TLS
 */
export async function startPlatforms(tls) {
  const child = fork(beside('platforms.mjs'))
  const ask = async (/** @type {object} */ message) => {
    const answer = once(child, 'message')
    child.send(message)
    return (await answer)[0]
  }
  /** @type {Origins} */
  const origins = await ask({ tls })
  return {
    origins,
    /** @returns {Promise<import('./platforms.mjs').Seen>} */
    seen: () => ask({}),
    stop: () => void child.kill()
  }
}

/** Node itself, with nothing to do. @type {Child} */
export const EMPTY = { command: process.execPath, args: ['-e', '0'] }

/** Main as the runner starts it.
 * @param {Record<string, string>} inputs @param {Partial<Child>} [rest] @returns {Child} */
export const main = (inputs, { args = [], env = {}, ...rest } = {}) => ({
  command: process.execPath,
  args: [...args, MAIN],
  env: { ...variables(inputs), ...env },
  ...rest
})

/** Main, refused: no provider is given. */
export const refused = () => main({}, { exitCode: 1 })

/** Post with nothing in its state. @type {Child} */
export const NOTHING_LEFT = { command: process.execPath, args: [POST] }

/** The same exchange by hand: in Node, and in Python as the tutorial shows it.
 * @param {string} origin @returns {{minimal: Child, seed: Child}} */
export function byHand(origin) {
  const env = { CLIENT_ID: GENESYS_CLIENT.id, CLIENT_SECRET: GENESYS_CLIENT.secret, ORIGIN: origin }
  return {
    minimal: { command: process.execPath, args: [beside('minimal.mjs')], env },
    seed: { command: 'python3', args: [beside('seed.py')], env }
  }
}

/** What each exchange is given, by its name.
 * @param {{genesys: string, cxone: string}} origins */
export function exchanges({ genesys: genesysOrigin, cxone: cxoneOrigin }) {
  const genesys = {
    provider: 'genesys',
    region: GENESYS_CLIENT.region,
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'base-url': genesysOrigin
  }
  const cxone = { provider: 'cxone', 'base-url': cxoneOrigin }
  const application = { 'client-id': CXONE_APPLICATION.id, 'client-secret': CXONE_APPLICATION.secret }
  const key = { 'access-key-id': CXONE_ACCESS_KEY.id, 'access-key-secret': CXONE_ACCESS_KEY.secret }
  const longLived = { 'token-kind': 'long-lived', 'service-account-id': GENESYS_SERVICE_ACCOUNT.id }
  const realm = { 'client-id': CXONE_REALM_CLIENT.id, 'client-secret': CXONE_REALM_CLIENT.secret }
  return {
    genesys,
    genesysVerified: { ...genesys, verify: 'true' },
    longLived: { ...genesys, ...longLived },
    cxoneA: { ...cxone, ...application, ...key },
    cxoneB: { ...cxone, ...key, region: CXONE_TENANT.area },
    cxoneC: { ...cxone, ...realm }
  }
}

/** Every input that action.yml declares, as the runner passes it. @param {Record<string, string>} given */
function variables(given) {
  const { inputs } = readActionFile(join(root, 'action.yml'))
  const values = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default])),
    ...given
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  )
}
