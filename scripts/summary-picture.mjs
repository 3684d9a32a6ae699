/**
 * `npm run picture`: the job summary of real runs of the committed bundle, drawn as GitHub shows it, light and
 * dark, into `docs/images/`. The emulated platforms answer under their real names: a proxy on loopback leads
 * every host to them, and a certificate made for the occasion vouches for it.
 *
 * Needs Debian's `chromium`, `openssl` and `pngquant`, and the packages of `npm ci`; without one it says so and is skipped.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { draw, page } from './summary-picture/drawing.mjs'
import { runJob } from './summary-picture/job.mjs'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))
const images = join(root, 'docs', 'images')

const missing = [
  ...['chromium', 'openssl', 'pngquant'].filter(program => !runs(program)),
  ...['marked', 'github-markdown-css/package.json'].filter(name => !resolves(name))
]
if (missing.length > 0) {
  console.log(`summary picture: skipped, not found here: ${missing.join(', ')}`)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'summary-picture-'))
  try {
    await drawAll(await runJob(folder), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string[]} summaries @param {string} folder */
async function drawAll(summaries, folder) {
  const { marked } = await import('marked')
  const body = summaries.map(text => marked.parse(text, { gfm: true, async: false })).join('\n')
  mkdirSync(images, { recursive: true })
  for (const mode of /** @type {const} */ (['light', 'dark'])) {
    const file = join(images, `summary-${mode}.png`)
    draw(page(body, mode), file, folder)
    console.log(`summary picture: ${file.slice(root.length)}, ${Math.ceil(statSync(file).size / 1000)} kB`)
  }
}

/** @param {string} program */
function runs(program) {
  try {
    execFileSync(program, [program === 'openssl' ? 'version' : '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** @param {string} name */
function resolves(name) {
  try {
    return Boolean(require.resolve(name))
  } catch {
    return false
  }
}
