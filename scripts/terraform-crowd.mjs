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
import { fileURLToPath } from 'node:url'
import { cleanup, runAction, runPost } from '../__tests__/support/runner.mjs'
import { MAIN_TF, terraformMirror } from '../__tests__/support/terraform.mjs'
import { GENESYS_CLIENT, startGenesys } from '../emulator/genesys.mjs'
import { startHostProxy } from '../emulator/proxy.mjs'
import { readNumber, readOptions } from './command-line.mjs'
import { table } from './table.mjs'

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
try {
  const terraform = terraformMirror(join(folder, 'mirror'))
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'main.tf'), MAIN_TF)
  const env = { ...variables('PATH', 'HOME'), ...terraform }
  const init = spawnSync('terraform', ['init', '-input=false'], { cwd: project, env, encoding: 'utf8' })
  if (init.status !== 0) throw new Error(`terraform init failed: ${init.error ?? init.stderr}`)
  const rows = [
    await measure('a token of this action in each job', planWithOurToken, { project, env }),
    await measure('the provider’s own OAuth client', planWithClient, { project, env })
  ]
  console.log(table(['each job has', 'successes', 'token requests', 'of them throttled', 'time'], rows))
} finally {
  cleanup()
  rmSync(folder, { recursive: true, force: true })
}

/**
 * @param {string} name
 * @param {(cwd: string, env: Values) => Promise<boolean>} job
 * @param {{project: string, env: Values}} prepared
 */
async function measure(name, job, { project, env }) {
  const genesys = await startGenesys({
    throttle: { kind: 'fixed-window', perWindow: perMinute, takenByOthers: 0 }
  })
  const proxy = await startHostProxy({
    'login.mypurecloud.ie:443': genesys.origin,
    'api.mypurecloud.ie:443': genesys.origin
  })
  if (!proxy) throw new Error('openssl is not installed')
  const reach = {
    HTTPS_PROXY: proxy.url,
    SSL_CERT_FILE: proxy.authority,
    NODE_EXTRA_CA_CERTS: proxy.authority
  }
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
  const dist = (/** @type {string} */ name) =>
    fileURLToPath(new URL(`../dist/${name}/index.js`, import.meta.url))
  const inputs = {
    provider: 'genesys',
    region: 'eu-west-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'tool-env': 'true'
  }
  const reach = {
    HTTPS_PROXY: env['HTTPS_PROXY'] ?? '',
    NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] ?? ''
  }
  const main = await runAction({ main: dist('main'), inputs, env: reach, timeoutMs: LONGEST_PLAN_MS })
  const succeeded = main.exitCode === 0 && (await plan(cwd, { ...env, ...main.exported }))
  await runPost(main, { post: dist('post'), env: reach })
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
  const child = spawn('terraform', ['plan', '-input=false'], {
    cwd,
    env,
    stdio: 'ignore',
    timeout: LONGEST_PLAN_MS
  })
  const [code] = await once(child, 'exit')
  return code === 0
}

/** @param {string[]} names @returns {Values} */
function variables(...names) {
  return Object.fromEntries(names.map(name => [name, process.env[name] ?? '']))
}
