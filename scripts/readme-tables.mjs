/**
 * `npm run docs`: writes the tables of inputs and outputs into README.md, from action.yml, and into rotate/README.md, from
 * rotate/action.yml, between the marks in the texts. The table of rotate has only the inputs that the token action does
 * not have, or describes differently. With `--check` it writes nothing and fails if a table differs or a mark is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** @typedef {Record<string, {description: string, required?: boolean, default?: string}>} Entries */

/** The inputs of each table, by its heading. */
const GROUPS = {
  'README.md': {
    'Log in':
      'provider region client-id client-secret access-key-id access-key-secret scope token-kind service-account-id ' +
      'token-endpoint',
    'Check the token': 'verify allowed-organization-ids min-lifetime',
    'Use the token, and end it': 'export-env tool-env token-file revoke summary',
    'Network: time limits and gateways': 'timeout attempt-timeout max-attempts base-url login-base-url'
  },
  'rotate/README.md': {
    'A secret of GitHub Actions':
      'secret-name github-token repository environment organization visibility selected-repository-ids rotate-after ' +
      'previous-token expiry-variable',
    'Any other store': 'store-command read-command revoke-previous command-timeout',
    Both: 'dry-run verify allowed-organization-ids'
  }
}

const root = new URL('..', import.meta.url)
const main = readAction('action.yml')
const rotate = readAction('rotate/action.yml')
const differing = Object.entries(rotate.inputs).filter(
  ([name, input]) => JSON.stringify(input) !== JSON.stringify(main.inputs[name])
)
update('README.md', 'action.yml', main)
update('rotate/README.md', 'rotate/action.yml', { ...rotate, inputs: Object.fromEntries(differing) })

/**
 * Writes the tables of one action into its page.
 *
 * @param {keyof typeof GROUPS} page
 * @param {string} source
 * @param {{inputs: Entries, outputs: Entries}} action
 */
function update(page, source, { inputs, outputs }) {
  const file = fileURLToPath(new URL(page, root))
  const before = readFileSync(file, 'utf8')
  const after = replace(
    replace(before, `<!-- action-docs-inputs source="${source}" -->`, groupedTables(page, inputs)),
    `<!-- action-docs-outputs source="${source}" -->`,
    ['| output | meaning |', '|---|---|']
      .concat(Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${description} |`))
      .join('\n')
  )
  if (!process.argv.includes('--check')) writeFileSync(file, after)
  else if (after !== before) {
    console.error(`The tables in ${page} are not what ${source} says. Run: npm run docs`)
    process.exitCode = 1
  }
}

/** @param {keyof typeof GROUPS} page @param {Entries} inputs */
function groupedTables(page, inputs) {
  const listed = Object.values(GROUPS[page]).flatMap(group => group.split(' '))
  const names = Object.keys(inputs)
  const wrong = [...names, ...listed].filter(name => !names.includes(name) || !listed.includes(name))
  if (wrong.length > 0)
    throw new Error(`Add or remove in GROUPS of scripts/readme-tables.mjs: ${wrong}. Then run: npm run docs`)
  return Object.entries(GROUPS[page])
    .map(([heading, group]) => {
      const rows = group.split(' ').map(name => {
        const { description = '', required, default: value = '' } = inputs[name] ?? {}
        const cell = required ? 'required' : value && `\`${value}\``
        return `| \`${name}\` | ${cell} | ${description} |`
      })
      return [`**${heading}**`, '', '| input | default | meaning |', '|---|---|---|', ...rows].join('\n')
    })
    .join('\n\n')
}

/**
 * Returns the text with what is between two equal marks replaced.
 *
 * @param {string} text
 * @param {string} mark
 * @param {string} content
 */
function replace(text, mark, content) {
  const [before, , after, ...rest] = text.split(mark)
  if (after === undefined || rest.length > 0) throw new Error(`There must be two of this mark: ${mark}`)
  return `${before}${mark}\n\n${content}\n\n${mark}${after}`
}

/** @param {string} file @returns {{inputs: Entries, outputs: Entries}} */
function readAction(file) {
  return parse(readFileSync(new URL(file, root), 'utf8'))
}
