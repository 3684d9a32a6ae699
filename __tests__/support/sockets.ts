import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** A TCP server on loopback that is running. */
interface SocketServer {
  readonly port: number
  /** Host and port. */
  readonly host: string
  /** Ends the server and all its connections. */
  close(): Promise<void>
}

/** Starts a server on a free port of loopback, or one that passes each connection to the function. */
export async function startSocketServer(
  serverOrListener: Server | ((socket: Socket) => void)
): Promise<SocketServer> {
  const server = typeof serverOrListener === 'function' ? createServer(serverOrListener) : serverOrListener
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const listening = server.address()
  if (listening === null || typeof listening === 'string') throw new Error('the server has no port')
  const { port } = listening
  return {
    port,
    host: `127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    }
  }
}

/** Returns a port of loopback on which no server listens. */
export async function freePort(): Promise<number> {
  const { port, close } = await startSocketServer(() => {})
  await close()
  return port
}
