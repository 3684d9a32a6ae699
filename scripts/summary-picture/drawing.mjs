/** A page as GitHub shows it, and a picture of that. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const WIDTH = 720
const SCALE = 2
const COLOURS = 32

/** GitHub's colours around a summary. */
const FRAME = {
  light: { paper: '#ffffff', line: '#d1d9e0' },
  dark: { paper: '#0d1117', line: '#3d444d' }
}

const require = createRequire(import.meta.url)

/**
 * GitHub's own style sheet, within the frame that a job's summary has there.
 *
 * @param {string} body
 * @param {'light' | 'dark'} mode
 * @returns {string}
 */
export function page(body, mode) {
  const { paper, line } = FRAME[mode]
  const css = readFileSync(require.resolve(`github-markdown-css/github-markdown-${mode}.css`), 'utf8')
  return `<!doctype html><meta charset="utf-8"><style>${css}
    html { background: ${paper} }
    body { margin: 0; display: flow-root }
    article.markdown-body { margin: 8px; border: 1px solid ${line}; border-radius: 6px }
    article.markdown-body header { padding: 14px 16px 0; font-weight: 600; font-size: 14px }
    article.markdown-body main { padding: 18px 16px 0 }
    main > :first-child { margin-top: 0 !important }
  </style><article class="markdown-body"><header>deploy summary</header><main>${body}</main></article>
  <script>document.title = document.body.scrollHeight</script>`
}

/**
 * Takes a picture of the page, as high as its content. Needs `chromium` and `pngquant`.
 *
 * @param {string} html
 * @param {string} file
 * @param {string} folder
 */
export function draw(html, file, folder) {
  const document = join(folder, 'summary.html')
  writeFileSync(document, html)
  const dom = chromium(folder, WIDTH, 1000, '--dump-dom', pathToFileURL(document).href)
  const height = Number(/<title>(\d+)<\/title>/.exec(dom)?.[1])
  chromium(folder, WIDTH, height, `--screenshot=${file}`, pathToFileURL(document).href)
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, String(COLOURS), file])
}

/** @param {string} folder @param {number} width @param {number} height @param {string[]} args */
function chromium(folder, width, height, ...args) {
  const quiet = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync'
  ]
  const look = [
    '--hide-scrollbars',
    '--disable-lcd-text',
    '--disable-font-subpixel-positioning',
    `--force-device-scale-factor=${SCALE}`,
    `--window-size=${width},${height}`
  ]
  return execFileSync(
    'chromium',
    ['--headless', ...quiet, ...look, `--user-data-dir=${mkdtempSync(join(folder, 'profile-'))}`, ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 }
  )
}
