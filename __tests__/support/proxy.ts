import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A forward proxy that is running. */
export interface ForwardProxy {
  /** Host and port, as a proxy variable and an error message hold them. */
  readonly host: string
  /** Returns the targets of all the CONNECT requests so far. */
  connects(): string[]
  close(): Promise<void>
}

/** A user of a proxy. Tinyproxy's configuration takes letters, digits, dot, hyphen and underscore alone. */
export interface ProxyUser {
  readonly name: string
  readonly password: string
}

/** Starts Tinyproxy on a free port of loopback, with its configuration and log in a folder of its own. */
export async function startTinyproxy(user?: ProxyUser): Promise<ForwardProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-proxy-'))
  const log = join(folder, 'log')
  const read = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  const port = await freePort()
  const configuration = join(folder, 'tinyproxy.conf')
  writeFileSync(
    configuration,
    [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      'MaxClients 20',
      'LogLevel Info',
      `LogFile "${log}"`,
      ...(user ? [`BasicAuth ${user.name} ${user.password}`] : [])
    ].join('\n')
  )
  const child = spawn('tinyproxy', ['-d', '-c', configuration], { stdio: 'ignore' })
  const close = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  if (!(await becomesTrue(() => read().includes('Accepting connections')))) {
    await close()
    throw new Error(`tinyproxy did not start on port ${port}`)
  }
  return {
    host: `127.0.0.1:${port}`,
    connects: () => [...read().matchAll(/: CONNECT (\S+) HTTP/g)].map(([, target = '']) => target),
    close
  }
}

/** A proxy of a few lines, for what Tinyproxy cannot be told: it lets everybody through and keeps what they said. */
export async function startOpenProxy(): Promise<ForwardProxy & { readonly authorizations: string[] }> {
  const sockets = new Set<Duplex>()
  const connects: string[] = []
  const authorizations: string[] = []
  const server = createHttpServer().on('connect', ({ url = '', headers }, client: Duplex) => {
    connects.push(url)
    authorizations.push(headers['proxy-authorization'] ?? '')
    const { hostname, port } = new URL(`http://${url}`)
    const target = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    client.pipe(target).pipe(client)
    for (const socket of [client, target]) sockets.add(socket.on('error', () => {}))
  })
  const port = await listening(server)
  return {
    host: `127.0.0.1:${port}`,
    connects: () => connects,
    authorizations,
    close: () => closed(server, sockets)
  }
}

/** A proxy that takes connections and never says a word. */
export async function startSilentProxy(): Promise<Pick<ForwardProxy, 'host' | 'close'>> {
  const sockets = new Set<Duplex>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  const port = await listening(server)
  return { host: `127.0.0.1:${port}`, close: () => closed(server, sockets) }
}

/** Returns a port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await closed(server)
  return port
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

async function closed(server: Server, sockets: Iterable<Duplex> = []): Promise<void> {
  const close = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await close
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill()
  await exit
}

async function becomesTrue(condition: () => boolean): Promise<boolean> {
  for (let waits = 0; waits < 100; waits++) {
    if (condition()) return true
    await sleep(50)
  }
  return false
}
