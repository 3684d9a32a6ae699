import { setTimeout as sleep } from 'node:timers/promises'
import { rotate } from '../rotate.js'
import { runToEnd } from '../step/ending.js'

const clock = { now: Date.now, sleep: (ms: number) => sleep(ms), random: Math.random }

await runToEnd(console => rotate({ env: process.env, console, clock }).then(() => () => {}), process)
