/** Certificates of a temporary authority, created with `openssl` when a test needs them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tls from 'node:tls'

/** Key and certificate of a TLS server, as PEM. */
export interface Pair {
  readonly key: string
  readonly cert: string
}

export type Bad =
  | 'self-signed'
  | 'expired'
  | 'not valid yet'
  | 'wrong name'
  | 'unknown authority'
  | 'not for servers'

/** A new authority, and a certificate that it issued. */
export interface Certified {
  /** The certificate of the authority, as PEM. */
  readonly authority: string
  /** A file with it, for NODE_EXTRA_CA_CERTS. */
  readonly authorityFile: string
  readonly good: Pair
  remove(): void
}

export interface Certificates extends Certified {
  readonly bad: Readonly<Record<Bad, Pair>>
}

const config = (here: string) => `
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[here]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = ${here}
[elsewhere]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:elsewhere.example
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
subjectAltName = ${here}
`

const NOW = ['-days', '30']
const PAST = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']
const FUTURE = ['-startdate', '20480101000000Z', '-enddate', '20480201000000Z']

/** A temporary folder with an authority and its certificates. */
class AuthorityFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'certificates-'))

  constructor(here: string) {
    writeFileSync(join(this.path, 'config'), config(here))
    writeFileSync(join(this.path, 'index.txt'), '')
    this.authority('own')
    this.key('leaf')
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8')
  }

  authority(name: string): void {
    this.key(name)
    this.selfSigned(name, 'authority')
  }

  key(name: string): void {
    this.#openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`)
  }

  selfSigned(name: string, section: string): Pair {
    this.#openssl(
      ...['req', '-x509', '-new', '-config', 'config', '-extensions', section, '-subj', `/CN=${name}`],
      ...['-key', `${name}.key`, ...NOW, '-out', `${name}.pem`]
    )
    return { key: this.read(`${name}.key`), cert: this.read(`${name}.pem`) }
  }

  /** Signs the key of the leaf. In openssl 3.0, only `openssl ca` sets both dates of a certificate. */
  signed(by: string, section: string, dates: readonly string[]): Pair {
    this.#openssl(
      ...['req', '-new', '-key', 'leaf.key', '-config', 'config', '-subj', '/CN=leaf'],
      ...['-out', 'request']
    )
    this.#openssl(
      ...['ca', '-batch', '-notext', '-config', 'config', '-in', 'request', '-extensions', section],
      ...['-cert', `${by}.pem`, '-keyfile', `${by}.key`, ...dates, '-out', 'signed.pem']
    )
    return { key: this.read('leaf.key'), cert: this.read('signed.pem') }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.path, stdio: 'pipe' })
  }
}

function inFolder<T>(here: string, make: (folder: AuthorityFolder) => T): T & Certified {
  const folder = new AuthorityFolder(here)
  try {
    return {
      authority: folder.read('own.pem'),
      authorityFile: join(folder.path, 'own.pem'),
      good: folder.signed('own', 'here', NOW),
      remove: () => folder.remove(),
      ...make(folder)
    }
  } catch (error) {
    folder.remove()
    throw error
  }
}

/** Returns a good certificate for the names, issued by a new authority. */
export function certify(names: string): Certified {
  return inFolder(names, () => ({}))
}

/** Returns a good certificate for 127.0.0.1 and localhost, issued by a new authority, and every kind of bad one. */
export function makeCertificates(): Certificates {
  return inFolder('IP:127.0.0.1, DNS:localhost', folder => {
    folder.authority('stranger')
    folder.key('self')
    return {
      bad: {
        'self-signed': folder.selfSigned('self', 'here'),
        expired: folder.signed('own', 'here', PAST),
        'not valid yet': folder.signed('own', 'here', FUTURE),
        'wrong name': folder.signed('own', 'elsewhere', NOW),
        'unknown authority': folder.signed('stranger', 'here', NOW),
        'not for servers': folder.signed('own', 'client', NOW)
      }
    }
  })
}

/** Trusts an authority in this process, as NODE_EXTRA_CA_CERTS does when it starts. Returns a function that ends it. */
export function trust(authority: string): () => void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, authority])
  return () => tls.setDefaultCACertificates(before)
}
