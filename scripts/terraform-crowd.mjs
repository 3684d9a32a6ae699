/**
 * Runs many `terraform plan` at once against the emulator, which limits the tokens that it issues in a minute: once with
 * a token of this action in each job, and once with the provider's own OAuth client. Needs the real Terraform and CX as
 * Code on PATH, openssl, and some 100 MB of memory for each job.
 *
 *     node scripts/terraform-crowd.mjs --jobs 60 --per-minute 300
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanup } from '../__tests__/support/runner.mjs'
import { MAIN_TF, terraformMirror } from '../__tests__/support/terraform.mjs'
import { GENESYS_CLIENT, startGenesys } from '../emulator/genesys.mjs'
import { startHostProxy } from '../emulator/proxy.mjs'
import { readNumber, readOptions } from './lib/command-line.mjs'
import { fillIn, runStep } from './lib/stage.mjs'
import { table } from './lib/table.mjs'

/** @typedef {Record<string, string>} Values */

const LONGEST_PLAN_MS = 600_000

const options = readOptions({
  usage: 'node scripts/terraform-crowd.mjs [options]',
  about:
    'Runs many `terraform plan` at once, with tokens of this action and with the provider’s own OAuth client.',
  options: {
    jobs: { value: 'NUMBER', default: '60', help: 'how many at once' },
    'per-minute': { value: 'NUMBER', default: '300', help: 'tokens that Genesys Cloud issues in a minute' }
  }
})
const jobs = readNumber('--jobs', options.jobs, { least: 1, most: 1000 })
const perMinute = readNumber('--per-minute', options['per-minute'], { least: 1, most: 100_000 })

const folder = mkdtempSync(join(tmpdir(), 'terraform-crowd-'))
const project = join(folder, 'project')
try {
  const terraform = terraformMirror(join(folder, 'mirror'))
  mkdirSync(project)
  writeFileSync(join(project, 'main.tf'), MAIN_TF)
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, ...terraform }
  const init = spawnSync('terraform', ['init', '-input=false'], { cwd: project, env, encoding: 'utf8' })
  if (init.status !== 0) throw new Error(`terraform init failed: ${init.error ?? init.stderr}`)
  const rows = [
    await measure('a token of this action in each job', planWithOurToken, env),
    await measure('the provider’s own OAuth client', planWithClient, env)
  ]
  const head = ['each job has', 'successes', 'token requests', 'of them throttled', 'time']
  console.log(table(head, rows, '---:'))
} finally {
  cleanup()
  rmSync(folder, { recursive: true, force: true })
}

/** @param {string} name @param {(cwd: string, env: Values) => Promise<boolean>} job @param {Values} env */
async function measure(name, job, env) {
  const genesys = await startGenesys({
    throttle: { kind: 'fixed-window', perWindow: perMinute, takenByOthers: 0 }
  })
  const proxy = await startHostProxy({
    'login.mypurecloud.ie:443': genesys.origin,
    'api.mypurecloud.ie:443': genesys.origin
  })
  if (!proxy) throw new Error('openssl is not installed')
  const { url: HTTPS_PROXY, authority } = proxy
  const reach = { HTTPS_PROXY, SSL_CERT_FILE: authority, NODE_EXTRA_CA_CERTS: authority }
  const start = Date.now()
  const ends = await Promise.all(
    Array.from({ length: jobs }, (_, index) => {
      const cwd = join(folder, `${name.length}-${index}`)
      cpSync(project, cwd, { recursive: true, verbatimSymlinks: true })
      return job(cwd, { ...env, ...reach })
    })
  )
  const seconds = (Date.now() - start) / 1000
  await proxy.close()
  await genesys.close()
  const tokenRequests = genesys.requests.filter(({ path }) => path === '/oauth/token')
  const throttled = tokenRequests.filter(({ status }) => status !== 200).length
  const successes = ends.filter(succeeded => succeeded).length
  return [name, `${successes} of ${jobs}`, tokenRequests.length, throttled, `${seconds.toFixed(0)} s`]
}

/** @param {string} cwd @param {Values} env */
async function planWithOurToken(cwd, env) {
  const { HTTPS_PROXY = '', NODE_EXTRA_CA_CERTS = '' } = env
  let succeeded = false
  await runStep('token', {
    inputs: fillIn('token', { region: 'eu-west-1', 'tool-env': 'true' }),
    env: { HTTPS_PROXY, NODE_EXTRA_CA_CERTS },
    afterMain: async ({ exitCode, exported }) => {
      succeeded = exitCode === 0 && (await plan(cwd, { ...env, ...exported }))
    }
  })
  return succeeded
}

/** @param {string} cwd @param {Values} env */
function planWithClient(cwd, env) {
  return plan(cwd, {
    ...env,
    GENESYSCLOUD_OAUTHCLIENT_ID: GENESYS_CLIENT.id,
    GENESYSCLOUD_OAUTHCLIENT_SECRET: GENESYS_CLIENT.secret,
    GENESYSCLOUD_REGION: 'eu-west-1'
  })
}

/** @param {string} cwd @param {Values} env */
async function plan(cwd, env) {
  const options = { cwd, env, stdio: /** @type {const} */ ('ignore'), timeout: LONGEST_PLAN_MS }
  const child = spawn('terraform', ['plan', '-input=false'], options)
  const [code] = await once(child, 'exit')
  return code === 0
}
