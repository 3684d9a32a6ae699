/**
 * GitHub's description of the requests that are played here: `description.json`, made by
 * `scripts/cut-github-openapi.mjs`. It is also the list of what the stand-in offers.
 */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {'path' | 'query'} in
 * @property {boolean} [required]
 * @property {object} schema
 *
 * @typedef {object} Operation
 * @property {string} operationId  as in `actions/get-repo-secret`
 * @property {{url: string}} externalDocs
 * @property {Parameter[]} parameters
 * @property {object} [requestBody]
 * @property {Record<string, {content?: object}>} responses
 *
 * @typedef {object} Description
 * @property {{version: string}} info
 * @property {Record<string, Record<string, Operation>>} paths  by template, then by method in lower case
 */

/** @type {Description} */
export const description = JSON.parse(readFileSync(new URL('description.json', import.meta.url), 'utf8'))
