import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSaved } from '../step/saved.js'

const clock = { now: Date.now, sleep: (ms: number) => sleep(ms), random: Math.random }

const saved = readSaved(process.env)
if (saved.tokens.length === 0 && saved.folder === undefined) {
  writeSync(1, 'Clean-up: nothing to do.\n')
} else {
  const { post } = await import(/* webpackMode: "eager" */ '../post.js')
  const { runToEnd } = await import(/* webpackMode: "eager" */ '../step/ending.js')
  await runToEnd(console => post(saved, { console, clock }).then(() => () => {}), process, {
    neverFails: true
  })
}
