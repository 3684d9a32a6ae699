/** Whether a run was as it should be, down to what the platform saw. */

/**
 * @typedef {import('../../__tests__/support/runner.mjs').RunResult} RunResult
 * @typedef {import('./scenarios.mjs').Scenario} Scenario
 * @typedef {import('./scenarios.mjs').Platform} Platform
 *
 * @typedef {{claim: string, holds: boolean, found: string}} Check
 * @typedef {{scenario: Scenario, platform: Platform, result: RunResult, nextStep: string | undefined, end: RunResult}} Played
 */

/**
 * Checks everything that a scenario claims. What was found never shows a secret: the screen masks it.
 *
 * @param {Played} played
 * @returns {Check[]}
 */
export function check(played) {
  return [...checkOutcome(played), ...checkRequests(played), ...checkSecrecy(played), ...checkEnd(played)]
}

/**
 * @param {Played} played
 * @returns {Check[]}
 */
function checkOutcome({ scenario: { outcome }, platform, result, nextStep }) {
  const { token = '', 'expires-at': expiresAt = '', ...outputs } = result.outputs
  const said = Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== ''))
  if ('errorCode' in outcome) {
    const missing = [`[${outcome.errorCode}]`, ...outcome.words].filter(word => !result.log.includes(word))
    return [
      same('the step fails', result.exitCode, 1),
      same('error-code is the only output', { token, expiresAt, ...said }, emptyBut(outcome.errorCode)),
      same('nothing is exported', result.exported, {}),
      same('the platform issued no token', platform.tokens.size, 0),
      same('the message says what happened and what to do', missing, [])
    ]
  }
  const issued = platform.tokens.get(token)
  const expected = { 'token-type': 'Bearer', 'expires-in': String(outcome.lifetimeSeconds) }
  const filled = Object.entries(outcome.outputs(platform.origin)).filter(([, value]) => value !== '')
  const earlyMs = (issued?.expiresAt ?? 0) - Date.parse(expiresAt)
  return [
    same('the step succeeds', result.exitCode, 0),
    holds('the token is the last one that the platform issued', token === [...platform.tokens.keys()].at(-1)),
    same('the outputs are the contract’s', said, { ...expected, ...Object.fromEntries(filled) }),
    holds('expires-at is never later than the truth', earlyMs >= 0 && earlyMs < 5000, `${earlyMs} ms early`),
    same(
      'the exported variables are those asked for',
      result.exported,
      outcome.exported(platform.origin, token)
    ),
    same('the next step can use the token', nextStep, outcome.nextStep(platform.origin))
  ]
}

/**
 * @param {Played} played
 * @returns {Check[]}
 */
function checkRequests({ scenario, platform }) {
  const seen = platform.requests.map(({ method, path, headers, body }) => ({
    line: `${method} ${path}`,
    authorization: headers.authorization?.split(' ')[0] ?? 'none',
    ...(headers['content-type'] === undefined ? {} : { type: headers['content-type'] }),
    ...(body === '' ? {} : { body })
  }))
  return [
    same('the platform saw the contract’s requests and no other', seen, scenario.requests),
    same('they came over one connection', platform.connections, 1)
  ]
}

/**
 * @param {Played} played
 * @returns {Check[]}
 */
function checkSecrecy({ scenario, platform, result }) {
  const issued = issuedBy(platform)
  const secrets = [...scenario.secrets, ...issued]
  const leaks = (/** @type {string} */ text) => secrets.some(secret => text.includes(secret))
  const unmasked = result.stdout.split('\n').filter(line => !line.startsWith('::add-mask::'))
  return [
    holds('the log shows no secret', !leaks(result.log)),
    holds('no secret is written but to be masked', !leaks(unmasked.join('\n')) && !leaks(result.stderr)),
    holds('the job summary holds no secret', !leaks(result.summary)),
    holds(
      'everything issued is masked',
      issued.every(token => result.masks.includes(token))
    )
  ]
}

/**
 * @param {Played} played
 * @returns {Check[]}
 */
function checkEnd({ scenario, platform, end }) {
  const alive = [...platform.tokens.values()].filter(
    ({ revoked, kind }) => revoked === false && kind === 'access'
  )
  return [
    same('the clean-up never fails the job', end.exitCode, 0),
    same('the clean-up says what it did', end.log.trimEnd(), scenario.end),
    same('no access token outlives the job where the platform can revoke it', alive.length, 0),
    same('nothing is left in the temp folder', end.leftovers(), [])
  ]
}

/**
 * Every token that the platform gave out, refresh and id tokens included.
 *
 * @param {Platform} platform
 * @returns {string[]}
 */
export function issuedBy(platform) {
  return [...platform.tokens.keys(), ...(platform.alsoIssued ?? [])]
}

/** @param {string} errorCode */
const emptyBut = errorCode => ({ token: '', expiresAt: '', 'error-code': errorCode })

/**
 * @param {string} claim
 * @param {boolean} holds
 * @param {string} [found]
 * @returns {Check}
 */
function holds(claim, holds, found = '') {
  return { claim, holds, found }
}

/**
 * @param {string} claim
 * @param {unknown} found
 * @param {unknown} expected
 * @returns {Check}
 */
export function same(claim, found, expected) {
  const [a, b] = [stable(found), stable(expected)]
  return holds(claim, a === b, `expected ${b}, found ${a}`)
}

/**
 * JSON whose objects have their members in alphabetical order.
 *
 * @param {unknown} value
 * @returns {string}
 */
function stable(value) {
  const sorted = (/** @type {string} */ _name, /** @type {unknown} */ member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member
  return JSON.stringify(value, sorted) ?? 'nothing'
}
