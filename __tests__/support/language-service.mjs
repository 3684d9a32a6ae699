/**
 * Asks GitHub's own language service about workflows and actions: `node language-service.mjs FILE…` prints what it
 * finds as JSON. A process of its own, because the package's JSON imports need a hook, which jest does not know.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { parse } from 'yaml'

registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context)
})
const { validate } = await import('@actions/languageservice')
const { TextDocument } = await import('vscode-languageserver-textdocument')

/** Our own actions, as workflows name them; what others' actions take is theirs to say. */
const OURS = new Map([
  ['org/cc-token-action', 'action.yml'],
  ['org/cc-token-action/rotate', 'rotate/action.yml']
])

/** @type {import('@actions/languageservice').ValidationConfig} */
const config = {
  actionsMetadataProvider: {
    fetchActionMetadata: async ({ owner, name, path: folder }) => {
      const file = OURS.get([owner, name, folder].filter(Boolean).join('/'))
      return file === undefined ? undefined : parse(readFileSync(file, 'utf8'))
    }
  },
  fileProvider: {
    // An example says where it is to be copied to; here it lies beside the others.
    getFileContent: async reference => {
      const file = [reference.path, path.join('examples', path.basename(reference.path))].find(exists) ?? ''
      return { name: reference.path, content: readFileSync(file, 'utf8') }
    }
  }
}

/** @param {string} file */
function exists(file) {
  try {
    readFileSync(file)
    return true
  } catch {
    return false
  }
}

const findings = []
for (const file of process.argv.slice(2)) {
  // `uses: ./` is our own action just as well, but the service looks only into what has an owner and a name.
  const text = readFileSync(file, 'utf8')
    .replace(/uses: \.\/$/gm, 'uses: org/cc-token-action@v1')
    .replace(/uses: \.\/rotate$/gm, 'uses: org/cc-token-action/rotate@v1')
  // It tells the one kind from the other by the name, and remembers by the address what it has read.
  const document = TextDocument.create(`file:///${file}`, 'github-actions-workflow', 1, text)
  for (const { message, range } of await validate(document, config)) {
    if (!/^Unable to resolve action/.test(String(message)))
      findings.push(`${file}:${range.start.line + 1} ${message}`)
  }
}
console.log(JSON.stringify(findings))
