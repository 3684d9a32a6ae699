/** The requests for variables: the same for repository, environment and organization. */
import { answer, notFound, refuseName, refuseSize, variableExists } from './answers.mjs'
import { describeEntry, sharingAfter } from './entries.mjs'

/** @typedef {import('./entries.mjs').Call} Call */

/** @param {Call} call */
export function getVariable(call) {
  const variable = find(call)
  if (!variable) return notFound(call.documentation)
  return answer(200, { value: variable.value, ...describeEntry(variable, call, 'variables') })
}

/** @param {Call} call */
export function postVariable({ holder, body, documentation, now }) {
  const name = String(body['name'] ?? '').toUpperCase()
  const value = String(body['value'] ?? '')
  const refusal = refuse(name, value, documentation)
  if (refusal) return refusal
  if (holder.variables.has(name)) return variableExists(documentation)
  holder.variables.set(name, { name, value, createdAt: now, updatedAt: now, ...sharingAfter(body) })
  return answer(201, {})
}

/** @param {Call} call */
export function patchVariable(call) {
  const { holder, body, documentation, now } = call
  const variable = find(call)
  if (!variable) return notFound(documentation)
  const name = String(body['name'] ?? variable.name).toUpperCase()
  const value = String(body['value'] ?? variable.value)
  const refusal = refuse(name, value, documentation)
  if (refusal) return refusal
  if (name !== variable.name && holder.variables.has(name)) return variableExists(documentation)
  holder.variables.delete(variable.name)
  const { createdAt } = variable
  holder.variables.set(name, { name, value, createdAt, updatedAt: now, ...sharingAfter(body, variable) })
  return answer(204)
}

/** @param {Call} call */
function find({ holder, params }) {
  return holder.variables.get((params['name'] ?? '').toUpperCase())
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} documentation
 */
function refuse(name, value, documentation) {
  const bytes = Buffer.byteLength(value)
  return refuseName('Variable', name, documentation) ?? refuseSize('Variable', bytes, documentation)
}
