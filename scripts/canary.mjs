/**
 * Notices when a platform has changed. Sends made-up credentials to every login host of Genesys Cloud and every issuer
 * of NICE CXone, once, and compares the list of regions with the official SDK's. Writes what differs into an issue.
 * The workflow canary.yml runs it. Needs Node 22.18 or newer.
 *
 *     node scripts/canary.mjs PureCloudRegionHosts.js      the file is part of npm's purecloud-platform-client-v2
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'

const TITLE = 'Canary: a platform differs from what this action expects'
const AT_ONCE = 4
const API_TIMEOUT_MS = 30_000

// Node reads the TypeScript of src, where imports name the files that tsc will write.
registerHooks({
  resolve: (specifier, context, next) =>
    next(context.parentURL?.endsWith('.ts') ? specifier.replace(/\.js$/, '.ts') : specifier, context)
})
const { GENESYS_REGIONS } = await import('../src/auth/genesys/regions.ts')
const { CXONE_ISSUERS } = await import('../src/auth/cxone/hosts.ts')

const [sdkFile] = process.argv.slice(2)
if (sdkFile === undefined) throw new Error('usage: node scripts/canary.mjs PureCloudRegionHosts.js')
const differences = [...compareRegions(readFileSync(sdkFile, 'utf8')), ...(await askEveryHost())]
console.log(differences.length === 0 ? 'Everything is as expected.' : differences.join('\n'))
if (differences.length > 0) await writeIssue(differences)

/** @param {string} sdk  the text of the SDK's file */
function compareRegions(sdk) {
  const theirs = new Map(
    [...sdk.matchAll(/^\s*(\w+): '([\w.-]+)',?$/gm)].map(([, code = '', domain = '']) => [
      code.replaceAll('_', '-'),
      domain
    ])
  )
  const ours = new Map(GENESYS_REGIONS.map(({ code, domain }) => [code, domain]))
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .filter(code => theirs.get(code) !== ours.get(code))
    .map(
      code =>
        `Region ${code}: the SDK has ${theirs.get(code) ?? 'none'}, this action ${ours.get(code) ?? 'none'}.`
    )
}

/** @returns {Promise<string[]>} */
async function askEveryHost() {
  const client = { 'client-id': randomUUID(), 'client-secret': randomUUID() }
  const accessKey = { 'access-key-id': randomUUID(), 'access-key-secret': randomUUID() }
  const attempts = [
    ...GENESYS_REGIONS.map(({ code, domain }) => ({
      host: `login.${domain}`,
      inputs: { provider: 'genesys', region: code, ...client },
      expected: 'invalid_client'
    })),
    ...CXONE_ISSUERS.map(host => ({
      host,
      inputs: { provider: 'cxone', region: host, ...client, ...accessKey },
      expected: ''
    }))
  ]
  /** @type {string[]} */
  const found = []
  const waiting = attempts.values()
  const askInTurn = async () => {
    for (const { host, inputs, expected } of waiting) {
      const main = fileURLToPath(new URL('../dist/main/index.js', import.meta.url))
      const { outputs, log } = await runAction({
        main,
        inputs: { ...inputs, 'max-attempts': '1' },
        env: proxy()
      })
      const code = outputs['error-code'] ?? 'a token'
      if (code !== 'credentials-rejected' || !log.includes(expected)) {
        found.push(`${host}: expected credentials-rejected ${expected}, got ${code}. ${firstError(log)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn))
  cleanup()
  return found.sort()
}

/** The variables of this process that lead to the hosts. */
function proxy() {
  const names = ['HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS']
  return Object.fromEntries(names.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])))
}

/** @param {string} log */
function firstError(log) {
  return /^(?:::error[^:]*::|Error: )(.*)$/m.exec(log)?.[1]?.split('%0A')[0] ?? ''
}

/**
 * Opens an issue, or replaces the text of the one that is open.
 *
 * @param {string[]} differences
 */
async function writeIssue(differences) {
  const { GITHUB_REPOSITORY: repository, GITHUB_SERVER_URL: server, GITHUB_RUN_ID: run } = process.env
  const body = [
    'The weekly check found:',
    '',
    ...differences.map(difference => `- ${difference}`),
    '',
    `[Log of the run](${server}/${repository}/actions/runs/${run})`
  ].join('\n')
  const query = `state=open&creator=${encodeURIComponent('github-actions[bot]')}&per_page=100`
  const open = /** @type {{number: number, title: string}[]} */ (await callGithub('GET', `issues?${query}`))
  const issue = open.find(({ title }) => title === TITLE)
  if (issue) await callGithub('PATCH', `issues/${issue.number}`, { body })
  else await callGithub('POST', 'issues', { title: TITLE, body })
}

/**
 * @param {'GET' | 'POST' | 'PATCH'} method
 * @param {string} path
 * @param {object} [content]
 */
async function callGithub(method, path, content) {
  const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = process.env
  const response = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${token}`,
      'X-GitHub-Api-Version': '2022-11-28'
    },
    ...(content && { body: JSON.stringify(content) }),
    signal: AbortSignal.timeout(API_TIMEOUT_MS)
  })
  if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${method} ${path}`)
  return response.json()
}
