/**
 * Notices when a platform has changed. Sends made-up credentials to every login host of Genesys Cloud and every issuer
 * of NICE CXone, once, and compares the list of regions with the official SDK's. Writes what differs into an issue.
 * The workflow canary.yml runs it. Needs Node 22.18 or newer.
 *
 *     node scripts/canary.mjs PureCloudRegionHosts.js      the file is part of npm's purecloud-platform-client-v2
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'
import './lib/source.mjs'

const { GENESYS_REGIONS } = await import('../src/auth/genesys/regions.ts')
const { CXONE_ISSUERS } = await import('../src/auth/cxone/hosts.ts')

const TITLE = 'Canary: a platform differs from what this action expects'
const AT_ONCE = 4
const API_TIMEOUT_MS = 30_000
const { env } = process

const [sdkFile] = process.argv.slice(2)
if (sdkFile === undefined) throw new Error('usage: node scripts/canary.mjs PureCloudRegionHosts.js')
const differences = [...compareRegions(readFileSync(sdkFile, 'utf8')), ...(await askEveryHost())]
console.log(differences.length === 0 ? 'Everything is as expected.' : differences.join('\n'))
if (differences.length > 0) await writeIssue(differences)

/** @param {string} sdk  the text of the SDK's file */
function compareRegions(sdk) {
  const listed = [...sdk.matchAll(/^\s*(\w+): '([\w.-]+)',?$/gm)]
  const theirs = new Map(listed.map(([, code = '', domain = '']) => [code.replaceAll('_', '-'), domain]))
  const ours = new Map(GENESYS_REGIONS.map(({ code, domain }) => [code, domain]))
  const codes = [...new Set([...theirs.keys(), ...ours.keys()])]
  return codes
    .filter(code => theirs.get(code) !== ours.get(code))
    .map(
      code =>
        `Region ${code}: the SDK has ${theirs.get(code) ?? 'none'}, this action ${ours.get(code) ?? 'none'}.`
    )
}

/** Returns what is not as expected. */
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
  const main = fileURLToPath(new URL('../dist/main/index.js', import.meta.url))
  const reach = Object.entries(env).filter(([name]) =>
    /^(HTTPS_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS)$/.test(name)
  )
  const proxy = /** @type {Record<string, string>} */ (Object.fromEntries(reach))
  /** @type {string[]} */
  const found = []
  const waiting = attempts.values()
  const askInTurn = async () => {
    for (const { host, inputs, expected } of waiting) {
      const { outputs, log } = await runAction({
        main,
        inputs: { ...inputs, 'max-attempts': '1' },
        env: proxy
      })
      const code = outputs['error-code'] ?? 'a token'
      const [, problem = ''] = /^Error: (.*)$/m.exec(log) ?? []
      if (code !== 'credentials-rejected' || !log.includes(expected))
        found.push(`${host}: expected credentials-rejected ${expected}, got ${code}. ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn))
  cleanup()
  return found.sort()
}

/** Opens an issue, or replaces the text of the one that is open. @param {string[]} differences */
async function writeIssue(differences) {
  const run = `${env['GITHUB_SERVER_URL']}/${env['GITHUB_REPOSITORY']}/actions/runs/${env['GITHUB_RUN_ID']}`
  const list = differences.map(difference => `- ${difference}`).join('\n')
  const body = `The weekly check found:\n\n${list}\n\n[Log of the run](${run})`
  const query = `state=open&creator=${encodeURIComponent('github-actions[bot]')}&per_page=100`
  const open = /** @type {{number: number, title: string}[]} */ (await callGithub('GET', `issues?${query}`))
  const issue = open.find(({ title }) => title === TITLE)
  if (issue) await callGithub('PATCH', `issues/${issue.number}`, { body })
  else await callGithub('POST', 'issues', { title: TITLE, body })
}

/** @param {'GET' | 'POST' | 'PATCH'} method @param {string} path @param {object} [content] */
async function callGithub(method, path, content) {
  const response = await fetch(`${env['GITHUB_API_URL']}/repos/${env['GITHUB_REPOSITORY']}/${path}`, {
    method,
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${env['GITHUB_TOKEN']}`,
      'X-GitHub-Api-Version': '2022-11-28'
    },
    ...(content && { body: JSON.stringify(content) }),
    signal: AbortSignal.timeout(API_TIMEOUT_MS)
  })
  if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${method} ${path}`)
  return response.json()
}
