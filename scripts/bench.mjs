/**
 * `npm run bench`: the time of a whole Genesys Cloud exchange, compared with a script written by hand and, if Python
 * and `requests` are installed, with a Python script. docs/performance.md explains the figures.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'
import { createCertificate } from '../emulator/certificate.mjs'
import { GENESYS_CLIENT, startGenesys } from '../emulator/index.mjs'
import { readNumber, readOptions } from './command-line.mjs'
import { table } from './table.mjs'

const options = readOptions({
  usage: 'npm run bench -- [options]',
  about: 'Compares the time of an exchange with scripts that do the same, and prints ratios.',
  options: {
    rounds: { value: 'NUMBER', default: '30', help: 'how often each case runs' },
    dist: { value: 'FOLDER', help: 'another folder of bundles to compare in the same run' }
  }
})
const rounds = readNumber('--rounds', options.rounds, { least: 1, most: 1000 })
/** Files and code are in the system's memory after these. */
const WARM_UP_ROUNDS = 2

const at = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url))
const scripts = {
  action: [process.execPath, at('../dist/main/index.js')],
  minimal: [process.execPath, at('bench/minimal.cjs')],
  ...(options.dist !== undefined && {
    other: [process.execPath, path.resolve(options.dist, 'main/index.js')]
  }),
  ...(hasPythonRequests() && { python: ['python3', at('bench/seed.py')] })
}

const certificate = createCertificate('IP:127.0.0.1')
const plain = await startGenesys()
const overTls = certificate && (await startGenesys({ tls: certificate.tls }))
/** The times of each case, in milliseconds. @type {Record<string, number[]>} */
const times = {}
try {
  const cases = [plain, ...(overTls ? [overTls] : [])].flatMap(({ origin }) =>
    Object.entries(scripts).map(([name, [command = '', script = '']]) => ({ name, command, script, origin }))
  )
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    // Another case is first in each round, so that no case always follows the same one.
    const first = (round + WARM_UP_ROUNDS) % cases.length
    for (const one of [...cases.slice(first), ...cases.slice(0, first)]) {
      const took = await run(one)
      const key = `${one.name} ${one.origin}`
      times[key] ??= []
      if (round >= 0) times[key].push(took)
    }
  }
  console.log(table(['the action, divided by', 'plain HTTP', 'TLS'], rows()))
  console.log(`\n${rounds} rounds on Node ${process.versions.node}; the least time of each case counts.`)
  if (!('python' in scripts)) console.log('Python script skipped: python3 with requests is not installed.')
  if (!overTls) console.log('TLS skipped: openssl is not installed.')
} finally {
  cleanup()
  await Promise.all([plain.close(), overTls?.close()])
  certificate?.remove()
}

/**
 * Returns the milliseconds from the start of the process to the end of its output.
 *
 * @param {{command: string, script: string, origin: string}} options
 */
async function run({ command, script, origin }) {
  const file = origin.startsWith('https:') ? certificate?.file : undefined
  const env = file ? { NODE_EXTRA_CA_CERTS: file, REQUESTS_CA_BUNDLE: file } : {}
  const inputs = {
    provider: 'genesys',
    region: GENESYS_CLIENT.region,
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'base-url': origin
  }
  const result = await runAction({
    main: script,
    action: at('../action.yml'),
    nodePath: command,
    inputs,
    env
  })
  cleanup()
  if (result.exitCode !== 0 || !result.outputs['token']) throw new Error(`${script} failed:\n${result.log}`)
  return result.durationMs
}

function rows() {
  const labels = {
    minimal: 'the script written by hand',
    other: `the bundles in ${options.dist}`,
    python: 'the Python script'
  }
  return Object.entries(labels)
    .filter(([name]) => name in scripts)
    .map(([name, label]) => [label, ratio(name, plain.origin), overTls ? ratio(name, overTls.origin) : '–'])
}

/**
 * @param {string} name
 * @param {string} origin
 */
function ratio(name, origin) {
  const least = (/** @type {string} */ key) => Math.min(...(times[`${key} ${origin}`] ?? []))
  return (least('action') / least(name)).toFixed(2)
}

function hasPythonRequests() {
  return spawnSync('python3', ['-c', 'import requests'], { stdio: 'ignore' }).status === 0
}
