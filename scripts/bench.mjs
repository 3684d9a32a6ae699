/**
 * What the action costs: time and memory as ratios of one interleaved run, the bundles' bytes, and what it asks of
 * the network. It prints and never fails a build; `__tests__/repository/size.test.ts` holds what does not depend on time.
 *
 *     npm run bench                   30 rounds, about half a minute
 *     npm run bench -- --rounds=5
 *     npm run bench -- --split        how the time of main splits, by --cpu-prof
 *     npm run bench -- --composition  what the bundles are made of
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bytesOf, compositionTables, mainWithPost, rotate } from './bench/bytes.mjs'
import {
  byHand,
  EMPTY,
  exchanges,
  main,
  NOTHING_LEFT,
  openJob,
  refused,
  startPlatforms
} from './bench/children.mjs'
import { inTurn, ratio } from './bench/rounds.mjs'
import { split } from './bench/split.mjs'
import { grouped, median, table } from './crowd/figures.mjs'

/** @typedef {import('./bench/children.mjs').Child} Child */
/** @typedef {[what: string, reach: string, figure: string, minima: string, met: string]} Row */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    split: { type: 'boolean', default: false },
    composition: { type: 'boolean', default: false }
  }
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds=${values.rounds} is no number of rounds`)

const PEAK = fileURLToPath(new URL('./bench/peak.cjs', import.meta.url))
/** Memory varies little. */
const MEMORY_ROUNDS = 7

const certificates = installed('openssl', ['version']) ? await certified() : undefined
const platforms = await startPlatforms(certificates?.good)
const job = openJob()
try {
  if (values.split) console.log(await split(job, exchanges(platforms.origins).genesys))
  else if (values.composition) console.log(compositionTables())
  else {
    const rows = [...times(), ...bytes(), ...memory(), ...(await requests()), ...(await handshakes())]
    const head = ['what', 'reach', 'figure', 'of minima', 'met']
    console.log(`${table(head, rows)}\n`)
    console.log(
      `Node ${process.versions.node}, ${rounds} rounds; a figure is the median of each round's ratio,`
    )
    console.log('and beside it stands the ratio of the least times.')
  }
} finally {
  job.remove()
  platforms.stop()
  certificates?.remove()
}

/** @returns {Row[]} */
function times() {
  const { minimal, seed } = byHand(platforms.origins.genesys)
  const missing = installed('python3', ['-c', 'import requests'])
    ? undefined
    : installed('python3', ['--version'])
      ? 'requests is not there'
      : 'python3 is not there'
  const timed = (/** @type {Child} */ child) => () => job.run(child).tookMs
  /** @type {Record<string, () => number>} */
  const more = missing === undefined ? { seed: timed(seed) } : {}
  const { genesysTls, cxoneTls } = platforms.origins
  if (certificates && genesysTls && cxoneTls) {
    const env = { NODE_EXTRA_CA_CERTS: certificates.authorityFile }
    const { minimal } = byHand(genesysTls)
    more['minimalTls'] = timed({ ...minimal, env: { ...minimal.env, ...env } })
    more['exchangeTls'] = timed(main(exchanges({ genesys: genesysTls, cxone: cxoneTls }).genesys, { env }))
  }
  const taken = inTurn(
    {
      empty: timed(EMPTY),
      refused: timed(refused()),
      nothing: timed(NOTHING_LEFT),
      minimal: timed(minimal),
      exchange: timed(main(exchanges(platforms.origins).genesys)),
      ...more
    },
    rounds
  )
  const { seed: seedTimes, minimalTls, exchangeTls } = /** @type {Record<string, number[]>} */ (taken)
  return [
    ratioRow('main, to the first failed validation ÷ node -e 0', 1.35, taken.refused, taken.empty),
    ratioRow('main, whole Genesys exchange ÷ a minimal script', 1.25, taken.exchange, taken.minimal),
    ratioRow('post with nothing to do ÷ node -e 0', 1.2, taken.nothing, taken.empty),
    ratioRow('(a minimal script ÷ node -e 0)', undefined, taken.minimal, taken.empty),
    minimalTls && exchangeTls
      ? ratioRow('(main ÷ a minimal script, both over TLS)', undefined, exchangeTls, minimalTls)
      : ['(main ÷ a minimal script, both over TLS)', '', 'skipped: openssl is not there', '', ''],
    seedTimes
      ? ratioRow('(seed.py on requests ÷ main, the same exchange)', undefined, seedTimes, taken.exchange)
      : ['(seed.py on requests ÷ main)', '', `skipped: ${missing}`, '', '']
  ]
}

