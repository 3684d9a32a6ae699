/**
 * `npm run docs`: writes the tables of inputs and outputs into README.md, from action.yml and rotate/action.yml, between
 * the marks in the text. With `--check` it writes nothing and fails if a table differs or a mark is missing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateActionMarkdownDocs } from 'action-docs'

const SOURCES = ['action.yml', 'rotate/action.yml']
const SECTIONS = ['inputs', 'outputs']

// The marks name the sources relative to here.
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'readme-tables-'))
try {
  const before = readFileSync('README.md', 'utf8')
  for (const source of SOURCES) {
    for (const section of SECTIONS) {
      if (!before.includes(`<!-- action-docs-${section} source="${source}" -->`))
        throw new Error(`README.md has no mark action-docs-${section} for ${source}`)
    }
  }
  const readmeFile = join(folder, 'README.md')
  writeFileSync(readmeFile, before)
  for (const sourceFile of SOURCES)
    await generateActionMarkdownDocs({ sourceFile, readmeFile, updateReadme: true, tocLevel: 3 })
  const after = tidy(readFileSync(readmeFile, 'utf8'))
  if (!process.argv.includes('--check')) writeFileSync('README.md', after)
  else if (after !== before) {
    console.error('The tables in README.md are not what action.yml and rotate/action.yml say: npm run docs')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Replaces each generated section by its table: no headings, Markdown instead of HTML, an empty cell if there is no
 * default, `required` instead of the default of a required input.
 *
 * @param {string} text
 */
function tidy(text) {
  const block = /(<!-- action-docs-(?:inputs|outputs) source="[^"]+" -->\n)([\s\S]*?\n)(?=\1)/g
  return text.replace(block, (_, mark, generated) => `${mark}\n${table(generated)}\n`)
}

/** @param {string} generated */
function table(generated) {
  const rows = generated.split('\n').filter(line => line.startsWith('|'))
  return rows
    .slice(2)
    .map(row => row.slice(2, -2).split(' | '))
    .reduce(
      (lines, [name = '', html = '', required, value]) => {
        const described = markdown(html)
        const cell = required === '`true`' ? 'required' : value === '`""`' ? '' : (value ?? '')
        lines.push(
          required === undefined ? `| ${name} | ${described} |` : `| ${name} | ${cell} | ${described} |`
        )
        return lines
      },
      rows[0]?.includes('required')
        ? ['| input | default | meaning |', '|---|---|---|']
        : ['| output | meaning |', '|---|---|']
    )
    .map(line => `${line}\n`)
    .join('')
}

/** Returns a description as Markdown. @param {string} html  by action-docs */
function markdown(html) {
  return html
    .replace(/^<p>|<\/p>$/g, '')
    .replace(/<\/?code>/g, '`')
    .replace(/<\/?em>/g, '*')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
