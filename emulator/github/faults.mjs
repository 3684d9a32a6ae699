/**
 * Faults to be played by `intercept` (nothing was carried out) and `interceptAfter` (everything was, and
 * only the answer suffers).
 */

/**
 * @typedef {import('./index.mjs').Hook} Hook
 */

/** The connection breaks off. @type {Hook} */
export const reset = (_request, _response, socket) => {
  socket.destroy()
  return true
}

/** No answer ever comes. @type {Hook} */
export const hang = () => true

/**
 * Something else answers: a gateway, or GitHub on a bad day.
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

/** The answer begins and breaks off in its middle. @type {Hook} */
export const cutShort = (_request, response, socket) => {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': 1000 })
  response.write('{"key_id": "33', () => socket.destroy())
  return true
}

/**
 * Plays a fault for some requests only.
 *
 * @param {string} operation  as in `actions/create-or-update-repo-secret`, or a part of it
 * @param {Hook} fault
 * @param {number} [times]  for the first of them only
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