/** @returns {Row[]} */
function memory() {
  const peak = (/** @type {Child} */ child) => () => {
    const preloaded = { ...child, args: ['--require', PEAK, ...child.args] }
    return Number(/^peak (\d+)$/m.exec(job.run(preloaded).stderr)?.[1])
  }
  const exchange = main(exchanges(platforms.origins).genesys)
  const taken = inTurn({ empty: peak(EMPTY), exchange: peak(exchange) }, Math.min(rounds, MEMORY_ROUNDS))
  const megabytes = (median(taken.exchange) / 1024).toFixed(0)
  return [ratioRow(`peak memory of main (${megabytes} MB) ÷ node -e 0`, 1.5, taken.exchange, taken.empty)]
}

/** @returns {Row[]} */
function bytes() {
  return [
    bytesRow('main with post, bytes', 160_000, mainWithPost()),
    bytesRow('rotate, bytes', 700_000, rotate())
  ]
}

/** @returns {Promise<Row[]>} */
async function requests() {
  const asked = exchanges(platforms.origins)
  /** @type {[string, number, Record<string, string>][]} */
  const expected = [
    ['Genesys', 1, asked.genesys],
    ['Genesys, verify', 2, asked.genesysVerified],
    ['Genesys, long-lived', 2, asked.longLived],
    ['CXone A', 3, asked.cxoneA],
    ['CXone B', 1, asked.cxoneB],
    ['CXone C', 1, asked.cxoneC]
  ]
  /** @type {Row[]} */
  const rows = []
  for (const [name, reach, inputs] of expected) {
    await platforms.seen()
    job.run(main(inputs))
    const { requests } = await platforms.seen()
    rows.push([`requests: ${name}`, String(reach), String(requests), '', met(requests === reach)])
  }
  return rows
}

/** The platform is one host here, so that one handshake serves all. @returns {Promise<Row[]>} */
async function handshakes() {
  const { genesysTls, cxoneTls } = platforms.origins
  if (!certificates || !genesysTls || !cxoneTls)
    return [['TLS handshakes', '1', 'skipped: openssl is not there', '', '']]
  const asked = exchanges({ genesys: genesysTls, cxone: cxoneTls })
  /** @type {Row[]} */
  const rows = []
  for (const [name, inputs] of /** @type {const} */ ([
    ['Genesys, verify', asked.genesysVerified],
    ['CXone A', asked.cxoneA]
  ])) {
    await platforms.seen()
    job.run(main(inputs, { env: { NODE_EXTRA_CA_CERTS: certificates.authorityFile } }))
    const { connections } = await platforms.seen()
    rows.push([`TLS handshakes, one host: ${name}`, '1', String(connections), '', met(connections === 1)])
  }
  return rows
}

/**
 * @param {string} what
 * @param {number | undefined} reach
 * @param {number[]} above
 * @param {number[]} below
 * @returns {Row}
 */
function ratioRow(what, reach, above, below) {
  const { median, ofMinima } = ratio(above, below)
  const [bound, verdict] = reach === undefined ? ['', ''] : [`≤ ${reach.toFixed(2)}`, met(median <= reach)]
  return [what, bound, median.toFixed(2), ofMinima.toFixed(2), verdict]
}

/** @param {string} what @param {number} reach @param {Map<string, string>} scripts @returns {Row} */
function bytesRow(what, reach, scripts) {
  const bytes = bytesOf(scripts.values())
  return [what, `≤ ${grouped(reach)}`, grouped(bytes), '', met(bytes <= reach)]
}

/** @param {boolean} yes */
function met(yes) {
  return yes ? 'yes' : 'no'
}

/** @param {string} command @param {string[]} args */
function installed(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

async function certified() {
  const { certify } = await import('../__tests__/support/certificates.ts')
  return certify('IP:127.0.0.1')
}
