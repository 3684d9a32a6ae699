/**
 * Cuts GitHub's own OpenAPI description (npm `@octokit/openapi`) down to the requests that `rotate` may
 * make, and tightens it where it is laxer than GitHub or than we want to be. The result is what the
 * stand-in under `emulator/github/` holds requests and its own answers against.
 *
 *     npm install --no-save @octokit/openapi@23.0.2
 *     node scripts/cut-github-openapi.mjs           writes the file
 *     node scripts/cut-github-openapi.mjs --check   fails when the committed file is not what it would write
 *
 * The package is 385 MB once unpacked, so it is no dependency: only who runs this script needs it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The one that the committed file was cut from; a newer one is taken by changing this, and reading the diff. */
const VERSION = '23.0.2'

/**
 * @typedef {Record<string, any>} Schema  a JSON schema, or any other object of the description
 */

const REPOSITORY = '/repos/{owner}/{repo}'
const ENVIRONMENT = `${REPOSITORY}/environments/{environment_name}`
const ORGANIZATION = '/orgs/{org}'

/** Which methods of which paths are kept. */
const KEPT = {
  [REPOSITORY]: ['get'],
  [`${REPOSITORY}/actions/secrets/public-key`]: ['get'],
  [`${REPOSITORY}/actions/secrets/{secret_name}`]: ['get', 'put'],
  [`${REPOSITORY}/actions/variables`]: ['post'],
  [`${REPOSITORY}/actions/variables/{name}`]: ['get', 'patch'],
  [`${ENVIRONMENT}/secrets/public-key`]: ['get'],
  [`${ENVIRONMENT}/secrets/{secret_name}`]: ['get', 'put'],
  [`${ENVIRONMENT}/variables`]: ['post'],
  [`${ENVIRONMENT}/variables/{name}`]: ['get', 'patch'],
  [`${ORGANIZATION}/actions/secrets/public-key`]: ['get'],
  [`${ORGANIZATION}/actions/secrets/{secret_name}`]: ['get', 'put'],
  [`${ORGANIZATION}/actions/secrets/{secret_name}/repositories`]: ['get', 'put'],
  [`${ORGANIZATION}/actions/variables`]: ['post'],
  [`${ORGANIZATION}/actions/variables/{name}`]: ['get', 'patch']
}

/** Said for people, or for tools that make clients: nothing that a request could be held against. */
const CHATTER = new Set(['description', 'title', 'summary', 'example', 'examples', 'deprecated', 'tags'])

/**
 * A repository may carry its template, its parent, its security settings …: schemas by the dozen for
 * properties that may as well be absent, and that the stand-in never answers.
 */
const BULKY = new Set(['full-repository', 'minimal-repository', 'simple-user'])

/** What GitHub sends: UTC, whole seconds. The description allows any RFC 3339 date; no answer seen has more. */
const WHOLE_SECONDS = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$'

/**
 * @param {Schema} source  the whole description
 * @returns {Schema} the paths in `KEPT` with the schemas that they need, tightened
 */
export function cut(source) {
  /** @type {Map<string, Schema | undefined>} */
  const schemas = new Map()

  /**
   * @param {any} node
   * @param {boolean} named  whether its keys are names of properties, none of which is chatter
   * @returns {any}
   */
  function slim(node, named = false) {
    if (Array.isArray(node)) return node.map(item => slim(item))
    if (node === null || typeof node !== 'object') return node
    if (typeof node.$ref === 'string') return keepSchema(node.$ref)
    const kept = Object.entries(node).filter(([key]) => named || !(CHATTER.has(key) || key.startsWith('x-')))
    return Object.fromEntries(kept.map(([key, value]) => [key, slim(value, key === 'properties')]))
  }

  /** @param {string} reference */
  function keepSchema(reference) {
    const name = reference.replace('#/components/schemas/', '')
    if (!schemas.has(name)) {
      schemas.set(name, undefined) // before its content, which may refer to itself
      const schema = resolve(source, reference)
      schemas.set(name, slim(BULKY.has(name) ? onlyRequired(schema) : schema))
    }
    return { $ref: reference }
  }

  /** @type {Schema} */
  const paths = {}
  for (const [path, methods] of Object.entries(KEPT)) {
    for (const method of methods) {
      const operation = source['paths'][path]?.[method]
      if (!operation) throw new Error(`the description has no ${method.toUpperCase()} ${path}`)
      paths[path] = { ...paths[path], [method]: cutOperation(source, operation, slim) }
    }
  }
  // What an error looks like is hardly said of these operations, so their schemas are kept by hand.
  keepSchema('#/components/schemas/basic-error')
  keepSchema('#/components/schemas/validation-error')

  /** @type {Schema} */
  const description = {
    openapi: source['openapi'],
    info: {
      title: 'Actions secrets and variables, cut from @octokit/openapi and tightened',
      version: source['info'].version
    },
    paths,
    components: { schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))) }
  }
  tighten(description)
  return description
}

/**
 * @param {Schema} source
 * @param {Schema} operation
 * @param {(node: any) => any} slim
 * @returns {Schema}
 */
