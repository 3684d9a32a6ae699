import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RecordedRequest } from '../../emulator/server.mjs'

/** A request to an emulator, and the means to respond in its place. */
export interface Call {
  readonly request: RecordedRequest
  readonly response: ServerResponse
  readonly socket: Socket
}

/** Responds in place of the server. A text and bytes are sent as they are, anything else as JSON. */
export function respond(
  { request, response }: Omit<Call, 'socket'>,
  status: number,
  body: string | Buffer | object = { message: `made-up ${status}` },
  headers: Readonly<Record<string, string>> = {}
): true {
  request.status = status
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  return true
}

/** Ends the connection without a response. */
export function reset({ socket }: Pick<Call, 'socket'>): true {
  socket.destroy()
  return true
}
