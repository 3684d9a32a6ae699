import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CXONE_ACCESS_KEY, CXONE_APPLICATION, CXONE_TENANT, startCxone } from '../../emulator/cxone.mjs'
import { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, startGenesys } from '../../emulator/genesys.mjs'
import { startCheckedGithub } from '../../emulator/github/checked.mjs'
import type { GitHub } from '../../emulator/github/index.mjs'
import { type HostProxy, startHostProxy } from '../../emulator/proxy.mjs'
import { EXAMPLES, layOutExamples, read } from '../repository/files.js'
import { type ActOptions, type ActRun, makeRepository, runAct } from '../support/act.js'
import { pathOf } from '../support/programs.js'
import { MAIN_TF, terraformMirror } from '../support/terraform.mjs'

/** The emulated GitHub's name of the repository that the examples are copied to. */
export const REPOSITORY = 'example/deploy'

const APP_TOKEN = 'ghs_emulatedAppToken0aBcDeFgHiJkLmNoPqRsTuV'
const STAND_INS = resolve('__tests__/act/stand-ins')
const ARCHY_PATH = '/archy/2.43.2/archy-linux.zip'
const GC_PATH = '/gc'
const GENESYS_HOSTS = ['login.mypurecloud.ie', 'api.mypurecloud.ie']
const CXONE_HOSTS = ['cxone.niceincontact.com', 'na1.nice-incontact.com', 'api-na1.niceincontact.com']

const under = (hosts: readonly string[], origin: string) =>
  Object.fromEntries(hosts.map(host => [`${host}:443`, origin]))

/** What `github.event` is: a pull request of a branch of the repository, and not of a fork. */
const PULL_REQUEST = {
  pull_request: { base: { ref: 'main' }, head: { ref: 'change', repo: { full_name: REPOSITORY } } }
}

/** A repository that has the examples, and the services that they use, under their real host names. */
export interface ExampleWorld {
  readonly folder: string
  readonly genesys: Awaited<ReturnType<typeof startGenesys>>
  readonly github: GitHub
  readonly proxy: HostProxy
  /** Runs workflows of the repository by their names. */
  run(names: readonly string[], options?: Partial<ActOptions>): Promise<ActRun>
  close(): Promise<void>
}

