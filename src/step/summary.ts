import { appendFileSync, existsSync } from 'node:fs'
import type { Organization } from '../auth/request.js'
import { inWords } from '../text.js'
import type { Console } from './console.js'
import type { StepAsked } from './inputs/index.js'
import type { Granted } from './publish.js'
import { CREDENTIALS, endOf, minute, platformOf } from './story.js'
import * as toolkit from './toolkit.js'

/**
 * Writes the job summary through the toolkit: what was granted, to whom, for how long, and how it ends. It holds
 * no secret, and a step does not fail for want of it.
 */
export function summarise(granted: Granted, asked: StepAsked, console: Console): void {
  const file = process.env['GITHUB_STEP_SUMMARY'] ?? ''
  if (!asked.handOver.summary || !existsSync(file)) return
  const rows = rowsOf(granted, asked, console.hide).map(([name, value]) => [
    { data: name, header: true },
    { data: value }
  ])
  const page = toolkit.summary
    .emptyBuffer()
    .addHeading(`${plain(platformOf(asked.request))}: token granted`, 3)
    .addTable(rows)
  try {
    // In one piece with what was published before it, so that no signal is heard in between.
    appendFileSync(file, page.stringify())
  } catch {
    console.debug('The job summary could not be written.')
  }
}

function rowsOf(
  { grant, organization, requests, at }: Granted,
  asked: StepAsked,
  hide: (text: string) => string
): [string, string][] {
  const { kind, expiresAt, expiresInSeconds } = grant.token
  const expires =
    expiresAt === undefined || expiresInSeconds === undefined
      ? 'the platform did not say'
      : `${minute(expiresAt)}, in ${inWords(Math.floor((expiresAt.getTime() - at.getTime()) / 1000))}`
  return [
    ['Token', kind === 'access' ? 'access token' : 'long-lived token'],
    ['Exchange', CREDENTIALS[asked.request.exchange]],
    ...(organization === undefined
      ? []
      : [['Organisation', named(organization, hide)] satisfies [string, string]]),
    ...(grant.apiUrl === undefined ? [] : [['API', code(grant.apiUrl)] satisfies [string, string]]),
    ['Granted', minute(at)],
    ['Expires', expires],
    ['Requests', `${requests}, every attempt counted`],
    ['When the job ends', endOf(kind, asked)]
  ]
}

/** Hidden before it is escaped, which would change what is looked for. */
function named({ id, name }: Organization, hide: (text: string) => string): string {
  return name === undefined ? code(hide(id)) : `${plain(hide(name))} ${code(hide(id))}`
}

function code(text: string): string {
  return `<code>${plain(text)}</code>`
}

/** Names are data from outside: within the table's HTML, which is one line, no tag and no Markdown comes of them. */
function plain(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
