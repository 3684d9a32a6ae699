import { clock } from '../../lib/clock.js'
import { main } from '../../main.js'
import { runToEnd } from '../../runner/run-action.js'
import { readSaved } from '../../runner/saved-state.js'
import { writeAtOnce } from '../../step/stdout.js'

writeAtOnce(process)

export const runMain = (): Promise<void> =>
  runToEnd(console => main({ env: process.env, console, clock }), process)

export async function runPost(): Promise<void> {
  const { post } = await import('../../beyond.js')
  await runToEnd(console => post(readSaved(process.env), { console, clock }).then(() => () => {}), process, {
    neverFails: true
  })
}
