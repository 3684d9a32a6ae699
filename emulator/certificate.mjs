import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Returns a self-signed certificate, and its file for NODE_EXTRA_CA_CERTS. Returns undefined if `openssl` is not
 * installed. Uses only options that LibreSSL has too, which is what macOS calls `openssl`.
 *
 * @param {string} subjectAltName  such as `DNS:api.github.com` or `IP:127.0.0.1`
 */
export function createCertificate(subjectAltName) {
  const folder = mkdtempSync(join(tmpdir(), 'cc-token-emulator-'))
  const [file, keyFile] = [join(folder, 'authority.pem'), join(folder, 'authority.key')]
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=cc-token-action emulator', '-addext', `subjectAltName=${subjectAltName}`]
  try {
    execFileSync('openssl', [...request, ...names, '-keyout', keyFile, '-out', file], { stdio: 'ignore' })
    return { tls: { key: readFileSync(keyFile), cert: readFileSync(file) }, file, remove }
  } catch {
    remove()
    return undefined
  }
}
