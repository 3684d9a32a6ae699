/** Checks requests, and the emulator's own answers, against GitHub's OpenAPI description. */
import { Ajv } from 'ajv'
import { default as formats } from 'ajv-formats'
import { description } from './routes.mjs'

/**
 * @typedef {import('ajv').ErrorObject} ErrorObject
 * @typedef {import('ajv').ValidateFunction} ValidateFunction
 * @typedef {import('./routes.mjs').Found} Found
 *
 * @typedef {object} Check
 * @property {(found: Found) => string[]} address  problems of the parameters in path and query
 * @property {(found: Found, body: unknown) => string[]} body  problems, in GitHub's words
 * @property {(found: Found, status: number, json: unknown) => string[]} answer
 */

const DOCUMENT = 'github'

/** @returns {Check} */
export function createCheck() {
  const bodies = withFormats(new Ajv({ allErrors: true, strict: false, verbose: true }))
  const addresses = withFormats(new Ajv({ allErrors: true, strict: false, coerceTypes: true }))
  for (const ajv of [bodies, addresses]) ajv.addSchema(description, DOCUMENT)
  // The description says little of these operations' errors; all look like GitHub's `basic-error`.
  const isError = bodies.compile({
    allOf: [
      { $ref: `${DOCUMENT}#/components/schemas/basic-error` },
      { required: ['message', 'documentation_url'] }
    ]
  })

  return {
    address({ route, params, query }) {
      const operation = operationOf(route)
      const problems = [...query.keys()]
        .filter(name => !operation.parameters.some(known => known.in === 'query' && known.name === name))
        .map(name => `there is no parameter ${name}`)
      operation.parameters.forEach((parameter, index) => {
        const value = parameter.in === 'path' ? params[parameter.name] : query.get(parameter.name)
        if (value === undefined || value === null) return
        const validate = compiled(addresses, route, `parameters/${index}/schema`)
        if (validate(value)) return
        problems.push(`${parameter.name}: ${addresses.errorsText(validate.errors)}`)
      })
      return problems
    },

    body({ route }, body) {
      if (!operationOf(route).requestBody) return body === undefined ? [] : ['No body belongs here.']
      const validate = compiled(bodies, route, 'requestBody/content/application~1json/schema')
      return validate(body ?? {}) ? [] : inGithubsWords(validate.errors ?? [])
    },

    answer({ route }, status, json) {
      const described = operationOf(route).responses[status]
      if (!described && status < 300) return [`${status} is not among the answers`]
      if (described && !described.content) return json === undefined ? [] : [`${status} has no body`]
      const validate =
        described && status < 400
          ? compiled(bodies, route, `responses/${status}/content/application~1json/schema`)
          : isError
      return validate(json) ? [] : [bodies.errorsText(validate.errors)]
    }
  }
}

/** @param {Ajv} ajv */
function withFormats(ajv) {
  formats.default(ajv)
  return ajv
}

/** @param {import('./routes.mjs').Route} route */
function operationOf({ template, method }) {
  const operation = description.paths[template]?.[method.toLowerCase()]
  if (!operation) throw new Error(`no ${method} ${template} in the description`)
  return operation
}

/**
 * @param {Ajv} ajv
 * @param {import('./routes.mjs').Route} route
 * @param {string} below  JSON pointer, below the operation
 * @returns {ValidateFunction}
 */
function compiled(ajv, { template, method }, below) {
  const path = template.replaceAll('~', '~0').replaceAll('/', '~1')
  const pointer = encodeURI(`/paths/${path}/${method.toLowerCase()}/${below}`)
  const validate = ajv.getSchema(`${DOCUMENT}#${pointer}`)
  if (!validate) throw new Error(`nothing at ${pointer} in the description`)
  return /** @type {ValidateFunction} */ (validate)
}

/**
 * Returns the sentences after "Invalid request." GitHub repeats the refused value, so its error may contain what was
 * sent.
 *
 * @param {ErrorObject[]} errors
 * @returns {string[]}
 */
function inGithubsWords(errors) {
  const missing = errors.filter(({ keyword }) => keyword === 'required')
  const names = missing.map(({ params }) => `"${params['missingProperty']}"`)
  const sentences =
    names.length > 0 ? [`${names.join(', ')} ${names.length > 1 ? "weren't" : "wasn't"} supplied.`] : []
  for (const error of errors) {
    // `if` repeats the problem of the rule inside it; `required` is reported above.
    if (error.keyword === 'required' || error.keyword === 'if') continue
    const where = error.instancePath.slice(1)
    const value = JSON.stringify(error.data)
    if (error.keyword === 'additionalProperties') {
      sentences.push(`"${error.params['additionalProperty']}" is not a permitted key.`)
    } else if (error.keyword === 'pattern') {
      sentences.push(`${error.data} does not match /${error.params['pattern']}/.`)
    } else if (error.keyword === 'type') {
      sentences.push(`For '${where}', ${value} is not of type ${error.params['type']}.`)
    } else {
      sentences.push(`For '${where}', ${value} ${error.message}.`)
    }
  }
  return sentences
}
