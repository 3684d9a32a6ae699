/** Certificates of a throw-away authority, made by `openssl` when they are needed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tls from 'node:tls'

/** What a TLS server needs, as PEM. */
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
  | 'by no authority'

/** An authority of our own, and a certificate that it vouches for. */
export interface Certified {
  /** The authority's certificate, as PEM. */
  readonly authority: string
  /** The same in a file, for NODE_EXTRA_CA_CERTS. */
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

/** A folder with an authority in it, and what it can make. Whoever opened it removes it. */
class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'certificates-'))

  constructor(here: string) {
    writeFileSync(join(this.folder, 'config'), config(here))
    writeFileSync(join(this.folder, 'index.txt'), '')
    this.authority('own')
    this.key('leaf')
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
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

  /** Signs the leaf's key. `openssl ca` is the only part of openssl 3.0 that sets both ends of a certificate's life. */
  signed(by: string, section: string, dates: readonly string[], subject = 'leaf', out = 'signed.pem'): Pair {
    this.#openssl(
      ...['req', '-new', '-key', 'leaf.key', '-config', 'config', '-subj', `/CN=${subject}`],
      ...['-out', 'request']
    )
    this.#openssl(
      ...['ca', '-batch', '-notext', '-config', 'config', '-in', 'request', '-extensions', section],
      ...['-cert', `${by}.pem`, '-keyfile', `${by}.key`, ...dates, '-out', out]
    )
    return { key: this.read('leaf.key'), cert: this.read(out) }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' })
  }
}

function inWorkshop<T>(here: string, make: (workshop: Workshop) => T): T & Certified {
  const workshop = new Workshop(here)
  try {
    return {
      authority: workshop.read('own.pem'),
      authorityFile: join(workshop.folder, 'own.pem'),
      good: workshop.signed('own', 'here', NOW),
      remove: () => workshop.remove(),
      ...make(workshop)
    }
  } catch (error) {
    workshop.remove()
    throw error
  }
}

/** Returns a good certificate for the names, under an authority of its own. */
export function certify(names: string): Certified {
  return inWorkshop(names, () => ({}))
}

/** Returns a good certificate for 127.0.0.1 and localhost, under an authority of its own, and every kind of bad one. */
export function makeCertificates(): Certificates {
  return inWorkshop('IP:127.0.0.1, DNS:localhost', workshop => {
    workshop.authority('stranger')
    workshop.key('self')
    // A leaf that signs another one: no authority allowed it to.
    const between = workshop.signed('own', 'here', NOW, 'in between', 'leaf.pem')
    const byLeaf = workshop.signed('leaf', 'here', NOW)
    return {
      bad: {
        'self-signed': workshop.selfSigned('self', 'here'),
        expired: workshop.signed('own', 'here', PAST),
        'not valid yet': workshop.signed('own', 'here', FUTURE),
        'wrong name': workshop.signed('own', 'elsewhere', NOW),
        'unknown authority': workshop.signed('stranger', 'here', NOW),
        'not for servers': workshop.signed('own', 'client', NOW),
        'by no authority': { key: byLeaf.key, cert: `${byLeaf.cert}${between.cert}` }
      }
    }
  })
}

/** Trusts an authority in this process, as NODE_EXTRA_CA_CERTS does at its start. Returns how to end that. */
export function trust(authority: string): () => void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, authority])
  return () => tls.setDefaultCACertificates(before)
}
