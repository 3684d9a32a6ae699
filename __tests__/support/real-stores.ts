import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

/** A place for one token in a real store. */
export interface RealStore {
  /** For the commands: how they find the store, and what it needs to let them in. */
  readonly env: Readonly<Record<string, string>>
  /** With this instead, the store can be read, but refuses to store. */
  readonly refusingEnv: RealStore['env']
  /** The inputs with these names. */
  readonly commands: Readonly<Record<'store-command' | 'read-command', string>>
  /** Returns what is stored. */
  get(): Promise<string>
}

/** A program that keeps secrets. */
export interface StoreKind {
  readonly name: string
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
  const running = runFile('bash', ['--norc', '-eo', 'pipefail', '-c', command], {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000
  })
  // A command that reads nothing may have ended already.
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** A file that `age` encrypts. The new file replaces the old one by a rename, so that a kill leaves one of both. */
export function age(): StoreKind {
  return {
    name: 'a file that age encrypts',
    programs: ['age', 'age-keygen'],
    async create(folder, value) {
      const [key, file] = [join(folder, 'key'), join(folder, 'token.age')]
      execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' })
      const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim()
      const env = { KEY: key, RECIPIENT: recipient, FILE: file }
      const commands = {
        'store-command': 'age -r "$RECIPIENT" -o "$FILE.new" && mv "$FILE.new" "$FILE"',
        'read-command': 'age -d -i "$KEY" "$FILE"'
      }
      await shell(commands['store-command'], env, value)
      return {
        env,
        refusingEnv: { ...env, RECIPIENT: 'age1wrong' },
        commands,
        get: () => shell(commands['read-command'], env)
      }
    },
    async close() {}
  }
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
    name: 'pass, with GnuPG',
    programs: ['pass', 'gpg'],
    async create(folder, value) {
      const env = { GNUPGHOME: gpgHome(), PASSWORD_STORE_DIR: folder }
      const commands = {
        'store-command': 'pass insert -m -f cc-token.new && pass mv -f cc-token.new cc-token',
        'read-command': 'pass show cc-token'
      }
      await shell(`pass init ${owner}`, env)
      await shell(commands['store-command'], env, value)
      return {
        env,
        refusingEnv: { ...env, PASSWORD_STORE_KEY: 'unknown@example.com' },
        commands,
        get: () => shell(commands['read-command'], env)
      }
    },
    async close() {
      if (home === undefined) return
      execFileSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: home } })
      rmSync(home, { recursive: true, force: true })
    }
  }
}

/** AWS Secrets Manager, with the CLI of AWS; `moto_server` is the service. */
export function aws(): StoreKind {
  let service: ReturnType<typeof startMoto> | undefined
  let count = 0
  return {
    name: 'AWS Secrets Manager, with its CLI',
    programs: ['aws', 'moto_server'],
    async create(_folder, value) {
      service ??= startMoto()
      const { secret, env, readerEnv } = await service
      const id = `cc-token-${++count}`
      const commands = {
        'store-command': `aws secretsmanager put-secret-value --secret-id ${id} --secret-string file:///dev/stdin`,
        'read-command': `aws secretsmanager get-secret-value --secret-id ${id} --query SecretString --output text`
      }
      await shell(`aws secretsmanager create-secret --name ${id} --secret-string="$(cat)"`, env, value)
      return { env, refusingEnv: readerEnv, commands, get: () => secret(id) }
    },
    async close() {
      await (await service)?.stop()
    }
  }
}

/** A secret, as far as it is needed, in what the service shows of its state. */
interface MotoSecret {
  readonly name: string
  readonly default_version_id: string
  readonly versions: Readonly<Record<string, { readonly secret_string: string }>>
}

/** Starts the service on a free port of loopback. It checks the permissions of two users, who can write and only read. */
async function startMoto() {
  const child = spawn('moto_server', ['--host', '127.0.0.1', '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  const origin = await originIn(child.stderr)
  const iam = async (input: Record<string, string>) => {
    const credential = 'Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x'
    const response = await fetch(origin, {
      method: 'POST',
      headers: { Authorization: `AWS4-HMAC-SHA256 ${credential}` },
      body: new URLSearchParams({ Version: '2010-05-08', ...input })
    })
    return response.text()
  }
  /** Creates a user who may do this. Returns the environment of the CLI. */
  const createUser = async (name: string, action: string) => {
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] }
    const user = { UserName: name }
    await iam({ Action: 'CreateUser', ...user })
    await iam({ Action: 'PutUserPolicy', ...user, PolicyName: 'p', PolicyDocument: JSON.stringify(policy) })
    const key = await iam({ Action: 'CreateAccessKey', ...user })
    const field = (name: string) => new RegExp(`<${name}>([^<]+)`).exec(key)?.[1] ?? ''
    return {
      AWS_ENDPOINT_URL: origin,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: field('AccessKeyId'),
      AWS_SECRET_ACCESS_KEY: field('SecretAccessKey')
    }
  }
  const env = await createUser('writer', 'secretsmanager:*')
  const readerEnv = await createUser('reader', 'secretsmanager:GetSecretValue')
  // From now on it checks signatures and permissions.
  await fetch(`${origin}/moto-api/reset-auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    body: '0'
  })
  return {
    env,
    readerEnv,
    /** Returns a secret without the CLI, which takes half a second. */
    async secret(name: string): Promise<string> {
      const response = await fetch(`${origin}/moto-api/data.json`)
      const { secretsmanager } = (await response.json()) as { secretsmanager: { FakeSecret: MotoSecret[] } }
      const secret = secretsmanager.FakeSecret.find(one => one.name === name)
      return secret?.versions[secret.default_version_id]?.secret_string ?? ''
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    }
  }
}

/** Returns the origin that the service logs as soon as it listens. */
async function originIn(log: Readable): Promise<string> {
  for await (const line of createInterface(log)) {
    const [, origin] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? []
    if (origin === undefined) continue
    // It also logs every request.
    log.resume()
    return origin
  }
  throw new Error('moto_server did not start')
}
