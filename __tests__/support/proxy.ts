import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startSocketServer } from './sockets.js'

/** A forward proxy that is running. */
export interface ForwardProxy {
  /** Host and port, as in a proxy variable and in an error message. */
  readonly host: string
  /** Returns the targets of all CONNECT requests so far. */
  connects(): string[]
  close(): Promise<void>
}

/** A user of a proxy. Tinyproxy's configuration allows only letters, digits, dot, hyphen and underscore. */
export interface ProxyUser {
  readonly name: string
  readonly password: string
}

/** Starts Tinyproxy on a free port of loopback, with its configuration and log in its own folder. */
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

/** Starts a proxy that accepts any credentials and records them, also those that Tinyproxy cannot be configured for. */
export async function startOpenProxy(): Promise<ForwardProxy & { readonly authorizations: string[] }> {
  const targets = new Set<Duplex>()
  const connects: string[] = []
  const authorizations: string[] = []
  const server = createHttpServer().on('connect', ({ url = '', headers }, client: Duplex) => {
    connects.push(url)
    authorizations.push(headers['proxy-authorization'] ?? '')
    const { hostname, port } = new URL(`http://${url}`)
    const target = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    client.pipe(target).pipe(client)
    targets.add(target.on('error', () => {}))
  })
  const { host, close } = await startSocketServer(server)
  return {
    host,
    connects: () => connects,
    authorizations,
    async close() {
      for (const target of targets) target.destroy()
      await close()
    }
  }
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
