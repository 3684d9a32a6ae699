/**
 * Kills the rotation at random moments (SIGKILL), and runs it once more after each: what becomes of the secret,
 * and how many tokens are left alive that are stored nowhere.
 *
 *     node scripts/rotate-kills.mjs [runs] [seed]
 *
 * Needs what npm installs and Node 24. Ends with 1 where a secret ever held a token that the platform refuses.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cleanup, runAction, runPost } from '../__tests__/support/runner.mjs'
import { GENESYS_CLIENT, startGenesys } from '../emulator/genesys.mjs'
import { startCheckedGithub } from '../emulator/github/checked.mjs'
import { GITHUB_TOKEN_FOR_ALL } from '../emulator/github/index.mjs'

/**
 * @typedef {object} Killed  what one killed run left
 * @property {string} phase  what it had asked for last
 * @property {boolean} alive  whether the kill came before its end
 * @property {boolean} postRan  whether the runner lived on and ran the post step
 * @property {'old' | 'new' | 'DEAD'} secret  what the secret held then
 * @property {number} unstored  new tokens alive that were never stored
 * @property {number} unretired  previous tokens alive that were replaced
 * @property {boolean} setRight  whether the clean run after it succeeded, and the secret held a new token that works
 * @property {string[]} problems  careless requests
 *
 * @typedef {object} Options
 * @property {number} runs
 * @property {number} seed
 * @property {number} [lanes]  how many are run at once
 */

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const [ROTATE, POST, ACTION] = [at('dist/rotate/index.js'), at('dist/post/index.js'), at('rotate/action.yml')]
const SCOPE = { repository: 'octo-org/app' }
const NAME = 'CC_TOKEN'

/** Each request of a rotation, in order, by what it is for. */
const PHASES = [
  'nothing',
  'the key',
  'the age',
  'the variable',
  'the variable, to try',
  'the token',
  'whose it is',
  'storing it',
  'the variable, after',
  'whose the old one is',
  'revoking the old one',
  'the age again'
]

/** A server takes this long at the most on either side of what it does. */
const LONGEST_PAUSE_MS = 25

/**
 * Returns what each of the killed runs left.
 *
 * @param {Options} options
 * @returns {Promise<Killed[]>}
 */
export async function kills({ runs, seed, lanes = 3 }) {
  const shares = Array.from({ length: lanes }, (_, lane) => Math.floor((runs + lane) / lanes))
  const results = await Promise.all(shares.map((share, lane) => killMany(share, numbers(seed + lane * 7919))))
  return results.flat()
}

/**
 * @param {number} runs
 * @param {() => number} random
 * @returns {Promise<Killed[]>}
 */
async function killMany(runs, random) {
  const genesys = await startGenesys()
  const github = await startCheckedGithub()
  const pause = async () => {
    await sleep(random() * LONGEST_PAUSE_MS)
    return false
  }
  genesys.intercept = pause
  github.intercept = pause
  github.interceptAfter = pause
  const stored = () => github.stored(NAME, SCOPE) ?? ''
  const works = () => genesys.tokens.get(stored())?.revoked === false

  /** @param {Partial<import('../__tests__/support/runner.mjs').RunOptions>} [options] */
  const rotate = options =>
    runAction({
      main: ROTATE,
      action: ACTION,
      inputs: {
        provider: 'genesys',
        region: 'eu-west-1',
        'client-id': GENESYS_CLIENT.id,
        'client-secret': GENESYS_CLIENT.secret,
        'base-url': genesys.origin,
        'secret-name': NAME,
        'github-token': GITHUB_TOKEN_FOR_ALL,
        'expiry-variable': `${NAME}_EXPIRY`,
        // What `secrets.NAME` was when the job began.
        'previous-token': stored()
      },
      env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'octo-org/app' },
      ...options
    })

  // Two, so that the variable and the previous token are there, as in all that follow.
  await rotate()
  let lastingMs = (await rotate()).durationMs

  /** @type {Killed[]} */
  const results = []
  try {
    for (let run = 0; run < runs; run += 1) {
      const before = stored()
      genesys.forget()
      github.forget()
      const killed = await rotate({ signal: 'SIGKILL', signalAfter: random() * 1.1 * lastingMs })
      const phase = PHASES[genesys.requests.length + github.requests.length] ?? 'more than there is'
      const postRan = random() < 0.5
      // The servers carry out what had reached them, whoever is gone.
      await sleep(3 * LONGEST_PAUSE_MS)
      if (postRan) await runPost(killed, { post: POST, action: ACTION })

      const secret = !works() ? 'DEAD' : stored() === before ? 'old' : 'new'
      const orphans = [...genesys.tokens].filter(([token, { revoked }]) => !revoked && token !== stored())
      const unretired = orphans.filter(([token]) => token === before).length
      // Counted once: they are nobody's from here on.
      for (const [, token] of orphans) token.revoked = true

      const middle = stored()
      const clean = await rotate()
      lastingMs = clean.durationMs
      results.push({
        phase,
        alive: killed.signal === 'SIGKILL',
        postRan,
        secret,
        unstored: orphans.length - unretired,
        unretired,
        setRight: clean.exitCode === 0 && works() && stored() !== middle,
        problems: github.violations.map(({ request, problem }) => `${request}: ${problem}`)
      })
    }
  } finally {
    await Promise.all([genesys.close(), github.close()])
  }
  return results
}

/**
 * Returns numbers from 0 to below 1 that the seed decides (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number}
 */
function numbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Returns a table of the runs, by what each had asked for last.
 *
 * @param {Killed[]} all
 * @returns {string}
 */
export function tableOf(all) {
  const count = (/** @type {Killed[]} */ some, /** @type {(one: Killed) => number | boolean} */ of) =>
    some.reduce((sum, one) => sum + Number(of(one)), 0)
  const row = (/** @type {string} */ name, /** @type {Killed[]} */ some) => [
    name,
    some.length,
    count(some, ({ alive }) => alive),
    count(some, ({ secret }) => secret === 'old'),
    count(some, ({ secret }) => secret === 'new'),
    count(some, ({ secret }) => secret === 'DEAD'),
    count(some, ({ postRan, unstored }) => (postRan ? 0 : unstored)),
    count(some, ({ postRan, unstored }) => (postRan ? unstored : 0)),
    count(some, ({ unretired }) => unretired),
    count(some, ({ setRight }) => setRight)
  ]
  const heads = [
    'last asked for',
    'runs',
    'killed',
    'old',
    'new',
    'dead',
    'no post',
    'post',
    'previous',
    'set right'
  ]
  const phases = [...PHASES, 'more than there is'].filter(phase => all.some(one => one.phase === phase))
  const rows = [
    ...phases.map(phase =>
      row(
        phase,
        all.filter(one => one.phase === phase)
      )
    ),
    row('all', all)
  ]
  const lines = [heads, ...rows].map(cells =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(22) : String(cell).padStart(10))).join('')
  )
  return [`${''.padEnd(42)}|  the secret holds a token:  | alive, stored nowhere:       |`, ...lines].join(
    '\n'
  )
}

async function main() {
  const [runs = '200', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
  const started = performance.now()
  console.log(`${runs} runs, seed ${seed}`)
  const all = await kills({ runs: Number(runs), seed: Number(seed) })
  cleanup()
  console.log(tableOf(all))
  console.log(`${Math.round((performance.now() - started) / 1000)} s`)
  const problems = all.flatMap(({ problems }) => problems)
  for (const problem of problems) console.log(problem)
  const bad = all.some(({ secret, setRight }) => secret === 'DEAD' || !setRight) || problems.length > 0
  process.exitCode = bad ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