export async function startExampleWorld(): Promise<ExampleWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'))
  const repository = join(folder, 'repository')
  const action = join(folder, 'action')
  layOutExamples(repository)
  mkdirSync(join(repository, 'flows'))
  writeFileSync(join(repository, 'flows/main.yaml'), 'inboundCall:\n  name: Main\n')
  writeFileSync(join(repository, 'main.tf'), MAIN_TF)
  makeRepository(repository, REPOSITORY)
  for (const part of ['dist', 'rotate', 'action.yml']) cpSync(part, join(action, part), { recursive: true })

  const genesys = await startGenesys({ clients: [{ lifetimeSeconds: 172_800 }] })
  const cxone = await startCxone()
  const github = await startCheckedGithub({
    repositories: [{ name: REPOSITORY }],
    tokens: [{ token: APP_TOKEN, permissions: { secrets: 'write', actions_variables: 'write' } }]
  })
  const files = filesToDownload(folder)
  const downloads = createServer(({ url = '' }, response) => response.end(files[url])).listen(0, '127.0.0.1')
  await once(downloads, 'listening')
  const downloadsOrigin = `http://127.0.0.1:${(downloads.address() as AddressInfo).port}`
  const proxy = await startHostProxy({
    ...under(GENESYS_HOSTS, genesys.origin),
    ...under(CXONE_HOSTS, cxone.origin),
    ...under(['api.github.com'], github.url),
    ...under(['sdk-cdn.mypurecloud.com', 'downloads.example.com'], downloadsOrigin)
  })
  if (!proxy) throw new Error('openssl is not installed')

  const sha256 = (path: string) => hash('sha256', files[path] ?? '')
  const standIns = ['create-github-app-token', 'setup-terraform']
  const common = {
    repository,
    actions: {
      'org/cc-token-action@v1': action,
      ...Object.fromEntries(standIns.map(name => [pinned(name), join(STAND_INS, name)]))
    },
    vars: {
      GENESYS_REGION: 'eu-west-1',
      GENESYS_CLIENT_ID: GENESYS_CLIENT.id,
      GENESYS_ORGANIZATION_ID: GENESYS_CLIENT.organization.id,
      GENESYS_SERVICE_ACCOUNT_ID: GENESYS_SERVICE_ACCOUNT.id,
      CXONE_CLIENT_ID: CXONE_APPLICATION.id,
      CXONE_ACCESS_KEY_ID: CXONE_ACCESS_KEY.id,
      CXONE_AREA: CXONE_TENANT.area,
      CXONE_TENANT_ID: CXONE_TENANT.id,
      ROTATION_APP_CLIENT_ID: 'Iv23emulated',
      ARCHY_SHA256: sha256(ARCHY_PATH),
      GC_URL: `https://downloads.example.com${GC_PATH}`,
      GC_SHA256: sha256(GC_PATH)
    },
    secrets: {
      GENESYS_CLIENT_SECRET: GENESYS_CLIENT.secret,
      CXONE_CLIENT_SECRET: CXONE_APPLICATION.secret,
      CXONE_ACCESS_KEY_SECRET: CXONE_ACCESS_KEY.secret,
      ROTATION_APP_PRIVATE_KEY: 'made-up private key'
    },
    env: {
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: proxy.authority,
      CURL_CA_BUNDLE: proxy.authority,
      SSL_CERT_FILE: proxy.authority,
      ...terraformMirror(join(folder, 'terraform')),
      APP_TOKEN
    }
  }
  return {
    folder,
    genesys,
    github,
    proxy,
    run: (names, options = {}) =>
      runAct({
        payload: PULL_REQUEST,
        event: 'workflow_dispatch',
        ...common,
        ...options,
        vars: { ...common.vars, ...options.vars },
        workflows: names.map(name => `.github/workflows/${name}.yml`)
      }),
    async close() {
      downloads.close()
      for (const server of [genesys, cxone, github, proxy]) await server.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/**
 * Returns a command that runs another one on a machine like the one that self-hosted-proxy.yml is for: its proxy has
 * that name and port, and the authority is that file. Only the command sees it.
 */
export async function behindCompanyProxy(world: ExampleWorld) {
  const address = '127.31.28.1'
  const proxy = await startHostProxy(under(GENESYS_HOSTS, world.genesys.origin), { address, port: 3128 })
  if (!proxy) throw new Error('openssl is not installed')
  const certificates = join(world.folder, 'certificates')
  mkdirSync(certificates)
  copyFileSync(proxy.authority, join(certificates, 'example-authority.pem'))
  const hosts = join(world.folder, 'hosts')
  writeFileSync(hosts, `127.0.0.1 localhost\n${address} proxy.example.com\n`)
  const mounts = `mount --bind '${hosts}' /etc/hosts && mount --bind '${certificates}' /etc/ssl/certs`
  return { proxy, wrapper: [...UNSHARE, 'sh', '-c', `${mounts} && exec "$@"`, 'sh'] }
}

/** A command that gives another one a view of the file system of its own. */
export const UNSHARE = ['unshare', '--user', '--map-root-user', '--mount']

/** The reference of an action in the examples, as `owner/name@digest`. */
function pinned(name: string): string {
  const found = new RegExp(`[\\w-]+/${name}@[0-9a-f]{40}`).exec(EXAMPLES.map(read).join(''))
  if (!found) throw new Error(`no example uses ${name}`)
  return found[0]
}

/** Returns what the examples download, by path: the real gc, and a stand-in for Archy. */
function filesToDownload(folder: string): Record<string, Buffer> {
  const archy = join(folder, 'archy.zip')
  execFileSync('python3', ['-m', 'zipfile', '-c', archy, 'archy'], { cwd: STAND_INS })
  const gc = pathOf('gc')
  return { [ARCHY_PATH]: readFileSync(archy), ...(gc !== undefined && { [GC_PATH]: readFileSync(gc) }) }
}
