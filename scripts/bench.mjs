/**
 * `npm run bench`: the time of a whole Genesys Cloud exchange, compared with a script written by hand and, if Python
 * and `requests` are installed, with a Python script. docs/performance.md explains the figures.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'
import { createCertificate } from '../emulator/certificate.mjs'
import { startGenesys } from '../emulator/index.mjs'
import { readNumber, readOptions } from './lib/command-line.mjs'
import { ACTION_FILES, fillIn } from './lib/stage.mjs'
import { table } from './lib/table.mjs'

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
const hasPython = spawnSync('python3', ['-c', 'import requests'], { stdio: 'ignore' }).status === 0
const node = process.execPath
/** Program and script of each case, by the name in the table. @type {Record<string, [string, string]>} */
const scripts = {
  action: [node, at('../dist/main/index.js')],
  'the script written by hand': [node, at('bench/minimal.cjs')],
  ...(options.dist && {
    [`the bundles in ${options.dist}`]: [node, path.resolve(options.dist, 'main/index.js')]
  }),
  ...(hasPython && { 'the Python script': ['python3', at('bench/seed.py')] })
}

const certificate = createCertificate('IP:127.0.0.1')
const servers = [await startGenesys(), ...(certificate ? [await startGenesys({ tls: certificate.tls })] : [])]
const cases = servers.flatMap(({ origin }) =>
  Object.entries(scripts).map(([name, command]) => ({ name, command, origin, leastMs: Infinity }))
)
try {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    // Another case is first in each round, so that no case always follows the same one.
    const first = (round + WARM_UP_ROUNDS) % cases.length
    for (const one of [...cases.slice(first), ...cases.slice(0, first)]) {
      const took = await run(one)
      if (round >= 0) one.leastMs = Math.min(one.leastMs, took)
    }
  }
  const others = Object.keys(scripts).filter(name => name !== 'action')
  const rows = others.map(name => [name, ...servers.map(({ origin }) => ratio(name, origin))])
  console.log(
    table(['the action, divided by', 'plain HTTP', 'TLS'].slice(0, servers.length + 1), rows, '---:')
  )
  console.log(`\n${rounds} rounds on Node ${process.versions.node}; the least time of each case counts.`)
  if (!hasPython) console.log('Python script skipped: python3 with requests is not installed.')
  if (!certificate) console.log('TLS skipped: openssl is not installed.')
} finally {
  cleanup()
  await Promise.all(servers.map(server => server.close()))
  certificate?.remove()
}

/** Returns the milliseconds from the start of the process to the end of its output. @param {typeof cases[0]} one */
async function run({ command: [program, script], origin }) {
  const file = origin.startsWith('https:') ? certificate?.file : undefined
  const env = file ? { NODE_EXTRA_CA_CERTS: file, REQUESTS_CA_BUNDLE: file } : {}
  const inputs = { ...fillIn('token', {}), 'base-url': origin }
  const result = await runAction({ main: script, action: ACTION_FILES.token, nodePath: program, inputs, env })
  cleanup()
  if (result.exitCode !== 0 || !result.outputs['token']) throw new Error(`${script} failed:\n${result.log}`)
  return result.durationMs
}

/** @param {string} name @param {string} origin */
function ratio(name, origin) {
  const of = (/** @type {string} */ wanted) =>
    cases.find(one => one.name === wanted && one.origin === origin)?.leastMs ?? Number.NaN
  return (of('action') / of(name)).toFixed(2)
}
