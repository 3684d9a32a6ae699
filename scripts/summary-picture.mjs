/**
 * `npm run picture`: draws the job summary of a run as GitHub shows it, light and dark, into docs/images/.
 * Needs Debian's `chromium` and `npm ci`; `pngquant` makes the files smaller if it is installed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { marked } from 'marked'
import { cleanup, runAction } from '../__tests__/support/runner.mjs'
import { GENESYS_CLIENT, startGenesys } from '../emulator/index.mjs'

const WIDTH = 720
/** GitHub's colours around a summary. */
const FRAMES = /** @type {const} */ ({
  light: { background: '#ffffff', border: '#d1d9e0' },
  dark: { background: '#0d1117', border: '#3d444d' }
})
const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url))
const require = createRequire(import.meta.url)
const folder = mkdtempSync(path.join(tmpdir(), 'summary-picture-'))

try {
  const summary = await summaryOfARun()
  for (const mode of /** @type {const} */ (['light', 'dark'])) {
    const file = at(`docs/images/summary-${mode}.png`)
    draw(page(marked.parse(summary, { gfm: true, async: false }), mode), file)
    console.log(`docs/images/summary-${mode}.png: ${Math.ceil(statSync(file).size / 1000)} kB`)
  }
} finally {
  cleanup()
  rmSync(folder, { recursive: true, force: true })
}

/** Runs the bundle. Returns its summary, with the platform's real address instead of the emulator's. */
async function summaryOfARun() {
  const genesys = await startGenesys()
  try {
    const inputs = {
      provider: 'genesys',
      region: GENESYS_CLIENT.region,
      'client-id': GENESYS_CLIENT.id,
      'client-secret': GENESYS_CLIENT.secret,
      'allowed-organization-ids': GENESYS_CLIENT.organization.id,
      'base-url': genesys.origin
    }
    const { exitCode, log, summary } = await runAction({ main: at('dist/main/index.js'), inputs })
    if (exitCode !== 0 || summary === '') throw new Error(`the run failed:\n${log}`)
    return summary.replaceAll(genesys.origin, 'https://api.mypurecloud.ie')
  } finally {
    await genesys.close()
  }
}

/**
 * Returns a page with GitHub's own style sheet.
 *
 * @param {string} body
 * @param {keyof typeof FRAMES} mode
 */
function page(body, mode) {
  const { background, border } = FRAMES[mode]
  const css = readFileSync(require.resolve(`github-markdown-css/github-markdown-${mode}.css`), 'utf8')
  return `<!doctype html><meta charset="utf-8"><style>${css}
    html { background: ${background} }
    body { margin: 0; display: flow-root }
    article.markdown-body { margin: 8px; border: 1px solid ${border}; border-radius: 6px }
    article.markdown-body header { padding: 14px 16px 0; font-weight: 600; font-size: 14px }
    article.markdown-body main { padding: 18px 16px 0 }
    main > :first-child { margin-top: 0 !important }
  </style><article class="markdown-body"><header>deploy summary</header><main>${body}</main></article>
  <script>document.title = document.body.scrollHeight</script>`
}

/**
 * Takes a picture of a page, as high as its content.
 *
 * @param {string} html
 * @param {string} file
 */
function draw(html, file) {
  const document = path.join(folder, 'summary.html')
  writeFileSync(document, html)
  const height = Number(/<title>(\d+)<\/title>/.exec(chromium(1000, '--dump-dom', document))?.[1])
  chromium(height, `--screenshot=${file}`, document)
  spawnSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, '32', file])
}

/**
 * @param {number} height
 * @param {string} action
 * @param {string} document
 */
function chromium(height, action, document) {
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run'
  ]
  const look = ['--hide-scrollbars', '--disable-lcd-text', '--force-device-scale-factor=2']
  const profile = `--user-data-dir=${mkdtempSync(path.join(folder, 'profile-'))}`
  const args = [
    ...flags,
    ...look,
    profile,
    `--window-size=${WIDTH},${height}`,
    action,
    pathToFileURL(document).href
  ]
  return execFileSync('chromium', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000
  })
}
