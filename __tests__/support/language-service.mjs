/**
 * Asks GitHub's own language service about workflows and actions: `node language-service.mjs FILE…` prints what it
 * finds as JSON, for jest, which does not know the hook that the package's JSON imports need. `npm run try` uses it too.
 */
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context)
})
const { validate } = await import('@actions/languageservice')
const { TextDocument } = await import('vscode-languageserver-textdocument')

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @type {import('@actions/languageservice').ValidationConfig} */
const config = {
  actionsMetadataProvider: {
    // Our own actions, whoever owns the copy; what others' actions take is theirs to say.
    fetchActionMetadata: async ({ name, path: folder = '' }) =>
      name === 'cc-token-action'
        ? parse(readFileSync(path.join(root, folder, 'action.yml'), 'utf8'))
        : undefined
  },
  fileProvider: {
    // An example says where it is to be copied to; here it lies beside the others.
    getFileContent: async reference => {
      const places = [reference.path, path.join('examples', path.basename(reference.path))]
      const file = places.map(place => path.join(root, place)).find(existsSync) ?? ''
      return { name: reference.path, content: readFileSync(file, 'utf8') }
    }
  }
}

/** @param {string} file */
export async function findProblems(file) {
  // `uses: ./` is our own action just as well, but the service looks only into what has an owner and a name.
  const text = readFileSync(file, 'utf8')
    .replace(/uses: \.\/$/gm, 'uses: org/cc-token-action@v1')
    .replace(/uses: \.\/rotate$/gm, 'uses: org/cc-token-action/rotate@v1')
  // It tells the one kind from the other by the name, and remembers by the address what it has read.
  const document = TextDocument.create(`file:///${file}`, 'github-actions-workflow', 1, text)
  const found = await validate(document, config)
  return found
    .filter(({ message }) => !/^Unable to (resolve action|find reusable workflow)/.test(String(message)))
    .map(({ message, range }) => `${file}:${range.start.line + 1} ${message}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify((await Promise.all(process.argv.slice(2).map(findProblems))).flat()))
