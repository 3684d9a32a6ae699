/** What is done for each of GitHub's operations. */
import { getRepository } from './repositories.mjs'
import {
  getPublicKey,
  getSecret,
  listSelectedRepositories,
  putSecret,
  setSelectedRepositories
} from './secrets.mjs'
import { getVariable, patchVariable, postVariable } from './variables.mjs'

/**
 * @typedef {object} Seal  opens sealed boxes; `seal.mjs` has one made of libsodium
 * @property {(box: Uint8Array, publicKey: Uint8Array, privateKey: Uint8Array) => string | undefined} open
 *   undefined when the box was sealed for another key, or is none
 *
 * @typedef {object} Call  a request that may be carried out
 * @property {import('./state.mjs').World} world
 * @property {import('./state.mjs').Holder} holder  the repository, environment or organisation
 * @property {Record<string, string>} params
 * @property {URLSearchParams} query
 * @property {Record<string, any>} body
 * @property {string} url  the API's base
 * @property {string} documentation
 * @property {number} now  milliseconds
 * @property {Seal | undefined} seal
 */

/** @type {Record<string, (call: Call) => import('../server.mjs').Answer>} */
export const OPERATIONS = {
  'repos/get': getRepository,

  'actions/get-repo-public-key': getPublicKey,
  'actions/get-environment-public-key': getPublicKey,
  'actions/get-org-public-key': getPublicKey,

  'actions/get-repo-secret': getSecret,
  'actions/get-environment-secret': getSecret,
  'actions/get-org-secret': getSecret,

  'actions/create-or-update-repo-secret': putSecret,
  'actions/create-or-update-environment-secret': putSecret,
  'actions/create-or-update-org-secret': putSecret,

  'actions/list-selected-repos-for-org-secret': listSelectedRepositories,
  'actions/set-selected-repos-for-org-secret': setSelectedRepositories,

  'actions/get-repo-variable': getVariable,
  'actions/get-environment-variable': getVariable,
  'actions/get-org-variable': getVariable,

  'actions/create-repo-variable': postVariable,
  'actions/create-environment-variable': postVariable,
  'actions/create-org-variable': postVariable,

  'actions/update-repo-variable': patchVariable,
  'actions/update-environment-variable': patchVariable,
  'actions/update-org-variable': patchVariable
}