function cutOperation(source, operation, slim) {
  const { operationId, externalDocs, parameters = [], requestBody, responses } = operation
  /** @type {Schema} */
  const answers = {}
  for (const [status, response] of Object.entries(responses)) {
    answers[status] = slim(response.$ref ? resolve(source, response.$ref) : response)
  }
  return {
    operationId,
    externalDocs: { url: externalDocs.url },
    parameters: parameters.map((/** @type {Schema} */ parameter) =>
      slim(parameter['$ref'] ? resolve(source, parameter['$ref']) : parameter)
    ),
    ...(requestBody && { requestBody: slim(requestBody) }),
    responses: answers
  }
}

/**
 * Where the description is laxer than GitHub, or than a careful client has to be.
 *
 * @param {Schema} description
 */
function tighten({ paths, components }) {
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const body = operation.requestBody?.content['application/json'].schema
      if (!body) continue
      // GitHub mostly passes over what it does not know. A property that means nothing is a mistake of ours.
      body.additionalProperties = false
      if (method === 'put' && path.endsWith('/{secret_name}')) tightenSecret(body)
      if (method === 'post') requireAll(body, ['name', 'value'])
      // An empty PATCH changes nothing, whatever GitHub answers to it: nobody means to send one.
      if (method === 'patch') body.minProperties = 1
      if (path.startsWith(ORGANIZATION)) tightenVisibility(body, method === 'patch')
    }
  }

  // "max 100" stands in the prose alone. GitHub takes a larger number for 100, and the pages then do not
  // hold what was asked for.
  const list = paths[`${ORGANIZATION}/actions/secrets/{secret_name}/repositories`].get
  for (const parameter of list.parameters) {
    if (parameter.name === 'page') parameter.schema.minimum = 1
    if (parameter.name === 'per_page') Object.assign(parameter.schema, { minimum: 1, maximum: 100 })
  }

  for (const name of ['actions-secret', 'organization-actions-secret']) {
    const { created_at: created, updated_at: updated } = components.schemas[name].properties
    for (const date of [created, updated]) date.pattern = WHOLE_SECONDS
  }
}

/**
 * For an organisation's secret the description requires neither, yet there is nothing to store without
 * them; for the other two it has required both since 2025 or so, and this keeps it that way.
 *
 * @param {Schema} body
 */
function tightenSecret(body) {
  requireAll(body, ['encrypted_value', 'key_id'])
  body['properties'].encrypted_value.minLength = 1
  body['properties'].key_id.minLength = 1
}

/**
 * "You can only provide a list of repository ids when the visibility is set to selected": prose alone.
 * The other way round, what becomes of a selection that is not sent along is written nowhere, so it has
 * to be sent. Ids as strings are allowed for secrets only, and then only in the PUT; numbers work everywhere.
 *
 * @param {Schema} body
 * @param {boolean} partial  whether what is absent keeps its value
 */
function tightenVisibility(body, partial) {
  if (!body['properties'].visibility) return
  if (!partial) requireAll(body, ['visibility'])
  body['properties'].selected_repository_ids.items = { type: 'integer' }
  body['if'] = { properties: { visibility: { const: 'selected' } }, required: ['visibility'] }
  body['then'] = { required: ['selected_repository_ids'] }
  body['else'] = { properties: { selected_repository_ids: false } }
}

/**
 * @param {Schema} schema
 * @param {string[]} names
 */
function requireAll(schema, names) {
  schema['required'] = [...new Set([...(schema['required'] ?? []), ...names])]
}

/**
 * @param {Schema} schema
 * @returns {Schema}
 */
function onlyRequired({ properties, required, ...rest }) {
  const kept = Object.entries(properties).filter(([name]) => required.includes(name))
  return { ...rest, properties: Object.fromEntries(kept), required }
}

/**
 * @param {Schema} source
 * @param {string} reference  `#/components/…`
 * @returns {Schema}
 */
function resolve(source, reference) {
  const found = reference
    .slice('#/'.length)
    .split('/')
    .reduce((/** @type {any} */ node, key) => node?.[key], source)
  if (!found) throw new Error(`the description has no ${reference}`)
  return found
}

const TARGET = fileURLToPath(new URL('../emulator/github/description.json', import.meta.url))
const require = createRequire(import.meta.url)

/** @returns {Schema} */
function readSource() {
  const path = require.resolve('@octokit/openapi/generated/api.github.com.json')
  const source = JSON.parse(readFileSync(path, 'utf8'))
  if (source.info.version !== VERSION) throw new Error(`this is ${source.info.version}, not ${VERSION}`)
  return source
}

/**
 * @param {unknown} value
 * @returns {string} the text that the formatter leaves alone
 */
function formatted(value) {
  const biome = require.resolve('@biomejs/biome/bin/biome')
  const run = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${TARGET}`], {
    input: JSON.stringify(value),
    encoding: 'utf8'
  })
  if (run.status !== 0) throw new Error(`the formatter failed: ${run.stderr}`)
  return run.stdout
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = formatted(cut(readSource()))
  if (!process.argv.includes('--check')) writeFileSync(TARGET, text)
  else if (readFileSync(TARGET, 'utf8') !== text) {
    process.stderr.write('description.json is not what this script makes of @octokit/openapi\n')
    process.exitCode = 1
  }
}
