import type { GitHub } from './api.js'
import type { Visibility } from './scope.js'
import { sharingBody } from './secrets.js'

/** What the variable says while the expiry is not known: no date, so whoever reads it for one is warned. */
export const UNKNOWN_EXPIRY = 'unknown'

/** Shows that the variable may be written, by writing what it says already; throws an `ActionError`. */
export async function tryVariable(
  github: GitHub,
  name: string,
  sharing: Visibility | undefined
): Promise<void> {
  const answer = await github.send('GET', `/variables/${name}`)
  if (answer.status !== 200 && answer.status !== 404) throw github.refusal(answer, 'variables')
  const said = answer.status === 404 ? undefined : github.json(answer)['value']
  await writeVariable(github, name, typeof said === 'string' && said !== '' ? said : UNKNOWN_EXPIRY, sharing)
}

/** Sets the variable, whether it is there or not; throws an `ActionError`. One that exists keeps who may read it. */
export async function writeVariable(
  github: GitHub,
  name: string,
  value: string,
  sharing: Visibility | undefined
): Promise<void> {
  const patch = () => github.send('PATCH', `/variables/${name}`, { name, value })
  let answer = await patch()
  if (answer.status === 404) {
    answer = await github.send('POST', '/variables', {
      name,
      value,
      ...(github.place.kind === 'organization' ? sharingBody(sharing ?? { visibility: 'private' }) : {})
    })
    // Somebody else was quicker, or our own first try came through after all.
    if (answer.status === 409) answer = await patch()
  }
  if (answer.status !== 201 && answer.status !== 204) throw github.refusal(answer, 'variables')
}
