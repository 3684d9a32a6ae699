import { main } from '../../main.js'
import { clock } from '../../step/clock.js'
import { runToEnd } from '../../step/ending.js'
import { readSaved } from '../../step/saved.js'
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
