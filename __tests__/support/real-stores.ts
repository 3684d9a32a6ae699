import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

/** A place for one token in a real store. */
export interface RealStore {
  /** For the commands: how they find the store, and what it needs to let them in. */
  readonly env: Readonly<Record<string, string>>
  /** The inputs with these names. */
  readonly commands: Readonly<Record<'store-command' | 'read-command', string>>
  /** Returns what is stored. */
  get(): Promise<string>
}

/** A program that keeps secrets. */
export interface StoreKind {
  /** The programs that must be on PATH. */
  readonly programs: readonly string[]
  /** Makes a place with this value. `folder` is empty, and removed by the caller. */
  create(folder: string, value: string): Promise<RealStore>
  /** Ends what `create` started. */
  close(): Promise<void>
}

const runFile = promisify(execFile)

/** Runs a command like a step, with `input` as its standard input. Returns its standard output. */
async function shell(command: string, env: RealStore['env'], input = ''): Promise<string> {
  const running = runFile('bash', ['-eo', 'pipefail', '-c', command], {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000
  })
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** A file that `age` encrypts. The new file replaces the old one by a rename, so that a kill leaves one of both. */
export function age(): StoreKind {
  return {
    programs: ['age', 'age-keygen'],
    async create(folder, value) {
      const [key, file] = [join(folder, 'key'), join(folder, 'token.age')]
      const env = { KEY: key, RECIPIENT: newAgeRecipient(key), FILE: file }
      const commands = {
        'store-command': 'age -r "$RECIPIENT" -o "$FILE.new" && mv "$FILE.new" "$FILE"',
        'read-command': 'age -d -i "$KEY" "$FILE"'
      }
      await shell(commands['store-command'], env, value)
      return { env, commands, get: () => shell(commands['read-command'], env) }
    },
    async close() {}
  }
}

/** Writes a new key to a file. Returns its recipient. */
export function newAgeRecipient(file: string): string {
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' })
  return execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim()
}

/** The password manager `pass`, with a GnuPG key of its own. */
export function pass(): StoreKind {
  const owner = 'deploy@example.com'
  let home: string | undefined
  const gpgHome = () => {
    if (home !== undefined) return home
    home = mkdtempSync(join(tmpdir(), 'gpg-'))
    const key = ['--batch', '--passphrase', '', '--quick-generate-key', owner, 'default', 'default', 'never']
    execFileSync('gpg', key, { env: { ...process.env, GNUPGHOME: home }, stdio: 'ignore' })
    return home
  }
  return {
    programs: ['pass', 'gpg'],
    async create(folder, value) {
      const env = { GNUPGHOME: gpgHome(), PASSWORD_STORE_DIR: folder }
      const commands = {
        'store-command': 'pass insert -m -f cc-token.new && pass mv -f cc-token.new cc-token',
        'read-command': 'pass show cc-token'
      }
      await shell(`pass init ${owner}`, env)
      await shell(commands['store-command'], env, value)
      return { env, commands, get: () => shell(commands['read-command'], env) }
    },
    async close() {
      if (home === undefined) return
      execFileSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: home } })
      rmSync(home, { recursive: true, force: true })
    }
  }
}

/** AWS Secrets Manager, with the CLI of AWS; `moto_server` is the service. */
export interface AwsKind extends StoreKind {
  /** From now on the service checks permissions. Returns the environment of a user who can only read secrets. */
  readOnly(): Promise<RealStore['env']>
}

export function aws(): AwsKind {
  let server: Promise<{ origin: string; stop(): Promise<void> }> | undefined
  const origin = async () => {
    server ??= startMoto()
    return (await server).origin
  }
  /** Sends a request without the CLI, which takes half a second. The service does not check the signature. */
  const call = async (
    service: string,
    init: { headers: Record<string, string>; body: string | URLSearchParams }
  ) => {
    const credential = `Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x`
    const headers = { ...init.headers, Authorization: `AWS4-HMAC-SHA256 ${credential}` }
    const response = await fetch(await origin(), { method: 'POST', headers, body: init.body })
    const text = await response.text()
    if (!response.ok) throw new Error(`${service}: ${text}`)
    return text
  }
  const secretsManager = async (operation: string, input: object) => {
    const headers = {
      'X-Amz-Target': `secretsmanager.${operation}`,
      'Content-Type': 'application/x-amz-json-1.1'
    }
    return JSON.parse(await call('secretsmanager', { headers, body: JSON.stringify(input) }))
  }
  const iam = (input: Record<string, string>) =>
    call('iam', { headers: {}, body: new URLSearchParams({ Version: '2010-05-08', ...input }) })
  const clientEnv = async (keyId: string, secret: string) => ({
    AWS_ENDPOINT_URL: await origin(),
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: keyId,
    AWS_SECRET_ACCESS_KEY: secret
  })
  let count = 0
  return {
    programs: ['aws', 'moto_server'],
    async create(_folder, value) {
      const id = `cc-token-${++count}`
      await secretsManager('CreateSecret', { Name: id, SecretString: value })
      const put = `aws secretsmanager put-secret-value --secret-id ${id} --secret-string file:///dev/stdin`
      const get = `aws secretsmanager get-secret-value --secret-id ${id} --query SecretString --output text`
      return {
        env: await clientEnv('test', 'test'),
        commands: { 'store-command': put, 'read-command': get },
        get: async () => (await secretsManager('GetSecretValue', { SecretId: id })).SecretString
      }
    },
    async readOnly() {
      const policy = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' }]
      }
      const user = { UserName: 'reader' }
      await iam({ Action: 'CreateUser', ...user })
      await iam({
        Action: 'PutUserPolicy',
        ...user,
        PolicyName: 'read',
        PolicyDocument: JSON.stringify(policy)
      })
      const key = await iam({ Action: 'CreateAccessKey', ...user })
      const field = (name: string) => new RegExp(`<${name}>([^<]+)`).exec(key)?.[1] ?? ''
      await fetch(`${await origin()}/moto-api/reset-auth`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: '0'
      })
      return clientEnv(field('AccessKeyId'), field('SecretAccessKey'))
    },
    async close() {
      await (await server)?.stop()
    }
  }
}

/** Starts the service on a free port of loopback. */
async function startMoto(): Promise<{ origin: string; stop(): Promise<void> }> {
  const child = spawn('moto_server', ['--host', '127.0.0.1', '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  process.once('exit', () => child.kill('SIGKILL'))
  for await (const line of createInterface(child.stderr)) {
    const [, origin] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? []
    if (origin === undefined) continue
    // The service logs every request.
    child.stderr.resume()
    return { origin, stop }
  }
  await stop()
  throw new Error('moto_server did not start')
}

/** Makes an empty folder for a place in a store. */
export function emptyFolder(parent: string): string {
  const folder = join(parent, 'real-store')
  mkdirSync(folder)
  writeFileSync(join(parent, 'empty'), '')
  return folder
}
