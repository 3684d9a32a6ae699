import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../main.js'
import { runToEnd } from '../step/ending.js'

const clock = { now: Date.now, sleep: (ms: number) => sleep(ms), random: Math.random }

await runToEnd(console => main({ env: process.env, console, clock }), process)
