import { type GitHubApi, requireJson } from './api.js'
import { type Visibility, visibilityFields } from './scope.js'

/** Written if the expiry is not known. It is not a date, so a workflow that compares it with one warns. */
export const UNKNOWN_EXPIRY = 'unknown'

/** Checks that the variable can be written, by writing its present value. Throws ActionError. */
export async function checkVariable(
  github: GitHubApi,
  name: string,
  visibility: Visibility | undefined
): Promise<void> {
  const response = await github.send('GET', `/variables/${name}`)
  if (response.status !== 200 && response.status !== 404) throw github.error(response, 'variables')
  const value = response.status === 404 ? undefined : requireJson(response)['value']
  const present = typeof value === 'string' && value !== '' ? value : UNKNOWN_EXPIRY
  await writeVariable(github, { name, value: present }, visibility)
}

/** Creates or updates the variable. An existing one keeps its visibility. Throws ActionError. */
export async function writeVariable(
  github: GitHubApi,
  variable: { readonly name: string; readonly value: string },
  visibility: Visibility | undefined
): Promise<void> {
  const update = () => github.send('PATCH', `/variables/${variable.name}`, { body: variable })
  let response = await update()
  if (response.status === 404) {
    const isOrganization = github.scope.kind === 'organization'
    const body = {
      ...variable,
      ...(isOrganization ? visibilityFields(visibility ?? { visibility: 'private' }) : {})
    }
    response = await github.send('POST', '/variables', { body })
    // 409: another job created it first, or an earlier attempt of ours succeeded after all.
    if (response.status === 409) response = await update()
  }
  if (response.status !== 201 && response.status !== 204) throw github.error(response, 'variables')
}
