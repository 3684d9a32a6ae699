/**
 * Faults to play through `intercept` (the request is not carried out) or `interceptAfter` (it is, but its answer is
 * lost or replaced).
 */

/** @typedef {import('./index.mjs').Hook} Hook */

/** Breaks the connection. @type {Hook} */
export const reset = (_request, _response, socket) => {
  socket.destroy()
  return true
}

/**
 * Answers instead of GitHub.
 *
 * @param {number} status
 * @param {unknown} [json]
 * @param {Record<string, string>} [headers]
 * @returns {Hook}
 */
export const answering =
  (status, json, headers = {}) =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers })
    response.end(json === undefined ? '' : JSON.stringify(json))
    return true
  }

/** Breaks the connection in the middle of the answer. @type {Hook} */
export const cutShort = (_request, response, socket) => {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': 1000 })
  response.write('{"key_id": "33', () => socket.destroy())
  return true
}

/**
 * Plays a fault for some requests only.
 *
 * @param {string} operation  such as `actions/create-or-update-repo-secret`, or a part of it
 * @param {Hook} fault
 * @param {number} [times]  only for the first ones
 * @returns {Hook}
 */
export function on(operation, fault, times = Number.POSITIVE_INFINITY) {
  let left = times
  return (request, ...rest) => {
    if (left <= 0 || !request.operation?.includes(operation)) return false
    left -= 1
    return fault(request, ...rest)
  }
}
