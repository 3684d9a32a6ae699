/** A Terraform project that reads one thing with CX as Code. Nothing is downloaded: the provider is on PATH. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROVIDER = 'terraform-provider-genesyscloud'
const VERSION = '1.82.0'

export const MAIN_TF = `
terraform {
  required_providers {
    genesyscloud = { source = "mypurecloud/genesyscloud" }
  }
}
data "genesyscloud_organizations_me" "me" {}
output "organization" { value = data.genesyscloud_organizations_me.me.name }
`

/**
 * Makes a folder that Terraform takes the provider from, in place of the registry. It is empty if the provider is not
 * on PATH.
 *
 * @param {string} folder
 * @returns {Record<string, string>}  variables for Terraform
 */
export function terraformMirror(folder) {
  const place = join(folder, `registry.terraform.io/mypurecloud/genesyscloud/${VERSION}/linux_amd64`)
  mkdirSync(place, { recursive: true })
  const programs = (process.env['PATH'] ?? '').split(delimiter).map(at => join(at, PROVIDER))
  const provider = programs.find(path => existsSync(path))
  if (provider) symlinkSync(provider, join(place, `${PROVIDER}_v${VERSION}`))
  const file = join(folder, 'terraformrc')
  writeFileSync(file, `provider_installation {\n  filesystem_mirror { path = "${folder}" }\n}\n`)
  return { TF_CLI_CONFIG_FILE: file, CHECKPOINT_DISABLE: '1' }
}
